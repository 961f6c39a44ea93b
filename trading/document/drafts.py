"""Reading what the editor saves: field by field into the case, refused by name when it has no usable shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from core import fields
from core.clock import CST
from core.doors import Payload
from core.faults import Unusable
from core.money import plain
from core.rules import Breach, RuleRow
from methods import small
from trading.bond.facts import FORMS
from trading.document import components, judging, layout, trial
from trading.document.facts import Draft
from trading.document.rules import uses_reference
from trading.opening.facts import SIGN_IN
from trading.procedures import Procedure
from trading.project.facts import in_wan
from trading.project.models import Case, Project

KEYS = (
    "ceiling", "bid_bond", "validity_days", "evaluation", "award", "remote", "issue_days", "bidding_days", "file_from",
    "file_until", "deadline", "settings", "sections",
)  # fmt: skip
EVALUATION = (
    "method", "price", "criteria", "total_round", "ties", "preliminary", "qualification", "reject_grounds", "low_price",
    "blind", "brands",
)  # fmt: skip
AWARD = (
    "separate", "legal_basis", "method", "committee", "supervisors", "candidates", "ranked", "pool", "abstentions",
    "ties", "tie_way",
)  # fmt: skip
SETTINGS = (
    "fallback", "window_minutes", "ceiling_method", "minimum_price", "reference_basis", "contact", "issue_days",
    "bidding_days", "bond_forms", "bond_account", "components", "notice_days", *SIGN_IN,
)  # fmt: skip
MODES = ("MAIN_SUB", "DISPERSED_SEAT", "FUSED_MAIN_DISPERSED")


MARKS = ("clarify", "clerical")  # of a ground or an item: the bidder is asked first; a fault of form alone


def _rows(value: Mapping[str, Any], key: str, needed: tuple[str, ...]) -> list[dict[str, Any]]:
    found = fields.items(value, key, most=100)
    for row in found:
        if not isinstance(row, dict) or not all(isinstance(row.get(name), str) and row[name] for name in needed):
            raise Unusable(f"evaluation.{key}: every row needs {', '.join(needed)}")
        if not all(isinstance(row.get(mark, False), bool) for mark in MARKS):
            raise Unusable(f"evaluation.{key}: {' and '.join(MARKS)} are true or false")
    if len({row["id"] for row in found}) != len(found):
        raise Unusable(f"evaluation.{key}: a number stands twice")
    return found


def _low_price(value: Mapping[str, Any]) -> dict[str, Any]:
    return judging.low_price(fields.mapping(value, "low_price")) if value.get("low_price") else {}


def _blind(value: Mapping[str, Any]) -> dict[str, Any]:
    told = fields.mapping(value, "blind") if value.get("blind") else {}
    return judging.blind(told, value.get("criteria") or []) if told.get("part") else {}


def _brands(value: Mapping[str, Any], kind: Procedure) -> dict[str, Any]:
    found = judging.brands(fields.mapping(value, "brands")) if value.get("brands") else {}
    if found and not kind.fields.BRANDS:
        raise Unusable("evaluation.brands: not in this kind of procedure")
    return found


def evaluation(value: dict[str, Any], kind: Procedure, base: str, *, ceiling: bool) -> dict[str, Any]:
    """The evaluation block with its defaults; tried on sample bids first."""
    fields.only(value, *EVALUATION)
    trial.checked(value, base, ceiling=ceiling)
    if small.FLAG in (value["price"].get("deductions") or {}) and kind.fields.REGIME != "R2":
        raise Unusable(f"evaluation.price.deductions.{small.FLAG}: only in government procurement")
    out = dict(value)
    out["method"] = fields.text(value, "method", limit=40, default=kind.fields.TERMS["evaluation"])
    out["preliminary"] = (
        _rows(value, "preliminary", ("id", "name")) if value.get("preliminary") else list(kind.fields.PRELIMINARY)
    )
    out.pop("qualification", None)
    if kind.fields.QUALIFICATION:
        asked = _rows(value, "qualification", ("id", "name")) if value.get("qualification") else []
        out["qualification"] = asked or list(kind.fields.QUALIFICATION)
    own = _rows(value, "reject_grounds", ("id", "text")) if value.get("reject_grounds") else []
    legal = {row["id"] for row in kind.fields.REJECT_GROUNDS}
    out["reject_grounds"] = [*kind.fields.REJECT_GROUNDS, *(row for row in own if row["id"] not in legal)]
    blocks = {"low_price": _low_price(value), "blind": _blind(value), "brands": _brands(value, kind)}
    for key, block in blocks.items():
        out.pop(key, None)
        out |= {key: block} if block else {}
    if "blind" in out and not any(row["id"] == judging.BLIND_GROUND["id"] for row in own):
        out["reject_grounds"].append(dict(judging.BLIND_GROUND))
    if "layout" in out.get("blind", {}) and not any(row["id"] == layout.GROUND["id"] for row in own):
        out["reject_grounds"].append(dict(layout.GROUND))
    return out


def award(value: dict[str, Any], kind: Procedure) -> dict[str, Any]:
    """The award block; numbers are judged by the rules, shapes here."""
    fields.only(value, *AWARD)
    out: dict[str, Any] = {"separate": fields.yes_no(value, "separate", default=False)}
    out["ranked"] = fields.yes_no(value, "ranked", default=not out["separate"])
    out["candidates"] = fields.integer(value, "candidates", least=1, most=20, default=3)
    if value.get("tie_way"):
        out["tie_way"] = fields.text(value, "tie_way", limit=300)
    if out["separate"]:
        out["method"] = fields.choice(value, "method", list(kind.fields.AWARD_METHODS))
        out["legal_basis"] = fields.text(value, "legal_basis", default="-").removeprefix("-")
        out["committee"] = fields.integer(value, "committee", least=1, most=99)
        out["supervisors"] = fields.integer(value, "supervisors", least=0, most=99, default=2)
        out["pool"] = fields.integer(value, "pool", least=1, most=500, default=2 * out["committee"])
        allowed = ("forbidden", "allowed")
        out["abstentions"] = fields.choice({"abstentions": "forbidden"} | value, "abstentions", allowed)
        out |= {"ties": value["ties"]} if value.get("ties") else {}
    return out


def remote(value: dict[str, Any]) -> dict[str, Any]:
    fields.only(value, "mode", "members_by_site", "sites")
    if not value:
        return {}
    fields.choice(value, "mode", MODES)
    for region, count in fields.mapping(value, "members_by_site").items():
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 50:
            raise Unusable(f"remote.members_by_site.{region}: a whole number from 1 to 50 is expected")
    return value


def settings(value: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    fields.only(value, *SETTINGS)
    out = {key: item for key, item in before.items() if key not in value} | value
    out["fallback"] = fields.yes_no(out, "fallback", default=False)
    out["window_minutes"] = fields.integer(out, "window_minutes", least=1, most=1440, default=30)
    for key, usual in SIGN_IN.items():
        out[key] = fields.integer(out, key, least=1, most=1440, default=usual)
    forms = fields.items(out, "bond_forms", most=len(FORMS)) if out.get("bond_forms") else ["transfer", "e_guarantee"]
    if not set(map(str, forms)) <= set(FORMS):
        raise Unusable(f"bond_forms: one or more of {', '.join(FORMS)} are expected")
    out["bond_forms"] = [form for form in FORMS if form in forms]
    if "notice_days" in out:
        out["notice_days"] = fields.integer(out, "notice_days", least=1, most=365)
    if "components" in value:
        out["components"] = components.read(value)
    for key in ("ceiling_method", "reference_basis", "contact", "bond_account"):
        out[key] = fields.text(out, key, limit=500, default="-").removeprefix("-")
    return out


def sections(value: dict[str, Any], before: Mapping[str, Any], kind: Procedure) -> dict[str, str]:
    fields.only(value, *kind.fields.SECTIONS)
    changed = {key: fields.text(value, key, limit=8000, default="-").removeprefix("-") for key in value}
    return dict(before) | changed


def save(row: Case, kind: Procedure, p: Payload) -> None:
    """Write the given keys into the case; Unusable names the first that cannot be read."""
    fields.only(p, *KEYS)
    _save_numbers(row, p)
    if "settings" in p:
        row.settings = settings(fields.mapping(p, "settings"), row.settings)
    for key in ("issue_days", "bidding_days"):
        if key in p:
            row.settings = row.settings | {key: fields.integer(p, key, least=1, most=365)}
    _save_blocks(row, kind, p)


def _save_numbers(row: Case, p: Payload) -> None:
    if "ceiling" in p:
        row.ceiling = plain(fields.decimal(p, "ceiling", least=Decimal("0.000001"))) if p["ceiling"] else ""
    if "bid_bond" in p:
        row.bid_bond = plain(fields.decimal(p, "bid_bond", least=Decimal(0), default=Decimal(0)))
    if "validity_days" in p:
        row.validity_days = fields.integer(p, "validity_days", least=1, most=1000)
    for key in ("file_from", "file_until", "deadline"):
        if key in p:
            setattr(row, key, fields.moment(p, key) if p[key] else None)


def _save_blocks(row: Case, kind: Procedure, p: Payload) -> None:
    if "sections" in p:
        row.sections = sections(fields.mapping(p, "sections"), row.sections, kind)
    if "evaluation" in p or ("ceiling" in p and row.evaluation):
        block = fields.mapping(p, "evaluation") if "evaluation" in p else row.evaluation
        row.evaluation = evaluation(block, kind, row.ceiling or row.estimate, ceiling=bool(row.ceiling))
    if "award" in p:
        row.award = award(fields.mapping(p, "award"), kind)
    if "remote" in p:
        row.remote = remote(fields.mapping(p, "remote"))


def missing(row: Case, kind: Procedure, deadline: datetime | None, *, reference_sealed: bool) -> tuple[str, ...]:
    """What the file does not state yet."""
    lacking = [name for name in kind.fields.REQUIRED_SECTIONS if not row.sections.get(name)]
    found = [f"sections.{name}" for name in lacking]
    found += [key for key in ("evaluation", "award") if not getattr(row, key)]
    if not row.validity_days:
        found.append("validity_days")
    if deadline is None:
        found.append("deadline")
    if uses_reference(row.evaluation) and not reference_sealed:
        found.append("reference")
    return tuple(found)


def draft_of(
    project: Project,
    row: Case,
    kind: Procedure,
    now: datetime,
    *,
    days: Mapping[str, datetime | None],
    reference_sealed: bool,
) -> Draft:
    """`days`: file_from, file_until and deadline as written or counted from today."""

    def local(moment: datetime | None) -> datetime | None:
        return moment.astimezone(CST) if moment else None

    published, file_from, until = local(project.plan_published_at), local(days["file_from"]), local(days["file_until"])
    return Draft(
        kind=kind.fields.kind(project.category),
        estimate=in_wan(row.estimate, row.unit),
        plan_published=published.date() if published else None,
        issue=now.date(),
        file_from=file_from.date() if file_from else now.date(),
        file_until=until.date() if until else None,
        deadline=local(days["deadline"]),
        ceiling=row.ceiling,
        bond=in_wan(row.bid_bond or "0", row.unit),
        evaluation=row.evaluation,
        award=row.award,
        remote=row.remote,
        settings=row.settings,
        missing=missing(row, kind, days["deadline"], reference_sealed=reference_sealed),
        regime=row.regime,
        ceiling_wan=in_wan(row.ceiling or "0", row.unit),
        sections=row.sections,
    )


def trial_warning(row: Case, book: Mapping[str, RuleRow]) -> list[Breach]:
    """FILE-02: the method has a sound shape but gives no score near the ceiling."""
    if not row.evaluation:
        return []
    why = trial.checked(row.evaluation, row.ceiling or row.estimate, ceiling=bool(row.ceiling))
    return [book["FILE-02"].breach(why[:120], field="evaluation.price")] if why else []
