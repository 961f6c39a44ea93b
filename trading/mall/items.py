"""An item's life by its supplier and the centre: saved, handed in, reviewed, changed, taken down."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import fields, jobs
from core.access import SYSTEM, Role
from core.acts import Acts, Tx
from core.clock import CST
from core.data import calendar, regions
from core.doors import Payload, acting
from core.faults import Unusable
from core.ledger import Entry
from core.rules import Breach, Refused, refuse_if, shown
from trading.mall import content, listing, rules, watch
from trading.mall.categories import categories
from trading.mall.facts import Asked
from trading.mall.machine import ITEM
from trading.mall.models import Flag, Item, Picture
from trading.mall.templates import asked_of
from trading.supplier.facts import Standing
from trading.supplier.queries import standing, standings
from trading.supplier.rules import may_supply

MOST_REVIEWED = 100
NOTED = 200  # items of which one act of the timer says that they are late
GOODS_AND_SERVICES = ("A", "C")


def own_item(tx: Tx, item: str) -> Item:
    row = tx.session.get(Item, item)
    if row is None or not tx.actor.org or row.supplier_org != tx.actor.org:
        raise Unusable("item: no such item of yours")
    return row


def placed(values: dict[str, Any], seller: Standing, book: rules.Book) -> list[Breach]:
    """Whether this supplier may offer such a thing there at all."""
    category = categories().get(values["category"])
    found = may_supply(seller, category.code, "")
    if category.doubtful:
        found.append(book["ITEM-DOUBTFUL"].breach(category.code, required="-", field="category"))
    if not category.code.startswith(GOODS_AND_SERVICES) or not category.parent:
        found.append(book["ITEM-GOODS"].breach(category.code, required="A… / C…", field="category"))
    of = regions()
    outside = [one for one in values["regions"] if not any(of.covers(held, one) for held in seller.regions)]
    row = book["ITEM-REGION"]
    if seller.state == "active":
        found += [row.breach(one, required=", ".join(seller.regions[:5]), field="regions") for one in outside]
    return found


def complete(values: dict[str, Any], asked: Asked, day: date, book: rules.Book) -> list[Breach]:
    """What must hold before buyers may see it."""
    return [
        *rules.specs_fit(values["specs"], asked, book),
        *rules.certificates_valid(values["certificates"], day, book),
    ]


def _pictures(session: Session, org: str, values: dict[str, Any], book: rules.Book) -> list[Breach]:
    wanted = values["pictures"]
    query = select(Picture.sha256).where(Picture.org_id == org, Picture.sha256.in_(wanted))
    if set(wanted) - set(session.scalars(query)):
        raise Unusable("pictures: upload the file first")
    return rules.pictures_few(len(wanted), book)


def _sku_free(tx: Tx, item: str, sku: str, book: rules.Book) -> list[Breach]:
    query = select(Item.id).where(Item.supplier_org == tx.actor.org, Item.sku == sku, Item.id != item).limit(1)
    with tx.session.no_autoflush:
        taken = tx.session.scalar(query)
    return [book["ITEM-SKU"].breach(sku, required="-", field="sku")] if taken else []


def values_of(item: Item) -> dict[str, Any]:
    return {key: getattr(item, key) for key in content.KEYS}


def plan_marks(session: Session, item: str, certificates: list[dict[str, str]], now: datetime) -> None:
    """The mark is lost on the day after the certificate's last one."""
    for until in content.until_days(certificates):
        at = datetime.combine(until + timedelta(days=1), time(0, 0, 1), CST)
        if at > now:
            jobs.plan(session, at, "item.mark_ended", item, {})


@acting("item.save", Role.BIDDER)
def save(tx: Tx, case: str, p: Payload) -> Payload:
    """{item?, sku, category, name, brand, model?, unit, price, elsewhere?, elsewhere_url?, stock, regions,
    certificates?, specs?, pictures?} → {item, breaches}: a new draft, or one's own item changed. A change of a listed
    item is asked everything that listing asks, and its price goes through the watch again."""
    fields.only(p, "item", *content.KEYS)
    values, book = content.read_all(p), rules.book_at(tx.now)
    row = own_item(tx, fields.text(p, "item", limit=16)) if p.get("item") else None
    found = placed(values, standing(tx.session, tx.actor.org), book)
    found += _sku_free(tx, row.id if row else "", values["sku"], book)
    refuse_if(found + _pictures(tx.session, tx.actor.org, values, book))
    asked = asked_of(tx.session, [values["category"]])[values["category"]]
    if row is None:
        row = Item(supplier_org=tx.actor.org, state=ITEM.first, changed_at=tx.now, version=1)
        warned = _keep(tx, row, values, asked)
    else:
        ITEM.move(row.state, "item.save", tx.actor)
        warned = _revise(tx, row, values, asked) if row.state == "listed" else _keep(tx, row, values, asked)
    return {"item": row.id, "breaches": shown(warned)}


def write(row: Item, values: dict[str, Any], asked: Asked, day: date) -> list[str]:
    """The values into the row; the keys that have changed."""
    changed = [key for key, value in values.items() if getattr(row, key) != value]
    for key in changed:
        setattr(row, key, values[key])
    row.template, row.marks = dict(asked.versions), rules.marks_of(values["certificates"], day)
    return changed


def _keep(tx: Tx, row: Item, values: dict[str, Any], asked: Asked) -> list[Breach]:
    """Of what nobody but its supplier sees, nothing is asked yet but what is said is warned of."""
    write(row, values, asked, tx.now.date())
    row.changed_at = tx.now
    tx.session.add(row)
    tx.session.flush()
    plan_marks(tx.session, row.id, values["certificates"], tx.now)
    tx.record(listing.stream(row.id), "item.saved", {"item": row.id, "sku": row.sku, "state": row.state})
    return watch.asked(tx.session, row, values, tx.now)


def _revise(tx: Tx, row: Item, values: dict[str, Any], asked: Asked) -> list[Breach]:
    """A listed item."""
    book, day = rules.book_at(tx.now), tx.now.date()
    before = [row.category, row.brand, row.model]
    found = rules.same_thing(before, [values[key] for key in ("category", "brand", "model")], book)
    found += complete(values, asked, day, book)
    looked = any(getattr(row, key) != values[key] for key in watch.LOOKED_AT)
    found += watch.asked(tx.session, row, values, tx.now) if looked else []
    warned = refuse_if(found)
    price = row.price
    changed = write(row, values, asked, day)
    if changed:
        told_change(tx, row, changed, price)
        watch.flag(tx, row, warned)
    if "certificates" in changed:
        plan_marks(tx.session, row.id, values["certificates"], tx.now)
    return warned


def told_change(tx: Tx, row: Item, changed: list[str], price: Decimal) -> None:
    """`price`: the one before. Its change stays in the item's history."""
    if row.price != price:
        listing.note_price(tx, row, price)
    listing.appear(tx, row, "item.changed", changed=changed)


def ready(tx: Tx, rows: list[Item]) -> dict[str, list[Breach]]:
    """{item: everything that listing asks of it as it stands, what blocks and what warns}, in a few questions."""
    book, day = rules.book_at(tx.now), tx.now.date()
    sellers = standings(tx.session, {row.supplier_org for row in rows})
    asked = asked_of(tx.session, {row.category for row in rows})
    watched = watch.of_items(tx.session, rows, tx.now)
    found: dict[str, list[Breach]] = {}
    for row in rows:
        values = values_of(row)
        found[row.id] = [
            *placed(values, sellers[row.supplier_org], book),
            *complete(values, asked[row.category], day, book),
            *watched[row.id],
        ]
    return found


def file_for_review(tx: Tx) -> dict[str, Any]:
    """What says of items handed in now that they wait, and until when; the timer of all of them is set."""
    until = rules.review_until(tx.now, rules.book_at(tx.now), calendar()).date
    due = datetime.combine(until, time(23, 59, 59), CST)
    jobs.plan(tx.session, due + timedelta(seconds=1), "item.overdue", tx.actor.org, {"filed": tx.now.isoformat()})
    return {"filed_at": tx.now, "due": due, "late_at": None}


@acting("item.submit", Role.BIDDER)
def submit(tx: Tx, case: str, p: Payload) -> Payload:
    """{items: [id]} → {breaches, due}: handed in for review, all or none."""
    fields.only(p, "items")
    rows = [own_item(tx, one) for one in _ids(p)]
    steps = [ITEM.move(row.state, "item.submit", tx.actor) for row in rows]
    found, warned = ready(tx, rows), list[Breach]()
    asked, filed = asked_of(tx.session, {row.category for row in rows}), file_for_review(tx)
    for row, step in zip(rows, steps, strict=True):
        warned += refuse_if(found[row.id])
        row.template, row.state, row.changed_at = dict(asked[row.category].versions), step.target, tx.now
        row.filed_at, row.due, row.late_at = filed["filed_at"], filed["due"], None
        tx.record(listing.stream(row.id), "item.submitted", {"item": row.id, "sku": row.sku, "due": row.due})
    return {"breaches": shown(warned), "due": filed["due"].isoformat()}


def _ids(p: Payload) -> list[str]:
    given = fields.items(p, "items", most=MOST_REVIEWED)
    if not given or not all(isinstance(one, str) for one in given):
        raise Unusable("items: one or more are expected")
    return list(dict.fromkeys(given))


@acting("item.withdraw", Role.BIDDER)
def withdraw(tx: Tx, case: str, p: Payload) -> Payload:
    """{item}: out of the review, to be changed."""
    fields.only(p, "item")
    row = own_item(tx, fields.text(p, "item", limit=16))
    row.state, row.changed_at = ITEM.move(row.state, "item.withdraw", tx.actor).target, tx.now
    row.filed_at = row.due = row.late_at = None
    tx.record(listing.stream(row.id), "item.withdrawn", {"item": row.id})
    return {}


@acting("item.delist", Role.BIDDER)
def delist(tx: Tx, case: str, p: Payload) -> Payload:
    """{item}: buyers see it no more; it comes back through a review."""
    fields.only(p, "item")
    row = own_item(tx, fields.text(p, "item", limit=16))
    row.state = ITEM.move(row.state, "item.delist", tx.actor).target
    listing.appear(tx, row, "item.delisted")
    return {}


@acting("item.review", Role.CENTRE)
def review(tx: Tx, case: str, p: Payload) -> Payload:
    """{items: [id], approve, reason?} → {breaches}: all or none. A reason is said with a refusal."""
    fields.only(p, "items", "approve", "reason")
    approve = fields.yes_no(p, "approve")
    reason = fields.text(p, "reason", limit=300, default="" if approve else None)
    rows = [tx.session.get(Item, one) for one in _ids(p)]
    known = [row for row in rows if row is not None]
    if len(known) < len(rows):
        raise Unusable("item: no such item")
    for row in known:
        ITEM.move(row.state, "item.approve" if approve else "item.refuse", tx.actor)
    warned = _approve(tx, known) if approve else []
    for row in known:
        if not approve:
            late = {"late": True} if row.due is not None and tx.now > row.due else {}
            row.state, row.reason, row.changed_at = "refused", reason, tx.now
            row.filed_at = row.due = row.late_at = None
            tx.record(listing.stream(row.id), "item.refused", {"item": row.id, "reason": reason} | late)
    for org in sorted({row.supplier_org for row in known}):
        tx.publish(f"org:{org}", "item.reviewed", {"items": [row.id for row in known if row.supplier_org == org]})
    return {"breaches": shown(warned)}


def _approve(tx: Tx, rows: list[Item]) -> list[Breach]:
    """Asked again: templates, prices of others and the supplier's standing may have changed since it was handed in."""
    book, found = rules.book_at(tx.now), ready(tx, rows)
    asked = asked_of(tx.session, {row.category for row in rows})
    past = watch.history(tx.session, [row.id for row in rows])
    warned: list[Breach] = []
    for row in rows:
        warned += refuse_if(found[row.id] + rules.templates_same(row.template, asked[row.category], book))
        row.marks = rules.marks_of(row.certificates, tx.now.date())
        listing.put_up(tx, row, past[row.id][-1].price if row.id in past else None)
        watch.flag(tx, row, [one for one in found[row.id] if not one.blocks])
    return warned


def release(tx: Tx, row: Item) -> None:
    """A blocked item back on sale, asked everything again; one of several blocks is enough to keep it."""
    blocked = select(Flag.id).where(Flag.item_id == row.id, Flag.state == "blocked").limit(1)
    if row.state != "blocked" or tx.session.scalar(blocked):
        return
    found = [one for one in ready(tx, [row])[row.id] if one.blocks]
    if found:
        raise Refused(found)
    past = watch.history(tx.session, [row.id]).get(row.id, [])
    listing.put_up(tx, row, past[-1].price if past else None)


def _take_down(tx: Tx, org: str, everything: bool) -> None:
    """What the supplier's entry no longer holds: all of it when a supplier that was removed applies anew."""
    seller, book = standing(tx.session, org), rules.book_at(tx.now)
    for row in tx.session.scalars(select(Item).where(Item.supplier_org == org, Item.state == "listed")).all():
        if everything or placed(values_of(row), seller, book):
            row.state = "delisted"
            listing.appear(tx, row, "item.delisted", why="entry")


def entry_changed(acts: Acts, entry: Entry) -> None:
    acts.act(_take_down, SYSTEM, str(entry.body["org"]), entry.kind == "supplier.applied")


LISTENERS = {"supplier.applied": entry_changed, "supplier.changed": entry_changed}


@acting("item.mark_ended")
def mark_ended(tx: Tx, case: str, p: Payload) -> Payload:
    """{}: the timer on the day after a certificate's last one; a renewed certificate keeps its mark."""
    row = tx.session.get(Item, case)
    marks = rules.marks_of(row.certificates, tx.now.date()) if row is not None else []
    if row is None or marks == row.marks:
        return {}
    lost, row.marks, tx.actor = sorted(set(row.marks) - set(marks)), marks, SYSTEM
    if row.state == "listed":
        listing.appear(tx, row, "item.changed", changed=["marks"], lost=lost)
        tx.publish(f"org:{row.supplier_org}", "item.mark_ended", {"item": row.id})
    return {"lost": lost}


@acting("item.overdue")
def overdue(tx: Tx, case: str, p: Payload) -> Payload:
    """{filed}: the timer after the last working day of the centre, of what the supplier `case` handed in then and what
    still waits. On record once for each; a large file is gone through in pieces."""
    waits = (Item.supplier_org == case, Item.state == "pending", Item.filed_at == fields.moment(p, "filed"))
    query = select(Item).where(*waits, Item.late_at.is_(None), Item.due < tx.now)
    rows = list(tx.session.scalars(query.order_by(Item.id).limit(NOTED)))
    for row in rows:
        row.late_at = tx.now
        body = {"item": row.id, "sku": row.sku, "due": row.due}
        tx.record(listing.stream(row.id), "item.review_overdue", body, actor=SYSTEM)
    if rows:
        tx.publish(f"org:{case}", "item.review_overdue", {"items": len(rows)})
    if len(rows) == NOTED:
        jobs.plan(tx.session, tx.now, "item.overdue", case, {"filed": p["filed"]})
    return {"late": len(rows)}
