"""Acts of the preliminary review: marks, their lock, votes to reject, the vote below three bids."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core import fields
from core.access import Actor
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.quick import Written
from core.rules import Breach, Refused, refuse_if, shown
from evaluation import cases
from evaluation.clarify.queries import of_committee
from evaluation.committee.actions import nameless, unnamed
from evaluation.review import queries, rules
from evaluation.review.models import LackVote, Mark, RejectVote
from evaluation.sitting import flow
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import Room, enter

P = dict[str, Any]
ARTICLE = "招标投标法实施条例 第51条"


def _bid(room_bids: set[str], p: P) -> str:
    bid = fields.text(p, "bid", limit=16)
    if bid not in room_bids:
        raise Unusable("bid: not an opened bid of this case")
    return bid


@dataclass
class Findings:
    """One member's findings while they are open. A core.quick.Grant."""

    actor: Actor
    holds: timedelta
    member: str
    case: str
    bids: set[str]
    items: list[str]
    grounds: Collection[str]
    given: set[tuple[str, str]]

    def _row(self, one: Any, now: datetime) -> dict[str, Any]:
        if not isinstance(one, dict):
            raise Unusable("marks: objects are expected")
        fields.only(one, "bid", "item", "pass", "page", "reason", "ground", "unclear")
        passed = fields.yes_no(one, "pass")
        item = fields.choice(one, "item", self.items)
        row = {
            "member_id": self.member, "bid_id": _bid(self.bids, one), "item": item, "passed": passed,
            "page": fields.text(one, "page", limit=40, default=""),
            "reason": fields.text(one, "reason", limit=500, default=""), "ground": "", "unclear": False,
            "at": now,
        }  # fmt: skip
        if passed:
            return row
        ground = fields.text(one, "ground", limit=20, default="")
        if ground not in self.grounds:
            raise Refused(Breach("GROUND", ARTICLE, "B", " ".join(sorted(self.grounds)), ground or "-", "ground"))
        for name in ("page", "reason"):
            if not row[name]:
                raise Refused(Breach("FAIL-REASON", ARTICLE, "B", name, "-", name))
        return row | {"ground": ground, "unclear": fields.yes_no(one, "unclear", default=False)}

    def write(self, payload: P, now: datetime) -> Written:
        given = fields.items(payload, "marks", most=2000) if "marks" in payload else [payload]
        rows = [self._row(one, now) for one in given]
        fresh: list[dict[str, Any]] = []
        known: list[dict[str, Any]] = []
        for row in rows:
            place = row["bid_id"], row["item"]
            (known if place in self.given else fresh).append(row)
            self.given.add(place)
        listed = [
            {"bid": row["bid_id"], "item": row["item"], "pass": row["passed"], "page": row["page"],
             "reason": row["reason"], "ground": row["ground"], "unclear": row["unclear"]}
            for row in rows
        ]  # fmt: skip
        done = len(self.given)
        return Written(
            Mark, fresh, known, "review.marked", {"member": self.member, "marks": listed}, f"room:{self.case}",
            "review.progress", {"member": self.member, "done": done},
            {"done": done, "of": len(self.bids) * len(self.items)},
        )  # fmt: skip


@acting("prelim.mark", *MEMBERS, draft=True)
def mark(tx: Tx, case: str, p: P) -> P:
    """{bid, item, pass, page?, reason?, ground?, unclear?} or {marks: [those]}: own findings, changeable until locked.

    A fail names page, reason and one of the file's grounds: nothing else can reject a bid. `unclear`: the bid's own
    words leave it open, so the bidder is asked before anybody rejects.
    """
    room = enter(tx, case, "PRELIM")
    if room.me.review_locked_at is not None:
        raise Refused(Breach("LOCKED", ARTICLE, "B", "before prelim.lock", room.me.review_locked_at.isoformat()))
    mine = Findings(
        nameless(tx.actor, room.me), room.holds, room.me.id, case, {bid["id"] for bid in cases.bids(tx.session, case)},
        [row["id"] for row in room.case.items], room.case.grounds, queries.marked(tx.session, room.me),
    )  # fmt: skip
    return tx.draft(case, mine, p)


@acting("prelim.lock", *MEMBERS)
def lock(tx: Tx, case: str, p: P) -> P:
    """{}: every item of every bid has a finding; from now on it stands."""
    fields.only(p)
    room = enter(tx, case, "PRELIM")
    mine = [one for one in queries.marks(tx.session, room.all) if one.member_id == room.me.id]
    wanted = len(cases.bids(tx.session, case)) * len(room.case.items)
    if len(mine) < wanted:
        raise Refused(Breach("INCOMPLETE-REVIEW", "招标投标法 第40条", "B", str(wanted), str(len(mine))))
    if room.me.review_locked_at is None:
        room.me.review_locked_at = tx.now
        body = {"member": room.me.id, "fails": sum(not one.passed for one in mine)}
        unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "review.locked", body, case=case))
        flow.tell(tx, case, "review.locked", {"member": room.me.id})
    return {"stage": flow.advance(tx, room.committee)}


@acting("reject.vote", *MEMBERS)
def vote(tx: Tx, case: str, p: P) -> P:
    """{bid, ground, reject, reason?} → {stage, warnings}: once, on a pair that somebody failed, after all have locked.

    CLARIFY-FIRST: nobody rejects for what the bidder has not been asked about. Rejected = more than half of all
    members. A bid whose price cannot be read cannot be kept: there is no score for it.
    """
    fields.only(p, "bid", "ground", "reject", "reason")
    room = enter(tx, case, "PRELIM")
    if not queries.all_marked(room.all):
        there = sum(row.review_locked_at is not None for row in room.all)
        raise Refused(Breach("REVIEW-OPEN", ARTICLE, "B", str(len(room.all)), str(there)))
    bids = cases.bids(tx.session, case)
    bid = _bid({one["id"] for one in bids}, p)
    ground, reject = fields.text(p, "ground", limit=20), fields.yes_no(p, "reject")
    if (bid, ground) not in queries.questions(tx.session, room.case, room.all, bids):
        raise Refused(Breach("GROUND", ARTICLE, "B", "a pair that a member failed", ground, "ground"))
    if not reject and not next(one for one in bids if one["id"] == bid)["price"]:
        raise Refused(Breach("NO-PRICE", ARTICLE, "B", "reject", "a price that cannot be read", "reject"))
    if tx.session.get(RejectVote, (room.me.id, bid, ground)) is not None:
        raise Refused(Breach("VOTED", ARTICLE, "B", "one vote", "cast already"))
    warned = _weigh(tx, room, next(one for one in bids if one["id"] == bid), ground) if reject else []
    reason = fields.text(p, "reason", limit=500) if reject else fields.text(p, "reason", limit=500, default="")
    tx.session.add(
        RejectVote(member_id=room.me.id, bid_id=bid, ground=ground, reject=reject, reason=reason, at=tx.now)
    )
    body = {"member": room.me.id, "bid": bid, "ground": ground, "reject": reject, "reason": reason,
            "warnings": warned}  # fmt: skip
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "reject.voted", body, case=case))
    flow.tell(tx, case, "reject.voted", {"member": room.me.id})
    return {"stage": flow.advance(tx, room.committee), "warnings": warned}


def _weigh(tx: Tx, room: Room, bid: P, ground: str) -> list[dict[str, str]]:
    """Refused while the bidder must first be heard; otherwise what warns."""
    first, warned = queries.weighed(tx.session, room.case, room.all, bid, ground)
    asked: list[rules.Asked] = [one for one in of_committee(tx.session, room.committee.id) if one.bid_id == bid["id"]]
    if first and bid["price"]:
        refuse_if(rules.before_reject(asked, ground, tx.now, cases.book(room.case)))
    return shown(warned)


@acting("lack.vote", *MEMBERS)
def lack(tx: Tx, case: str, p: P) -> P:
    """{lack, reason}: fewer than three valid bids; is competition clearly lacking? (12号令 art. 27, 1117号 art. 13)"""
    fields.only(p, "lack", "reason")
    room = enter(tx, case, "LACK")
    if tx.session.get(LackVote, room.me.id) is not None:
        raise Refused(Breach("VOTED", "评标委员会和评标方法暂行规定 第27条", "B", "one vote", "cast already"))
    found, reason = fields.yes_no(p, "lack"), fields.text(p, "reason", limit=500)
    tx.session.add(LackVote(member_id=room.me.id, lack=found, reason=reason, at=tx.now))
    body = {"member": room.me.id, "lack": found, "reason": reason}
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "lack.voted", body, case=case))
    flow.tell(tx, case, "lack.voted", {"member": room.me.id})
    return {"stage": flow.advance(tx, room.committee)}
