"""Words for codes: a rule answers with a code, the person reads a sentence from the catalogue.

Message ids are English; `N_` only marks them for the catalogue. Sentences of rules stand in `rule_words`, those of one
page's acts with the page, names of fields in `field_words`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import g, has_request_context, request
from flask_babel import get_locale, gettext

from core.access import Role
from core.rules import Breach
from trading.project import states
from web import order_words
from web.field_words import FIELDS, FORMS
from web.front import reading
from web.rule_words import LAWS, PHRASES, SENTENCES, UNITS
from web.rule_words import N_ as N_
from web.script_words import SCRIPTS

ROLES: dict[str, str] = {
    Role.PUBLIC: N_("public"),
    Role.TENDERER: N_("tenderer"),
    Role.AGENCY: N_("tendering agency"),
    Role.BIDDER: N_("bidder"),
    Role.EXPERT: N_("evaluation expert"),
    Role.ELECTOR: N_("award committee member"),
    Role.CENTRE: N_("trading centre"),
    Role.REGULATOR: N_("regulator"),
    Role.AUDITOR: N_("auditor"),
    Role.ADMIN: N_("administrator"),
}

# Names by which a procedure calls a role (its fields.ROLES).
PARTIES: dict[str, str] = {
    "purchaser": N_("purchaser"),
    "procurement agency": N_("procurement agency"),
    "finance department": N_("finance department"),
}

STATES: dict[str, str] = {
    **order_words.STATES,
    "PLANNED": N_("Planned"),
    "PLAN_PUBLIC": N_("Plan public"),
    "REGISTERED": N_("Registered"),
    "DRAFTING": N_("Drafting"),
    "ANNOUNCED": N_("Announced"),
    "SEALED": N_("Bids sealed"),
    "OPENING": N_("Opening"),
    "OPENED": N_("Opened"),
    "QUALIFIED": N_("Qualification examined"),
    "COMMITTEE_SET": N_("Committee set"),
    "EVALUATING": N_("Evaluating"),
    "EVALUATED": N_("Evaluated"),
    "AWARD_MEETING": N_("Award meeting"),
    "AWARDED_DRAFT": N_("Award drafted"),
    "CANDIDATE_PUBLIC": N_("Candidates public"),
    "WINNER_SET": N_("Winner set"),
    "NOTIFIED": N_("Notified"),
    "CONTRACTED": N_("Contract signed"),
    "REPORTED": N_("Reported"),
    "ARCHIVED": N_("Archived"),
    "FAILED": N_("Failed"),
    "TERMINATED": N_("Terminated"),
    "pending": N_("Pending"),
    "verified": N_("Verified"),
    "refused": N_("Refused"),
    "editing": N_("editing"),
    "valid": N_("valid"),
    "ending": N_("ending"),
    "expired": N_("expired"),
    "revoked": N_("revoked"),
    "invited": N_("invited"),
    "active": N_("active"),
    "disabled": N_("disabled"),
    "suspended": N_("suspended"),
    "not suspended": N_("not suspended"),
}

_TAUGHT: dict[str, str] = {}
MONEY: dict[str, str] = {"万元": N_("× 10,000 yuan"), "元": N_("yuan")}
_BOOK: dict[str, str] = {}


_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d+)?)?\+08:00")
_PARTS = re.compile(r"( / |, |: | or )")
_WHOLE = re.compile(rf"(?P<sign>[≥≤<>≠] ?|0 – )?(?:(?P<n>-?[\d.–]+) ?(?P<unit>{'|'.join(UNITS)})|(?P<word>.+))", re.S)
_OF: tuple[tuple[str, str], ...] = (
    (r"(?P<what>.+) of this case", N_("%(what)s of this case")),
    (r"(?P<what>.+) of this order", N_("%(what)s of this order")),
    (r"share of (?P<what>.+)", N_("share of %(what)s")),
    (r"until (?P<what>.+)", N_("until %(what)s")),
    (r"round (?P<what>\d+)", N_("round %(what)s")),
    (r"(?P<what>\d+) bids", N_("%(what)s bids")),
    (r"(?P<what>\d+) s", N_("%(what)s seconds")),
    (r"gap (?P<what>.+)", N_("gap %(what)s")),
    (r"CV (?P<what>.+)", N_("coefficient of variation %(what)s")),
    (r"spent (?P<what>.+)", N_("spent %(what)s")),
)


def teach(texts: dict[str, str]) -> None:
    """Rule id → message id, from the pages whose acts these rules guard."""
    _TAUGHT.update(texts)


def teach_book(texts: dict[str, str]) -> None:
    """Rule id → text of its row, from every rule book found at start; what a page or SENTENCES says goes before."""
    _BOOK.update(texts)


def sentence(rule: str) -> str:
    """The message id for a rule, "" where nobody brought one."""
    return _TAUGHT.get(rule) or SENTENCES.get(rule) or _BOOK.get(rule) or ""


def breach(found: Breach | Mapping[str, str]) -> str:
    """The sentence for a breach (or its plain data), else the plain fact that a rule was broken."""
    rule = found["rule"] if isinstance(found, Mapping) else found.rule
    message = sentence(rule)
    return str(gettext(message) if message else gettext("Rule %(rule)s is not met.", rule=rule))


def chinese() -> bool:
    """Whether this reader reads Chinese."""
    return str(get_locale()).startswith("zh")


def _known(text: str) -> str | None:
    for table in (ROLES, STATES, PHRASES, FIELDS):
        if text in table:
            return str(gettext(table[text]))
    return None


def _part(text: str) -> str:
    """One piece of a value: a word, `≥ number unit`, or a word in a short phrase."""
    known = _known(text)
    if known is not None or not text:
        return known or text
    for pattern, message in _OF:
        match = re.fullmatch(pattern, text)
        if match:
            return str(gettext(message, what=_part(match["what"])))
    whole = _WHOLE.fullmatch(text)
    sign = (whole and whole["sign"]) or ""
    if whole and whole["unit"]:
        return text if chinese() else sign + str(gettext(UNITS[whole["unit"]], n=whole["n"]))
    if whole and sign:
        return sign + _part(whole["word"])
    # sections.scope, 甲公司.rank: a dotted field speaks by its last part.
    head, dot, last = text.rpartition(".")
    if dot and last in FIELDS:
        shown = " · ".join(_known(one) or one for one in head.split(".") if one != "sections")
        return f"{shown} · {_known(last)}" if shown else str(_known(last))
    return text


def _time(found: re.Match[str]) -> str:
    """Without its zone; seconds only where they decide."""
    seconds, fraction = (found[3] or "")[:3], found[4] or ""
    exact = seconds if seconds != ":00" else f"{seconds}{fraction}" if fraction.strip(".0") else ""
    return f"{found[1]} {found[2]}{exact}"


def value(text: str) -> str:
    """A required or found value in words: states, roles and fields by name, units, times without their zone."""
    known = _known(text)
    if known is not None:
        return known
    pieces = _PARTS.split(_TIME.sub(_time, text))
    between = {" or ": " " + str(gettext("or")) + " "}
    return "".join(between.get(one, one) if place % 2 else _part(one) for place, one in enumerate(pieces))


def _of_this_case(text: str) -> str:
    """The article as the law of the page's case has it, which is looked up once."""
    case = (request.view_args or {}).get("case", "") if has_request_context() else ""
    if not case:
        return text
    if "law" not in g:
        g.law = states.law_of(reading(), case)
    return g.law.cites(text) if g.law else text


def article(text: str) -> str:
    """An article in the reader's language: the law by its name, 第N条 as its number."""
    text = _of_this_case(text)
    law, _, places = text.partition(" ")
    if law not in LAWS or chinese():
        return text
    numbers = re.sub(r"第(\d+)条", r"\1", places).replace("、", ", ").replace("至", "–")
    name = str(gettext(LAWS[law]))
    return f"{name} art. {numbers}" if numbers else name


def unusable(text: str) -> str:
    """A shape error in words: `field: why` with both from the catalogue; what has no words is said in general."""
    field, colon, why = text.partition(": ")
    if colon and re.fullmatch(r"[a-z0-9_.\[\], ]+", field):
        name = str(gettext(FIELDS.get(field) or FIELDS.get(field.rpartition(".")[2]) or field))
        for pattern, message in FORMS:
            match = re.fullmatch(pattern, why)
            if match:
                return f"{name}: {gettext(message, **match.groupdict())}"
    if chinese():
        known = str(gettext(text))
        return known if known != text else str(gettext(N_("Something in what was sent has the wrong form.")))
    return text


def state(code: str) -> str:
    return gettext(STATES[code]) if code in STATES else code


def unit(code: str) -> str:
    """The unit of a sum of money."""
    return str(gettext(MONEY[code])) if code in MONEY else code


def role(code: str) -> str:
    return gettext(ROLES[code]) if code in ROLES else code


def party(code: str, named: Mapping[str, str]) -> str:
    """A role as the procedure calls it."""
    return str(gettext(PARTIES[named[code]])) if code in named else role(code)


def moment(at: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str:
    return at.strftime(form) if at else "—"


def span(time: timedelta) -> str:
    """Hours, minutes and seconds that are left: 00:12:30."""
    seconds = max(0, int(time.total_seconds()))
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


_FOR_SCRIPTS: dict[str, dict[str, str]] = {}


def for_scripts() -> dict[str, str]:
    """Message id → words, only where they differ; every page carries them, so each language looks them up once."""
    language = str(get_locale())
    if language not in _FOR_SCRIPTS:
        _FOR_SCRIPTS[language] = {one: said for one in SCRIPTS if (said := gettext(one)) != one}
    return _FOR_SCRIPTS[language]


KINDS: dict[str, str] = {
    "plan": N_("Plans"),
    "notice": N_("Tender notices"),
    "opening": N_("Openings"),
    "candidates": N_("Candidates"),
    "result": N_("Results"),
    "contract": N_("Contracts"),
    "tender_file": N_("Tender file"),
    "clarification": N_("Clarification"),
    "postponement": N_("Postponement notice"),
    "opening_confirmation": N_("Confirmation of the opening record"),
    "opening_record": N_("Opening record"),
    "candidate_notice": N_("Candidate notice"),
    "result_notice": N_("Result notice"),
    "failure_notice": N_("Failure notice"),
    "termination": N_("Termination notice"),
    "registration": N_("Registration form"),
    "draw_record": N_("Draw record"),
    "qualification_report": N_("Qualification report"),
    "evaluation_report": N_("Evaluation report"),
    "award_report": N_("Award report"),
    "award_notice": N_("Award notice"),
    "result_letter": N_("Letter with the result"),
    "contract_notice": N_("Contract notice"),
    "tenderer": N_("tenderer"),
    "agency": N_("tendering agency"),
    "bidder": N_("bidder"),
    "centre": N_("trading centre"),
    "regulator": N_("regulator"),
    "owner": N_("project owner"),
}


def kind(code: str) -> str:
    """A kind of document, tab or organisation in words."""
    return gettext(KINDS[code]) if code in KINDS else code
