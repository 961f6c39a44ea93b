"""The whole app on a real SQLite file, with one logged-in person of every role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts import passwords
from accounts.models import LoginSession, Org, Person
from accounts.rules import ROLES_OF
from core.access import SYSTEM, Role
from core.acts import Acts
from core.clock import CST, FixedClock
from tests import databases
from web import identity, rooms
from web.app import create_app

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=CST)
KINDS = {
    Role.TENDERER: "tenderer",
    Role.ELECTOR: "owner",
    Role.AGENCY: "agency",
    Role.BIDDER: "bidder",
    Role.CENTRE: "centre",
    Role.ADMIN: "centre",
    Role.REGULATOR: "regulator",
    Role.AUDITOR: "regulator",
}


@dataclass
class Front:
    """The app and how to come in as someone: `client(role)` is logged in, `client()` is nobody in particular."""

    app: Flask
    clock: FixedClock

    @property
    def acts(self) -> Acts:
        return self.app.extensions["gongheng"].acts

    def token(self, role: Role) -> str:
        return f"token-of-{role}"

    def client(self, role: Role | None = None, *, header: bool = True) -> FlaskClient:
        client = self.app.test_client()
        if role is not None and role is not Role.PUBLIC:
            client.set_cookie(identity.COOKIE, self.token(role))
        if header:
            client.environ_base["HTTP_X_GONGHENG"] = "1"
        return client


def person(role: Role, number: int) -> list[object]:
    kind = KINDS.get(role)
    org = None
    if kind is not None:
        assert role in ROLES_OF[kind]
        org = Org(id=f"org-{role}", name=f"单位{number}", uscc=f"USCC{number:014d}", kinds=[kind], region="420112",
                  agreement="x", agreed_at=NOW, state="verified")  # fmt: skip
    human = Person(id=f"p-{role}", login=str(role), name=f"人员{number}", id_hash=f"{number:064d}", id_masked="*",
                    phone_masked="", org_id=org.id if org else None, roles=[role], state="active",
                    added_at=NOW)  # fmt: skip
    login = LoginSession(token_sha256=passwords.token_hash(f"token-of-{role}"), person_id=human.id,
                         began_at=NOW, seen_at=NOW)  # fmt: skip
    return [row for row in (org, human, login) if row is not None]


@pytest.fixture
def front(config) -> Iterator[Front]:
    clock = FixedClock(NOW)
    rooms.modules()  # first: a room brings its tables
    first = databases.lay(config.database_url)
    app = create_app(config, clock)
    house = app.extensions["gongheng"].acts
    databases.hurry(house.engine, first)

    def seed(tx) -> None:
        for number, role in enumerate(role for role in Role if role is not Role.PUBLIC):
            for row in person(role, number):
                tx.session.add(row)
                tx.session.flush()

    house.act(seed, SYSTEM)
    yield Front(app, clock)
    house.engine.dispose()
