"""An opening that does not take place, or comes to nothing."""

from __future__ import annotations

from sqlalchemy import select

from core import ledger
from core.acts import Tx
from core.machine import Row
from core.rules import Breach
from trading.bidding.seals import sealed_stream
from trading.opening.models import Unlock
from trading.opening.papers import failure_notice
from trading.opening.queries import live_bids, opening_of
from trading.project.models import Case, CaseDocument, Project
from trading.project.papers import file_document, named, terms
from trading.project.queries import names
from trading.project.states import go

WHY = "投标人、开标签到的投标人或成功解密的投标文件少于3个。"


def fail(tx: Tx, row: Case, step: Row, breach: Breach, kind: str) -> None:
    """The files stay sealed: keys that came are forgotten (实施条例 art. 44)."""
    for unlock in tx.session.scalars(
        select(Unlock).where(Unlock.bid_id.in_([b.id for b in live_bids(tx.session, row)]))
    ):
        unlock.file_key = ""
    opening = opening_of(tx.session, row)
    if opening is not None:
        opening.reference_key, opening.closed_at = "", tx.now
    document = announce_failure(tx, row, breach, WHY)
    body = named(document) | {"rule": breach.rule, "article": breach.article, "required": breach.required}
    head = ledger.head(tx.session, sealed_stream(row.id))
    go(tx, row, step, kind, body | {"sealed_root": head["root"]}, target="FAILED")
    tx.publish(f"hall:{row.id}", "opening.failed", {"rule": breach.rule})


def announce_failure(tx: Tx, row: Case, breach: Breach, why: str, *, opened: bool = False) -> CaseDocument:
    """The public notice that this round came to nothing, with its own reason. `opened`: the bids had been opened."""
    row.failed_reason = f"{breach.rule}: {breach.required}"
    project = tx.session.get_one(Project, row.project_id)
    paper = failure_notice(project, row, names(tx.session, row), why, tx.now, opened=opened, demo=tx.config.demo)
    title = f"{project.name} {terms(row)['failure']}"
    return file_document(tx, row.id, "failure_notice", title, paper, "public")
