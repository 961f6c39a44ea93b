"""Judgments about certificates in use and documents being signed: values in, breaches out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from core.rules import Breach, RuleRow

# Long enough to sign a prepared file by one click, short enough that a vanished browser holds nobody up.
LEASE = timedelta(seconds=15)

_SIGN, _FORM = "电子签名法 第13条", "电子招标投标办法 第40条"

RULES: dict[str, RuleRow] = {
    row.id: row
    for row in (
        RuleRow("S-SIGN", None, "-", _SIGN, "B", "signature of this holder over exactly this", "V"),
        RuleRow("S-TIME", None, "-", "电子签名法 第21条", "B", "certificate within its validity", "K"),
        RuleRow("S-REVOKED", None, "-", "电子签名法 第15条", "B", "certificate not revoked", "K"),
        RuleRow("D-NONE", None, "-", _FORM, "B", "a valid certificate of every signer", "V"),
        RuleRow("D-SIGNER", None, "-", _SIGN, "B", "the signer named by the document", "V"),
        RuleRow("D-CLOSED", None, "-", _SIGN, "B", "open for signatures", "V"),
        RuleRow("D-SIGNED", None, "-", _FORM, "B", "a place not yet signed", "V"),
        RuleRow("D-LAST", None, "-", _FORM, "B", "signs last", "V"),
        RuleRow("D-LEASE", None, "-", _FORM, "B", "prepared on the newest version, by its one holder", "V"),
    )
}


def breach(rule: str, found: object, required: str = "") -> Breach:
    row = RULES[rule]
    return row.breach(found, required=required or row.text)


def certificate(not_before: datetime, not_after: datetime, revoked_at: datetime | None, now: datetime) -> list[Breach]:
    """Both ends of the validity belong to it; a revocation holds from its moment on."""
    found = []
    if not not_before <= now <= not_after:
        found.append(breach("S-TIME", now.isoformat(), f"{not_before.isoformat()} – {not_after.isoformat()}"))
    if revoked_at is not None and revoked_at <= now:
        found.append(breach("S-REVOKED", revoked_at.isoformat()))
    return found


def may_sign(state: str, field: str, last: str, unsigned: Iterable[str]) -> list[Breach]:
    """Whether `field` is next to be signed: the document open, the field empty, the last one last."""
    waiting = set(unsigned)
    if state != "open":
        return [breach("D-CLOSED", state)]
    if field not in waiting:
        return [breach("D-SIGNED", field)]
    if field == last and waiting != {last}:
        return [breach("D-LAST", ", ".join(sorted(waiting - {last})), f"{last}: last")]
    return []
