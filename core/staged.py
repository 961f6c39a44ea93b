"""Who is bringing which file, and who has brought it: rows of uploads and of files that no act has named yet.

An act asks `brought` before it takes a digest: knowing a digest is not having the file. What nobody named in time goes
again (`sweep`), but never a file whose digest stands in any row of any table.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, BigInteger, String, Text, cast, delete, false, func, literal, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.access import SYSTEM
from core.acts import Acts, Tx
from core.db import Base, Keyed
from core.uploads import Turned, Uploads

LIFE = timedelta(days=7)  # P: an unfinished upload, and a file that no act has named
UNFINISHED = 20  # P: uploads one person may have under way
RESERVE = 1 << 30  # P: bytes of the disk that uploads leave free
GRACE = timedelta(hours=1)  # a file this young may belong to an act that is not committed yet


class Upload(Keyed, Base):
    """One transfer. `subject` and `purpose` say what it is for; `withdrawn` is what its deadline made of it.

    How much has arrived stands beside the bytes (core.uploads), not here.
    """

    __tablename__ = "upload"
    person_id: Mapped[str] = mapped_column(String(16), index=True)
    org_id: Mapped[str] = mapped_column(String(16), default="")
    size: Mapped[int] = mapped_column(BigInteger)
    subject: Mapped[str] = mapped_column(String(40), default="", index=True)
    purpose: Mapped[str] = mapped_column(String(20), default="")
    told: Mapped[str] = mapped_column(String(2000), default="")
    state: Mapped[str] = mapped_column(String(10), default="open")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class StagedFile(Base):
    """A file brought by a person and not yet named by an act; the bytes are in the blob store.

    `over`: its time ran out, no act takes it any more, and it goes unless one has named it before.
    """

    __tablename__ = "staged_file"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    org_id: Mapped[str] = mapped_column(String(16), default="", server_default="")
    size: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    over: Mapped[bool] = mapped_column(default=False, server_default=false())


@dataclass(frozen=True)
class Wish:
    """What an upload is begun with. `told`: the client's metadata as it was sent."""

    size: int
    told: str = ""
    subject: str = ""
    purpose: str = ""


def begin(tx: Tx, wish: Wish) -> Upload:
    """A new upload of this person. Turned SIZE, QUOTA or FULL with what is allowed and what was found."""
    most = tx.config.upload_most
    if wish.size > most:
        raise Turned("SIZE", most, wish.size)
    mine = select(func.count(), func.coalesce(func.sum(Upload.size), 0))
    count, held = tx.session.execute(mine.where(Upload.person_id == tx.actor.person, Upload.state == "open")).one()
    if count >= UNFINISHED:
        raise Turned("QUOTA", UNFINISHED, count + 1)
    if held + wish.size > 2 * most:
        raise Turned("QUOTA-BYTES", 2 * most, held + wish.size)
    free = shutil.disk_usage(tx.blobs.root).free - RESERVE
    if wish.size > free:
        raise Turned("FULL", wish.size, max(free, 0))
    row = Upload(
        person_id=tx.actor.person, org_id=tx.actor.org, size=wish.size, subject=wish.subject, purpose=wish.purpose,
        told=wish.told, created_at=tx.now, expires_at=tx.now + LIFE,
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    return row


def own(session: Session, person: str, upload: str, now: datetime) -> Upload:
    """The person's upload that has not run out; Turned UNKNOWN, which tells nobody that another's exists."""
    row = session.get(Upload, upload)
    if row is None or not person or row.person_id != person or (row.state == "open" and now >= row.expires_at):
        raise Turned("UNKNOWN")
    return row


def complete(tx: Tx, row: Upload, sha256: str) -> None:
    """All bytes are durable: the file is staged for who brought it. A second call changes nothing."""
    if row.state == "open":
        row.state, row.sha256, row.ended_at = "done", sha256, tx.now
        stage(tx, sha256, row.size)


def cancel(tx: Tx, upload: str) -> None:
    """The person gives it up: an unfinished one is forgotten, a finished file is nobody's any more."""
    row = own(tx.session, tx.actor.person, upload, tx.now)
    if row.state == "withdrawn":
        return  # what the deadline did stays on record
    tx.session.delete(row)
    held = tx.session.get(StagedFile, (row.sha256, row.person_id)) if row.state == "done" else None
    if held is not None:
        held.over = True


def give_up(tx: Tx, subject: str, purpose: str, *files: tuple[str, str]) -> None:
    """What was brought for this, and these (digest, person) besides, is nobody's any more; the sweep takes it away."""
    for key in files:
        named_before = tx.session.get(StagedFile, key)
        if named_before is not None:
            named_before.over = True
    for row in tx.session.scalars(select(Upload).where(Upload.subject == subject, Upload.purpose == purpose)):
        held = tx.session.get(StagedFile, (row.sha256, row.person_id)) if row.state == "done" else None
        if held is not None:
            held.over = True
        tx.session.delete(row)


def stage(tx: Tx, sha256: str, size: int) -> None:
    row = tx.session.get(StagedFile, (sha256, tx.actor.person))
    if row is None:
        row = StagedFile(sha256=sha256, person_id=tx.actor.person, org_id=tx.actor.org, size=size)
        tx.session.add(row)
    row.at, row.over = tx.now, False


def brought(tx: Tx, sha256: str) -> bool:
    """Whether this person, or another of the same organisation, has brought the file and it is here."""
    mine = StagedFile.person_id == tx.actor.person
    if tx.actor.org:
        mine = or_(mine, StagedFile.org_id == tx.actor.org)
    query = select(StagedFile.sha256).where(StagedFile.sha256 == sha256, mine, StagedFile.over.is_(False))
    found = tx.session.scalar(query.limit(1))
    return bool(tx.actor.person) and found is not None and tx.blobs.has(sha256)


def unfinished(session: Session, subject: str, purpose: str) -> list[Upload]:
    """What was begun for `subject` and is not complete."""
    query = select(Upload).where(Upload.subject == subject, Upload.purpose == purpose, Upload.state == "open")
    return list(session.scalars(query.order_by(Upload.created_at, Upload.id)))


# -- what nobody named ------------------------------------------------------------------------------------------------


def sweep(acts: Acts, uploads: Uploads, grace: timedelta = GRACE) -> int:
    """Remove what has run out: rows, unfinished bytes, files no row names. How many files went.

    First nobody can name a file any more, then all rows are searched, then it goes: dying between two steps loses
    nothing and leaves nothing behind.
    """
    over = acts.act(_end_stale, SYSTEM)
    return _sweep_folder(acts, uploads, grace) + sum(_drop_blob(acts, uploads, one, grace) for one in over)


def _end_stale(tx: Tx) -> list[str]:
    """Rows that have run out; digests of files that nobody has staged any longer."""
    before = tx.now - LIFE
    tx.session.execute(delete(Upload).where(Upload.state == "open", Upload.expires_at <= tx.now))
    tx.session.execute(delete(Upload).where(Upload.state == "done", Upload.ended_at <= before))
    tx.session.execute(update(StagedFile).where(StagedFile.at <= before).values(over=True))
    kept = select(StagedFile.sha256).where(StagedFile.over.is_(False))
    over = select(StagedFile.sha256).where(StagedFile.over, StagedFile.sha256.not_in(kept)).distinct()
    return list(tx.session.scalars(over.order_by(StagedFile.sha256).limit(50)))


def _sweep_folder(acts: Acts, uploads: Uploads, grace: timedelta) -> int:
    """Files of uploads that are over, and temporaries a killed process has left."""
    gone = 0
    for path in sorted(uploads.folder.iterdir()):
        with acts.reading() as session:
            row = session.get(Upload, path.stem)
            state, sha256 = (row.state, row.sha256) if row is not None else ("", "")
        if state == "done":
            uploads.promote(path.stem, sha256)  # killed between the commit and the move
        elif state == "open" or (not state and not _old(path, grace)):
            continue
        elif not state and path.suffix not in (".part", ".at"):
            path.unlink(missing_ok=True)
            gone += 1
        else:
            gone += _removed(uploads, path)
    return gone


def _removed(uploads: Uploads, path: Path) -> int:
    try:
        uploads.remove(path.stem)
    except Turned:  # somebody writes still: the next round
        return 0
    return 1


def _old(path: Path, grace: timedelta) -> bool:
    try:
        return time.time() - path.stat().st_mtime >= grace.total_seconds()
    except FileNotFoundError:
        return False


def _drop_blob(acts: Acts, uploads: Uploads, sha256: str, grace: timedelta) -> int:
    """Gone unless a row names it; a file put again by somebody else meanwhile is young and waits."""
    path, away = uploads.blobs.path(sha256), uploads.folder / f"{sha256}.gone"
    with acts.reading() as session:
        kept = named(session, sha256)
    if not kept and path.exists() and not _old(path, grace):
        return 0

    def take_away(tx: Tx) -> None:
        if tx.session.scalar(select(StagedFile.sha256).where(StagedFile.sha256 == sha256, StagedFile.over.is_(False))):
            return  # brought again meanwhile
        tx.session.execute(delete(StagedFile).where(StagedFile.sha256 == sha256))
        if not kept and path.exists():
            path.rename(away)  # freeing a large file takes long: not here

    acts.act(take_away, SYSTEM)
    if not away.exists():
        return 0
    away.unlink()
    return 1


def named(session: Session, sha256: str) -> bool:
    """Whether a row of any table but those of this file holds the digest, alone or within a text."""
    return any(session.execute(query).first() is not None for query in _searches(sha256))


def _searches(sha256: str) -> Iterator[Any]:
    for table in Base.metadata.sorted_tables:
        if table.name in (Upload.__tablename__, StagedFile.__tablename__):
            continue
        held = []
        for column in table.columns:
            kind = column.type
            if isinstance(kind, String) and not isinstance(kind, Text) and kind.length == len(sha256):
                held.append(column == sha256)
            elif isinstance(kind, String | JSON) and (getattr(kind, "length", None) or len(sha256) + 1) > len(sha256):
                held.append(cast(column, Text).contains(sha256))
        if held:
            yield select(literal(1)).select_from(table).where(or_(*held)).limit(1)
