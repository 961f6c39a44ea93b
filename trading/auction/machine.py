"""The life of a reverse auction (domain.md §2.4)."""

from __future__ import annotations

from core.access import Role
from core.machine import Machine, Row

BUYER, SUPPLIER, CENTRE = (Role.TENDERER,), (Role.BIDDER,), (Role.CENTRE,)
RULE = "平台竞价规则"
LIVE = ("BIDDING", "EXTENDING")  # prices are taken
CANCELLABLE = ("PUBLISHED", *LIVE, "PAUSED", "CLOSED", "LOWEST_CONFIRMED")
PAUSABLE = ("PUBLISHED", *LIVE)

MACHINE = Machine(
    "DRAFT",
    [
        Row("DRAFT", "auction.save", "DRAFT", BUYER, RULE),
        Row("DRAFT", "auction.publish", "PUBLISHED", BUYER, RULE),
        Row("PUBLISHED", "auction.begin", "BIDDING", (), RULE),
        Row("BIDDING", "auction.bid", "BIDDING", SUPPLIER, RULE),
        Row("BIDDING", "auction.extend", "EXTENDING", (), RULE),
        Row("EXTENDING", "auction.bid", "EXTENDING", SUPPLIER, RULE),
        Row("EXTENDING", "auction.extend", "EXTENDING", (), RULE),
        *(Row(state, "auction.pause", "PAUSED", CENTRE, RULE) for state in PAUSABLE),
        Row("PAUSED", "auction.resume", "BIDDING", CENTRE, RULE),
        *(Row(state, "auction.close", "CLOSED", (), RULE) for state in LIVE),
        *(Row(state, "auction.void", "VOID", (), RULE) for state in (*LIVE, "CLOSED", "LOWEST_CONFIRMED")),
        Row("CLOSED", "auction.confirm", "LOWEST_CONFIRMED", SUPPLIER, RULE),
        Row("CLOSED", "auction.decline", "CLOSED", SUPPLIER, RULE),
        Row("CLOSED", "auction.lapse", "CLOSED", (), RULE),
        Row("CLOSED", "auction.reject", "CLOSED", BUYER, RULE),
        Row("LOWEST_CONFIRMED", "auction.reject", "CLOSED", BUYER, RULE),
        Row("LOWEST_CONFIRMED", "auction.accept", "PLACED", BUYER, RULE),
        *(Row(state, "auction.cancel", "CANCELLED", BUYER, RULE) for state in CANCELLABLE),
    ],
    final=("PLACED", "VOID", "CANCELLED"),
)
