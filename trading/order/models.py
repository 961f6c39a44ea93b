"""Tables of orders: the order and its lines, what was sent, invoiced, paid, asked for, said and judged."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed, Yuan

SOURCES = ("direct", "quote", "auction", "framework")
_NOTHING = text("0")


class Order(Keyed, Base):
    """`number`: DD, day and a serial of the day. `source`/`source_id`: the way of buying and its row.
    `reference`: what it was allowed to cost at most (budget of a request, ceilings of an auction or agreement), its
    price elsewhere for a direct purchase, None where there is none: savings are counted against it.
    `fiscal_year`: of the placing, by China's clock. `confirm_by`: until when the supplier may confirm.

    `before`: the state a side state (machine.SIDE) goes back to. `due_at`: until when the next act of `state` is due.
    `accepted`, `invoiced`, `paid`: yuan, kept beside the lines, invoices and payments they are the sums of.
    `contract_doc`: on the signing desk. `supplier_person`: who confirmed. `settled_at`: nothing is awaited any more.
    `late_at`: when a payment not made in time was recorded.
    """

    __tablename__ = "mall_order"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    buyer_org: Mapped[str] = mapped_column(ForeignKey("org.id"))
    buyer_person: Mapped[str] = mapped_column(String(16))
    supplier_org: Mapped[str] = mapped_column(ForeignKey("org.id"))
    source: Mapped[str] = mapped_column(String(10))
    source_id: Mapped[str] = mapped_column(String(16), default="")
    state: Mapped[str] = mapped_column(String(20), active_history=True)
    total: Mapped[Decimal] = mapped_column(Yuan, active_history=True)
    reference: Mapped[Decimal | None] = mapped_column(Yuan)
    fiscal_year: Mapped[int]
    region: Mapped[str] = mapped_column(String(6))
    address: Mapped[str] = mapped_column(String(200))
    receiver: Mapped[str] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(String(300), default="")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    placed_at: Mapped[datetime]
    confirm_by: Mapped[datetime | None]
    before: Mapped[str] = mapped_column(String(20), default="", server_default="")
    due_at: Mapped[datetime | None]
    supplier_person: Mapped[str] = mapped_column(String(16), default="", server_default="")
    contract_doc: Mapped[str] = mapped_column(String(16), default="", server_default="")
    accepted: Mapped[Decimal] = mapped_column(Yuan, default=Decimal(0), server_default=_NOTHING, active_history=True)
    invoiced: Mapped[Decimal] = mapped_column(Yuan, default=Decimal(0), server_default=_NOTHING, active_history=True)
    paid: Mapped[Decimal] = mapped_column(Yuan, default=Decimal(0), server_default=_NOTHING, active_history=True)
    settled_at: Mapped[datetime | None]
    pay_by: Mapped[datetime | None]
    late_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="", server_default="")
    __table_args__ = (
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        CheckConstraint("paid <= invoiced AND invoiced <= accepted AND accepted <= total", name="amounts"),
        CheckConstraint("paid >= 0", name="paid"),
        Index("ix_mall_order_state", "state", "placed_at"),
        Index("ix_mall_order_placed", "placed_at"),
        Index("ix_mall_order_buyer", "buyer_org", "placed_at"),
        Index("ix_mall_order_supplier", "supplier_org", "placed_at"),
        Index("ix_mall_order_source", "source", "source_id"),
        Index("ix_mall_order_buyer_state", "buyer_org", "state", "placed_at"),
        Index("ix_mall_order_supplier_state", "supplier_org", "state", "placed_at"),
        Index("ix_mall_order_due", "state", "pay_by", "total", "accepted", "invoiced", "paid"),
        Index("ix_mall_order_buyer_due", "buyer_org", "state", "pay_by"),
        Index("ix_mall_order_supplier_due", "supplier_org", "state", "pay_by"),
    )


class OrderLine(Keyed, Base):
    """As it was when placed: a later change of the item does not reach it. `item_id` "" where none was listed.
    `amount` is price × quantity. Buyer and year stand here too: the sums asked for splitting are of lines.
    `shipped` … `dropped`: pieces, see facts.Count."""

    __tablename__ = "mall_order_line"
    order_id: Mapped[str] = mapped_column(ForeignKey("mall_order.id"))
    position: Mapped[int]
    item_id: Mapped[str] = mapped_column(String(16), default="", index=True)
    category: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(200))
    brand: Mapped[str] = mapped_column(String(60), default="")
    model: Mapped[str] = mapped_column(String(100), default="")
    specs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    unit: Mapped[str] = mapped_column(String(10))
    quantity: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Yuan)
    amount: Mapped[Decimal] = mapped_column(Yuan)
    buyer_org: Mapped[str] = mapped_column(String(16))
    fiscal_year: Mapped[int]
    shipped: Mapped[int] = mapped_column(default=0, server_default=_NOTHING)
    accepted: Mapped[int] = mapped_column(default=0, server_default=_NOTHING)
    refused: Mapped[int] = mapped_column(default=0, server_default=_NOTHING)
    returned: Mapped[int] = mapped_column(default=0, server_default=_NOTHING)
    dropped: Mapped[int] = mapped_column(default=0, server_default=_NOTHING)
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        Index("ix_mall_order_line_year", "buyer_org", "fiscal_year", "category"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("accepted >= 0 AND accepted + refused + returned <= shipped", name="arrived"),
        CheckConstraint("shipped + dropped <= quantity", name="sent"),
    )


class OrderSum(Base):
    """Kept by tally.py. `party`: "" everybody, b + organisation as buyer, s + organisation as supplier. `month`: of the
    placing, 202603. A row whose orders have all gone on stays with zeros."""

    __tablename__ = "mall_order_sum"
    party: Mapped[str] = mapped_column(String(17), primary_key=True)
    month: Mapped[str] = mapped_column(String(6), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int]
    total: Mapped[Decimal] = mapped_column(Yuan)
    accepted: Mapped[Decimal] = mapped_column(Yuan)
    invoiced: Mapped[Decimal] = mapped_column(Yuan)
    paid: Mapped[Decimal] = mapped_column(Yuan)


class OrderShare(Base):
    """Kept by tally.py, of orders that were not called off, by fiscal year. `party` as above. `kind` and `key`: all,
    referenced (amounts of orders that have a reference), reference (these references), month (01 to 12), way (source),
    category (A02), buyer and supplier (organisation)."""

    __tablename__ = "mall_order_share"
    party: Mapped[str] = mapped_column(String(17), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[str] = mapped_column(String(16), primary_key=True)
    orders: Mapped[int]
    amount: Mapped[Decimal] = mapped_column(Yuan)
    __table_args__ = (Index("ix_mall_order_share_amount", "party", "year", "kind", "amount", "key", "orders"),)


class OrderMove(Base):
    """A station of an order's life; the ledger entry stands beside it."""

    __tablename__ = "mall_order_move"
    order_id: Mapped[str] = mapped_column(ForeignKey("mall_order.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(20))
    target: Mapped[str] = mapped_column(String(20))
    person: Mapped[str] = mapped_column(String(16), default="")
    org: Mapped[str] = mapped_column(String(16), default="")
    entry_hash: Mapped[str] = mapped_column(String(64))


class Shipment(Keyed, Base):
    """One delivery. `lines`: {line: pieces}; `result`: {line: {accepted, refused, reason}} as the note says.

    `state`: shipped → received → inspecting (its acceptance note is being signed) → inspected.
    """

    __tablename__ = "mall_shipment"
    order_id: Mapped[str] = mapped_column(ForeignKey("mall_order.id"))
    number: Mapped[int]
    carrier: Mapped[str] = mapped_column(String(60))
    tracking: Mapped[str] = mapped_column(String(60), default="")
    lines: Mapped[dict[str, Any]]
    shipped_at: Mapped[datetime]
    received_at: Mapped[datetime | None]
    inspect_by: Mapped[datetime | None]
    inspected_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    note_doc: Mapped[str] = mapped_column(String(16), default="")
    state: Mapped[str] = mapped_column(String(10), default="shipped")
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        CheckConstraint("state IN ('shipped', 'received', 'inspecting', 'inspected')", name="state"),
    )


class OrderInvoice(Keyed, Base):
    """`kind`: e (数电票, 20 digits, no code), paper, red (冲红, a negative amount). `sha256`: the file, "" without."""

    __tablename__ = "mall_invoice"
    order_id: Mapped[str] = mapped_column(ForeignKey("mall_order.id"), index=True)
    kind: Mapped[str] = mapped_column(String(5))
    code: Mapped[str] = mapped_column(String(12), default="")
    number: Mapped[str] = mapped_column(String(20))
    amount: Mapped[Decimal] = mapped_column(Yuan)
    issued_on: Mapped[date]
    sha256: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(String(16))
    __table_args__ = (
        UniqueConstraint("code", "number"),
        CheckConstraint("kind IN ('e', 'paper', 'red')", name="kind"),
        CheckConstraint("(kind = 'red') = (amount < 0)", name="sign"),
    )


class OrderRemittance(Keyed, Base):
    """A payment order to the bank (remitting). State: sent → paid or refused, for one of bank.REFUSALS. `silent`: how
    often the bank gave no answer. `account` is kept until the answer, then its mask alone."""

    __tablename__ = "mall_remittance"
    order_id: Mapped[str] = mapped_column(ForeignKey("mall_order.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Yuan)
    payee: Mapped[str] = mapped_column(String(200))
    account: Mapped[str] = mapped_column(String(40))
    account_masked: Mapped[str] = mapped_column(String(12))
    person_id: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="sent")
    silent: Mapped[int] = mapped_column(default=0)
    refused: Mapped[str] = mapped_column(String(10), default="")
    bank_ref: Mapped[str] = mapped_column(String(60), default="")
    answered_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("state IN ('sent', 'paid', 'refused')", name="state"),
        CheckConstraint("amount > 0", name="amount"),
        Index("uq_mall_remittance_sent", "order_id", unique=True, sqlite_where=text("state = 'sent'"),
              postgresql_where=text("state = 'sent'")),
    )  # fmt: skip


class OrderBankLine(Keyed, Base):
    """A line of a buyer's statement as the bank's feed says it; `payment_id` "" while no payment belongs to it."""

    __tablename__ = "mall_bank_line"
    number: Mapped[int] = mapped_column(unique=True)
    buyer_org: Mapped[str] = mapped_column(String(16))
    bank_ref: Mapped[str] = mapped_column(String(60), index=True)
    amount: Mapped[Decimal] = mapped_column(Yuan)
    at: Mapped[datetime]
    payment_id: Mapped[str] = mapped_column(String(16), default="")
    __table_args__ = (Index("ix_mall_bank_line_open", "buyer_org", "payment_id", "number"),)


class OrderPayment(Keyed, Base):
    """As the bank's answer or its receipt says; a refund is negative. The parties are those of its order. `line` of the
    bank's statement, 0 while none belongs to it."""

    __tablename__ = "mall_payment"
    order_id: Mapped[str] = mapped_column(ForeignKey("mall_order.id"))
    amount: Mapped[Decimal] = mapped_column(Yuan)
    bank_ref: Mapped[str] = mapped_column(String(60))
    paid_on: Mapped[date]
    at: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(String(16))
    buyer_org: Mapped[str] = mapped_column(String(16), server_default="")
    supplier_org: Mapped[str] = mapped_column(String(16), server_default="")
    line: Mapped[int] = mapped_column(default=0, server_default=_NOTHING)
    __table_args__ = (
        UniqueConstraint("order_id", "bank_ref"),
        Index("ix_mall_payment_buyer", "buyer_org", "at"),
        Index("ix_mall_payment_supplier", "supplier_org", "at"),
        Index("ix_mall_payment_ref", "bank_ref"),
        Index("ix_mall_payment_line", "line", "at"),
    )


class OrderRequest(Keyed, Base):
    """What one side asked for. `kind`: cancel, return or dispute; `lines`: {line: pieces} to give back.

    `state`: open → accepted, refused, withdrawn; a dispute → decided with its `outcome`.
    """

    __tablename__ = "mall_order_request"
    order_id: Mapped[str] = mapped_column(ForeignKey("mall_order.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    org_id: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(1000))
    lines: Mapped[dict[str, Any]] = mapped_column(default=dict)
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="open")
    answer: Mapped[str] = mapped_column(String(1000), default="")
    outcome: Mapped[str] = mapped_column(String(10), default="")
    answered_by: Mapped[str] = mapped_column(String(16), default="")
    answered_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_mall_order_request_state", "state", "answered_at"),
        CheckConstraint("kind IN ('cancel', 'return', 'dispute')", name="kind"),
        CheckConstraint("state IN ('open', 'accepted', 'refused', 'withdrawn', 'decided')", name="state"),
    )


class OrderMessage(Keyed, Base):
    __tablename__ = "mall_order_message"
    order_id: Mapped[str] = mapped_column(ForeignKey("mall_order.id"))
    at: Mapped[datetime]
    org_id: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(String(1000))
    __table_args__ = (Index("ix_mall_order_message_order", "order_id", "at"),)


class OrderRating(Base):
    """Stars from 1 to 5 for the goods, their delivery and the service; the supplier may answer once."""

    __tablename__ = "mall_order_rating"
    order_id: Mapped[str] = mapped_column(ForeignKey("mall_order.id"), primary_key=True)
    goods: Mapped[int]
    delivery: Mapped[int]
    service: Mapped[int]
    text: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(String(16))
    answer: Mapped[str] = mapped_column(String(500), default="")
    answered_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("goods BETWEEN 1 AND 5 AND delivery BETWEEN 1 AND 5 AND service BETWEEN 1 AND 5", name="stars"),
    )
