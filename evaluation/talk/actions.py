"""Acts of talk: a sentence to the whole room, a raised hand, the word given. Nobody speaks to one member alone."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import delete, func, select

from core import fields
from core.access import denied
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.quick import STILL
from core.rules import Breach, Refused
from evaluation.committee.actions import unnamed
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import Room
from evaluation.talk import queries, rules
from evaluation.talk.guards import here
from evaluation.talk.models import Hand, TalkLine

P = dict[str, Any]
ARTICLE = "招标投标法 第38条"
LONGEST = 500  # characters of one line
STILL.update(("talk.said", "hand.raised", "hand.lowered", "hand.called"))  # the room talks while it scores


@acting("talk.say", *MEMBERS)
def say(tx: Tx, case: str, p: P) -> P:
    """{text} → {number}: to every member and the case's supervisors. It cannot be taken back.

    The ledger keeps a salted commitment; the report's record carries the digest of the whole talk.
    """
    fields.only(p, "text")
    room, text = here(tx, case), fields.text(p, "text", limit=LONGEST)
    last = select(func.max(TalkLine.number)).where(TalkLine.committee_id == room.committee.id)
    number, salt = (tx.session.scalar(last) or 0) + 1, secrets.token_hex(16)
    bound = rules.commitment(number, room.me.id, tx.now, room.sitting.stage, text, salt)
    row = TalkLine(
        committee_id=room.committee.id, number=number, member_id=room.me.id, at=tx.now, stage=room.sitting.stage,
        text=text, salt=salt, commitment=bound,
    )  # fmt: skip
    tx.session.add(row)
    body = {"member": room.me.id, "number": number, "commitment": bound}
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "talk.said", body, case=case))
    tx.publish(f"talk:{case}", "talk.said", queries.shown(row))
    return {"number": number}


def _tell(tx: Tx, room: Room, kind: str, member: str) -> P:
    tx.session.flush()
    shown = queries.hands(tx.session, room.committee)
    case = room.case.id
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", kind, {"member": member}, case=case))
    tx.publish(f"talk:{case}", "hands.changed", {"hands": shown})
    return {"hands": shown}


@acting("hand.raise", *MEMBERS)
def raise_hand(tx: Tx, case: str, p: P) -> P:
    """{} → {hands: [{member, called}]}: one's own hand, behind those already raised. Twice changes nothing."""
    fields.only(p)
    room = here(tx, case)
    if tx.session.get(Hand, room.me.id) is not None:
        return {"hands": queries.hands(tx.session, room.committee)}
    last = select(func.max(Hand.number)).where(Hand.committee_id == room.committee.id)
    number = (tx.session.scalar(last) or 0) + 1
    tx.session.add(Hand(member_id=room.me.id, committee_id=room.committee.id, number=number))
    return _tell(tx, room, "hand.raised", room.me.id)


def _raised(tx: Tx, room: Room, member: str) -> Hand:
    if all(row.id != member for row in room.all):
        raise Unusable("member: not one of this committee")
    row = tx.session.get(Hand, member)
    if row is None:
        raise Refused(Breach("HAND", ARTICLE, "B", "a raised hand", "-", "member"))
    return row


@acting("hand.lower", *MEMBERS)
def lower(tx: Tx, case: str, p: P) -> P:
    """{member?} → {hands}: one's own hand; any other by the leader alone. It also ends the word that was given."""
    fields.only(p, "member")
    room = here(tx, case)
    member = fields.text(p, "member", limit=16, default=room.me.id)
    _leading(room, member)
    tx.session.delete(_raised(tx, room, member))
    return _tell(tx, room, "hand.lowered", member)


@acting("hand.call", *MEMBERS)
def call(tx: Tx, case: str, p: P) -> P:
    """{member} → {hands}: the leader gives the word; who had it before has spoken."""
    fields.only(p, "member")
    room = here(tx, case)
    _leading(room)
    row = _raised(tx, room, fields.text(p, "member", limit=16))
    mine = (Hand.committee_id == room.committee.id, Hand.called_at.is_not(None), Hand.member_id != row.member_id)
    tx.session.execute(delete(Hand).where(*mine))
    row.called_at = tx.now
    return _tell(tx, room, "hand.called", row.member_id)


def _leading(room: Room, member: str = "") -> None:
    if member != room.me.id and room.me.id != room.sitting.leader_id:
        raise Refused(denied("LEADER", "the leader", str(room.me.number)))
