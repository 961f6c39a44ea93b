"""Suppliers within an agreement: suspended and back, removed for a coded cause, leaving, prices adjusted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from accounts.models import Org
from core import fields, jobs
from core.access import SYSTEM, Role, denied
from core.acts import Tx
from core.data import regions
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import Refused, refuse_if
from trading.framework import machine, rules
from trading.framework.entry import prices_of
from trading.framework.facts import Offered
from trading.framework.models import Framework, FrameworkMember, FrameworkPrice
from trading.framework.states import (
    book_of,
    framework_row,
    items_of,
    member_row,
    move_member,
    own,
    owns,
    publish,
    stream,
    tell_changed,
)


def oversees(tx: Tx, row: Framework) -> bool:
    """A regulator of the agreement's place."""
    org = tx.session.get(Org, tx.actor.org) if tx.actor.has(Role.REGULATOR) else None
    return org is not None and regions().covers(org.region, row.region)


def _guarded(tx: Tx, framework: str, p: Payload) -> tuple[Framework, FrameworkMember]:
    """For the solicitor, the regulator of the place, and timers; while the agreement runs."""
    row = framework_row(tx.session, framework)
    if tx.actor != SYSTEM and not owns(row, tx.actor) and not oversees(tx, row):
        raise Refused(denied("FH-OWN", "tenderer / agency", tx.actor.org_name or "-"))
    if row.state not in machine.RUNNING:
        raise Refused(book_of(row, tx.now)["FH-INSIDE"].breach(row.state, required=" / ".join(machine.RUNNING)))
    return row, member_row(tx.session, row, fields.text(p, "member", limit=16))


def _say(tx: Tx, row: Framework, member: FrameworkMember, kind: str) -> None:
    name = tx.session.get_one(Org, member.org_id).name
    said = {"supplier": name, "state": member.state, "cause": member.cause, "reason": member.reason}
    publish(tx, row, kind, said)
    tx.record(
        stream(row.id), f"framework.{kind}", {"member": member.id, "cause": member.cause, "reason": member.reason}
    )
    tx.publish(f"me:{member.person_id}", f"framework.{kind}", {"framework": row.id})


@acting("framework.suspend", *machine.GUARDS, signed=True)
def suspend(tx: Tx, case: str, p: Payload) -> Payload:
    """{member, cause, reason, days?} → {}: no purchase goes to it meanwhile; after `days` it is back by itself."""
    fields.only(p, "member", "cause", "reason", "days")
    row, member = _guarded(tx, case, p)
    cause, reason = fields.text(p, "cause", limit=20), fields.text(p, "reason", limit=500)
    refuse_if(rules.caused(cause, rules.SUSPENSIONS, book_of(row, tx.now)))
    move_member(tx, row, member, "framework.suspend")
    days = fields.integer(p, "days", least=1, most=365) if p.get("days") else 0
    member.cause, member.reason = cause, reason
    member.suspended_until = tx.now + timedelta(days=days) if days else None
    if member.suspended_until is not None:
        jobs.plan(tx.session, member.suspended_until, "framework.resume", row.id, {"member": member.id})
    _say(tx, row, member, "suspended")
    return {"state": member.state}


@acting("framework.resume", *machine.GUARDS)
def resume(tx: Tx, case: str, p: Payload) -> Payload:
    """{member} → {}: supplies again; as a timer at the end of the days that were said."""
    fields.only(p, "member")
    row, member = _guarded(tx, case, p)
    if tx.actor == SYSTEM and (
        member.state != "SUSPENDED" or member.suspended_until is None or tx.now < member.suspended_until
    ):
        return {}
    move_member(tx, row, member, "framework.resume")
    member.cause, member.reason, member.suspended_until = "", "", None
    _say(tx, row, member, "resumed")
    return {"state": member.state}


@acting("framework.remove", *machine.GUARDS, signed=True)
def remove(tx: Tx, case: str, p: Payload) -> Payload:
    """{member, cause, reason} → {}: 清退, for good, published with its cause."""
    fields.only(p, "member", "cause", "reason")
    row, member = _guarded(tx, case, p)
    cause, reason = fields.text(p, "cause", limit=20), fields.text(p, "reason", limit=500)
    refuse_if(rules.caused(cause, rules.REMOVALS, book_of(row, tx.now)))
    move_member(tx, row, member, "framework.remove")
    member.cause, member.reason, member.ended_at = cause, reason, tx.now
    _say(tx, row, member, "removed")
    return {"state": member.state}


@acting("framework.quit_ask", Role.BIDDER, signed=True)
def ask_to_quit(tx: Tx, case: str, p: Payload) -> Payload:
    """{cause, reason} → {}: a supplier of a closed agreement asks to be let go for a listed cause; without one it may
    not (FA-12). The solicitor decides."""
    fields.only(p, "cause", "reason")
    row = framework_row(tx.session, case)
    own_book = book_of(row, tx.now)
    member = mine(tx, row, "ACTIVE", "SUSPENDED")
    cause, reason = fields.text(p, "cause", limit=20, default=""), fields.text(p, "reason", limit=500, default="")
    refuse_if(rules.caused(cause, rules.QUITS, own_book, "FA-12/quit"))
    if not reason:
        raise Refused(own_book["FH-REASON"].breach("-", required="reason", field="reason"))
    member.statement = f"{cause}: {reason}"
    tx.record(stream(row.id), "framework.quit_asked", {"member": member.id, "cause": cause, "reason": reason})
    return {}


@acting("framework.quit", *machine.OWN, signed=True)
def let_go(tx: Tx, case: str, p: Payload) -> Payload:
    """{member} → {}: the solicitor lets go whoever asked for a listed cause."""
    fields.only(p, "member")
    row = own(tx, case)
    member = member_row(tx.session, row, fields.text(p, "member", limit=16))
    cause, _, reason = member.statement.partition(": ")
    refuse_if(rules.caused(cause, rules.QUITS, book_of(row, tx.now), "FA-12/quit"))
    move_member(tx, row, member, "framework.quit")
    member.cause, member.reason, member.ended_at = cause, reason[:500], tx.now
    _say(tx, row, member, "left")
    return {"state": member.state}


def mine(tx: Tx, row: Framework, *states: str) -> FrameworkMember:
    """The actor's own place in the agreement."""
    query = tx.session.query(FrameworkMember).filter_by(framework_id=row.id, org_id=tx.actor.org)
    found = next((one for one in query if one.state in states), None)
    if found is None:
        raise Refused(book_of(row, tx.now)["FH-MEMBER"].breach("-", required=" / ".join(states)))
    return found


@acting("framework.adjust", *machine.OWN, signed=True)
def adjust(tx: Tx, case: str, p: Payload) -> Payload:
    """{member, item, price, reason} → {}: as the agreement says; never above the ceiling. Without such a clause prices
    stand for the whole term."""
    fields.only(p, "member", "item", "price", "reason")
    row = own(tx, case)
    own_book = book_of(row, tx.now)
    member = member_row(tx.session, row, fields.text(p, "member", limit=16))
    price = fields.decimal(p, "price", least=Decimal("0.01"), places=2)
    reason = fields.text(p, "reason", limit=300)
    if not row.settings["adjustment"]:
        raise Refused(own_book["FH-WAY"].breach("-", required="adjustment", field="price"))
    if row.state not in machine.RUNNING or member.state not in machine.PRESENT:
        raise Refused(own_book["FH-MEMBER"].breach(member.state, required=" / ".join(machine.PRESENT)))
    item = next((one for one in items_of(tx.session, row.id) if one.id == p.get("item")), None)
    before = prices_of(tx, member).get(item.id) if item else None
    if item is None or before is None:
        raise Unusable("item: no such item in this agreement")
    refuse_if(rules.within(Offered({item.id: price}, {item.id: item.ceiling}), own_book))
    before.ended_at = tx.now
    tx.session.flush()
    tx.session.add(
        FrameworkPrice(member_id=member.id, item_id=item.id, price=price, brand=before.brand, model=before.model,
                       reason=reason, since=tx.now)
    )  # fmt: skip
    body = {"member": member.id, "item": item.id, "from": plain(before.price), "to": plain(price), "reason": reason}
    tell_changed(tx, member)
    tx.record(stream(row.id), "framework.adjusted", body)
    return {"price": plain(price)}
