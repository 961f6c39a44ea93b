"""What I must do, by deadline. Each room offers `work(session, actor, now) -> list[Item]` as WORK in a module.

An item is plain data, so that rooms need not know this one: {title, case, href, act, due, waiting}.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import ModuleType
from typing import Any, NotRequired, TypedDict

from sqlalchemy.orm import Session

from core.access import Actor
from core.clock import CST

_LATEST = datetime.max.replace(tzinfo=CST)


class Item(TypedDict):
    """`title` and `act` are message ids with `values`; `due` may be None; `waiting` True = others must act first."""

    title: str
    href: str
    act: str
    subject: NotRequired[str]
    due: NotRequired[datetime | None]
    waiting: NotRequired[bool]
    values: NotRequired[dict[str, Any]]


Provider = Callable[[Session, Actor, datetime], list[Item]]
PROVIDERS: list[Provider] = []


def gather(found: list[ModuleType]) -> None:
    """Take over every module's WORK, once."""
    for module in found:
        provider = getattr(module, "WORK", None)
        if provider is not None and provider.__module__ == module.__name__ and provider not in PROVIDERS:
            PROVIDERS.append(provider)


def items(session: Session, actor: Actor, now: datetime) -> tuple[list[Item], list[Item]]:
    """(mine, waiting for others), each sorted by deadline; items without one come last."""
    every = [item for provider in PROVIDERS for item in provider(session, actor, now)]
    every.sort(key=lambda item: item.get("due") or _LATEST)
    return [i for i in every if not i.get("waiting")], [i for i in every if i.get("waiting")]
