"""Which machine stands at which seat. A browser tells no MAC address: a machine is known by a token it was given once.

Staff ask for a code at the desk and type it into the browser of the seat's machine, which keeps the token from then on.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.rules import Breach, Refused
from venues.actions import own_centre
from venues.models import Seat, Terminal
from venues.rules import ARTICLE

P = dict[str, Any]
CODE_LIFE = timedelta(minutes=10)


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def in_force(session: Session, centre: str) -> dict[str, Terminal]:
    """{seat: its registered terminal} of a centre; empty where the centre has none and so binds nobody."""
    query = select(Terminal).join(Seat, Seat.id == Terminal.seat_id)
    query = query.where(Seat.centre_id == centre, Terminal.token_sha256 != "", Terminal.retired_at.is_(None))
    return {row.seat_id: row for row in session.scalars(query)}


@acting("terminal.offer", Role.CENTRE, keep=False)
def offer(tx: Tx, case: str, p: P) -> P:
    """{seat} → {code, until}: to be typed at the machine of an own seat within ten minutes, once."""
    fields.only(p, "seat")
    centre = own_centre(tx)
    seat = tx.session.get(Seat, fields.text(p, "seat", limit=16))
    if seat is None or seat.centre_id != centre.id:
        raise Unusable("seat: not one of this centre")
    code, until = f"{secrets.randbelow(10**10):010d}", tx.now + CODE_LIFE
    tx.session.add(Terminal(seat_id=seat.id, code_sha256=hashed(code), code_until=until))
    tx.record(f"venue:{centre.id}", "terminal.offered", {"seat": seat.id})
    return {"code": f"{code[:5]} {code[5:]}", "until": until.isoformat(), "label": seat.label}


@acting("terminal.register", Role.PUBLIC, keep=False)
def register(tx: Tx, case: str, p: P) -> P:
    """{code} → {token, seat}: the browser that knows the code is the seat's terminal; the one before it no longer."""
    fields.only(p, "code")
    code = "".join(fields.text(p, "code", limit=20).split())
    row = tx.session.scalar(select(Terminal).where(Terminal.code_sha256 == hashed(code), Terminal.token_sha256 == ""))
    if row is None or tx.now > row.code_until:
        found = row.code_until.isoformat() if row is not None else "-"
        raise Refused(Breach("TERMINAL-CODE", ARTICLE, "B", "≤ 10 分钟", found, "code"))
    seat = tx.session.get_one(Seat, row.seat_id)
    _retire(tx, seat)
    token = secrets.token_urlsafe(32)
    row.token_sha256, row.registered_at = hashed(token), tx.now
    tx.record(f"venue:{seat.centre_id}", "terminal.registered", {"seat": seat.id, "terminal": row.id})
    tx.publish(f"venue:{seat.centre_id}", "terminal.registered", {"seat": seat.id})
    return {"token": token, "seat": seat.label}


@acting("terminal.retire", Role.CENTRE)
def retire(tx: Tx, case: str, p: P) -> P:
    """{seat}: its machine counts no longer; a centre without any terminal binds nobody again."""
    fields.only(p, "seat")
    centre = own_centre(tx)
    seat = tx.session.get(Seat, fields.text(p, "seat", limit=16))
    if seat is None or seat.centre_id != centre.id:
        raise Unusable("seat: not one of this centre")
    if not _retire(tx, seat):
        raise Refused(Breach("TERMINAL", ARTICLE, "B", "a registered terminal", "-", "seat"))
    tx.record(f"venue:{centre.id}", "terminal.retired", {"seat": seat.id})
    return {"left": tx.session.scalar(select(func.count()).select_from(Terminal).where(_live(seat.centre_id))) or 0}


def _live(centre: str) -> Any:
    seats = select(Seat.id).where(Seat.centre_id == centre)
    return Terminal.seat_id.in_(seats) & (Terminal.token_sha256 != "") & Terminal.retired_at.is_(None)


def _retire(tx: Tx, seat: Seat) -> int:
    query = select(Terminal).where(
        Terminal.seat_id == seat.id, Terminal.token_sha256 != "", Terminal.retired_at.is_(None)
    )
    rows = list(tx.session.scalars(query))
    for row in rows:
        row.retired_at = tx.now
    tx.session.flush()
    return len(rows)
