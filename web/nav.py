"""The menu: one table of rows, each shown to the roles that may open it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.access import Actor
from web.front import Permit


@dataclass(frozen=True)
class Link:
    """`text` is a message id, `icon` a Tabler icon name."""

    text: str
    href: str
    icon: str
    permit: Permit
    order: int = 50

    @property
    def within_mall(self) -> bool:
        """Stands in the mall's own menu, which its pages show below the first one."""
        return self.href.startswith(("/mall/", "/frameworks"))


_LINKS: dict[str, Link] = {}


def offer(links: Iterable[Link]) -> None:
    """Rows for the menu, from the page modules."""
    _LINKS.update({link.href: link for link in links})


def menu(actor: Actor | None) -> list[Link]:
    """The rows whose page opens to this actor, in their own order."""
    ordered = sorted(_LINKS.values(), key=lambda link: (link.order, link.href))
    return [link for link in ordered if link.permit.opens_to(actor or Actor())]
