"""Orders of the mall in the Open Contracting Data Standard 1.1 (standard.open-contracting.org), a release an order.

A release tells an order's whole contracting process as it stands: what was wanted, the award, the contract. Money is a
JSON number with at most two decimals, as the standard asks. Who signed, delivered or paid for a party is not published.
An order under a framework agreement is a process of its own, related to the agreement's (oversight.ocds_frameworks).
Organisations carry their unified social credit code under the local scheme CN-USCC, items their procurement category
under CN-GPC: neither has a code in the standard's own open lists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from accounts.models import Org
from core.faults import Unusable
from trading.framework.models import Framework
from trading.order.models import Order, OrderLine

PAGE = 100
CURRENCY = "CNY"
TECHNIQUES = (
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_techniques_extension/master/extension.json"
)
Release = dict[str, Any]
# way of buying → (procurementMethod, words)
METHODS = {
    "direct": ("direct", "电子商城直购"), "quote": ("selective", "电子商城比价"),
    "auction": ("open", "电子商城竞价"), "framework": ("selective", "框架协议第二阶段"),
}  # fmt: skip
CALLED_OFF = ("CANCELLED",)
BEFORE_CONTRACT = ("PLACED",)
DONE = ("PAID", "RATED", "CLOSED")


@dataclass(frozen=True)
class Page:
    """`after`: the number of the last order told, "" at the end."""

    releases: list[Release]
    after: str


def orders(session: Session, prefix: str, *, year: int, after: str = "") -> Page:
    """The next hundred orders of a year by number. Four statements, whatever their number of lines."""
    if after and not (len(after) <= 20 and after.isalnum()):
        raise Unusable("after: the number of an order is expected")
    query = select(Order).where(Order.fiscal_year == year, tuple_(Order.number) > tuple_(after))
    rows = list(session.scalars(query.order_by(Order.number).limit(PAGE + 1)))
    shown = rows[:PAGE]
    lines: dict[str, list[OrderLine]] = defaultdict(list)
    for line in session.scalars(
        select(OrderLine).where(OrderLine.order_id.in_([row.id for row in shown])).order_by(OrderLine.position)
    ):
        lines[line.order_id].append(line)
    sides = {row.buyer_org for row in shown} | {row.supplier_org for row in shown}
    orgs = {org.id: org for org in session.scalars(select(Org).where(Org.id.in_(sides)))}
    under = _agreements(session, shown)
    found = [
        release(row, lines[row.id], orgs[row.buyer_org], orgs[row.supplier_org], prefix, under.get(row.id, ""))
        for row in shown
    ]
    return Page(found, shown[-1].number if len(rows) > PAGE else "")


def _agreements(session: Session, those: Sequence[Order]) -> dict[str, str]:
    """{order: number of the agreement it was placed under}."""
    under = {one.id: one.settings.get("framework") or one.source_id for one in those if one.source == "framework"}
    query = select(Framework.id, Framework.number).where(Framework.id.in_(set(under.values())))
    numbers = {row.id: row.number for row in session.execute(query)}
    return {order: numbers[framework] for order, framework in under.items() if framework in numbers}


def release(
    order: Order, lines: Sequence[OrderLine], buyer: Org, supplier: Org, prefix: str, under: str = ""
) -> Release:
    """One order as it stands; `under`: the number of its framework agreement. That it is of a second stage is said by
    the related process alone: the technique is the agreement's."""
    method, words = METHODS[order.source]
    bought, sold = reference(buyer), reference(supplier)
    items = [_item(line) for line in lines]
    called_off = order.state in CALLED_OFF
    placed = order.placed_at.isoformat()
    found: Release = {
        "ocid": f"{prefix}-{order.number}",
        "id": f"{order.number}-{order.state}",
        "date": placed,
        "tag": ["award"] if order.state in BEFORE_CONTRACT else ["award", "contract"],
        "initiationType": "tender",
        "language": "zh",
        "parties": [party(buyer, ["buyer", "procuringEntity"]), party(supplier, ["tenderer", "supplier"])],
        "buyer": bought,
        "tender": {
            "id": order.source_id or order.number, "title": _title(lines), "status": _tender(order.state),
            "procuringEntity": bought, "procurementMethod": method, "procurementMethodDetails": words, "items": items,
            "mainProcurementCategory": _kind(lines),
            "techniques": {"hasElectronicAuction": order.source == "auction", "hasFrameworkAgreement": False},
        },
        "awards": [{"id": order.number, "title": _title(lines), "status": "cancelled" if called_off else "active",
                    "date": placed, "value": money(order.total), "suppliers": [sold], "items": items}],
    }  # fmt: skip
    if under:
        found["relatedProcesses"] = [{"id": "1", "relationship": ["framework"], "scheme": "ocid",
                                      "identifier": f"{prefix}-{under}"}]  # fmt: skip
    if order.reference is not None:
        found["tender"]["value"] = money(order.reference)
    if order.state not in BEFORE_CONTRACT:
        contract = {"id": order.number, "awardID": order.number, "status": _contract(order.state),
                    "value": money(order.total), "items": items}  # fmt: skip
        found["contracts"] = [contract]
    return found


def package(releases: Iterable[Release], uri: str, at: datetime, publisher: str, next_uri: str = "") -> dict[str, Any]:
    """A release package; `uri` is where it was asked for."""
    found: dict[str, Any] = {
        "uri": uri, "version": "1.1", "publishedDate": at.isoformat(timespec="seconds"),
        "publisher": {"name": publisher}, "extensions": [TECHNIQUES], "releases": list(releases),
    }  # fmt: skip
    return found | ({"links": {"next": next_uri}} if next_uri else {})


def _identity(org: Org) -> str:
    return f"CN-USCC-{org.uscc}"


def reference(org: Org) -> dict[str, str]:
    return {"id": _identity(org), "name": org.name}


def party(org: Org, roles: list[str]) -> dict[str, Any]:
    identifier = {"scheme": "CN-USCC", "id": org.uscc, "legalName": org.name}
    return reference(org) | {"identifier": identifier, "roles": roles}


def money(value: Decimal) -> dict[str, Any]:
    return {"amount": float(value), "currency": CURRENCY}


def _item(line: OrderLine) -> dict[str, Any]:
    return {
        "id": str(line.position), "description": " ".join(filter(None, (line.brand, line.name, line.model))),
        "classification": {"scheme": "CN-GPC", "id": line.category}, "quantity": line.quantity,
        "unit": {"name": line.unit, "value": money(line.price)},
    }  # fmt: skip


def _title(lines: Sequence[OrderLine]) -> str:
    first = lines[0].name
    return first if len(lines) == 1 else f"{first}等{len(lines)}项"


def _kind(lines: Sequence[OrderLine]) -> str:
    return {"A": "goods", "B": "works", "C": "services"}[lines[0].category[:1]]


def _tender(state: str) -> str:
    return "cancelled" if state in CALLED_OFF else "complete"


def _contract(state: str) -> str:
    return "cancelled" if state in CALLED_OFF else "terminated" if state in DONE else "active"
