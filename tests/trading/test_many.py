"""A hall of 423 bidders: the same number of questions as for three, in every state of the hall."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from accounts.models import Org, Person
from tests.trading.stage import START
from trading.bidding.models import Bid
from trading.opening import queries as hall_queries
from trading.opening.models import OpenedBid, SignIn, StoredDigest, Unlock, UnlockFailure
from trading.project.models import Case
from web.app import create_app

MANY = 423
SIZES = (3, MANY)


@contextmanager
def _counted(engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _crowd(stage, case: str, count: int) -> list[str]:
    """Bids of `count` organisations in place of the one that was really sealed and received; all have signed in."""
    came = stage.deadline(case) - timedelta(minutes=1)
    with stage.world.read() as session, session.begin():
        model = session.query(Bid).filter_by(case_id=case).one()
        person = session.query(Person).first().id
        keys = ("manifest", "ciphertext_sha256", "size", "receipt", "person_id", "received_at")
        made = []
        for number in range(count):
            org = Org(
                name=f"第{count}组{number:03d}号建设有限公司", uscc=f"91{count:06d}{number:010d}", kinds=["bidder"],
                region="420112", agreement="registration/1", agreed_at=START, state="verified", legal_person="",
            )  # fmt: skip
            session.add(org)
            session.flush()
            name = f"{count:04x}{number:012x}"
            copied = {key: getattr(model, key) for key in keys}
            session.add(Bid(id=name, case_id=case, org_id=org.id, version=1, entry_hash="0" * 64, **copied))
            made.append(name)
        model.state = "withdrawn"
        session.flush()
        session.add_all(SignIn(bid_id=bid, person_id=person, at=came) for bid in made)
    return made


def _half_way(stage, _case: str, bids: list[str]) -> None:
    """Every second bid is unlocked; of the others an attempt failed and the stored file was looked at."""
    now = stage.world.clock.now()
    with stage.world.read() as session, session.begin():
        person = session.query(Person).first().id
        for number, bid in enumerate(bids):
            if number % 2:
                held = session.get(Unlock, bid)
                held.how, held.at = "bidder", now
            else:
                session.add(StoredDigest(bid_id=bid, at=now, sha256="0" * 64))
                session.add(UnlockFailure(bid_id=bid, at=now, person_id=person, what="other"))


def _out(stage, case: str, bids: list[str]) -> None:
    """All prices stand there."""
    with stage.world.read() as session, session.begin():
        for number, bid in enumerate(bids, 1):
            org = session.get(Bid, bid).org_id
            session.add(OpenedBid(bid_id=bid, case_id=case, round=1, org_id=org, number=number, price="5689.5",
                                  duration_days=365, quality="合格", manager={"name": "项目经理"}))  # fmt: skip
        row = session.get(Case, case)
        row.state, row.opened_at = "OPENED", stage.world.clock.now()


@pytest.fixture
def halls(stage) -> dict[int, tuple[str, list[str]]]:
    """{number of bidders: (case, bids)}: two halls that have just been opened."""
    found = {}
    for count in SIZES:
        case = stage.announced()
        stage.bid(case, "投标人甲")
        bids = _crowd(stage, case, count)
        stage.sealed(case)
        with _counted(stage.world.engine) as seen:
            stage.do("交易中心", "opening.begin", case)
        found[count] = (case, bids, len(seen))
    small, large = (found[count][2] for count in SIZES)
    assert large <= small + 2, "opening a hall writes its locks at once"
    return {count: one[:2] for count, one in found.items()}


def _costs(stage, halls, read) -> dict[int, int]:
    found = {}
    for count, (case, _) in halls.items():
        with _counted(stage.world.engine) as seen:
            read(case, count)
        found[count] = len(seen)
    return found


def test_the_hall_asks_as_often_for_423_as_for_three(stage, halls) -> None:
    def read(case: str, count: int) -> None:
        with stage.world.read() as session:
            shown = hall_queries.hall(session, case, stage.people["招标人"], stage.world.clock.now())
        assert len(shown["rows"]) == count

    for step in (None, _half_way, _out):
        for case, bids in halls.values():
            if step is not None:
                step(stage, case, bids)
        costs = _costs(stage, halls, read)
        assert costs[MANY] == costs[3] <= 20


def test_one_bidders_act_costs_the_same_among_423(stage, halls) -> None:
    """Signing in, reporting a failure and closing read the hall by whole tables, never bid by bid."""
    for count, (_, bids) in halls.items():
        with stage.world.read() as session, session.begin():
            own = stage.people["投标人乙" if count == MANY else "投标人丙"].org
            session.get(Bid, bids[0]).org_id = own
    who = {3: "投标人丙", MANY: "投标人乙"}
    for act, payload in (("opening.signin", {}), ("opening.report_failure", {"what": "other"})):
        costs = _costs(stage, halls, lambda case, count, a=act, p=payload: stage.do(who[count], a, case, **p))
        assert costs[MANY] <= costs[3] + 2, act
    stage.at(stage.world.clock.now() + timedelta(minutes=31))
    costs = _costs(stage, halls, lambda case, _: stage.do("交易中心", "opening.close", case))
    assert costs[MANY] <= costs[3] + 4


def test_the_page_costs_the_same_and_without_its_table_it_stays_small(stage, halls) -> None:
    for case, bids in halls.values():
        _half_way(stage, case, bids)
    app = create_app(stage.world.acts.house.config, stage.world.clock)
    engine, client, costs, sizes = app.extensions["gongheng"].acts.engine, app.test_client(), {}, {}
    for count, (case, _) in halls.items():
        for rows in ("", "?rows=no"):
            client.get("/")
            with _counted(engine) as seen:
                answer = client.get(f"/cases/{case}/hall{rows}")
            assert answer.status_code == 200
            costs[count, rows], sizes[count, rows] = len(seen), len(answer.data)
    engine.dispose()
    assert costs[MANY, ""] <= costs[3, ""]
    assert costs[MANY, "?rows=no"] < costs[MANY, ""]
    assert sizes[MANY, "?rows=no"] < sizes[MANY, ""] / 2
