"""A bond as the rules see it. Money in yuan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

PAID = ("transfer", "cheque", "cash")
FORMS = ("transfer", "e_guarantee", "cheque", "cash")
GROUNDS = ("TL35", "TL74")


@dataclass(frozen=True)
class Terms:
    """What the tender file asks. `cap` is the legal limit, `cap_said` how it is said without telling the estimate."""

    forms: tuple[str, ...]
    required: Decimal
    cap: Decimal
    cap_said: str
    deadline: datetime
    valid_until: date


@dataclass(frozen=True)
class Payment:
    """`basic`: it came from the bidder's registered basic account."""

    amount: Decimal
    at: datetime
    basic: bool


@dataclass(frozen=True)
class Lodged:
    """`form` "" when nothing was lodged; `valid_until` of a guarantee alone."""

    form: str
    payments: tuple[Payment, ...] = ()
    guaranteed: Decimal = Decimal(0)
    valid_until: date | None = None


@dataclass(frozen=True)
class Holder:
    """Where a bond stands when somebody wants to return or keep it.

    `bid`: a bid of the holder was in force at the deadline; `revoked`: it stayed shut by the bidder's own fault.
    """

    state: str
    case_state: str
    bid: bool
    winner: bool
    revoked: bool
