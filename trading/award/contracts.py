"""The contract made public (政府采购法实施条例 art. 50)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import canon, fields
from core.access import Actor, Role
from core.acts import Tx
from core.doors import Payload, acting
from core.ledger import EntryRow
from core.paper import Paper
from core.rules import Breach, refuse_if, shown
from trading.opening.queries import opened_bids
from trading.project import periods
from trading.project.models import Case, Project
from trading.project.papers import case_facts, file_document, hour, media, named
from trading.project.queries import blocked_by, names
from trading.project.states import go, guard, procedure_of

PUBLISH, DONE = "contract.publish", "contract.published"


def _said(session: Session, case: str, kind: str) -> EntryRow | None:
    query = select(EntryRow).where(EntryRow.case == case, EntryRow.kind == kind).order_by(EntryRow.index.desc())
    return session.scalars(query.limit(1)).first()


@acting(PUBLISH, Role.TENDERER, Role.AGENCY, signed=True)
def publish(tx: Tx, case: str, p: Payload) -> Payload:
    """{number} → {document, warnings}: the contract's number; parties, object and amount stand in the ledger."""
    fields.only(p, "number")
    row, step = guard(tx, case, PUBLISH)
    refuse_if(_twice(tx.session, row, tx.actor, tx.now))
    number = fields.text(p, "number", limit=60)
    warnings = shown(periods.late(tx.session, row, PUBLISH, tx.now))
    project = tx.session.get_one(Project, row.project_id)
    won = next(one for one in opened_bids(tx.session, case) if one["id"] == row.winner_bid)
    signed = _said(tx.session, case, "contract.signed")
    amount = canon.loads(signed.body)["amount"] if signed is not None else won["price"]
    held = names(tx.session, row)
    paper = Paper("政府采购合同公告", subtitle=project.name, issuer=held.get("tenderer", ""), number=number,
                  demo=tx.config.demo)  # fmt: skip
    paper.section("合同").facts(
        [("合同编号", number), *case_facts(project, row, held), ("供应商", won["org_name"]), ("主要标的", row.lot_name),
         ("合同金额", f"{amount} {row.unit}"), ("签订时间", hour(signed.at if signed else None))]
    )  # fmt: skip
    paper.note(f"发布时间: {hour(tx.now)}    发布媒介: {media(row)}")
    title = f"{project.name} 政府采购合同公告"
    document = file_document(tx, case, "contract_notice", title, paper.build().bytes, "public")
    go(tx, row, step, DONE, named(document) | {"number": number, "warnings": warnings})
    return {"document": document.id, "warnings": warnings}


def is_public(session: Session, row: Case) -> bool:
    return _said(session, row.id, DONE) is not None


@blocked_by(PUBLISH)
def _twice(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    if not is_public(session, row):
        return []
    return [Breach("CONTRACT-PUBLIC", "政府采购法实施条例 第50条", "B", "once", "public already")]


@blocked_by("contract.report")
def _public_first(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    """Where the contract is made public, that comes first: it is due earlier."""
    wanted = PUBLISH in {one.act for one in procedure_of(row).machine.rows}
    if not wanted or is_public(session, row):
        return []
    return [Breach("CONTRACT-PUBLIC", "政府采购法实施条例 第50条", "B", "the contract is public", "-")]


def before_report(tx: Tx, row: Case) -> None:
    refuse_if(_public_first(tx.session, row, tx.actor, tx.now))
