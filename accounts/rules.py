"""Judgments about organisations, people, logins and certificates: values in, breaches out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from certs import desk_rules
from core.access import Role
from core.rules import Breach, RuleRow

AGREEMENT = "registration/1"
KINDS = ("tenderer", "agency", "bidder", "centre", "regulator", "owner")
ROLES_OF: dict[str, frozenset[Role]] = {
    "tenderer": frozenset({Role.TENDERER, Role.ELECTOR}),
    "owner": frozenset({Role.TENDERER, Role.ELECTOR}),
    "agency": frozenset({Role.AGENCY}),
    "bidder": frozenset({Role.BIDDER}),
    "centre": frozenset({Role.CENTRE, Role.ADMIN}),
    "regulator": frozenset({Role.REGULATOR, Role.AUDITOR}),
}
# A neutral body is nothing else besides.
ALONE = frozenset({"centre", "regulator"})
# An auditor reads all and writes nothing; an administrator never meets a bid (三员分立).
_EXCLUSIVE = frozenset({Role.AUDITOR, Role.ADMIN, Role.REGULATOR})
_TRADERS = frozenset({Role.TENDERER, Role.AGENCY, Role.BIDDER, Role.EXPERT, Role.ELECTOR})

MAX_ATTEMPTS = 5
LOCK = timedelta(minutes=15)
IDLE = timedelta(hours=2)
ABSOLUTE = timedelta(hours=12)
ACTIVATION_LIFE = timedelta(days=7)
MIN_PASSWORD = 10

_REGISTER = "电子招标投标办法 第24条"
_SAFETY = "电子招标投标办法 第8条"
_SIGN = "电子签名法 第13条"

RULES: dict[str, RuleRow] = desk_rules.RULES | {
    row.id: row
    for row in (
        RuleRow("U-AGREE", None, "-", _REGISTER, "B", "registration agreement read and accepted", "K"),
        RuleRow("U-NAME", None, "-", _REGISTER, "B", "no organisation of this name registered", "K"),
        RuleRow("U-USCC", None, "-", _REGISTER, "B", "no organisation with this code registered", "K"),
        RuleRow("U-CODE", None, "-", "GB 32100", "B", "unified social credit code with a right check digit", "VC"),
        RuleRow("U-LAYOUT", None, "-", "GB 32100", "W", "usual layout of the code", "V2"),
        RuleRow("U-REGION", None, "-", "GB/T 2260", "B", "six digits of a region", "V"),
        RuleRow("U-STATE", None, "-", _REGISTER, "B", "editing or refused", "K"),
        RuleRow("U-PENDING", None, "-", _REGISTER, "B", "a filing that awaits verification", "K"),
        RuleRow("U-CHANGE", None, "-", _REGISTER, "B", "verified, no change pending", "K"),
        RuleRow("U-VERIFIED", None, "-", _REGISTER, "B", "verified, not suspended", "K"),
        RuleRow("U-OWN", None, "-", "电子招标投标办法 第48条", "B", "own organisation or record only", "K"),
        RuleRow("U-SELF", None, "-", "电子招标投标办法 第48条", "B", "verified by somebody else", "K"),
        RuleRow("U-KIND", None, "-", "招标投标法实施条例 第5条", "B", "a centre or regulator is nothing else", "K"),
        RuleRow("U-ROLE", None, "-", "电子招标投标办法 第48条", "B", "a role that the organisation's kind has", "K"),
        RuleRow("U-APART", None, "-", "招标投标法实施条例 第5条", "B", "separated duties", "K"),
        RuleRow("U-PERSON", None, "-", _SAFETY, "B", "one person, one login", "K"),
        RuleRow("U-LOGIN", None, "-", _SAFETY, "B", "a login nobody has", "K"),
        RuleRow("U-ACTIVE", None, "-", _SAFETY, "B", "an active person", "K"),
        RuleRow("U-MANAGER", None, "-", _SAFETY, "B", "at least one manager stays", "K"),
        RuleRow("U-LOCK", Decimal(MAX_ATTEMPTS), "次", _SAFETY, "B", "failed logins before a lock of 15 minutes", "K"),
        RuleRow("U-WRONG", None, "-", _SAFETY, "B", "login and password that belong together", "K"),
        RuleRow("U-PASSWORD", Decimal(MIN_PASSWORD), "位", _SAFETY, "B", "length of a password", "K"),
        RuleRow("U-CODE-USED", None, "-", _SAFETY, "B", "an unused activation code", "K"),
        RuleRow("S-CERT", None, "-", _SIGN, "B", "certificate of the signer, issued by this platform", "V"),
        RuleRow("S-OWNER", None, "-", _SIGN, "B", "the signer's own certificate", "V"),
        RuleRow("S-NONCE", None, "-", _SIGN, "B", "unspent nonce of this person, act, case and object", "V"),
        RuleRow("S-POP", None, "-", _SIGN, "B", "proof that the holder has the key", "V"),
        RuleRow("S-KEY", None, "-", _SIGN, "B", "a key no certificate was issued for", "V"),
        RuleRow("S-SEAL", None, "-", "电子招标投标办法 第40条", "B", "a centre's own seal", "K"),
    )
}


def breach(rule: str, found: object, required: str = "", field: str = "") -> Breach:
    row = RULES[rule]
    return row.breach(found, required=required or (None if row.value is not None else row.text), field=field)


def agreed(agreement: str) -> list[Breach]:
    return [] if agreement == AGREEMENT else [breach("U-AGREE", agreement or "-", AGREEMENT, "agreement")]


def kinds(found: Iterable[str]) -> list[Breach]:
    """A trading centre or a regulator may not also be a party."""
    held = set(found)
    return [breach("U-KIND", ", ".join(sorted(held)), field="kinds")] if held & ALONE and len(held) > 1 else []


def usual_roles(org_kinds: Iterable[str]) -> list[Role]:
    """What the first person of an organisation is, unless said otherwise."""
    return sorted({Role.TENDERER if kind == "owner" else Role(kind) for kind in org_kinds})


def roles_allowed(org_kinds: Iterable[str]) -> frozenset[Role]:
    """Roles come from the kinds of one's organisation; an expert's does not."""
    return frozenset({Role.EXPERT}).union(*(ROLES_OF[kind] for kind in org_kinds))


def roles_fit(roles: Iterable[Role], org_kinds: Iterable[str]) -> list[Breach]:
    allowed = roles_allowed(org_kinds)
    return [breach("U-ROLE", role, ", ".join(sorted(allowed)), "roles") for role in sorted(set(roles) - allowed)]


def apart(roles: Iterable[Role]) -> list[Breach]:
    """One user never holds 招标 and 监管; auditor and administrator hold nothing else (domain.md §8)."""
    held = set(roles)
    shown = " + ".join(sorted(held))
    lonely = held & _EXCLUSIVE
    if lonely and len(held) > 1:
        return [breach("U-APART", shown, " / ".join(sorted(lonely)), "roles")]
    if Role.CENTRE in held and held & _TRADERS:
        return [breach("U-APART", shown, Role.CENTRE, "roles")]
    return []


def editable(state: str) -> list[Breach]:
    return [] if state in ("editing", "refused") else [breach("U-STATE", state)]


def may_trade(state: str, suspended: bool) -> list[Breach]:
    return [breach("U-VERIFIED", "suspended" if suspended else state)] if suspended or state != "verified" else []


def password(text: str, login: str) -> list[Breach]:
    """Length counts, and it may not contain the login (NIST SP 800-63B §5.1.1.2: no composition rules)."""
    if len(text) < MIN_PASSWORD:
        return [breach("U-PASSWORD", len(text), field="password")]
    if login and login.lower() in text.lower():
        return [breach("U-PASSWORD", "login", "≠ login", "password")]
    if len(set(text)) < 4:
        return [breach("U-PASSWORD", len(set(text)), "≥ 4 different characters", "password")]
    return []


def locked_until(attempts: int, last_at: datetime, now: datetime) -> datetime | None:
    """End of the lock when one is on; it starts with the fifth attempt and is over at its last moment."""
    until = last_at + LOCK
    return until if attempts >= MAX_ATTEMPTS and now < until else None


def session_open(began_at: datetime, seen_at: datetime, ended_at: datetime | None, now: datetime) -> bool:
    """Whether a login still holds at `now`."""
    return ended_at is None and now < seen_at + IDLE and now < began_at + ABSOLUTE
