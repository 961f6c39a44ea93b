"""The whole case once through in Chromium with real clicks: from a bidder's registration to the verified case file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.browser.conftest import serving
from tests.browser.whole_case_award import AwardStages
from tests.browser.whole_case_room import RoomStages
from tests.browser.whole_case_tender import TenderStages, four_sites, platform

pytestmark = pytest.mark.browser


@dataclass
class WholeCase(TenderStages, RoomStages, AwardStages):
    """One unbroken case, a step a stage. Between them only the demo's clock moves."""

    def play(self) -> None:
        for step in (
            self.bidder_registers, self.plan, self.register, self.write_file, self.issue, self.take_file, self.seal,
            self.open_hall, self.sign_record, self.book_venues, self.draw_committee, self.accept_invitations,
            self.draw_seats, self.sign_in, self.elect, self.review, self.score, self.answer_anomaly, self.make_report,
            self.convene, self.gather, self.vote, self.report_award, self.publish, self.export, self.verify,
        ):  # fmt: skip
            t=time.time()
            step()
            print(step.__name__, round(time.time()-t,1), flush=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeCase]:
    with serving(tmp_path_factory.mktemp("data"), platform) as live:
        case = WholeCase(live, tmp_path_factory.mktemp("saved"), four_sites())
        case.play()
        yield case


def test_x(whole: WholeCase) -> None:
    assert whole.row().state == "NOTIFIED"
