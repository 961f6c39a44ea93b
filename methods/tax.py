"""Withholding on labour remuneration of residents (domain.md §6; 个人所得税法 art. 6, 条例 art. 14). Yuan.

Non-residents and VAT are outside: a person decides those cases.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.faults import Unusable
from core.money import half_up, plain
from methods.shape import number

CENT = Decimal("0.01")
FREE, FLAT_UP_TO, FLAT, SHARE = Decimal(800), Decimal(4000), Decimal(800), Decimal("0.8")
BRACKETS = (
    (Decimal(20000), Decimal("0.2"), Decimal(0)),
    (Decimal(50000), Decimal("0.3"), Decimal(2000)),
    (None, Decimal("0.4"), Decimal(7000)),
)
"""(taxable up to and including, rate, quick deduction)"""
NET_STEPS = (
    (Decimal(800), Decimal(0), Decimal(1)),
    (Decimal(3360), Decimal(160), Decimal("0.8")),
    (Decimal(21000), Decimal(0), Decimal("0.84")),
    (Decimal(49500), Decimal(2000), Decimal("0.76")),
    (None, Decimal(7000), Decimal("0.68")),
)
"""(net up to and including, subtract, divide by)"""


@dataclass(frozen=True)
class Payment:
    """One fee of one person for one project; `gross` in yuan as a decimal string."""

    payee: str
    project: str
    day: date
    gross: str


def withholding(gross: str) -> dict[str, str]:
    """{gross, taxable, rate, quick, tax, net} of one payment as decimal strings; tax rounded half up to the cent."""
    amount = _yuan(gross, "gross")
    taxable = max(amount - FLAT, Decimal(0)) if amount <= FLAT_UP_TO else amount * SHARE
    rate, quick = next((rate, quick) for top, rate, quick in BRACKETS if top is None or taxable <= top)
    tax = half_up(taxable * rate - quick, 2)
    figures = {"gross": amount, "taxable": taxable, "rate": rate, "quick": quick, "tax": tax, "net": amount - tax}
    return {name: plain(value) for name, value in figures.items()}


def gross_for(net: str) -> dict[str, str]:
    """The withholding whose net is exactly `net`: the gross a payer must owe for the person to receive it."""
    wanted = _yuan(net, "net")
    less, share = next((less, share) for top, less, share in NET_STEPS if top is None or wanted <= top)
    near = half_up((wanted - less) / share, 2)
    # the cent of the tax is rounded, so the exact gross may be one cent beside the quotient
    for gross in (near, near - CENT, near + CENT):
        figures = withholding(plain(max(gross, Decimal(0))))
        if Decimal(figures["net"]) == wanted:
            return figures
    raise AssertionError(f"net rises by at most a cent a cent, so {net} must be reachable")


def merge_month(payments: Iterable[Payment]) -> list[dict[str, str]]:
    """Withholding per payee, project and month: one project going on within the month is one payment (条例 art. 14).

    [{payee, project, month "2026-11", gross, taxable, rate, quick, tax, net}] in the order of first appearance.
    """
    sums: dict[tuple[str, str, str], Decimal] = {}
    for payment in payments:
        key = (payment.payee, payment.project, payment.day.strftime("%Y-%m"))
        sums[key] = sums.get(key, Decimal(0)) + _yuan(payment.gross, "gross")
    return [
        {"payee": payee, "project": project, "month": month, **withholding(plain(total))}
        for (payee, project, month), total in sums.items()
    ]


def _yuan(value: str, where: str) -> Decimal:
    exact = number(value, where, low=0)
    amount = Decimal(value)
    if exact >= 10**12:
        raise Unusable(f"{where} is out of range: {value}")
    if amount != half_up(amount, 2):
        raise Unusable(f"{where} has more than two decimals: {value}")
    return amount
