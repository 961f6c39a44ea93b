"""Open data: the mall's orders in the Open Contracting Data Standard, for anybody's programs."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, g, jsonify, request
from flask_babel import gettext

from core.access import Role
from core.clock import CST
from oversight import ocds
from web.front import permit, reading, wired
from web.pages.figures import chosen_year

blueprint = Blueprint("opendata", __name__)
ORDERS = "/api/v1/ocds/orders.json"


@blueprint.get(ORDERS)
@permit(Role.PUBLIC)
def orders() -> Response:
    """?year= ?after=: a release package of at most a hundred orders; links.next leads to the rest."""
    config = wired().config
    year, after = chosen_year(g.now.astimezone(CST).year), request.args.get("after", "")
    page = ocds.orders(reading(), config.ocds_prefix, year=year, after=after)

    def address(after: str) -> str:
        return f"{config.public_url}{ORDERS}?{urlencode({'year': year} | ({'after': after} if after else {}))}"

    publisher = f"{gettext('Gongheng')} {config.platform_code}"
    following = address(page.after) if page.after else ""
    return jsonify(ocds.package(page.releases, address(after), g.now, publisher, following))
