"""Logging in and out, registering, activating, one's own certificates and people."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from accounts import queries, rules, sign_in
from core import data
from core.access import Role
from core.rules import Refused
from web import identity
from web.errors import breaches_json
from web.front import Permit, permit, reading, wired
from web.nav import Link
from web.words import N_

blueprint = Blueprint("account", __name__)
LINKS = (
    Link(N_("Registrations"), "/filings", "ti-building", Permit((Role.CENTRE,)), 70),
    Link(N_("My certificates"), "/me", "ti-certificate", Permit((), person=True), 80),
)


def _inside(target: str) -> str:
    """Only a path of this site: never another host."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/workbench"


@blueprint.get("/login")
@permit(Role.PUBLIC)
def login() -> str:
    return render_template("accounts/login.html", login="", next=request.args.get("next", ""), breaches=[])


@blueprint.post("/login")
@permit(Role.PUBLIC)
def do_login() -> Answer:
    """A new login gets a new token; the old one ends."""
    name, target = request.form.get("login", ""), request.form.get("next", "")
    try:
        entered = sign_in.log_in(wired().acts, name, request.form.get("password", ""), g.actor.address)
    except Refused as error:
        page = render_template("accounts/login.html", login=name, next=target, breaches=error.breaches)
        return make_response(page, 409)
    _end(request.cookies.get(identity.COOKIE, ""))
    response = redirect(_inside(target))
    identity.remember(response, entered.token, wired().config)  # type: ignore[arg-type]
    return response


def _end(token: str) -> None:
    """End a login and cut its open lines."""
    if token:
        sign_in.log_out(wired().acts, token)
        current_app.extensions["gongheng.socket"].drop(token)


@blueprint.post("/logout")
@permit(Role.PUBLIC)
def logout() -> Answer:
    _end(request.cookies.get(identity.COOKIE, ""))
    response = redirect("/")
    identity.forget(response)  # type: ignore[arg-type]
    return response


@blueprint.post("/api/v1/login")
@permit(Role.PUBLIC)
def api_login() -> Response:
    """{login, password} as a form or JSON → the session cookie, for programs."""
    body = request.get_json(silent=True) or request.form
    entered = sign_in.log_in(wired().acts, str(body.get("login", "")), str(body.get("password", "")), g.actor.address)
    response = make_response({"person": entered.person})
    identity.remember(response, entered.token, wired().config)
    return response


@cache
def _places() -> list[tuple[str, str]]:
    """Cities (and provinces without any) by code with their full name."""
    table = data.regions()
    return [(c.code, table.full_name(c.code)) for p in table.under(None) for c in (table.under(p.code) or [p])]


@blueprint.get("/register")
@permit(Role.PUBLIC)
def register() -> str:
    """The organisation and its first person; keys come after verification, in the holder's browser."""
    kinds = [kind for kind in rules.KINDS if kind not in rules.ALONE]
    return render_template("accounts/register.html", kinds=kinds, agreement=rules.AGREEMENT, places=_places())


@blueprint.get("/activate")
@permit(Role.PUBLIC)
def activate() -> str:
    return render_template("accounts/activate.html", code=request.args.get("code", ""), breaches=[])


@blueprint.post("/activate")
@permit(Role.PUBLIC)
def do_activate() -> Answer:
    code, password = request.form.get("code", "").strip(), request.form.get("password", "")
    try:
        name = sign_in.activate(wired().acts, code, password)
    except Refused as error:
        page = render_template("accounts/activate.html", code=code, breaches=error.breaches)
        return make_response(page, 409)
    page = render_template("accounts/login.html", login=name, next="/me", breaches=[])
    return make_response(page)


@blueprint.get("/me")
@permit(person=True)
def me() -> str:
    session = reading()
    certificates = queries.certificates(session, g.actor.person, g.now)
    filing = queries.filing(session, g.actor.org) if g.actor.org else None
    people = queries.people(session, g.actor.org) if g.actor.org else []
    mine = next((one for one in people if one["id"] == g.actor.person), None)
    manager = bool(mine and mine["manager"])
    return render_template(
        "accounts/me.html",
        certificates=certificates,
        filing=filing,
        people=people if manager else [],
        manager=manager,
        uses=_uses(filing) if manager else [],
        roles=sorted({role for kind in (filing or {}).get("kinds", []) for role in rules.ROLES_OF.get(kind, ())}),
    )


def _uses(filing: dict[str, object] | None) -> list[str]:
    """Which decryption certificates an organisation of these kinds may have."""
    kinds = set((filing or {}).get("kinds", []))  # type: ignore[call-overload]
    custodian = kinds & {"tenderer", "agency", "owner", "centre", "regulator"}
    return [use for use, fits in (("bidder", "bidder" in kinds), ("custodian", bool(custodian))) if fits]


@blueprint.post("/me/password")
@permit(person=True)
def password() -> Response:
    """{old, new} as a form; every other login of the person ends."""
    keep = request.cookies.get(identity.COOKIE, "")
    form = request.form
    try:
        sign_in.change_password(wired().acts, g.actor, form.get("old", ""), form.get("new", ""), keep)
    except Refused as error:
        return make_response({"breaches": breaches_json(error)}, 409)
    return make_response({})


@blueprint.get("/filings")
@permit(Role.CENTRE)
def filings() -> str:
    """What a centre must verify, oldest first."""
    session = reading()
    rows = [queries.filing(session, one["org"]) for one in queries.waiting(session)]
    return render_template("accounts/filings.html", rows=[row for row in rows if row], regions=data.regions())
