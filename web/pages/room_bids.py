"""The parts of an opened bid for those inside the room: its files, its own words, and what the checks found."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort
from sqlalchemy.orm import Session

from evaluation import cases
from evaluation.aid import queries as aid
from trading.bidding.contents import PDF
from trading.opening.queries import contents_of
from trading.project.states import case_row
from web import files
from web.desk_words import finding, unusable
from web.front import permit, reading
from web.pages.cases import page
from web.pages.room import inside

blueprint = Blueprint("room_bids", __name__)


def _bid(session: Session, case: str, bid: str) -> dict[str, Any]:
    """An opened bid for those inside; 404 for everyone else, whatever exists."""
    found = None
    if inside(session, case):
        found = next((one for one in cases.bids(session, case) if one["id"] == bid), None)
    if found is None:
        abort(404)
    return found


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    found = unusable(one["found"]) if one["kind"] in ("contents", "bill.unreadable", "unjudged") else one["found"]
    return one | {"text": finding(one["kind"]), "found": found}


@blueprint.get("/room/<case>/bids/<bid>")
@permit(person=True)
def parts(case: str, bid: str) -> str:
    session = reading()
    found = _bid(session, case, bid)
    said: dict[str, Any] = {"note": "", "lines": 0, "total": "", "count": 0} | contents_of(session, bid)
    names = {one["id"]: one["name"] for one in case_row(session, case).settings.get("components") or ()}
    listed = [{"name": names.get(one["id"], one["id"]), "file": one["file"]} for one in said.get("parts", [])]
    findings = [_shown(one) for one in said.get("findings", [])]
    return page(
        "evaluation/bid_parts.html", (), case=case, bid=found, said=said, listed=listed, findings=findings, pdf=PDF,
        files={one["name"]: place for place, one in enumerate(found["attachments"])},
    )  # fmt: skip


@blueprint.get("/room/<case>/bids/<bid>/parts/<place>")
@permit(person=True)
def part(case: str, bid: str, place: str) -> Response:
    """One attached file as the bidder sealed it: a PDF to read here, anything else to be saved."""
    found = _bid(reading(), case, bid)
    one = next((file for number, file in enumerate(found["attachments"]) if str(number) == place), None)
    if one is None:
        abort(404)
    readable = one["media"] == "application/pdf"
    media = one["media"] if readable else "application/octet-stream"
    return files.blob(one["sha256"], one["name"], media, saved=not readable)


@blueprint.get("/room/<case>/bids/<bid>/index/<sha256>")
@permit(person=True)
def index(case: str, bid: str, sha256: str) -> Response:
    """The short page tree our reader puts behind a file of many pages; the file itself is given as it was sealed."""
    session = reading()
    found = _bid(session, case, bid)
    paper = next((one for one in aid.papers_of(session, found["id"]) if one["sha256"] == sha256), None)
    if paper is None:
        abort(404)
    return files.blob(paper["index"], "index", "application/octet-stream")
