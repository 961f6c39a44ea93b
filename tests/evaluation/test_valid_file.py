"""What bids are judged by is the tender file with all that clarified or amended it, in the room and in the report."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluation.committee.models import Committee
from evaluation.report import record
from evaluation.sitting.models import Sitting
from tests.evaluation.house import SMALL, to_scoring
from trading.project.models import CaseDocument


@pytest.mark.certify("A-136")
def test_clarifications_and_amendments_belong_to_the_valid_tender_file(house):
    house.build(pool=6, sites=SMALL)

    def run(tx):
        kinds = (("tender_file", 1, "旧"), ("clarification", 1, "澄清一"), ("tender_file", 1, "新"),
                 ("notice", 1, "公告"), ("postponement", 1, "延期"), ("clarification", 2, "另一轮"))  # fmt: skip
        for place, (kind, round_no, title) in enumerate(kinds):
            tx.session.add(CaseDocument(case_id=house.case, kind=kind, title=title, sha256=f"{place:064d}", size=1,
                                        audience="public", stage="ANNOUNCED", round=round_no,
                                        created_at=tx.now + timedelta(minutes=place), by_person=""))  # fmt: skip

    house.write(run)
    house.names = house.sit(sites=SMALL)
    to_scoring(house)
    shown = house.ask(house.names[1], "room.view")["documents"]
    assert [one["title"] for one in shown] == ["新", "澄清一", "延期"]
    with house.world.read() as session:
        sitting = session.query(Sitting).one()
        built = record.plain(record.read(session, session.get(Committee, sitting.committee_id), sitting, 1))
    assert [one["sha256"] for one in built["tender_documents"]] == [one["sha256"] for one in shown]
