"""What pages and other rooms may read of items, their prices and the patrol's tasks. Lists go by keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session

from accounts.models import Org
from core import data
from core.access import Actor, Role
from core.doors import Payload, asking
from core.faults import Unusable
from trading.mall.categories import Category, categories
from trading.mall.models import Flag, ImportRun, Item, PriceChange, Sample, Template

PAGE = 50
SHOWN = ("id", "supplier_org", "sku", "category", "name", "brand", "model", "specs", "unit", "price", "elsewhere",
         "elsewhere_url", "stock", "sold", "regions", "marks", "certificates", "pictures", "agreement_id",
         "agreement_price", "state", "version", "changed_at", "listed_at")  # fmt: skip


def item_facts(session: Session, items: Iterable[str]) -> dict[str, dict[str, Any]]:
    """{id: the row's values and `supplier`, its name}, in whatever state they are."""
    wanted = sorted(set(items))
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(wanted), 500):
        query = select(Item, Org.name).join(Org, Org.id == Item.supplier_org)
        for row, name in session.execute(query.where(Item.id.in_(wanted[start : start + 500]))):
            found[row.id] = {key: getattr(row, key) for key in SHOWN} | {"supplier": name}
    return found


def own_items(
    session: Session, org: str, *, state: str = "", text: str = "", after: str = "", limit: int = PAGE
) -> list[Item]:
    """A supplier's items: of one state the latest changed first, else by its own numbers; `after`: the last one's id.
    `text` is how a number begins."""
    query = select(Item).where(Item.supplier_org == org)
    last = session.get(Item, after) if after else None
    if text:
        query = query.where(Item.sku >= text, Item.sku < text + "\U0010ffff")
    if state and not text:
        query = query.where(Item.state == state).order_by(Item.changed_at.desc(), Item.id.desc())
        if last is not None:
            query = query.where(tuple_(Item.changed_at, Item.id) < (last.changed_at, last.id))
        return list(session.scalars(query.limit(limit)))
    if state:
        query = query.where(Item.state == state)
    if last is not None:
        query = query.where(Item.sku > last.sku)
    return list(session.scalars(query.order_by(Item.sku).limit(limit)))


@asking("item.mine", Role.BIDDER)
def mine(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{state?, text?, after?} → {items, more}: one's own items for programs, a page at a time; `after` is an id."""
    state, text, after = (str(p.get(key, ""))[:60] for key in ("state", "text", "after"))
    rows = own_items(session, actor.org, state=state, text=text, after=after, limit=PAGE + 1) if actor.org else []
    listed = [{key: getattr(row, key) for key in SHOWN} for row in rows[:PAGE]]
    return {"items": listed, "more": rows[PAGE - 1].id if len(rows) > PAGE else ""}


def counts(session: Session, org: str) -> dict[str, int]:
    """{state: how many items}"""
    query = select(Item.state, func.count()).where(Item.supplier_org == org).group_by(Item.state)
    return {state: count for state, count in session.execute(query)}  # noqa: C416


def pending(session: Session, after: str = "", limit: int = PAGE) -> list[tuple[Item, str]]:
    """(item, supplier's name) that wait for review, the first due first."""
    query = select(Item, Org.name).join(Org, Org.id == Item.supplier_org).where(Item.state == "pending")
    last = session.get(Item, after) if after else None
    if last is not None and last.due is not None:
        query = query.where(tuple_(Item.due, Item.id) > (last.due, last.id))
    rows = session.execute(query.order_by(Item.due, Item.id).limit(limit))
    return [(row, name) for row, name in rows]


def price_history(session: Session, item: str, limit: int = 200) -> list[PriceChange]:
    """The latest first."""
    query = select(PriceChange).where(PriceChange.item_id == item).order_by(PriceChange.at.desc()).limit(limit)
    return list(session.scalars(query))


def flags(session: Session, *, state: str = "open", after: str = "", limit: int = PAGE) -> list[tuple[Flag, Item, str]]:
    """(task, item, supplier's name) of the patrol, the oldest first."""
    query = select(Flag, Item, Org.name).join(Item, Item.id == Flag.item_id).join(Org, Org.id == Item.supplier_org)
    query = query.where(Flag.state == state)
    last = session.get(Flag, after) if after else None
    if last is not None:
        query = query.where(tuple_(Flag.at, Flag.id) > (last.at, last.id))
    rows = session.execute(query.order_by(Flag.at, Flag.id).limit(limit))
    return [(flag, item, name) for flag, item, name in rows]


def flag_counts(session: Session) -> dict[str, int]:
    """{state: how many} of all tasks of the patrol."""
    return dict(session.execute(select(Flag.state, func.count()).group_by(Flag.state)).all())


def own_flags(session: Session, org: str, limit: int = PAGE) -> list[tuple[Flag, Item]]:
    """Tasks on a supplier's items that are not released, the latest first. Which items the sample has drawn a supplier
    learns when something was found."""
    query = select(Flag, Item).join(Item, Item.id == Flag.item_id)
    query = query.where(Flag.supplier_org == org, Flag.state.in_(("open", "confirmed", "blocked")), _told())
    return [(flag, item) for flag, item in session.execute(query.order_by(Flag.at.desc(), Flag.id).limit(limit))]


def _told() -> ColumnElement[bool]:
    return or_(Flag.kind != "sample", Flag.state != "open")


def item_flags(session: Session, item: str, *, own: bool = False, limit: int = PAGE) -> list[Flag]:
    """`own`: as its supplier sees them."""
    query = select(Flag).where(Flag.item_id == item).order_by(Flag.at.desc(), Flag.id).limit(limit)
    return list(session.scalars(query.where(_told()) if own else query))


def my_reports(session: Session, person: str, limit: int = PAGE) -> list[tuple[Flag, Item]]:
    """What became of the reports of one person."""
    query = select(Flag, Item).join(Item, Item.id == Flag.item_id).where(Flag.reporter == person)
    return [(flag, item) for flag, item in session.execute(query.order_by(Flag.at.desc(), Flag.id).limit(limit))]


def samples(session: Session, limit: int = 24) -> list[Sample]:
    return list(session.scalars(select(Sample).order_by(Sample.month.desc()).limit(limit)))


def imports(session: Session, org: str, limit: int = 20) -> list[ImportRun]:
    query = select(ImportRun).where(ImportRun.supplier_org == org).order_by(ImportRun.at.desc(), ImportRun.id)
    return list(session.scalars(query.limit(limit)))


def kept_templates(session: Session) -> list[tuple[Category, Template]]:
    """The newest version of every category's own template."""
    newest = select(Template.category, func.max(Template.version).label("version")).group_by(Template.category)
    top = newest.subquery()
    query = select(Template).join(
        top, (top.c.category == Template.category) & (top.c.version == Template.version)
    )  # fmt: skip
    rows = session.scalars(query.order_by(Template.category))
    return [(categories().get(row.category), row) for row in rows]


def template_versions(session: Session, category: str) -> list[Template]:
    query = select(Template).where(Template.category == category).order_by(Template.version.desc())
    return list(session.scalars(query))


# -- looking for a category or a region: asked as one types, never loaded whole ---------------------------------------


def _path(rows: Sequence[Any]) -> str:
    return " / ".join(one.name for one in rows)


def _category(one: Category) -> dict[str, Any]:
    of = categories()
    return {"code": one.code, "name": one.name, "path": _path(of.path(one.code)[:-1]), "doubtful": one.doubtful,
            "more": bool(of.children(one.code))}  # fmt: skip


@asking("category.look_up", Role.PUBLIC)
def look_up_category(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{text} → {found: [{code, name, path, doubtful, more}]}: by name or code, twenty at most; {under} → those directly
    below a code, "" the roots."""
    if "under" in p:
        under = str(p["under"])
        if under:
            categories().get(under)
        return {"found": [_category(one) for one in categories().children(under)]}
    text = str(p.get("text", "")).strip()
    if len(text) > 40:
        raise Unusable("text: at most 40 characters, found " + str(len(text)))
    return {"found": [_category(one) for one in categories().look_up(text)]}


@asking("region.look_up", Role.PUBLIC)
def look_up_region(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{under} → {found: [{code, name, path, more}]}: directly below a code, "" the provinces; {text} → by whole code or
    by a part of the name, twenty at most."""
    of = data.regions()
    if "under" in p:
        rows = of.under(str(p["under"]) or None)
        below = [one for row in rows for one in (of.under(row.code) if row.virtual else [row])]
    else:
        below = of.look_up(str(p.get("text", "")).strip()[:40])
    return {
        "found": [
            {"code": one.code, "name": one.name, "path": _path(of.path(one.code)[:-1]), "doubtful": False,
             "more": bool(of.under(one.code))}
            for one in below
        ]
    }  # fmt: skip
