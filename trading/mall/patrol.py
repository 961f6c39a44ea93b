"""The price patrol: reports, answers, decisions, and the monthly sample that anyone can draw again."""

from __future__ import annotations

import secrets
from datetime import datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.guards import SIGNED_IN
from core import canon, fields, staged
from core.access import SYSTEM, Role
from core.acts import Tx
from core.clock import CST
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import Refused, refuse_if
from trading.mall import items, listing, rules, watch
from trading.mall.content import READERS
from trading.mall.machine import FLAG, ITEM
from trading.mall.models import Flag, Item, Sample

OUTCOMES = ("confirm", "block", "release")


def _flag(tx: Tx, p: Payload) -> tuple[Flag, Item]:
    row = tx.session.get(Flag, fields.text(p, "flag", limit=16))
    if row is None:
        raise Unusable("flag: no such task")
    return row, tx.session.get_one(Item, row.item_id)


def _reports_today(session: Session, person: str, now: datetime) -> int:
    midnight = datetime.combine(now.astimezone(CST).date(), time(0), CST)
    query = select(func.count()).select_from(Flag).where(Flag.reporter == person, Flag.at >= midnight)
    return session.scalar(query) or 0


@acting("flag.report", *SIGNED_IN)
def report(tx: Tx, case: str, p: Payload) -> Payload:
    """{item, text, url?} → {flag}: anyone who is logged in; a visitor is not asked, because a report can take an item
    off sale and is answered: both need somebody behind it. The supplier does not learn who."""
    fields.only(p, "item", "text", "url")
    row = listing.sellable(tx.session, [item := fields.text(p, "item", limit=16)]).get(item)
    book = rules.book_at(tx.now)
    if row is None:
        raise Refused(book["ITEM-LISTED"].breach("-", required="listed"))
    text, url = fields.text(p, "text", limit=1000), READERS["elsewhere_url"]({"elsewhere_url": p.get("url", "")})
    same = (Flag.item_id == row.id, Flag.reporter == tx.actor.person, Flag.state == "open")
    waiting = tx.session.scalar(select(Flag.id).where(*same).limit(1)) is not None
    refuse_if(rules.may_report(_reports_today(tx.session, tx.actor.person, tx.now), waiting, book))
    made = watch.raise_flag(tx, row, "report", by=SYSTEM, text=text, url=url, reporter=tx.actor.person)
    return {"flag": made.id}


@acting("flag.answer", Role.BIDDER)
def answer(tx: Tx, case: str, p: Payload) -> Payload:
    """{flag, text}: the supplier's answer; written anew until the centre has decided for good."""
    fields.only(p, "flag", "text")
    row = tx.session.get(Flag, fields.text(p, "flag", limit=16))
    if row is None or not tx.actor.org or row.supplier_org != tx.actor.org:
        raise Unusable("flag: no such task of yours")
    FLAG.move(row.state, "flag.answer", tx.actor)
    row.answer, row.answered_at = fields.text(p, "text", limit=1000), tx.now
    tx.record(listing.stream(row.item_id), "item.flag_answered", {"flag": row.id, "text": row.answer})
    return {}


@acting("flag.decide", Role.CENTRE)
def decide(tx: Tx, case: str, p: Payload) -> Payload:
    """{flag, outcome: confirm | block | release, reason, file?} → {state, item}: confirmed = the price is not in order
    and the supplier is told to put it right; blocked = off sale until released."""
    fields.only(p, "flag", "outcome", "reason", "file")
    row, item = _flag(tx, p)
    outcome = fields.choice(p, "outcome", OUTCOMES)
    row.state = FLAG.move(row.state, f"flag.{outcome}", tx.actor).target
    row.reason, row.decided_by, row.decided_at = fields.text(p, "reason", limit=300), tx.actor.person, tx.now
    if p.get("file"):
        row.file = fields.sha256(p, "file")
        if not staged.brought(tx, row.file):
            raise Unusable("file: upload the file first")
    body = {"flag": row.id, "outcome": row.state, "reason": row.reason, "file": row.file}
    tx.record(listing.stream(item.id), "item.flag_decided", body)
    tx.session.flush()
    if outcome == "block" and item.state == "listed":
        ITEM.move(item.state, "item.block", tx.actor)
        watch.block(tx, item, row.reason)
    elif outcome == "release":
        items.release(tx, item)
    tx.publish(f"org:{row.supplier_org}", "item.flag_decided", {"item": item.id, "flag": row.id})
    if row.reporter:
        tx.publish(f"me:{row.reporter}", "item.flag_decided", {"item": item.id, "flag": row.id})
    return {"state": row.state, "item": item.state}


@acting("patrol.draw", Role.CENTRE)
def draw(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {month, seed, items}: this month's sample of listed items, once. The seed is made here, after the list is
    fixed, and stands in the ledger with the list's digest."""
    fields.only(p)
    month, book = f"{tx.now.astimezone(CST):%Y-%m}", rules.book_at(tx.now)
    if tx.session.get(Sample, month) is not None:
        raise Refused(book["PATROL-ONCE"].breach(month, required="-"))
    listed = list(tx.session.scalars(select(Item.id).where(listing.on_sale()).order_by(Item.id)))
    if not listed:
        raise Refused(book["ITEM-LISTED"].breach(0, required="≥ 1"))
    population = tx.blobs.put(canon.dumps(listed)).sha256
    seed = secrets.token_hex(32)
    drawn = rules.sample(seed, listed, book["PATROL-SAMPLE"].number)
    tx.session.add(
        Sample(month=month, seed=seed, population=population, size=len(listed), items=drawn, at=tx.now,
               by=tx.actor.person)
    )  # fmt: skip
    for row in tx.session.scalars(select(Item).where(Item.id.in_(drawn)).order_by(Item.id)):
        watch.raise_flag(tx, row, "sample")
    body = {"month": month, "seed": seed, "population": population, "size": len(listed), "items": drawn}
    tx.record("platform", "patrol.drawn", body)
    return {"month": month, "seed": seed, "items": len(drawn)}
