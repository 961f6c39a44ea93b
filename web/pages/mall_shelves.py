"""Comparing up to four items side by side, a buyer's favourites and what it looked at last."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, abort, g, redirect, request
from werkzeug.wrappers import Response as Answer

from core.access import Role
from core.faults import Unusable
from trading.mall import shop
from trading.mall.categories import categories
from trading.mall.shelf import queries
from trading.mall.shelf.models import Favourite, Seen
from trading.mall.shop import COMPARED
from web import shop_parts
from web.front import act, permit, reading, wired
from web.pages.cases import page
from web.shop_words import MARKS, place
from web.words import N_

blueprint = Blueprint("mall_shelves", __name__)
COOKIE, DAYS = "gh_compare", 7
SHELVES: dict[str, tuple[queries.Kept, str]] = {
    "favourites": (Favourite, N_("Favourites")),
    "seen": (Seen, N_("Looked at last")),
}


def compared() -> list[str]:
    """Ids of the items this browser compares."""
    ids = [one for one in request.cookies.get(COOKIE, "").split(".") if one.isalnum() and len(one) <= 16]
    return list(dict.fromkeys(ids))[:COMPARED]


def _back(to: str) -> str:
    """Where a form came from: a page of the shop and nowhere else."""
    inside = to == "/mall" or to.startswith(("/mall?", "/mall/"))
    return to if inside and "\\" not in to and not any(ord(char) < 33 for char in to) else "/mall"


@blueprint.get("/mall/compare")
@permit(Role.PUBLIC)
def compare() -> str:
    """?item= names the items, so that the page can be sent on; without it those that this browser keeps."""
    asked = list(dict.fromkeys(request.args.getlist("item"))) or compared()
    cards = shop.cards(reading(), asked[:COMPARED])
    items = [card.item for card in cards]
    paths = [" › ".join(one.name for one in categories().path(item.category)[1:]) for item in items]
    return page(
        "mall/compare.html", cards=cards, lines=shop.specifications(items), paths=paths, most=COMPARED,
        left_out=len(asked) - len(cards), kept=set(compared()), marks=MARKS,
        pieces=shop_parts.pieces("compare", g.actor),
        link=f"/mall/compare?{urlencode([('item', item.id) for item in items])}",
    )  # fmt: skip


@blueprint.post("/mall/compare")
@permit(Role.PUBLIC)
def set_compared() -> Answer:
    """item, keep=1 or 0, back. A fifth item takes the place of the first."""
    item, kept = request.form.get("item", ""), compared()
    if not item.isalnum() or len(item) > 16:
        raise Unusable("item: no such item")
    kept = [one for one in kept if one != item]
    if request.form.get("keep") == "1":
        kept = [*kept, item][-COMPARED:]
    answer = redirect(_back(request.form.get("back", "")))
    secure = wired().config.public_url.startswith("https://")
    answer.set_cookie(COOKIE, ".".join(kept), max_age=86400 * DAYS, httponly=True, samesite="Lax", secure=secure)
    return answer


@blueprint.post("/mall/favourites")
@permit(Role.TENDERER)
def set_favourite() -> Answer:
    """item, keep=1 or 0, back."""
    act("favourite.set", request.form.get("item", ""), {"keep": request.form.get("keep") == "1"})
    return redirect(_back(request.form.get("back", "")))


@blueprint.get("/mall/shelves/<shelf>")
@permit(Role.TENDERER)
def mine(shelf: str) -> str:
    """favourites or seen; ?after= where the last page ended."""
    if shelf not in SHELVES:
        abort(404)
    table, title = SHELVES[shelf]
    ids, more = queries.mine(reading(), g.actor, table, request.args.get("after", ""))
    return page(
        "mall/shelf.html", shelf=shelf, title=title, shelves={key: words for key, (_, words) in SHELVES.items()},
        cards=shop.cards(reading(), ids), more=more, compared=compared(), marks=MARKS, place=place,
    )  # fmt: skip
