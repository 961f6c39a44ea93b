"""Templates of specifications: kept by the centre, a version each time, inherited from the categories above."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import Refused
from trading.mall import rules
from trading.mall.categories import categories
from trading.mall.facts import KINDS, Asked, SpecField
from trading.mall.models import Template

STREAM = "platform"
# A workbook has thirty columns, fourteen of them the same for every category.
MOST_FIELDS, MOST_CHOICES = 15, 40


def own_fields(session: Session, category: str) -> Template | None:
    """The newest version of a category's own template."""
    query = select(Template).where(Template.category == category).order_by(Template.version.desc())
    return session.scalars(query.limit(1)).first()


def asked_of(session: Session, codes: Iterable[str]) -> dict[str, Asked]:
    """What each of these categories asks of its items; a field of one below takes the place of its like above."""
    paths = {code: [one.code for one in categories().path(code)] for code in set(codes)}
    above = {one for path in paths.values() for one in path}
    newest = select(Template.category, func.max(Template.version)).where(Template.category.in_(above))
    wanted = {code: version for code, version in session.execute(newest.group_by(Template.category))}  # noqa: C416
    rows = session.scalars(select(Template).where(Template.category.in_(list(wanted))))
    known = {row.category: row for row in rows if row.version == wanted[row.category]}
    found = {}
    for code, path in paths.items():
        fields_by_name: dict[str, SpecField] = {}
        for one in (known[step] for step in path if step in known):
            fields_by_name |= {raw["name"]: field_of(raw, one.category) for raw in one.fields}
        versions = {step: known[step].version for step in path if step in known}
        found[code] = Asked(code, tuple(fields_by_name.values()), versions)
    return found


def field_of(raw: dict[str, Any], category: str) -> SpecField:
    return SpecField(raw["name"], raw["kind"], raw["required"], raw["unit"], tuple(raw["choices"]), category)


def _field(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise Unusable("fields: a list of objects is expected")
    fields.only(raw, "name", "kind", "required", "unit", "choices")
    name, kind = fields.text(raw, "name", limit=30), fields.choice(raw, "kind", KINDS)
    if set(name) & set(".:：\n\t"):
        raise Unusable("name: neither a dot nor a colon stands in it")
    choices = fields.items(raw, "choices", most=MOST_CHOICES) if kind == "choice" else []
    said = [fields.text({"choices": one}, "choices", limit=40) for one in choices]
    if kind == "choice" and len(set(said)) < 2:
        raise Unusable("choices: a choice has two or more different ones")
    unit = fields.text(raw, "unit", limit=10, default="") if kind == "number" else ""
    required = fields.yes_no(raw, "required", default=False)
    return {"name": name, "kind": kind, "required": required, "unit": unit, "choices": list(dict.fromkeys(said))}


@acting("mall_template.save", Role.CENTRE)
def save(tx: Tx, case: str, p: Payload) -> Payload:
    """{category, fields: [{name, kind, required, unit?, choices?}]} → {version}: the next version. Listed items stay;
    each is asked by it when it is next changed or handed in."""
    fields.only(p, "category", "fields")
    category = categories().get(fields.text(p, "category", limit=9))
    if category.doubtful:
        raise Refused(rules.book_at(tx.now)["ITEM-DOUBTFUL"].breach(category.code, required="-", field="category"))
    made = [_field(raw) for raw in fields.items(p, "fields", most=MOST_FIELDS)]
    if len({one["name"] for one in made}) < len(made):
        raise Unusable("fields: a name stands twice")
    before = own_fields(tx.session, category.code)
    version = before.version + 1 if before else 1
    row = Template(category=category.code, version=version, fields=made, made_at=tx.now, made_by=tx.actor.person)
    tx.session.add(row)
    tx.session.flush()
    whole = asked_of(tx.session, [category.code])[category.code]
    if len(whole.fields) > MOST_FIELDS:
        raise Unusable(f"fields: at most {MOST_FIELDS} with those of the categories above")
    tx.record(STREAM, "mall_template.saved", {"category": category.code, "version": version, "fields": made})
    return {"version": version}
