"""The valid tender file: the file as issued and every clarification and amendment since, as one list with digests."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.cases import CaseFacts
from trading.project.models import CaseDocument

AMENDING = ("clarification", "postponement")


def documents(session: Session, case: CaseFacts) -> list[dict[str, Any]]:
    """[{id, kind, title, sha256, at}] of this round: the newest tender file first, then what clarifies or amends it."""
    query = select(CaseDocument).where(CaseDocument.case_id == case.id, CaseDocument.round == case.round)
    rows = list(session.scalars(query.order_by(CaseDocument.created_at, CaseDocument.id)))
    files = [one for one in rows if one.kind == "tender_file"][-1:]
    return [
        {"id": one.id, "kind": one.kind, "title": one.title, "sha256": one.sha256, "at": one.created_at.isoformat()}
        for one in (*files, *(one for one in rows if one.kind in AMENDING))
    ]  # fmt: skip
