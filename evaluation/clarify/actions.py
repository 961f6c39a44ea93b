"""Questions of the committee to a bidder, in writing, through the platform (实施条例 art. 52, 20号令 art. 33)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core import fields, staged
from core.access import Role, denied
from core.acts import Tx
from core.db import new_id
from core.doors import acting
from core.faults import Unusable
from core.rules import Breach, Refused
from evaluation import cases
from evaluation.committee.actions import required, unnamed
from evaluation.sitting import flow
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import Room, as_leader, enter
from evaluation.sitting.models import Clarification

P = dict[str, Any]
ARTICLE = "招标投标法实施条例 第52条"
LEAST, USUAL, MOST = 10, 30, 240  # minutes to answer; domain.md §3.7, practice


@acting("clarify.ask", *MEMBERS)
def ask(tx: Tx, case: str, p: P) -> P:
    """{bid, question, minutes?, ground?} → {clarification}: sent by the leader for the committee.

    With `ground` it is the question that must come before a rejection on this ground.
    """
    fields.only(p, "bid", "question", "minutes", "ground")
    room = as_leader(enter(tx, case, "PRELIM", "LACK", "SCORING"))
    bid = next((one for one in cases.bids(tx.session, case) if one["id"] == p.get("bid")), None)
    if bid is None:
        raise Unusable("bid: not an opened bid of this case")
    minutes = fields.integer(p, "minutes", least=LEAST, most=MOST, default=USUAL)
    ground = fields.choice(p, "ground", ["", *room.case.grounds]) if "ground" in p else ""
    return put(tx, room, bid, fields.text(p, "question", limit=2000), minutes, ground)


def put(tx: Tx, room: Room, bid: P, question: str, minutes: int, ground: str) -> P:
    """The question goes to the bidder, and to the ledger without the leader's name."""
    case = room.case.id
    row = Clarification(
        id=new_id(), committee_id=room.committee.id, bid_id=bid["id"], org_id=bid["org"], asked_at=tx.now,
        question=question, ground=ground, answer_until=tx.now + timedelta(minutes=minutes),
    )  # fmt: skip
    tx.session.add(row)
    body = {"clarification": row.id, "bid": row.bid_id, "question": row.question, "ground": ground,
            "until": row.answer_until}  # fmt: skip
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "clarification.asked", body, case=case))
    flow.tell(tx, case, "clarification.asked", {"clarification": row.id})
    tx.publish(f"org:{row.org_id}", "clarification.asked", {"case": case, "clarification": row.id})
    return {"clarification": row.id, "until": row.answer_until.isoformat()}


@acting("clarify.answer", Role.BIDDER, signed=True)
def answer(tx: Tx, case: str, p: P) -> P:
    """{clarification, answer, attachments?: [sha256]}: by the bidder asked, in time, once; nothing unasked is taken."""
    fields.only(p, "clarification", "answer", "attachments")
    committee = required(tx, case)
    row = tx.session.get(Clarification, fields.text(p, "clarification", limit=16))
    if row is None or row.committee_id != committee.id or row.org_id != tx.actor.org:
        raise Refused(denied("CLARIFICATION", "the bidder that was asked", tx.actor.org_name or tx.actor.org))
    if row.answered_at is not None:
        raise Refused(Breach("CLARIFIED", ARTICLE, "B", "one answer", row.answered_at.isoformat()))
    if tx.now > row.answer_until:
        raise Refused(Breach("CLARIFY-LATE", ARTICLE, "B", f"≤ {row.answer_until.isoformat()}", tx.now.isoformat()))
    files = fields.items({"attachments": p.get("attachments") or []}, "attachments", most=20)
    for number in range(len(files)):
        name = fields.sha256({"attachments": files[number]}, "attachments")
        if not staged.brought(tx, name):
            raise Unusable("attachments: no such file")
    row.answer, row.attachments = fields.text(p, "answer", limit=5000), files
    row.answered_at, row.certificate = tx.now, tx.actor.certificate
    body = {"clarification": row.id, "bid": row.bid_id, "answer": row.answer, "attachments": files}
    tx.record(f"case:{case}", "clarification.answered", body, case=case)
    flow.tell(tx, case, "clarification.answered", {"clarification": row.id})
    return {}
