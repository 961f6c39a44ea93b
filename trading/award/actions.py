"""Acts of the award meeting: opening and draw, signing in, ballots by rounds, the decision."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Person
from certs import drawdesk, draws
from core import canon, fields
from core.access import Actor, Role, denied
from core.acts import Tx
from core.doors import acting, asking
from core.faults import Unusable
from core.rules import Breach, Refused, refuse_if, shown
from methods import vote
from trading.award import rules
from trading.award.models import AwardMeeting, AwardRound, Ballot, Elector, Speech, Voted
from trading.opening.queries import opened_bids
from trading.project import periods
from trading.project.models import Case
from trading.project.papers import file_document
from trading.project.states import book_of, case_row, go, guard, stands_as

BASIS = rules.BASIS


def meeting_of(tx: Tx, case: str, *states: str) -> AwardMeeting:
    """The case's meeting, locked; Refused when it is not in one of `states`."""
    row = tx.session.get(AwardMeeting, case, with_for_update=True)
    if row is None:
        raise Unusable("case: no award meeting")
    if states and row.state not in states:
        raise Refused(Breach("AW-STATE", BASIS, "B", " / ".join(states), row.state))
    return row


def of_tenderer(tx: Tx, case: str) -> None:
    """Refused unless the actor acts for this case's tenderer."""
    if Role.TENDERER not in stands_as(case_row(tx.session, case), tx.actor):
        raise Refused(denied("ACCESS", "tenderer of this case", tx.actor.org_name or "-"))


def _people(tx: Tx, ids: list[Any], field: str) -> list[Person]:
    found = []
    for one in ids:
        person = tx.session.get(Person, one) if isinstance(one, str) else None
        if person is None:
            raise Unusable(f"{field}: unknown person")
        found.append(person)
    return found


def _facts(row: Case, pool: list[Person], supervisors: list[Person]) -> rules.MeetingFacts:
    return rules.MeetingFacts(
        award=row.award,
        pool=tuple(one.id for one in pool),
        supervisors=tuple(one.id for one in supervisors),
        evaluators=frozenset(row.result.get("members", [])),
    )


@acting("award.open", Role.TENDERER, signed=True)
def open_meeting(tx: Tx, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """{pool: [person], supervisors: [person], parties: {tenderer, centre, supervisor: person}}.

    Freezes the pool and opens the draw of the committee; EVALUATED → AWARD_MEETING.
    """
    fields.only(p, "pool", "supervisors", "parties")
    row, step = guard(tx, case, "award.open")
    award = row.award
    pool = _people(tx, fields.items(p, "pool", most=60), "pool")
    supervisors = _people(tx, fields.items(p, "supervisors", most=20), "supervisors")
    facts = _facts(row, pool, supervisors)
    late = periods.late(tx.session, row, "award.open", tx.now)
    warnings = shown(refuse_if([*rules.opening_breaches(facts, book_of(row, tx.now)), *late]))
    committee = int(award["committee"])
    candidates = row.result["candidates"]
    prices = {bid["id"]: bid["price"] for bid in opened_bids(tx.session, case)}
    ballot: dict[str, Any] = {
        "schema": "vote/1",
        "method": award["method"],
        "candidates": candidates,
        "electors": committee,
        "abstentions": award.get("abstentions", "forbidden"),
        "prices": {bid: prices[bid] for bid in candidates},
        "rounds": [],
    }
    meeting = AwardMeeting(case_id=case, state="DRAWING", opened_at=tx.now, pool=list(facts.pool), vote=ballot)
    tx.session.add(meeting)
    tx.session.flush()
    for place, person in enumerate(supervisors):
        tx.session.add(
            Elector(case_id=case, person_id=person.id, name=person.name, kind="supervisor", order=100 + place)
        )
    names = {draws.salted_id(secrets.token_bytes(16), one): one for one in facts.pool}
    take = {"take": committee, "spares": min(2, len(pool) - committee)}
    parties = drawdesk.parties(tx.session, fields.mapping(p, "parties"), tx.now)
    draw = drawdesk.open_draw(tx, case, "award-committee", names, [], take, parties)
    meeting.draw_id = draw.id
    body = {"pool": len(pool), "committee": committee, "draw": draw.id, "warnings": warnings}
    go(tx, row, step, "award.opened", body)
    tx.publish(f"award:{case}", "award.opened", {})
    return {"draw": draw.id, "warnings": warnings}


@drawdesk.when_done("award-committee")
def drawn(tx: Tx, draw: drawdesk.Draw) -> None:
    """The draw is complete: seats for the drawn, spares in drawn order."""
    meeting = meeting_of(tx, draw.case, "DRAWING")
    result = (draw.record or {})["result"]
    members = [draw.names[one] for one in result["members"]]
    for place, person in enumerate(_people(tx, members, "pool")):
        tx.session.add(Elector(case_id=draw.case, person_id=person.id, name=person.name, kind="elector", order=place))
    meeting.spares = [draw.names[one] for one in result["spares"]]
    meeting.state = "GATHERING"
    title = f"定标委员会抽取记录 {draw.id}"
    data = canon.dumps(draw.record)
    file_document(tx, draw.case, "draw_record", title, data, "regulator", media="application/json")
    tx.publish(f"award:{draw.case}", "award.drawn", {"seats": len(members)})


def _seat(tx: Tx, case: str) -> Elector:
    query = select(Elector).where(Elector.case_id == case, Elector.person_id == tx.actor.person, Elector.recused == "")
    seat = tx.session.scalar(query)
    if seat is None:
        raise Refused(denied("AW-SEAT", "a seat at this meeting", tx.actor.person))
    return seat


@acting("award.signin", Role.ELECTOR, Role.REGULATOR, Role.TENDERER)
def sign_in(tx: Tx, case: str, p: dict[str, Any]) -> dict[str, Any]:
    meeting_of(tx, case, "GATHERING")
    seat = _seat(tx, case)
    if seat.signed_in_at is None:
        seat.signed_in_at = tx.now
        tx.record(f"case:{case}", "award.signed_in", {"seat": seat.id, "kind": seat.kind}, case=case)
        tx.publish(f"award:{case}", "award.signed_in", {"seat": seat.id})
    return {"seat": seat.id, "candidates": case_row(tx.session, case).result["candidates"]}


@acting("award.pledge", Role.ELECTOR, Role.REGULATOR, Role.TENDERER, signed=True)
def pledge(tx: Tx, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """{pledge: true}: 回避声明与承诺书, after the names were shown. All pledged → the first ballot opens."""
    meeting = meeting_of(tx, case, "GATHERING")
    seat = _seat(tx, case)
    if not fields.yes_no(p, "pledge"):
        raise Refused(Breach("AW-PLEDGE", BASIS, "B", "pledge", "-"))
    if seat.signed_in_at is None:
        raise Refused(Breach("AW-STATE", BASIS, "B", "signed in", "-"))
    if seat.pledged_at is None:
        seat.pledged_at = tx.now
        tx.record(f"case:{case}", "award.pledged", {"seat": seat.id, "kind": seat.kind}, case=case)
        tx.publish(f"award:{case}", "award.pledged", {"seat": seat.id})
    _start_when_complete(tx, meeting)
    return {"state": meeting.state}


@acting("award.recuse", Role.ELECTOR, signed=True)
def recuse(tx: Tx, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """{reason}: the next spare in drawn order takes the seat."""
    meeting = meeting_of(tx, case, "GATHERING")
    seat = _seat(tx, case)
    if seat.kind != "elector":
        raise Refused(denied("AW-SEAT", "elector", seat.kind))
    if not meeting.spares:
        raise Refused(Breach("AW-SPARE", BASIS, "B", "a spare", "0"))
    seat.recused = fields.text(p, "reason", limit=500)
    spare, *meeting.spares = meeting.spares
    person = _people(tx, [spare], "spares")[0]
    tx.session.add(Elector(case_id=case, person_id=spare, name=person.name, kind="elector", order=seat.order))
    tx.record(f"case:{case}", "award.recused", {"seat": seat.id, "reason": seat.recused}, case=case)
    tx.publish(f"award:{case}", "award.recused", {"seat": seat.id})
    return {}


def seats(tx: Tx, case: str) -> list[Elector]:
    query = select(Elector).where(Elector.case_id == case, Elector.recused == "").order_by(Elector.order)
    return list(tx.session.scalars(query))


def _start_when_complete(tx: Tx, meeting: AwardMeeting) -> None:
    tx.session.flush()
    if all(seat.pledged_at for seat in seats(tx, meeting.case_id)):
        meeting.state = "VOTING"
        _next_ballot(tx, meeting)


def _next_ballot(tx: Tx, meeting: AwardMeeting) -> None:
    """Open the ballot that the method calls for, or write down the winner."""
    called = vote.next_round(meeting.vote)
    if called is None:
        decide(tx, meeting, vote.count(meeting.vote)["winner"], "")
        return
    held = select(func.count()).select_from(AwardRound).where(AwardRound.case_id == meeting.case_id)
    number = (tx.session.scalar(held) or 0) + 1
    row = AwardRound(case_id=meeting.case_id, no=number, runoff=called["runoff"], candidates=called["candidates"],
                     opened_at=tx.now)  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    tx.record(f"case:{meeting.case_id}", "award.ballot_opened",
              {"round": number, "candidates": row.candidates, "runoff": row.runoff}, case=meeting.case_id)  # fmt: skip
    tx.publish(f"award:{meeting.case_id}", "award.ballot_opened", {"round": number, "candidates": row.candidates})


def open_round(tx: Tx, case: str) -> AwardRound:
    row = tx.session.scalar(select(AwardRound).where(AwardRound.case_id == case, AwardRound.closed_at.is_(None)))
    if row is None:
        raise Refused(Breach("AW-STATE", BASIS, "B", "an open ballot", "-"))
    return row


def _choice(p: dict[str, Any], candidates: list[Any], method: str, abstentions: str) -> list[str]:
    """[] for an abstention, [bid], or for `points` a ranking of one or more."""
    given = fields.items(p, "choice", most=60)
    if any(one not in candidates for one in given) or len(set(given)) != len(given):
        raise Unusable("choice: only those on this ballot, each once")
    if not given and abstentions != "allowed":
        raise Refused(Breach("AW-ABSTAIN", BASIS, "B", "a choice", "-", "choice"))
    if len(given) > 1 and method != "points":
        raise Unusable("choice: one candidate")
    return [str(one) for one in given]


@acting("award.vote", Role.ELECTOR, signed=True, secret=("choice",))
def cast(tx: Tx, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """{round, choice: [bid…]}; the proof covers that one votes in this round, not what. The last ballot counts it."""
    fields.only(p, "round", "choice")
    meeting = meeting_of(tx, case, "VOTING")
    seat = _seat(tx, case)
    if seat.kind != "elector":
        raise Refused(denied("AW-SEAT", "elector", seat.kind))
    row = open_round(tx, case)
    if fields.integer(p, "round", least=1, most=99) != row.no:
        raise Refused(Breach("AW-ROUND", BASIS, "B", str(row.no), str(p["round"])))
    if tx.session.get(Voted, (row.id, tx.actor.person)) is not None:
        raise Refused(Breach("AW-VOTED", BASIS, "B", "one ballot", "cast already"))
    choice = _choice(p, row.candidates, meeting.vote["method"], meeting.vote["abstentions"])
    tx.session.add(Voted(round_id=row.id, person_id=tx.actor.person))
    tx.session.add(Ballot(round_id=row.id, choice=choice))
    tx.session.flush()
    done = tx.session.scalar(select(func.count()).select_from(Voted).where(Voted.round_id == row.id))
    tx.record(f"case:{case}", "award.voted", {"round": row.no, "seat": seat.id}, case=case)
    tx.publish(f"award:{case}", "award.voted", {"round": row.no, "seat": seat.id})
    if done == meeting.vote["electors"]:
        _close(tx, meeting, row)
    return {"round": row.no}


def _close(tx: Tx, meeting: AwardMeeting, row: AwardRound) -> None:
    row.closed_at = tx.now
    papers = list(tx.session.scalars(select(Ballot.choice).where(Ballot.round_id == row.id).order_by(Ballot.id)))
    one: dict[str, Any] = {"runoff": row.candidates} if row.runoff else {}
    if meeting.vote["method"] == "points":
        one["rankings"] = [choice for choice in papers if choice]
    else:
        one["ballots"] = {bid: sum(choice == [bid] for choice in papers) for bid in row.candidates}
    meeting.vote = {**meeting.vote, "rounds": [*meeting.vote["rounds"], one]}
    counted = vote.count(meeting.vote)
    last = counted["rounds"][-1]
    tx.record(f"case:{meeting.case_id}", "award.counted", {"round": row.no, **one, "result": last},
              case=meeting.case_id)  # fmt: skip
    tx.publish(f"award:{meeting.case_id}", "award.counted", {"round": row.no, "counts": last["counts"]})
    tied = rules.stalemate(meeting.vote["method"], meeting.vote["candidates"], meeting.vote["rounds"], counted)
    if not tied:
        _next_ballot(tx, meeting)
        return
    award = case_row(tx.session, meeting.case_id).award
    winner = rules.tie_winner(tied, meeting.vote["prices"], award.get("ties", ["price"]))
    if winner:
        decide(tx, meeting, winner, "price")


@acting("award.resolve", Role.TENDERER, signed=True)
def resolve(tx: Tx, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """{winner, reason}: the chair's reasoned decision where two ballots in a row stayed tied and no rule settles it."""
    of_tenderer(tx, case)
    meeting = meeting_of(tx, case, "VOTING")
    counted = vote.count(meeting.vote)
    tied = rules.stalemate(meeting.vote["method"], meeting.vote["candidates"], meeting.vote["rounds"], counted)
    if not tied:
        raise Refused(Breach("AW-RESOLVE", BASIS, "B", "two ties in a row", "-"))
    decide(tx, meeting, fields.choice(p, "winner", tied), fields.text(p, "reason", limit=2000))
    return {"winner": meeting.winner}


def decide(tx: Tx, meeting: AwardMeeting, winner: str, reason: str) -> None:
    meeting.state, meeting.winner, meeting.reason, meeting.decided_at = "DECIDED", winner, reason, tx.now
    tx.record(f"case:{meeting.case_id}", "award.decided", {"winner": winner, "reason": reason}, case=meeting.case_id)
    tx.publish(f"award:{meeting.case_id}", "award.decided", {"winner": winner})


@acting("award.say", Role.ELECTOR, Role.REGULATOR, Role.TENDERER)
def say(tx: Tx, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """{text}: what someone with a seat says goes into the minutes as it is said."""
    meeting_of(tx, case, "GATHERING", "VOTING", "DECIDED")
    seat = _seat(tx, case)
    row = Speech(case_id=case, at=tx.now, person_id=seat.person_id, name=seat.name,
                 text=fields.text(p, "text", limit=2000))  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    tx.record(f"case:{case}", "award.said", {"seat": seat.id, "text": row.text}, case=case)
    tx.publish(f"award:{case}", "award.said", {"name": seat.name, "text": row.text})
    return {"id": row.id}


@asking("award.seats", Role.TENDERER, Role.REGULATOR, Role.AUDITOR, Role.ELECTOR)
def who_sits(session: Session, now: datetime, actor: Actor, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """{state, seats: [{person, name, kind, signed_in, pledged}]} for whoever is of the meeting or watches it."""
    row = case_row(session, case)
    query = select(Elector).where(Elector.case_id == case, Elector.recused == "").order_by(Elector.order)
    rows = list(session.scalars(query))
    if actor.person not in {one.person_id for one in rows} and not stands_as(row, actor):
        raise Refused(denied("AW-SEAT", "a seat at this meeting", actor.person))
    meeting = session.get(AwardMeeting, case)
    listed = [
        {"person": one.person_id, "name": one.name, "kind": one.kind, "signed_in": one.signed_in_at is not None,
         "pledged": one.pledged_at is not None}
        for one in rows
    ]  # fmt: skip
    return {"state": meeting.state if meeting else "", "seats": listed}
