"""An opening that does not take place, or comes to nothing."""

from __future__ import annotations

from sqlalchemy import select

from core import ledger
from core.acts import Tx
from core.machine import Row
from core.rules import Breach
from trading.bidding.actions import sealed_stream
from trading.opening.models import Unlock
from trading.opening.papers import failure_notice
from trading.opening.queries import live_bids, opening_of
from trading.project.models import Case, Project
from trading.project.papers import file_document, named
from trading.project.queries import names
from trading.project.states import go

WHY = "投标人、开标签到的投标人或成功解密的投标文件少于3个。"


def fail(tx: Tx, row: Case, step: Row, breach: Breach, kind: str) -> None:
    """The files stay sealed: keys that came are forgotten (实施条例 art. 44)."""
    row.failed_reason = f"{breach.rule}: {breach.required}"
    for unlock in tx.session.scalars(
        select(Unlock).where(Unlock.bid_id.in_([b.id for b in live_bids(tx.session, row)]))
    ):
        unlock.file_key = ""
    opening = opening_of(tx.session, row)
    if opening is not None:
        opening.reference_key, opening.closed_at = "", tx.now
    project = tx.session.get_one(Project, row.project_id)
    held = names(tx.session, row)
    paper = failure_notice(project, row, held, WHY, tx.now, demo=tx.config.demo)
    document = file_document(tx, row.id, "failure_notice", f"{project.name} 流标公告", paper, "public")
    body = named(document) | {"rule": breach.rule, "article": breach.article, "required": breach.required}
    head = ledger.head(tx.session, sealed_stream(row.id))
    go(tx, row, step, kind, body | {"sealed_root": head["root"]}, target="FAILED")
    tx.publish(f"hall:{row.id}", "opening.failed", {"rule": breach.rule})
