"""Coming in, pledging, stepping down, electing the leader, asking for time. Stopping and going on: failures/."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from core import fields
from core.access import Role, denied
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.rules import Breach, Refused, refuse_if, shown
from evaluation import cases
from evaluation.committee.actions import leave, required, unnamed
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import members
from evaluation.committee.rules import doors_open, enough_time
from evaluation.failures import halts
from evaluation.failures.halts import note
from evaluation.failures.parties import watching
from evaluation.failures.rules import door
from evaluation.failures.seats import bind
from evaluation.failures.standing import called_late, door_opened, elsewhere
from evaluation.report.desk import withdraw_open
from evaluation.seating.actions import vacate
from evaluation.sitting import flow
from evaluation.sitting.guards import ARTICLE, enter, my_place, sitting_of
from evaluation.sitting.models import LeaderVote, TimeAsked
from evaluation.sitting.rules import elect
from evaluation.vault import vault
from experts.queries import born_years
from venues.actions import free_seats
from venues.models import Seat
from venues.queries import centre_of

P = dict[str, Any]
MEMBERS = (Role.EXPERT, Role.TENDERER)


def _case_now(tx: Tx, case: str) -> Committee:
    found = cases.in_state(cases.facts(tx.session, case), "COMMITTEE_SET", "EVALUATING")
    cases.ready(tx.session, found)
    return required(tx, case)


@acting("sitting.signin", *MEMBERS, signed=True)
def sign_in(tx: Tx, case: str, p: P) -> P:
    """{code?} → {member, number, seat, site}: with the member's own certificate, at the time of the sitting; the seat
    is shown now. A venue with registered machines also asks for one of them, or for its code."""
    fields.only(p, "code")
    committee = _case_now(tx, case)
    member, sitting = my_place(tx, committee), sitting_of(tx, committee)
    found = cases.facts(tx.session, case)
    book = cases.book(found)
    opens = doors_open(committee.at, book)
    if not opens <= tx.now <= sitting.until:
        span = f"{opens.isoformat()} – {sitting.until.isoformat()}"
        raise Refused(book["SITTING-TIME"].breach(tx.now.isoformat(), required=span))
    if not member.seat_sealed:
        raise Refused(Breach("SEATING", ARTICLE, "B", "seating.freeze", "-"))
    if member.state == "accepted":
        if not called_late(tx.session, member):
            refuse_if(door(committee.at, door_opened(tx.session, committee, member.site), tx.now, book))
        member.state, member.signed_in_at, member.certificate = "signed_in", tx.now, tx.actor.certificate
        member.person_id = vault().open(case, member.sealed)["person"]
        member.seat_id = vault().open(case, member.seat_sealed)
        member.identity = {"how": "certificate"}
        bind(tx, found, member, "".join(fields.text(p, "code", limit=20, default="").split()), at_door=True)
        body = {"member": member.id, "person": member.person_id, "seat": member.seat_id, "site": member.site,
                "certificate": member.certificate}  # fmt: skip
        unnamed(tx, member, lambda: tx.record(f"case:{case}", "seat.revealed", body, case=case))
        flow.tell(tx, case, "seat.revealed", {"member": member.id, "seat": member.seat_id, "site": member.site})
        centre = tx.session.get_one(Seat, member.seat_id).centre_id
        tx.publish(f"venue:{centre}", "seat.revealed", {"seat": member.seat_id})
    return {"member": member.id, "number": member.number, "seat": member.seat_id, "site": member.site}


@acting("signin.confirm", Role.CENTRE)
def confirm(tx: Tx, case: str, p: P) -> P:
    """{member, how: id_card|manual, reason?}: staff of the member's venue saw who sits there; manual needs a reason."""
    fields.only(p, "member", "how", "reason")
    committee = _case_now(tx, case)
    member = _member(tx, committee, p)
    centre = centre_of(tx.session, tx.actor.org)
    if centre is None or centre.region != member.site:
        raise Refused(denied("CENTRE", "staff of the member's venue", tx.actor.org_name))
    if member.state not in ("signed_in", "pledged"):
        raise Refused(Breach("SIGNIN", ARTICLE, "B", "signed_in", member.state))
    how = fields.choice(p, "how", ["id_card", "manual"])
    reason = fields.text(p, "reason") if how == "manual" else fields.text(p, "reason", default="")
    member.identity = {"how": how, "reason": reason, "by": tx.actor.person, "at": tx.now.isoformat()}
    tx.record(f"case:{case}", "signin.confirmed", {"member": member.id, "how": how, "reason": reason}, case=case)
    return {"member": member.id}


def _member(tx: Tx, committee: Committee, p: P) -> Member:
    row = tx.session.get(Member, fields.text(p, "member", limit=16))
    if row is None or row.committee_id != committee.id:
        raise Unusable("member: not one of this committee")
    return row


@acting("pledge.sign", *MEMBERS, signed=True)
def pledge(tx: Tx, case: str, p: P) -> P:
    """{no_conflict: true, pledge: true, bidders: [org id]}: 回避声明 and 承诺书 over the bidders that were shown."""
    fields.only(p, "no_conflict", "pledge", "bidders")
    committee = _case_now(tx, case)
    member = my_place(tx, committee)
    if member.state == "accepted":
        raise Refused(Breach("SIGNIN", "招标投标法 第37条", "B", "signed_in", member.state))
    refuse_if(elsewhere(tx.session, tx.actor, member))
    shown = sorted(bid["org"] for bid in cases.bids(tx.session, case))
    if sorted(map(str, fields.items(p, "bidders"))) != shown:
        need = f"{len(shown)} bidders"
        raise Refused(Breach("PLEDGE-LIST", "招标投标法 第37条", "B", need, "another list", "bidders"))
    for name in ("no_conflict", "pledge"):
        if not fields.yes_no(p, name):
            raise Refused(Breach("PLEDGE", "招标投标法 第37条、第44条", "B", "true, or member.recuse", "false", name))
    if member.state == "signed_in":
        member.state, member.pledged_at = "pledged", tx.now
        unnamed(
            tx, member,
            lambda: tx.record(f"case:{case}", "pledge.signed", {"member": member.id, "bidders": shown}, case=case),
        )  # fmt: skip
        flow.tell(tx, case, "pledge.signed", {"member": member.id})
        tx.session.flush()
        halts.back(tx, committee)
    return {"stage": flow.advance(tx, committee)}


@acting("member.recuse", *MEMBERS, signed=True)
def recuse(tx: Tx, case: str, p: P) -> P:
    """{reason}: the member steps down; whatever the member said is void and the place is filled anew."""
    fields.only(p, "reason")
    committee = _case_now(tx, case)
    member = my_place(tx, committee)
    _out(tx, committee, member, "recused", fields.text(p, "reason", limit=500))
    return {"state": member.state}


@acting("member.remove", Role.CENTRE, Role.REGULATOR, signed=True)
def remove(tx: Tx, case: str, p: P) -> P:
    """{member, reason}: left, fell ill, or must step aside (实施条例 art. 48). The centre only for its own site."""
    fields.only(p, "member", "reason")
    committee = _case_now(tx, case)
    member = _member(tx, committee, p)
    watching(tx, case, member.site)
    if member.state not in ("accepted", "signed_in", "pledged"):
        raise Refused(Breach("MEMBER", ARTICLE, "B", "in the committee", member.state))
    _out(tx, committee, member, "removed", fields.text(p, "reason", limit=500))
    return {"state": member.state}


def _out(tx: Tx, committee: Committee, member: Member, how: str, reason: str) -> None:
    sitting = sitting_of(tx, committee)
    if sitting.stage == "SIGNED":
        raise Refused(Breach("STAGE", ARTICLE, "B", "before the report is signed", sitting.stage))
    was_in = member.state in ("signed_in", "pledged")
    vacate(tx, committee.case_id, member)
    leave(tx, committee, member, how, reason)
    note(tx, committee, "member.left", f"{member.number}: {how}: {reason}", member.site)
    tx.session.flush()
    if was_in:
        withdraw_open(tx, committee)
        flow.fall_back(tx, committee, member)


@acting("leader.vote", *MEMBERS)
def vote_leader(tx: Tx, case: str, p: P) -> P:
    """{for: member} → {leader, round}: one vote a round; the last one decides, or opens the second round."""
    fields.only(p, "for")
    room = enter(tx, case, "LEADER")
    choice = fields.text(p, "for", limit=16)
    named = next((row for row in room.all if row.id == choice), None)
    if named is None:
        raise Unusable("for: not one of this committee")
    if room.case.regime == "R2" and named.kind == "representative":
        raise Refused(Breach("R2-12", "政府采购货物和服务招标投标管理办法 第45条", "B", "expert", named.kind, "for"))
    sitting, session = room.sitting, tx.session
    if session.get(LeaderVote, (room.me.id, sitting.leader_round)) is not None:
        raise Refused(Breach("VOTED", "评标委员会和评标方法暂行规定 第9条", "B", "one vote", "cast already"))
    session.add(LeaderVote(voter_id=room.me.id, round=sitting.leader_round, choice_id=choice))
    session.flush()
    body = {"member": room.me.id, "for": choice, "round": sitting.leader_round}
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "leader.voted", body, case=case))
    ids = [row.id for row in room.all]
    cast = session.scalars(
        select(LeaderVote).where(LeaderVote.voter_id.in_(ids), LeaderVote.round == sitting.leader_round)
    )
    votes = {one.voter_id: one.choice_id for one in cast}
    flow.tell(tx, case, "leader.voted", {"cast": len(votes), "round": sitting.leader_round})
    if len(votes) < len(room.all):
        return {"leader": "", "round": sitting.leader_round}
    born = born_years(session, [row.person_id for row in room.all])
    # A representative's age is not kept: only an expert can be the eldest.
    ages = {row.id: (born.get(row.person_id, 9999), row.number) for row in room.all}
    result = elect(votes, len(room.all), ages, sitting.leader_round)
    if result.leader:
        sitting.leader_id = result.leader
        body = {"leader": result.leader, "how": result.how, "round": sitting.leader_round}
        cases.note(tx, case, "leader.elected", body)
        flow.advance(tx, room.committee)
    else:
        sitting.leader_round += 1
    flow.tell(tx, case, "leader.counted", {"leader": result.leader, "how": result.how, "round": sitting.leader_round})
    return {"leader": result.leader, "round": sitting.leader_round}


@acting("committee.void", Role.REGULATOR, signed=True)
def void(tx: Tx, case: str, p: P) -> P:
    """{reason}: the committee cannot be filled, or does not come: its opinions are void, the case is OPENED again and
    another is drawn for another time."""
    fields.only(p, "reason")
    cases.in_state(cases.facts(tx.session, case), "COMMITTEE_SET", "EVALUATING")
    committee = required(tx, case)
    watching(tx, case)
    if sitting_of(tx, committee).stage == "SIGNED":
        raise Refused(Breach("STAGE", ARTICLE, "B", "before the report is signed", "SIGNED"))
    reason = fields.text(p, "reason", limit=300)
    withdraw_open(tx, committee, reason)
    free_seats(tx, case)
    committee.void_at = tx.now
    cases.move(tx, case, "committee.void", {"reason": reason, "by": tx.actor.org})
    flow.tell(tx, case, "committee.void", {})
    return {}


@acting("time.ask", *MEMBERS)
def ask_time(tx: Tx, case: str, p: P) -> P:
    """{} → {until}: R1-21, enough of the members asking moves the end of the sitting."""
    fields.only(p)
    room = enter(tx, case, "BLIND", "PRELIM", "LACK", "SCORING", "LOWPRICE", "SUMMARY")
    sitting, until = room.sitting, room.sitting.until
    if tx.session.get(TimeAsked, (room.me.id, until)) is None:
        tx.session.add(TimeAsked(member_id=room.me.id, until=until))
        tx.session.flush()
        body = {"member": room.me.id, "until": until}
        unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "time.asked", body, case=case))
    ids = [row.id for row in members(tx.session, room.committee)]
    asking = select(func.count()).select_from(TimeAsked).where(TimeAsked.member_id.in_(ids), TimeAsked.until == until)
    book = cases.book(room.case)
    short = enough_time(tx.session.scalar(asking) or 0, len(room.all), book)
    if short:
        sitting.until = until + timedelta(hours=book["R1-21/longer"].number)
        cases.note(tx, case, "sitting.extended", {"until": sitting.until, "breaches": shown(short)})
        flow.tell(tx, case, "sitting.extended", {"until": sitting.until.isoformat()})
    return {"until": sitting.until.isoformat()}
