"""Doing the same act twice is doing it once: a client names each act with an id of its own and may send it again.

After a killed process or a cut line nobody knows whether the answer was lost or the act. The answer is kept in the
act's own transaction, so the second sending finds it and writes nothing. The door asks `answered` before the proof is
checked (a spent nonce must not hide the first answer) and calls `keep` with the result.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base
from core.faults import Unusable

KEY = "once"
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


class ActOnce(Base):
    """`digest`: what a proof would sign (the door leaves secret keys out), so an id stands for one act. The id comes
    first in the key: it alone finds the row, many at once."""

    __tablename__ = "act_once"
    once: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(16), primary_key=True)
    act: Mapped[str] = mapped_column(String(60))
    case: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    result: Mapped[dict[str, Any]]
    at: Mapped[datetime]


def key_of(payload: dict[str, Any]) -> str:
    """The client's id of this act, "" when it named none; Unusable for a malformed one."""
    value = payload.get(KEY)
    if value is None:
        return ""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Unusable(f"{KEY}: 8 to 64 letters, digits, - or _ are expected")
    return value


def without(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as the act's function reads it."""
    return {name: value for name, value in payload.items() if name != KEY}


def answered(
    session: Session, person: str, act: str, case: str, payload: dict[str, Any], digest: str
) -> dict[str, Any] | None:
    """The first answer to this very act, or None. Unusable when the id already stands for another act."""
    key = key_of(payload)
    row = session.get(ActOnce, (key, person)) if key and person else None
    if row is None:
        return None
    if (row.act, row.case, row.digest) != (act, case, digest):
        raise Unusable(f"{KEY}: this id was used for another act")
    return row.result


def keep(
    session: Session, now: datetime, person: str, act: str, case: str, payload: dict[str, Any], digest: str,
    result: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Note `result` as the answer to this act; returns it."""
    key = key_of(payload)
    if key and person:
        session.add(ActOnce(person=person, once=key, act=act, case=case, digest=digest, result=result, at=now))
    return result
