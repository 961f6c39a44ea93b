"""How an agreement goes forward: one door to its machine, and who stands how towards it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import canon, fields
from core.access import SYSTEM, Actor, Role, denied
from core.acts import Tx
from core.clock import CST
from core.data import calendar
from core.db import Base
from core.faults import Unusable
from core.machine import Row
from core.paper_fonts import checked
from core.rules import Breach, Refused
from trading.framework import machine, rules
from trading.framework.facts import Scheme
from trading.framework.models import Framework, FrameworkItem, FrameworkMember, FrameworkMove, FrameworkNotice
from trading.framework.rules import Book


def stream(framework: str) -> str:
    return f"framework:{framework}"


def channel(framework: str) -> str:
    """For whoever may see the agreement."""
    return f"framework:{framework}"


def framework_row(session: Session, framework: str) -> Framework:
    row = session.get(Framework, framework)
    if row is None:
        raise Unusable("framework: no such agreement")
    return row


def day_of(at: datetime) -> date:
    return at.astimezone(CST).date()


def book_of(row: Framework, now: datetime) -> Book:
    """Rules in force on the day of the solicitation, or today while there is none."""
    return rules.book(row.regime, day_of(row.solicited_at or now))


def owns(row: Framework, actor: Actor) -> bool:
    """The solicitor 征集人, or the agency it named."""
    held = {Role.TENDERER: row.org_id, Role.AGENCY: row.agency_org}
    return any(org and org == actor.org and actor.has(role) for role, org in held.items())


def own(tx: Tx, framework: str) -> Framework:
    row = framework_row(tx.session, framework)
    if not owns(row, tx.actor):
        raise Refused(denied("FH-OWN", "tenderer / agency", tx.actor.org_name or "-"))
    return row


def guard(tx: Tx, framework: str, act: str) -> tuple[Framework, Row]:
    """The agreement and the step `act` takes from here; Refused when state, role or ownership forbid it."""
    row = framework_row(tx.session, framework)
    timer = tx.actor == SYSTEM
    step = machine.MACHINES[row.kind].move(row.state, act, None if timer else tx.actor)
    if not timer and step.roles == machine.OWN and not owns(row, tx.actor):
        raise Refused(denied("FH-OWN", "tenderer / agency", tx.actor.org_name or "-"))
    return row, step


def go(tx: Tx, row: Framework, step: Row, kind: str, body: dict[str, Any], *, target: str = "") -> str:
    """Take the step: state, station and ledger entry in one commit. `target` chooses among rows of one act."""
    goal = target or step.target
    known = [r.target for r in machine.MACHINES[row.kind].rows if (r.state, r.act) == (row.state, step.act)]
    if goal not in known:
        raise Unusable(f"{step.act} does not lead from {row.state} to {goal}")
    moved = {"from": row.state, "to": goal} if goal != row.state else {}
    entry = tx.record(stream(row.id), kind, body | moved)
    if goal != row.state:
        last = select(func.max(FrameworkMove.position)).where(FrameworkMove.framework_id == row.id)
        tx.session.add(
            FrameworkMove(framework_id=row.id, position=(tx.session.scalar(last) or 0) + 1, source=row.state,
                          target=goal, act=step.act, person_id=tx.actor.person, at=tx.now)
        )  # fmt: skip
        row.state = goal
        tx.publish(channel(row.id), "framework.moved", {"state": goal})
    return entry


# Told, inside the act, of a supplier whose place or prices in the agreement have changed.
CHANGED: list[Callable[[Tx, FrameworkMember], None]] = []


def tell_changed(tx: Tx, member: FrameworkMember) -> None:
    tx.session.flush()
    for told in CHANGED:
        told(tx, member)


def move_member(tx: Tx, row: Framework, member: FrameworkMember, act: str, *, target: str = "") -> None:
    """A supplier's step in the agreement, by its own table."""
    table = machine.MEMBERS[row.kind]
    step = table.move(member.state, act, None if tx.actor == SYSTEM else tx.actor)
    goal = target or step.target
    if goal not in [r.target for r in table.rows if (r.state, r.act) == (member.state, act)]:
        raise Unusable(f"{act} does not lead from {member.state} to {goal}")
    member.state = goal
    tell_changed(tx, member)


def scheme_of(session: Session, row: Framework) -> Scheme:
    said, items = row.settings, len(items_of(session, row.id))
    return Scheme(
        kind=row.kind, regime=row.regime, goods=said["goods"], months=said["months"], basis=said["basis"],
        ground=said["ground"], instruments=said["ground"] == "instruments", ways=tuple(said["ways"]),
        competitions=said["competitions"], rate=Decimal(said["rate"]) if said["rate"] else None,
        override=said["override"], adjustment=said["adjustment"], items=items,
    )  # fmt: skip


def items_of(session: Session, framework: str) -> list[FrameworkItem]:
    query = select(FrameworkItem).where(FrameworkItem.framework_id == framework)
    return list(session.scalars(query.order_by(FrameworkItem.position)))


def members_of(session: Session, framework: str, *states: str) -> list[FrameworkMember]:
    """In the order of their places, then of their numbers."""
    query = select(FrameworkMember).where(FrameworkMember.framework_id == framework)
    if states:
        query = query.where(FrameworkMember.state.in_(states))
    return sorted(session.scalars(query), key=lambda one: (one.place or 10_000, one.number))


def member_row(session: Session, row: Framework, member: str) -> FrameworkMember:
    found = session.get(FrameworkMember, member)
    if found is None or found.framework_id != row.id:
        raise Unusable("member: no such supplier in this agreement")
    return found


def number(tx: Tx, table: type[Base], prefix: str) -> str:
    """KJ, day and a serial of the day."""
    start, column = f"{prefix}{day_of(tx.now):%Y%m%d}", table.number  # type: ignore[attr-defined]
    last = tx.session.scalar(select(func.max(column)).where(column.startswith(start)))
    return f"{start}{int(last[len(start) :]) + 1 if last else 1:04d}"


def workdays(now: datetime, n: int) -> date:
    """The n-th working day after today; by weekends where no table of holidays is known yet."""
    return calendar().add_workdays(day_of(now), n, guess=True).date


def begins(day: date) -> datetime:
    return datetime.combine(day, time(0), CST)


def over(day: date) -> datetime:
    """The moment at which `day` is over."""
    return begins(day + timedelta(days=1))


def publish(tx: Tx, row: Framework, kind: str, body: dict[str, Any], *, need: str = "") -> FrameworkNotice:
    """A public notice; the ledger names the digest of its canonical body."""
    digest = canon.sha256_hex(canon.dumps(body))
    notice = FrameworkNotice(
        framework_id=row.id, need_id=need, kind=kind, body=body, sha256=digest, published_at=tx.now
    )
    tx.session.add(notice)
    tx.session.flush()
    said = {"notice": notice.id, "kind": kind, "sha256": digest} | ({"need": need} if need else {})
    tx.record(stream(row.id), "framework.noticed", said)
    return notice


def printed(p: Mapping[str, Any], key: str, *, limit: int, default: str | None = None) -> str:
    """Text that a document will carry: characters that its font lacks are refused where they are typed."""
    return checked(fields.text(p, key, limit=limit, default=default))


def late(own: Book, rule: str, since: datetime, now: datetime) -> list[Breach]:
    """The breach of a period of working or calendar days that began at `since`; [] in time or without such a row."""
    row = own.get(rule)
    if row is None:
        return []
    last = due(own, rule, since)
    assert last is not None
    return [] if day_of(now) <= last else [row.breach(day_of(now).isoformat(), required=f"≤ {last.isoformat()}")]


def due(own: Book, rule: str, since: datetime) -> date | None:
    """Last day of a period, None where this regime has none."""
    row = own.get(rule)
    if row is None:
        return None
    if row.unit == "工作日":
        return workdays(since, row.number)
    return calendar().add_days(day_of(since), row.number, end_on_workday=True).date
