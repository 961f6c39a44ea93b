"""The page of a seat's machine: a code of the venue's staff makes this browser the seat's terminal."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response as Answer

from core.access import Role
from core.faults import Unusable
from core.rules import Refused
from web import identity
from web.front import act, permit, wired

blueprint = Blueprint("terminal", __name__)


def _page(seat: str = "", breaches: object = (), problem: str = "") -> str:
    known = bool(request.cookies.get(identity.TERMINAL))
    return render_template("venues/terminal.html", seat=seat, breaches=breaches, problem=problem, known=known)


@blueprint.get("/terminal")
@permit(Role.PUBLIC)
def terminal() -> str:
    return _page()


@blueprint.post("/terminal")
@permit(Role.PUBLIC)
def register() -> Answer:
    try:
        made = act("terminal.register", "", {"code": request.form.get("code", "")})
    except Refused as error:
        return make_response(_page(breaches=error.breaches), 409)
    except Unusable:
        return make_response(_page(problem="code"), 400)
    response = make_response(_page(seat=made["seat"]))
    identity.install_terminal(response, made["token"], wired().config)
    return response
