"""Blind parts (暗标): codes alone until all have locked, nothing that names, and everything on record afterwards."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pypdfium2
import pytest
from reportlab.pdfgen import canvas

from certs import blocking
from core import ledger, live
from core.faults import Unusable
from core.rules import Refused
from evaluation import cases
from evaluation.blind import actions, codes, desk, pdf, rules  # noqa: F401  (fills the table of acts)
from evaluation.blind.models import BlindCodes
from evaluation.committee.models import Committee
from evaluation.report import papers, record
from evaluation.scoring import sheet
from evaluation.sitting.models import Sitting
from tests.evaluation.house import CRITERIA, EVALUATION, SMALL, House, vote
from trading.opening.models import OpenedBid

BLIND = {"part": "plan", "criteria": ["plan"]}
FINE, NAMED = "Site organisation without any name", "Call 13800001111 or 027-87654321"


def paper(text: str, author: str = "") -> bytes:
    out = io.BytesIO()
    page = canvas.Canvas(out)
    if author:
        page.setAuthor(author)
        page.setTitle(author)
    page.drawString(72, 700, text)
    page.save()
    return out.getvalue()


@pytest.fixture
def blind(house) -> House:
    """Three bids with a blind part each: one is clean, one tells a telephone number, one has none."""
    house.build(pool=6, sites=SMALL, evaluation=EVALUATION | {"blind": BLIND})
    blobs = house.world.acts.house.blobs

    def run(tx):
        for name, text in (("甲", FINE), ("乙", NAMED)):
            row = tx.session.get(OpenedBid, house.bids[name])
            sha256 = blobs.put(paper(text, author=f"bidder-{name}")).sha256
            row.attachments = [{"name": "plan.pdf", "sha256": sha256, "size": 1, "media": "application/pdf"}]
            row.contents = {"parts": [{"id": "plan", "file": "plan.pdf"}], "findings": [], "count": 0}
            row.manager = "王建造"

    house.write(run)
    house.names = house.sit(sites=SMALL)
    return house


def mapping(house) -> dict[str, str]:
    """{short name: code}, opened with the server's own key."""
    with house.world.read() as session:
        found = codes.of_bids(session, house.case, session.query(Committee).one())
    return {name: found[bid] for name, bid in house.bids.items()}


def points(house, name: str, value: str = "90", *, lock: bool = True) -> None:
    shown = house.ask(name, "room.view")["bids"]
    house.do(name, "blind.score", scores=[{"bid": one["id"], "criterion": "plan", "points": value} for one in shown])
    if lock:
        house.do(name, "blind.lock")


def entries(house, kind: str):
    with house.world.read() as session:
        return [one.body for one in ledger.entries(session, f"case:{house.case}") if one.kind == kind]


@pytest.mark.rulebook("3.8 codes")
def test_members_see_codes_in_their_order_and_no_name_price_or_other_part(blind):
    assert blind.stage == "BLIND"
    desk.prepare(blind.world.acts, blind.case)
    for name in blind.names:
        view = blind.ask(name, "room.view")
        assert [bid["id"] for bid in view["bids"]] == ["T01", "T02", "T03"]
        assert [one["id"] for one in view["criteria"]] == ["plan"]
        shown = str({key: value for key, value in view.items() if key != "bidders"})  # the pledge was over these
        for word in (*blind.bids.values(), "bidder-"):
            assert word not in shown
        assert not re.search(r"(?<![\w.])(5689|5828|5709)(?!\w)", shown), "digits of an id are no price"


def test_before_the_codes_nothing_of_a_bid_is_shown(house):
    house.build(pool=6, sites=SMALL, evaluation=EVALUATION | {"blind": BLIND})
    names = house.form(sites=SMALL)
    house.seat()
    house.world.clock.moment += timedelta(hours=1)
    for name in names:
        house.come_in(name)
    view = house.ask(names[0], "room.view")
    assert (view["stage"], view["bids"], view["bonds"]) == ("LEADER", [], {})


@pytest.mark.rulebook("3.8 mapping sealed")
def test_the_codes_are_committed_sealed_and_revealed_after_the_last_lock_alone(blind):
    *early, last = blind.names
    for name in early:
        points(blind, name)
    commitment = entries(blind, "blind.committed")[0]["commitment"]
    assert entries(blind, "blind.revealed") == []
    with blind.world.read() as session:
        row = session.query(BlindCodes).one()
        assert row.revealed == {}
        stored = str(session.connection().exec_driver_sql("SELECT * FROM blind_codes").fetchall())
    assert not any(bid in stored for bid in blind.bids.values())
    points(blind, last)
    assert blind.stage == "PRELIM"
    told = entries(blind, "blind.revealed")[0]
    assert told["commitment"] == commitment
    with blind.world.read() as session:
        row = session.query(BlindCodes).one()
        assert codes.replays(row, blind.case)
        row.revealed = {"seed": row.revealed["seed"], "codes": dict.fromkeys(row.revealed["codes"], "T01")}
        assert not codes.replays(row, blind.case)
    view = blind.ask(blind.names[1], "room.view")
    assert view["codes"] == {blind.bids[name]: code for name, code in mapping(blind).items()}
    assert {bid["id"] for bid in view["bids"]} == set(blind.bids.values())


def test_blind_points_are_own_complete_and_final(blind):
    first, second, *_ = blind.names
    with pytest.raises(Refused, match="INCOMPLETE-SCORES"):
        blind.do(first, "blind.lock")
    with pytest.raises(Unusable, match="bid"):
        blind.do(first, "blind.score", bid=blind.bids["甲"], criterion="plan", points="1")
    with pytest.raises(Unusable, match="criterion"):
        blind.do(first, "blind.score", bid="T01", criterion="credit", points="1")
    with pytest.raises(Refused, match="POINTS"):
        blind.do(first, "blind.score", bid="T01", criterion="plan", points="100.01")
    points(blind, first, "37.13", lock=False)
    with pytest.raises(Refused, match="OTHER-SCORES"):
        blind.do(first, "blind.lock", scores={"T01": {"plan": "1"}})
    blind.do(first, "blind.lock", scores={code: {"plan": "37.13"} for code in ("T01", "T02", "T03")})
    for act, more in (("blind.score", {"bid": "T01", "criterion": "plan", "points": "1"}), ("blind.lock", {})):
        with pytest.raises(Refused, match="LOCKED"):
            blind.do(first, act, **more)
    assert "37.13" not in str(blind.ask(second, "room.view"))
    for who, question in (("regulator", "room.watch"), ("auditor", "room.watch"), ("tenderer", "room.progress"),
                          ("staff1", "room.venue"), ("甲", "room.bidder"), ("admin", "room.admin")):  # fmt: skip
        assert "37.13" not in str(blind.ask(who, question))
    with blind.world.read() as session:
        kept = str(session.connection().exec_driver_sql("SELECT * FROM ledger_entry").fetchall())
        heard = str([one.data for one in live.since(session, f"room:{blind.case}", 0)])
    assert "37.13" not in kept and "T01" not in heard


def test_afterwards_blind_criteria_stay_and_the_rest_is_scored_by_name(blind):
    for name in blind.names:
        points(blind, name)
    for name in blind.names:
        blind.mark(name)
    name = blind.names[0]
    with pytest.raises(Refused, match="LOCKED"):
        blind.do(name, "score.save", bid=blind.bids["甲"], criterion="plan", points="1")
    others = [one["id"] for one in CRITERIA if one["id"] != "plan"]
    for name in blind.names:
        blind.score(name, {bidder: dict.fromkeys(others, "80") for bidder in blind.bids})
    assert blind.stage == "SUMMARY"
    result = blind.ask(blind.names[0], "room.view")["summary"]["result"]
    assert {one["plan"] for one in result["criterion_scores"].values()} == {"90"}
    with blind.world.read() as session:
        sitting = session.query(Sitting).one()
        built = record.plain(record.read(session, session.get(Committee, sitting.committee_id), sitting, 1))
    assert built["blind"]["codes"] == {blind.bids[name]: code for name, code in mapping(blind).items()}
    label = built["committee"][0]["label"]
    mine = {code: {"plan": "90"} for code in ("T01", "T02", "T03")}
    committed = {body["member"]: body["sheet"] for body in entries(blind, "blind.locked")}
    lock = built["blind"]["locks"][label]
    assert lock["sheet"] == mine
    assert sheet.commitment(lock["salt"], lock["sheet"]) == committed[built["committee"][0]["member"]]
    assert len(papers.build(built, demo=True).bytes) > 1000


@pytest.mark.rulebook("3.8 metadata and lint")
def test_properties_are_taken_off_and_signs_are_shown_without_the_words(blind):
    desk.prepare(blind.world.acts, blind.case)
    named = mapping(blind)
    shown = {bid["id"]: bid for bid in blind.ask(blind.names[0], "room.view")["bids"]}
    assert shown[named["甲"]]["blind"]["findings"] == []
    assert shown[named["乙"]]["blind"]["findings"] == [{"kind": "phone", "page": "1"}]
    assert shown[named["丙"]]["blind"]["problem"] == "missing"
    assert "13800001111" not in str(shown)
    data = blind.world.acts.house.blobs.get(shown[named["乙"]]["pdf_sha256"])
    assert b"bidder-" not in data
    assert pypdfium2.PdfDocument(data).get_metadata_dict()["Author"] == ""
    assert len(entries(blind, "blind.prepared")) == 1
    assert desk.prepare(blind.world.acts, blind.case) == {}  # a second ring does nothing
    for name in blind.names:
        points(blind, name)
    assert blind.stage == "PRELIM"  # a finding rejected nobody
    assert blind.ask(blind.names[1], "room.view")["rejected"] == {}
    assert blind.ask(blind.names[1], "room.view")["signs_found"][blind.bids["乙"]]


BROKEN = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\n"
    b"trailer<</Root 1 0 R/Size 5>>\n%%EOF\n"
)


def test_one_broken_page_stops_no_other_part_and_nothing_is_read_on_the_event_loop(blind, monkeypatch):
    assert len(pypdfium2.PdfDocument(BROKEN)) == 2  # it opens: only its second page is no page
    with pytest.raises(Unusable, match="PDF"):
        pdf.stripped(BROKEN)
    sha256 = blind.world.acts.house.blobs.put(BROKEN).sha256

    def run(tx):
        row = tx.session.get(OpenedBid, blind.bids["乙"])
        row.attachments = [dict(row.attachments[0]) | {"sha256": sha256}]

    blind.write(run)
    work: list[object] = []
    monkeypatch.setattr(blocking, "_runner", lambda one: (work.append(one), one())[1])
    desk.prepare(blind.world.acts, blind.case)
    named = mapping(blind)
    shown = {bid["id"]: bid for bid in blind.ask(blind.names[0], "room.view")["bids"]}
    problems = {name: shown[code]["blind"]["problem"] for name, code in named.items()}
    assert problems == {"甲": "", "乙": "unreadable", "丙": "missing"}
    assert len(work) == 2


@pytest.mark.parametrize("all_out", [False, True])
def test_the_report_opens_every_lock_though_a_bid_is_rejected_and_points_corrected_later(blind, all_out):
    odd, *others = blind.names
    for name in blind.names:
        points(blind, name, "62" if name == odd else "90")
    blind.mark(odd, {"丙": "R-07"})
    for name in others:
        blind.mark(name)
    vote(blind, 5)
    for name in blind.names:
        blind.do(name, "lack.vote", lack=all_out, reason="报价相近")
    rest = {bidder: {one["id"]: "80" for one in CRITERIA if one["id"] != "plan"} for bidder in ("甲", "乙")}
    if not all_out:
        saved = {"bid": blind.bids["甲"], "criterion": "credit", "points": "80"}
        # Two of its blind cells count; the third is of the rejected bid.
        assert blind.do(odd, "score.save", **saved) == {"done": 3, "of": 6}
        for name in blind.names:
            blind.score(name, rest)
        blind.do(odd, "score.correct", bid=blind.bids["甲"], criterion="plan", points="88", reason="误录")
    assert blind.stage == "SUMMARY"
    with blind.world.read() as session:
        sitting = session.query(Sitting).one()
        built = record.plain(record.read(session, session.get(Committee, sitting.committee_id), sitting, 1))
    assert (built["scoring"] is None) is all_out
    told = {kind: {body["member"]: body["sheet"] for body in entries(blind, kind)}
            for kind in ("blind.locked", "score.locked")}  # fmt: skip
    for one in built["committee"]:
        lock = built["blind"]["locks"][one["label"]]
        assert len(lock["sheet"]) == 3
        assert sheet.commitment(lock["salt"], lock["sheet"]) == told["blind.locked"][one["member"]]
        if not all_out:
            lock = built["commitments"][one["label"]]
            assert sheet.commitment(lock["salt"], lock["sheet"]) == told["score.locked"][one["member"]]


def test_a_newcomer_judges_by_code_too(blind):
    desk.prepare(blind.world.acts, blind.case)
    for name in blind.names:
        points(blind, name)
    blind.do(blind.names[1], "member.recuse", reason="亲属关系")
    blind.accept_all()
    new = next(blind.name_of(row) for row in blind.members("accepted"))
    if not blind.place(new).seat_sealed:
        blind.seat()
    blind.come_in(new)
    assert blind.stage == "BLIND"
    view = blind.ask(new, "room.view")
    assert [bid["id"] for bid in view["bids"]] == ["T01", "T02", "T03"]
    assert (view["codes"], view["signs_found"]) == ({}, {})
    points(blind, new)
    assert blind.stage == "PRELIM"
    assert len(blind.ask(new, "room.view")["codes"]) == 3
    assert len(entries(blind, "blind.revealed")) == 1


@pytest.mark.parametrize("who", ["tenderer", "agency", "staff1", "regulator", "auditor", "admin", "甲"])
def test_who_is_no_member_scores_nothing_blind(blind, who):
    for act, more in (("blind.score", {"bid": "T01", "criterion": "plan", "points": "1"}), ("blind.lock", {})):
        with pytest.raises(Refused):
            blind.do(who, act, **more)


# -- the pure part ----------------------------------------------------------------------------------------------------

WHO = rules.Identity("武汉市江夏建设工程有限公司", "91420115MA4K000019", ("李工程", "王建造"), "王建造")


@pytest.mark.parametrize(("text", "kinds"), [
    ("本工程的施工组织", []), ("武汉市江夏建设工程有限公司 编制", ["name"]), ("江夏建设工程项目部", ["short_name"]),
    ("91420115ma4k000019", ["uscc"]), ("项目经理 王 建 造", ["manager"]), ("技术负责人李工程", ["person"]),
    ("电话 138 0000 1111", ["phone"]), ("1380000111", []), ("1138000011112", []),
    ("江夏建设\n工程", ["short_name"]),
])  # fmt: skip
def test_what_names_a_bidder(text, kinds):
    assert [one["kind"] for one in rules.lint([text], WHO)] == kinds
    assert all(one["page"] == "2" for one in rules.lint(["", text], WHO))


@pytest.mark.parametrize(("name", "short"), [
    ("武汉市江夏建设工程有限公司", "江夏建设工程"), ("中铁大桥局集团有限公司", "中铁大桥局集团"), ("某某有限公司", ""),
    ("甲", ""),
])  # fmt: skip
def test_short_names(name, short):
    assert rules.short_name(name) == short


def test_codes_repeat_with_the_seed_and_change_with_it():
    bids = [f"bid{n}" for n in range(9)]
    first = rules.codes(b"a" * 32, "case", bids)
    assert first == rules.codes(b"a" * 32, "case", reversed(bids))
    assert sorted(first.values()) == [f"T0{n}" for n in range(1, 10)]
    assert first != rules.codes(b"b" * 32, "case", bids)
    assert rules.commitment(b"a" * 32) != rules.commitment(b"b" * 32)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 broken", b"no pdf at all"])
def test_what_is_no_pdf_is_said_so(data):
    with pytest.raises(Unusable, match="PDF"):
        pdf.stripped(data)


def test_while_codes_hide_the_bids_the_tender_file_alone_is_marked(blind, monkeypatch):
    name, bid, sha256 = blind.names[0], blind.bids["甲"], "a" * 64
    blind.write(lambda tx: setattr(tx.session.get_one(OpenedBid, bid), "pdf_sha256", sha256))
    monkeypatch.setattr(cases, "tender_papers", lambda *_: [{"sha256": sha256}])
    given = {"sha256": sha256, "page": 1, "rects": [], "text": "", "note": "x"}
    assert blind.do(name, "highlight.save", bid="", **given)["id"]
    assert len(blind.ask(name, "highlight.mine", bid="", sha256=sha256)["highlights"]) == 1
    with pytest.raises(Refused, match="STAGE"):
        blind.do(name, "highlight.save", bid=bid, **given)
    with pytest.raises(Refused, match="STAGE"):
        blind.ask(name, "highlight.mine", bid=bid, sha256=sha256)
    for one in blind.names:
        points(blind, one)
    assert blind.do(name, "highlight.save", bid=bid, **given)["id"]
    assert len(blind.ask(name, "highlight.mine", bid=bid, sha256=sha256)["highlights"]) == 1
