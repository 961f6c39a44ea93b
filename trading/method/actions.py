"""Keeping the evaluation part of a tender file as a template, its next version, and taking it away again."""

from __future__ import annotations

from sqlalchemy import select

from core import fields
from core.access import Role, denied
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import Refused
from trading.method.models import MethodTemplate, MethodTemplateVersion
from trading.method.queries import may_read_file
from trading.project.models import Case
from trading.project.states import case_row

STREAM = "platform"
KEEPERS = (Role.TENDERER, Role.AGENCY, Role.CENTRE)


def _own(tx: Tx, p: Payload) -> MethodTemplate:
    row = tx.session.get(MethodTemplate, fields.text(p, "template", limit=16))
    if row is None or row.org_id != tx.actor.org or row.state == "deleted":
        raise Unusable("template: none of your organisation")
    return row


def _source(tx: Tx, p: Payload) -> Case:
    """The file it is kept from: one's own, or for a centre one that it has seen issued."""
    row = case_row(tx.session, fields.text(p, "from", limit=16))
    if not may_read_file(row, tx.actor):
        raise Refused(denied("ACCESS", "tenderer or agency of this case, its centre once issued", tx.actor.org_name))
    if not row.evaluation:
        raise Unusable("from: this file has no evaluation part yet")
    return row


@acting("method_template.keep", *KEEPERS)
def keep(tx: Tx, case: str, p: Payload) -> Payload:
    """{from: case, name, template?} → {template, version}: the evaluation part of that file as it stands now, as a new
    template or as the next version of one's own. Files begun from an earlier version stay as they are."""
    fields.only(p, "from", "name", "template")
    source, name = _source(tx, p), fields.text(p, "name", limit=60)
    if p.get("template"):
        row = _own(tx, p)
        if row.procedure != source.procedure:
            raise Unusable("template: for another project type")
        row.version += 1
    else:
        row = MethodTemplate(org_id=tx.actor.org, procedure=source.procedure, version=1)
    row.name, row.method, row.changed_at = name, str(source.evaluation.get("method", "")), tx.now
    with tx.session.no_autoflush:
        same = (MethodTemplate.org_id == tx.actor.org, MethodTemplate.name == name, MethodTemplate.state == "kept")
        if tx.session.scalar(select(MethodTemplate.id).where(*same, MethodTemplate.id != row.id).limit(1)):
            raise Unusable("name: another template of your organisation has it")
    tx.session.add(row)
    tx.session.flush()
    tx.session.add(
        MethodTemplateVersion(template_id=row.id, version=row.version, name=name, evaluation=dict(source.evaluation),
                              case_id=source.id, made_at=tx.now, made_by=tx.actor.person)
    )  # fmt: skip
    body = {"template": row.id, "version": row.version, "name": name, "procedure": row.procedure, "method": row.method}
    tx.record(STREAM, "method_template.kept", body)
    return {"template": row.id, "version": row.version}


@acting("method_template.delete", *KEEPERS)
def delete(tx: Tx, case: str, p: Payload) -> Payload:
    """{template}: offered no more; files begun from it stay as they are."""
    fields.only(p, "template")
    row = _own(tx, p)
    row.state, row.changed_at = "deleted", tx.now
    tx.record(STREAM, "method_template.deleted", {"template": row.id, "version": row.version})
    return {}
