"""The one gate for documents: a document's audience decides who reads it (domain.md §4, Visibility)."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, abort, g, request, send_file
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from core.access import Actor
from evaluation.views import is_member
from trading.project.models import Case, CaseDocument
from trading.project.queries import admitted, allow
from trading.project.states import stands_as
from web.front import reading, wired

SUFFIXES = {"application/pdf": ".pdf", "application/json": ".json", "application/zip": ".zip"}

allow("members", lambda session, actor, case: is_member(session, actor, case.id))


def may_read(session: Session, actor: Actor, document: CaseDocument) -> bool:
    case = session.get(Case, document.case_id)
    return case is not None and admitted(session, case, document.audience, actor, stands_as(case, actor))


def answer(document_id: str) -> Response:
    """The bytes, or 404 when there is no such document for this person (403 would tell that it exists)."""
    session = reading()
    document = session.get(CaseDocument, document_id)
    if document is None or not may_read(session, g.actor, document):
        abort(404)
    name = quote(document.title + SUFFIXES.get(document.media, ""))
    kind = "attachment" if request.args.get("download") or document.media not in SUFFIXES else "inline"
    response = Response(wired().acts.house.blobs.stream(document.sha256), mimetype=document.media)
    response.headers["Content-Length"] = str(document.size)
    response.headers["Content-Disposition"] = f"{kind}; filename*=UTF-8''{name}"
    response.headers["X-Content-SHA256"] = document.sha256
    return response


def blob(sha256: str, title: str, media: str = "application/pdf", *, saved: bool = False) -> Response:
    """A stored file by its digest, whole or the bytes that a Range asks for: a reader fetches the pages it shows.

    A browser may keep it, its name is its digest, but asks each time whether it is still given to this person. 404 when
    nothing lies there, 416 for bytes beyond its end.
    """
    blobs = wired().acts.house.blobs
    if not sha256 or not blobs.has(sha256):
        abort(404)
    path = blobs.path(sha256)
    try:
        response = send_file(
            path, mimetype=media, as_attachment=saved, download_name=title, conditional=True, etag=sha256
        )
    except RequestedRangeNotSatisfiable:
        return Response(status=416, headers={"Content-Range": f"bytes */{path.stat().st_size}"})
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-SHA256"] = sha256
    return response
