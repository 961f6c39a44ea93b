"""The mall's desk of the centre (entries, items, templates, patrol), and the suppliers as the regulator sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, g, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import queries as accounts
from core.access import Actor, Role
from trading.mall import queries, rules, watch
from trading.mall.categories import categories
from trading.mall.facts import KINDS
from trading.mall.machine import FLAG
from trading.mall.models import FLAG_STATES, Flag, Item, Sample
from trading.mall.templates import asked_of, own_fields
from trading.supplier import queries as suppliers
from trading.supplier import rules as supplier_rules
from trading.supplier.machine import ENTRY
from trading.supplier.models import STATES, Credit, MallSupplier
from web import files, shop_parts
from web.front import Permit, permit, reading
from web.nav import Link
from web.pages.mall_supply import named_categories, named_regions, shown
from web.shop_parts import Piece
from web.words import N_
from web.workbench import Item as Task

blueprint = Blueprint("mall_desk", __name__)
shop_parts.offer("item", Piece("mall/piece_report.html", Permit((Role.PUBLIC,)), 90))
OFFICES = (Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
LINKS = (
    Link(N_("Mall desk"), "/mall/review", "ti-clipboard-check", Permit((Role.CENTRE,)), 20),
    Link(N_("Price patrol"), "/mall/patrol", "ti-eye-check", Permit(OFFICES), 30),
    Link(N_("Mall suppliers"), "/mall/review/suppliers", "ti-building-store", Permit(OFFICES), 31),
)
PAGE = queries.PAGE


@blueprint.get("/mall/review")
@permit(Role.CENTRE)
def review() -> str:
    """?after=: entries that wait, the longest first, and items, the first due first."""
    session = reading()
    after = request.args.get("after", "")[:16]
    rows = queries.pending(session, after, PAGE + 1)
    waiting = suppliers.waiting(session, limit=PAGE)
    places = {row.id: named_regions(row.change.get("regions") or row.regions) for row, _ in waiting}
    wanted = {row.id: named_categories(row.change.get("categories") or row.categories) for row, _ in waiting}
    return shown(
        "mall/review.html", waiting=waiting, places=places, wanted=wanted, items=rows[:PAGE],
        more=rows[PAGE - 1][0].id if len(rows) > PAGE else "",
        warned=watch.of_items(session, [row for row, _ in rows[:PAGE]], g.now),
        paths={row.category: categories().path(row.category) for row, _ in rows},
        templates=queries.kept_templates(session), days=rules.book_at(g.now)["ITEM-REVIEW"].number,
    )  # fmt: skip


@blueprint.get("/mall/review/templates")
@permit(Role.CENTRE)
def templates() -> str:
    """?category=: what it asks of its own, what it inherits, and its versions."""
    session, code = reading(), request.args.get("category", "")
    if code and code not in categories().by_code:
        abort(404)
    whole = asked_of(session, [code])[code] if code else None
    return shown(
        "mall/templates.html", code=code, path=categories().path(code) if code else [],
        own=own_fields(session, code) if code else None, kept=queries.kept_templates(session),
        inherited=[one for one in whole.fields if one.of != code] if whole else [],
        versions=queries.template_versions(session, code) if code else [], field_kinds=KINDS,
    )  # fmt: skip


@blueprint.get("/mall/patrol")
@permit(Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
def patrol() -> str:
    """?state= ?after=: tasks of the patrol, the samples of the months."""
    session = reading()
    state, after = request.args.get("state", "open"), request.args.get("after", "")[:16]
    state = state if state in FLAG_STATES else "open"
    rows = queries.flags(session, state=state, after=after, limit=PAGE + 1)
    people = accounts.names(session, list({flag.decided_by for flag, _, _ in rows}))
    samples = queries.samples(session)
    return shown(
        "mall/patrol.html", rows=rows[:PAGE], more=rows[PAGE - 1][0].id if len(rows) > PAGE else "", state=state,
        people=people, samples=samples, counts=queries.flag_counts(session),
        drawn=bool(samples) and samples[0].month == f"{g.now:%Y-%m}",
        acts={row.act.partition(".")[2] for row in FLAG.open_acts(state, g.actor)},
    )  # fmt: skip


@blueprint.get("/mall/patrol/items/<item>")
@permit(Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
def item(item: str) -> str:
    """One item with everything that was found on it, and every price buyers saw."""
    session = reading()
    row = session.get(Item, item)
    if row is None:
        abort(404)
    facts = queries.item_facts(session, [item])[item]
    return shown(
        "mall/looked_at.html", row=row, supplier=facts["supplier"], path=categories().path(row.category),
        regions=named_regions(row.regions), history=queries.price_history(session, item),
        flags=queries.item_flags(session, item), breaches=watch.of_item(session, row, g.now),
    )  # fmt: skip


@blueprint.get("/mall/patrol/samples/<month>.json")
@permit(Role.PUBLIC)
def population(month: str) -> Response:
    """The items that were listed when the sample of this month was drawn: with the seed anyone draws it again."""
    row = reading().get(Sample, month)
    if row is None:
        abort(404)
    return files.blob(row.population, f"{month}.json", "application/json")


@blueprint.get("/mall/patrol/evidence/<kind>/<entry>")
@permit(Role.BIDDER, Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
def evidence(kind: str, entry: str) -> Response:
    """The file behind points given or a decision of the patrol, for the offices and the supplier itself."""
    session, sha256, org = reading(), "", ""
    if kind == "credit" and (credit := session.get(Credit, entry)) is not None:
        sha256, org = credit.file, session.get_one(MallSupplier, credit.supplier_id).org_id
    elif kind == "flag" and (flag := session.get(Flag, entry)) is not None:
        sha256, org = flag.file, flag.supplier_org
    if not sha256 or not (g.actor.has(*OFFICES) or (g.actor.org and g.actor.org == org)):
        abort(404)
    return files.blob(sha256, entry, "application/octet-stream", saved=True)


@blueprint.get("/mall/review/suppliers")
@permit(*OFFICES)
def listed() -> str:
    """?state= ?q= ?after=: every entry by name, with its points."""
    session = reading()
    state, text, after = (request.args.get(key, "").strip()[:100] for key in ("state", "q", "after"))
    state = state if state in STATES else ""
    rows = suppliers.listed(session, state=state, text=text, after=after, limit=PAGE + 1)
    return shown("mall/desk_suppliers.html", rows=rows[:PAGE], state=state, text=text,
                 more=rows[PAGE - 1][1].name if len(rows) > PAGE else "", to_settle=suppliers.to_settle(session),
                 book=supplier_rules.book_at(g.now))  # fmt: skip


@blueprint.get("/mall/review/suppliers/<supplier>")
@permit(*OFFICES)
def one(supplier: str) -> str:
    session = reading()
    row = session.get(MallSupplier, supplier)
    if row is None:
        abort(404)
    book, credits = supplier_rules.book_at(g.now), suppliers.credits(session, supplier)
    who = {one.given_by for one in credits} | {one.settled_by for one in credits}
    return shown(
        "mall/desk_supplier.html", row=row, org=accounts.org(session, row.org_id), credits=credits, book=book,
        categories=named_categories(row.categories), regions=named_regions(row.regions),
        known=supplier_rules.grounds(book), people=accounts.names(session, sorted(who - {""})),
        acts={step.act for step in ENTRY.open_acts(row.state, g.actor)},
        counts=queries.counts(session, row.org_id),
    )  # fmt: skip


@blueprint.get("/mall/patrol/mine")
@permit(person=True)
def reports() -> str:
    """What became of the prices one has reported."""
    return shown("mall/my_reports.html", rows=queries.my_reports(reading(), g.actor.person))


# -- what is to be done -----------------------------------------------------------------------------------------------


def work(session: Session, actor: Actor, now: datetime) -> list[Task]:
    """Entries, items and prices that wait for the centre; answers of suppliers that wait for whoever did not give the
    points."""
    found: list[Task] = []
    if actor.has(Role.CENTRE):
        for row, org in suppliers.waiting(session, limit=20):
            found.append({"title": N_("Entry into the mall"), "subject": org.name, "href": "/mall/review",
                          "act": N_("Review"), "due": row.due})  # fmt: skip
        found += _reviews(queries.pending(session, limit=100), now)
        found += _counted(len(queries.flags(session, limit=100)), N_("%(n)s prices to look into"), "/mall/patrol")
        drawn = session.scalar(select(Sample.month).where(Sample.month == f"{now:%Y-%m}"))
        if drawn is None and session.scalar(select(Item.id).where(Item.state == "listed").limit(1)):
            found.append({"title": N_("This month's sample of prices"), "href": "/mall/patrol", "act": N_("Draw it")})
    if actor.has(Role.CENTRE, Role.REGULATOR):
        mine = [org for credit, org in suppliers.to_settle(session) if credit.given_by != actor.person]
        found += _counted(len(mine), N_("%(n)s answers of suppliers about points"), "/mall/review/suppliers#answers")
    return found


def _reviews(rows: list[tuple[Item, str]], now: datetime) -> list[Task]:
    """Due when the first of the items is."""
    late = sum(row.due is not None and row.due < now for row, _ in rows)
    title = N_("%(n)s items to review, %(late)s of them overdue") if late else N_("%(n)s items to review")
    found = _counted(len(rows), title, "/mall/review#items")
    for task in found:
        task["due"] = rows[0][0].due
        task["values"] |= {"late": late if late < 100 else "100+"}
    return found


def _counted(count: int, title: str, href: str) -> list[Task]:
    values: dict[str, Any] = {"n": count if count < 100 else "100+"}
    return [{"title": title, "values": values, "href": href, "act": N_("Look")}] if count else []


WORK = work
