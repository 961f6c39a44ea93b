"""The whole case once through in Chromium with real clicks: from a bidder's registration to the verified case file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from certs import authority, keys, pdfcheck, receipts, sealing
from certs.sealing_parts import Memory
from core import canon
from methods import vote
from tests.browser.conftest import serving
from tests.browser.whole_case_award import AwardStages
from tests.browser.whole_case_room import RoomStages
from tests.browser.whole_case_tender import TenderStages, four_sites, platform
from trading.bidding.models import Bid
from trading.opening import sheet
from trading.opening.models import OpenedBid
from verifier.commands import run_verify

# Minutes on two cores, so it runs with the large counts.
pytestmark = [pytest.mark.browser, pytest.mark.soak]


@dataclass
class WholeCase(TenderStages, RoomStages, AwardStages):
    """One unbroken case, a step a stage. Between two steps nothing happens but what the server does by itself."""

    def play(self) -> None:
        for step in (
            self.bidder_registers, self.plan, self.register, self.write_file, self.issue, self.take_file, self.seal,
            self.open_hall, self.sign_record, self.book_venues, self.draw_committee, self.accept_invitations,
            self.draw_seats, self.sign_in, self.elect, self.review, self.score, self.answer_anomaly, self.make_report,
            self.convene, self.gather, self.vote, self.report_award, self.publish, self.export, self.verify,
        ):  # fmt: skip
            step()

    def bid_of(self, who: str) -> Bid:
        """The stored bid that this bidder's saved receipt names."""
        with self.live.acts.reading() as session:
            found = session.get_one(Bid, json.loads(self.receipts[who])["bid"])
            session.expunge(found)
            return found

    def accepted(self, name: str) -> pdfcheck.Report:
        """A downloaded document, judged as a stranger would."""
        return pdfcheck.accept((self.folder / name).read_bytes(), [authority.of(self.live.acts.house.config).chain[-1]])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeCase]:
    """The case, played; every test here only looks at what it left behind."""
    with serving(tmp_path_factory.mktemp("data"), platform) as live:
        case = WholeCase(live, tmp_path_factory.mktemp("saved"), four_sites())
        case.play()
        yield case


def test_the_pages_said_what_the_case_expects(whole: WholeCase) -> None:
    expect, ids = whole.file["expect"], [one["id"] for one in whole.file["bidders"]]
    assert whole.shown["benchmark"] == expect["benchmark"]
    assert {name: whole.shown[name]["price"] for name in ids} == expect["price_scores"]
    assert {name: whole.shown[name]["total"] for name in ids} == expect["totals"]
    for one in whole.file["bidders"]:
        row = next(line for line in whole.candidates if one["name"] in line)
        assert one["price"] in row and expect["totals"][one["id"]] in row
    assert whole.row().state == "NOTIFIED"


def test_the_downloaded_reports_are_signed_by_all_and_say_the_same(whole: WholeCase) -> None:
    expect, bids = whole.file["expect"], {json.loads(whole.receipts[who])["bid"]: one["id"]
                                          for who, one in whole.bidders.items()}  # fmt: skip
    report = whole.accepted("evaluation-report.pdf")
    assert len(report.signatures) == expect["signatures_on_report"]
    fields = [one.field for one in report.signatures]
    signers = {one["field"]: one["fingerprint"] for one in report.record["signers"]}
    leader = next(one["certificate"] for one in report.record["committee"] if one["leader"])
    assert (fields[-1], signers[fields[-2]]) == ("seal", leader), "the leader signs last, then the centre seals"
    totals = report.record["scoring"]["result"]["totals"]
    assert {bids[bid]: total for bid, total in totals.items()} == expect["totals"]
    award = whole.accepted("award-report.pdf")
    assert sorted(one.role for one in award.signatures) == ["elector"] * 5 + ["seal"] + ["supervisor"] * 2
    assert vote.count(award.record["vote"]["input"]) == award.record["vote"]["result"]
    assert bids[award.record["winner"]] == expect["winner"]


def test_what_the_page_sealed_is_opened_by_python(whole: WholeCase) -> None:
    """With the key file that the browser saved and the passphrase it showed once."""
    bid, passphrase = whole.bid_of("bidder1"), whole.live.ring["bidder1"].extra["key_passphrase"]
    private = keys.read_key_file((whole.folder / "bidder1.json").read_bytes(), passphrase)
    manifest, opened = sealing.read_manifest(canon.dumps(bid.manifest)), Memory()
    with whole.live.acts.house.blobs.path(bid.ciphertext_sha256).open("rb") as source:
        sealing.open_with_key(manifest, private, source, opened)
    assert opened.parts[sheet.PDF] == (whole.folder / "bidder1.pdf").read_bytes()
    assert sheet.read(opened.parts[sheet.SHEET]).price == whole.bidders["bidder1"]["price"]


def test_what_python_sealed_went_through_the_page_and_was_unlocked_in_the_hall(whole: WholeCase) -> None:
    bid = whole.bid_of("bidder2")
    assert whole.live.acts.house.blobs.get(bid.ciphertext_sha256) == (whole.folder / "offline/bid.sealed").read_bytes()
    assert canon.dumps(bid.manifest) == (whole.folder / "offline/manifest.json").read_bytes()
    with whole.live.acts.reading() as session:
        opened = session.get_one(OpenedBid, bid.id)
        assert (opened.price, opened.problem) == (whole.bidders["bidder2"]["price"], "")


def test_the_saved_receipts_hold(whole: WholeCase) -> None:
    key = authority.of(whole.live.acts.house.config).platform_key.public_key()
    for who, data in whole.receipts.items():
        said, bid = receipts.verify(data, {json.loads(data)["key_id"]: key}), whole.bid_of(who)
        assert (said.lot, said.ciphertext_sha256, said.entry_hash) == (
            whole.case, bid.ciphertext_sha256, bid.entry_hash)  # fmt: skip


def test_the_case_file_verifies_without_the_server(whole: WholeCase, tmp_path: Path) -> None:
    """Against the trust file taken beforehand; the page and the offline tool say the same, a changed byte is found."""
    path, trust = whole.folder / "casefile.zip", whole.folder / "trust.json"
    for name, lines in whole.verified.items():  # the page was given them one at a time, so each lies alone here too
        (folder := tmp_path / name).mkdir()
        alone = run_verify([Path(shutil.copy(whole.folder / name, folder))], trust)
        assert alone.status == 0, alone.text
        assert lines and [line for line in lines if line.strip() not in alone.text] == [], name
    together = run_verify([path, whole.folder / "evaluation-report.pdf"], trust)
    assert together.status == 0 and "named by the ledger in casefile.zip" in together.text, together.text
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    spoiled = whole.folder / "spoiled.zip"
    spoiled.write_bytes(data)
    assert run_verify([spoiled], trust).status != 0
