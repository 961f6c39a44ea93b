"""The buyer writes, publishes and cancels; suppliers enter under a mask; the centre pauses and resumes."""

from __future__ import annotations

import secrets
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from accounts.models import Org
from core import data, fields, jobs
from core.access import Role
from core.acts import Tx
from core.clock import CST
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import refuse_if
from trading.auction import filing, rules
from trading.auction.guards import (
    auction_row,
    book_of,
    buyers,
    channel,
    day_of,
    eligible,
    entry_of,
    hosted,
    last_window,
    moved,
    sealed,
    stream,
)  # fmt: skip
from trading.auction.machine import LIVE, MACHINE
from trading.auction.models import ENTRANTS, REGIMES, Auction, AuctionBreak, AuctionEntry
from trading.mall.categories import categories

FEN = Decimal("0.01")
SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_TEXTS = ("title", "region", "address", "receiver", "note")
_TERMS = ("regime", "entrants", "invited", "ceiling", "step", "opens_at", "ends_at", "window", "extend",
          "most_extensions", "far", "lines")  # fmt: skip


def _line(one: Any) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise Unusable("lines: objects are expected")
    fields.only(one, "category", "name", "brand", "model", "unit", "quantity", "specs")
    kind = categories().get(fields.text(one, "category", limit=9))
    if kind.doubtful:
        raise Unusable("category: its name was lost in the official list, nothing new is put under it")
    specs = fields.mapping(one, "specs") if one.get("specs") else {}
    if len(specs) > 40:
        raise Unusable("specs: a list of at most 40 is expected")
    return {
        "category": kind.code, "name": fields.text(one, "name", limit=200),
        "brand": fields.text(one, "brand", limit=60, default=""),
        "model": fields.text(one, "model", limit=100, default=""), "unit": fields.text(one, "unit", limit=10),
        "quantity": fields.integer(one, "quantity", least=1, most=1_000_000),
        "specs": {str(key)[:60]: fields.text(specs, key, limit=300) for key in specs},
    }  # fmt: skip


def _invited(tx: Tx, p: Payload) -> list[str]:
    """Organisations by their credit codes, each once."""
    codes = list(dict.fromkeys(str(one) for one in fields.items(p, "invited", most=200))) if p.get("invited") else []
    found = {row.uscc: row.id for row in tx.session.scalars(select(Org).where(Org.uscc.in_(codes)))} if codes else {}
    unknown = [one for one in codes if one not in found]
    if unknown:
        raise Unusable(f"invited: no such organisation: {unknown[0][:18]}")
    return [found[one] for one in codes]


def _seconds(p: Payload, key: str, own: rules.Book, rule: str) -> int:
    return fields.integer(p, key, least=0 if key == "window" else 10, most=3600, default=own[rule].number)


def _fill(tx: Tx, row: Auction, p: Payload) -> None:
    """Every field from the payload; nothing is checked but its shape, a draft may still be impossible."""
    fields.only(p, *_TEXTS, *_TERMS)
    row.regime, row.entrants = fields.choice(p, "regime", REGIMES), fields.choice(p, "entrants", ENTRANTS)
    own = rules.book(row.regime, tx.now.astimezone(CST).date())
    row.title, row.region = fields.text(p, "title", limit=120), fields.text(p, "region", limit=6)
    data.regions().check(row.region)
    row.address, row.receiver = fields.text(p, "address"), fields.text(p, "receiver", limit=60)
    row.note = fields.text(p, "note", limit=2000, default="")
    row.lines = [_line(one) for one in fields.items(p, "lines", most=50)]
    if not row.lines:
        raise Unusable("lines: missing")
    row.invited = _invited(tx, p) if row.entrants == "invited" else []
    row.ceiling = fields.decimal(p, "ceiling", least=FEN, places=2)
    row.step = fields.decimal(p, "step", least=FEN, places=2)
    row.opens_at, row.ends_at = fields.moment(p, "opens_at"), fields.moment(p, "ends_at")
    row.planned_end = row.ends_at
    row.window, row.extend = _seconds(p, "window", own, "AUC-WINDOW"), _seconds(p, "extend", own, "AUC-EXTEND")
    row.most_extensions = fields.integer(p, "most_extensions", least=0, most=1000, default=0)
    row.far = fields.integer(p, "far", least=1, most=99, default=own["AUC-FAR"].number)


@acting("auction.save", Role.TENDERER)
def save(tx: Tx, case: str, p: Payload) -> Payload:
    """{regime, title, region, address, receiver, note?, lines, entrants, invited?, ceiling, step, opens_at, ends_at,
    window?, extend?, most_extensions?, far?} → {auction}. `case`: the draft, "" for a new one."""
    if case:
        row = buyers(tx, case)
        MACHINE.move(row.state, "auction.save", tx.actor)
        _fill(tx, row, p)
        return {"auction": row.id}
    today = f"JJ{tx.now.astimezone(CST):%Y%m%d}"
    last = tx.session.scalar(select(func.max(Auction.number)).where(Auction.number.startswith(today)))
    number = f"{today}{int(last[len(today) :]) + 1 if last else 1:06d}"
    row = Auction(number=number, buyer_org=tx.actor.org, buyer_person=tx.actor.person, state=MACHINE.first,
                  created_at=tx.now)  # fmt: skip
    _fill(tx, row, p)
    tx.session.add(row)
    tx.session.flush()
    tx.record(stream(row.id), "auction.drafted", {"auction": row.id, "number": number})
    return {"auction": row.id}


@acting("auction.publish", Role.TENDERER, signed=True)
def publish(tx: Tx, case: str, p: Payload) -> Payload:
    """{}: from here on nothing of the notice changes; the rules in force are those of today."""
    fields.only(p)
    row = buyers(tx, case)
    moved(tx, row, "auction.publish", tx.actor)
    row.published_at = tx.now
    own = book_of(row)
    invited = row.entrants == "invited"
    warned = rules.terms(own, row.opens_at, row.ends_at, tx.now, row.ceiling, row.step, row.extend, row.window,
                         row.invited, invited)  # fmt: skip
    refuse_if(warned)
    jobs.plan(tx.session, row.opens_at, "auction.begin", row.id)
    jobs.plan(tx.session, row.ends_at, "auction.close", row.id)
    body = {"auction": row.id, "number": row.number, "title": row.title, "regime": row.regime, "lines": row.lines,
            "ceiling": plain(row.ceiling), "step": plain(row.step), "opens_at": row.opens_at, "ends_at": row.ends_at,
            "window": row.window, "extend": row.extend, "most_extensions": row.most_extensions, "far": row.far,
            "entrants": row.entrants, "least": own["AUC-LEAST"].number}  # fmt: skip
    tx.record(stream(row.id), "auction.published", body)
    tx.publish(channel(row.id), "auction.published", {})
    return {"auction": row.id}


@acting("auction.cancel", Role.TENDERER)
def cancel(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason}: told to everybody."""
    fields.only(p, "reason")
    row = buyers(tx, case)
    moved(tx, row, "auction.cancel", tx.actor)
    row.reason = fields.text(p, "reason", limit=300)
    tx.record(stream(row.id), "auction.cancelled", {"auction": row.id, "reason": row.reason})
    tx.publish(channel(row.id), "auction.cancelled", {"reason": row.reason})
    filing.call_for(tx, row, filing.RESULT)
    return {"state": row.state}


@acting("auction.enter", Role.BIDDER, signed=True)
def enter(tx: Tx, case: str, p: Payload) -> Payload:
    """{accept: true} → {alias}: the rules are accepted, and a mask is drawn that tells neither name nor order."""
    fields.only(p, "accept")
    row = auction_row(tx.session, case)
    if not fields.yes_no(p, "accept"):
        raise Unusable("accept: one of true is expected")
    MACHINE.move("BIDDING" if row.state == "PUBLISHED" else row.state, "auction.bid", tx.actor)
    own = book_of(row)
    if tx.now >= row.ends_at:
        refuse_if([own["AUC-END"].breach(tx.now.isoformat(), required=f"< {row.ends_at.isoformat()}")])
    refuse_if(eligible(tx.session, row, tx.actor.org))
    known = entry_of(tx.session, case, tx.actor.org)
    if known is not None:
        return {"alias": known.alias}
    taken = set(tx.session.scalars(select(AuctionEntry.alias).where(AuctionEntry.auction_id == case)))
    entry = AuctionEntry(auction_id=case, org_id=tx.actor.org, person_id=tx.actor.person, alias=_alias(taken),
                         mark=secrets.token_hex(16), at=tx.now)  # fmt: skip
    tx.session.add(entry)
    tx.session.flush()
    tx.record(sealed(case), "auction.entered", {"auction": case, "alias": entry.alias})
    return {"alias": entry.alias}


def _alias(taken: set[str]) -> str:
    while True:
        found = "".join(secrets.choice(SIGNS) for _ in range(4))
        if found not in taken:
            return found


# -- the centre -------------------------------------------------------------------------------------------------------


@acting("auction.pause", Role.CENTRE)
def pause(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason}: no price is taken and no clock closes it until it goes on."""
    fields.only(p, "reason")
    row = hosted(tx, case)
    own = book_of(row)
    if tx.now >= row.ends_at and row.state in LIVE:
        refuse_if([own["AUC-END"].breach(tx.now.isoformat(), required=f"< {row.ends_at.isoformat()}")])
    moved(tx, row, "auction.pause", tx.actor)
    row.paused_at, row.reason = tx.now, fields.text(p, "reason", limit=300)
    tx.session.add(
        AuctionBreak(auction_id=row.id, kind="pause", since=tx.now, end_before=row.ends_at, reason=row.reason,
                     by_person=tx.actor.person)
    )  # fmt: skip
    tx.record(stream(row.id), "auction.paused", {"auction": row.id, "reason": row.reason})
    tx.publish(channel(row.id), "auction.paused", {"reason": row.reason})
    return {"state": row.state}


@acting("auction.resume", Role.CENTRE)
def resume(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason}: the end moves by the time that was paused; at least a whole window is left."""
    fields.only(p, "reason")
    row = hosted(tx, case)
    moved(tx, row, "auction.resume", tx.actor)
    assert row.paused_at is not None
    reason = fields.text(p, "reason", limit=300)
    query = select(AuctionBreak).where(AuctionBreak.auction_id == row.id, AuctionBreak.kind == "pause")
    held = tx.session.scalars(query.where(AuctionBreak.until.is_(None))).one()
    lost = max(tx.now - max(row.paused_at, row.opens_at), timedelta(0))
    ends = max(row.ends_at + lost, tx.now + timedelta(seconds=last_window(row)))
    if tx.now < row.opens_at:
        row.state = "PUBLISHED"
        ends = row.ends_at
    held.until, held.end_after, held.reason = tx.now, ends, f"{held.reason} / {reason}"[:300]
    row.ends_at, row.paused_at, row.reason = ends, None, ""
    jobs.plan(tx.session, ends, "auction.close", row.id)
    body = {"auction": row.id, "reason": reason, "ends_at": ends, "lost_seconds": int(lost.total_seconds())}
    tx.record(stream(row.id), "auction.resumed", body)
    tx.publish(channel(row.id), "auction.resumed", {"ends_at": ends.isoformat(), "reason": reason})
    return {"ends_at": ends}


def noticed(row: Auction) -> dict[str, Any]:
    """The numbers of a notice, for pages: {least, confirm}."""
    own = rules.book(row.regime, day_of(row))
    return {"least": own["AUC-LEAST"].number, "confirm": own["AUC-CONFIRM"].number}
