"""Tables of the mall's goods."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed, Yuan

STATES = ("draft", "pending", "listed", "refused", "blocked", "delisted")
MARKS = ("energy", "environment")  # 节能产品, 环境标志产品


class Item(Keyed, Base):
    """One thing offered by one supplier. `sku`: the supplier's own number. `specs`: {name of the category's template:
    text}, checked by the versions of `template`. `elsewhere`: its own price outside the mall. `regions`: as a
    supplier's. `pictures`: SHA-256 of blobs. `certificates`: [{mark, number, until}], `marks` those in force today.
    `agreement_id`: the framework agreement it belongs to, "" for the supermarket; `agreement_price` the most it may
    then cost. `version` counts what buyers see. `filed_at` and `due` are of what waits for the centre;
    `late_at`: when it was recorded that it still waited after `due`."""

    __tablename__ = "mall_item"
    supplier_org: Mapped[str] = mapped_column(ForeignKey("org.id"))
    sku: Mapped[str] = mapped_column(String(60))
    category: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(200))
    brand: Mapped[str] = mapped_column(String(60))
    model: Mapped[str] = mapped_column(String(100), default="")
    specs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    unit: Mapped[str] = mapped_column(String(10))
    price: Mapped[Decimal] = mapped_column(Yuan)
    elsewhere: Mapped[Decimal | None] = mapped_column(Yuan)
    elsewhere_url: Mapped[str] = mapped_column(String(300), default="")
    stock: Mapped[int] = mapped_column(default=0)
    sold: Mapped[int] = mapped_column(default=0)
    regions: Mapped[list[Any]] = mapped_column(default=list)
    marks: Mapped[list[Any]] = mapped_column(default=list)
    certificates: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    pictures: Mapped[list[Any]] = mapped_column(default=list)
    template: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    agreement_id: Mapped[str] = mapped_column(String(16), default="", index=True)
    agreement_price: Mapped[Decimal | None] = mapped_column(Yuan)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    listed_at: Mapped[datetime | None]
    filed_at: Mapped[datetime | None]
    due: Mapped[datetime | None]
    late_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("supplier_org", "sku"),
        Index("ix_mall_item_supplier_state", "supplier_org", "state", "changed_at"),
        Index("ix_mall_item_state_changed", "state", "changed_at"),
        Index("ix_mall_item_due", "state", "due", "id"),
        Index("ix_mall_item_alike", "category", "brand", "model", "state"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("stock >= 0", name="stock"),
        CheckConstraint("price > 0", name="price"),
    )


class Template(Base):
    """Fields asked of items of a category and all below it. `fields`: [{name, kind, required, unit, choices}]; the
    newest version is in force. A version is never changed: items name it."""

    __tablename__ = "mall_template"
    category: Mapped[str] = mapped_column(String(9), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fields: Mapped[list[Any]]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(16))


class PriceChange(Keyed, Base):
    """Every price buyers could see, from `at` on. `before` is None when the item was first listed."""

    __tablename__ = "mall_price"
    item_id: Mapped[str] = mapped_column(ForeignKey("mall_item.id"))
    at: Mapped[datetime]
    before: Mapped[Decimal | None] = mapped_column(Yuan)
    price: Mapped[Decimal] = mapped_column(Yuan)
    by: Mapped[str] = mapped_column(String(16))
    __table_args__ = (Index("ix_mall_price_item", "item_id", "at"),)


class Picture(Base):
    """A picture made here from one that an organisation uploaded; only such are shown with items."""

    __tablename__ = "mall_picture"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    org_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    at: Mapped[datetime]


FLAG_KINDS = ("rise", "median", "agreement", "elsewhere", "report", "sample")
FLAG_STATES = ("open", "confirmed", "blocked", "released")


class Flag(Keyed, Base):
    """A task of the price patrol: found by a rule, drawn in a sample, or reported by a person, whose name the supplier
    does not learn. `required` and `found` as of the breach. `answer`: the supplier's. `file`: SHA-256 of evidence."""

    __tablename__ = "mall_flag"
    item_id: Mapped[str] = mapped_column(ForeignKey("mall_item.id"))
    supplier_org: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(10))
    rule: Mapped[str] = mapped_column(String(30), default="")
    required: Mapped[str] = mapped_column(String(60), default="")
    found: Mapped[str] = mapped_column(String(60), default="")
    text: Mapped[str] = mapped_column(String(1000), default="")
    url: Mapped[str] = mapped_column(String(300), default="")
    reporter: Mapped[str] = mapped_column(String(16), default="")
    price: Mapped[Decimal] = mapped_column(Yuan)
    state: Mapped[str] = mapped_column(String(10), default="open")
    at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(1000), default="")
    answered_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    file: Mapped[str] = mapped_column(String(64), default="")
    decided_by: Mapped[str] = mapped_column(String(16), default="")
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(f"kind IN {FLAG_KINDS}", name="kind"),
        CheckConstraint(f"state IN {FLAG_STATES}", name="state"),
        Index("ix_mall_flag_state", "state", "at", "id"),
        Index("ix_mall_flag_item", "item_id", "at"),
        Index("ix_mall_flag_supplier", "supplier_org", "state", "at"),
        Index("ix_mall_flag_reporter", "reporter", "at"),
    )


class Sample(Base):
    """The monthly sample of the patrol, drawn once. `seed`: 64 hex characters; `population`: SHA-256 of the list of all
    items that were listed then, kept as a blob, so that anyone draws the same `items` again."""

    __tablename__ = "mall_sample"
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    seed: Mapped[str] = mapped_column(String(64))
    population: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    items: Mapped[list[Any]]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(16))


class ImportRun(Keyed, Base):
    """A file of items that was checked: loaded whole, or not at all. `report`: SHA-256 of its faults as JSON."""

    __tablename__ = "mall_import"
    supplier_org: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(200))
    rows: Mapped[int]
    faults: Mapped[int]
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    report: Mapped[str] = mapped_column(String(64))
    __table_args__ = (Index("ix_mall_import_org", "supplier_org", "at"),)
