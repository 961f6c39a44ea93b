"""Published digests of pages, and the script with which a bid is sealed without them."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from core import canon
from core.access import Role
from web import published
from web.front import permit, reading, wired

blueprint = Blueprint("published", __name__)


@blueprint.get("/pages.json")
@permit(Role.PUBLIC)
def index() -> Response:
    """Which lists were published when, newest first, each with its ledger entry."""
    return Response(canon.dumps(published.publications(reading())), mimetype="application/json")


@blueprint.get("/pages/<digest>.json")
@permit(Role.PUBLIC)
def listed(digest: str) -> Response:
    """One list, byte for byte as hashed: its SHA-256 is its name."""
    if digest not in {one["digest"] for one in published.publications(reading())}:
        abort(404)
    return Response(wired().acts.house.blobs.get(digest), mimetype="application/json")


@blueprint.get("/seal.py")
@permit(Role.PUBLIC)
def script() -> Response:
    response = Response(published.SCRIPT.read_bytes(), mimetype="text/x-python")
    response.headers["Content-Disposition"] = 'attachment; filename="seal.py"'
    return response
