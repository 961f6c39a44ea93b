"""One life, looked at in the browser's pages at each stage: every page opens, the workbench knows the next step, and
the ledger speaks in words."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient

from accounts import sign_in
from core.access import SYSTEM
from tests.stories.play import Life
from web.app import create_app
from web.entry_words import ENTRIES

HERE = '<section class="col-lg-8" aria-labelledby="mine">'
OTHERS = '<section class="col-lg-4" aria-labelledby="others">'


class Reader:
    """Pages of one life as its people get them, in English."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.app = create_app(life.acts.house.config, life.acts.house.clock)

    def client(self, who: str) -> FlaskClient:
        client = self.app.test_client()
        client.set_cookie("gh_language", "en")
        if who:
            client.set_cookie("gh_session", self.life.acts.act(sign_in.begin, SYSTEM, self.life.user(who).person))
        return client

    def read(self, who: str, path: str) -> str:
        answer = self.client(who).get(path.format(self.life.case))
        assert answer.status_code == 200, (who, path)
        return unescape(answer.get_data(as_text=True))

    def workbench(self, who: str) -> tuple[str, str]:
        """(to do, waiting for others)."""
        text = self.read(who, "/workbench")
        return text[text.index(HERE) : text.index(OTHERS)], text[text.index(OTHERS) :]


@pytest.fixture
def reader(begin) -> Iterator[Reader]:
    made = Reader(begin())
    yield made
    made.app.extensions["gongheng"].acts.engine.dispose()


def test_every_stage_has_its_pages_and_its_next_step(reader: Reader) -> None:
    life = reader.life
    life.announce()
    assert "Submit a bid" in reader.workbench("tenderer")[1]
    life.bid_all()
    assert "handed in" in reader.workbench("bidder1")[1]
    life.deadline_passes()
    assert "Begin the opening" in reader.workbench("centre1")[0]
    assert "Begin the opening" not in reader.workbench("tenderer")[0]
    assert "Begin the opening" in reader.workbench("tenderer")[1]
    assert "The host opens the hall" in reader.workbench("bidder1")[1]
    life.sign_in()
    life.stage.act("centre1", "opening.begin", life.case)
    assert "Unlock my bid" in reader.workbench("bidder1")[0]
    reader.read("centre1", "/cases/{}/hall")
    for name in life.bids:
        life.unlock(name)
    assert "Unlock my bid" not in "".join(reader.workbench("bidder1"))
    life.stage.act("centre1", "opening.close", life.case)
    life.stage.run_due()
    assert "Ask for the committee" in reader.workbench(life.agency)[0]
    assert "Ask for the committee" in reader.read(life.agency, "/cases/{}")
    life.sign_waiting("opening_record")
    life.to_report()
    life.stage.run_due()
    assert "Convene the award meeting" in reader.workbench("tenderer")[0]
    assert "Publish the candidates" not in reader.read(life.agency, "/cases/{}")
    life.award()
    for who in ("tenderer", life.agency, ""):
        reader.read(who, "/cases/{}/result")
    until = life.publish()
    assert "Publish the result" in reader.workbench(life.agency)[1], "the publicity still runs"
    shown = reader.read("tenderer", "/cases/{}/result")
    assert "Vote again among the others" in shown and "Publish the result" in shown
    life.result(until)
    assert "Record the contract" in reader.workbench("tenderer")[0]
    for who, path in (("", "/cases/{}"), ("regulator", "/cases/{}"), ("regulator", "/audit/{}/replay")):
        reader.read(who, path)
    assert "Opening record" in reader.read("", "/cases/{}").partition("Every step")[2]
    silent = {entry.kind for entry in life.entries() if entry.kind not in ENTRIES}
    assert not silent, silent
    assert "Tender issued" in reader.read("regulator", "/audit/{}")


def test_a_failed_tender_says_why(begin) -> None:
    file = begin().file
    file["bidders"] = file["bidders"][:2]
    life = begin(file)
    reader = Reader(life)
    life.to_sealed()
    assert "With fewer than three bidders" in reader.read("", "/cases/{}")
    assert "Tender again" in reader.workbench("tenderer")[0]
    reader.app.extensions["gongheng"].acts.engine.dispose()
