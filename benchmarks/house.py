"""A house of our own for a bench: a fresh data folder, people who are logged in, the real server process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from accounts import sign_in
from accounts.models import Org, Person
from benchmarks.rooms import Room
from core import config
from core.access import SYSTEM, Role
from core.acts import Tx
from core.db import Base
from web.app import create_app
from web.demo.play import Server

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var"


@dataclass(frozen=True)
class House:
    """`tokens` are session cookies; `uploads` is the address of the process of uploads."""

    base: str
    uploads: str
    tokens: list[str]
    folder: Path
    server: Server
    rooms: list[Room]


def _people(tx: Tx, count: int) -> list[str]:
    tokens = []
    for number in range(count):
        org = Org(name=f"单位{number}", uscc=f"BENCH{number:013d}", kinds=["bidder"], region="420112", agreement="x",
                  agreed_at=tx.now, state="verified")  # fmt: skip
        tx.session.add(org)
        tx.session.flush()
        person = Person(login=f"bench{number}", name=f"人员{number}", id_hash=f"{number:064d}", id_masked="*",
                        phone_masked="", org_id=org.id, roles=[Role.BIDDER], state="active",
                        added_at=tx.now)  # fmt: skip
        tx.session.add(person)
        tx.session.flush()
        tokens.append(sign_in.begin(tx, person.id))
    return tokens


def _no_rooms(_tx: Tx) -> list[Room]:
    return []


@contextmanager
def house(people: int, under: Path = VAR, rooms: Callable[[Tx], list[Room]] = _no_rooms) -> Iterator[House]:
    """The server on a free port with so many people logged in and these rooms; its folder goes afterwards."""
    under.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="house-", dir=under))
    app = create_app(config.read({"DEMO": "1", "DATA_DIR": str(folder)}))
    acts = app.extensions["gongheng"].acts
    Base.metadata.create_all(acts.engine)
    tokens = acts.act(_people, SYSTEM, people)
    made = acts.act(rooms, SYSTEM)
    acts.close()
    server = Server(folder)
    try:
        yield House(server.base, server.uploads, tokens, folder, server, made)
    finally:
        server.stop()
        shutil.rmtree(folder)
