"""Reading the opened bids and what the committee is shown of it; the bytes of a bid by ranges."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from reportlab.pdfgen import canvas
from sqlalchemy import event, select

from accounts import sign_in
from certs import blocking
from core import jobs
from core.access import SYSTEM
from core.rules import Refused
from evaluation import cases
from evaluation.aid import pdf, queries, reading
from evaluation.aid.models import BidReading, CaseReading
from evaluation.committee.models import Committee
from evaluation.sitting.models import Sitting
from methods import bill as bills
from tests.evaluation.house import SMALL
from tests.trading import workbooks
from trading.bidding import contents
from trading.bidding.models import Bid
from trading.bidding.workbook import MEDIA
from trading.document.models import TenderBill
from trading.opening.models import OpenedBid
from trading.project.models import Case, CaseDocument
from web.app import create_app

BILL = workbooks.large(12)
OUTLINE = ("投标函及附录", "安全生产许可证")


def paper(pages: int, author: str = "", outline: tuple[str, ...] = OUTLINE) -> bytes:
    out = io.BytesIO()
    sheet = canvas.Canvas(out)
    sheet.setAuthor(author or "anonymous")
    for number in range(1, pages + 1):
        sheet.drawString(72, 700, f"page {number}")
        if number <= len(outline):
            sheet.bookmarkPage(str(number))
            sheet.addOutlineEntry(outline[number - 1], str(number), 0)
        sheet.showPage()
    sheet.save()
    return out.getvalue()


def hand_in(house, name: str, files: dict[str, tuple[str, bytes]], components=()) -> None:
    """The bid as the opening left it: files stored, its parts and priced bill judged."""
    blobs = house.world.acts.house.blobs
    stored = [{"name": key, "media": media, "size": len(data), "sha256": blobs.put(data).sha256}
              for key, (media, data) in files.items()]  # fmt: skip
    said = contents.judged(
        contents.Asked(components, BILL, "万元"), stored, lambda key, size: files[key][1][:size], "5689"
    )

    def run(tx):
        row = tx.session.get_one(OpenedBid, house.bids[name])
        row.pdf_sha256 = next(one["sha256"] for one in stored if one["name"] == contents.PDF)
        row.attachments = [one for one in stored if one["name"] != contents.PDF]
        row.contents, row.findings = said, said["count"]
        row.manager = {"name": "张建国", "certificate": "鄂1"} if name != "丙" else {"name": "李", "certificate": "鄂2"}

    house.write(run)


PDF = "application/pdf"


@pytest.fixture
def opened(house):
    house.build(pool=6, sites=SMALL)

    def run(tx):
        row = tx.session.get_one(Case, house.case)
        row.settings = {"components": [
            {"id": "letter", "name": "投标函及附录", "required": True, "format": "pdf", "most_mb": 0},
            {"id": "plan", "name": "施工组织设计", "required": True, "format": "pdf", "most_mb": 0}]}  # fmt: skip
        data = bills.compose(BILL)
        tx.session.add(TenderBill(case_id=row.id, round=1, data=data, name="b", lines=12, sha256="0" * 64,
                                  saved_at=tx.now))  # fmt: skip

    house.write(run)
    asked = ({"id": "letter", "name": "投标函及附录", "required": True, "format": "pdf", "most_mb": 0},
             {"id": "plan", "name": "施工组织设计", "required": True, "format": "pdf", "most_mb": 0})  # fmt: skip
    for name, price in (("甲", "10.01"), ("乙", "10.01"), ("丙", "25")):
        files = {
            "bid.pdf": (PDF, paper(3, "王五" if name != "丙" else "赵六")),
            "施工组织设计.pdf": (PDF, paper(100, name)),
            "bill.xlsx": (MEDIA, workbooks.priced(BILL, price, "125.13")),
            "contents.json": ("application/json", contents.compose(contents.Contents(
                files={"letter": "bid.pdf", "plan": "施工组织设计.pdf"}))),
        }  # fmt: skip
        hand_in(house, name, files, asked)
    return house


def read(house) -> None:
    reading.read(house.world.acts, house.case)


def facts(house, name: str) -> BidReading:
    with house.world.read() as session:
        row = session.get_one(BidReading, house.bids[name])
        assert row.papers is not None and row.lines is not None
        return row


@pytest.mark.certify("A-138", "A-148", "A-149", "B-023")
def test_every_bid_is_read_once_with_papers_prices_and_signs(opened):
    read(opened)
    read(opened)
    one = facts(opened, "甲")
    assert one.facts["digest_holds"] and one.facts["pages"] == 103 and one.facts["missing"] == []
    assert one.facts["made"] == {"document_id": one.facts["made"]["document_id"], "author": "王五"}
    assert [row["title"] for row in one.papers[0]["outline"]] == list(OUTLINE)
    assert [row["index"] != "" for row in one.papers] == [False, True]
    assert one.lines == {str(n): "10.01" for n in range(1, 13)}
    with opened.world.read() as session:
        together = session.get_one(CaseReading, (opened.case, 1))
        assert together.means == {str(n): "15.0067" for n in range(1, 13)}
        assert {bid: row["count"] for bid, row in together.away.items()} == dict.fromkeys(opened.bids.values(), 12)
        signs = {one["rule"]: {name for name, bid in opened.bids.items() if bid in one["bids"]}
                 for one in together.signs}  # fmt: skip
    assert signs["C2"] == signs["C10"] == signs["C6/author"] == {"甲", "乙"}


def test_the_job_is_planned_in_the_act_that_opens_the_bids(opened):
    with opened.world.read() as session:
        row = session.get_one(Case, opened.case)

    def run(tx):
        reading.on_opened(tx, row)

    opened.write(run)
    with opened.world.read() as session:
        assert [job.act for job in jobs.due(session, opened.world.clock.now())] == ["aid.read"]


@pytest.mark.certify("B-023")
def test_a_stored_file_that_was_changed_is_seen(opened):
    with opened.world.read() as session:
        sha = session.get_one(OpenedBid, opened.bids["甲"]).pdf_sha256
    stored = opened.world.acts.house.blobs.path(sha)
    stored.write_bytes(stored.read_bytes()[:-1] + b"x")
    read(opened)
    assert not facts(opened, "甲").facts["digest_holds"]
    assert facts(opened, "丙").facts["digest_holds"]


ROUND = b"%PDF-1.4\n1 0 obj<</Kids[1 0 R]/Count 9>>endobj\ntrailer<</Root 1 0 R>>"


@pytest.mark.parametrize("damaged", [b"%PDF-1.7 nothing", ROUND, b""])
def test_what_cannot_be_read_is_said_and_stops_nobody(opened, damaged):
    hand_in(opened, "甲", {"bid.pdf": (PDF, damaged), "bill.xlsx": (MEDIA, b"PK\x03\x04 no workbook")})
    read(opened)
    assert "bid.pdf" in facts(opened, "甲").facts["problem"] or "bill.xlsx" in facts(opened, "甲").facts["problem"]
    assert facts(opened, "甲").lines == {} and facts(opened, "乙").lines != {}


def test_marks_of_the_tender_file_are_no_marks_of_bidders(opened):
    form = paper(2, "招标办")
    sha = opened.world.acts.house.blobs.put(form).sha256

    def run(tx):
        row = CaseDocument(case_id=opened.case, kind="tender_file", title="招标文件", sha256=sha, size=1,
                           audience="bidders", stage="ANNOUNCED", created_at=tx.now, by_person="")  # fmt: skip
        tx.session.add(row)

    opened.write(run)
    for name in ("甲", "乙"):
        hand_in(opened, name, {"bid.pdf": (PDF, paper(5, "招标办"))})
    read(opened)
    assert "author" not in facts(opened, "甲").facts["made"]


def test_papers_of_the_tender_file_are_read_off_the_event_loop_and_one_broken_stops_nothing(opened, monkeypatch):
    blobs, inside, seen = opened.world.acts.house.blobs, [], []
    marks = reading._marks
    monkeypatch.setattr(reading, "_marks", lambda *args: (seen.append(bool(inside)), marks(*args))[1])

    def runner(work):
        inside.append(work)
        try:
            return work()
        finally:
            inside.pop()

    monkeypatch.setattr(blocking, "_runner", runner)
    with opened.world.read() as session:
        work = reading.prepare(session, opened.case)
    fine, broken = blobs.put(paper(100, "王五")).sha256, blobs.put(b"%PDF-1.7 nothing").sha256
    assert pdf.made(io.BytesIO(paper(100, "王五")))["author"] == "王五"
    before = {one.name for one in blobs.root.rglob("*") if one.is_file()}
    found = reading.read_all(blobs, replace(work, bids=(), tender=(fine, broken)))
    assert (found, seen) == ({}, [True, True])
    assert {one.name for one in blobs.root.rglob("*") if one.is_file()} == before, "no page tree is made of them"


def test_a_short_page_tree_leads_to_every_page_and_leaves_the_file_as_it_is():
    data = paper(200)
    found = pdf.read(io.BytesIO(data))
    assert found.pages == 200 and 0 < len(found.index) < 8000
    again = pdf.read(io.BytesIO(data + found.index))
    assert (again.pages, again.outline) == (200, found.outline) and again.index == b""
    assert pdf.read(io.BytesIO(paper(64))).index == b"" != pdf.read(io.BytesIO(paper(65))).index


# -- who is shown it --------------------------------------------------------------------------------------------------


@pytest.fixture
def seated(opened):
    opened.names = opened.sit(sites=SMALL)
    read(opened)
    return opened


def stage(house, name: str) -> None:
    def run(tx):
        committee = tx.session.scalars(select(Committee).filter_by(case_id=house.case)).one()
        tx.session.get_one(Sitting, committee.id).stage = name

    house.write(run)


def statements(house, call) -> int:
    seen: list[str] = []
    event.listen(house.world.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    call()
    return len(seen)


@pytest.mark.certify("A-139", "A-141", "A-146", "A-148")
def test_members_see_the_comparison_and_supervisors_only_after_the_lock(seated):
    found = seated.ask(seated.names[0], "room.aid")
    assert [one["price"] for one in found["bids"]] == ["5689", "5828", "5709"]
    assert [str(one["of_ceiling"]) for one in found["bids"]] == ["94.82", "97.13", "95.15"]
    assert found["asked"]["ceiling"] == "6000" and found["asked"]["duration_days"] == 365
    assert [one["away"] for one in found["bids"]] == [12, 12, 12]
    assert found["signs"][0]["level"] == "DETERMINED_BASIS" and all(one["article"] for one in found["signs"])
    for who in ("regulator", "auditor", "tenderer"):
        with pytest.raises(Refused, match="MEMBER"):
            seated.ask(who, "room.aid")
    for who in ("staff1", "agency", "admin", "甲"):
        with pytest.raises(Refused, match="ACCESS"):
            seated.ask(who, "room.aid")
    for name, there in (("SCORING", False), ("SUMMARY", True), ("REPORT", True), ("SIGNED", True)):
        stage(seated, name)
        for who in ("regulator", "auditor"):
            with seated.world.read() as session:
                assert queries.may_see(session, seated.actor(who), seated.case) == there
    with pytest.raises(Refused, match="MEMBER"):
        seated.ask("tenderer", "room.aid")


def test_the_page_costs_the_same_for_161_bids(seated):
    name = seated.names[0]
    few = statements(seated, lambda: seated.ask(name, "room.aid"))
    crowd(seated, 158)
    read(seated)
    seated.ask(name, "room.aid")
    assert statements(seated, lambda: seated.ask(name, "room.aid")) <= few + 2


def crowd(house, count: int) -> None:
    """As many bidders more, each with the papers of the first."""
    names = [f"投标人{number}" for number in range(4, 4 + count)]
    orgs = [house.org(name, "bidder") for name in names]

    def run(tx):
        first = tx.session.get_one(OpenedBid, house.bids["甲"])
        received = tx.session.get_one(Bid, house.bids["甲"]).received_at
        for number, org in enumerate(orgs, 4):
            bid = Bid(case_id=house.case, org_id=org, person_id="", version=1, manifest={}, ciphertext_sha256="0" * 64,
                      size=1, received_at=received, receipt={}, entry_hash="0" * 64)  # fmt: skip
            tx.session.add(bid)
            tx.session.flush()
            tx.session.add(OpenedBid(bid_id=bid.id, case_id=house.case, round=1, org_id=org, number=number,
                                     price=str(5600 + number), attachments=first.attachments, contents=first.contents,
                                     pdf_sha256=first.pdf_sha256))  # fmt: skip

    house.write(run)


@pytest.mark.certify("A-136")
def test_the_tender_file_in_force_is_its_newest_version_with_its_clarifications(seated, doors):
    blobs = seated.world.acts.house.blobs
    rows = (("tender_file", "第一版", 1), ("clarification", "澄清一", 1), ("tender_file", "第二版", 1),
            ("clarification", "澄清二", 1), ("notice", "公告", 1), ("clarification", "上一轮", 0))  # fmt: skip

    def run(tx):
        for place, (kind, title, round) in enumerate(rows):
            blob = blobs.put(title.encode())
            at = tx.now + timedelta(seconds=place)
            row = CaseDocument(case_id=seated.case, kind=kind, title=title, sha256=blob.sha256, size=blob.size,
                               audience="bidders", stage="ANNOUNCED", round=round, created_at=at,
                               by_person="")  # fmt: skip
            tx.session.add(row)

    seated.write(run)
    with seated.world.read() as session:
        listed = cases.tender_papers(session, seated.case)
    assert [one["title"] for one in listed] == ["第二版", "澄清一", "澄清二"]
    path = f"/room/{seated.case}/tender-file/{listed[1]['id']}"
    part = doors(seated.names[0]).get(path, headers={"Range": "bytes=0-2"}, buffered=True)
    assert (part.status_code, part.data) == (206, "澄".encode())
    assert doors("甲").get(path).status_code == doors(seated.names[0]).get(path + "x").status_code == 404


# -- bytes by ranges --------------------------------------------------------------------------------------------------


@pytest.fixture
def doors(seated):
    """A client for each: a member, everybody else, nobody."""
    world = seated.world
    app = create_app(world.acts.house.config, world.clock)

    def client(name: str = ""):
        one = app.test_client()
        if name:
            one.set_cookie("gh_session", world.acts.act(sign_in.begin, SYSTEM, seated.people[name]))
        return one

    yield client
    app.extensions["gongheng"].acts.engine.dispose()


@pytest.mark.certify("A-138", "A-146")
def test_a_bid_is_given_by_ranges_to_members_alone(seated, doors):
    with seated.world.read() as session:
        sha = session.get_one(OpenedBid, seated.bids["甲"]).pdf_sha256
    data = seated.world.acts.house.blobs.get(sha)
    size, path = len(data), f"/room/{seated.case}/bids/{seated.bids['甲']}/file"
    member = doors(seated.names[0])
    whole = member.get(path, buffered=True)
    assert (whole.status_code, whole.data, whole.headers["Accept-Ranges"]) == (200, data, "bytes")
    assert whole.headers["X-Content-SHA256"] == sha and whole.headers["Cache-Control"] == "private, no-cache"
    again = member.get(path, headers={"If-None-Match": whole.headers["ETag"]}, buffered=True)
    assert (again.status_code, again.data, again.headers["Cache-Control"]) == (304, b"", "private, no-cache")
    for asked, begin, end in (
        ("bytes=0-0", 0, 1), (f"bytes={size - 1}-{size - 1}", size - 1, size), ("bytes=10-19", 10, 20),
        (f"bytes=5-{size + 99}", 5, size), ("bytes=-7", size - 7, size), ("bytes=100-", 100, size),
    ):  # fmt: skip
        part = member.get(path, headers={"Range": asked}, buffered=True)
        assert (part.status_code, part.data) == (206, data[begin:end]), asked
        assert part.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{size}"
    for asked in (f"bytes={size}-", f"bytes={size}-{size + 5}"):
        beyond = member.get(path, headers={"Range": asked}, buffered=True)
        assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    paths = (path, f"/room/{seated.case}/bids/{seated.bids['甲']}/parts/0", f"/room/{seated.case}/aid")
    for who in ("staff1", "regulator", "tenderer", "agency", "甲", ""):
        for one in paths:
            answer = doors(who).get(one, headers={"Range": "bytes=0-0"}, buffered=True)
            assert answer.status_code == (404 if who else 302), (who, one)


def test_the_short_page_tree_is_given_to_members_alone(seated, doors):
    paper_ = facts(seated, "甲").papers[1]
    path = f"/room/{seated.case}/bids/{seated.bids['甲']}/index/{paper_['sha256']}"
    assert b"/Kids" in doors(seated.names[0]).get(path, buffered=True).data
    assert doors(seated.names[0]).get(path[:-1] + "x").status_code == 404
    assert doors("regulator").get(path).status_code == 404


def test_webassembly_runs_in_the_readers_worker_and_in_no_page(doors):
    for path, allowed in (("/static/vendor/pdf/worker.js", True), ("/", False), ("/static/pages/reader.js", False)):
        assert ("wasm-unsafe-eval" in doors().get(path, buffered=True).headers["Content-Security-Policy"]) == allowed
