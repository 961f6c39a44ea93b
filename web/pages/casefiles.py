"""Exported case files: the public edition for anyone, a supervisor's for whoever may export it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g
from sqlalchemy import select

from core.access import Role
from oversight.guards import watches
from oversight.models import CaseFileExport
from trading.project.models import Case
from trading.project.states import stands_as
from web.front import permit, reading, wired

blueprint = Blueprint("casefiles", __name__)


@blueprint.get("/casefiles/<sha256>")
@permit(Role.PUBLIC)
def download(sha256: str) -> Response:
    """The zip; 404 when there is none for this person."""
    session = reading()
    row = session.scalars(select(CaseFileExport).where(CaseFileExport.sha256 == sha256).limit(1)).first()
    case = session.get(Case, row.case_id) if row else None
    if row is None or case is None:
        abort(404)
    inside = watches(session, case, g.actor) or Role.CENTRE in stands_as(case, g.actor)
    if row.edition != "public" and not inside:
        abort(404)
    response = Response(wired().acts.house.blobs.stream(sha256), mimetype="application/zip")
    response.headers["Content-Length"] = str(row.size)
    response.headers["Content-Disposition"] = f'attachment; filename="casefile-{case.lot_code}-{row.edition}.zip"'
    return response
