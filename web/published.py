"""What this server hands to browsers, by digest, so that a changed page can be proved later.

At every start the digests of all built files, templates and of the offline script are computed; a list that differs
from the last one becomes an entry of the platform log. A list is stored under its own digest. Nothing is refused: a
server that serves other bytes than it has published is found out by whoever kept them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import canon
from core.acts import Tx
from core.ledger import EntryRow, from_row

ROOT = Path(__file__).resolve().parent.parent
STREAM, KIND = "platform", "pages.published"
SCRIPT = ROOT / "certs" / "alone.py"


@dataclass(frozen=True)
class Places:
    """Folders and files behind addresses; tests hand over their own."""

    built: Path = ROOT / "web" / "static" / "dist"
    drawn: Path = ROOT / "web" / "static" / "src"
    templates: Path = ROOT / "templates"


def _files(places: Places) -> Iterator[tuple[str, Path]]:
    """(address, or path of what pages are made of) and file."""
    for path in places.built.rglob("*"):
        yield f"/static/{path.relative_to(places.built).as_posix()}", path
    for path in places.drawn.rglob("*.svg"):
        yield f"/static/{path.relative_to(places.drawn).as_posix()}", path
    for path in places.templates.rglob("*.html"):
        yield f"templates/{path.relative_to(places.templates).as_posix()}", path
    yield "/seal.py", SCRIPT


def listing(places: Places | None = None) -> bytes:
    """Canonical JSON [[address, SHA-256]], sorted."""
    found = {name: path for name, path in _files(places or Places()) if path.is_file()}
    return canon.dumps([[name, canon.sha256_hex(path.read_bytes())] for name, path in sorted(found.items())])


def publish(tx: Tx, listed: bytes) -> None:
    """Enter the list when it is not the one published last."""
    before = publications(tx.session)
    digest = canon.sha256_hex(listed)
    if before and before[0]["digest"] == digest:
        return
    tx.blobs.put(listed)
    count = len(canon.loads(listed))
    tx.record(STREAM, KIND, {"digest": digest, "count": count, "version": len(before) + 1})


def publications(session: Session) -> list[dict[str, Any]]:
    """Every published list, newest first: {digest, count, version, at, index, entry, leaf}."""
    query = select(EntryRow).where(EntryRow.stream == STREAM, EntryRow.kind == KIND).order_by(EntryRow.index.desc())
    found = [from_row(row) for row in session.scalars(query)]
    return [one.body | {"at": one.at, "index": one.index, "entry": one.leaf_hash, "leaf": one.leaf} for one in found]


def script_digest() -> str:
    return canon.sha256_hex(SCRIPT.read_bytes())
