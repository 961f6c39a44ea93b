"""Acts on a locked sheet before all have locked: its member asks, the leader decides, supervisors see both."""

from __future__ import annotations

from typing import Any

from core import fields
from core.access import Role, denied
from core.acts import Tx
from core.db import new_id
from core.doors import acting
from core.faults import Unusable
from core.rules import Breach, Refused
from evaluation import cases
from evaluation.committee.actions import required, unnamed
from evaluation.committee.queries import members
from evaluation.scoring import sheet, unlocking
from evaluation.scoring.models import UnlockRequest
from evaluation.sitting import flow
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import as_leader, enter, sitting_of

P = dict[str, Any]
ARTICLE = "招标投标法 第40条"


@acting("unlock.ask", *MEMBERS)
def ask(tx: Tx, case: str, p: P) -> P:
    """{reason} → {request}: by a member who has locked, while another has not; the summary waits for the answer."""
    fields.only(p, "reason")
    room = enter(tx, case, "SCORING")
    if room.me.scores_locked_at is None:
        raise Refused(Breach("UNLOCK", ARTICLE, "B", "a locked sheet", "-"))
    if any(one.member_id == room.me.id for one in unlocking.waiting(tx.session, room.all)):
        raise Refused(Breach("UNLOCK", ARTICLE, "B", "one request", "asked already"))
    row = UnlockRequest(id=new_id(), member_id=room.me.id, reason=fields.text(p, "reason", limit=500), asked_at=tx.now,
                        state="asked")  # fmt: skip
    tx.session.add(row)
    body = {"member": room.me.id, "request": row.id, "reason": row.reason}
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "unlock.asked", body, case=case))
    flow.tell(tx, case, "unlock.asked", {"member": room.me.id})
    return {"request": row.id}


@acting("unlock.decide", *MEMBERS, Role.REGULATOR)
def decide(tx: Tx, case: str, p: P) -> P:
    """{request, grant, answer?} → {state}: by the leader; a request of the leader's own by the case's regulator.

    Granted, the sheet is a draft again. The commitment of the former lock stays in the ledger, and the report opens it.
    """
    fields.only(p, "request", "grant", "answer")
    row = tx.session.get(UnlockRequest, fields.text(p, "request", limit=16))
    committee = required(tx, case)
    rows = members(tx.session, committee)
    member = next((one for one in rows if row is not None and one.id == row.member_id), None)
    if row is None or member is None:
        raise Unusable("request: not one of this committee")
    _may_decide(tx, case, member.id)
    if row.state != "asked" or member.scores_locked_at is None:
        raise Refused(Breach("UNLOCK", ARTICLE, "B", "an open request", row.state, "request"))
    grant = fields.yes_no(p, "grant")
    row.answer = fields.text(p, "answer", limit=500, default="")
    row.state, row.decided_at, row.decided_by = "granted" if grant else "refused", tx.now, tx.actor.person
    if grant:
        row.salt, row.sheet = member.scores_salt, sheet.locked(tx.session, [member]).get(member.id, {})
        member.scores_locked_at, member.scores_salt = None, ""
    body = {"member": member.id, "request": row.id, "granted": grant, "answer": row.answer}
    if tx.actor.has(Role.REGULATOR):
        tx.record(f"case:{case}", "unlock.decided", body, case=case)
    else:
        decider = next(one for one in rows if one.id == sitting_of(tx, committee).leader_id)
        unnamed(tx, decider, lambda: tx.record(f"case:{case}", "unlock.decided", body, case=case))
    flow.tell(tx, case, "unlock.decided", {"member": member.id})
    return {"state": row.state, "stage": flow.advance(tx, committee)}


def _may_decide(tx: Tx, case: str, asking: str) -> None:
    """Nobody decides on a request of his own."""
    if not tx.actor.has(Role.REGULATOR):
        room = as_leader(enter(tx, case, "SCORING"))
        if room.me.id == asking:
            raise Refused(denied("UNLOCK-OWN", "the regulator of this case", "the leader"))
        return
    found = cases.in_state(cases.facts(tx.session, case), "EVALUATING")
    sitting = sitting_of(tx, required(tx, case))
    if found.regulator not in ("", tx.actor.org):
        raise Refused(denied("WATCH", "the regulator of this case", tx.actor.org_name or tx.actor.org))
    if sitting.leader_id != asking:
        raise Refused(denied("LEADER", "the leader", "a supervisor"))
    if sitting.stage != "SCORING" or sitting.paused:
        raise Refused(Breach("STAGE", ARTICLE, "B", "SCORING", sitting.paused or sitting.stage))
