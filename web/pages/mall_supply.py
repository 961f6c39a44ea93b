"""The supplier's desk of the mall: entry and points, items, files of items, what the patrol asks."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, g, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from accounts import queries as accounts
from core import canon, data
from core.access import Actor, Role
from core.faults import Unusable
from core.fields import sha256 as digest_of
from core.money import yuan
from trading.framework import queries as frameworks
from trading.mall import importing, pictures, queries, sheet, watch
from trading.mall.categories import categories
from trading.mall.machine import ITEM
from trading.mall.models import STATES, ImportRun, Item
from trading.mall.templates import asked_of
from trading.order import queries as orders
from trading.supplier import queries as suppliers
from trading.supplier import rules as supplier_rules
from trading.supplier.models import MallSupplier
from web import files, supply_words, words
from web.front import Permit, permit, reading, wired
from web.nav import Link
from web.pages.cases import page
from web.words import N_
from web.workbench import Item as Task

blueprint = Blueprint("mall_supply", __name__)
LINKS = (Link(N_("Supply"), "/mall/supply", "ti-package", Permit((Role.BIDDER,)), 20),)
words.teach(supply_words.SENTENCES)
FAULTS = 200  # of a report on one page
READERS = (Role.BIDDER, Role.CENTRE, Role.REGULATOR, Role.AUDITOR)


def named_categories(codes: list[str]) -> list[dict[str, str]]:
    known = categories().by_code
    return [{"code": code, "name": known[code].name if code in known else code} for code in codes]


def named_regions(codes: list[str]) -> list[dict[str, str]]:
    return [{"code": code, "name": data.regions().full_name(code)} for code in codes]


def shown(template: str, **values: Any) -> str:
    """A page of the mall with the words that its scripts say."""
    common = {"states": supply_words.ITEM_STATES, "entry_states": supply_words.ENTRY_STATES, "yuan": yuan,
              "kinds": supply_words.FLAG_KINDS, "flag_states": supply_words.FLAG_STATES, "marks": supply_words.MARKS,
              "grounds": supply_words.GROUNDS, "credit_states": supply_words.CREDIT_STATES,
              "credit_book": supplier_rules.book_at}  # fmt: skip
    return page(template, supply_words.SCRIPTS, **common, **values)


def _missing(session: Session, row: MallSupplier | None, listed: int) -> list[tuple[str, str, str]]:
    """(what, where it is done, words of the link): what stands between this organisation and selling."""
    found = []
    if row is None or row.state != "active":
        found.append((N_("An entry into the mall that the centre has approved"), "", ""))
    elif not listed:
        found.append((N_("An item that is listed: enter one or import a file, then hand it in"),
                      "/mall/supply/items/new", N_("New item")))  # fmt: skip
    if accounts.signing_certificate(session, g.actor.person, g.now) is None:
        found.append((N_("Your signing certificate, for orders, quotes and auctions"), "/me", N_("My certificates")))
    if accounts.decryption_certificate(session, g.actor.org, "org-encrypt", g.now) is None:
        found.append((N_("A decryption key of your organisation, for sealed quotes"), "/me", N_("My certificates")))
    return found


@blueprint.get("/mall/supply")
@permit(Role.BIDDER)
def desk() -> str:
    """?state= ?q= ?after=: one's entry, one's items."""
    session, org = reading(), g.actor.org
    row = suppliers.entry(session, org)
    state, text, after = (request.args.get(key, "").strip()[:60] for key in ("state", "q", "after"))
    state = state if state in STATES else ""
    rows = queries.own_items(session, org, state=state, text=text, after=after, limit=queries.PAGE + 1) if row else []
    counts = queries.counts(session, org)
    return shown(
        "mall/supply.html", entry=row, items=rows[: queries.PAGE], state=state, text=text,
        more=rows[queries.PAGE - 1].id if len(rows) > queries.PAGE else "",
        counts=counts, missing=_missing(session, row, counts.get("listed", 0)),
        money=orders.owed_to(session, org, g.now), flags=queries.own_flags(session, org),
        credits=suppliers.credits(session, row.id) if row else [], rated=supplier_rules.ratings(g.now),
        book=supplier_rules.book_at(g.now),
        imports=queries.imports(session, org, 3),
        categories=named_categories(row.categories if row else []), regions=named_regions(row.regions if row else []),
        asked_categories=named_categories(row.change.get("categories", []) if row else []),
        asked_regions=named_regions(row.change.get("regions", []) if row else []),
    )  # fmt: skip


def _own(session: Session, item: str) -> Item:
    row = session.get(Item, item)
    if row is None or not g.actor.org or row.supplier_org != g.actor.org:
        abort(404)
    return row


@blueprint.get("/mall/supply/items/new")
@permit(Role.BIDDER)
def new() -> str:
    """?category=: the form of an item of it; without one the category is chosen first."""
    return _form(reading(), None)


@blueprint.get("/mall/supply/items/<item>")
@permit(Role.BIDDER)
def edit(item: str) -> str:
    session = reading()
    return _form(session, _own(session, item))


def _form(session: Session, row: Item | None) -> str:
    entry = suppliers.entry(session, g.actor.org)
    code = request.args.get("category", "") or (row.category if row else "")
    if code and code not in categories().by_code:
        abort(404)
    asked = asked_of(session, [code])[code] if code else None
    chosen = row.regions if row else entry.regions if entry else []
    return shown(
        "mall/supply_item.html", row=row, entry=entry, asked=asked, code=code,
        path=categories().path(code) if code else [], regions=named_regions(chosen),
        own_categories=named_categories(entry.categories if entry else []),
        certificates={one["mark"]: one for one in row.certificates} if row else {},
        acts={step.act for step in ITEM.open_acts(row.state)} if row else set(),
        history=queries.price_history(session, row.id) if row else [],
        flags=queries.item_flags(session, row.id, own=True) if row else [],
        breaches=watch.of_item(session, row, g.now) if row and row.state != "listed" else [],
        agreements=frameworks.supplying(session, g.actor.org) if row else [],
    )  # fmt: skip


@blueprint.post("/mall/supply/pictures")
@permit(Role.BIDDER)
def take_picture() -> Response:
    """{sha256} of an uploaded file → {sha256} of the picture made of it."""
    body = canon.loads(request.get_data(cache=False))
    if not isinstance(body, dict):
        raise Unusable("body: an object is expected")
    made = pictures.take(wired().acts, g.actor, digest_of(body, "sha256"))
    return Response(canon.dumps({"sha256": made}), mimetype="application/json")


@blueprint.get("/mall/pictures/<sha256>")
@permit(Role.PUBLIC)
def picture(sha256: str) -> Response:
    """A picture of an item, by its digest; nothing else that is stored is reached by this way."""
    if not pictures.known(reading(), sha256):
        abort(404)
    response = files.blob(sha256, f"{sha256[:12]}.jpg", pictures.MEDIA)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


# -- files of items ---------------------------------------------------------------------------------------------------


@blueprint.get("/mall/supply/template.xlsx")
@permit(Role.BIDDER)
def blank() -> Response:
    """?category=: the workbook to fill in."""
    code = request.args.get("category", "")
    category = categories().by_code.get(code)
    if category is None:
        abort(404)
    made = sheet.blank(category, asked_of(reading(), [code])[code])
    response = Response(made, mimetype=sheet.MEDIA)
    name = quote(f"商品导入模板 {code}.xlsx")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


@blueprint.get("/mall/supply/import")
@permit(Role.BIDDER)
def import_desk() -> str:
    return _import_page()


def _import_page(problem: str = "", submit: bool = False) -> str:
    session, org = reading(), g.actor.org
    entry = suppliers.entry(session, org)
    own = named_categories(entry.categories if entry else [])
    return shown("mall/supply_import.html", imports=queries.imports(session, org), own_categories=own, problem=problem,
                 submit=submit, run=None, faults=[], start=0, more=0)  # fmt: skip


@blueprint.post("/mall/supply/import")
@permit(Role.BIDDER)
def import_file() -> Answer | tuple[str, int]:
    """A workbook from the form, or {items: […], submit?} as JSON, which is answered by the report as JSON."""
    if request.mimetype == "application/json":
        body = canon.loads(request.get_data(cache=False))
        submit = isinstance(body, dict) and body.get("submit") is True
        done = importing.run(wired().acts, g.actor, "JSON", lambda: sheet.lines_of_json(body), submit=submit)
        return Response(canon.dumps(done | {"report": _report(done["import"])}), mimetype="application/json")
    file, submit = request.files.get("file"), request.form.get("submit") == "1"
    content = file.read() if file is not None else b""
    try:
        if file is None or not content:
            raise Unusable("file: missing")
        name = file.filename or "file"
        done = importing.run(wired().acts, g.actor, name, lambda: sheet.lines_of(content), submit=submit)
    except Unusable as error:
        return _import_page(supply_words.unreadable(str(error)), submit), 400
    return redirect(f"/mall/supply/imports/{done['import']}", 303)


def _report(run: str) -> list[dict[str, Any]]:
    row = reading().get(ImportRun, run)
    assert row is not None
    found: list[dict[str, Any]] = canon.loads(wired().acts.house.blobs.get(row.report))
    return found


def _run(run: str) -> ImportRun:
    row = reading().get(ImportRun, run)
    if row is None or not g.actor.org or row.supplier_org != g.actor.org:
        abort(404)
    return row


@blueprint.get("/mall/supply/imports/<run>")
@permit(Role.BIDDER)
def imported(run: str) -> str:
    """?start=: the report, so many faults on a page."""
    row = _run(run)
    asked = request.args.get("start", "0")
    start = int(asked) if asked.isdecimal() and len(asked) <= 7 else 0
    faults = _report(run)
    part = [one | {"said": supply_words.expected(one)} for one in faults[start : start + FAULTS]]
    return shown("mall/supply_import.html", imports=[], own_categories=[], problem="", submit=False, run=row,
                 faults=part, start=start, more=start + FAULTS if len(faults) > start + FAULTS else 0)  # fmt: skip


@blueprint.get("/mall/supply/imports/<run>.json")
@permit(Role.BIDDER)
def report_file(run: str) -> Response:
    """Every fault."""
    row = _run(run)
    return files.blob(row.report, f"{run}.json", "application/json", saved=True)


# -- what is to be done -----------------------------------------------------------------------------------------------


def work(session: Session, actor: Actor, now: datetime) -> list[Task]:
    """Points and tasks of the patrol that the supplier may answer."""
    if not actor.has(Role.BIDDER):
        return []
    row = suppliers.entry(session, actor.org)
    if row is None:
        return []
    found: list[Task] = []
    if count := suppliers.unanswered(session, row.id):
        found.append({"title": N_("%(n)s entries of credit points"), "values": {"n": count},
                      "href": "/mall/supply#points", "act": N_("Answer")})  # fmt: skip
    asked = [flag for flag, _ in queries.own_flags(session, actor.org) if not flag.answer]
    if asked:
        found.append({"title": N_("%(n)s questions about prices"), "values": {"n": len(asked)},
                      "href": "/mall/supply#flags", "act": N_("Answer")})  # fmt: skip
    return found


WORK = work
