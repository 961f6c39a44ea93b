"""What rooms are handed at start: server secrets, the draw's stand-in key."""

from __future__ import annotations

from sqlalchemy import select

from certs import authority, drawdesk, draws, vrf
from core import data
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.config import Config
from core.faults import Unusable
from core.ledger import EntryRow
from evaluation import vault
from oversight.actions import ring
from trading.bond import returns as bonds
from web import published
from web import questions as questions  # declares its reading doors

# The platform's own registration: one stand-in key for all draws held on it.
OPERATOR = "0" * 16
REGISTERED, DEMO_WORLD = "fallback.registered", "demo.world"


def connect(settings: Config) -> None:
    """Once per process, before the first request."""
    vault.use(settings.secret_key)
    data.imported_to(settings.data_dir)
    house = authority.of(settings)
    secret = house.fallback_key(OPERATOR)
    drawdesk.FALLBACK["centre"] = drawdesk.Fallback(
        vrf.public_key(secret), lambda record: draws.fallback(record, secret), house.chain
    )


def admit(acts: Acts, settings: Config) -> None:
    """Before the first request of a server or a seeder: this database belongs to this kind of start.

    A demo world is marked in its own log, and Unusable is what a production start on it ends with. The draw's
    stand-in key is registered (it must be known before any draw), the pages about to be served are published by their
    digests, and the hourly checkpoint and the look at bonds are planned.
    """
    listed = published.listing()

    def begin(tx: Tx) -> None:
        if not settings.demo and _noted(tx, DEMO_WORLD):
            raise Unusable("this database is a demo world: set DATABASE_URL to another one")
        if settings.demo and not _noted(tx, DEMO_WORLD):
            tx.record("platform", DEMO_WORLD, {"demo": True})
        if not _noted(tx, REGISTERED):
            tx.record("platform", REGISTERED, {"key": drawdesk.FALLBACK["centre"].public.hex()})
        published.publish(tx, listed)
        ring(tx)
        bonds.ring(tx)

    acts.act(begin, SYSTEM)


def _noted(tx: Tx, kind: str) -> bool:
    known = select(EntryRow.index).where(EntryRow.stream == "platform", EntryRow.kind == kind)
    return tx.session.scalar(known.limit(1)) is not None
