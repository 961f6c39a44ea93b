"""/api/v1: the same doors as the pages, for programs. JSON in canonical types: money and scores are decimal strings."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Blueprint, Response, abort, g, jsonify, request
from flask_babel import gettext

from accounts import queries as accounts
from certs import issuer
from core import canon, live, staged
from core.access import Role
from core.doors import QUESTIONS, TABLE, ask
from core.faults import Unusable
from core.fields import sha256
from web import channels, files, openapi, standard_time
from web.front import act, permit, reading, wired

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
FILE_LIMIT = 32 << 20
ACT_LIMIT = 4 << 20
# A bill of five thousand lines with their descriptions.
LARGE_ACTS = {"file.bill": 20 << 20}


def _body(limit: int = ACT_LIMIT) -> dict[str, Any]:
    """The request's JSON object, read strictly (no floats, no doubled keys)."""
    if (request.content_length or 0) > limit:
        abort(413)
    value = canon.loads(request.get_data(cache=False))
    if not isinstance(value, dict):
        raise Unusable("body: an object is expected")
    return value


def part(body: dict[str, Any], key: str, kind: type, default: Any) -> Any:
    """A value of an envelope with its type checked; Unusable names the key."""
    value = body.get(key, default)
    if not isinstance(value, kind):
        raise Unusable(f"{key}: {kind.__name__} expected")
    return value


def plain(value: Any) -> Response:
    """An answer in canonical JSON: decimals and times become strings."""
    return Response(canon.dumps(value), mimetype="application/json")


@blueprint.post("/acts/<name>")
@permit(Role.PUBLIC)
def do_act(name: str) -> Response:
    """The door of acts; each act's own permit decides (core.doors), for a large body before it is read."""
    limit = LARGE_ACTS.get(name, ACT_LIMIT)
    if (request.content_length or 0) > ACT_LIMIT and name in TABLE:
        g.actor.require(*TABLE[name].roles)
    body = _body(limit)
    case, payload = part(body, "case", str, ""), part(body, "payload", dict, {})
    return plain({"result": act(name, case, payload, part(body, "proof", dict, {}))})


@blueprint.get("/nonce")
@permit(person=True)
def nonce() -> Response:
    """Fields to be signed for one act: ?act=&case=&object=<sha256 of the canonical payload>."""
    name, case = request.args.get("act", ""), request.args.get("case", "")
    door = TABLE.get(name)
    if door is None:
        raise Unusable(gettext("no such act"))
    g.actor.require(*door.roles)
    return plain(act("nonce.issue", case, {"act": name, "object": sha256(request.args, "object")}))


@blueprint.get("/me")
@permit(person=True)
def me() -> Response:
    """Who is logged in and the signing certificate in force: {id, name, org, roles, certificate: null or {…}}."""
    row = accounts.signing_certificate(reading(), g.actor.person, g.now)
    held = None
    if row is not None:
        spki = issuer.load(row.der).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        der, public = (base64.b64encode(data).decode() for data in (row.der, spki))
        held = {"fingerprint": row.fingerprint, "der": der, "spki": public, "not_after": row.not_after}
    roles = sorted(str(role) for role in g.actor.roles)
    return plain({"id": g.actor.person, "name": g.actor.name, "org": g.actor.org, "roles": roles, "certificate": held})


@blueprint.route("/ask/<name>", methods=["GET", "POST"])
@permit(Role.PUBLIC)
def ask_question(name: str) -> Response:
    """A reading door: parameters from the query, or {case, payload} as JSON; each question's own permit decides."""
    if request.method == "POST":
        body = _body()
        case, params = part(body, "case", str, ""), part(body, "payload", dict, {})
    else:
        params = {key: value for key, value in request.args.items() if key != "case"}
        case = request.args.get("case", "")
    if name not in QUESTIONS:
        raise Unusable(gettext("no such question"))
    return plain({"result": ask(wired().acts, g.actor, name, case, params)})


@blueprint.post("/files")
@permit(person=True)
def put_file() -> Response:
    """A small file in one request, for programs: the raw body. An act then names its SHA-256. Answers {sha256, size}.

    What is larger, or comes over a poor line, goes through /uploads.
    """

    def chunks() -> Iterator[bytes]:
        while chunk := request.stream.read(1 << 18):
            yield chunk

    acts = wired().acts
    blob = acts.house.blobs.put(chunks(), limit=FILE_LIMIT)
    acts.act(staged.stage, g.actor, blob.sha256, blob.size)
    return plain({"sha256": blob.sha256, "size": blob.size})


@blueprint.get("/live/<channel>")
@permit(Role.PUBLIC)
def catch_up(channel: str) -> Response:
    """Events of a channel numbered above ?after=, oldest first, at most 500; the channel's own permit decides."""
    session = reading()
    channels.require(session, g.actor, channel)
    after = request.args.get("after", "0")
    if not after.isdecimal() or len(after) > 12:
        raise Unusable("after: a whole number from 0 to 999999999999 is expected")
    events = live.since(session, channel, int(after))
    return plain({"events": [e.public() for e in events], "last": live.last(session, channel)})


@blueprint.get("/time")
@permit(Role.PUBLIC)
def time() -> Response:
    """The server's clock, which alone decides deadlines, and in words what it was last compared with."""
    return plain({"now": g.now, "ms": int(g.now.timestamp() * 1000), "compared": standard_time.sentence()})


@blueprint.get("/openapi.json")
@permit(Role.PUBLIC)
def describe() -> Response:
    return jsonify(openapi.document())


@blueprint.get("/files/<document>")
@permit(Role.PUBLIC)
def get_file(document: str) -> Response:
    """The same gate as /files/<document>."""
    return files.answer(document)
