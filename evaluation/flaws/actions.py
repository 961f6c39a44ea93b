"""Acts on a flawed tender file: a member's proposal, the members' votes, and the tenderer's signed answer.

With more than half of all members the sitting stands still until the tenderer has answered: it accepts, and the tender
fails so that the file can be mended and the tender begun anew; or it explains why not, and the sitting goes on.
"""

from __future__ import annotations

from typing import Any

from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.rules import Refused
from evaluation import cases
from evaluation.committee.actions import required, unnamed
from evaluation.committee.queries import members
from evaluation.committee.rules import more_than_half
from evaluation.failures import halts
from evaluation.failures import standing as failures
from evaluation.flaws import queries
from evaluation.flaws.models import FileFlaw, FlawVote
from evaluation.report.desk import withdraw_open
from evaluation.sitting import flow
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import Room, enter
from venues.actions import free_seats

P = dict[str, Any]
STAGES = ("BLIND", "PRELIM", "LACK", "SCORING", "LOWPRICE", "SUMMARY")


def _say(tx: Tx, room: Room, flaw: FileFlaw, flawed: bool, reason: str) -> P:
    tx.session.add(FlawVote(flaw_id=flaw.id, member_id=room.me.id, flawed=flawed, reason=reason, at=tx.now))
    tx.session.flush()
    body = {"member": room.me.id, "flaw": flaw.id, "clause": flaw.clause, "flawed": flawed, "reason": reason}
    unnamed(tx, room.me, lambda: tx.record(f"case:{room.case.id}", "flaw.voted", body, case=room.case.id))
    flow.tell(tx, room.case.id, "flaw.voted", {"member": room.me.id})
    _settle(tx, room, flaw)
    return {"flaw": flaw.id, "state": flaw.state}


def _settle(tx: Tx, room: Room, flaw: FileFlaw) -> None:
    """As soon as more than half of all say so; or, when all have spoken, that they do not."""
    cast = queries.votes(tx.session, flaw, room.all)
    yes, places = sum(one.flawed for one in cast), len(room.all)
    found = more_than_half(yes, places)
    if not found and len(cast) < places:
        return
    flaw.state, flaw.settled_at = "found" if found else "none", tx.now
    body = {"flaw": flaw.id, "clause": flaw.clause, "found": found, "yes": yes, "of": places}
    cases.note(tx, room.case.id, "flaw.settled", body)
    if found:
        reason = f"评标委员会认定招标文件存在缺陷或者违反规定（{flaw.clause}）：{flaw.reason}"
        cases.as_system(tx, lambda: halts.stop(tx, room.committee, "flaw", "declared", reason))
    flow.tell(tx, room.case.id, "flaw.settled", {"found": found})


@acting("flaw.propose", *MEMBERS)
def propose(tx: Tx, case: str, p: P) -> P:
    """{clause, reason} → {flaw, state}: a member holds the tender file to be flawed or unlawful there. One question at
    a time; the proposal is the member's own vote."""
    fields.only(p, "clause", "reason")
    room = enter(tx, case, *STAGES)
    if queries.standing(tx.session, room.committee.id, "open") is not None:
        raise Refused(cases.book(room.case)["FLAW"].breach("open", required="one question at a time"))
    clause, reason = fields.text(p, "clause", limit=200), fields.text(p, "reason", limit=1000)
    flaw = FileFlaw(committee_id=room.committee.id, clause=clause, reason=reason, at=tx.now, state="open", answer="")
    tx.session.add(flaw)
    tx.session.flush()
    return _say(tx, room, flaw, True, reason)


@acting("flaw.vote", *MEMBERS)
def vote(tx: Tx, case: str, p: P) -> P:
    """{flaw, flawed, reason?} → {flaw, state}: the other members' word, once each."""
    fields.only(p, "flaw", "flawed", "reason")
    room = enter(tx, case, *STAGES)
    flaw, row = _of(tx, room, p), cases.book(room.case)["FLAW"]
    if flaw.state != "open":
        raise Refused(row.breach(flaw.state, required="open", field="flaw"))
    if tx.session.get(FlawVote, (flaw.id, room.me.id)) is not None:
        raise Refused(row.breach("cast already", required="one vote"))
    return _say(tx, room, flaw, fields.yes_no(p, "flawed"), fields.text(p, "reason", limit=1000, default=""))


def _of(tx: Tx, room: Room, p: P) -> FileFlaw:
    flaw = tx.session.get(FileFlaw, fields.text(p, "flaw", limit=16))
    if flaw is None or flaw.committee_id != room.committee.id:
        raise Unusable("flaw: not one of this committee")
    return flaw


@acting("flaw.answer", Role.TENDERER, Role.AGENCY, signed=True)
def answer(tx: Tx, case: str, p: P) -> P:
    """{accept, answer} → {state}: accepted, the tender fails and the file is to be mended; declined with reasons, the
    sitting goes on and the reasons stand in its report."""
    fields.only(p, "accept", "answer")
    found, committee = cases.in_state(cases.own(tx, case), "EVALUATING"), required(tx, case)
    flaw, row = queries.standing(tx.session, committee.id, "found"), cases.book(found)["FLAW"]
    halt = failures.open_halt(tx.session, committee)
    if flaw is None or halt is None:
        raise Refused(row.breach("-", required="a flaw that the committee has found"))
    accept, said = fields.yes_no(p, "accept"), fields.text(p, "answer", limit=2000)
    flaw.state, flaw.answer, flaw.answered_at = "accepted" if accept else "declined", said, tx.now
    body = {"flaw": flaw.id, "clause": flaw.clause, "accept": accept, "answer": said}
    if not accept:
        tx.record(f"case:{case}", "flaw.answered", body, case=case)
        halts.go_on(tx, committee, halt, said)
        return {"state": found.state}
    halt.until_at, halt.ended, halt.said = tx.now, "failed", said
    withdraw_open(tx, committee, said)
    free_seats(tx, case)
    committee.void_at = tx.now
    for one in members(tx.session, committee):
        tx.publish(f"me:{one.person_id}", "committee.void", {})
    cases.fail(tx, case, "flaw.answer", "flaw.answered", row.breach(flaw.clause, required="-"),
               f"评标委员会认定招标文件存在重大缺陷或者违反强制性规定（{flaw.clause}），停止评标。", body)  # fmt: skip
    flow.tell(tx, case, "committee.void", {})
    return {"state": "FAILED"}
