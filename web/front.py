"""Per request: one clock reading, the actor, default deny, defence against forged requests, security headers, log.

A view opens only with `@permit(Role…)`; `check_permits` refuses to start an app that has a view without one. The log
holds method, path template and status only: neither a person nor an id, so that no log tells who fetches or bids.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden

from core.access import Actor, Role
from core.acts import Acts
from core.config import Config
from core.doors import Payload, Prover, perform
from web import identity

View = TypeVar("View", bound=Callable[..., Any])
log = logging.getLogger("gongheng.web")

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
VISITOR = "gh_visitor"
ACT_HEADER = "X-Gongheng"
PDF_WORKER = "/static/vendor/pdf/worker.js"


@dataclass(frozen=True)
class Permit:
    """`roles` that may open a view; `person`: anyone logged in, whatever their roles.

    `foreign`: other sites and tools may post here, because nothing is done in anyone's name. `devices`: the page may
    ask for camera and microphone.
    """

    roles: tuple[Role, ...]
    person: bool = False
    foreign: bool = False
    devices: bool = False

    def opens_to(self, actor: Actor) -> bool:
        return bool(actor.person) if self.person else actor.has(*self.roles)


@dataclass(frozen=True)
class Wired:
    """What app.py has built; views reach it through `wired()`."""

    acts: Acts
    prover: Prover
    config: Config


class NotSignedIn(Exception):
    """A page for people who are logged in was asked for by nobody in particular."""


def permit(*roles: Role, person: bool = False, foreign: bool = False, devices: bool = False) -> Callable[[View], View]:
    """Declare who may open a view: closed to everyone not named (domain.md §8)."""

    def mark(view: View) -> View:
        view.permit = Permit(roles, person, foreign, devices)  # type: ignore[attr-defined]
        return view

    return mark


def permit_of(app: Flask, endpoint: str) -> Permit | None:
    return getattr(app.view_functions.get(endpoint), "permit", None)


def check_permits(app: Flask) -> None:
    """RuntimeError names every route without a declared permit; called once at start."""
    silent = sorted({r.rule for r in app.url_map.iter_rules() if permit_of(app, r.endpoint) is None})
    if silent:
        raise RuntimeError("routes without a permit: " + ", ".join(silent))


def wired() -> Wired:
    found: Wired = current_app.extensions["gongheng"]
    return found


def act(name: str, case: str, payload: Payload, proof: dict[str, Any] | None = None) -> Payload:
    """Knock at the door of acts as the person behind this request."""
    house = wired()
    return perform(house.acts, house.prover, g.actor, name, case, payload, proof)


def reading() -> Session:
    """This request's session for reading; closed with the request."""
    if "session" not in g:
        g.session = Session(wired().acts.engine, expire_on_commit=False)
    session: Session = g.session
    return session


def csrf_token() -> str:
    """Bound to the visitor's cookie and the server's secret; stands in every form of ours."""
    key = wired().config.secret_key.encode()
    return hmac.new(key, b"csrf:" + g.visitor.encode(), hashlib.sha256).hexdigest()


def page_origins() -> tuple[str, ...]:
    """Where our pages are, as seen by the process of uploads on a port of its own; () where pages are served."""
    settings = wired().config
    if not current_app.config.get("UPLOADS_ONLY"):
        return ()
    own = urlsplit(f"//{request.host}").hostname or ""
    port = current_app.config["PAGE_PORT"]
    return f"{request.scheme}://{own}:{port}", settings.public_url.rstrip("/")


def upload_address() -> str:
    """Where this page sends its files."""
    settings = wired().config
    if settings.upload_url or not settings.upload_port:
        return settings.upload_url or "/uploads"
    return f"{request.scheme}://{urlsplit(f'//{request.host}').hostname}:{settings.upload_port}/uploads"


def line_addresses() -> tuple[str, ...]:
    """Where lines of auctions may go beside this page's own address, as seen by this page; () with one process."""
    settings = wired().config
    if settings.line_urls:
        return settings.line_urls
    host = urlsplit(f"//{request.host}").hostname
    return tuple(f"{request.scheme}://{host}:{port}" for port in settings.line_ports)


def line_address(place: int) -> str:
    """The address for the line of a page whose person has this number; "" = the page's own."""
    places = ("", *line_addresses())
    return places[place % len(places)]


def _same_site() -> bool:
    origin = request.headers.get("Origin")
    if origin is not None and origin in page_origins():
        return True
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    return origin is None or urlsplit(origin).netloc == request.host


def _check_forgery(rule: Permit) -> None:
    """A form proves our page by its token; JSON and files by a header that no foreign form can set."""
    if request.method in SAFE or rule.foreign:
        return
    if not _same_site():
        abort(403)
    if request.headers.get(ACT_HEADER) == "1":
        return
    if not hmac.compare_digest(request.form.get("csrf", "").encode(), csrf_token().encode()):
        abort(403)


def _open() -> None:
    g.started = time.monotonic()
    g.now = wired().acts.house.clock.now()
    g.visitor = request.cookies.get(VISITOR) or secrets.token_urlsafe(18)
    token, terminal = (request.cookies.get(name, "") for name in (identity.COOKIE, identity.TERMINAL))
    g.actor = identity.actor_of(wired().acts, token, request.remote_addr or "", terminal)
    if request.endpoint is None:
        return  # no such route: 404 follows
    rule = permit_of(current_app, request.endpoint)
    if rule is None:
        raise Forbidden
    if not rule.opens_to(g.actor):
        if not g.actor.person:
            raise NotSignedIn
        g.actor.require(*rule.roles)
    _check_forgery(rule)


def _policy() -> str:
    """The decoders of scanned pages are WebAssembly: they may run in the PDF reader's worker, and in no page."""
    compiled = " 'wasm-unsafe-eval'" if request.path == PDF_WORKER else ""
    host, uploads = request.host, urlsplit(upload_address())
    elsewhere = f" {uploads.scheme}://{uploads.netloc}" if uploads.netloc else ""
    elsewhere += "".join(f" {one.replace('http', 'ws', 1)}" for one in line_addresses())
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self'{compiled}",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            f"connect-src 'self' ws://{host} wss://{host}{elsewhere}",
            "worker-src 'self'",
            "frame-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


def _devices() -> str:
    """Camera and microphone for the pages that need them, and for none of the frames within."""
    rule = permit_of(current_app, request.endpoint or "")
    own = "(self)" if rule is not None and rule.devices else "()"
    return f"camera={own}, microphone={own}, display-capture=(), geolocation=(), payment=(), usb=()"


def _close(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = _policy()
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = _devices()
    if request.endpoint != "pages.static":
        headers.setdefault("Cache-Control", "no-store")
    secure = wired().config.public_url.startswith("https://")
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.cookies.get(VISITOR) != g.get("visitor") and response.mimetype == "text/html":
        response.set_cookie(VISITOR, g.visitor, max_age=86400 * 30, httponly=True, samesite="Lax", secure=secure)
    if request.endpoint != "pages.static":
        template = request.url_rule.rule if request.url_rule else "(no route)"
        spent = (time.monotonic() - g.get("started", time.monotonic())) * 1000
        log.info("%s %s %s %d ms", request.method, template, response.status_code, spent)
    return response


def _put_away(_error: BaseException | None) -> None:
    session = g.pop("session", None)
    if session is not None:
        session.close()


def install(app: Flask) -> None:
    app.before_request(_open)
    app.after_request(_close)
    app.teardown_request(_put_away)
