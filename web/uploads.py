"""/uploads: resumable upload, tus 1.0 (creation, creation-with-upload, checksum, termination, expiration).

The same door serves in a process of its own (web.upload_server) and within the app. It names a finished file by its
SHA-256 in `X-Content-SHA256`; an act then names that. Nobody but who began an upload learns that it exists.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, Response, current_app, g, jsonify, make_response, request
from flask_babel import gettext
from gevent import Timeout
from werkzeug.http import http_date

from core import staged
from core.access import Role
from core.acts import Tx
from core.faults import Unusable
from core.rules import Refused
from core.staged import Upload, Wish
from core.uploads import BLOCK, CHECKSUMS, Checksum, Turned, Uploads
from trading.bidding import transfers
from trading.buying.quotes import desk as quoting
from trading.rehearsal import actions as rehearsing
from web import errors
from web.front import page_origins, permit, reading, wired
from web.transport import hang_up
from web.words import N_

blueprint = Blueprint("uploads", __name__)
View = TypeVar("View", bound=Callable[..., Response])
VERSION, BODY = "1.0.0", "application/offset+octet-stream"
EXTENSIONS = "creation,creation-with-upload,checksum,termination,expiration"
SHOWN = "Location, Upload-Offset, Upload-Length, Upload-Expires, Upload-Metadata, X-Content-SHA256, Tus-Resumable, " \
        "Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm"  # fmt: skip
PATIENCE = 20  # seconds a client may send nothing before its line counts as cut
PURPOSES = frozenset({"", transfers.PURPOSE, rehearsing.PURPOSE, quoting.PURPOSE, "reference", "document"})
# code of a refusal → status, words
TURNED: dict[str, tuple[int, str]] = {
    "OFFSET": (409, N_("The upload goes on at byte %(required)s, not at %(found)s.")),
    "BUSY": (423, N_("Another connection is sending this file.")),
    "CHECKSUM": (460, N_("The piece arrived changed and was not kept.")),
    "SIZE": (413, N_("At most %(required)s bytes are taken here, found %(found)s.")),
    "QUOTA": (413, N_("At most %(required)s unfinished uploads a person; finish or cancel one first.")),
    "QUOTA-BYTES": (413, N_("At most %(required)s bytes of unfinished uploads a person, this makes %(found)s.")),
    "FULL": (507, N_("The server has no room for this file. Tell the trading centre at once.")),
    "UNKNOWN": (404, N_("There is no such upload.")),
    "MEASURED": (429, N_("At most %(required)s bytes a person are measured in ten minutes; try again later.")),
    "CROWDED": (503, N_("Others measure their lines at this moment.")),
    "VERSION": (412, N_("This server speaks tus 1.0.0.")),
    "MEDIA": (415, N_("The body must be application/offset+octet-stream.")),
}


class Cut(Exception):
    """The line ended within a body; what arrived may be kept."""


def _files() -> Uploads:
    found: Uploads = current_app.extensions["gongheng.uploads"]
    return found


def tus(view: View) -> View:
    """The protocol around a view: its version, and refusals as tus clients read them."""

    @wraps(view)
    def run(*args: Any, **kwargs: Any) -> Response:
        try:
            if request.headers.get("Tus-Resumable") != VERSION and request.method != "OPTIONS":
                raise Turned("VERSION")
            response = view(*args, **kwargs)
        except Turned as turned:
            response = turned_answer(turned)
        except Refused as refused:  # 409 would tell a tus client to try again
            response = make_response(jsonify({"breaches": errors.breaches_json(refused)}), 403)
        except Cut:
            response = make_response(jsonify({"error": gettext(errors.PAGES[400][0])}), 400)
        return response

    return run  # type: ignore[return-value]


def turned_answer(turned: Turned) -> Response:
    status, words = TURNED[turned.code]
    said = gettext(words, required=turned.required, found=turned.found)
    body = {"error": said, "required": turned.required, "found": turned.found}
    response = make_response(jsonify(body), f"{status} {turned.code.title()}")
    if turned.code == "VERSION":
        response.headers["Tus-Version"] = VERSION
    return response


@blueprint.after_request
def _to_clients(response: Response) -> Response:
    """Our own pages, served from another port of this host, may read every answer; no other page may."""
    response.headers["Tus-Resumable"] = VERSION
    if request.headers.get("Origin") in page_origins():
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Access-Control-Expose-Headers"] = SHOWN
    response.headers["Vary"] = "Origin, Cookie"
    return response


# -- what the client says ---------------------------------------------------------------------------------------------


def _number(name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise Unusable(f"{name.lower()}: a whole number from 0 to {10**15 - 1} is expected")
    return int(text)


def _told() -> dict[str, str]:
    """Upload-Metadata: `key base64, key base64`."""
    text, found = request.headers.get("Upload-Metadata", ""), {}
    try:
        if len(text) > 2000:
            raise ValueError
        for pair in filter(None, (one.strip() for one in text.split(","))):
            key, _, value = pair.partition(" ")
            if key in found:
                raise ValueError
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
    except (ValueError, binascii.Error):
        raise Unusable("upload-metadata: keys with base64 values are expected") from None
    return found


def _checksum() -> Checksum | None:
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    try:
        if algorithm not in CHECKSUMS:
            raise ValueError
        return Checksum(algorithm, base64.b64decode(value.strip(), validate=True))
    except (ValueError, binascii.Error):
        raise Unusable(f"upload-checksum: one of {', '.join(CHECKSUMS)} is expected") from None


def blocks(left: int) -> Iterator[bytes]:
    """The body, at most one byte more than is `left`; Cut when the line ends, or falls silent, before the body does."""
    stream, length = request.environ["wsgi.input"], request.content_length
    wanted = left + 1 if length is None else length
    while wanted > 0:
        try:
            with Timeout(PATIENCE):
                block = stream.read(min(BLOCK, wanted))
        except (OSError, Timeout):
            hang_up(request.environ)
            raise Cut from None
        if not block:
            if length is not None:
                raise Cut
            return
        wanted -= len(block)
        yield block


def _own(upload: str) -> Upload:
    return staged.own(reading(), g.actor.person, upload, g.now)


# -- the views --------------------------------------------------------------------------------------------------------


@blueprint.route("/uploads", methods=["OPTIONS"], provide_automatic_options=False, defaults={"upload": ""})
@blueprint.route("/uploads/<upload>", methods=["OPTIONS"], provide_automatic_options=False)
@permit(Role.PUBLIC)
@tus
def describe(upload: str) -> Response:
    """What this server can do, and what a page on another port may send."""
    response = make_response("", 204)
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = EXTENSIONS
    response.headers["Tus-Max-Size"] = str(wired().config.upload_most)
    response.headers["Tus-Checksum-Algorithm"] = ",".join(CHECKSUMS)
    if request.headers.get("Origin") in page_origins():
        response.headers["Access-Control-Allow-Methods"] = "POST, HEAD, PATCH, DELETE"
        response.headers["Access-Control-Allow-Headers"] = (
            "Content-Type, X-Gongheng, Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, Upload-Checksum"
        )
        response.headers["Access-Control-Max-Age"] = "7200"
    return response


@blueprint.route("/uploads", methods=["POST"], provide_automatic_options=False)
@permit(person=True)
@tus
def create() -> Response:
    """Upload-Length and Upload-Metadata (filename, case, purpose); a body may follow at once."""
    size, told = _number("Upload-Length"), _told()
    purpose, case = told.get("purpose", ""), told.get("case", "")
    if purpose not in PURPOSES or len(case) > 40:
        raise Unusable("upload-metadata: one of the purposes is expected")
    wish = Wish(size, request.headers.get("Upload-Metadata", ""), case, purpose)
    files = _files()

    def begin(tx: Tx) -> Upload:
        transfers.may_begin(tx, purpose, case)
        rehearsing.may_begin_upload(tx, purpose, case, size)
        quoting.may_begin_upload(tx, purpose, case, size)
        return staged.begin(tx, wish)

    row = wired().acts.act(begin, g.actor)
    files.create(row.id)
    try:
        response = _took(row, 0) if request.mimetype == BODY or not size else _state(row, 0, 201)
    except (Turned, Cut):  # the client never hears its name
        _cancel(row)
        raise
    response.status_code = 201
    response.headers["Location"] = f"/uploads/{row.id}"
    return response


@blueprint.route("/uploads/<upload>", methods=["HEAD"], provide_automatic_options=False)
@permit(person=True)
@tus
def look(upload: str) -> Response:
    """How far it is. An upload whose last answer was lost, or whose server died then, is completed here."""
    row = _own(upload)
    if row.state != "done":
        transfers.in_time(reading(), row, g.now)
    if row.state == "open" and (offset := _files().offset(row.id)) < row.size:
        response = _state(row, offset, 200)
    else:
        response = _complete(row)
    response.status_code = 200
    response.headers["Upload-Length"] = str(row.size)
    if row.told:
        response.headers["Upload-Metadata"] = row.told
    return response


@blueprint.route("/uploads/<upload>", methods=["PATCH"], provide_automatic_options=False)
@permit(person=True)
@tus
def send(upload: str) -> Response:
    row = _own(upload)
    if request.mimetype != BODY:
        raise Turned("MEDIA")
    return _took(row, _number("Upload-Offset"))


@blueprint.route("/uploads/<upload>", methods=["DELETE"], provide_automatic_options=False)
@permit(person=True)
@tus
def end(upload: str) -> Response:
    """Cancelled: unfinished bytes go at once, a finished file that no act named with the next sweep."""
    _cancel(_own(upload))
    return make_response("", 204)


def _cancel(row: Upload) -> None:
    if row.state == "open":
        _files().remove(row.id)
    wired().acts.act(staged.cancel, g.actor, row.id)


@blueprint.route("/uploads/<upload>", methods=["POST"], provide_automatic_options=False)
@permit(person=True)
@tus
def override(upload: str) -> Response:
    """X-HTTP-Method-Override, for lines that let no PATCH through."""
    views = {"PATCH": send, "DELETE": end, "HEAD": look}
    view = views.get(request.headers.get("X-HTTP-Method-Override", ""))
    if view is None:
        raise Unusable("x-http-method-override: one of PATCH, DELETE, HEAD is expected")
    return view(upload)


def _took(row: Upload, start: int) -> Response:
    """The body, written at `start`; the last byte completes the file."""
    if row.state == "done":
        raise Turned("OFFSET", row.size, start)
    transfers.in_time(reading(), row, g.now)
    length = request.content_length
    if length is not None and start + length > row.size:
        raise Turned("SIZE", row.size, start + length)
    offset = _files().append(row.id, start, row.size, blocks(row.size - start), _checksum())
    return _complete(row) if offset == row.size else _state(row, offset, 204)


def _complete(row: Upload) -> Response:
    """Stage the file, decided by the clock of this transaction; only then its name is given out."""
    files = _files()
    if row.state == "open":
        sha256 = files.digest(row.id, row.size)

        def finish(tx: Tx) -> None:
            found = staged.own(tx.session, tx.actor.person, row.id, tx.now)
            transfers.in_time(tx.session, found, tx.now)
            staged.complete(tx, found, sha256)

        wired().acts.act(finish, g.actor)
    else:
        sha256 = row.sha256
    files.promote(row.id, sha256)
    response = _state(row, row.size, 204)
    response.headers["X-Content-SHA256"] = sha256
    return response


def _state(row: Upload, offset: int, status: int) -> Response:
    response = make_response("", status)
    response.headers["Upload-Offset"] = str(offset)
    if offset < row.size:
        response.headers["Upload-Expires"] = http_date(row.expires_at)
    return response
