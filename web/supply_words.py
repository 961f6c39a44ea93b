"""Words of the mall's suppliers and goods; English sentences, the Chinese ones stand in the catalogue."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from web import words
from web.desk_words import UNUSABLE
from web.rule_words import N_

SENTENCES: dict[str, str] = {
    "SUP-ACTIVE": N_("Only a supplier whose entry into the mall is in force does this."),
    "SUP-CATEGORY": N_("The category is not within the supplier's entry."),
    "SUP-REGION": N_("The place is not within the regions that are delivered to."),
    "SUP-DOUBTFUL": N_("The name of this category is not certain in the official list; nothing new is put under it."),
    "SUP-WAITING": N_("A change of this entry waits for the centre already."),
    "SUP-SAME": N_("Nothing of the entry would change."),
    "SUP-MOST": N_("An entry has at most this many categories or regions; a code covers all below it."),
    "SUP-REVIEW": N_("The centre decides on an entry within this many working days."),
    "SUP-REENTER": N_("After a removal this much time passes before a new application."),
    "SUP-OTHER": N_("Points are kept or withdrawn by another person than who gave them."),
    "CREDIT-WARN": N_("Below this number of points the supplier is warned."),
    "CREDIT-SUSPEND": N_("Below this number of points the supplier is suspended."),
    "CREDIT-SUSPEND/days": N_("A suspension by points lasts this long."),
    "CREDIT-REMOVE": N_("Below this number of points the supplier is removed from the mall."),
    "CREDIT-PRICE": N_("Price above what the mall allows"),
    "CREDIT-FALSE": N_("False statement about an item, a mark or a certificate"),
    "CREDIT-LATE": N_("Late delivery, or an order not confirmed in time"),
    "CREDIT-REFUSE": N_("Order refused without ground"),
    "CREDIT-QUALITY": N_("Goods that failed the inspection"),
    "CREDIT-SERVICE": N_("Promised service not given"),
    "CREDIT-GOOD": N_("Good conduct"),
    "CREDIT-RATED/5": N_("Order rated with five stars"),
    "CREDIT-RATED/4": N_("Order rated with four stars"),
    "CREDIT-RATED/3": N_("Order rated with three stars"),
    "CREDIT-RATED/2": N_("Order rated with two stars"),
    "CREDIT-RATED/1": N_("Order rated with one star"),
    "CREDIT-RATED/most": N_("The ratings of one buyer move a supplier's points by at most this many, either way."),
    "CREDIT-RATED/days": N_("Over this many days the ratings of one buyer count together."),
    "ITEM-SKU": N_("Another item has this number of yours."),
    "ITEM-SPEC": N_("The specification is not what the category's template asks for."),
    "ITEM-DOUBTFUL": N_("The name of this category is not certain in the official list; nothing new is put under it."),
    "ITEM-GOODS": N_("Items are goods or services, in a category below the first level."),
    "ITEM-SAME": N_("Category, brand and model of a listed item stay; take it down, or offer a new one."),
    "ITEM-REGION": N_("An item is delivered only within the regions of the supplier's entry."),
    "ITEM-CERTIFICATE": N_("The certificate of the mark has run out."),
    "ITEM-TEMPLATE": N_("The template of the category has changed since; the item is saved and handed in again."),
    "ITEM-LISTED": N_("The item is not on sale."),
    "ITEM-STOCK": N_("There are not that many in stock."),
    "ITEM-REVIEW": N_("The centre reviews an item within this many working days."),
    "PICTURE-COUNT": N_("An item has at most this many pictures."),
    "PICTURE-SIZE": N_("The picture is larger than is taken."),
    "PICTURE-KIND": N_("The file is no picture that is taken here (PNG, JPEG, WebP)."),
    "PICTURE-EDGE": N_("The picture is too small to see anything."),
    "PRICE-AGREEMENT": N_("The price is above that of the framework agreement."),
    "PRICE-ELSEWHERE": N_("The price is above the supplier's own price outside the mall."),
    "PRICE-RISE": N_("The price rose strongly within a short time; the patrol looks into it."),
    "PRICE-RISE/block": N_("The price rose by more than is allowed within a short time."),
    "PRICE-RISE/days": N_("Over this many days a rise is looked at."),
    "PRICE-MEDIAN": N_("The price is far above the median of the same brand and model; the patrol looks into it."),
    "PRICE-MEDIAN/least": N_("A median is taken from at least this many other offers."),
    "REPORT-MOST": N_("A person reports at most this many prices in a day."),
    "REPORT-ONCE": N_("Your earlier report on this item is being looked into."),
    "PATROL-SAMPLE": N_("The monthly sample has this many items."),
    "PATROL-ONCE": N_("This month's sample was drawn already."),
    "IMPORT-ROWS": N_("A file has at most this many items."),
    "IMPORT-FRESH": N_("Items, templates or the entry changed while the file was checked; send it again."),
}
GROUNDS = {rule: text for rule, text in SENTENCES.items() if rule.startswith("CREDIT-") and rule not in (
    "CREDIT-WARN", "CREDIT-SUSPEND", "CREDIT-SUSPEND/days", "CREDIT-REMOVE", "CREDIT-RATED/most", "CREDIT-RATED/days")
}  # fmt: skip
ITEM_STATES: dict[str, tuple[str, str]] = {
    "draft": (N_("draft"), "secondary"),
    "pending": (N_("under review"), "orange"),
    "listed": (N_("listed"), "green"),
    "refused": (N_("refused"), "red"),
    "blocked": (N_("blocked"), "red"),
    "delisted": (N_("taken down"), "secondary"),
}
ENTRY_STATES: dict[str, tuple[str, str]] = {
    "applied": (N_("under review"), "orange"),
    "active": (N_("in force"), "green"),
    "refused": (N_("refused"), "red"),
    "suspended": (N_("suspended"), "red"),
    "removed": (N_("removed"), "secondary"),
}
FLAG_KINDS: dict[str, str] = {
    "rise": N_("sudden rise"),
    "median": N_("above the median"),
    "agreement": N_("above the agreement"),
    "elsewhere": N_("dearer than elsewhere"),
    "report": N_("price reported"),
    "sample": N_("monthly sample"),
}
FLAG_STATES: dict[str, tuple[str, str]] = {
    "open": (N_("to be looked into"), "orange"),
    "confirmed": (N_("to be put right"), "red"),
    "blocked": (N_("blocked"), "red"),
    "released": (N_("in order"), "green"),
}
CREDIT_STATES: dict[str, tuple[str, str]] = {
    "told": (N_("may be answered"), "orange"),
    "answered": (N_("answered"), "blue"),
    "kept": (N_("points kept"), "secondary"),
    "withdrawn": (N_("points withdrawn"), "green"),
}
MARKS: dict[str, str] = {"energy": N_("energy saving"), "environment": N_("environmental label")}
SCRIPTS = (N_("Nothing is found."), N_("Open what lies below (→)"), N_("Show %(name)s"))
HEADINGS = {
    "headings: missing": N_("The row of headings lacks: %(what)s"),
    "headings: twice": N_("A heading stands twice: %(what)s"),
    "headings: unknown": N_("A heading is not known: %(what)s"),
    "items: the file has no items": N_("The file has no items."),
    "file: missing": N_("Choose a file first."),
}


def unreadable(text: str) -> str:
    """Why a file could not be read at all."""
    for head, message in HEADINGS.items():
        if text.startswith(head):
            return str(gettext(message, what=text.removeprefix(head).strip()))
    for head, message in UNUSABLE.items():
        if text.startswith(head):
            return str(gettext(message))
    return words.unusable(text)


def expected(fault: dict[str, Any]) -> str:
    """What the report says was expected: of a rule its sentence with the value, of a form its words."""
    need = fault["expected"]
    if fault["rule"] == "ITEM-SPEC":
        return words.value(need)
    if fault["rule"]:
        value = f" ({words.value(need)})" if need and need != "-" else ""
        return words.breach({"rule": fault["rule"]}) + value
    said = words.unusable(f"{fault['key'].partition('.')[0]}: {need}")
    return said.partition(": ")[2] or said
