"""Acts on an abnormally low price: a member's doubt, the written request, the vote on the explanation (§3.5)."""

from __future__ import annotations

from typing import Any

from core import fields
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.rules import Breach, Refused, refuse_if
from evaluation import cases
from evaluation.clarify.actions import put
from evaluation.committee.actions import unnamed
from evaluation.lowprice import queries, rules
from evaluation.lowprice.models import LowPriceStart, LowPriceVote
from evaluation.lowprice.rules import ARTICLE, GROUND, Suspect
from evaluation.sitting import flow
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import Room, as_leader, enter

P = dict[str, Any]
DOUBT = ("PRELIM", "LACK", "SCORING", "LOWPRICE")
MOST = 1440  # minutes


def _suspects(tx: Tx, room: Room) -> dict[str, Suspect]:
    lines = room.sitting.stage == "LOWPRICE"
    found = queries.suspects(tx.session, room.case, room.sitting, room.all, lines=lines)
    return {one.bid: one for one in found}


def _bid(tx: Tx, room: Room, p: P) -> str:
    bid = fields.text(p, "bid", limit=16)
    if bid not in queries.conforming(room.sitting, cases.bids(tx.session, room.case.id)):
        raise Unusable("bid: not a valid bid of this case")
    return bid


def _opened(tx: Tx, room: Room, p: P) -> str:
    """A bid whose price is to be explained; Refused for any other."""
    bid = _bid(tx, room, p)
    one = _suspects(tx, room).get(bid)
    if one is None or one.state(len(room.all)) != "open":
        found = one.state(len(room.all)) if one else "-"
        raise Refused(Breach("LOWPRICE", ARTICLE[room.case.regime], "B", "below a line, or a majority", found, "bid"))
    return bid


def _say(tx: Tx, room: Room, bid: str, start: bool, reason: str) -> P:
    row = LowPriceStart(member_id=room.me.id, bid_id=bid, start=start, reason=reason, at=tx.now)
    tx.session.add(row)
    body = {"member": room.me.id, "bid": bid, "start": start, "reason": reason}
    unnamed(tx, room.me, lambda: tx.record(f"case:{room.case.id}", "lowprice.doubted", body, case=room.case.id))
    tx.session.flush()
    flow.tell(tx, room.case.id, "lowprice.doubted", {"member": room.me.id})
    return {"stage": flow.advance(tx, room.committee), "state": _suspects(tx, room)[bid].state(len(room.all))}


@acting("lowprice.propose", *MEMBERS)
def propose(tx: Tx, case: str, p: P) -> P:
    """{bid, reason} → {state}: a member holds a price to be obviously low; a majority of all opens the procedure."""
    fields.only(p, "bid", "reason")
    room = enter(tx, case, *DOUBT)
    bid, known = _bid(tx, room, p), _suspects(tx, room)
    if bid in known:
        article = ARTICLE[room.case.regime]
        raise Refused(Breach("LOWPRICE-DONE", article, "B", "one proposal", "proposed already", "bid"))
    return _say(tx, room, bid, True, fields.text(p, "reason", limit=500))


@acting("lowprice.back", *MEMBERS)
def back(tx: Tx, case: str, p: P) -> P:
    """{bid, start, reason?} → {state}: the other members' word on a proposal, once each."""
    fields.only(p, "bid", "start", "reason")
    room = enter(tx, case, *DOUBT)
    bid = _bid(tx, room, p)
    one = _suspects(tx, room).get(bid)
    if one is None or not one.starts:
        raise Refused(Breach("LOWPRICE", ARTICLE[room.case.regime], "B", "a member's proposal", "-", "bid"))
    if room.me.id in one.starts:
        raise Refused(Breach("VOTED", ARTICLE[room.case.regime], "B", "one vote", "cast already"))
    start = fields.yes_no(p, "start")
    return _say(tx, room, bid, start, fields.text(p, "reason", limit=500, default=""))


@acting("lowprice.ask", *MEMBERS)
def ask(tx: Tx, case: str, p: P) -> P:
    """{bid, question, minutes?} → {clarification, until}: the leader's written request to explain the price."""
    fields.only(p, "bid", "question", "minutes")
    room = as_leader(enter(tx, case, "LOWPRICE"))
    bid, article = _opened(tx, room, p), ARTICLE[room.case.regime]
    if queries.request(tx.session, room.committee, bid) is not None:
        raise Refused(Breach("LOWPRICE-DONE", article, "B", "one request", "asked already", "bid"))
    book, printed = cases.book(room.case), room.case.low_price.get("minutes")
    usual = max(book["LOWPRICE-TIME"].number, printed or 0)
    minutes = fields.integer(p, "minutes", least=1, most=MOST, default=usual)
    refuse_if(rules.long_enough(minutes, printed, book))
    row = next(one for one in cases.bids(tx.session, case) if one["id"] == bid)
    return put(tx, room, row, fields.text(p, "question", limit=2000), minutes, GROUND)


@acting("lowprice.vote", *MEMBERS)
def vote(tx: Tx, case: str, p: P) -> P:
    """{bid, justified, reason, sources?} → {stage}: after the answer, or when its time is over; once each.

    More than half of all members against the explanation make the bid invalid. `sources`: what was looked up.
    """
    fields.only(p, "bid", "justified", "reason", "sources")
    room = enter(tx, case, "LOWPRICE")
    bid, article = _opened(tx, room, p), ARTICLE[room.case.regime]
    asked = queries.request(tx.session, room.committee, bid)
    if not queries.explained(asked, tx.now):
        found = asked.answer_until.isoformat() if asked else "-"
        raise Refused(Breach("LOWPRICE-ASK", article, "B", "answer or its time over", found, "bid"))
    if tx.session.get(LowPriceVote, (room.me.id, bid)) is not None:
        raise Refused(Breach("VOTED", article, "B", "one vote", "cast already"))
    justified, reason = fields.yes_no(p, "justified"), fields.text(p, "reason", limit=500)
    sources = fields.text(p, "sources", limit=2000, default="")
    tx.session.add(
        LowPriceVote(member_id=room.me.id, bid_id=bid, justified=justified, reason=reason, sources=sources, at=tx.now)
    )
    body = {"member": room.me.id, "bid": bid, "justified": justified, "reason": reason, "sources": sources}
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "lowprice.voted", body, case=case))
    flow.tell(tx, case, "lowprice.voted", {"member": room.me.id})
    return {"stage": flow.advance(tx, room.committee)}
