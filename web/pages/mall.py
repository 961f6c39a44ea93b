"""The shop, open to everyone: looking for goods, one item. Plain addresses, nothing here needs a script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, request
from flask_babel import gettext
from sqlalchemy.orm import Session

from accounts import queries as accounts
from core import data
from core.access import Role
from core.faults import Unusable
from core.money import yuan
from trading.buying import guards
from trading.mall import search, shop
from trading.mall import search_terms as terms
from trading.mall.categories import categories
from trading.mall.search import Found
from trading.mall.shelf import queries as shelf
from trading.mall.shop import Card
from trading.mall.templates import asked_of
from web import files, shop_address, shop_parts, words
from web.front import Permit, act, permit, reading, wired
from web.nav import Link
from web.pages.cases import page
from web.pages.mall_shelves import compared
from web.shop_address import Chosen
from web.shop_words import KINDS, MARKS, ORDERS, WAYS, band, place
from web.words import N_

blueprint = Blueprint("mall", __name__)
LINKS = (Link(N_("Mall"), "/mall", "ti-building-store", Permit((Role.PUBLIC,)), 12),)

PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF.{4}WEBP"}
TOO_SOON = 600  # seconds in which a second look at an item is not noted again


@dataclass(frozen=True)
class Value:
    """One thing that can be chosen: its words, hits with it, the address that chooses it or lets it go."""

    text: str
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A kind of choice. `path`: what is chosen above, for categories and regions: (words, address)."""

    kind: str
    title: str
    values: list[Value]
    path: list[tuple[str, str]]


def _say(kind: str, value: str, suppliers: dict[str, str]) -> str:
    """A value that can be chosen, in words."""
    if kind == "category":
        return categories().get(value).name
    if kind == "region":
        return _short(value)
    if kind == "supplier":
        return suppliers.get(value, value)
    if kind == "band":
        return band(value)
    table = {"mark": MARKS, "way": WAYS, "stock": {"1": N_("In stock")}}.get(kind, {})
    return str(gettext(table[value])) if value in table else value


def _short(code: str) -> str:
    path = data.regions().path(code)
    return path[-1].name


# -- what can be chosen -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def below(chosen: str) -> tuple[str, ...]:
    """The provinces, or what lies directly in the chosen region."""
    table = data.regions()
    if chosen:
        try:
            table.check(chosen)
        except Unusable:
            raise Unusable("region: no such region") from None
    found: list[str] = []
    for one in table.under(chosen or None):
        found += [lower.code for lower in table.under(one.code)] if one.virtual else [one.code]
    return tuple(found)


def _path(kind: str, picked: Chosen) -> list[tuple[str, str]]:
    """From everything down to what is chosen of a tree."""
    at = picked.get(kind, [""])[0]
    if not at:
        return []
    if kind == "category":
        steps = [(one.name, one.code) for one in categories().path(at)]
    else:
        steps = [(one.name, one.code) for one in data.regions().path(at)]
    top = (str(gettext(N_("All"))), shop_address.without(picked, kind))
    rest = {key: values for key, values in picked.items() if key != kind}
    return [top, *((name, shop_address.address(rest | {kind: [code]})) for name, code in steps)]


def _facets(session: Session, found: Found, picked: Chosen) -> list[Facet]:
    suppliers = shop.names(session, [value for value, _ in found.counts["supplier"]])
    facets = []
    for kind, title in KINDS.items():
        chosen = picked.get(kind, [])
        values = [
            Value(_say(kind, value, suppliers), count, shop_address.toggled(picked, kind, value), value in chosen)
            for value, count in found.counts[kind]
        ]
        path = _path(kind, picked) if kind in ("category", "region") else []
        if values or path:
            facets.append(Facet(kind, str(gettext(title)), values, path))
    return facets


def _tokens(session: Session, picked: Chosen) -> list[tuple[str, str]]:
    """What is chosen, in words, each with the address that lets it go."""
    suppliers = shop.names(session, picked.get("supplier", ()))
    found = [
        (_say(kind, value, suppliers), shop_address.toggled(picked, kind, value))
        for kind in KINDS
        for value in picked.get(kind, ())
    ]
    for key, text in (("least", N_("from %(price)s yuan")), ("most", N_("up to %(price)s yuan"))):
        if key in picked:
            found.append((str(gettext(text, price=picked[key][0])), shop_address.without(picked, key)))
    return found


# -- pages ------------------------------------------------------------------------------------------------------------


def _shop(picked: Chosen, **shown: Any) -> str:
    typed = {key: picked.get(key, [""])[0] for key in ("q", "least", "most", "order")}
    empty: dict[str, Any] = {"found": None, "cards": [], "facets": [], "tokens": [], "more": "", "wrong": ""}
    return page(
        "mall/index.html", picked=picked, orders=ORDERS, marks=MARKS, place=place, compared=compared(),
        roots=categories().children("A"), kept_fields=[(k, v) for k, vs in picked.items() for v in vs if k != "q"],
        typed=typed, only_words=shop_address.address({"q": [typed["q"]]} if typed["q"] else {}),
        address=shop_address.address, without=shop_address.without, **empty | shown,
    )  # fmt: skip


@blueprint.get("/mall")
@permit(Role.PUBLIC)
def index() -> str | Response:
    """?q= and what is chosen (shop_address), ?order=, ?after= where the last page ended."""
    session, picked = reading(), shop_address.chosen(request.args)
    try:
        wanted = shop_address.wanted(picked, request.args.get("after", ""))
        regions = below(wanted.region)
        found = search.find(session, wanted, regions=regions)
    except Unusable as error:  # the words stay in the field, a shorter piece of what is too long
        kept = picked | {"q": [picked["q"][0][: terms.LONGEST]]} if "q" in picked else picked
        return make_response(_shop(kept, wrong=words.unusable(str(error))), 400)
    cards = shop.cards(session, [one.item for one in found.places])
    return _shop(
        picked, found=found, cards=cards, facets=_facets(session, found, picked), tokens=_tokens(session, picked),
        more=shop_address.address(picked, after=found.next) if found.next else "",
    )  # fmt: skip


def note_look(session: Session, item: str) -> None:
    """Among what a buyer looked at last; not a second time within a few minutes."""
    if not g.actor.has(Role.TENDERER) or not g.actor.person:
        return
    last = shelf.looked(session, g.actor, item)
    if last is None or (g.now - last).total_seconds() > TOO_SOON:
        act("item.look", item, {})


def _units(session: Session, category: str) -> dict[str, str]:
    """{specification: its unit} as the templates in force say."""
    return {field.name: field.unit for field in asked_of(session, [category])[category].fields}


def _direct(session: Session, category: str) -> str | None:
    """Up to how many yuan an order of the reader's organisation may buy of this category directly; None: not at all."""
    org = accounts.org(session, g.actor.org)
    numbers = guards.Numbers(session, g.now, org["region"] if org else "", guards.regime_of(session, g.actor.org))
    limit = numbers.local("BUY-DIRECT-ORDER", category)
    return yuan(limit.value) if limit is not None and limit.value is not None else None


@blueprint.get("/mall/items/<item>")
@permit(Role.PUBLIC)
def show(item: str) -> str:
    session = reading()
    found = shop.one(session, item)
    if found is None:
        abort(404)
    kept = item in shelf.kept(session, g.actor, [item])
    note_look(session, item)
    buys = g.actor.has(Role.TENDERER) and bool(g.actor.org)
    return page(
        "mall/item.html", (N_("Item price"),), units=_units(session, found.card.item.category), shelf=found,
        card=found.card, item=found.card.item, place=place,
        marks=MARKS, ways=WAYS, kept=kept, steps=shop.since(found.points, g.now), compared=compared(),
        pieces=shop_parts.pieces("item", g.actor), may_keep=buys,
        buys=buys, direct=_direct(session, found.card.item.category) if buys else None,
        similar=shop_address.address({"category": [found.card.item.category]}),
        of_supplier=shop_address.address({"supplier": [found.org.id]}),
    )  # fmt: skip


def _listed(session: Session, item: str) -> Card | None:
    return next(iter(shop.cards(session, [item])), None)


@blueprint.get("/mall/items/<item>/pictures/<sha256>")
@permit(Role.PUBLIC)
def picture(item: str, sha256: str) -> Response:
    """One of the item's own pictures; what is no picture is not shown."""
    card = _listed(reading(), item)
    if card is None or sha256 not in card.item.pictures:
        abort(404)
    blobs = wired().acts.house.blobs
    if not blobs.has(sha256):
        abort(404)
    with blobs.path(sha256).open("rb") as file:
        start = file.read(12)
    kind = next((kind for kind, sign in PICTURES.items() if re.match(sign, start, re.DOTALL)), "")
    return files.blob(sha256, sha256[:12], kind) if kind else abort(404)
