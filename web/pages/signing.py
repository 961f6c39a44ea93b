"""The signing desk for browsers and programs: prepare, then hand in the signature made elsewhere."""

from __future__ import annotations

import base64
import binascii

from flask import Blueprint, Response, g, request

from certs.desk_sign import finish_signature, prepare_signature
from core import canon, fields
from core.faults import Unusable
from web.api import plain
from web.front import permit, wired

blueprint = Blueprint("signing", __name__, url_prefix="/api/v1/papers")


@blueprint.post("/<document>/<field>/prepare")
@permit(person=True)
def prepare(document: str, field: str) -> Response:
    """Take the short lease and get the file with its placeholder (certs.desk.Offer)."""
    return plain({"result": prepare_signature(wired().acts, g.actor, document, field).public()})


@blueprint.post("/<document>/<field>/sign")
@permit(person=True)
def sign(document: str, field: str) -> Response:
    """{signature: base64 of r‖s, lease} → the document's state; 409 D-LEASE: prepare again."""
    body = canon.loads(request.get_data(cache=False))
    if not isinstance(body, dict):
        raise Unusable("body: an object is expected")
    try:
        raw = base64.b64decode(fields.text(body, "signature"), validate=True)
    except binascii.Error:
        raise Unusable("signature: base64 is expected") from None
    lease = fields.text(body, "lease", limit=64)
    return plain({"result": finish_signature(wired().acts, g.actor, document, field, raw, lease)})
