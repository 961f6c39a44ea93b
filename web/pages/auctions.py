"""Reverse auctions: the public list, one page an auction for everybody, the buyer's form."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, abort, g, request
from flask_babel import gettext
from sqlalchemy import select

from accounts.models import Org
from core import data
from core.access import Role
from core.clock import CST
from core.faults import Unusable
from core.money import plain
from trading.auction import filing, queries, rules
from trading.auction.closing import shares
from trading.auction.models import Auction
from trading.mall.categories import categories
from web import auction_words, files, words
from web.field_words import FIELDS
from web.front import Permit, permit, reading
from web.nav import Link
from web.pages.cases import page
from web.pages.papers import listed_papers
from web.rule_words import LAWS, PHRASES
from web.words import N_

blueprint = Blueprint("auctions", __name__)
LINKS = (Link(N_("Auctions"), "/mall/auctions", "ti-gavel", Permit((Role.PUBLIC,)), 26),)
TABS = {
    "live": N_("Running"), "coming": N_("Coming"), "closed": N_("Closed"), "mine": N_("My auctions"),
}  # fmt: skip
TONES = {"BIDDING": "green", "EXTENDING": "orange", "PAUSED": "red", "VOID": "secondary", "CANCELLED": "secondary"}

words.teach(auction_words.SENTENCES)
for table, more in ((words.STATES, auction_words.STATES), (FIELDS, auction_words.FIELDS),
                    (PHRASES, auction_words.PHRASES), (LAWS, auction_words.LAWS)):  # fmt: skip
    for key, text in more.items():
        table.setdefault(key, text)


def _words() -> dict[str, Any]:
    return {"reasons": auction_words.REASONS, "breaks_said": auction_words.BREAKS, "offers": auction_words.OFFERS,
            "regimes": auction_words.REGIMES, "tones": TONES, "states": auction_words.STATES,
            "place": data.regions().full_name}  # fmt: skip


@blueprint.get("/mall/auctions")
@permit(Role.PUBLIC)
def index() -> str:
    """?tab=live|coming|closed|mine, ?text= in the title or a number, ?before= the next page."""
    session = reading()
    parties = g.actor.has(Role.TENDERER, Role.BIDDER) and bool(g.actor.org)
    tabs = {key: text for key, text in TABS.items() if key != "mine" or parties}
    counts = queries.counts(session)
    usual = next((tab for tab in ("live", "coming") if counts[tab]), "closed")
    tab = request.args.get("tab", usual)
    if tab not in tabs:
        abort(404)
    text = request.args.get("text", "").strip()[:60]
    found = queries.auctions(session, g.actor, tab, before=request.args.get("before", ""), text=text)
    return page("mall/auctions.html", tab=tab, tabs=tabs, counts=counts, found=found, text=text, **_words())


def _auction(auction: str) -> Auction:
    try:
        return queries.seen(reading(), auction, g.actor)
    except Unusable:
        abort(404)


@blueprint.get("/mall/auctions/<auction>")
@permit(Role.PUBLIC)
def show(auction: str) -> str:
    session, row = reading(), _auction(auction)
    seen = queries.view(session, row, g.actor, g.now)
    offer = seen["offer"]
    prices = [plain(one) for one in shares(row, Decimal(offer["price"]))] if offer and offer["mine"] else []
    settings = {
        "id": row.id, "state": row.state, "secret": seen["mark"], "ceiling": seen["ceiling"], "step": seen["step"],
        "best": seen["best"], "next": seen["next"], "mine": seen["mine"], "ends_at": row.ends_at.isoformat(),
        "opens_at": row.opens_at.isoformat(), "masks": not seen["hides_number"], "opened": seen["opened"],
        "bids": [one | {"at": one["at"].isoformat(), "ends_at": ""} for one in seen["log"]],
    }  # fmt: skip
    line = int(seen["mark"][:8], 16) if seen["mark"] else sum(g.visitor.encode())
    return page(
        "mall/auction.html", auction_words.SCRIPT, one=seen, settings=settings, prices=prices, line=line,
        categories=categories().by_code, **_words(),
        **listed_papers(session, f"/mall/auctions/{row.id}/papers", seen["papers"]),
    )  # fmt: skip


@blueprint.get("/mall/auctions/<auction>/papers/<document>")
@permit(Role.PUBLIC)
def paper(auction: str, document: str) -> Response:
    """The record of the prices or the result as it stands, for whoever the page lists it to."""
    session, row = reading(), _auction(auction)
    papers = filing.listed(session, row, buying=queries.reader(session, row, g.actor).buyer)
    found = next((one for one in papers if one["id"] == document), None)
    if found is None:
        abort(404)
    return files.blob(found["head"], f"{found['title']}.pdf")


@blueprint.get("/mall/auctions/<auction>/log")
@permit(Role.PUBLIC)
def log(auction: str) -> str:
    """The whole list of prices, 500 on a page: ?after= the last number of the page before."""
    session, row = reading(), _auction(auction)
    after = request.args.get("after", "0")
    if not after.isdecimal() or len(after) > 9:
        raise Unusable("after: a whole number from 0 to 999999999 is expected")
    found = queries.log(session, row, after=int(after), limit=500)
    return page("mall/auction_log.html", row=row, bids=found, more=len(found) == 500, opened=row.state in
                queries.OPEN_LOG, **_words())  # fmt: skip


def _minute(at: datetime) -> str:
    return at.astimezone(CST).strftime("%Y-%m-%dT%H:%M")


def _form(row: Auction | None) -> dict[str, Any]:
    """The draft as the form shows it; a new one begins with the platform's usual terms."""
    session = reading()
    if row is None:
        own = rules.book("government", g.now.date())
        org = session.get(Org, g.actor.org)
        opens = (g.now + timedelta(days=1)).replace(minute=0)
        return {
            "id": "", "regime": "government", "title": "", "region": org.region if org else "", "address": "",
            "receiver": g.actor.name, "note": "", "lines": [], "entrants": "open", "invited": "", "ceiling": "",
            "step": "", "opens_at": _minute(opens), "ends_at": _minute(opens + timedelta(hours=1)),
            "window": own["AUC-WINDOW"].number, "extend": own["AUC-EXTEND"].number, "most_extensions": 0,
            "far": own["AUC-FAR"].number,
        }  # fmt: skip
    codes = list(session.scalars(select(Org.uscc).where(Org.id.in_(row.invited))))
    keys = ("id", "regime", "title", "region", "address", "receiver", "note", "lines", "entrants", "window", "extend",
            "most_extensions", "far")  # fmt: skip
    return {key: getattr(row, key) for key in keys} | {
        "invited": "\n".join(codes), "ceiling": plain(row.ceiling), "step": plain(row.step),
        "opens_at": _minute(row.opens_at), "ends_at": _minute(row.ends_at),
    }  # fmt: skip


@blueprint.get("/mall/auctions/new")
@permit(Role.TENDERER)
def new() -> str:
    return _edit(None)


@blueprint.get("/mall/auctions/<auction>/edit")
@permit(Role.TENDERER)
def edit(auction: str) -> str:
    row = _auction(auction)
    if row.buyer_org != g.actor.org or row.state != "DRAFT":
        abort(404)
    return _edit(row)


def _edit(row: Auction | None) -> str:
    form = _form(row)
    table = data.regions()
    places = [(c.code, table.full_name(c.code)) for p in table.under(None) for c in (table.under(p.code) or [p])]
    here = [(form["region"], table.full_name(form["region"]))] if form["region"] else []
    least = rules.book(form["regime"], g.now.date())["AUC-LEAST"].number
    return page("mall/auction_edit.html", auction_words.SCRIPT, form=form, places=dict(here + places), least=least,
                regimes={key: gettext(text) for key, text in auction_words.REGIMES.items()})  # fmt: skip


@blueprint.get("/mall/auctions/categories")
@permit(Role.TENDERER)
def look_up() -> dict[str, Any]:
    """?words= → {rows: [{code, name}]}: goods and services under which something may be bought."""
    found = categories().look_up(request.args.get("words", "").strip()[:40])
    return {"rows": [{"code": one.code, "name": one.name} for one in found if not one.doubtful]}
