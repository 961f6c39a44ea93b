"""What other rooms of the mall hear of an order, inside the act's own transaction: budgets, stock, sold, credit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.acts import Tx
from trading.order.models import Order

KINDS = ("placed", "confirmed", "dropped", "accepted", "refused", "returned", "invoiced", "remitted", "paid", "rated")


@dataclass(frozen=True)
class Happening:
    """`pieces`: {order line: how many}; `amount`: their worth in yuan, or the money of an invoice or a payment
    (negative for a red invoice and a refund); `remitted` asks whether so much may be paid. `said`: the rating.

    Every piece of a placed order is told as dropped, accepted or refused once; a returned one was accepted before.
    """

    kind: str
    amount: Decimal = Decimal(0)
    pieces: Mapping[str, int] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)


# Told of what happens to an order; who raises here refuses the act.
TOLD: list[Callable[[Tx, Order, Happening], None]] = []


def tell(tx: Tx, row: Order, what: Happening) -> None:
    for told in TOLD:
        told(tx, row, what)
