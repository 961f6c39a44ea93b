"""Templates of evaluation methods: looked through by project type and method, kept from a tender file, taken away."""

from __future__ import annotations

from flask import Blueprint, abort, g, request

from core.access import Role
from trading.method import queries
from web.front import Permit, permit, reading
from web.nav import Link
from web.pages.cases import PROCEDURES, page
from web.pages.tender import CURVES, TERMS
from web.words import N_

blueprint = Blueprint("method_templates", __name__)
KEEPERS = (Role.TENDERER, Role.AGENCY, Role.CENTRE)
LINKS = (Link(N_("Method templates"), "/method-templates", "ti-template", Permit(KEEPERS), 74),)


@blueprint.get("/method-templates")
@permit(*KEEPERS)
def index() -> str:
    """?procedure= and ?method= narrow the list; ?look= shows one with its versions."""
    session = reading()
    everything = queries.templates(session, g.actor)
    procedure, method = request.args.get("procedure", ""), request.args.get("method", "")
    listed = [one for one in everything if procedure in ("", one["procedure"]) and method in ("", one["method"])]
    look = request.args.get("look", "")
    looked = queries.versions(session, g.actor, look) if look else []
    if look and not looked:
        abort(404)
    return page(
        "trading/method_templates.html", listed=listed, own=[one for one in everything if one["own"]], looked=looked,
        procedures={one["procedure"]: PROCEDURES.get(one["procedure"], one["procedure"]) for one in everything},
        methods=sorted({one["method"] for one in everything}), procedure=procedure, method=method,
        sources=queries.sources(session, g.actor), terms=dict(TERMS), curves=dict(CURVES),
    )  # fmt: skip
