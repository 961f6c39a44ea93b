"""Before the opening nothing tells who has bid or how many (20号令 art. 21, 27, 56).

The same platform at the same frozen moment: nobody has taken the file; four have, and none, one or all of them have
bid, and one still sends a replacement. Whatever can be asked, heard or tried gives the same bytes. The worlds are
copies of one, so ids and times are equal as well. Who took the file is told to the tenderer and its agency alone
(E-12); they cannot tell who has bid.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask, Response
from pypdfium2 import PdfDocument
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from core import live, staged
from core.access import SYSTEM, Actor, Role
from core.acts import House, Tx
from core.doors import QUESTIONS, TABLE, Asking, Door
from core.faults import Fault, Unusable
from core.live import LiveChannel
from core.rules import Refused
from core.staged import Wish
from oversight import checkpoints
from tests.stories.gather import browser
from tests.stories.play import Life, four_sites, with_bidders
from trading.bond.returns import read_feed
from web.app import create_app

FOUR = {"甲": "5689", "乙": "5828", "丙": "5709", "丁": "5777"}
ASKERS = ("", "tenderer", "agency", "centre1", "centre2", "regulator", "auditor", "supervisor1", "elector1",
          "expert1-1", "bidder5")  # fmt: skip
UNREAD = -1
# Only these tables hold what bidders did: sealed bids, bonds and payments, downloads, uploads, proofs, answers kept for
# a second sending.
SEALED_TABLES = {
    "bid", "bond", "bond_arrival", "download", "nonce", "act_once", "ledger_entry", "ledger_stream", "staged_file",
    "upload",
}  # fmt: skip


class _Undone(Exception):
    """Carries what an act would have answered out of its transaction, which is rolled back."""


@pytest.fixture(scope="module")
def worlds(begin_shared, tmp_path_factory) -> dict[int, Life]:
    """{number of bids: life}, all frozen an hour before the deadline; UNREAD: nobody has even taken the file."""
    folder = tmp_path_factory.mktemp("worlds")
    first = begin_shared(with_bidders(four_sites(), FOUR)).announce()
    moment = first.deadline - timedelta(hours=1)
    first.stage.move_to(first.stage.now() + timedelta(days=1))
    unread = first.fork(folder / "unread")
    for login in first.bidders.values():
        first.stage.act(login, "file.fetch", first.case)
    none = first.fork(folder / "none")
    _bids(first, "甲")
    one = first.fork(folder / "one")
    _bids(first, "乙丙丁")
    first.acts.act(staged.begin, first.stage.actor("bidder4"), Wish(1 << 30, subject=first.case, purpose="bid"))
    found = {UNREAD: unread, 0: none, 1: one, 4: first}
    for life in found.values():
        life.stand_still(moment)
        life.acts.act(read_feed, SYSTEM)
    yield found
    for life in found.values():
        life.acts.engine.dispose()


def _bids(life: Life, names: str) -> None:
    for one in life.file["bidders"]:
        if one["id"] in names:
            life.lodge(one)
            life.submit(one)


def _alike(worlds: dict[int, Life], who: str, look: Callable[[Life, str], dict[str, str]]) -> dict[str, str]:
    """What `look` finds, after it has found the same in every world."""
    skipped = {UNREAD} if who in ("tenderer", "agency") else set()
    found = {number: look(life, who) for number, life in worlds.items() if number not in skipped}
    for number, answers in found.items():
        assert [name for name in answers if answers[name] != found[0][name]] == [], number
    assert len({len(answers) for answers in found.values()}) == 1
    return found[0]


def _text(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False, sort_keys=True)


def _said(call: Callable[[], object]) -> str:
    """The answer or the words of the refusal."""
    try:
        return _text(call())
    except (Refused, Unusable, Fault) as error:
        return f"{type(error).__name__}: {error}"


def _asked(life: Life, who: str) -> dict[str, str]:
    """Every question there is, with the case and with what a client would send along."""
    org = life.stage.ring["bidder1"].org
    extra: dict[str, list[dict[str, Any]]] = {
        "org.find": [{"name": "投标人甲"}],
        "audit.timeline": [{}, {"limit": 200}, {"kind": "bid"}, {"kind": "bid.received"}, {"kind": "file"},
                           {"org": org}, {"person": life.stage.ring["bidder1"].person}],
    }  # fmt: skip
    return {
        f"{who or 'public'} {name} {params}": _said(lambda n=name, p=params: life.stage.ask(who, n, life.case, **p))
        for name in sorted(QUESTIONS)
        for params in extra.get(name, [{}])
    }


def _tries(life: Life) -> list[tuple[str, dict[str, Any]]]:
    """Every act with nothing, and those of bids with what an inquisitive person would send."""
    strange = {"bid": "0" * 16}
    nothing: dict[str, Any] = {}
    return [
        *((name, nothing) for name in sorted(TABLE)),
        ("bond.lodge", {"form": "transfer"}), ("bond.pay", {"account": "42" * 8}),
        ("bond.return", {"bonds": ["0" * 16]}),
        ("bond.confirm", {"bond": "0" * 16, "bank_ref": "x", "at": "2026-04-01T09:00"}),
        ("bond.forfeit", {"bond": "0" * 16, "ground": "TL35", "reason": "x"}),
        ("bid.withdraw", strange), ("bid.submit", {"manifest": {}, "ciphertext_sha256": "0" * 64, "size": 1}),
        ("opening.begin", {"window_minutes": 30}), ("opening.unlock", {"file_key": "x"}),
        ("opening.decide", strange | {"cause": "bidder", "reason": "x"}), ("opening.release", strange | {"share": "x"}),
        ("reference.unlock", {"file_key": "x"}), ("question.ask", {"text": "有几家投标?"}),
        ("tender.clarify", {"text": "澄清", "affects_bids": False}),
        ("tender.clarify", {"text": "修改", "affects_bids": True}),
        ("project.terminate", {"reason": "资金未落实"}), ("file.save", {"validity_days": 1}),
        ("draw.request", {"experts": 7, "members_by_site": {}, "specialities": []}),
        ("casefile.export", {"edition": "supervisor"}), ("casefile.export", {"edition": "public"}),
        ("log.checkpoint", {}),
    ]  # fmt: skip


def _tried(life: Life, who: str) -> dict[str, str]:
    """What each act answers to `who`, certificate in hand; nothing of it stays."""
    actor = life.stage.actor(who) if who != "system" else SYSTEM
    if who in life.stage.ring.users:
        actor = replace(actor, certificate=life.stage.ring[who].fingerprint)
    return {
        f"{who or 'public'} {name} {payload}": _like(_said(lambda n=name, p=payload: _attempt(life, actor, n, p)))
        for name, payload in _tries(life)
    }


def _attempt(life: Life, actor: Actor, name: str, payload: dict[str, Any]) -> object:
    door = TABLE[name]

    def run(tx: Tx) -> None:
        if actor != SYSTEM:
            tx.actor.require(*door.roles)
        raise _Undone(door.fn(tx, life.case, dict(payload)))

    try:
        life.acts.act(run, actor)
    except _Undone as undone:
        return undone.args[0]
    raise AssertionError("an attempt is undone")


def _like(answer: str) -> str:
    """An act draws fresh ids, nonces and salts; those are random, not telling. Sizes of a PDF hold one such id."""
    answer = re.sub(r"[0-9a-f]{64}", "<hash>", answer)
    answer = re.sub(r"(?<![0-9a-f])[0-9a-f]{16,32}(?![0-9a-f])", "<id>", answer)
    answer = re.sub(r'"reference": "[2-9A-Z]{12}"', '"reference": "<random>"', answer)
    return re.sub(r'"size": [0-9]+', '"size": <n>', re.sub(r"[A-Za-z0-9+/_-]{43,}=*", "<random>", answer))


@pytest.mark.certify("A-96", "A-107", "B-016")
@pytest.mark.parametrize("who", ASKERS)
def test_every_question_is_answered_alike(worlds: dict[int, Life], who: str) -> None:
    assert len(_alike(worlds, who, _asked)) >= len(QUESTIONS)


@pytest.mark.parametrize("who", [*ASKERS, "system"])
def test_every_act_answers_and_refuses_alike(worlds: dict[int, Life], who: str) -> None:
    assert len(_alike(worlds, who, _tried)) > len(TABLE)


@cache
def _app(house: House) -> Flask:
    return create_app(house.config, house.clock)


def _body(answer: Response) -> str:
    """A workbook or PDF is what it says; the moment of its making is nobody's secret."""
    if answer.mimetype == "application/pdf":
        with PdfDocument(answer.get_data()) as paper:
            return "".join(page.get_textpage().get_text_bounded() for page in paper)
    if answer.status_code != 200 or not answer.mimetype.endswith("spreadsheetml.sheet"):
        return answer.get_data(as_text=True)
    with ZipFile(BytesIO(answer.get_data())) as book:
        return "".join(book.read(name).decode("latin-1") for name in book.namelist() if name != "docProps/core.xml")


def _pages(life: Life, who: str) -> dict[str, str]:
    """Every page and GET address that needs nothing but the case, as `who` sees it in a browser."""
    app = _app(life.acts.house)
    client = browser(app, life, who)
    rules = [str(rule) for rule in app.url_map.iter_rules() if "GET" in rule.methods and rule.arguments <= {"case"}]
    paths = [rule.replace("<case>", life.case) for rule in sorted(rules)]
    paths += [f"/api/v1/live/{name}:{life.case}" for name in ("hall", "room", "watch", "award", "draw")]
    answers = {path: client.get(path) for path in paths}
    return {path: f"{one.status_code} {_like(_body(one))}" for path, one in answers.items()}


@pytest.mark.parametrize("who", ASKERS)
def test_every_page_looks_alike(worlds: dict[int, Life], who: str) -> None:
    shown = _alike(worlds, who, _pages)
    assert len(shown) > 20 and sum(page.startswith("200") for page in shown.values()) >= 5


def test_a_bidder_sees_its_own_bid_and_cannot_tell_whether_it_is_alone(worlds: dict[int, Life]) -> None:
    one, four = _asked(worlds[1], "bidder1"), _asked(worlds[4], "bidder1")
    assert one == four
    assert worlds[1].bids["甲"] in _text(one), "its own bid is shown to it"
    assert _tried(worlds[1], "bidder1") == _tried(worlds[4], "bidder1")
    others = {worlds[4].bids[name] for name in "乙丙丁"} | {"投标人乙", "投标人丙", "投标人丁"}
    assert not [other for other in others if other in _text(four)]


def test_control_the_worlds_do_differ_where_nobody_looks(worlds: dict[int, Life]) -> None:
    """The worlds are not equal: a comparison that saw no difference anywhere would itself be blind."""
    with worlds[UNREAD].acts.reading() as session:
        assert session.execute(text("SELECT count(*) FROM download")).scalar() == 0
    with worlds[0].acts.reading() as session:
        assert session.execute(text("SELECT count(*) FROM bid")).scalar() == 0
    with worlds[4].acts.reading() as session:
        assert session.execute(text("SELECT count(*) FROM download")).scalar() == 4
        assert session.execute(text("SELECT count(*) FROM bid")).scalar() == 4
        assert session.execute(text("SELECT count(*) FROM bond")).scalar() == 4
        assert session.execute(text("SELECT count(*) FROM bond_arrival")).scalar() == 4


def test_control_a_question_or_a_refusal_that_counts_is_noticed(worlds: dict[int, Life], monkeypatch) -> None:
    def count(session: Session) -> int:
        return int(session.execute(text("SELECT count(*) FROM bid")).scalar_one())

    leak = Asking("leak", lambda session, now, actor, case, p: {"n": count(session) > 0}, (Role.PUBLIC,))
    monkeypatch.setitem(QUESTIONS, "leak", leak)
    with pytest.raises(AssertionError, match="public leak"):
        _alike(worlds, "", _asked)
    monkeypatch.delitem(QUESTIONS, "leak")

    def refuse(tx: Tx, case: str, p: dict[str, Any]) -> dict[str, Any]:
        raise Unusable(f"{count(tx.session)} bids are in the way")

    monkeypatch.setitem(TABLE, "leak", Door("leak", refuse, (Role.PUBLIC,), False))
    with pytest.raises(AssertionError, match="public leak"):
        _alike(worlds, "", _tried)


def _tables(life: Life) -> dict[str, list[str]]:
    with life.acts.reading() as session:
        names = inspect(life.acts.engine).get_table_names()
        return {
            name: sorted(_text(list(row)) for row in session.execute(text(f'SELECT * FROM "{name}"'))) for name in names
        }


def test_bids_leave_a_mark_in_sealed_tables_alone(worlds: dict[int, Life]) -> None:
    """Not a live event, job, document, move or counter: what other pages and sockets read is the same row by row."""
    none, four = _tables(worlds[UNREAD]), _tables(worlds[4])
    changed = {name for name in none if none[name] != four[name]} - {"login_session"}  # browsers of the page test
    assert {"bid", "bond", "bond_arrival", "download", "ledger_entry"} <= changed <= SEALED_TABLES
    for name in ("ledger_entry", "ledger_stream"):
        shown = {row for row in four[name] if f"sealed:{worlds[4].case}" not in row}
        assert shown == {row for row in none[name] if f"sealed:{worlds[4].case}" not in row}


def test_every_live_channel_says_the_same(worlds: dict[int, Life]) -> None:
    def heard(life: Life) -> dict[str, list[Any]]:
        with life.acts.reading() as session:
            named = session.scalars(text("SELECT name FROM live_channel"))
            return {name: [event.public() for event in live.since(session, name, 0)] for name in named}

    none, four = heard(worlds[UNREAD]), heard(worlds[4])
    assert none == four
    assert {name.partition(":")[0] for name in none} >= {"watch", "me"}
    for channel in (f"hall:{worlds[4].case}", f"room:{worlds[4].case}", f"award:{worlds[4].case}"):
        with worlds[4].acts.reading() as session:
            assert session.get(LiveChannel, channel) is None, channel


def test_checkpoints_stand_over_the_same_heads(worlds: dict[int, Life]) -> None:
    """A sealed stream is under no checkpoint before its head is published: neither root nor number of heads moves."""
    taken = {}
    for number, life in worlds.items():
        with life.acts.reading() as session:
            taken[number] = checkpoints.stream_heads(session)
        assert not [name for name in taken[number] if name.startswith("sealed:")]
    assert taken[UNREAD] == taken[0] == taken[1] == taken[4]


def test_the_deadline_publishes_one_root_and_no_count(worlds: dict[int, Life], tmp_path) -> None:
    """At the deadline the root of the sealed stream enters the case stream; not its size, not a name."""
    life = worlds[4].fork(tmp_path / "after")
    assert life.deadline_passes() == "SEALED"
    (sealed,) = [entry for entry in life.entries() if entry.kind == "tender.sealed"]
    assert set(sealed.body) == {"sealed_root", "from", "to"}
    for who in ("", "agency", "centre1", "auditor"):
        said = "\n".join(_asked(life, who).values())
        assert not [one["name"] for one in life.file["bidders"] if f'"org_name": "{one["name"]}"' in said]
        assert not [bid for bid in life.bids.values() if f'"bid": "{bid}"' in said]
    life.acts.engine.dispose()


def test_frozen_means_frozen(worlds: dict[int, Life]) -> None:
    moments: set[datetime] = {life.stage.now() for life in worlds.values()}
    assert len(moments) == 1
