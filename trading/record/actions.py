"""A centre keeps its templates: made, changed, put in force, deleted; each an act with its entry."""

from __future__ import annotations

from sqlalchemy import select, update

from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import refuse_if
from trading.record import rules
from trading.record.models import RecordTemplate, RecordTemplateVersion

STREAM = "platform"


def _own(tx: Tx, p: Payload) -> RecordTemplate:
    row = tx.session.get(RecordTemplate, fields.text(p, "template", limit=16))
    if row is None or row.centre_org != tx.actor.org or row.state == "deleted":
        raise Unusable("template: none of your centre")
    return row


def _words(p: Payload, key: str) -> str:
    return fields.text(p, key, limit=1000) if p.get(key) else ""


def _write(tx: Tx, row: RecordTemplate, p: Payload) -> Payload:
    """The next version of `row`, from {name, columns, opening_words?, closing_words?}."""
    columns = {fields.choice({"columns": one}, "columns", rules.COLUMNS) for one in fields.items(p, "columns", most=50)}
    refuse_if(rules.complete(columns))
    row.name, row.changed_at = fields.text(p, "name", limit=60), tx.now
    same = (RecordTemplate.centre_org == row.centre_org, RecordTemplate.name == row.name)
    others = (RecordTemplate.id != row.id, RecordTemplate.state != "deleted")
    with tx.session.no_autoflush:
        if tx.session.scalar(select(RecordTemplate.id).where(*same, *others).limit(1)):
            raise Unusable("name: another template of your centre has it")
    tx.session.add(row)
    tx.session.flush()
    made = RecordTemplateVersion(
        template_id=row.id, version=row.version, name=row.name, columns=[c for c in rules.COLUMNS if c in columns],
        opening_words=_words(p, "opening_words"), closing_words=_words(p, "closing_words"),
        made_at=tx.now, made_by=tx.actor.person,
    )  # fmt: skip
    tx.session.add(made)
    body = {"template": row.id, "version": row.version, "name": row.name, "columns": made.columns}
    said = {"opening_words": made.opening_words, "closing_words": made.closing_words}
    tx.record(STREAM, "record_template.written", body | said)
    return {"template": row.id, "version": row.version}


@acting("record_template.create", Role.CENTRE)
def create(tx: Tx, case: str, p: Payload) -> Payload:
    """{name, columns, opening_words?, closing_words?} → {template, version}"""
    fields.only(p, "name", "columns", "opening_words", "closing_words")
    return _write(tx, RecordTemplate(centre_org=tx.actor.org, version=1), p)


@acting("record_template.edit", Role.CENTRE)
def edit(tx: Tx, case: str, p: Payload) -> Payload:
    """{template, name, columns, opening_words?, closing_words?} → {template, version}: the earlier ones stay."""
    fields.only(p, "template", "name", "columns", "opening_words", "closing_words")
    row = _own(tx, p)
    row.version += 1
    return _write(tx, row, p)


@acting("record_template.use", Role.CENTRE)
def use(tx: Tx, case: str, p: Payload) -> Payload:
    """{template}: in force for the openings of this centre from now on; "" = the house's own."""
    fields.only(p, "template")
    row = _own(tx, p) if p.get("template") else None
    mine = update(RecordTemplate).where(RecordTemplate.centre_org == tx.actor.org, RecordTemplate.state == "in_force")
    tx.session.execute(mine.values(state="kept"))
    if row is not None:
        row.state = "in_force"
    body = {"template": row.id if row else "", "version": row.version if row else 0}
    tx.record(STREAM, "record_template.in_force", body | {"centre": tx.actor.org})
    return body


@acting("record_template.delete", Role.CENTRE)
def delete(tx: Tx, case: str, p: Payload) -> Payload:
    """{template}: no opening takes it any more; records that name it keep their version."""
    fields.only(p, "template")
    row = _own(tx, p)
    refuse_if(rules.may_delete(row.state))
    row.state, row.changed_at = "deleted", tx.now
    tx.record(STREAM, "record_template.deleted", {"template": row.id, "version": row.version})
    return {}
