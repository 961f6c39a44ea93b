"""Who is qualified: the purchaser or its agency examines every bidder before the committee is drawn."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, g
from sqlalchemy.orm import Session

from core.access import Role
from trading.bidding.contents import PDF
from trading.project.models import Case, Project
from trading.project.queries import documents, open_acts
from trading.project.states import book_of, stands_as
from trading.qualification import queries
from web import files, goods_words, words
from web.front import permit, reading
from web.pages.cases import page

blueprint = Blueprint("qualification", __name__)
words.teach(goods_words.SENTENCES)
READERS = (Role.TENDERER, Role.AGENCY, Role.REGULATOR, Role.AUDITOR)


def examined(session: Session, case: str) -> Case:
    """The case whose bidders are examined, for those who examine or supervise; 404 for anyone else."""
    row = session.get(Case, case)
    if row is None or row.opened_at is None or not queries.items_of(row):
        abort(404)
    if not stands_as(row, g.actor) & queries.SEEN_BY:
        abort(404)
    return row


@blueprint.get("/cases/<case>/qualification")
@permit(*READERS)
def show(case: str) -> str:
    session = reading()
    row = examined(session, case)
    return page(
        "trading/qualification.html",
        row=row,
        project=session.get_one(Project, row.project_id),
        sheet=queries.sheet(session, row),
        acts={one["act"]: one for one in open_acts(session, row, g.actor, g.now)},
        least=book_of(row, g.now)["R2-09/qualified"].number,
        papers=[one for one in documents(session, case, g.actor) if one["kind"] == "qualification_report"],
        core=(row.evaluation.get("brands") or {}).get("core") or [],
        pdf=PDF,
    )


def _bid(case: str, bid: str) -> dict[str, Any]:
    session = reading()
    row = examined(session, case)
    found = next((one for one in queries.sheet(session, row)["bids"] if one["id"] == bid), None)
    if found is None:
        abort(404)
    return dict(found)


@blueprint.get("/cases/<case>/qualification/<bid>/file")
@permit(*READERS)
def file(case: str, bid: str) -> Response:
    return files.blob(_bid(case, bid)["pdf_sha256"], PDF)


@blueprint.get("/cases/<case>/qualification/<bid>/parts/<place>")
@permit(*READERS)
def part(case: str, bid: str, place: str) -> Response:
    """One attached file as the bidder sealed it: a PDF to read here, anything else to be saved."""
    found = _bid(case, bid)
    one = next((file for number, file in enumerate(found["attachments"]) if str(number) == place), None)
    if one is None:
        abort(404)
    readable = one["media"] == "application/pdf"
    media = one["media"] if readable else "application/octet-stream"
    return files.blob(one["sha256"], one["name"], media, saved=not readable)
