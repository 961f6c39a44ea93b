"""Acts of oversight: checkpoints and their witnesses, and handing out the case file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import exists, func, select

from certs import authority
from core import fields
from core.access import SYSTEM, Role, denied
from core.acts import Tx
from core.doors import Payload, acting
from core.jobs import DueJob, plan
from core.rules import Refused
from oversight import casefile, checkpoints, rules
from oversight.guards import RESULT, watches
from oversight.models import CaseFileExport, LogCheckpoint
from trading.project.models import Case, CaseMove
from trading.project.states import case_row, stands_as
from verifier.casefile import EDITIONS, Edition
from verifier.ledger import PLATFORM

PERIOD = timedelta(hours=1)


def ring(tx: Tx, term: timedelta = timedelta(0)) -> None:
    """Plan the next checkpoint, unless one is planned; the composition root calls it once at start."""
    waiting = select(DueJob.id).where(DueJob.act == "log.checkpoint", DueJob.done_at.is_(None), DueJob.at > tx.now)
    if tx.session.scalar(waiting.limit(1)) is None:
        plan(tx.session, tx.now + term, "log.checkpoint", "")


@acting("log.checkpoint", Role.REGULATOR, Role.ADMIN)
def take_checkpoint(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {size, root, note}: sign the heads of all streams. The timer rings again after PERIOD."""
    fields.only(p)
    point = checkpoints.take(tx)
    if tx.actor == SYSTEM:
        ring(tx, PERIOD)
    return {"size": point.size, "root": point.root, "note": point.note}


@acting("witness.register", Role.REGULATOR, signed=True)
def register_witness(tx: Tx, case: str, p: Payload) -> Payload:
    """{vkey: "name+id+key"} → {name}: the key under which the regulator's own client cosigns; it stays there."""
    fields.only(p, "vkey")
    key = checkpoints.register(tx, fields.text(p, "vkey", limit=300))
    tx.record(PLATFORM, "witness.registered", {"vkey": key.text, "org": tx.actor.org})
    return {"name": key.name}


@acting("checkpoint.cosign", Role.REGULATOR, signed=True)
def cosign(tx: Tx, case: str, p: Payload) -> Payload:
    """{size, cosignature: "— name base64"} → {size, note}: one line by the own witness key over the stored note.

    Cases whose result is under it get their public edition.
    """
    fields.only(p, "size", "cosignature")
    line = fields.text(p, "cosignature", limit=600)
    point = checkpoints.cosign(tx, fields.integer(p, "size", least=1, most=1 << 53), line)
    tx.record(PLATFORM, "checkpoint.cosigned", {"size": point.size, "org": tx.actor.org})
    for case_id in tx.session.scalars(_to_publish(point)).all():
        plan(tx.session, tx.now, "casefile.export", case_id, {"edition": "public"})
    return {"size": point.size, "note": checkpoints.note_of(tx.session, point).decode()}


def _to_publish(point: LogCheckpoint) -> Any:
    """Cases whose last move is under the checkpoint and not yet in a public edition."""
    moved = select(func.max(CaseMove.at)).where(CaseMove.case_id == Case.id).scalar_subquery()
    out = exists().where(
        CaseFileExport.case_id == Case.id, CaseFileExport.edition == "public", CaseFileExport.state == Case.state
    )
    planned = exists().where(DueJob.act == "casefile.export", DueJob.case == Case.id, DueJob.done_at.is_(None))
    return select(Case.id).where(Case.state.in_(RESULT), moved < point.at, ~out, ~planned)


@acting("casefile.export", Role.REGULATOR, Role.AUDITOR, Role.CENTRE)
def export(tx: Tx, case: str, p: Payload) -> Payload:
    """{edition: public|supervisor} → {edition, sha256, size, checkpoint, left_out, trust}.

    Supervisors of the case at any time; the centre after the result (a centre sees no bid content before).
    """
    fields.only(p, "edition")
    edition = cast(Edition, fields.choice(p, "edition", EDITIONS))
    row = case_row(tx.session, case)
    _may_export(tx, row)
    house = authority.of(tx.config)
    made = casefile.make(tx.session, tx.blobs, house, case, edition)
    blob = tx.blobs.put(made.data)
    tx.session.add(
        CaseFileExport(
            case_id=case, edition=edition, sha256=blob.sha256, size=blob.size, checkpoint=made.checkpoint,
            state=row.state, at=tx.now, by_person=tx.actor.person,
        )
    )  # fmt: skip
    told = {"edition": edition, "sha256": blob.sha256, "size": blob.size, "checkpoint": made.checkpoint}
    tx.record(f"case:{case}", "casefile.exported", told, case=case)
    return told | {"left_out": made.left_out, "trust": checkpoints.trust(tx.session, house)}


def _may_export(tx: Tx, row: Case) -> None:
    if tx.actor == SYSTEM or watches(tx.session, row, tx.actor):
        return
    if Role.CENTRE not in stands_as(row, tx.actor):
        raise Refused(denied("OVERSIGHT", "regulator or centre of this case, or auditor", tx.actor.org_name or "-"))
    if row.state not in RESULT:
        raise rules.refused("CENTRE-EXPORT", "after the result", row.state)
