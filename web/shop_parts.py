"""Pieces that other page modules put on the shop's pages: a cart's button, a link to report a price.

A piece is a template, included with the item as `item` and its `card` (trading.mall.shop) at a place: "item" beside the
price on the item's own page, "compare" below an item of the comparison. A page module says `offer("item", Piece(…))`.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.access import Actor
from web.front import Permit


@dataclass(frozen=True)
class Piece:
    """`template`: its file; shown to those `permit` opens to."""

    template: str
    permit: Permit
    order: int = 50


_PIECES: dict[str, dict[str, Piece]] = {"item": {}, "compare": {}}


def offer(place: str, piece: Piece) -> None:
    """KeyError for a place that no page has."""
    _PIECES[place][piece.template] = piece


def pieces(place: str, actor: Actor | None) -> list[str]:
    """The templates for this actor, in their order."""
    ordered = sorted(_PIECES[place].values(), key=lambda piece: (piece.order, piece.template))
    return [piece.template for piece in ordered if piece.permit.opens_to(actor or Actor())]
