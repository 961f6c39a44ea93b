"""From a cookie to an actor: the cookie holds a random token, all else is the accounts room's business."""

from __future__ import annotations

from flask import Response

from accounts import sign_in
from core.access import Actor
from core.acts import Acts
from core.config import Config

COOKIE = "gh_session"


def actor_of(acts: Acts, token: str, address: str) -> Actor:
    """The person of a live login; otherwise an anonymous visitor of the same address."""
    found = sign_in.who(acts, token, address) if token else None
    return found or Actor(address=address)


def remember(response: Response, token: str, config: Config) -> None:
    """A cookie no script can read; it ends with the browser, and the server ends it earlier."""
    secure = config.public_url.startswith("https://")
    response.set_cookie(COOKIE, token, httponly=True, samesite="Lax", secure=secure)


def forget(response: Response) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
