"""A blind part under its code, for members alone and only while it is judged by code."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g

from evaluation.blind.models import BlindCodes
from evaluation.committee.queries import committee_of
from evaluation.views import is_member, sitting_for
from web import files
from web.front import permit, reading

blueprint = Blueprint("blind", __name__)


@blueprint.get("/room/<case>/blind/<code>")
@permit(person=True)
def part(case: str, code: str) -> Response:
    """The part without its properties; 404 for everyone else, before and after."""
    session = reading()
    committee = committee_of(session, case) if is_member(session, g.actor, case) else None
    row = session.get(BlindCodes, committee.id) if committee else None
    if committee is None or row is None or sitting_for(session, committee).stage != "BLIND":
        abort(404)
    response = files.blob(row.parts.get(code, {}).get("sha256", ""), f"{code}.pdf")
    response.headers["Cache-Control"] = "private, no-store"
    return response
