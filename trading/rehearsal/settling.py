"""Opening what was practised: decrypted by the code that opens bids, outside every transaction, and not kept."""

from __future__ import annotations

from threading import BoundedSemaphore

from certs.blocking import run_blocking
from core import jobs
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.doors import Payload, acting
from trading.opening import reading
from trading.opening.reading import Locked
from trading.opening.sheet import Sheet
from trading.rehearsal.models import Rehearsal

TURN = BoundedSemaphore(1)  # practice is decrypted one file after the other: real openings share these threads


def _locked(row: Rehearsal | None) -> Locked | None:
    if row is None or row.state != "unlocked":
        return None
    return Locked(row.id, row.manifest, row.file_key, row.size)


@jobs.long("rehearsal.settle")
def settle(acts: Acts, rehearsal: str, p: Payload | None = None) -> Payload:
    with acts.reading() as session:
        locked = _locked(session.get(Rehearsal, rehearsal))
    if locked is None:
        return {}
    with TURN:
        sheet, problem = run_blocking(lambda: reading.price_of(acts.house.blobs, locked))
    return acts.act(write, SYSTEM, rehearsal, sheet, problem)


@acting("rehearsal.settle")
def settle_act(tx: Tx, case: str, p: Payload) -> Payload:
    """{}: what `settle` does, inside one transaction."""
    locked = _locked(tx.session.get(Rehearsal, case))
    return write(tx, case, *reading.price_of(tx.blobs, locked)) if locked else {}


def write(tx: Tx, rehearsal: str, sheet: Sheet | None, problem: str) -> Payload:
    row = tx.session.get(Rehearsal, rehearsal)
    if _locked(row) is None:
        return {}
    assert row is not None
    row.state, row.file_key = "opened", ""
    row.opened = {
        "price": sheet.price if sheet else "", "duration_days": sheet.duration_days if sheet else None,
        "quality": sheet.quality if sheet else "", "problem": problem,
    }  # fmt: skip
    tx.publish(f"me:{row.person_id}", "rehearsal.opened", {"rehearsal": row.id})
    return row.opened
