"""A whole sitting: drawn, seated, signed in, reviewed, scored, reported and sealed, with the four-sites scores."""

from __future__ import annotations

import pytest

from certs import authority, desk, draws, issuer, pdfcheck
from core import canon, ledger
from evaluation.scoring.sheet import commitment
from methods.scoring import score
from tests.certs.pdf_tools import fonts_missing
from tests.evaluation.house import SITES
from trading.project.models import Case, CaseDocument

pytestmark = pytest.mark.skipif(bool(fonts_missing()), reason=fonts_missing())

# member → (credit, management, plan) for 甲, 乙, 丙: shared case four-sites
SCORES = [
    (("90", "97", "90"), ("92", "89", "93"), ("84", "92", "82")),
    (("91", "95", "91"), ("88", "92", "92"), ("86", "91", "86")),
    (("91", "98", "88"), ("91", "90", "91"), ("86", "88", "83")),
    (("92", "94", "92"), ("89", "91", "91"), ("83", "90", "85")),
    (("93", "96", "89"), ("91", "88", "94"), ("85", "89", "85")),
    (("93", "97", "89"), ("90", "91", "90"), ("87", "89", "83")),
    (("94", "95", "91"), ("89", "89", "93"), ("84", "91", "84")),
]
CRITERIA = ("credit", "management", "plan")


@pytest.mark.rulebook("3.7 report")
@pytest.mark.certify("A-129", "A-130", "A-131", "A-133", "A-137", "A-140", "A-141", "A-144", "A-151", "A-152", "B-020")
def test_from_draw_to_sealed_report(house):
    house.build()
    house.listen()
    names = house.sit()
    assert house.state == "EVALUATING"
    assert len(names) == 7
    for name in names:
        house.mark(name)
    assert house.stage == "SCORING"
    for name, given in zip(names, SCORES, strict=True):
        house.score(name, {bidder: dict(zip(CRITERIA, row, strict=True))
                           for bidder, row in zip(house.bids, given, strict=True)})  # fmt: skip
    assert house.stage == "SUMMARY"
    document = house.do(names[0], "report.make")["document"]
    for name in reversed(names):  # the leader is names[0] and so signs last
        house.sign(name, document)
    with house.world.read() as session:
        state = desk.state(session, document)
        case = session.get(Case, house.case)
        filed = session.query(CaseDocument).filter_by(case_id=house.case, kind="evaluation_report").one()
    assert state["state"] == "sealed"
    assert case.state == "EVALUATED"
    bids = house.bids
    assert case.result["totals"] == {bids["甲"]: "95.55", bids["乙"]: "93.54", bids["丙"]: "92.62"}
    assert case.result["benchmark"] == "5752.8"
    assert case.result["candidates"] == [bids["甲"], bids["乙"], bids["丙"]]
    pdf = house.world.acts.house.blobs.get(filed.sha256)
    root = authority.of(house.world.acts.house.config).chain[-1]
    expected = pdfcheck.Expected(state["head"], state["first"], state["record_sha256"])
    report = pdfcheck.accept(pdf, [root], expected=expected)
    record = report.record
    assert len(record["signers"]) == 8
    assert score(record["scoring"]["input"])["totals"] == record["scoring"]["result"]["totals"]
    assert record["schema"] == "evaluation-report/1"
    assert record["ranking"] is None
    assert "ranking" not in record["scoring"]["result"]
    _locks_open(house, record)
    _draws_replay(house)
    _every_step_stands_in_the_ledger(house)


def _locks_open(house, record) -> None:
    """What each member's lock told the ledger is the sheet that stands in the report."""
    with house.world.read() as session:
        told = {one.body["member"]: one.body["sheet"] for one in ledger.entries(session, f"case:{house.case}")
                if one.kind == "score.locked"}  # fmt: skip
    for one in record["committee"]:
        lock = record["commitments"][one["label"]]
        assert lock["sheet"] == record["scoring"]["input"]["scores"][one["label"]]
        assert commitment(lock["salt"], lock["sheet"]) == told[one["member"]]


def _draws_replay(house) -> None:
    root = issuer.load(authority.of(house.world.acts.house.config).chain[-1])
    with house.world.read() as session:
        filed = session.query(CaseDocument).filter_by(case_id=house.case, kind="draw_record").all()
    purposes = set()
    for one in filed:
        assert one.audience == "regulator"
        record = canon.loads_canonical(house.world.acts.house.blobs.get(one.sha256))
        draws.replay(record, [root])
        purposes.add(record["purpose"])
    assert purposes == {"experts", "seating"}


def _every_step_stands_in_the_ledger(house) -> None:
    with house.world.read() as session:
        entries = ledger.entries(session, f"case:{house.case}")
    kinds = [one.kind for one in entries]
    for kind in ("draw.requested", "committee.drawn", "invitation.accepted", "seating.drawn", "seat.revealed",
                 "pledge.signed", "leader.elected", "review.locked", "score.locked", "report.made",
                 "paper.sealed", "report.accepted"):  # fmt: skip
        assert kind in kinds, kind
    assert sum(kind == "score.locked" for kind in kinds) == sum(SITES.values())
    names = {house.name_of(row) for row in house.members()}
    for one in entries:
        if one.kind != "paper.signed":  # the desk's own entry says who signed
            assert one.actor["name"] not in names, one.kind
