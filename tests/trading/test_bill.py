"""The bill of quantities: read, saved, handed out, compared line by line; what an opened bid's check finds."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from pyhanko.pdf_utils.reader import PdfFileReader

from certs import sealing
from core import canon
from core.access import denied
from core.faults import Unusable
from core.rules import Refused
from methods import bill as bills
from tests.trading.workbooks import VECTORS, book, large, priced
from trading.bidding import contents, workbook, xlsx
from trading.bidding.contents import Contents
from trading.document.bills import bill_of
from trading.document.models import TenderBill
from trading.opening.queries import contents_of as contents_of_bid
from trading.opening.queries import opened_bids
from trading.opening.sheet import Sheet, compose
from trading.project.models import Case, CaseDocument
from web import cli
from web.desk_words import FINDINGS

BILL = bills.read(VECTORS["bill"])
TENDER_HEADS = ["序号", "项目编码", "项目名称", "项目特征描述", "计量单位", "工程量", "固定金额（元）",
                "最高综合单价(元)"]  # fmt: skip
TENDER_ROWS = [
    ["一", None, "土石方工程"],
    [{"n": "1"}, "040101002001", "挖沟槽土方", "三类土\n深4m内", "m3", {"n": "1234.5"}],
    [{"n": "2"}, "040501001001", "混凝土管", None, "m", {"n": "100"}, None, {"n": "1234567890123"}],
    ["二", None, "其他项目"],
    [{"n": "1"}, None, "暂列金额", None, None, None, {"n": "500000"}],
]
COMPONENTS = [
    {"id": "letter", "name": "投标函及附录", "required": True, "format": "pdf", "most_mb": 1},
    {"id": "model", "name": "进度模型", "required": False, "format": "zip", "most_mb": 0},
]


# -- compared ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda one: one["name"])
def test_a_workbook_is_compared_line_by_line(case) -> None:
    read = bills.priced_of(workbook.rows(book(case["rows"])))
    price = contents.in_yuan(case["price"], VECTORS["unit"]) if case["price"] else None
    found = [one.plain() for one in bills.check(BILL, read, price)]
    assert found == case["findings"]
    assert bills.read_priced(canon.loads(canon.dumps(bills.compose_priced(read)))) == read
    assert {one["kind"] for one in found} <= FINDINGS.keys()


def test_the_sheet_is_compared_to_the_cent() -> None:
    read = bills.priced_of(workbook.rows(book(VECTORS["cases"][0]["rows"])))
    assert bills.check(BILL, read, Decimal("559746.17")) == []
    assert [one.kind for one in bills.check(BILL, read, Decimal("559746.16"))] == ["sheet"]


def test_the_workbook_bidders_get_is_the_bill_and_lacks_only_prices() -> None:
    tricky = replace(BILL.lines[0], name="=1+1")
    bill = bills.Bill((("土石方工程", (tricky, *BILL.lines[1:])),))
    data = workbook.write(bill)
    found = bills.check(bill, bills.priced_of(workbook.rows(data)))
    assert {one.kind for one in found} == {"price.empty", "amount.empty", "total.missing"}
    assert load_workbook(io.BytesIO(data)).worksheets[0]["C3"].data_type == "s", "no formula of a stranger"


@pytest.mark.certify("A-148")
@pytest.mark.parametrize(("limit", "fixed", "sound"), [
    ("0.01", "", True), ("0", "", False), ("-1", "", False), ("x", "", False), ("5", "5", False), ("", "5", True),
])  # fmt: skip
def test_a_highest_unit_price_is_an_amount_and_stands_beside_no_fixed_sum(limit, fixed, sound) -> None:
    line = replace(BILL.lines[0], limit=limit, fixed=fixed)
    wrong = bills.faults(bills.Bill((("", (line,)),)))
    assert [one.kind for one in wrong] == ([] if sound else ["bill.limit"])


def test_bidders_get_the_highest_unit_prices_and_a_bill_without_any_says_nothing_of_them() -> None:
    def heads(bill: bills.Bill) -> list[str]:
        return workbook.rows(workbook.write(bill))[0][1]

    free = bills.Bill((("", (BILL.lines[0],)),))
    assert "最高综合单价(元)" in heads(BILL) and "最高综合单价(元)" not in heads(free)
    assert "limit" not in bills.compose(free)["sections"][0]["lines"][0]
    assert bills.read(bills.compose(BILL)) == BILL


def test_five_thousand_lines_and_no_more() -> None:
    bill = large(bills.MOST_LINES)
    assert bills.check(bill, bills.priced_of(workbook.rows(priced(bill)))) == []
    with pytest.raises(Unusable, match="lines: a list of at most 5000"):
        bills.read(bills.compose(large(bills.MOST_LINES + 1)))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"%PDF-1.7", "not an xlsx"),
        (b"PK\x03\x04 and nothing more", "cannot be read"),
        (book([], ["甲", "乙"]), "no row with the headings"),
        (book([], ["项目名称", "工程量"]), "no column"),
    ],
)
def test_what_is_no_priced_workbook_is_said_in_words(data, why) -> None:
    with pytest.raises(Unusable, match=why):
        bills.priced_of(workbook.rows(data))


def test_a_workbook_that_grows_when_unpacked_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (xlsx.UNPACKED + 1))
    with pytest.raises(Unusable, match="unpacked"):
        workbook.rows(out.getvalue())


# -- the tenderer's workbook ------------------------------------------------------------------------------------------


def test_a_tenderers_workbook_becomes_the_bill() -> None:
    bill, wrong = bills.bill_of(workbook.rows(book(TENDER_ROWS, TENDER_HEADS)))
    assert (bill, wrong) == (BILL, [])
    assert bills.read(bills.compose(bill)) == bill


def test_faults_of_a_tenderers_workbook_name_their_row() -> None:
    rows = [
        [{"n": "1"}, "01", "无单位", None, None, {"n": "1"}],
        [{"n": "2"}, "02", "无工程量", None, "m", None],
        [{"n": "3"}, "03", "工程量为零", None, "m", {"n": "0"}],
        [{"n": "4"}, "04", "金额到厘", None, "项", {"n": "1"}, {"n": "0.001"}],
        [{"n": "5"}, "05", "好的", None, "m", {"n": "0.001"}],
    ]
    _, wrong = bills.bill_of(workbook.rows(book(rows, TENDER_HEADS)))
    assert [(one.line, one.kind) for one in wrong] == [
        (2, "bill.unit"), (3, "bill.quantity"), (4, "bill.quantity"), (5, "bill.fixed"),
    ]  # fmt: skip
    assert bills.bill_of(workbook.rows(book([], TENDER_HEADS)))[1][0].kind == "bill.lines"


@pytest.mark.parametrize(
    "change", [{"no": "2"}, {"name": ""}, {"quantity": "-1"}, {"fixed": "-1"}, {"name": "a\nb"}, {"extra": "x"}]
)
def test_a_bill_that_is_no_bill_is_refused(change) -> None:
    value = bills.compose(BILL)
    value["sections"][0]["lines"][0] |= change
    with pytest.raises(Unusable):
        bills.read(value)


@pytest.mark.parametrize("number", ["1,000", "1，000", "1 000", "1000.0"])
def test_numbers_of_a_bill_are_kept_without_separators(number) -> None:
    value = bills.compose(BILL)
    first, second = value["sections"][0]["lines"]
    first["quantity"] = first["limit"] = second["fixed"] = number
    second.pop("limit")
    bill = bills.read(value)
    assert (bill.lines[0].quantity, bill.lines[0].limit, bill.lines[1].fixed) == ("1000", "1000", "1000")
    assert bills.priced_of(workbook.rows(workbook.write(bill))).lines[0].quantity == "1000"


def test_a_fixed_sum_of_nothing_is_nought() -> None:
    value = bills.compose(BILL)
    value["sections"][1]["lines"][0]["fixed"] = "0.00"
    assert bills.read(value).lines[2].fixed == "0"


@pytest.mark.parametrize("odd", ["\ufffe", "\uffff", "\x00", "\x1f", "\ud800"])
def test_what_no_workbook_can_hold_is_refused_in_a_bill(odd) -> None:
    for change in ({"name": odd}, {"lines": [bills.compose(BILL)["sections"][0]["lines"][0] | {"feature": f"a{odd}"}]}):
        value = bills.compose(BILL)
        value["sections"][0] |= change
        with pytest.raises(Unusable, match=r"control characters|text expected"):
            bills.read(value)


# -- acts -------------------------------------------------------------------------------------------------------------


@pytest.mark.certify("A-87")
@pytest.mark.parametrize("who", ["招标人", "代理"])
def test_the_bill_belongs_to_the_signed_tender_file(stage, who) -> None:
    case = stage.drafting()
    saved = stage.do(who, "file.bill", case, bill=bills.compose(BILL), name="清单.xlsx")
    assert saved == {"lines": 3, "sha256": canon.sha256_hex(canon.dumps(bills.compose(BILL)))}
    stage.issue(case)
    with stage.world.read() as session:
        row = session.get(Case, case)
        assert bill_of(session, row).sha256 == saved["sha256"]
        files = {one.kind: one for one in session.query(CaseDocument).filter_by(case_id=case)}
    blobs = stage.world.acts.house.blobs
    record = record_of(blobs.get(files["tender_file"].sha256))
    assert record["bill"] == {"sha256": saved["sha256"], "data": bills.compose(BILL)}
    assert "bill" not in record_of(blobs.get(files["notice"].sha256)), "it goes to those who take the file"
    with pytest.raises(Refused) as refused:
        stage.do(who, "file.bill", case, bill=None)
    assert refused.value.breaches[0].rule == "STATE"


def record_of(pdf: bytes) -> dict:
    """The machine record attached to a paper."""
    names = PdfFileReader(io.BytesIO(pdf)).root["/Names"]["/EmbeddedFiles"]["/Names"]
    return canon.loads(names[1]["/EF"]["/F"].data)


@pytest.mark.parametrize("who", ["投标人甲", "交易中心", "监管"])
def test_nobody_else_writes_the_bill(stage, who) -> None:
    case = stage.drafting()
    with pytest.raises(Refused) as refused:
        stage.do(who, "file.bill", case, bill=bills.compose(BILL), name="清单.xlsx")
    assert refused.value.breaches[0].rule in {"STATE", denied("ACCESS", "", "").rule}


def test_a_bill_can_be_taken_out_and_an_earlier_rounds_stands_until_then(stage) -> None:
    case = stage.drafting()
    with pytest.raises(Unusable, match="bill"):
        stage.do("招标人", "file.bill", case, name="x")
    stage.do("招标人", "file.bill", case, bill=bills.compose(BILL), name="清单.xlsx")
    with stage.world.read() as session, session.begin():
        row = session.get(Case, case)
        row.round = 2
        assert bill_of(session, row).lines == 3
    stage.do("招标人", "file.bill", case, bill=None)
    with stage.world.read() as session:
        assert bill_of(session, session.get(Case, case)) is None
        assert session.get(TenderBill, (case, 1)).lines == 3, "the earlier round's bill stays"


# -- after the opening ------------------------------------------------------------------------------------------------


def opened(stage, parts: dict[str, bytes], **changes) -> dict:
    """What the first bidder's check found: its bid holds `parts` besides PDF and sheet."""
    case = stage.drafting(settings={"components": COMPONENTS}, **changes)
    stage.do("招标人", "file.bill", case, bill=bills.compose(BILL), name="清单.xlsx")
    stage.issue(case)
    seals = {}
    for who in ("投标人甲", "投标人乙", "投标人丙"):
        price = compose(Sheet("55.974617", 365, "合格", {"name": "项目经理", "certificate": "JZ-1"}))
        seals[who] = stage.seal(case, who, {"bid.pdf": b"%PDF-1.7 a bid", "price.json": price, **parts})
        stage.do(who, "bid.submit", case, **seals[who].payload(stage.world))
    stage.sealed(case)
    stage.open_all(case, seals)
    with stage.world.read() as session:
        return opened_bids(session, case)[0]


def contents_of(stage, bid: dict) -> dict:
    with stage.world.read() as session:
        return contents_of_bid(session, bid["id"])


def priced_json(data: bytes) -> bytes:
    return canon.dumps(bills.compose_priced(bills.priced_of(workbook.rows(data))))


def test_a_complete_opened_bid_shows_nothing(stage) -> None:
    sound = book(VECTORS["cases"][0]["rows"])
    said = contents.compose(Contents("bid", "", {"letter": "bid.pdf"}))
    bid = opened(stage, {"bill.xlsx": sound, "bill.json": priced_json(sound), "contents.json": said})
    said = contents_of(stage, bid)
    assert (bid["price"], said["findings"], said["count"], bid["findings"]) == ("55.974617", [], 0, 0)
    assert said["parts"] == [{"id": "letter", "file": "bid.pdf"}]
    assert [one["name"] for one in bid["attachments"]] == ["bill.xlsx", "bill.json"]


def test_faults_of_an_opened_bid_are_listed_and_stop_nothing(stage) -> None:
    sound, other = book(VECTORS["cases"][0]["rows"]), book(VECTORS["cases"][5]["rows"])
    big = b"PK\x03\x04" + bytes(2 << 20)
    said = contents.compose(Contents("bid", "附补充说明", {"letter": "投标函及附录.pdf", "model": "进度模型.zip"}))
    parts = {"bill.xlsx": other, "bill.json": priced_json(sound), "contents.json": said, "投标函及附录.pdf": big}
    bid = opened(stage, parts)
    kinds = [one["kind"] for one in contents_of(stage, bid)["findings"]]
    assert kinds[:4] == ["part.size", "part.type", "part.missing", "bill.differs"]
    assert kinds[4:] == [one["kind"] for one in VECTORS["cases"][5]["findings"]]
    assert contents_of(stage, bid)["note"] == "附补充说明" and bid["readable"]
    assert {*kinds} <= FINDINGS.keys()


def test_a_bid_sealed_without_the_page_is_judged_by_the_names_of_its_files(stage) -> None:
    bid = opened(stage, {"投标函及附录.pdf": b"%PDF-1.7 letter", "bill.xlsx": b"no workbook", "contents.json": b"{}"})
    found = [(one["no"], one["kind"]) for one in contents_of(stage, bid)["findings"]]
    assert found == [("contents.json", "contents"), ("bill.xlsx", "bill.unreadable")]
    assert contents_of(stage, bid)["parts"] == [{"id": "letter", "file": "投标函及附录.pdf"}]


ODD = ["\\ud800", "\\ufffe", "\\uffff", "\u007f\u0085", "\u202e\u2066", "\U0010ffff", "<b>&amp;", "\\u0000"]


@pytest.mark.parametrize("odd", ODD)
def test_no_text_of_a_bid_stops_the_opening(stage, odd) -> None:
    price = (
        '{"schema":"price-sheet/1","price":"55.97","duration_days":365,"quality":"合格?","manager":{"name":"?x"}}'
    ).replace("?", odd)
    said = f'{{"schema":"bid-contents/1","kind":"bid","note":"x{odd}","parts":[{{"id":"{odd}x","file":"{odd}y"}}]}}'
    data = f'{{"schema":"priced-bill/1","lines":[],"total":"{odd}","total_line":1}}'
    parts = {"price.json": price.encode(), "contents.json": said.encode(), "bill.json": data.encode()}
    bid = opened(stage, parts)
    assert bid["number"] == 1
    assert canon.dumps(bid) and json.dumps(contents_of(stage, bid), ensure_ascii=False).encode()


def test_checks_that_fail_themselves_are_a_finding_and_the_price_stands(stage, monkeypatch) -> None:
    """No known bid makes them fail; memory may run out, a library may have a fault."""

    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(contents, "judged", broken)
    bid = opened(stage, {})
    assert (bid["price"], bid["problem"]) == ("55.974617", "")
    assert [one["kind"] for one in contents_of(stage, bid)["findings"]] == ["unjudged"]


def test_a_kind_inside_the_seal_that_is_not_the_one_handed_in_is_said(stage) -> None:
    said = contents.compose(Contents("supplement", "补充", {"letter": "bid.pdf"}))
    (found, *_) = contents_of(stage, opened(stage, {"contents.json": said}))["findings"]
    assert (found["kind"], found["required"], found["found"]) == ("contents.kind", "bid", "supplement")


def test_a_note_is_kept_as_it_was_written() -> None:
    for note in ("", "-", "-5 天", "甲"):
        assert contents.read(contents.compose(Contents("bid", note, {}))).note == note
    section = {"name": "-其他", "lines": bills.compose(BILL)["sections"][0]["lines"]}
    assert bills.read({"schema": bills.SCHEMA, "sections": [section]}).sections[0][0] == "-其他"


def test_a_bid_without_anything_asked_for_says_so(stage) -> None:
    found = [(one["no"], one["kind"]) for one in contents_of(stage, opened(stage, {}))["findings"]]
    assert found == [("投标函及附录", "part.unsaid"), ("bill.xlsx", "bill.missing")]


def test_where_the_file_asks_for_nothing_nothing_is_found(stage) -> None:
    case = stage.announced()
    seals = {who: stage.bid(case, who) for who in ("投标人甲", "投标人乙", "投标人丙")}
    stage.sealed(case)
    stage.open_all(case, seals)
    with stage.world.read() as session:
        found = opened_bids(session, case)
        assert [(one["findings"], contents_of_bid(session, one["id"])) for one in found] == [(0, {})] * 3


# -- what a server can see before it ----------------------------------------------------------------------------------


@pytest.mark.certify("A-94")
def test_a_ciphertext_of_an_impossible_size_is_not_taken(stage) -> None:
    case = stage.announced()
    made = stage.seal(case, "投标人甲", {"bid.pdf": b"x" * 20000})
    assert sealing.possible_size(made.manifest.size)
    body = canon.loads(made.manifest.data)
    cut = replace(made, data=made.data[:-1])
    body["ciphertext"] |= {"size": len(cut.data), "sha256": canon.sha256_hex(cut.data)}
    payload = cut.payload(stage.world) | {"manifest": body}
    with pytest.raises(Refused) as refused:
        stage.do("投标人甲", "bid.submit", case, **payload)
    assert [b.rule for b in refused.value.breaches] == ["E-01"]
    stage.do("投标人甲", "bid.submit", case, **made.payload(stage.world))


@pytest.mark.parametrize("size", [0, 1, 3000, 16384 - 200, 16384 * 3, 1 << 20])
def test_every_sealed_payload_has_a_possible_size(stage, size) -> None:
    made = stage.seal("0" * 16, "投标人甲", {"bid.pdf": b"x" * size})
    assert sealing.possible_size(made.manifest.size)
    assert not any(sealing.possible_size(made.manifest.size + more) for more in (-1, 1, 15, 17, 4095))


# -- the offline tool -------------------------------------------------------------------------------------------------


def test_the_offline_tool_finds_the_same(tmp_path) -> None:
    (tmp_path / "tender.json").write_bytes(canon.dumps(VECTORS["bill"]))
    for place, case in enumerate(VECTORS["cases"]):
        (tmp_path / f"{place}.xlsx").write_bytes(book(case["rows"]))
        arguments = ["seal", "bill", str(tmp_path / f"{place}.xlsx"), str(tmp_path / f"{place}.json"), "--tender-bill",
                     str(tmp_path / "tender.json"), "--price", case["price"]]  # fmt: skip
        done = cli.commands().test_cli_runner().invoke(args=arguments)
        assert done.exit_code == int(bool(case["findings"])), done.output
        assert canon.loads(done.output)["findings"] == case["findings"]
        bills.read_priced(canon.loads((tmp_path / f"{place}.json").read_bytes()))
    arguments[3] = str(tmp_path / "new.json")
    arguments[2] = str(tmp_path / "tender.json")
    assert cli.commands().test_cli_runner().invoke(args=arguments).exit_code == 2
