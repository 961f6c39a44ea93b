"""Who may hear which live channel: one table by prefix, asked by the socket and by the catch-up page alike.

A channel that stands in no row is closed. Rooms with a membership of their own add their row at start (`allow`).
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from core.access import Actor, Role, denied
from core.rules import Refused

Judge = Callable[[Session, Actor, str], bool]


def _roles(*roles: Role) -> Judge:
    return lambda _session, actor, _key: actor.has(*roles)


def _self(_session: Session, actor: Actor, key: str) -> bool:
    return bool(actor.person) and actor.person == key


TABLE: dict[str, list[Judge]] = {
    "hall": [_roles(Role.PUBLIC)],
    "room": [_roles(Role.CENTRE, Role.REGULATOR, Role.AUDITOR)],
    "award": [_roles(Role.REGULATOR, Role.AUDITOR)],
    "watch": [_roles(Role.REGULATOR, Role.AUDITOR)],
    "me": [_self],
}

# Presence tells who is there; in a hall it would tell who has bid (20号令 art. 41).
PRESENT = frozenset({"room", "award"})


def allow(prefix: str, judge: Judge) -> None:
    """Another way into a channel: `judge(session, actor, case)` is True for its members."""
    TABLE.setdefault(prefix, []).append(judge)


def require(session: Session, actor: Actor, channel: str) -> None:
    """Refused unless a row of the table lets `actor` hear `channel`."""
    prefix, _, key = channel.partition(":")
    if not key or not any(judge(session, actor, key) for judge in TABLE.get(prefix, ())):
        raise Refused(denied("ACCESS", prefix, " / ".join(sorted(actor.roles)) or Role.PUBLIC))
