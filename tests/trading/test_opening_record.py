"""The record of an opening: read by bidders at once, signed by those who were there, published when it is confirmed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from certs import authority, desk, desk_sign, pdfcheck, pdfsign, suite
from core import canon, ledger
from core.access import SYSTEM, Actor
from core.faults import Fault
from core.jobs import DueJob
from core.rules import Refused
from tests.certs.pdf_tools import fonts_missing
from tests.trading.stage import Stage
from trading.opening import confirmations
from trading.opening.models import Opening
from trading.opening.queries import hall
from trading.project import queries
from trading.project.models import Case, CaseDocument
from trading.record.rules import Layout
from verifier import papers, trust
from verifier.trust import Trust
from web import rooms

pytestmark = pytest.mark.skipif(bool(fonts_missing()), reason=fonts_missing())
ROOMS = rooms.modules()  # their tables are there before the first world is made
THERE = ("投标人甲", "投标人乙", "投标人丙")
ABSENT = "投标人丁"
TIME = timedelta(minutes=60)
MOMENT = timedelta(milliseconds=1)
HANDS = {"host": "交易中心", "witness": "监管"} | {f"bidder-{n}": who for n, who in enumerate(THERE, 1)}


@pytest.fixture
def opened(stage: Stage) -> tuple[Stage, str]:
    """Four bids, three bidders present; rooms hear of each other as on the server."""
    acts = stage.world.acts
    rooms.listen(ROOMS, acts)
    case = stage.announced()
    seals = {who: stage.bid(case, who) for who in THERE}
    stage.bid(case, ABSENT)
    stage.sealed(case)
    stage.begin(case, *THERE)
    for who, made in seals.items():
        stage.do(who, "opening.unlock", case, file_key=made.file_key)
    stage.at(stage.world.clock.moment + timedelta(minutes=31))
    _close(stage, case)
    return stage, case


def _close(stage: Stage, case: str) -> None:
    """The absent one's file is compared first, then it closes by itself."""
    stage.do("交易中心", "opening.close", case)
    with stage.world.read() as session:
        planned = [job.payload["bid"] for job in session.query(DueJob).filter_by(act="opening.compare", case=case)]
    for bid in planned:
        stage.ring("opening.compare", case, bid=bid)
    stage.ring("opening.close", case)
    stage.ring("opening.settle", case)


def paper(stage: Stage, case: str) -> CaseDocument:
    with stage.world.read() as session:
        return session.query(CaseDocument).filter_by(case_id=case, kind="opening_record").one()


def opening(stage: Stage, case: str) -> Opening:
    with stage.world.read() as session:
        return session.get_one(Opening, (case, 1))


def sign(stage: Stage, case: str, *names: str, document: str = "") -> None:
    document = document or paper(stage, case).signing_doc
    for field in names:
        who = HANDS[field]
        stage.at(stage.world.clock.moment + timedelta(seconds=1))
        offer = desk_sign.prepare_signature(stage.world.acts, stage.people[who], document, field)
        raw = suite.sign_raw(stage.keys[who], offer.tbs)
        desk_sign.finish_signature(stage.world.acts, stage.people[who], document, field, raw, offer.lease)


def end(stage: Stage, case: str, *, early: timedelta = timedelta(0)) -> None:
    """The timer rings at the end of the time to sign (or a little early), and the desk closes what is complete."""
    until = opening(stage, case).sign_until
    assert until is not None
    stage.at(until - early)
    stage.ring("opening.confirm", case, document=paper(stage, case).id)
    desk_sign.seal_waiting(stage.world.acts)


def read_by(stage: Stage, case: str) -> set[str]:
    """Who finds the record among the documents of the case."""
    everyone = {"": Actor(), **stage.people}
    with stage.world.read() as session:
        return {
            name for name, actor in everyone.items()
            if any(one["kind"] == "opening_record" for one in queries.documents(session, case, actor))
        }  # fmt: skip


def last(stage: Stage, case: str, kind: str) -> dict:
    with stage.world.read() as session:
        return [one.body for one in ledger.entries(session, f"case:{case}") if one.kind == kind][-1]


def root(stage: Stage) -> bytes:
    return authority.of(stage.world.acts.house.config).chain[-1]


@pytest.mark.certify("A-114", "B-017")
@pytest.mark.rule("E-05", "allowed")
@pytest.mark.rule("E-05", "refused")
def test_it_is_public_when_all_who_were_there_have_signed_and_not_before(opened) -> None:
    stage, case = opened
    assert opening(stage, case).sign_until == opening(stage, case).closed_at + TIME
    assert read_by(stage, case) == set(stage.people) - {"投标人戊"}, "those who have bid and the parties at once"
    sign(stage, case, "host", "bidder-1", "bidder-2", "bidder-3")
    with stage.world.read() as session:
        assert queries.portal(session, tab="opening")["items"] == []
    sign(stage, case, "witness")
    assert read_by(stage, case) == {"", *stage.people}
    filed = paper(stage, case)
    with stage.world.read() as session:
        assert [one["kind"] for one in queries.portal(session, tab="opening")["items"]] == ["opening_record"]
        assert desk.state(session, filed.signing_doc)["head"] == filed.sha256
        shown = hall(session, case, Actor(), stage.world.clock.now())
        absent = shown["rows"][3]["bid"]
    assert shown["published_at"] == opening(stage, case).published_at
    said = last(stage, case, "opening.published")
    assert (said["sha256"], said["accepted"]) == (filed.sha256, [{"bid": absent, "why": "absent"}])
    report = pdfcheck.accept(stage.world.acts.house.blobs.get(filed.sha256), [root(stage)])
    assert [one.field for one in report.signatures] == ["host", "bidder-1", "bidder-2", "bidder-3", "witness"]


@pytest.mark.rule("E-05/sign", "allowed")
@pytest.mark.rule("E-05/sign", "refused")
@pytest.mark.certify("A-114")
def test_whoever_has_not_signed_when_the_time_ends_is_taken_to_accept(opened) -> None:
    stage, case = opened
    sign(stage, case, "host", "bidder-1", "witness")
    end(stage, case, early=MOMENT)
    assert "" not in read_by(stage, case), "a moment before nobody's silence counts"
    end(stage, case)
    assert "" in read_by(stage, case)
    said = last(stage, case, "opening.published")
    assert said["signed"] == ["host", "bidder-1", "witness"]
    assert [one["why"] for one in said["accepted"]] == ["silent", "silent", "absent"]
    assert last(stage, case, "paper.left_out")["fields"] == ["bidder-2", "bidder-3"]
    assert len(last(stage, case, "paper.sealed")["signers"]) == 3
    pdf = stage.world.acts.house.blobs.get(paper(stage, case).sha256)
    (told,) = [one for one in papers.accept(pdf, trusted(stage)) if "not signed" in one]
    assert told.startswith("not signed, as the record allows: bidder-2, bidder-3")
    with pytest.raises(Refused, match="D-CLOSED"):
        sign(stage, case, "bidder-2")
    before = opening(stage, case).published_at
    end(stage, case)
    stage.ring("opening.publish", case, document=paper(stage, case).signing_doc)
    assert opening(stage, case).published_at == before, "once"


def trusted(stage: Stage) -> Trust:
    return trust.parse(canon.dumps(authority.of(stage.world.acts.house.config).trust([])))


@pytest.mark.parametrize("needed", ["host", "witness"])
def test_host_and_witness_must_sign_and_the_record_waits_for_them(opened, needed: str) -> None:
    stage, case = opened
    (other,) = {"host", "witness"} - {needed}
    sign(stage, case, other, "bidder-1")
    end(stage, case)
    assert "" not in read_by(stage, case)
    sign(stage, case, needed)
    desk_sign.seal_waiting(stage.world.acts)
    assert "" in read_by(stage, case)
    assert [one["why"] for one in last(stage, case, "opening.published")["accepted"]] == ["silent", "silent", "absent"]


def test_a_needed_signature_that_was_cut_off_is_missed(opened) -> None:
    """Closed by hand without the witness: a stranger sees it from the file alone."""
    stage, case = opened
    sign(stage, case, "host", "bidder-1")
    with stage.world.read() as session:
        head = desk.state(session, paper(stage, case).signing_doc)["head"]
        house, now = authority.of(stage.world.acts.house.config), stage.world.clock.now()
        crls = house.crls(session, now)
    closed = pdfsign.close(stage.world.acts.house.blobs.get(head), house.chain, crls, house.tsa, now)
    with pytest.raises(Fault, match="1 of 5 signatures are missing: witness"):
        pdfcheck.accept(closed, [root(stage)])


def test_the_law_may_keep_it_from_the_public_on_the_regulators_word(opened) -> None:
    stage, case = opened
    for who in ("交易中心", "招标人", "代理", "投标人甲"):
        with pytest.raises(Refused, match=r"ACCESS|STATE"):
            stage.do(who, "opening.withhold", case, basis="x")
    stage.do("监管", "opening.withhold", case, basis="涉及国家秘密（示例依据）")
    sign(stage, case, *HANDS)
    assert read_by(stage, case) == set(stage.people) - {"投标人戊"}, "nobody who has not bid"
    assert opening(stage, case).published_at is not None
    assert last(stage, case, "opening.published")["withheld"] == "涉及国家秘密（示例依据）"
    with stage.world.read() as session:
        assert queries.portal(session, tab="opening")["items"] == []


def test_what_is_out_is_kept_from_nobody(opened) -> None:
    stage, case = opened
    sign(stage, case, *HANDS)
    with pytest.raises(Refused, match="E-05"):
        stage.do("监管", "opening.withhold", case, basis="太晚")


@pytest.mark.certify("A-115")
def test_the_record_names_the_template_in_force_when_the_prices_came_out(opened) -> None:
    stage, case = opened
    record, _ = pdfcheck.machine_record(stage.world.acts.house.blobs.get(paper(stage, case).sha256))
    assert record["template"] == Layout().said() == {"id": "", "name": "标准模板", "version": 0}
    columns = sorted(Layout().columns - {"quality"})
    made = stage.do("交易中心", "record_template.create", name="简式", columns=columns)
    stage.do("交易中心", "record_template.use", template=made["template"])
    again, _ = pdfcheck.machine_record(stage.world.acts.house.blobs.get(paper(stage, case).sha256))
    assert again == record, "what was printed stays"
    other = stage.announced()
    seals = {who: stage.bid(other, who) for who in THERE}
    stage.sealed(other)
    stage.open_all(other, seals)
    stage.do("交易中心", "record_template.edit", template=made["template"], name="简式", columns=columns)
    record, _ = pdfcheck.machine_record(stage.world.acts.house.blobs.get(paper(stage, other).sha256))
    assert record["template"] == {"id": made["template"], "name": "简式", "version": 1}


def test_a_case_of_another_name_is_nobodys_record(opened) -> None:
    """What rings for a document that is no opening record does nothing."""
    stage, case = opened
    for act in ("opening.confirm", "opening.publish"):
        stage.ring(act, case, document="nothing")
    with stage.world.read() as session:
        assert session.get_one(Case, case).opened_at is not None
        assert session.get_one(Opening, (case, 1)).published_at is None


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> tuple[Stage, str, list[str]]:
    """Three were there and two sign on one document: the ids of two pages on the desk."""
    monkeypatch.setattr(confirmations, "ON_ONE", 2)
    stage, case = request.getfixturevalue("opened")
    with stage.world.read() as session:
        pages = confirmations.pages_of(session, session.get_one(Opening, (case, 1)))
        by_first = {desk.state(session, one.signing_doc)["fields"][0]["field"]: one.signing_doc for one in pages}
    return stage, case, [by_first["bidder-1"], by_first["bidder-3"]]


def test_few_sign_the_record_and_one_more_makes_pages() -> None:
    def bidders(count: int) -> list[desk.Signer]:
        return [desk.Signer(f"bidder-{n}", str(n), "bidder", str(n), may_lack=True) for n in range(1, count + 1)]

    host = desk.Signer("host", "h", "host", "h")
    assert confirmations.shared_out([host, *bidders(20)]) == ([host, *bidders(20)], [])
    on_record, pages = confirmations.shared_out([host, *bidders(21)])
    assert (on_record, [len(one) for one in pages]) == ([host], [20, 1])
    assert [one.field for one in pages[1]] == ["bidder-21"]


@pytest.mark.certify("A-114")
def test_many_confirm_on_pages_that_name_the_record(crowded) -> None:
    stage, case, (first, second) = crowded
    record = paper(stage, case).signing_doc
    with stage.world.read() as session:
        begun = desk.state(session, record)
    assert [one["field"] for one in begun["fields"]] == ["host", "witness"]
    sign(stage, case, "host", "witness")
    sign(stage, case, "bidder-1", "bidder-2", document=first)
    assert "" not in read_by(stage, case), "one bidder has still time"
    sign(stage, case, "bidder-3", document=second)
    assert "" in read_by(stage, case)
    said, blobs = last(stage, case, "opening.published"), stage.world.acts.house.blobs
    assert set(said["signed"]) == set(HANDS) and len(said["pages"]) == 2
    for sha256, there in zip(said["pages"], (["bidder-1", "bidder-2"], ["bidder-3"]), strict=True):
        page = pdfcheck.accept(blobs.get(sha256), [root(stage)])
        assert page.record["opening_record"] == begun["first"]
        assert [one.field for one in page.signatures] == there


def test_a_page_nobody_signs_is_taken_off_and_one_with_gaps_is_closed(crowded) -> None:
    stage, case, (first, second) = crowded
    sign(stage, case, "host", "witness")
    sign(stage, case, "bidder-2", document=first)
    end(stage, case, early=MOMENT)
    assert "" not in read_by(stage, case)
    end(stage, case)
    assert "" in read_by(stage, case)
    said = last(stage, case, "opening.published")
    assert (set(said["signed"]), len(said["pages"])) == ({"host", "witness", "bidder-2"}, 1)
    assert [one["why"] for one in said["accepted"]] == ["silent", "silent", "absent"]
    with stage.world.read() as session:
        assert desk.state(session, second)["state"] == "void"
    for field, document in (("bidder-1", first), ("bidder-3", second)):
        with pytest.raises(Refused, match="D-CLOSED"):
            sign(stage, case, field, document=document)


@pytest.mark.parametrize("state", ["COMMITTEE_SET", "EVALUATING", "EVALUATED"])
def test_it_may_still_be_withheld_when_the_committee_is_there_already(opened, state: str) -> None:
    stage, case = opened
    with stage.world.read() as session, session.begin():
        session.get_one(Case, case).state = state
    stage.do("监管", "opening.withhold", case, basis="涉及国家秘密（示例依据）")
    assert opening(stage, case).withheld


def test_a_document_that_nobody_has_signed_is_not_closed(crowded) -> None:
    stage, _case, (first, _second) = crowded
    assert stage.world.acts.act(lambda tx: desk.complete_without(tx, first), SYSTEM) is False
