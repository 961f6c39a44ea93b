"""Money a buyer may spend: set with a reason, held by an order, spent when it is paid, released when it is cancelled.

A budget is drawn on by one statement that looks and takes at once, so that two purchases never hold the same yuan.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import Refused, refuse_if
from trading.buying import rules
from trading.buying.guards import book_at, managed, stream
from trading.buying.models import FUNDS, Budget, BudgetMove, Hold
from trading.mall.categories import categories
from trading.order import hooks
from trading.order.hooks import Happening
from trading.order.models import Order

MOST = Decimal("100000000000")
Needs = Iterable[tuple[str, Decimal]]  # (category, yuan)


@acting("budget.set", Role.TENDERER)
def set_budget(tx: Tx, case: str, p: Payload) -> Payload:
    """{fiscal_year, category, funds, amount, reason} → {budget}: entered, or changed to another amount, by a manager of
    the buyer; never below what is held and spent."""
    fields.only(p, "fiscal_year", "category", "funds", "amount", "reason")
    org = managed(tx)
    key = {
        "org_id": org.id, "fiscal_year": fields.integer(p, "fiscal_year", least=2000, most=2100),
        "category": categories().get(fields.text(p, "category", limit=9).upper()).code,
        "funds": fields.choice(p, "funds", FUNDS),
    }  # fmt: skip
    amount, reason = fields.decimal(p, "amount", least=Decimal(0), places=2), fields.text(p, "reason", limit=300)
    if amount > MOST:
        raise Unusable("amount: out of range")
    row = tx.session.scalar(select(Budget).filter_by(**key)) or Budget(**key, amount=Decimal(0), changed_at=tx.now)
    refuse_if(rules.may_shrink(amount, (row.held or Decimal(0)) + (row.spent or Decimal(0)), book_at(tx.now)))
    before, row.amount, row.changed_at = row.amount, amount, tx.now
    tx.session.add(row)
    tx.session.flush()
    _note(tx, row.id, "set", amount, reason=reason)
    body = key | {"budget": row.id, "before": plain(before), "amount": plain(amount), "reason": reason}
    tx.record(stream(org.id), "budget.set", body)
    return {"budget": row.id}


def drawn_on(
    session: Session, org: str, year: int, funds: str, needs: Needs
) -> list[tuple[Budget | None, str, Decimal]]:
    """(budget, category, yuan): each need goes to the deepest budget over its category; needs of one budget together.
    A category that no budget covers stands by itself with None."""
    same = (Budget.org_id == org, Budget.fiscal_year == year, Budget.funds == funds)
    rows = {row.category: row for row in session.scalars(select(Budget).where(*same))}
    found: dict[str, tuple[Budget | None, str, Decimal]] = {}
    for category, amount in needs:
        over = rules.most_specific(category, rows)
        key = over or category
        _, _, before = found.get(key, (None, "", Decimal(0)))
        found[key] = (rows[over] if over else None, key, before + amount)
    return [found[key] for key in sorted(found)]


def hold(tx: Tx, order: str, org: str, year: int, funds: str, needs: Needs) -> None:
    """Hold what an order costs, or Refused with what is needed and what is left; everything or nothing."""
    book = book_at(tx.now)
    for budget, category, amount in drawn_on(tx.session, org, year, funds, needs):
        if budget is None or not _take(tx.session, budget.id, amount):
            free = None if budget is None else budget.amount - budget.held - budget.spent
            raise Refused(rules.affordable(amount, free, category, book))
        tx.session.add(Hold(order_id=order, budget_id=budget.id, held=amount))
        _note(tx, budget.id, "hold", amount, order=order)


def _take(session: Session, budget: str, amount: Decimal) -> bool:
    """Looks and takes in one statement."""
    enough = Budget.held + amount + Budget.spent <= Budget.amount
    return _moved(session, budget, enough, held=Budget.held + amount)


def _moved(session: Session, budget: str, holds: Any, **values: Any) -> bool:
    session.flush()
    done = session.execute(update(Budget).where(Budget.id == budget, holds).values(**values))
    row = session.get(Budget, budget)
    if row is not None:
        session.refresh(row)
    return bool(done.rowcount)  # type: ignore[attr-defined]


def release(tx: Tx, order: str, amount: Decimal | None = None, reason: str = "") -> Decimal:
    """Give back what an order holds, all of it or `amount` at most; how much went back."""
    given = Decimal(0)
    for row in _holds(tx.session, order):
        part = row.held if amount is None else min(row.held, amount - given)
        if part <= 0:
            continue
        row.held -= part
        given += part
        assert _moved(tx.session, row.budget_id, Budget.held >= part, held=Budget.held - part)
        _note(tx, row.budget_id, "release", part, order=order, reason=reason)
    return given


def spend(tx: Tx, order: str, amount: Decimal | None = None) -> Decimal:
    """What was paid of an order moves from held to spent; Refused for more than it holds. An order that was placed
    without a budget (nothing was held for it) spends none."""
    holds = _holds(tx.session, order)
    wanted = sum((row.held for row in holds), Decimal(0)) if amount is None else amount
    covered(tx, order, wanted)
    left = wanted
    for row in holds:
        part = min(row.held, left)
        if part <= 0:
            continue
        row.held, row.spent, left = row.held - part, row.spent + part, left - part
        moved = {"held": Budget.held - part, "spent": Budget.spent + part}
        assert _moved(tx.session, row.budget_id, Budget.held >= part, **moved)
        _note(tx, row.budget_id, "spend", part, order=order)
    return wanted - left


def covered(tx: Tx, order: str, amount: Decimal) -> None:
    """Refused where the budget of an order does not hold what its bank shall pay."""
    holds = _holds(tx.session, order)
    held = sum((row.held for row in holds), Decimal(0))
    if holds and amount > held:
        raise Refused(rules.affordable(amount, held, "amount", book_at(tx.now)))


def refund(tx: Tx, order: str, amount: Decimal) -> Decimal:
    """Money that came back is free again, up to what was spent for the order."""
    left = amount
    for row in _holds(tx.session, order):
        part = min(row.spent, left)
        if part <= 0:
            continue
        row.spent, left = row.spent - part, left - part
        assert _moved(tx.session, row.budget_id, Budget.spent >= part, spent=Budget.spent - part)
        _note(tx, row.budget_id, "refund", part, order=order)
    return amount - left


def follow(tx: Tx, order: Order, what: Happening) -> None:
    """Inside the act by which something happens to an order: pieces that will not be paid are released, a payment is
    spent, a refund (a negative payment) is free again."""
    if what.kind in ("dropped", "refused", "returned"):
        release(tx, order.id, what.amount, what.kind)
    elif what.kind == "remitted":
        covered(tx, order.id, what.amount)
    elif what.kind == "paid" and what.amount > 0:
        spend(tx, order.id, what.amount)
    elif what.kind == "paid":
        refund(tx, order.id, -what.amount)


def _holds(session: Session, order: str) -> list[Hold]:
    return list(session.scalars(select(Hold).where(Hold.order_id == order).order_by(Hold.budget_id)))


def _note(tx: Tx, budget: str, kind: str, amount: Decimal, *, order: str = "", reason: str = "") -> None:
    tx.session.add(
        BudgetMove(budget_id=budget, kind=kind, amount=amount, order_id=order, reason=reason,
                   person_id=tx.actor.person, at=tx.now)
    )  # fmt: skip


hooks.TOLD.append(follow)
