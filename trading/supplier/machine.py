"""The life of an entry into the mall, and of points given."""

from __future__ import annotations

from core.access import Role
from core.machine import Machine, Row

BIDDER, CENTRE, REGULATOR = (Role.BIDDER,), (Role.CENTRE,), (Role.REGULATOR,)
OFFICES = (Role.CENTRE, Role.REGULATOR)
RULES_OF = "电子卖场管理规则"

ENTRY = Machine(
    "applied",
    (
        Row("applied", "supplier.approve", "active", CENTRE, RULES_OF),
        Row("applied", "supplier.refuse", "refused", CENTRE, RULES_OF),
        Row("refused", "supplier.apply", "applied", BIDDER, RULES_OF),
        Row("active", "supplier.change", "active", BIDDER, RULES_OF),
        Row("active", "supplier.credit", "active", OFFICES, RULES_OF),
        Row("suspended", "supplier.credit", "suspended", OFFICES, RULES_OF),
        Row("active", "supplier.suspend", "suspended", REGULATOR, RULES_OF),
        Row("suspended", "supplier.suspend", "suspended", REGULATOR, RULES_OF),
        Row("suspended", "supplier.resume", "active", (), RULES_OF),
        Row("suspended", "supplier.lift", "active", REGULATOR, RULES_OF),
        Row("active", "supplier.remove", "removed", REGULATOR, RULES_OF),
        Row("suspended", "supplier.remove", "removed", REGULATOR, RULES_OF),
        Row("removed", "supplier.apply", "applied", BIDDER, RULES_OF),
    ),
    (),
)
CREDIT = Machine(
    "told",
    (
        Row("told", "credit.answer", "answered", BIDDER, RULES_OF),
        Row("told", "credit.keep", "kept", OFFICES, RULES_OF),
        Row("told", "credit.withdraw", "withdrawn", OFFICES, RULES_OF),
        Row("answered", "credit.keep", "kept", OFFICES, RULES_OF),
        Row("answered", "credit.withdraw", "withdrawn", OFFICES, RULES_OF),
    ),
    ("kept", "withdrawn"),
)
