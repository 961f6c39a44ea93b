"""Lives of an agreement, of a supplier in it and of a purchase under it, as tables of rows (domain.md §2.3)."""

from __future__ import annotations

from core.access import Role
from core.machine import Machine, Row

OWN = (Role.TENDERER, Role.AGENCY)
BUYER = (Role.TENDERER,)
SUPPLIER = (Role.BIDDER,)
GUARDS = (Role.TENDERER, Role.AGENCY, Role.REGULATOR)
_L = "财政部令第110号"

_BEGUN = (
    Row("SCHEME", "framework.edit", "SCHEME", OWN),
    Row("SCHEME", "framework.terminate", "TERMINATED", OWN),
)
_ENDED = (Row("EXPIRED", "framework.summary", "SUMMARY_PUBLIC", OWN, _L),)

CLOSED = Machine(
    "SCHEME",
    (
        *_BEGUN,
        Row("SCHEME", "framework.solicit", "SOLICITED", OWN, f"{_L} 第21条"),
        Row("SOLICITED", "framework.respond", "SOLICITED", SUPPLIER),
        Row("SOLICITED", "framework.withdraw", "SOLICITED", SUPPLIER),
        Row("SOLICITED", "framework.terminate", "TERMINATED", OWN),
        Row("SOLICITED", "framework.close", "RESPONSES"),
        Row("SOLICITED", "framework.close", "FAILED"),
        Row("RESPONSES", "framework.unlock", "RESPONSES", SUPPLIER),
        Row("RESPONSES", "framework.open", "OPENED"),
        Row("RESPONSES", "framework.open", "FAILED"),
        Row("OPENED", "framework.mark", "OPENED", OWN),
        Row("OPENED", "framework.conclude", "REVIEWED", OWN),
        Row("OPENED", "framework.conclude", "FAILED", OWN),
        Row("REVIEWED", "framework.publish", "SHORTLISTED", OWN),
        Row("SHORTLISTED", "framework.settle", "SIGNED"),
        Row("SHORTLISTED", "framework.settle", "FAILED"),
        Row("SIGNED", "framework.activate", "ACTIVE"),
        Row("SIGNED", "framework.activate", "JOINED"),
        Row("ACTIVE", "framework.supplement", "ACTIVE", OWN),
        Row("ACTIVE", "framework.copy", "ACTIVE", OWN),
        Row("ACTIVE", "framework.expire", "EXPIRED"),
        *_ENDED,
    ),
    ("SUMMARY_PUBLIC", "FAILED", "TERMINATED", "JOINED"),
)

OPEN = Machine(
    "SCHEME",
    (
        *_BEGUN,
        Row("SCHEME", "framework.solicit", "OPEN_CALL", OWN, f"{_L} 第16条"),
        Row("OPEN_CALL", "framework.apply", "OPEN_CALL", SUPPLIER),
        Row("OPEN_CALL", "framework.copy", "OPEN_CALL", OWN),
        Row("OPEN_CALL", "framework.expire", "EXPIRED"),
        *_ENDED,
    ),
    ("SUMMARY_PUBLIC", "TERMINATED"),
)


def _supplies(state: str) -> tuple[Row, ...]:
    """What may happen to a supplier while it supplies, as `state`."""
    return (
        Row(state, "framework.suspend", "SUSPENDED", GUARDS),
        Row("SUSPENDED", "framework.resume", state, GUARDS),
        Row(state, "framework.remove", "REMOVED", GUARDS),
        Row("SUSPENDED", "framework.remove", "REMOVED", GUARDS),
    )


MEMBER_CLOSED = Machine(
    "OPENED",
    (
        Row("OPENED", "framework.conclude", "UNQUALIFIED", OWN),
        Row("OPENED", "framework.conclude", "ELIMINATED", OWN),
        Row("OPENED", "framework.conclude", "CHOSEN", OWN),
        Row("CHOSEN", "framework.publish", "SHORTLISTED", OWN),
        Row("SHORTLISTED", "framework.signed", "ACTIVE"),
        Row("SHORTLISTED", "framework.lapse", "LAPSED"),
        *_supplies("ACTIVE"),
        Row("ACTIVE", "framework.quit", "LEFT", OWN),
    ),
    ("UNQUALIFIED", "ELIMINATED", "LAPSED", "REMOVED", "LEFT"),
)

MEMBER_OPEN = Machine(
    "APPLIED",
    (
        Row("APPLIED", "framework.check", "CHECKED", OWN),
        Row("APPLIED", "framework.check", "REFUSED", OWN),
        Row("APPLIED", "framework.leave", "LEFT", SUPPLIER),
        Row("CHECKED", "framework.list", "LISTED", OWN),
        Row("CHECKED", "framework.leave", "LEFT", SUPPLIER),
        Row("LISTED", "framework.leave", "LEFT", SUPPLIER),
        *_supplies("LISTED"),
    ),
    ("REFUSED", "LEFT", "REMOVED"),
)

NEED = Machine(
    "NEED",
    (
        Row("NEED", "framework.pick", "OFFERED", BUYER),
        Row("NEED", "framework.rotate", "OFFERED", BUYER),
        Row("NEED", "framework.invite", "QUOTING", BUYER),
        Row("QUOTING", "framework.quote", "QUOTING", SUPPLIER),
        Row("QUOTING", "framework.quote_withdraw", "QUOTING", SUPPLIER),
        Row("QUOTING", "framework.quote_end", "UNLOCKING"),
        Row("QUOTING", "framework.quote_end", "VOID"),
        Row("UNLOCKING", "framework.quote_unlock", "UNLOCKING", SUPPLIER),
        Row("UNLOCKING", "framework.rank", "RANKED"),
        Row("UNLOCKING", "framework.rank", "VOID"),
        Row("RANKED", "framework.award", "OFFERED", BUYER),
        Row("RANKED", "framework.drop", "VOID", BUYER),
        Row("OFFERED", "framework.accept", "ACCEPTED", SUPPLIER),
        Row("OFFERED", "framework.decline", "DECLINED", SUPPLIER),
        Row("OFFERED", "framework.decline", "OFFERED", SUPPLIER),
        Row("OFFERED", "framework.decline", "RANKED", SUPPLIER),
        Row("ACCEPTED", "framework.result", "ACCEPTED", BUYER),
    ),
    ("ACCEPTED", "DECLINED", "VOID"),
)

SUPPLYING = ("ACTIVE", "LISTED")
RUNNING = ("ACTIVE", "OPEN_CALL")
PRESENT = (*SUPPLYING, "SUSPENDED")
MACHINES = {"closed": CLOSED, "open": OPEN}
MEMBERS = {"closed": MEMBER_CLOSED, "open": MEMBER_OPEN}
