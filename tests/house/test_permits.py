"""Every route, act, question and socket event against every role: the table of docs/permits.md, asked for real.

The views behind the doors are replaced by one that says "opened"; front, permits and doors are the real ones.
`PERMITS=write pytest tests/house/test_permits.py` writes the table anew.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from core.access import Actor, Role
from core.doors import QUESTIONS, TABLE
from tests.web.conftest import Front, front  # noqa: F401  the same app
from web.front import permit_of
from web.socket import EVENTS, Line

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "permits.md"
Table = dict[str, dict[Role, bool]]


def routes(app) -> list:
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods)))


def method(rule) -> str:
    return next(one for one in ("GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS") if one in rule.methods)


@pytest.fixture
def opened(front: Front) -> Front:  # noqa: F811
    """The app with its views replaced; each keeps its permit."""
    for endpoint in list(front.app.view_functions):
        declared = permit_of(front.app, endpoint)

        def view(**_values: str) -> str:
            return "opened"

        view.permit = declared  # type: ignore[attr-defined]
        front.app.view_functions[endpoint] = view
    return front


def ask_routes(front: Front) -> Table:  # noqa: F811
    found: Table = {}
    for rule in routes(front.app):
        path = re.sub(r"<[^>]*>", "x", rule.rule)
        row = found.setdefault(f"{method(rule)} {rule.rule}", {})
        for role in Role:
            answer = front.client(role).open(path, method=method(rule))
            assert answer.status_code in (200, 302, 403), (path, role, answer.status_code)
            row[role] = answer.status_code == 200
    return found


def ask_acts(front: Front, monkeypatch: pytest.MonkeyPatch) -> Table:  # noqa: F811
    """Through /api/v1/acts: what is refused for the role alone carries ACCESS; a signed act then asks for its proof."""
    found: Table = {}
    for name, door in sorted(TABLE.items()):
        monkeypatch.setitem(TABLE, name, replace(door, fn=lambda tx, case, p: {}))
        for role in Role:
            answer = front.client(role).post(f"/api/v1/acts/{name}", json={"case": "x", "payload": {}})
            refused = answer.status_code == 403
            assert refused or answer.status_code == (409 if door.signed else 200), (name, role, answer.text)
            found.setdefault(f"act {name}{' ✎' if door.signed else ''}", {})[role] = not refused
    return found


def ask_questions(front: Front, monkeypatch: pytest.MonkeyPatch) -> Table:  # noqa: F811
    found: Table = {}
    for name, question in sorted(QUESTIONS.items()):
        monkeypatch.setitem(QUESTIONS, name, replace(question, fn=lambda *_: {}))
        for role in Role:
            status = front.client(role).get(f"/api/v1/ask/{name}").status_code
            assert status in (200, 403)
            found.setdefault(f"question {name}", {})[role] = status == 200
    return found


def ask_events(front: Front) -> Table:  # noqa: F811
    hub = front.app.extensions["gongheng.socket"]
    found: Table = {}
    for name in [*EVENTS, "anything.else"]:
        for role in Role:
            person = "" if role is Role.PUBLIC else f"p-{role}"
            roles = frozenset() if role is Role.PUBLIC else frozenset({role})
            hub.lines["line"] = Line(Actor(person=person, roles=roles), "", "en", set())
            answer = hub.receive(name, "line", None)
            found.setdefault(f"event {name}", {})[role] = answer["status"] != 403
    return found


def written(table: Table) -> str:
    head = "| door | " + " | ".join(Role) + " |\n|---|" + "---|" * len(Role) + "\n"
    rows = [f"| `{door}` | " + " | ".join("✓" if row[r] else "·" for r in Role) + " |\n" for door, row in table.items()]
    return (
        "# Who opens which door\n\nGenerated and checked by `tests/house/test_permits.py`: every route, act, question "
        "and socket event was asked as each role. `public` is a visitor without a login; ✎ also asks for the holder's "
        "certificate. A ✓ opens the door; stage, ownership and membership are then judged inside.\n\n"
        + head
        + "".join(rows)
    )


def test_every_door_for_every_role(front, opened, monkeypatch):  # noqa: F811
    asked = ask_routes(opened)
    declared = {
        f"{method(rule)} {rule.rule}": {
            role: permit_of(front.app, rule.endpoint).opens_to(
                Actor(person="" if role is Role.PUBLIC else "p", roles=frozenset({role}) - {Role.PUBLIC})
            )
            for role in Role
        }
        for rule in routes(front.app)
    }
    assert asked == declared


def test_the_written_table_is_what_happens(front, monkeypatch):  # noqa: F811
    for name in [one for one in TABLE if one.startswith("test.")]:  # acts that other tests declare
        monkeypatch.delitem(TABLE, name)
    table = ask_acts(front, monkeypatch) | ask_questions(front, monkeypatch) | ask_events(front)
    for name, door in TABLE.items():
        row = table[f"act {name}{' ✎' if door.signed else ''}"]
        assert row == {role: bool({Role.PUBLIC, role} & set(door.roles)) for role in Role}
    for name, question in QUESTIONS.items():
        assert table[f"question {name}"] == {r: bool({Role.PUBLIC, r} & set(question.roles)) for r in Role}
    assert not any(table["event anything.else"].values())
    pages = {
        f"{method(rule)} {rule.rule}": {
            role: permit_of(front.app, rule.endpoint).opens_to(
                Actor(person="" if role is Role.PUBLIC else "p", roles=frozenset({role}) - {Role.PUBLIC})
            )
            for role in Role
        }
        for rule in routes(front.app)
    }
    text = written(pages | table)
    if os.environ.get("PERMITS") == "write":
        DOCUMENT.write_text(text, encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == text, "docs/permits.md is stale: PERMITS=write writes it anew"
