"""The life of an item, and of a task of the price patrol."""

from __future__ import annotations

from core.access import Role
from core.machine import Machine, Row

BIDDER, CENTRE = (Role.BIDDER,), (Role.CENTRE,)
RULES_OF = "电子卖场管理规则"

ITEM = Machine(
    "draft",
    (
        *(Row(state, "item.save", state, BIDDER, RULES_OF) for state in ("draft", "refused", "delisted", "listed")),
        Row("blocked", "item.save", "blocked", BIDDER, RULES_OF),
        *(Row(state, "item.submit", "pending", BIDDER, RULES_OF) for state in ("draft", "refused", "delisted")),
        Row("pending", "item.withdraw", "draft", BIDDER, RULES_OF),
        Row("pending", "item.approve", "listed", CENTRE, RULES_OF),
        Row("pending", "item.refuse", "refused", CENTRE, RULES_OF),
        Row("listed", "item.delist", "delisted", BIDDER, RULES_OF),
        Row("listed", "item.block", "blocked", CENTRE, RULES_OF),
        Row("blocked", "item.release", "listed", CENTRE, RULES_OF),
    ),
    (),
)
FLAG = Machine(
    "open",
    (
        Row("open", "flag.answer", "open", BIDDER, RULES_OF),
        *(Row("open", f"flag.{act}", state, CENTRE, RULES_OF)
          for act, state in (("confirm", "confirmed"), ("block", "blocked"), ("release", "released"))),
        Row("confirmed", "flag.answer", "confirmed", BIDDER, RULES_OF),
        Row("confirmed", "flag.block", "blocked", CENTRE, RULES_OF),
        Row("confirmed", "flag.release", "released", CENTRE, RULES_OF),
        Row("blocked", "flag.answer", "blocked", BIDDER, RULES_OF),
        Row("blocked", "flag.release", "released", CENTRE, RULES_OF),
    ),
    ("released",),
)  # fmt: skip
