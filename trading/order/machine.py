"""The life of an order (电子商城 直购, domain.md §2.4) as a table: who may, until when, with what paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.access import Role
from core.machine import Machine, Row

BUYER, SUPPLIER, CENTRE = Role.TENDERER, Role.BIDDER, Role.CENTRE
BOTH = (BUYER, SUPPLIER)

CONTRACT, NOTE = "order_contract", "acceptance_note"
_LAW, _DIRECT = "政府采购法", "民法典"


@dataclass(frozen=True)
class Step(Row):
    """`until`: the rule whose period runs for this step from the moment its state is entered, "" where none runs."""

    until: str = ""


# Where an order may be called off by both, where the centre may be asked, where accepted goods may go back.
CALLED_OFF = ("CONFIRMED", "CONTRACTED", "PARTIAL")
RETURNABLE = ("INSPECTED", "INVOICED", "PAID", "RATED")
DELIVERING = ("SHIPPED", "RECEIVED")
OPEN = (*CALLED_OFF, *DELIVERING, *RETURNABLE)
ASKED = ("CANCEL_REQUESTED", "RETURN_REQUESTED")
SIDE = (*ASKED, "RETURNING", "DISPUTED")
FINAL = ("CANCELLED", "CLOSED")
# What an order is after goods were accepted: more is awaited, all is settled, or nothing was kept.
OUTCOMES = ("RECEIVED", "SHIPPED", "PARTIAL", "INSPECTED", "CLOSED")


def _to(state: str, act: str, targets: Iterable[str], roles: tuple[Role, ...], **more: str) -> list[Step]:
    """Rows of one act with several outcomes."""
    return [Step(state, act, target, roles, **more) for target in targets]  # type: ignore[arg-type]


def _forward() -> list[Step]:
    """From the placed order to the rated one."""
    inspection = {"article": f"{_LAW} 第41条", "document": NOTE}
    payment = "保障中小企业款项支付条例 第9条"
    rows = [
        Step("PLACED", "order.confirm", "CONFIRMED", (SUPPLIER,), f"{_DIRECT} 第484条", until="ORD-CONFIRM"),
        Step("PLACED", "order.decline", "CANCELLED", (SUPPLIER,)),
        Step("PLACED", "order.cancel", "CANCELLED", (BUYER,), f"{_DIRECT} 第476条"),
        Step("PLACED", "order.lapse", "CANCELLED"),
        Step("CONFIRMED", "order.contract", "CONFIRMED", (BUYER,), f"{_LAW} 第44条", CONTRACT),
        Step("CONFIRMED", "order.contracted", "CONTRACTED", article=f"{_LAW} 第44条", document=CONTRACT),
        *(Step(state, "order.ship", "SHIPPED", (SUPPLIER,)) for state in (*CALLED_OFF, *DELIVERING)),
        *_to("SHIPPED", "order.receive", ("RECEIVED", "SHIPPED"), (BUYER,)),
        *_to("INSPECTED", "order.invoice", ("INVOICED", "INSPECTED"), (SUPPLIER,)),
        *_to("INVOICED", "order.pay", ("PAID", "INVOICED"), (BUYER,), article=payment, until="ORD-PAY"),
        Step("INVOICED", "order.remit", "INVOICED", (BUYER,), payment, until="ORD-PAY"),
        *_to("INVOICED", "order.transfer", ("PAID", "INVOICED"), (), article=payment),
        *(Step(state, "order.late", state) for state in ("INSPECTED", "INVOICED")),
        Step("PAID", "order.rate", "RATED", (BUYER,)),
        Step("RATED", "order.answer_rating", "RATED", (SUPPLIER,)),
    ]
    for state in DELIVERING:
        rows += _to(state, "order.inspect", (state,), (BUYER,), until="ORD-INSPECT", **inspection)
        rows += _to(state, "order.accept", OUTCOMES, (), **inspection)
    return rows


def _aside() -> list[Step]:
    """What both may ask of each other, and what the centre decides."""
    off, back = f"{_DIRECT} 第562条", f"{_DIRECT} 第582条"
    rows = [
        *(Step(state, "order.ask_cancel", "CANCEL_REQUESTED", BOTH, off) for state in CALLED_OFF),
        *_to("CANCEL_REQUESTED", "order.answer_cancel", ("CANCELLED", "CLOSED", "INSPECTED", *CALLED_OFF), BOTH,
             article=off, until="ORD-ANSWER"),
        *(Step(state, "order.ask_return", "RETURN_REQUESTED", (BUYER,), back, until="ORD-RETURN")
          for state in RETURNABLE),
        *_to("RETURN_REQUESTED", "order.answer_return", ("RETURNING", *RETURNABLE), (SUPPLIER,), article=back,
             until="ORD-ANSWER"),
        *_to("RETURNING", "order.take_back", (*RETURNABLE, "CLOSED"), (SUPPLIER,), until="ORD-BACK"),
        *(Step(state, "order.dispute", "DISPUTED", BOTH) for state in (*OPEN, *ASKED, "RETURNING")),
        *_to("DISPUTED", "order.decide", (*OPEN, "RETURNING", *FINAL), (CENTRE,), until="ORD-DECIDE"),
    ]  # fmt: skip
    for state, targets in (("CANCEL_REQUESTED", CALLED_OFF), ("RETURN_REQUESTED", RETURNABLE), ("DISPUTED", OPEN)):
        rows += _to(state, "order.withdraw", targets, BOTH)
    return rows


def _steps() -> list[Step]:
    rows = [*_forward(), *_aside()]
    states = dict.fromkeys([one for row in rows for one in (row.state, row.target)])
    return [*rows, *(Step(state, "order.say", state, BOTH) for state in states)]


STEPS = tuple(_steps())
MACHINE = Machine("PLACED", STEPS, FINAL)
# The line on an order's page; side states stand beside it.
STATIONS = ("PLACED", "CONFIRMED", "CONTRACTED", "SHIPPED", "RECEIVED", "INSPECTED", "INVOICED", "PAID", "RATED")
