"""The life of a purchase until its orders are placed (domain.md §2.4) as a table."""

from __future__ import annotations

from core.access import Role
from core.machine import Machine, Row

BUYER = (Role.TENDERER,)
WAITING = "BUYER_APPROVAL"
_LAW = "政府采购法 第61条"

MACHINE = Machine(
    "CART",
    [
        Row("CART", "purchase.submit", WAITING, BUYER, _LAW),
        Row("CART", "quote.select", WAITING, BUYER, _LAW),
        Row(WAITING, "purchase.approve", WAITING, BUYER, _LAW),
        Row(WAITING, "purchase.approve", "PLACED", BUYER, _LAW),
        Row(WAITING, "purchase.refuse", "REFUSED", BUYER, _LAW),
        Row(WAITING, "purchase.recall", "RECALLED", BUYER, _LAW),
    ],
    ("PLACED", "REFUSED", "RECALLED"),
)
