"""The life of a request for quotes (domain.md §2.4) as a table."""

from __future__ import annotations

from core.access import Role
from core.machine import Machine, Row

BUYER, SUPPLIER = (Role.TENDERER,), (Role.BIDDER,)
CUSTODIANS = (Role.TENDERER, Role.CENTRE, Role.REGULATOR)
_NT74, _E20 = "政府采购非招标采购方式管理办法", "电子招标投标办法"

MACHINE = Machine(
    "REQUEST",
    [
        Row("REQUEST", "quote.publish", "QUOTING", BUYER, f"{_NT74} 第45条"),
        Row("QUOTING", "quote.submit", "QUOTING", SUPPLIER, f"{_E20} 第27条"),
        Row("QUOTING", "quote.withdraw", "QUOTING", SUPPLIER, f"{_E20} 第27条"),
        Row("QUOTING", "quote.cancel", "CANCELLED", BUYER, f"{_NT74} 第22条"),
        Row("QUOTING", "quote.end", "OPENING", (), f"{_NT74} 第45条"),
        Row("QUOTING", "quote.end", "QUOTING", (), f"{_NT74} 第45条"),  # extended, once
        Row("QUOTING", "quote.end", "FAILED", (), f"{_NT74} 第45条"),  # nobody quoted
        Row("OPENING", "quote.unlock", "OPENING", SUPPLIER, f"{_E20} 第31条"),
        Row("OPENING", "quote.release", "OPENING", CUSTODIANS, f"{_E20} 第31条"),
        Row("OPENING", "quote.settle", "COMPARED", (), f"{_NT74} 第48条"),
        Row("COMPARED", "quote.find", "COMPARED", BUYER, f"{_NT74} 第48条"),
        Row("COMPARED", "quote.select", "SELECTED", BUYER, f"{_NT74} 第48条"),
        Row("COMPARED", "quote.close", "FAILED", BUYER, f"{_NT74} 第22条"),
        Row("SELECTED", "purchase.approve", "ORDERED", BUYER, f"{_NT74} 第18条"),
        Row("SELECTED", "purchase.refuse", "COMPARED", BUYER, f"{_NT74} 第18条"),
    ],
    ("ORDERED", "FAILED", "CANCELLED"),
)
