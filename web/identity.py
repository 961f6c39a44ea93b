"""From a cookie to an actor: the cookie holds a random token, all else is the accounts room's business."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from flask import Response

from accounts import sign_in
from core.access import Actor
from core.acts import Acts
from core.config import Config

COOKIE = "gh_session"
TERMINAL = "gh_terminal"
TERMINAL_LIFE = 86400 * 400  # seconds: the longest a browser keeps a cookie


def actor_of(acts: Acts, token: str, address: str, terminal: str = "") -> Actor:
    """The person of a live login; otherwise an anonymous visitor of the same address.

    `terminal`: the token this browser was given when its machine was registered as a seat's terminal.
    """
    found = sign_in.who(acts, token, address) if token else None
    actor = found or Actor(address=address)
    return replace(actor, device=hashlib.sha256(terminal.encode()).hexdigest()) if terminal else actor


def install_terminal(response: Response, token: str, config: Config) -> None:
    """The mark of a registered seat machine: kept by this browser, readable by no script."""
    secure = config.public_url.startswith("https://")
    response.set_cookie(
        TERMINAL, token, max_age=TERMINAL_LIFE, httponly=True, samesite="Strict", secure=secure
    )


def remember(response: Response, token: str, config: Config) -> None:
    """A cookie no script can read; it ends with the browser, and the server ends it earlier."""
    secure = config.public_url.startswith("https://")
    response.set_cookie(COOKIE, token, httponly=True, samesite="Lax", secure=secure)


def forget(response: Response) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
