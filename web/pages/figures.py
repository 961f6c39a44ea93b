"""Figures of the mall, open to everyone; a buyer or supplier may look at its own alone."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, g, render_template, request
from flask_babel import gettext

from core.access import Role, denied
from core.clock import CST
from core.faults import Unusable
from core.money import yuan
from core.rules import Refused
from oversight import market
from oversight.market import Scope
from web.front import Permit, permit, reading
from web.nav import Link
from web.words import N_

blueprint = Blueprint("figures", __name__)
LINKS = (Link(N_("Mall figures"), "/mall/figures", "ti-chart-bar", Permit((Role.PUBLIC,)), 40),)

WAYS = {"direct": N_("Direct purchase"), "quote": N_("Quote request"), "auction": N_("Reverse auction"),
        "framework": N_("Framework agreement")}  # fmt: skip
OWN = {"bought": Role.TENDERER, "sold": Role.BIDDER}


def _scope(year: int) -> Scope:
    """?whose=bought|sold: what the own organisation ordered or supplied; everybody's without."""
    whose = request.args.get("whose", "")
    if not whose:
        return Scope(year)
    if whose not in OWN:
        raise Unusable("whose: bought or sold is expected")
    if not g.actor.org or not g.actor.has(OWN[whose]):
        raise Refused(denied("ACCESS", OWN[whose], g.actor.org_name or "-"))
    return Scope(year, buyer=g.actor.org) if whose == "bought" else Scope(year, supplier=g.actor.org)


def chosen_year(otherwise: int) -> int:
    """?year="""
    text = request.args.get("year", "")
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise Unusable("year: four digits are expected")
    return int(text)


@blueprint.get("/mall/figures")
@permit(Role.PUBLIC)
def index() -> str:
    """?year= ?whose="""
    session = reading()
    years = market.years(session)
    scope = _scope(chosen_year(years[0] if years else g.now.astimezone(CST).year))
    whose = [key for key, role in OWN.items() if g.actor.org and g.actor.has(role)]
    found = market.figures(session, scope)
    named = [replace(one, name=gettext(WAYS[one.key])) for one in found.ways]
    held = [replace(one, name=one.name or gettext("Others")) for one in found.categories]
    return render_template(
        "mall/figures.html", found=replace(found, ways=named, categories=held), years=years, whose=whose,
        chosen=request.args.get("whose", ""), yuan=yuan,
    )  # fmt: skip
