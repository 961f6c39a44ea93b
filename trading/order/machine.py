"""The life of an order (电子商城 直购, domain.md §2.4) as a table: who may, until when, with what paper."""

from __future__ import annotations

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
OPEN = (*CALLED_OFF, "SHIPPED", "RECEIVED", *RETURNABLE)
ASKED = ("CANCEL_REQUESTED", "RETURN_REQUESTED")
SIDE = (*ASKED, "RETURNING", "DISPUTED")
FINAL = ("CANCELLED", "CLOSED")
# What an order is after goods were accepted: more is awaited, all is settled, or nothing was kept.
OUTCOMES = ("RECEIVED", "SHIPPED", "PARTIAL", "INSPECTED", "CLOSED")


def _steps() -> list[Step]:
    rows = [
        Step("PLACED", "order.confirm", "CONFIRMED", (SUPPLIER,), f"{_DIRECT} 第484条", until="ORD-CONFIRM"),
        Step("PLACED", "order.decline", "CANCELLED", (SUPPLIER,)),
        Step("PLACED", "order.cancel", "CANCELLED", (BUYER,), f"{_DIRECT} 第476条"),
        Step("PLACED", "order.lapse", "CANCELLED"),
        Step("CONFIRMED", "order.contract", "CONFIRMED", (BUYER,), f"{_LAW} 第44条", CONTRACT),
        Step("CONFIRMED", "order.contracted", "CONTRACTED", article=f"{_LAW} 第44条", document=CONTRACT),
        *(Step(state, "order.ship", "SHIPPED", (SUPPLIER,)) for state in (*CALLED_OFF, "SHIPPED", "RECEIVED")),
        *(Step("SHIPPED", "order.receive", target, (BUYER,)) for target in ("RECEIVED", "SHIPPED")),
        *(
            Step(state, "order.inspect", state, (BUYER,), f"{_LAW} 第41条", NOTE, until="ORD-INSPECT")
            for state in ("RECEIVED", "SHIPPED")
        ),
        *(
            Step(state, "order.accept", target, article=f"{_LAW} 第41条", document=NOTE)
            for state in ("RECEIVED", "SHIPPED") for target in OUTCOMES
        ),
        *(Step("INSPECTED", "order.invoice", target, (SUPPLIER,)) for target in ("INVOICED", "INSPECTED")),
        *(
            Step("INVOICED", "order.pay", target, (BUYER,), "保障中小企业款项支付条例 第9条", until="ORD-PAY")
            for target in ("PAID", "INVOICED")
        ),
        *(Step(state, "order.late", state) for state in ("INSPECTED", "INVOICED")),
        Step("PAID", "order.rate", "RATED", (BUYER,)),
        Step("RATED", "order.answer_rating", "RATED", (SUPPLIER,)),
        *(Step(state, "order.ask_cancel", "CANCEL_REQUESTED", BOTH, f"{_DIRECT} 第562条") for state in CALLED_OFF),
        *(
            Step("CANCEL_REQUESTED", "order.answer_cancel", target, BOTH, f"{_DIRECT} 第562条", until="ORD-ANSWER")
            for target in ("CANCELLED", "CLOSED", "INSPECTED", *CALLED_OFF)
        ),
        *(
            Step(state, "order.ask_return", "RETURN_REQUESTED", (BUYER,), f"{_DIRECT} 第582条", until="ORD-RETURN")
            for state in RETURNABLE
        ),
        *(
            Step("RETURN_REQUESTED", "order.answer_return", target, (SUPPLIER,), f"{_DIRECT} 第582条",
                 until="ORD-ANSWER")
            for target in ("RETURNING", *RETURNABLE)
        ),
        *(Step("RETURNING", "order.take_back", target, (SUPPLIER,), until="ORD-BACK")
          for target in (*RETURNABLE, "CLOSED")),
        *(Step(state, "order.withdraw", target, BOTH) for state, targets in
          (("CANCEL_REQUESTED", CALLED_OFF), ("RETURN_REQUESTED", RETURNABLE), ("DISPUTED", OPEN))
          for target in targets),
        *(Step(state, "order.dispute", "DISPUTED", BOTH) for state in (*OPEN, *ASKED, "RETURNING")),
        *(Step("DISPUTED", "order.decide", target, (CENTRE,), until="ORD-DECIDE")
          for target in (*OPEN, "RETURNING", *FINAL)),
    ]  # fmt: skip
    states = dict.fromkeys([one for row in rows for one in (row.state, row.target)])
    return [*rows, *(Step(state, "order.say", state, BOTH) for state in states)]


STEPS = tuple(_steps())
MACHINE = Machine("PLACED", STEPS, FINAL)
# The line on an order's page; side states stand beside it.
STATIONS = ("PLACED", "CONFIRMED", "CONTRACTED", "SHIPPED", "RECEIVED", "INSPECTED", "INVOICED", "PAID", "RATED")
