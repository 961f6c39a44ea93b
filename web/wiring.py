"""What rooms are handed at start: server secrets, the draw's stand-in key."""

from __future__ import annotations

from sqlalchemy import select

from certs import authority, drawdesk, draws, vrf
from core import data
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.config import Config
from core.ledger import EntryRow
from evaluation import vault
from web import questions as questions  # declares its reading doors

# The platform's own registration: one stand-in key for all draws held on it.
OPERATOR = "0" * 16
REGISTERED = "fallback.registered"


def connect(settings: Config) -> None:
    """Once per process, before the first request."""
    vault.use(settings.secret_key)
    data.imported_to(settings.data_dir)
    house = authority.of(settings)
    secret = house.fallback_key(OPERATOR)
    drawdesk.FALLBACK["centre"] = drawdesk.Fallback(
        vrf.public_key(secret), lambda record: draws.fallback(record, secret), house.chain
    )


def register_fallback(acts: Acts) -> None:
    """The stand-in key must be known before any draw: its public half stands in the platform's log, once."""

    def note(tx: Tx) -> None:
        known = select(EntryRow.index).where(EntryRow.stream == "platform", EntryRow.kind == REGISTERED)
        if tx.session.scalar(known.limit(1)) is None:
            tx.record("platform", REGISTERED, {"key": drawdesk.FALLBACK["centre"].public.hex()})

    acts.act(note, SYSTEM)
