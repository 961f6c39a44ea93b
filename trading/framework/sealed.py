"""Responses and quotes, sealed as bids are: version, receipt, withdrawal, unlocking. One way for both; whoever asks it
has asked before whether this supplier may answer, and until when.

What happens here goes into the sealed stream alone: nobody learns who answered before the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core import fields
from core.acts import Tx
from core.doors import Payload
from core.rules import Refused, refuse_if
from trading.bidding import seals
from trading.bidding.seals import Shelf, sealed_stream
from trading.framework import rules
from trading.framework.models import FrameworkSealed
from trading.framework.rules import Book
from trading.opening.guards import given_key

KIND = "response"


def shelf_of(subject: str) -> Shelf[FrameworkSealed]:
    return Shelf(FrameworkSealed, (FrameworkSealed.subject == subject,), subject, KIND, "framework")


def hand_in(tx: Tx, subject: str, p: Payload, until: datetime, own: Book) -> dict[str, Any]:
    """{manifest, ciphertext_sha256, size} → {response, version, receipt}: in the place of an earlier version."""
    fields.only(p, "manifest", "ciphertext_sha256", "size")
    refuse_if(rules.in_time(tx.now, until, own))
    context = seals.context_of(tx, KIND, subject, p)
    manifest, why = seals.read_seal(tx, p, context)
    if manifest is None:
        raise Refused(own["FH-SEALED"].breach(why, required="gongheng/sealed/1", field="manifest"))
    shelf = shelf_of(subject)
    return seals.received(shelf, seals.hand_in(tx, shelf, context.bid, manifest, p, subject=subject))


def take_back(tx: Tx, subject: str, until: datetime, own: Book) -> dict[str, Any]:
    refuse_if(rules.in_time(tx.now, until, own))
    shelf = shelf_of(subject)
    return seals.take_back(tx, shelf, shelf.own(tx))


def unlock(tx: Tx, subject: str, p: Payload, until: datetime, own: Book) -> bool:
    """{file_key}: the sealer's own key for the version in force; whether everybody has unlocked now."""
    fields.only(p, "file_key")
    row = shelf_of(subject).own(tx)
    if tx.now >= until:
        raise Refused(own["FH-UNLOCK"].breach(tx.now.isoformat(), required=f"< {until.isoformat()}"))
    row.file_key = given_key(row.manifest, p, own["FH-UNLOCK"].article)
    row.unlocked_at = row.unlocked_at or tx.now
    tx.record(sealed_stream(subject), "framework.unlocked", {"response": row.id})
    return all(one.file_key for one in shelf_of(subject).live(tx.session))


def keyless(rows: Sequence[FrameworkSealed]) -> list[FrameworkSealed]:
    return [one for one in rows if not one.file_key]
