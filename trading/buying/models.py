"""Tables of a buyer: its settings, budgets, approval chains, lists, carts and purchases."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed, Yuan

REGIMES = ("government", "enterprise")  # 政府采购; GB/T 43711 state firms' procurement
DUTIES = ("section", "finance", "leader", "discipline")  # 科室负责人, 财务, 分管领导, 纪检
FUNDS = ("fiscal", "own", "other")  # 财政性资金, 自有资金, 其他
WAYS = ("direct", "quote")


class Buyer(Base):
    """What an organisation has settled for its buying. Without a row it is of government procurement."""

    __tablename__ = "buyer"
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), primary_key=True)
    regime: Mapped[str] = mapped_column(String(12), default="government")
    __table_args__ = (CheckConstraint(f"regime IN {REGIMES}", name="regime"),)


class Duty(Base):
    """A person's duty in the approval of purchases."""

    __tablename__ = "buying_duty"
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    duty: Mapped[str] = mapped_column(String(10), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), index=True)
    __table_args__ = (CheckConstraint(f"duty IN {DUTIES}", name="duty"),)


class Absence(Keyed, Base):
    """While absent, both days counted, `substitute` decides in a person's place. `ended`: taken back."""

    __tablename__ = "buying_absence"
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), index=True)
    person_id: Mapped[str] = mapped_column(String(16))
    substitute_id: Mapped[str] = mapped_column(String(16))
    first: Mapped[date]
    last: Mapped[date]
    ended: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("last >= first", name="days"),)


class Chain(Keyed, Base):
    """Who approves what: purchases of `least` yuan or more in `category` ("" all). `steps`: [{name, duty | persons}],
    [] = none needed. A newer row of the same category and amount takes the place of the older (`ended`)."""

    __tablename__ = "buying_chain"
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), index=True)
    category: Mapped[str] = mapped_column(String(9), default="")
    least: Mapped[Decimal] = mapped_column(Yuan)
    steps: Mapped[list[Any]]
    ended: Mapped[bool] = mapped_column(default=False)
    made_by: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]


class Budget(Keyed, Base):
    """What a buyer may spend in a fiscal year, a category and all below it, of one source of funds."""

    __tablename__ = "buying_budget"
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"))
    fiscal_year: Mapped[int]
    category: Mapped[str] = mapped_column(String(9))
    funds: Mapped[str] = mapped_column(String(6))
    amount: Mapped[Decimal] = mapped_column(Yuan)
    held: Mapped[Decimal] = mapped_column(Yuan, default=Decimal(0))
    spent: Mapped[Decimal] = mapped_column(Yuan, default=Decimal(0))
    changed_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("org_id", "fiscal_year", "funds", "category"),
        CheckConstraint(f"funds IN {FUNDS}", name="funds"),
        CheckConstraint("held >= 0 AND spent >= 0 AND held + spent <= amount", name="drawn"),
    )


class BudgetMove(Keyed, Base):
    """`kind`: set, hold, release, spend or refund; `amount` what moved, of "set" the new amount."""

    __tablename__ = "buying_budget_move"
    budget_id: Mapped[str] = mapped_column(ForeignKey("buying_budget.id"))
    kind: Mapped[str] = mapped_column(String(8))
    amount: Mapped[Decimal] = mapped_column(Yuan)
    order_id: Mapped[str] = mapped_column(String(16), default="")
    reason: Mapped[str] = mapped_column(String(300), default="")
    person_id: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    __table_args__ = (
        Index("ix_buying_budget_move_budget", "budget_id", "at"),
        CheckConstraint("kind IN ('set', 'hold', 'release', 'spend', 'refund')", name="kind"),
    )


class Hold(Keyed, Base):
    """What an order still holds of a budget, and what was spent of it."""

    __tablename__ = "buying_hold"
    order_id: Mapped[str] = mapped_column(ForeignKey("mall_order.id"), index=True)
    budget_id: Mapped[str] = mapped_column(ForeignKey("buying_budget.id"))
    held: Mapped[Decimal] = mapped_column(Yuan)
    spent: Mapped[Decimal] = mapped_column(Yuan, default=Decimal(0))
    __table_args__ = (
        UniqueConstraint("order_id", "budget_id"),
        CheckConstraint("held >= 0 AND spent >= 0", name="amounts"),
    )


class Parameter(Keyed, Base):
    """A local number kept by a trading centre, in force from a day on; `value` None = none any more.

    `region`, `category` and `regime` "" = every one. `level`: how deep in the list of categories amounts are summed,
    0 = as deep as a code goes.
    """

    __tablename__ = "buying_parameter"
    rule: Mapped[str] = mapped_column(String(30), index=True)
    region: Mapped[str] = mapped_column(String(6), default="")
    category: Mapped[str] = mapped_column(String(9), default="")
    regime: Mapped[str] = mapped_column(String(12), default="")
    value: Mapped[Decimal | None] = mapped_column(Yuan)
    level: Mapped[int] = mapped_column(default=0)
    effective_from: Mapped[date]
    source: Mapped[str] = mapped_column(String(200))
    set_by: Mapped[str] = mapped_column(String(16))
    set_at: Mapped[datetime]


class SavedList(Keyed, Base):
    """A purchase list of an organisation. `lines`: [{item, quantity}]."""

    __tablename__ = "buying_list"
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"))
    name: Mapped[str] = mapped_column(String(60))
    lines: Mapped[list[Any]]
    person_id: Mapped[str] = mapped_column(String(16))
    changed_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("org_id", "name"),)


class CartLine(Keyed, Base):
    """`price` and `version`: what the person saw of the item when it was put in, or accepted last."""

    __tablename__ = "buying_cart_line"
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    org_id: Mapped[str] = mapped_column(String(16))
    item_id: Mapped[str] = mapped_column(ForeignKey("mall_item.id"))
    quantity: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Yuan)
    version: Mapped[int]
    put_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("person_id", "item_id"),
        CheckConstraint("quantity > 0", name="quantity"),
    )


class Purchase(Keyed, Base):
    """What one person asks to buy, from its submission on. `source_id`: the request for quotes it came of.

    `warnings`: breaches that were met and gone through with `reason`.
    """

    __tablename__ = "purchase"
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"))
    person_id: Mapped[str] = mapped_column(String(16))
    way: Mapped[str] = mapped_column(String(6))
    source_id: Mapped[str] = mapped_column(String(16), default="", index=True)
    state: Mapped[str] = mapped_column(String(16))
    regime: Mapped[str] = mapped_column(String(12))
    funds: Mapped[str] = mapped_column(String(6))
    fiscal_year: Mapped[int]
    total: Mapped[Decimal] = mapped_column(Yuan)
    region: Mapped[str] = mapped_column(String(6))
    address: Mapped[str] = mapped_column(String(200))
    receiver: Mapped[str] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(String(300), default="")
    reason: Mapped[str] = mapped_column(String(300), default="")
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    submitted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(f"way IN {WAYS}", name="way"),
        Index("ix_purchase_org", "org_id", "submitted_at", "id"),
        Index("ix_purchase_open", "state", "org_id"),
    )


class PurchaseLine(Keyed, Base):
    """As it was when submitted; buyer, year and state of the purchase stand here for the sums asked of splitting."""

    __tablename__ = "purchase_line"
    purchase_id: Mapped[str] = mapped_column(ForeignKey("purchase.id"), index=True)
    position: Mapped[int]
    supplier_org: Mapped[str] = mapped_column(ForeignKey("org.id"))
    item_id: Mapped[str] = mapped_column(String(16), default="")
    category: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(200))
    brand: Mapped[str] = mapped_column(String(60), default="")
    model: Mapped[str] = mapped_column(String(100), default="")
    specs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    unit: Mapped[str] = mapped_column(String(10))
    quantity: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Yuan)
    amount: Mapped[Decimal] = mapped_column(Yuan)
    version: Mapped[int] = mapped_column(default=0)
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)


class PurchaseStep(Keyed, Base):
    """One step of approval, as its chain stood at the submission. `decided_for`: whom a substitute stood in for."""

    __tablename__ = "purchase_step"
    purchase_id: Mapped[str] = mapped_column(ForeignKey("purchase.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    duty: Mapped[str] = mapped_column(String(10), default="")
    persons: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    decided_by: Mapped[str] = mapped_column(String(16), default="")
    decided_for: Mapped[str] = mapped_column(String(16), default="")
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    __table_args__ = (
        UniqueConstraint("purchase_id", "position"),
        CheckConstraint("state IN ('waiting', 'approved', 'refused')", name="state"),
    )


class SplitFlag(Keyed, Base):
    """A purchase by which a buyer's year in a category passed the threshold, gone through with a reason: for the
    financial regulator (实施条例 art. 28)."""

    __tablename__ = "buying_split_flag"
    purchase_id: Mapped[str] = mapped_column(ForeignKey("purchase.id"))
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"))
    fiscal_year: Mapped[int]
    category: Mapped[str] = mapped_column(String(9))
    total: Mapped[Decimal] = mapped_column(Yuan)
    threshold: Mapped[Decimal] = mapped_column(Yuan)
    reason: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("purchase_id", "category"),
        Index("ix_buying_split_flag_year", "fiscal_year", "at", "id"),
    )
