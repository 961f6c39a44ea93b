"""Words of buying: states, choices, and the sentences of its rules."""

from __future__ import annotations

from web import words
from web.rule_words import PHRASES
from web.words import N_

words.teach(
    {
        "BUY-BUDGET": N_("The budget of this category and source of funds must reach."),
        "BUY-SPLIT": N_("Purchases of one category in a year stay within the threshold of open tendering, or say why."),
        "BUY-DIRECT": N_("Only what is in the local catalogue may be bought directly."),
        "BUY-DIRECT-ORDER": N_("A direct purchase stays within the local limit of one order."),
        "BUY-DIRECT-YEAR": N_("Direct purchases of one category stay within the local limit of a year."),
        "BUY-CHANGED": N_("The item has changed since you put it in: look at it and accept it as it is now."),
        "BUY-APART": N_("Who asks for a purchase never approves it."),
        "BUY-STEP": N_("Only an approver of this step, or who stands in for one, decides it."),
        "BUY-CHAIN": N_("Somebody other than who asks must be able to approve each step."),
        "BUY-OWN": N_("Only your own organisation's purchases."),
        "BUY-MANAGER": N_("Only a manager of the organisation settles this."),
        "BUY-PARAMETER": N_("A local number begins today or later: it never changes what was judged before."),
        "QUOTE-LEAST": N_("At least three suppliers or brands are asked."),
        "QUOTE-DAYS/inquiry": N_("Suppliers have at least this long to answer an inquiry."),
        "QUOTE-DAYS/comparison": N_("Suppliers have at least this long to quote."),
        "QUOTE-EXTEND": N_("With fewer than three quotes the end is put off once."),
        "QUOTE-WINDOW": N_("Suppliers unlock their quotes within this time after the end."),
        "QUOTE-CUSTODY": N_("Custodians help within this time after the suppliers' own."),
        "QUOTE-LATE": N_("Quotes are taken before the end only."),
        "QUOTE-SEALED": N_("A quote must be sealed, with shares for exactly the custodians of the request."),
        "QUOTE-MAY": N_("This organisation may not quote here."),
        "QUOTE-VALID": N_("At least three valid quotes are compared; with fewer, say why one is selected."),
        "QUOTE-LOWEST": N_("The lowest quote that meets the specification is selected; of equal ones the first."),
        "SME-DEDUCT/least": N_("The price deduction for small firms lies within the bounds of the law."),
        "SME-DEDUCT/most": N_("Only government procurement deducts from the prices of small firms."),
    }
)  # fmt: skip

PURCHASE_STATES = {
    "BUYER_APPROVAL": (N_("awaits approval"), "orange"), "PLACED": (N_("ordered"), "green"),
    "REFUSED": (N_("refused"), "red"), "RECALLED": (N_("taken back"), "secondary"),
}  # fmt: skip
STEP_STATES = {"waiting": N_("waits"), "approved": N_("approved"), "refused": N_("refused")}
FUNDS = {"fiscal": N_("fiscal funds"), "own": N_("own funds"), "other": N_("other funds")}
WAYS = {"direct": N_("direct purchase"), "quote": N_("request for quotes")}
REGIMES = {
    "government": N_("government procurement"), "enterprise": N_("a state firm's own buying (GB/T 43711)"),
}  # fmt: skip
DUTIES = {
    "manager": N_("manager of the organisation"), "section": N_("head of section"), "finance": N_("finance"),
    "leader": N_("leader in charge"), "discipline": N_("discipline inspection"),
}  # fmt: skip
MOVES = {
    "set": N_("set"), "hold": N_("held"), "release": N_("released"), "spend": N_("spent"), "refund": N_("came back"),
}  # fmt: skip
PARAMETERS = {
    "BUY-SPLIT": N_("threshold of open tendering (yuan a year and category)"),
    "BUY-DIRECT-ORDER": N_("catalogue of direct purchase, limit of an order (yuan)"),
    "BUY-DIRECT-YEAR": N_("direct purchase, limit of a year (yuan)"),
    "QUOTE-DAYS/inquiry": N_("inquiry: time to quote (working days)"),
    "QUOTE-DAYS/comparison": N_("comparison: time to quote (working days)"),
    "QUOTE-EXTEND": N_("putting off with fewer than three quotes (working days)"),
    "QUOTE-WINDOW": N_("suppliers unlock (minutes)"),
    "QUOTE-CUSTODY": N_("custodians help (hours)"),
}
QUOTE_STATES = {
    "QUOTING": (N_("quoting"), "blue"), "OPENING": (N_("being unlocked"), "orange"),
    "COMPARED": (N_("compared"), "orange"), "SELECTED": (N_("selected, awaits approval"), "orange"),
    "ORDERED": (N_("ordered"), "green"), "FAILED": (N_("closed without a purchase"), "secondary"),
    "CANCELLED": (N_("cancelled"), "secondary"),
}  # fmt: skip
QUOTE_KINDS = {"comparison": N_("price comparison"), "inquiry": N_("inquiry")}
TO_WHOM = {
    "open": N_("open to all suppliers of the mall"), "suppliers": N_("invited suppliers"),
    "brands": N_("brands, or equal"),
}  # fmt: skip
WHY_NOT = {
    "the buyer itself": N_("It is your own organisation's request."),
    "operator": N_("The operator of the platform and its affiliates may not quote."),
    "no active supplier of the mall": N_("Your organisation is not an active supplier of the mall."),
    "not invited": N_("This request is for invited suppliers."),
    "does not deliver there": N_("Your entry in the mall does not deliver to this region."),
    "another category": N_("Your entry in the mall does not cover these categories."),
}
CUSTODIANS = {"tenderer": N_("buyer"), "centre": N_("trading centre"), "regulator": N_("regulator")}
# Values beside an article.
PHRASES.update(
    {
        "requester": N_("who asked"), "another person": N_("another person"),
        "not of this step": N_("not of this step"),
        "approver of this step": N_("approver of this step"), "nobody": N_("nobody"), "approver": N_("approver"),
        "not a manager": N_("not a manager"), "manager of the organisation": N_("manager of the organisation"),
        "another organisation": N_("another organisation"), "your organisation": N_("your organisation"),
        "who asked for it": N_("who asked for it"), "suspended or left": N_("suspended or left"),
        "not listed": N_("not listed"), "listed": N_("listed"), "changed": N_("changed"), "unchanged": N_("unchanged"),
        "in the catalogue of direct purchase": N_("in the catalogue of direct purchase"),
        "supplier that may quote": N_("supplier that may quote"), "the buyer itself": N_("the buyer itself"),
        "not invited": N_("not invited"), "no active supplier of the mall": N_("no active supplier of the mall"),
        "does not deliver there": N_("does not deliver there"), "another category": N_("another category"),
        "not the lowest": N_("not the lowest"), "custodians": N_("custodians"),
        "the lowest that meets the specification": N_("the lowest that meets the specification"),
        "custodian of this request": N_("custodian of this request"), "other shares": N_("other shares"),
        "buyer of this request": N_("buyer of this request"), "too large": N_("too large"),
    }
)  # fmt: skip
words.STATES.update({code: text for table in (PURCHASE_STATES, QUOTE_STATES) for code, (text, _) in table.items()
                     if code not in words.STATES})  # fmt: skip
