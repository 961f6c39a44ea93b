"""A mall made of rows: suppliers in the register, items as an act would leave them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Org
from core.acts import Tx
from core.clock import CST
from trading.mall import search_index
from trading.mall.models import Item
from trading.supplier.models import MallSupplier

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=CST)
PRINTER, TONER, DESK, PAPER = "A02021003", "A05040599", "A05010201", "A05040101"


def supplier(tx: Tx, number: int, *, state: str = "active", regions: tuple[str, ...] = ("420112",)) -> str:
    org = Org(id=f"supplier{number:07d}", name=f"第{number}号供应商", uscc=f"MALL{number:014d}", kinds=["bidder"],
              region="420112", agreement="x", agreed_at=NOW, state="verified")  # fmt: skip
    tx.session.add(org)
    tx.session.flush()
    tx.session.add(MallSupplier(org_id=org.id, state=state, categories=["A"], regions=list(regions), applied_at=NOW,
                                reviewed_at=NOW))  # fmt: skip
    tx.session.flush()
    return org.id


def item(tx: Tx, number: int, org: str, **more: Any) -> Item:
    """Listed and not yet in the index."""
    given: dict[str, Any] = {
        "sku": f"S{number}", "category": PRINTER, "name": f"打印机{number}", "brand": "惠普", "model": "", "specs": {},
        "unit": "台", "price": Decimal("100.00"), "stock": 5, "sold": 0, "regions": [], "marks": [], "state": "listed",
        "changed_at": NOW + timedelta(minutes=number), "listed_at": NOW + timedelta(minutes=number),
    }  # fmt: skip
    row = Item(id=f"item{number:012d}", supplier_org=org, **given | more)
    tx.session.add(row)
    tx.session.flush()
    return row


def offer(tx: Tx, *rows: Item) -> None:
    search_index.refresh(tx.session, [row.id for row in rows])
