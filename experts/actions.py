"""Acts on the pool: self-nomination, admission, change, pause, return, removal. Each notes who did it and when."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from accounts.models import Person
from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.rules import Breach, Refused, refuse_if
from experts.models import Expert
from experts.rules import admission

P = dict[str, Any]
ARTICLE = "招标投标法实施条例 第45条"
MOST_SPECIALITIES = 3  # domain.md §6, practice
_CODE = re.compile(r"[ABC]\d{2}(\d{2}){0,2}")
_USCC = re.compile(r"[0-9A-Z]{18}")
_FACTS = (
    "region", "specialities", "title", "level", "basis", "years", "born_year", "employer_name", "employer_uscc",
    "employments",
)  # fmt: skip


def _codes(p: P) -> list[str]:
    codes = [str(one) for one in fields.items(p, "specialities")]
    if not codes or len(codes) > MOST_SPECIALITIES or not all(_CODE.fullmatch(one) for one in codes):
        raise Unusable(f"specialities: one to {MOST_SPECIALITIES} codes are expected")
    return sorted(set(codes))


def _uscc(p: P, key: str) -> str:
    value = fields.text(p, key, limit=18, default="")
    if value and not _USCC.fullmatch(value):
        raise Unusable(f"{key}: 18 characters are expected")
    return value


def _employments(p: P) -> list[dict[str, Any]]:
    rows = []
    for one in fields.items({"employments": p.get("employments") or []}, "employments", most=50):
        if not isinstance(one, dict):
            raise Unusable("employments: objects are expected")
        begin = fields.day(one, "from")
        until = fields.day(one, "until") if one.get("until") else None
        if until is not None and until < begin:
            raise Unusable("employments: one ends before it begins")
        rows.append(
            {
                "uscc": _uscc(one, "uscc"), "name": fields.text(one, "name", limit=120),
                "from": begin.isoformat(), "until": until.isoformat() if until else None,
            }
        )  # fmt: skip
    return rows


def _fill(row: Expert, p: P, today: date) -> None:
    region = fields.text(p, "region", limit=6)
    if len(region) != 6 or not region.isdigit():
        raise Unusable("region: six digits are expected")
    row.region, row.specialities = region, _codes(p)
    row.title = fields.text(p, "title", limit=40)
    row.level = fields.choice(p, "level", ["senior", "equal", "middle", "junior"])
    row.basis = fields.text(p, "basis", default="")
    if row.level == "equal" and not row.basis:
        raise Unusable("basis: missing (why the level is equal to a senior title)")
    row.years = fields.integer(p, "years", least=0, most=70)
    row.born_year = fields.integer(p, "born_year", least=today.year - 100, most=today.year - 18)
    row.employer_name = fields.text(p, "employer_name", limit=120, default="")
    row.employer_uscc, row.employments = _uscc(p, "employer_uscc"), _employments(p)


def _row(tx: Tx, p: P, *states: str) -> Expert:
    row = tx.session.get(Expert, fields.text(p, "person", limit=16), with_for_update=True)
    if row is None:
        raise Unusable("person: not in the pool")
    if states and row.state not in states:
        raise Refused(Breach("POOL-STATE", ARTICLE, "B", " / ".join(states), row.state))
    return row


def _note(tx: Tx, kind: str, row: Expert, **more: Any) -> P:
    body = {"person": row.id, "region": row.region, "state": row.state, "specialities": row.specialities} | more
    tx.record("pool", kind, body)
    return {"person": row.id, "state": row.state}


def _same_or_new(tx: Tx, person: str) -> Expert:
    row = tx.session.get(Expert, person, with_for_update=True)
    if row is not None and row.state != "applied":
        raise Refused(Breach("POOL-TWICE", ARTICLE, "B", "not in the pool", row.state))
    if row is None:
        row = Expert(id=person, state="applied")
        tx.session.add(row)
    return row


@acting("expert.apply", Role.EXPERT)
def apply(tx: Tx, case: str, p: P) -> P:
    """Self-nomination: {region, specialities, title, level, basis?, years, born_year, employer_…, employments}."""
    fields.only(p, *_FACTS)
    with tx.session.no_autoflush:
        row = _same_or_new(tx, tx.actor.person)
        _fill(row, p, tx.now.date())
    return _note(tx, "expert.applied", row)


@acting("expert.admit", Role.CENTRE)
def admit(tx: Tx, case: str, p: P) -> P:
    """{person, and the facts unless the person applied with them}: R1-18 is asked, then the expert is in."""
    fields.only(p, "person", *_FACTS)
    person = tx.session.get(Person, fields.text(p, "person", limit=16))
    if person is None or Role.EXPERT not in person.roles:
        raise Unusable("person: nobody with the role of an expert")
    with tx.session.no_autoflush:
        row = _same_or_new(tx, person.id)
        if "region" in p or row.region is None:
            _fill(row, p, tx.now.date())
    refuse_if(admission(row.years, row.level, tx.now.date(), row.region))
    row.id_hash, row.state, row.admitted_at = person.id_hash, "active", tx.now
    return _note(tx, "expert.admitted", row, years=row.years, level=row.level)


@acting("expert.edit", Role.CENTRE)
def edit(tx: Tx, case: str, p: P) -> P:
    """{person, and the whole facts}; what no longer meets R1-18 is refused."""
    fields.only(p, "person", *_FACTS)
    row = _row(tx, p, "active", "paused")
    _fill(row, p, tx.now.date())
    refuse_if(admission(row.years, row.level, tx.now.date(), row.region))
    return _note(tx, "expert.changed", row, years=row.years, level=row.level)


@acting("expert.pause", Role.CENTRE, Role.REGULATOR)
def pause(tx: Tx, case: str, p: P) -> P:
    """{person, reason, until?}: not drawn until resumed."""
    fields.only(p, "person", "reason", "until")
    row = _row(tx, p, "active")
    reason = fields.text(p, "reason")
    row.state, row.paused_until = "paused", fields.moment(p, "until") if p.get("until") else None
    return _note(tx, "expert.paused", row, reason=reason)


@acting("expert.resume", Role.CENTRE)
def resume(tx: Tx, case: str, p: P) -> P:
    fields.only(p, "person", "reason")
    row = _row(tx, p, "paused")
    if row.paused_until is not None and tx.now < row.paused_until:
        raise Refused(Breach("POOL-PAUSE", ARTICLE, "B", f"≥ {row.paused_until.isoformat()}", tx.now.isoformat()))
    row.state, row.paused_until = "active", None
    return _note(tx, "expert.resumed", row, reason=fields.text(p, "reason"))


@acting("expert.remove", Role.CENTRE, Role.REGULATOR)
def remove(tx: Tx, case: str, p: P) -> P:
    fields.only(p, "person", "reason")
    row = _row(tx, p, "active", "paused", "applied")
    row.state = "removed"
    return _note(tx, "expert.removed", row, reason=fields.text(p, "reason"))
