"""Nine pages, four sites, one evaluation: a line cut, a seat changed, a member replaced; at the end a signed report.

Seven members, a venue's witness and a supervisor have a page each, with fake cameras. A site is a Chromium process in a
network namespace of its own, whose one cable to the others and to the server is pulled (without root: behind a relay
that is cut; see wires.py). Nine pages in four browsers are too heavy for the usual run and for CI: this one goes with
the large counts (`make soak`), and takes some minutes on two cores.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from certs import authority, pdfcheck
from core import ledger
from evaluation.scoring.models import Score
from tests.browser.conftest import serving
from tests.browser.looks import check_axe
from tests.browser.nine_pages import CUT, SITES, NinePages, platform
from tests.browser.whole_case_room import SLIP
from tests.browser.whole_case_tender import four_sites
from tests.browser.wires import wired
from verifier.commands import run_verify

pytestmark = [pytest.mark.browser, pytest.mark.soak]


@pytest.fixture(scope="module")
def nine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NinePages]:
    """The sitting, played to its sealed report; the nine pages are still open."""
    folder = tmp_path_factory.mktemp("saved")
    with (
        serving(tmp_path_factory.mktemp("data"), platform) as live,
        wired(live.base, sorted(set(SITES)), folder) as wires,
    ):
        sitting = NinePages(live, folder, four_sites(), wires=wires)
        try:
            sitting.play()
            yield sitting
        finally:
            for site in sitting.sites.values():
                site.live.browser.close()


def report_of(nine: NinePages) -> bytes:
    return nine.live.stage.fetch("regulator", f"/papers/{nine.report}/file")


def record_of(nine: NinePages) -> dict[str, Any]:
    root = authority.of(nine.live.acts.house.config).chain[-1]
    record: dict[str, Any] = pdfcheck.accept(report_of(nine), [root]).record
    return record


def meant(nine: NinePages) -> dict[str, dict[str, dict[str, str]]]:
    """{login: {bidder: points}} that must stand at the end: as typed, but for the slip its author corrected."""
    found = json.loads(json.dumps({who: nine.typed[who] for who in nine.members}))
    assert found[nine.members[-1]]["甲"]["credit"] == SLIP
    found[nine.members[-1]]["甲"]["credit"] = "94"
    return found


def test_the_nine_pages_show_the_signed_report_without_a_fault(nine: NinePages) -> None:
    for person in nine.seats:
        expect(person.at("[data-room]")).to_have_attribute("data-stage", "SIGNED")
    for person in nine.nine:
        expect(person.at(".rm-steps .here")).to_have_text("已签署")
        check_axe(person.page)
    assert len({person.page for person in nine.nine}) == 9
    assert nine.errors == []


def test_the_report_verifies_offline_and_all_seven_and_the_seal_stand_on_it(nine: NinePages, tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(report_of(nine))
    (tmp_path / "trust.json").write_text(json.dumps(authority.of(nine.live.acts.house.config).trust()))
    outcome = run_verify([tmp_path / "report.pdf"])
    assert outcome.status == 0, outcome.text
    record = record_of(nine)
    assert [one["site"] for one in record["committee"]] == [
        nine.file["sites"][site - 1]["region"] for site in SITES
    ]  # fmt: skip
    signed = {one["fingerprint"] for one in record["signers"] if one["field"] != "seal"}
    assert signed == {nine.live.ring[who].fingerprint for who in nine.members}
    assert nine.live.ring[nine.gone].fingerprint not in signed
    assert {nine.named(bid): total for bid, total in record["scoring"]["result"]["totals"].items()} == (
        nine.file["expect"]["totals"]
    )


def test_the_report_tells_of_the_cut_the_seat_and_the_replacement(nine: NinePages) -> None:
    record, sites = record_of(nine), nine.file["sites"]
    (halt,) = record["interruptions"]
    assert (halt["kind"], halt["cause"], halt["ended"]) == ("tech", "site", "resumed")
    assert halt["site"] == sites[SITES[CUT[0]] - 1]["region"]
    assert {one["party"] for one in halt["confirmed"]} == {"supervisor", "leader"}
    (moved,) = [one for one in record["incidents"] if one["kind"] == "seat.changed"]
    assert "显示器故障" in moved["text"] and moved["site"] == sites[2]["region"]
    assert record["left"] == [{"site": sites[3]["region"], "how": "removed", "reason": "突发疾病，送医"}]


def test_nothing_typed_is_lost_or_doubled_and_the_leavers_points_are_void(nine: NinePages) -> None:
    ids = {nine.member_id(who): who for who in [*nine.members, nine.gone]}
    with nine.live.acts.reading() as session:
        rows = session.execute(select(Score.member_id, Score.bid_id, Score.criterion, Score.points)).all()
        saved = [one.body for one in ledger.entries(session, f"case:{nine.case}") if one.kind == "score.saved"]
    stored: dict[str, dict[str, dict[str, str]]] = {}
    for member, bid, criterion, points in rows:
        stored.setdefault(ids[member], {}).setdefault(nine.named(bid), {})[criterion] = points
    assert {who: given for who, given in stored.items() if who != nine.gone} == meant(nine)
    told = Counter((ids[one["member"]], nine.named(cell["bid"]), cell["criterion"])
                   for one in saved for cell in one["cells"])  # fmt: skip
    typed = {(who, bidder, criterion) for who, sheet in nine.typed.items()
             for bidder, points in sheet.items() for criterion in points}  # fmt: skip
    assert set(told) == typed and set(told.values()) == {1}
    scores = record_of(nine)["scoring"]["input"]["scores"]
    assert list(scores) == [f"member-{n}" for n in range(1, 8)]
    given = [{nine.named(bid): points for bid, points in sheet.items()} for sheet in scores.values()]
    assert given == [meant(nine)[who] for who in nine.members]
