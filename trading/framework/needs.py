"""Stage two, what all ways share: a purchase under the agreement, its offer to one supplier, acceptance or refusal, the
order, the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Org
from core import fields, jobs
from core.access import SYSTEM, Role, denied
from core.acts import Tx
from core.data import regions
from core.doors import Payload, acting
from core.faults import Unusable
from core.machine import Row
from core.money import plain
from core.rules import Breach, Refused, refuse_if, shown
from trading.framework import machine, rules
from trading.framework.models import Framework, FrameworkItem, FrameworkMember, FrameworkNeed, FrameworkPrice
from trading.framework.rules import Book
from trading.framework.states import (
    begins,
    book_of,
    day_of,
    framework_row,
    items_of,
    members_of,
    number,
    over,
    publish,
    stream,
    workdays,
)
from trading.order.placing import Line, Placing, place
from trading.project.states import trading_org

PUBLISHED = ("mini", "rota")  # FA-09: results one by one
COMMON = ("quantities", "region", "address", "receiver", "note")
Prices = dict[str, dict[str, FrameworkPrice]]


@dataclass(frozen=True)
class Bought:
    """A purchase as it is asked for: {item: quantity}."""

    lines: Mapping[str, int]
    items: Mapping[str, FrameworkItem]


def running(tx: Tx, framework: str, way: str) -> tuple[Framework, Book]:
    """The agreement, in force today, with a way that its solicitation named."""
    row = framework_row(tx.session, framework)
    own = book_of(row, tx.now)
    if row.state not in machine.RUNNING or row.starts_on is None or row.ends_on is None:
        raise Refused(own["FH-INSIDE"].breach(row.state, required=" / ".join(machine.RUNNING)))
    refuse_if(rules.inside(day_of(tx.now), row.starts_on, row.ends_on, own))
    if way not in row.settings["ways"]:
        raise Refused(own["FH-WAY"].breach(way, required=" / ".join(row.settings["ways"])))
    return row, own


def asked(tx: Tx, row: Framework, p: Payload) -> Bought:
    items = {one.id: one for one in items_of(tx.session, row.id)}
    given = fields.mapping(p, "quantities")
    if not set(given) <= set(items):
        raise Unusable("quantities: only those of the agreement")
    lines = {item: fields.integer(given, item, least=1, most=10**6) for item in items if item in given}
    if not lines:
        raise Unusable("quantities: missing")
    return Bought(lines, items)


def begin(tx: Tx, row: Framework, p: Payload, way: str, reason: str = "") -> FrameworkNeed:
    """A purchase by the actor's organisation; nothing is offered to anybody yet."""
    org = trading_org(tx.session, tx.actor.org)
    bought = asked(tx, row, p)
    need = FrameworkNeed(
        framework_id=row.id, number=number(tx, FrameworkNeed, "KX"), buyer_org=org.id, person_id=tx.actor.person,
        way=way, state="NEED", lines=[{"item": item, "quantity": n} for item, n in bought.lines.items()],
        region=regions().check(fields.text(p, "region", limit=6, default=row.region)).code,
        address=fields.text(p, "address", limit=200), receiver=fields.text(p, "receiver", limit=60),
        note=fields.text(p, "note", limit=300, default=""), reason=reason, created_at=tx.now,
    )  # fmt: skip
    tx.session.add(need)
    tx.session.flush()
    body = {"need": need.id, "number": need.number, "way": way, "lines": need.lines, "reason": reason}
    tx.record(stream(row.id), "framework.needed", body)
    return need


def need_row(session: Session, need: str) -> FrameworkNeed:
    found = session.get(FrameworkNeed, need)
    if found is None:
        raise Unusable("need: no such purchase")
    return found


def guard(tx: Tx, need: str, act: str) -> tuple[FrameworkNeed, Framework, Row]:
    """The purchase, its agreement and the step; a buyer's step only for whoever buys."""
    row = need_row(tx.session, need)
    timer = tx.actor == SYSTEM
    step = machine.NEED.move(row.state, act, None if timer else tx.actor)
    if not timer and step.roles == machine.BUYER and tx.actor.org != row.buyer_org:
        raise Refused(denied("ACCESS", "buyer", tx.actor.org_name or "-"))
    return row, framework_row(tx.session, row.framework_id), step


def go(tx: Tx, need: FrameworkNeed, step: Row, kind: str, body: dict[str, Any], *, target: str = "") -> str:
    goal = target or step.target
    if goal not in [r.target for r in machine.NEED.rows if (r.state, r.act) == (need.state, step.act)]:
        raise Unusable(f"{step.act} does not lead from {need.state} to {goal}")
    moved = {"from": need.state, "to": goal} if goal != need.state else {}
    need.state = goal
    return tx.record(stream(need.framework_id), kind, {"need": need.id} | body | moved)


# -- who can supply ---------------------------------------------------------------------------------------------------


def current_prices(session: Session, members: list[FrameworkMember]) -> Prices:
    """{member: {item: price in force}}."""
    found: Prices = {one.id: {} for one in members}
    query = select(FrameworkPrice).where(FrameworkPrice.member_id.in_(found), FrameworkPrice.ended_at.is_(None))
    for price in session.scalars(query):
        found[price.member_id][price.item_id] = price
    return found


def able(session: Session, row: Framework, need: FrameworkNeed) -> dict[str, dict[str, FrameworkPrice]]:
    """{member: prices} of those who supply now, price everything that is bought, and do not buy of themselves."""
    wanted = {one["item"] for one in need.lines}
    members = [one for one in members_of(session, row.id, *machine.SUPPLYING) if one.org_id != need.buyer_org]
    return {one: prices for one, prices in current_prices(session, members).items() if wanted <= set(prices)}


# -- the offer --------------------------------------------------------------------------------------------------------


def offer(
    tx: Tx, need: FrameworkNeed, step: Row, member: str, prices: Mapping[str, Decimal], kind: str, body: dict[str, Any]
) -> None:
    """To one supplier, who has two working days; the house's number, no law."""
    row = framework_row(tx.session, need.framework_id)
    days = book_of(row, tx.now)["FH-OFFER"].number
    need.member_id, need.prices = member, {item: plain(price) for item, price in prices.items()}
    need.tried = [*need.tried, member]
    need.offered_at, need.offer_until = tx.now, over(workdays(tx.now, days))
    jobs.plan(tx.session, need.offer_until, "framework.offer_over", need.id, {"member": member})
    go(tx, need, step, kind, {"member": member, "prices": need.prices} | body, target="OFFERED")
    person = tx.session.get_one(FrameworkMember, member).person_id
    tx.publish(f"me:{person}", "framework.offered", {"need": need.id})


def own_offer(tx: Tx, need: FrameworkNeed) -> FrameworkMember:
    member = tx.session.get(FrameworkMember, need.member_id)
    if member is None or member.org_id != tx.actor.org:
        raise Refused(denied("FH-MEMBER", "supplier", tx.actor.org_name or "-"))
    return member


@acting("framework.accept", Role.BIDDER, signed=True)
def accept(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {order}: the offer of purchase `case`; the order is placed at once."""
    fields.only(p)
    need, row, step = guard(tx, case, "framework.accept")
    member = own_offer(tx, need)
    own = book_of(row, tx.now)
    if member.state not in machine.SUPPLYING:
        raise Refused(own["FH-MEMBER"].breach(member.state, required=" / ".join(machine.SUPPLYING)))
    if need.offer_until is not None and tx.now >= need.offer_until:
        raise Refused(own["FH-OFFER"].breach(tx.now.isoformat(), required=f"< {need.offer_until.isoformat()}"))
    order = place(tx, _placing(tx, need, member))
    need.order_id, need.answered_at = order.id, tx.now
    _result_due(tx, need, own)
    go(tx, need, step, "framework.accepted", {"member": member.id, "order": order.id})
    for told in ANSWERED:
        told(tx, need, True)
    return {"order": order.id, "number": order.number}


def _placing(tx: Tx, need: FrameworkNeed, member: FrameworkMember) -> Placing:
    items = {one.id: one for one in items_of(tx.session, need.framework_id)}
    held = current_prices(tx.session, [member])[member.id]
    lines = tuple(
        Line(
            category=items[one["item"]].category, name=items[one["item"]].name, unit=items[one["item"]].unit,
            quantity=one["quantity"], price=Decimal(need.prices[one["item"]]),
            brand=held[one["item"]].brand if one["item"] in held else "",
            model=held[one["item"]].model if one["item"] in held else "",
        )
        for one in need.lines
    )  # fmt: skip
    return Placing(
        buyer_org=need.buyer_org, buyer_person=need.person_id, supplier_org=member.org_id, source="framework",
        source_id=need.id, region=need.region, address=need.address, receiver=need.receiver, lines=lines,
        note=need.note, reference=sum((items[one["item"]].ceiling * one["quantity"] for one in need.lines), Decimal(0)),
        settings={"framework": need.framework_id, "way": need.way},
    )  # fmt: skip


# Told of an answer to an offer, inside its act: fn(tx, need, accepted).
ANSWERED: list[Any] = []
# What follows a refusal, by way: fn(tx, need, step, body); the default ends the purchase.
REFUSED: dict[str, Any] = {}


@acting("framework.decline", Role.BIDDER, signed=True)
def decline(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason} → {state}: recorded. A rota goes on to the next, a mini-competition back to its ranking."""
    fields.only(p, "reason")
    need, row, step = guard(tx, case, "framework.decline")
    member = own_offer(tx, need)
    reason = fields.text(p, "reason", limit=500, default="")
    if not reason:
        raise Refused(book_of(row, tx.now)["FH-REASON"].breach("-", required="reason", field="reason"))
    return _declined(tx, need, step, {"member": member.id, "reason": reason})


@acting("framework.offer_over")
def offer_over(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: {member}: who has not answered in time has refused."""
    need = need_row(tx.session, case)
    gone = need.offer_until is not None and tx.now >= need.offer_until
    if need.state != "OFFERED" or need.member_id != p.get("member") or not gone:
        return {}
    need, _, step = guard(tx, case, "framework.decline")
    return _declined(tx, need, step, {"member": need.member_id, "reason": "", "silent": True})


def _declined(tx: Tx, need: FrameworkNeed, step: Row, body: dict[str, Any]) -> Payload:
    need.answered_at = tx.now
    for told in ANSWERED:
        told(tx, need, False)
    follow = REFUSED.get(need.way)
    if follow is None:
        go(tx, need, step, "framework.declined", body)
    else:
        follow(tx, need, step, body)
    return {"state": need.state}


# -- the result -------------------------------------------------------------------------------------------------------


def _result_due(tx: Tx, need: FrameworkNeed, own: Book) -> None:
    """The law's two working days; the timer publishes on the last of them what nobody has published before."""
    row = own.get("FA-09/result")
    if need.way not in PUBLISHED or row is None:
        return
    need.result_by = workdays(tx.now, row.number)
    jobs.plan(tx.session, begins(need.result_by), "framework.result", need.id)


@acting("framework.result", Role.TENDERER)
def result(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {notice, warnings}: the result of one purchase, once; also the timer's on the last day (FA-09)."""
    fields.only(p)
    need = need_row(tx.session, case)
    if tx.actor == SYSTEM and (need.state != "ACCEPTED" or need.result_by is None or tx.now < begins(need.result_by)):
        return {}
    need, row, step = guard(tx, case, "framework.result")
    if need.published_at is not None:
        return {}
    member = tx.session.get_one(FrameworkMember, need.member_id)
    items = {one.id: one for one in items_of(tx.session, row.id)}
    lines = [{"name": items[one["item"]].name, "unit": items[one["item"]].unit, "quantity": one["quantity"],
              "price": need.prices[one["item"]]} for one in need.lines]  # fmt: skip
    total = sum((Decimal(one["price"]) * one["quantity"] for one in lines), Decimal(0))
    body = {
        "number": need.number, "way": need.way, "buyer": tx.session.get_one(Org, need.buyer_org).name,
        "supplier": tx.session.get_one(Org, member.org_id).name, "lines": lines, "total": plain(total),
    }  # fmt: skip
    late: list[Breach] = []
    if need.result_by is not None and day_of(tx.now) > need.result_by:
        last = f"≤ {need.result_by.isoformat()}"
        late.append(book_of(row, tx.now)["FA-09/result"].breach(day_of(tx.now).isoformat(), required=last))
    need.published_at = tx.now
    notice = publish(tx, row, f"{need.way}_result", body, need=need.id)
    go(tx, need, step, "framework.result", {"notice": notice.id, "warnings": shown(late)})
    return {"notice": notice.id, "warnings": shown(late)}
