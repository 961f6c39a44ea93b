"""What every act in the hall asks first: the hall, whether it stands still, whose bid it is."""

from __future__ import annotations

from typing import Any

from certs import sealing, suite
from core import fields
from core.acts import Tx
from core.doors import Payload
from core.faults import Fault, Unusable
from core.rules import Breach, Refused, refuse_if
from trading.bidding.actions import shelf_of
from trading.bidding.models import Bid
from trading.opening import rules
from trading.opening.models import Opening, Unlock
from trading.opening.queries import opening_of, pause_of
from trading.opening.reading import manifest_of
from trading.project.models import Case
from trading.project.states import book_of


def own_bid(tx: Tx, row: Case) -> Bid:
    return shelf_of(row).own(tx)


def open_hall(tx: Tx, row: Case) -> Opening:
    """The hall before its keys are frozen."""
    opening = opening_of(tx.session, row)
    assert opening is not None
    if opening.closing_at is not None:
        raise Refused(Breach("E-03", book_of(row, tx.now)["E-03"].article, "B", "open hall", "closing"))
    return opening


def going_hall(tx: Tx, row: Case) -> Opening:
    """The open hall; Refused while it is suspended."""
    opening, pause = open_hall(tx, row), pause_of(tx.session, row)
    refuse_if(rules.going_on(pause.role if pause else "", book_of(row, tx.now)))
    return opening


def any_bid(tx: Tx, row: Case, p: Payload) -> tuple[Bid, Unlock]:
    bid = tx.session.get(Bid, fields.text(p, "bid", limit=16))
    unlock = tx.session.get(Unlock, bid.id) if bid is not None and bid.case_id == row.id else None
    if bid is None or unlock is None or bid.round != row.round:
        raise Unusable("bid: no such bid in this hall")
    return bid, unlock


def given_key(manifest: dict[str, Any], p: Payload, article: str) -> str:
    """The file key (base64) of the payload, when the ciphertext commits to it; Refused E-04 otherwise."""
    read = manifest_of(manifest)
    try:
        sealing.check_file_key(suite.unb64(p.get("file_key"), "file_key", sealing.KEY_BYTES), read.header, read.context)
    except Fault as fault:
        raise Refused(Breach("E-04", article, "B", "the file key of this bid", str(fault), "file_key")) from None
    return str(p["file_key"])
