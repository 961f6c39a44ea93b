"""Files of items: all or nothing, every bad line named, once checked and changed meanwhile, again by number."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from core import canon
from core.acts import Tx
from core.faults import Unusable
from core.rules import Refused
from tests.trading.supply_world import (
    BUYER,
    CENTRE,
    DAY,
    DESKTOP,
    DISTRICT,
    ELSEWHERE,
    FIRST,
    ITEM,
    LOST,
    NEW,
    NOW,
    SECOND,
    Mall,
    mall,
    rules_of,
)  # fmt: skip
from trading.mall import importing, queries, sheet
from trading.mall.categories import categories
from trading.mall.models import ImportRun, Item
from trading.mall.templates import asked_of

__all__ = ["mall"]
HEADS = ["货号", "品目编码", "名称", "品牌", "型号", "计量单位", "单价(元)", "库存", "配送区域编码", "规格:内存"]


def good(number: int, **changes: Any) -> dict[str, Any]:
    return ITEM | {"sku": f"K-{number}", "model": f"T{number}"} | changes


def workbook(rows: list[list[Any]], heads: list[str] = HEADS) -> bytes:
    book = Workbook()
    for row in (heads, *rows):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def row(number: int, **changes: Any) -> list[Any]:
    values = (f"K-{number}", DESKTOP, "台式计算机", "示例", f"T{number}", "台", "100", 5, DISTRICT, "16")
    return list((dict(zip(HEADS, values, strict=True)) | changes).values())


def load_file(mall: Mall, data: bytes, who: str = FIRST, **how: Any) -> dict[str, Any]:
    acts, actor = mall.world.acts, mall.stage.people[who]
    return importing.run(acts, actor, "items.xlsx", lambda: sheet.lines_of(data), **how)


def report(mall: Mall, done: dict[str, Any]) -> list[dict[str, Any]]:
    with mall.world.read() as session:
        digest = session.get_one(ImportRun, done["import"]).report
    return canon.loads(mall.world.acts.house.blobs.get(digest))


def stored(mall: Mall, who: str = FIRST) -> dict[str, Item]:
    with mall.world.read() as session:
        return {one.sku: one for one in queries.own_items(session, mall.stage.people[who].org, limit=20_000)}


@pytest.fixture
def entered(mall: Mall) -> Mall:
    mall.enter()
    mall.template()
    return mall


def test_a_workbook_is_loaded_and_again_changes_what_differs(entered: Mall) -> None:
    done = load_file(entered, workbook([row(1), row(2), row(3)]))
    assert (done["created"], done["updated"], done["unchanged"], done["faults"]) == (3, 0, 0, 0)
    assert {one.state for one in stored(entered).values()} == {"draft"}
    again = load_file(entered, workbook([row(1), row(2, **{"单价(元)": 88.5}), row(4)]), submit=True)
    assert (again["created"], again["updated"], again["unchanged"]) == (1, 2, 0)
    found = stored(entered)
    assert [(sku, str(one.price), one.state) for sku, one in found.items()] == [
        ("K-1", "100", "pending"), ("K-2", "88.5", "pending"), ("K-3", "100", "draft"), ("K-4", "100", "pending"),
    ]  # fmt: skip
    assert found["K-1"].template == {"A02000000": 1}
    entered.do(CENTRE, "item.review", items=[found["K-1"].id, found["K-2"].id, found["K-4"].id], approve=True)


def test_what_is_listed_goes_through_the_watch_and_is_told(entered: Mall) -> None:
    item = entered.listed(sku="K-1", model="T1")
    assert load_file(entered, workbook([row(1)]))["unchanged"] == 1
    assert load_file(entered, workbook([row(1, **{"单价(元)": "121"})]))["updated"] == 1
    assert (entered.past(item), [one.kind for one in entered.flags(item)]) == (["100", "121"], ["rise"])
    assert entered.kinds(f"item:{item}")[-2] == "item.changed"
    done = load_file(entered, workbook([row(1, **{"单价(元)": "151"}), row(2)]))
    assert [(one["line"], one["rule"]) for one in report(entered, done)] == [(2, "PRICE-RISE/block")]
    assert set(stored(entered)) == {"K-1"}
    assert load_file(entered, workbook([row(1, 型号="T9")]))["faults"] == 1
    assert report(entered, load_file(entered, workbook([row(1, 品牌="另一")])))[0]["rule"] == "ITEM-SAME"


BAD: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"单价(元)": "一百"}, "G 单价(元)", "a decimal number is expected"),
    ({"单价(元)": "1.234"}, "G 单价(元)", "at most 2 decimals"),
    ({"单价(元)": ""}, "G 单价(元)", "a decimal number is expected"),
    ({"库存": "-1"}, "H 库存", "a whole number from 0 to 999999999 is expected"),
    ({"库存": 1.5}, "H 库存", "a whole number from 0 to 999999999 is expected"),
    ({"货号": ""}, "A 货号", "text expected"),
    ({"品目编码": "A0"}, "B 品目编码", "no such code in the list of procurement categories"),
    ({"品目编码": LOST}, "B 品目编码", "-"),
    ({"品目编码": "A05010201", "规格:内存": ""}, "B 品目编码", "A02000000"),
    ({"配送区域编码": "武汉"}, "I 配送区域编码", "no such region"),
    ({"配送区域编码": ELSEWHERE}, "I 配送区域编码", "420100"),
    ({"规格:内存": ""}, "J 规格:内存", "required"),
    ({"规格:内存": "很大"}, "J 规格:内存", "a number"),
    ({"名称": "x" * 201}, "C 名称", "at most 200 characters, found 201"),
)  # fmt: skip


def test_every_bad_line_is_named_and_none_is_loaded(entered: Mall) -> None:
    rows = [row(1), *(row(10 + n, **changes) for n, (changes, _, _) in enumerate(BAD)), row(2), row(1)]
    done = load_file(entered, workbook(rows))
    found = report(entered, done)
    assert done["created"] == 0 and stored(entered) == {}
    for n, (_, column, expected) in enumerate(BAD):
        said = [(one["column"], one["expected"]) for one in found if one["line"] == n + 3]
        assert (column, expected) in said, (n, said)
    twice = found[-1]
    assert (twice["line"], twice["rule"], twice["expected"]) == (len(BAD) + 4, "ITEM-SKU", "line 2")
    assert {one["line"] for one in found} == {*range(3, len(BAD) + 3), len(BAD) + 4}


def test_ten_thousand_lines_with_faults_are_all_named(entered: Mall) -> None:
    rows = [good(n) if n % 3 else good(n, price="x") for n in range(10_000)]
    done = entered.load(rows)
    assert {one["line"] for one in report(entered, done)} == {n + 1 for n in range(0, 10_000, 3)}
    assert (done["rows"], done["faults"], stored(entered)) == (10_000, 3334, {})


@pytest.mark.parametrize("count", [0, 10_001])
def test_none_and_too_many_lines_are_no_file(entered: Mall, count: int) -> None:
    with pytest.raises((Unusable, Refused), match=r"no items|IMPORT-ROWS"):
        entered.load([good(n) for n in range(count)])


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "not an xlsx"),
        (b"PK\x03\x04 broken", "cannot be read"),
        (workbook([]), "no items"),
        (workbook([], ["品名", "价格"]), "missing 货号"),
        (workbook([], HEADS[:-2]), "missing 配送区域编码"),
        (workbook([], [*HEADS, "货号"]), "twice 货号"),
        (workbook([], [*HEADS, "颜色"]), "unknown 颜色"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(entered: Mall, data: bytes, what: str) -> None:
    with pytest.raises(Unusable, match=what):
        load_file(entered, data)


def test_the_blank_workbook_is_read_back_and_loads_when_filled_in(entered: Mall) -> None:
    with entered.world.read() as session:
        asked = asked_of(session, [DESKTOP])[DESKTOP]
    book = load_workbook(io.BytesIO(sheet.blank(categories().get(DESKTOP), asked)))
    page = book.active
    heads = [cell.value for cell in page[3]]
    assert heads[0] == "货号" and heads[-2:] == ["规格:内存", "规格:系统"]
    values = dict(zip(HEADS, row(1), strict=True)) | {
        "规格:系统": "麒麟", "节能证书编号": "CQC1", "节能证书有效期至": "2027-01-31"}  # fmt: skip
    for at, head in enumerate(heads, 1):
        page.cell(4, at).value = values.get(head)
    out = io.BytesIO()
    book.save(out)
    done = load_file(entered, out.getvalue())
    assert report(entered, done) == []
    found = stored(entered)["K-1"]
    assert (found.marks, found.specs) == (["energy"], {"内存": "16", "系统": "麒麟"})
    page.cell(4, heads.index("节能证书有效期至") + 1).value = (NOW + DAY).replace(tzinfo=None)
    out = io.BytesIO()
    book.save(out)
    fault = report(entered, load_file(entered, out.getvalue()))[0]
    assert (fault["line"], fault["expected"]) == (4, "a date YYYY-MM-DD is expected")


def test_pictures_stay_where_a_file_says_nothing_of_them(entered: Mall) -> None:
    picture = entered.picture()
    entered.load([good(1, pictures=[picture])])
    entered.load([good(1, price="90")])
    assert (stored(entered)["K-1"].pictures, str(stored(entered)["K-1"].price)) == ([picture], "90")
    done = entered.load([good(2, pictures=["a" * 64])])
    assert report(entered, done)[0]["rule"] == "PICTURE-KIND"


def test_what_changed_while_the_file_was_checked_is_not_overwritten(entered: Mall) -> None:
    item = entered.draft(sku="K-1", model="T1")
    lines = sheet.lines_of_json({"items": [good(1, price="90"), good(2)]})
    said = [(one, importing.content.read(one.payload)) for one in lines]
    actor = entered.stage.people[FIRST]

    def checked() -> importing.Checked:
        with entered.world.read() as session:
            return importing.Check(session, actor.org, NOW).run(said)

    def end(found: importing.Checked) -> None:
        entered.world.acts.act(lambda tx: importing._end(tx, "x", found, "a" * 64, False), actor)

    def touch(tx: Tx) -> None:
        tx.session.get_one(Item, item).changed_at = NOW + DAY

    for meanwhile in (
        lambda: entered.world.acts.act(touch, actor),
        lambda: entered.template(fields=[]),
        lambda: entered.draft(sku="K-2", model="T2"),
    ):
        found = checked()
        meanwhile()
        with pytest.raises(Refused) as stale:
            end(found)
        assert rules_of(stale) == ["IMPORT-FRESH"]
    assert str(stored(entered)["K-1"].price) == "100"
    end(checked())
    assert str(stored(entered)["K-1"].price) == "90"


def test_only_a_supplier_in_good_standing_loads(entered: Mall) -> None:
    with pytest.raises(Refused) as buyer:
        entered.load([good(1)], who=BUYER)
    assert rules_of(buyer) == ["ACCESS"]
    for who in (NEW, SECOND):
        done = entered.load([good(1)], who=who)
        assert report(entered, done)[0]["rule"] == "SUP-ACTIVE"


@pytest.mark.parametrize("body", [[], {"items": {}}, {"items": [], "other": 1}, "x", None])
def test_json_that_is_no_list_of_items(body: Any) -> None:
    with pytest.raises(Unusable):
        sheet.lines_of_json(body)


def test_json_lines_of_another_shape_are_named(entered: Mall) -> None:
    done = entered.load([7, {}, good(1) | {"colour": "red"}, good(2) | {"specs": "x"}])  # type: ignore[list-item]
    found = report(entered, done)
    assert {one["line"] for one in found} == {1, 2, 3, 4}
    assert [(one["key"], one["expected"]) for one in found if one["line"] == 3] == [("colour", "unknown field")]
    assert all(len([one for one in found if one["line"] == n]) <= 10 for n in (1, 2))
