"""Words of the shop: orders, marks, kinds of choice, regions and price bands."""

from __future__ import annotations

from flask_babel import gettext

from core import data
from core.faults import Unusable
from trading.mall import search_terms as terms
from web.words import N_

ORDERS = {
    "relevance": N_("Best match"), "sold": N_("Most bought"), "cheap": N_("Price, lowest first"),
    "dear": N_("Price, highest first"), "new": N_("Newest"),
}  # fmt: skip
MARKS = {"energy": N_("Energy saving product"), "environment": N_("Environmental label product")}
WAYS = {"market": N_("Supermarket"), "framework": N_("Framework agreement")}
KINDS = {
    "category": N_("Category"), "brand": N_("Brand"), "band": N_("Item price"), "region": N_("Delivered to"),
    "mark": N_("Marks"), "way": N_("Way of buying"), "stock": N_("Stock"), "supplier": N_("Supplier"),
}  # fmt: skip


def place(code: str) -> str:
    """A region in words; the whole country where it stands for that, the bare code where the list lacks it."""
    if code == terms.NATION:
        return str(gettext(N_("The whole country")))
    try:
        return data.regions().full_name(code)
    except Unusable:
        return code


def band(number: str) -> str:
    least = terms.BANDS[int(number)]
    above = terms.BANDS[int(number) + 1] if int(number) + 1 < len(terms.BANDS) else None
    if above is None:
        return str(gettext(N_("%(least)s yuan and more"), least=f"{least:,}"))
    return str(gettext(N_("%(least)s to %(above)s yuan"), least=f"{least:,}", above=f"{above:,}"))
