"""Open data: orders and framework agreements in the Open Contracting Data Standard, for anybody's programs."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, g, jsonify, request
from flask_babel import gettext

from core.access import Role
from core.clock import CST
from oversight import ocds, ocds_frameworks
from web.front import permit, reading, wired
from web.pages.figures import chosen_year

blueprint = Blueprint("opendata", __name__)
ORDERS = "/api/v1/ocds/orders.json"
FRAMEWORKS = "/api/v1/ocds/frameworks.json"


@blueprint.get(ORDERS)
@permit(Role.PUBLIC)
def orders() -> Response:
    """?year= ?after=: a release package of at most a hundred orders; links.next leads to the rest."""
    prefix = wired().config.ocds_prefix
    year, after = chosen_year(g.now.astimezone(CST).year), request.args.get("after", "")
    page = ocds.orders(reading(), prefix, year=year, after=after)
    return _package(page, ORDERS, {"year": str(year)}, after)


@blueprint.get(FRAMEWORKS)
@permit(Role.PUBLIC)
def frameworks() -> Response:
    """?after=: a release package of at most ten framework agreements; links.next leads to the rest."""
    config, after = wired().config, request.args.get("after", "")
    page = ocds_frameworks.frameworks(reading(), config.ocds_prefix, config.public_url, after=after)
    return _package(page, FRAMEWORKS, {}, after)


def _package(page: ocds.Page, path: str, asked: dict[str, str], after: str) -> Response:
    config = wired().config

    def address(after: str) -> str:
        query = urlencode(asked | ({"after": after} if after else {}))
        return f"{config.public_url}{path}" + (f"?{query}" if query else "")

    publisher = f"{gettext('Gongheng')} {config.platform_code}"
    following = address(page.after) if page.after else ""
    return jsonify(ocds.package(page.releases, address(after), g.now, publisher, following))
