"""A buyer's pages: cart, lists and purchases; one purchase with its approval; budgets; chains; local numbers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Blueprint, abort, g, request
from sqlalchemy.orm import Session

from accounts import queries as accounts
from core import data
from core.access import Actor, Role
from core.clock import CST
from core.money import yuan
from trading.buying import guards, queries
from trading.buying.models import DUTIES, FUNDS, REGIMES
from trading.buying.rulebook import BY_CATEGORY, LOCAL
from trading.buying.rules import number
from trading.mall.categories import categories
from web import buying_words as said
from web import shop_parts, workbench
from web.front import Permit, permit, reading
from web.nav import Link
from web.pages.cases import page
from web.shop_parts import Piece
from web.words import N_
from web.workbench import Item

blueprint = Blueprint("buying", __name__)
shop_parts.offer("item", Piece("mall/piece_cart.html", Permit((Role.TENDERER,)), 10))
BUYER = (Role.TENDERER,)
WATCHERS = (Role.REGULATOR, Role.AUDITOR)
KEEPERS = (Role.TENDERER, Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
LINKS = (
    Link(N_("Buying"), "/mall/buying", "ti-shopping-cart", Permit((*BUYER, *WATCHERS)), 20),
    Link(N_("Buying rules"), "/mall/buying/rules", "ti-scale", Permit((Role.CENTRE, *WATCHERS)), 32),
)


def category_name(code: str) -> str:
    """Code and name; the code alone where the list has none."""
    found = categories().by_code.get(code)
    return f"{code} {found.name}" if found else code


def _own(session: Session) -> dict[str, Any]:
    org = accounts.org(session, g.actor.org) if g.actor.org else None
    region = org["region"] if org else ""
    manager = any(one["id"] == g.actor.person and one["manager"] for one in accounts.people(session, g.actor.org))
    return {
        "region": region, "region_name": data.regions().full_name(region) if region else "", "manager": manager,
        "address": org["address"] if org else "", "regime": guards.regime_of(session, g.actor.org),
    }  # fmt: skip


@blueprint.get("/mall/buying")
@permit(*BUYER, *WATCHERS)
def index() -> str:
    """?after= a place in the list of purchases."""
    session = reading()
    buyer = g.actor.has(*BUYER)
    own = _own(session) if buyer else {}
    rows, more = queries.purchases(session, g.actor, after=request.args.get("after", ""))
    cart = queries.cart(session, g.actor, g.now, own["region"]) if buyer else []
    return page(
        "buying/index.html", said=said, buyer=buyer, own=own, rows=rows, more=more, cart=cart,
        whole=sum((group["total"] for group in cart), Decimal(0)), things=queries.things(session, rows),
        orgs={} if buyer else queries.buyers(session, rows),
        budgeted=not buyer or bool(queries.budgets(session, g.actor.org, g.now.astimezone(CST).year)),
        lists=queries.lists(session, g.actor.org) if buyer else [],
        to_decide=queries.to_decide(session, g.actor, g.now) if buyer else [],
        people=accounts.names(session, [row.person_id for row in rows]), yuan=yuan, category_name=category_name,
        funds=FUNDS,
    )  # fmt: skip


@blueprint.get("/mall/buying/<purchase>")
@permit(*BUYER, *WATCHERS)
def one(purchase: str) -> str:
    session = reading()
    found = queries.purchase(session, purchase, g.actor, g.now)
    if found is None:
        abort(404)
    return page(
        "buying/purchase.html", said=said, found=found, row=found["row"], yuan=yuan, category_name=category_name,
        buyer=g.actor.has(*BUYER) and found["row"].org_id == g.actor.org,
        region_name=data.regions().full_name(found["row"].region),
    )  # fmt: skip


def _year(now: datetime) -> int:
    """?year=, or this one."""
    text = request.args.get("year", "")
    fits = len(text) == 4 and text.isascii() and text.isdecimal() and 2000 <= int(text) <= 2100
    return int(text) if fits else now.astimezone(CST).year


@blueprint.get("/mall/buying/budgets")
@permit(*BUYER)
def budgets() -> str:
    """?year=; ?look= a budget whose history is shown, ?after= further back."""
    session, year, look = reading(), _year(g.now), request.args.get("look", "")
    moves, more = queries.moves(session, g.actor.org, look, request.args.get("after", "")) if look else ([], "")
    years = sorted({*queries.years(session, g.actor.org), g.now.astimezone(CST).year, year}, reverse=True)
    rows = queries.budgets(session, g.actor.org, year)
    return page(
        "buying/budgets.html", said=said, own=_own(session), rows=rows, year=year, years=years, look=look,
        looked=next((row for row in rows if row.id == look), None), moves=moves, more=more, funds=FUNDS,
        yuan=yuan, category_name=category_name,
    )  # fmt: skip


@blueprint.get("/mall/buying/chains")
@permit(*BUYER)
def chains() -> str:
    session = reading()
    return page(
        "buying/chains.html", said=said, own=_own(session), found=queries.chain_page(session, g.actor.org),
        duties=DUTIES, regimes=REGIMES, yuan=yuan, category_name=category_name, today=g.now.astimezone(CST).date(),
    )  # fmt: skip


@blueprint.get("/mall/buying/rules")
@permit(*KEEPERS)
def rules() -> str:
    """Local numbers; for regulator and auditor also what passed the threshold. ?year=, ?after= of those."""
    session, watches = reading(), g.actor.has(*WATCHERS)
    own = _own(session)
    year = _year(g.now)
    flags, more = queries.flags(session, year, request.args.get("after", "")) if watches else ([], "")
    book = guards.book_at(g.now)
    proposed = {rule: number(rule, None, book) for rule in LOCAL if book[rule].value is not None}
    return page(
        "buying/rules.html", said=said, own=own, rows=queries.parameters(session, "" if watches else own["region"]),
        flags=flags, more=more, watches=watches, keeper=g.actor.has(Role.CENTRE), year=year, proposed=proposed,
        by_category=BY_CATEGORY, regimes=REGIMES, yuan=yuan, category_name=category_name, regions=data.regions(),
        today=g.now.astimezone(CST).date(),
    )  # fmt: skip


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Purchases to decide, and one's own that wait for others."""
    if not actor.has(*BUYER) or not actor.org:
        return []
    found: list[Item] = []
    for row in queries.to_decide(session, actor, now):
        found.append({"title": N_("A purchase awaits your approval"), "act": N_("Look and decide"),
                      "href": f"/mall/buying/{row.id}", "subject": f"¥ {yuan(row.total)}"})  # fmt: skip
    for row in queries.own_waiting(session, actor):
        found.append({"title": N_("Your purchase awaits approval"), "act": N_("Look"), "waiting": True,
                      "href": f"/mall/buying/{row.id}", "subject": f"¥ {yuan(row.total)}"})  # fmt: skip
    return found


workbench.PROVIDERS.append(work)
