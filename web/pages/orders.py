"""Orders of the mall: the list and statements of buyer and supplier, one order whole, their part of the workbench."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, g, request
from flask_babel import gettext
from sqlalchemy.orm import Session

from certs import desk
from core.access import Actor, Role
from core.faults import Unusable
from core.money import yuan
from core.rules import Refused
from trading.order import bank, delivery, queries, reconciling, requests, statements
from trading.order.machine import MACHINE
from trading.order.models import Order, OrderInvoice
from trading.order.settlement import ASPECTS
from trading.order.states import READERS
from web import files, order_words, words, workbench
from web.front import Permit, permit, reading, wired
from web.nav import Link
from web.pages.cases import page
from web.pages.papers import STATES as DESK_STATES
from web.pages.room import heard
from web.words import N_
from web.workbench import Item

blueprint = Blueprint("orders", __name__)
words.teach(order_words.SENTENCES)
PARTIES = (Role.TENDERER, Role.BIDDER)
EVERYONE = (*PARTIES, *READERS)
LINKS = (Link(N_("Orders"), "/mall/orders", "ti-truck-delivery", Permit(EVERYONE), 22),)
RECENT = timedelta(days=7)  # P: how long a decided dispute stands on the regulator's workbench
SHOWN = 500  # orders a statement's page lists
TONES = {"CANCELLED": "secondary", "CLOSED": "secondary", "DISPUTED": "red", "CANCEL_REQUESTED": "orange",
         "RETURN_REQUESTED": "orange", "RETURNING": "orange", "PAID": "green", "RATED": "green"}  # fmt: skip


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """What waits for this organisation in its orders; for centre and regulator disputes and late payments."""
    mine = [(one, False) for one in queries.todo(session, actor, now)]
    since = now - RECENT
    mine += [(one, one["act"] != "order.decide" or not actor.has(Role.CENTRE))
             for one in queries.watched(session, actor, now, since)]  # fmt: skip
    return [
        Item(title=order_words.ACTS["order.late" if one["late"] else one["act"]], subject=one["number"],
             href=f"/mall/orders/{one['order']}", act=N_("Open"), due=one["due"], waiting=waiting)
        for one, waiting in mine
    ]  # fmt: skip


workbench.PROVIDERS.append(work)


@blueprint.get("/mall/orders")
@permit(*EVERYONE)
def index() -> str:
    """?tab=, ?q= the beginning of a number, ?after= where the next page begins."""
    tab, text, after = (request.args.get(key, "").strip() for key in ("tab", "q", "after"))
    if tab not in order_words.TABS:
        abort(404)
    session = reading()
    found = queries.orders(session, g.actor, g.now, tab=tab, text=text, after=after)
    return page(
        "mall/orders.html", found=found, tab=tab, text=text, after=after, tabs=order_words.TABS, tones=TONES,
        yuan=yuan, own=g.actor.org, statement=bool(_sides()), channels=heard(session, f"org:{g.actor.org}"),
    )  # fmt: skip


def _origin(row: Order) -> str:
    """The address of what the order came of, for whoever may open it; "" otherwise."""
    if not row.source_id:
        return ""
    if row.source in ("quote", "auction"):
        return f"/mall/{row.source}s/{row.source_id}"
    watches = g.actor.has(Role.REGULATOR, Role.AUDITOR)
    if row.source == "direct":
        return f"/mall/buying/{row.source_id}" if watches or g.actor.org == row.buyer_org else ""
    if row.settings.get("history"):  # a year that was taken over knows the agreement alone
        return f"/frameworks/{row.source_id}"
    return f"/frameworks/needs/{row.source_id}" if watches or g.actor.has(*PARTIES) else ""


def _opened(order: str) -> tuple[Session, Order]:
    """The order, or 404 for whoever may not read it: 403 would tell that it exists."""
    session = reading()
    try:
        return session, queries.readable(session, order, g.actor)
    except (Refused, Unusable):
        abort(404)


@blueprint.get("/mall/orders/<order>")
@permit(*EVERYONE)
def show(order: str) -> str:
    session, row = _opened(order)
    shown = queries.order_page(session, order, g.actor, g.now)
    if bank.of(wired().config) is None:
        shown["acts"] = [one for one in shown["acts"] if one["act"] != "order.remit"]
    acts = {one["act"]: one for one in shown["acts"]}
    signing = {one["document"] for one in desk.waiting(session, g.actor.person)}
    outcomes = {key: text for key, text in order_words.OUTCOMES.items() if row.before in requests.OUTCOMES[key]}
    return page(
        "mall/order.html", shown=shown, row=row, acts=acts, signing=signing, said=order_words, yuan=yuan,
        tones=TONES, desk_states=DESK_STATES, outcomes=outcomes, aspects=ASPECTS,
        channels=heard(session, f"order:{order}"), origin=_origin(row),
        under_way=delivery.under_way(session, row) if "order.decide" in acts else {},
    )  # fmt: skip


@blueprint.get("/mall/orders/<order>/papers/<document>")
@permit(*EVERYONE)
def paper(order: str, document: str) -> Response:
    """Contract or acceptance note as it stands, for both sides and whoever keeps or supervises the mall."""
    session, row = _opened(order)
    found = next((one for one in queries.papers(session, row) if one["id"] == document), None)
    if found is None:
        abort(404)
    return files.blob(found["head"], f"{found['title']}.pdf")


@blueprint.get("/mall/orders/<order>/invoices/<invoice>")
@permit(*EVERYONE)
def invoice(order: str, invoice: str) -> Response:
    session, row = _opened(order)
    found = session.get(OrderInvoice, invoice)
    if found is None or found.order_id != row.id:
        abort(404)
    blobs = wired().acts.house.blobs
    if not found.sha256 or not blobs.has(found.sha256):
        abort(404)
    with blobs.path(found.sha256).open("rb") as file:
        readable = file.read(5) == b"%PDF-"
    media, ending = ("application/pdf", "pdf") if readable else ("application/octet-stream", "ofd")
    return files.blob(found.sha256, f"{found.number}.{ending}", media, saved=not readable)


@blueprint.get("/mall/orders/payments")
@permit(*PARTIES)
def payments() -> str:
    """?after= where the next page begins: payments beside the bank's statement."""
    session, after = reading(), request.args.get("after", "").strip()
    found = reconciling.payments(session, g.actor, after=after)
    known = queries.names(session, [one[side] for one in found["items"] for side in ("buyer_org", "supplier_org")])
    return page("mall/payments.html", found=found, after=after, orgs=known, own=g.actor.org, yuan=yuan,
                matches=order_words.MATCHES, bank=bank.of(wired().config) is not None)  # fmt: skip


# -- statements -------------------------------------------------------------------------------------------------------


def _sides() -> list[str]:
    return [side for role, side in statements.SIDES.items() if g.actor.has(role)]


def _statement(limit: int) -> dict[str, Any]:
    chosen = request.args.get("period") or f"{g.now:%Y-%m}"
    side = request.args.get("side") or _sides()[0]
    return statements.statement(reading(), g.actor, side, statements.period(chosen), limit=limit) | {"period": chosen}


@blueprint.get("/mall/orders/statement")
@permit(*PARTIES)
def statement() -> str:
    """?period= 2026, 2026-Q1 or 2026-03; ?side= buyer or supplier."""
    return page(
        "mall/statement.html", found=_statement(SHOWN), periods=statements.periods(g.now), sides=_sides(), yuan=yuan,
        signers=order_words.SIGNERS, tones=TONES,
    )  # fmt: skip


def _states() -> dict[str, str]:
    return {key: words.state(key) for key in MACHINE.states}


@blueprint.get("/mall/orders/statement.xlsx")
@permit(*PARTIES)
def statement_xlsx() -> Response:
    found = _statement(statements.MOST)
    made = statements.workbook(found, _states())
    return _saved(made, statements.MEDIA, gettext("Statement") + f" {found['period']}.xlsx")


@blueprint.get("/mall/orders/statement.pdf")
@permit(*PARTIES)
def statement_pdf() -> Response:
    found = _statement(statements.PRINTED)
    made = statements.paper(found, _states(), g.actor.org_name, g.now, demo=wired().config.demo)
    return _saved(made, "application/pdf", gettext("Statement") + f" {found['period']}.pdf")


def _saved(data: bytes, media: str, name: str) -> Response:
    response = Response(data, mimetype=media)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
