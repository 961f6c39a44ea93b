"""The price watch asked about an item: its facts read, its warnings kept as tasks of the patrol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.access import Actor
from core.acts import Tx
from core.faults import Unusable
from core.rules import Breach
from trading.mall import listing, rules
from trading.mall.facts import Past, PriceFacts
from trading.mall.models import Flag, Item, PriceChange

Kind = tuple[str, str, str]
KIND_OF = {"PRICE-RISE": "rise", "PRICE-MEDIAN": "median", "PRICE-AGREEMENT": "agreement",
           "PRICE-ELSEWHERE": "elsewhere"}  # fmt: skip
# What of an item leads to another look at its price.
LOOKED_AT = ("price", "elsewhere", "specs")


def history(session: Session, items: Iterable[str]) -> dict[str, list[Past]]:
    """{item: prices that buyers saw, ascending}"""
    found: dict[str, list[Past]] = {}
    for part in parts(items):
        query = select(PriceChange).where(PriceChange.item_id.in_(part))
        for row in session.scalars(query.order_by(PriceChange.item_id, PriceChange.at)):
            found.setdefault(row.item_id, []).append(Past(row.at, row.price))
    return found


def alike(session: Session, kinds: Iterable[Kind]) -> dict[Kind, dict[str, Decimal]]:
    """{(category, brand, model): {supplier: its lowest price}} of what is listed; nothing is like a thing without a
    model."""
    groups: dict[tuple[str, str], set[str]] = {}
    for category, brand, model in kinds:
        if model:
            groups.setdefault((category, brand), set()).add(model)
    found: dict[Kind, dict[str, Decimal]] = {}
    for (category, brand), models in groups.items():
        for part in parts(models):
            query = select(Item.model, Item.supplier_org, func.min(Item.price)).where(
                Item.category == category, Item.brand == brand, Item.model.in_(part), Item.state == "listed"
            )  # fmt: skip
            for model, org, price in session.execute(query.group_by(Item.model, Item.supplier_org)):
                found.setdefault((category, brand, model), {})[org] = price
    return found


def of_others(found: Mapping[Kind, Mapping[str, Decimal]], kind: Kind, org: str) -> list[Decimal]:
    return [price for other, price in found.get(kind, {}).items() if other != org]


def parts(values: Iterable[str]) -> Iterator[list[str]]:
    """In slices that a database takes as one list."""
    whole = sorted(set(values))
    for start in range(0, len(whole), 500):
        yield whole[start : start + 500]


def of_items(session: Session, rows: Sequence[Item], now: datetime) -> dict[str, list[Breach]]:
    """{item: what the watch says of it as it stands}, in a few questions for all."""
    past = history(session, [row.id for row in rows])
    others = alike(session, {(row.category, row.brand, row.model) for row in rows})
    book = rules.book_at(now)
    return {
        row.id: rules.watch(
            PriceFacts(row.price, now, row.agreement_price, row.elsewhere, past.get(row.id, []),
                       of_others(others, (row.category, row.brand, row.model), row.supplier_org)), book)
        for row in rows
    }  # fmt: skip


def of_item(session: Session, row: Item, now: datetime) -> list[Breach]:
    return of_items(session, [row], now)[row.id]


def asked(session: Session, item: Item, values: Mapping[str, Any], now: datetime) -> list[Breach]:
    """What the watch would say of this item with these values (of content.KEYS)."""
    kind = (values["category"], values["brand"], values["model"])
    past = history(session, [item.id]).get(item.id, [])
    others = of_others(alike(session, [kind]), kind, item.supplier_org)
    facts = PriceFacts(values["price"], now, item.agreement_price, values["elsewhere"], past, others)
    return rules.watch(facts, rules.book_at(now))


def flag(tx: Tx, item: Item, breaches: Iterable[Breach]) -> None:
    """Each warning becomes a task of the patrol, unless one of its kind is open for this item."""
    breaches = list(breaches)
    if not breaches:
        return
    tx.session.flush()
    open_kinds = set(tx.session.scalars(select(Flag.kind).where(Flag.item_id == item.id, Flag.state == "open")))
    for one in breaches:
        kind = KIND_OF[one.rule]
        if kind not in open_kinds:
            raise_flag(tx, item, kind, rule=one.rule, required=one.required, found=one.found)


def raise_flag(tx: Tx, item: Item, kind: str, *, by: Actor | None = None, **what: str) -> Flag:
    """`by`: whom the entry names in the actor's place; who reports stays unknown to the supplier."""
    row = Flag(item_id=item.id, supplier_org=item.supplier_org, kind=kind, price=item.price, at=tx.now, **what)
    tx.session.add(row)
    tx.session.flush()
    told: dict[str, str] = {key: what[key] for key in ("rule", "required", "found") if key in what}
    body: dict[str, Any] = {"item": item.id, "flag": row.id, "flagged": kind, **told}
    tx.record(listing.stream(item.id), "item.flagged", body, actor=by)
    if kind != "sample":
        tx.publish(f"org:{item.supplier_org}", "item.flagged", {"item": item.id})
    return row


def bind(tx: Tx, item: str, agreement: str, price: Decimal | None) -> None:
    """Called by framework agreements: this item belongs to one, at most at `price`; "" and None end that. A listed item
    that costs more is blocked until its supplier lowers the price and the patrol releases it."""
    row = tx.session.get(Item, item)
    if row is None:
        raise Unusable("item: no such item")
    row.agreement_id, row.agreement_price = agreement, price
    found = [one for one in of_item(tx.session, row, tx.now) if one.rule == "PRICE-AGREEMENT"]
    if row.state != "listed":
        return
    if found:
        block(tx, row, "PRICE-AGREEMENT")
        one = found[0]
        what = raise_flag(tx, row, "agreement", rule=one.rule, required=one.required, found=one.found)
        what.state, what.decided_at = "blocked", tx.now
    else:
        listing.appear(tx, row, "item.changed", changed=["agreement_id"])


def block(tx: Tx, row: Item, reason: str) -> None:
    row.state, row.reason = "blocked", reason
    listing.appear(tx, row, "item.blocked", reason=reason)
    tx.publish(f"org:{row.supplier_org}", "item.blocked", {"item": row.id})
