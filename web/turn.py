"""ICE servers that browsers of a call are told: none by default, or the operator's TURN with credentials that end.

The password is what coturn's `use-auth-secret` asks for (draft-uberti-behave-turn-rest): HMAC-SHA1 over `expiry:name`.
The name is the random id of a place in a call: the relay learns no person.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from core.config import Config

LIFE = timedelta(hours=12)  # P: longer than a sitting's day; a page that joins again gets new ones


def credentials(secret: str, name: str, real_now: datetime) -> tuple[str, str]:
    """(user, password). `real_now` is the machine's own time, which the relay goes by, whatever a demo's clock says."""
    user = f"{int((real_now + LIFE).timestamp())}:{name}"
    made = hmac.new(secret.encode(), user.encode(), hashlib.sha1).digest()
    return user, base64.b64encode(made).decode()


def servers(settings: Config, name: str, real_now: datetime) -> list[dict[str, Any]]:
    """As RTCPeerConnection takes them; [] = host addresses only."""
    found: list[dict[str, Any]] = []
    stun = [url for url in settings.turn_urls if url.startswith("stun")]
    relays = [url for url in settings.turn_urls if not url.startswith("stun")]
    if stun:
        found.append({"urls": stun})
    if relays:
        user, password = credentials(settings.turn_secret, name, real_now)
        found.append({"urls": relays, "username": user, "credential": password})
    return found
