"""Words for codes: a rule answers with a code, the person reads a sentence from the catalogue.

Message ids are English; `N_` only marks them for the catalogue. A rule of a rule book brings its own sentence
(`RuleRow.text`), which is its message id.
"""

from __future__ import annotations

import re
from datetime import datetime

from flask_babel import gettext

from core.access import Role
from core.rules import Breach


def N_(message: str) -> str:
    """Marks a message id that is translated later."""
    return message


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

STATES: dict[str, str] = {
    "PLANNED": N_("Planned"),
    "PLAN_PUBLIC": N_("Plan public"),
    "REGISTERED": N_("Registered"),
    "DRAFTING": N_("Drafting"),
    "ANNOUNCED": N_("Announced"),
    "SEALED": N_("Bids sealed"),
    "OPENING": N_("Opening"),
    "OPENED": N_("Opened"),
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
    "RECEIVED": N_("Received"),
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

RULES: dict[str, str] = {
    "ACCESS": N_("Your role does not allow this act."),
    "STATE": N_("The tender is not at the stage where this act is possible."),
    "CLOCK": N_("The demo clock only moves forward."),
    "LOGIN": N_("Login name or password is wrong."),
    "LOCKED": N_("Too many failed logins; the account is locked for a while."),
    "PROOF": N_("The certificate signature does not hold."),
    "CERT": N_("There is no valid certificate for this act."),
    "NONCE": N_("The challenge was used or has expired; sign again."),
    "ORG": N_("The organisation has not been verified."),
}

# What the shared payload readers say, as patterns; the field's name stands before the colon.
FORMS: tuple[tuple[str, str], ...] = (
    (r"missing", N_("is missing")),
    (r"text expected", N_("must be filled in")),
    (r"at most (?P<most>\d+) characters, found (?P<found>\d+)", N_("at most %(most)s characters, found %(found)s")),
    (r"control characters are not allowed", N_("contains characters that are not allowed")),
    (r"a decimal number is expected", N_("must be a number")),
    (r"at most (?P<places>\d+) decimals", N_("at most %(places)s decimals")),
    (r"out of range", N_("is out of range")),
    (r"a whole number from (?P<least>-?\d+) to (?P<most>-?\d+) is expected", N_("whole number %(least)s to %(most)s")),
    (r"a date YYYY-MM-DD is expected", N_("must be a date like 2026-03-02")),
    (r"a time YYYY-MM-DDTHH:MM is expected", N_("must be a time like 2026-03-02 09:00")),
    (r"a SHA-256 is expected", N_("must be a SHA-256")),
    (r"a list of at most (?P<most>\d+) is expected", N_("must be a list of at most %(most)s")),
    (r"unknown field", N_("is not known here")),
)
_BOOK: dict[str, str] = {}


def teach(texts: dict[str, str]) -> None:
    """Rule id → message id, from every rule book found at start."""
    _BOOK.update(texts)


def breach(found: Breach) -> str:
    """The sentence for a breach: the rule's own words, else the plain fact that a rule was broken."""
    message = RULES.get(found.rule) or _BOOK.get(found.rule)
    return str(gettext(message) if message else gettext("Rule %(rule)s is not met.", rule=found.rule))


def value(text: str) -> str:
    """A required or found value in words: states and roles by name, times without their zone."""
    if not text:
        return text
    known = str(gettext(text))
    if known != text:
        return known
    parts = text.split(" / ")
    if all(part in ROLES or part in STATES for part in parts):
        return " / ".join(gettext(ROLES.get(part) or STATES[part]) for part in parts)
    return re.sub(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d+)?)?\+08:00", r"\1 \2", text)


def unusable(text: str) -> str:
    """A shape error in words: `field: why` with the why from the catalogue."""
    field, colon, why = text.partition(": ")
    if colon and re.fullmatch(r"[a-z0-9_.\[\]]+", field):
        for pattern, message in FORMS:
            match = re.fullmatch(pattern, why)
            if match:
                return f"{gettext(field.replace('_', ' '))}: {gettext(message, **match.groupdict())}"
    return str(gettext(text))


def state(code: str) -> str:
    return gettext(STATES[code]) if code in STATES else code


def role(code: str) -> str:
    return gettext(ROLES[code]) if code in ROLES else code


def moment(at: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str:
    return at.strftime(form) if at else "—"


# Sentences that scripts say; the page hands them over in the reader's language.
SCRIPTS: tuple[str, ...] = (
    N_("Act"),
    N_("Tender"),
    N_("Article"),
    N_("Required"),
    N_("Found"),
    N_("The server gave no answer."),
    N_("The line to the server is cut. Nothing was lost; please try again."),
    N_("You have no signing certificate yet. Make one on the page “My certificates”."),
    N_("Hashing %(name)s…"),
    N_("Uploading %(name)s: %(part)s %"),
    N_("The server stored other bytes than this file."),
    N_("%(days)s d %(rest)s"),
    N_("time is over"),
    N_("connected"),
    N_("line cut, reconnecting…"),
    N_("a passphrase is five groups of four letters or digits, as it was generated"),
    N_("the passphrase does not open this key, or the key was changed"),
    N_("These are not the last four characters."),
    N_("Certificate of a decryption key"),
)


def for_scripts() -> dict[str, str]:
    """Message id → words, only where they differ."""
    return {message: gettext(message) for message in SCRIPTS if gettext(message) != message}


KINDS: dict[str, str] = {
    "plan": N_("Plans"),
    "notice": N_("Tender notices"),
    "opening": N_("Openings"),
    "candidates": N_("Candidates"),
    "result": N_("Results"),
    "contract": N_("Contracts"),
    "tender_file": N_("Tender file"),
    "clarification": N_("Clarification"),
    "opening_record": N_("Opening record"),
    "candidate_notice": N_("Candidate notice"),
    "result_notice": N_("Result notice"),
    "failure_notice": N_("Failure notice"),
    "termination": N_("Termination notice"),
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
