"""What belongs to no room: built files, documents, language, the verify page, the timestamp service."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, send_from_directory
from werkzeug.utils import secure_filename
from werkzeug.wrappers import Response as Answer

from certs import authority
from core import canon
from core.access import Role
from core.faults import Unusable
from oversight import checkpoints
from trading.award import queries as award
from verifier.commands import run_verify
from web import files, published
from web.front import Permit, permit, reading, wired
from web.nav import Link
from web.words import N_

blueprint = Blueprint("pages", __name__)
LINKS = (Link(N_("Verify"), "/verify", "ti-shield-check", Permit((Role.PUBLIC,)), 90),)
STATIC = Path(__file__).resolve().parent.parent / "static"
STATES = {0: "holds", 1: "broken", 2: "unusable"}


@blueprint.get("/static/<path:name>")
@permit(Role.PUBLIC)
def static(name: str) -> Response:
    """Named chunks and fonts never change under one name; the rest is asked for again when it has changed."""
    lasting = name.startswith(("chunks/", "fonts/"))
    folder = STATIC / ("src" if name.endswith(".svg") else "dist")
    return send_from_directory(folder, name, max_age=31536000 if lasting else 60)


@blueprint.get("/files/<document>")
@permit(Role.PUBLIC)
def document(document: str) -> Response:
    return files.answer(document)


@blueprint.post("/language")
@permit(Role.PUBLIC)
def language() -> Answer:
    back = request.form.get("back", "/")
    response = redirect(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")
    chosen = "en" if request.form.get("language") == "en" else "zh_CN"
    response.set_cookie("gh_language", chosen, max_age=86400 * 365, samesite="Lax")
    return response


@blueprint.get("/verify")
@permit(Role.PUBLIC)
def verify() -> str:
    """The form; behind a printed code also what this operator's ledger says of that award notice."""
    case, record = request.args.get("case", ""), request.args.get("record", "")
    notice = award.notice_of(reading(), case, record) if case and record else None
    return render_template(
        "portal/verify.html", outcome=None, name="", sha256="", shown=request.args.get("sha256", ""), record=record,
        notice=notice, script=published.script_digest(),
    )  # fmt: skip


@blueprint.post("/verify")
@permit(Role.PUBLIC)
def do_verify() -> Answer:
    """A file and, if the reader brings one, a trust file; without one this operator's own trust stands in."""
    upload, trust = request.files.get("file"), request.files.get("trust")
    if upload is None or not upload.filename:
        raise Unusable("file: missing")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (secure_filename(upload.filename) or "file")
        upload.save(path)
        believed = Path(folder) / "trust.json"
        own = trust is None or not trust.filename
        if own or trust is None:
            believed.write_bytes(canon.dumps(checkpoints.trust(reading(), authority.of(wired().config))))
        else:
            trust.save(believed)
        sha = canon.sha256_hex(path.read_bytes())
        outcome = run_verify([path], believed)
    lines = outcome.text.splitlines()
    if request.accept_mimetypes.best == "application/json":
        return make_response({"state": STATES[outcome.status], "lines": lines, "sha256": sha, "own_trust": own})
    page = render_template(
        "portal/verify.html", outcome=STATES[outcome.status], lines=lines, name=upload.filename, sha256=sha,
        own=own, shown="", record="", notice=None, script=published.script_digest(),
    )  # fmt: skip
    return make_response(page)


@blueprint.get("/trust.json")
@permit(Role.PUBLIC)
def trust() -> Response:
    """This operator's own roots and keys; compare the fingerprint with the one published elsewhere."""
    own = checkpoints.trust(reading(), authority.of(wired().config))
    return Response(canon.dumps(own), mimetype="application/json")


@blueprint.post("/tsa")
@permit(Role.PUBLIC, foreign=True)
def tsa() -> Response:
    """RFC 3161 over HTTP; a self-run service proves nothing against its operator."""
    service = authority.of(wired().config).tsa
    if not hasattr(service, "respond"):
        raise Unusable("timestamps come from another service")
    reply = service.respond(request.get_data(cache=False), g.now)
    return Response(reply, mimetype="application/timestamp-reply")
