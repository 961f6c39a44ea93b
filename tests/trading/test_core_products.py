"""Core products in a tender file and brands in a price sheet (87号令 art. 31)."""

from __future__ import annotations

from typing import Any

import pytest

from core.faults import Unusable
from trading.document import drafts, judging
from trading.opening import sheet
from trading.procedures import of

CORE = [{"id": "core1", "name": "交互式触控一体机"}, {"id": "core2", "name": "推拉黑板"}]
MANY = [{"id": f"c{n}", "name": str(n)} for n in range(21)]
RATIO: dict[str, Any] = {"full": "30", "benchmark": {"terms": [{"of": "lowest", "weight": "1"}]},
                         "curve": {"kind": "ratio"}}  # fmt: skip
SCORED: dict[str, Any] = {"price": RATIO, "criteria": [{"id": "a", "max": "70"}]}
LOWEST: dict[str, Any] = {"price": RATIO | {"curve": {"kind": "evaluated"}}}


def block(**brands: Any) -> dict[str, Any]:
    return drafts.evaluation(SCORED | {"brands": brands}, of("open-goods"), "110", ceiling=False)


def test_a_file_names_its_core_products_with_usual_ways() -> None:
    assert block(core=CORE)["brands"] == {"core": CORE, "same": "any", "tie": ""}
    assert block(core=CORE, same="all", tie="price")["brands"]["tie"] == "price"
    assert "brands" not in block(core=[]), "a file without core products says nothing of brands"


@pytest.mark.parametrize("wrong", [
    {"core": "x"}, {"core": ["x"]}, {"core": [{"id": "a"}]}, {"core": [{"id": "a", "name": ""}]},
    {"core": [*CORE, CORE[0]]}, {"core": [CORE[0], CORE[0] | {"id": "b"}]}, {"core": CORE, "same": "some"},
    {"core": CORE, "tie": "age"}, {"core": CORE, "more": 1}, {"core": MANY},
    {"core": [CORE[0] | {"price": "1"}]},
])  # fmt: skip
def test_what_names_no_core_product_is_refused_in_words(wrong) -> None:
    with pytest.raises(Unusable):
        block(**wrong)


def test_works_name_none() -> None:
    with pytest.raises(Unusable, match="procedure"):
        drafts.evaluation(SCORED | {"brands": {"core": CORE}}, of("open-works"), "110", ceiling=False)


@pytest.mark.parametrize(("evaluation", "brands", "said"), [
    (SCORED, {"core": CORE[:1]}, ("核心产品品牌相同", "得分最高", "随机抽取", "第31条")),
    (SCORED, {"core": CORE, "same": "all", "tie": "price"}, ("全部核心产品品牌相同", "报价较低")),
    (SCORED, {"core": CORE}, ("任意一种核心产品", "交互式触控一体机、推拉黑板")),
    (LOWEST, {"core": CORE}, ("报价最低的参加评标", "其他投标无效")),
])  # fmt: skip
def test_the_file_prints_what_follows(evaluation, brands, said) -> None:
    (line,) = judging.printed(evaluation | {"brands": judging.brands(brands)}, ())
    assert all(word in line for word in said)


def test_a_sheet_says_brands_only_where_it_has_some() -> None:
    bare = sheet.Sheet("86", 30, "合格")
    assert b"brands" not in sheet.compose(bare) and sheet.read(sheet.compose(bare)).brands == {}
    told = sheet.Sheet("86", 30, "合格", brands={"core1": "海信"})
    assert sheet.read(sheet.compose(told)) == told


@pytest.mark.parametrize("wrong", [{"core1": 1}, {"core1": "x" * 61}, ["海信"], {f"c{n}": "x" for n in range(21)}])
def test_what_is_no_brand_is_said(wrong) -> None:
    data = sheet.canon.loads(sheet.compose(sheet.Sheet("86", 30, "合格"))) | {"brands": wrong}
    with pytest.raises(Unusable, match=r"brands|core1"):
        sheet.read(sheet.canon.dumps(data))


def test_bids_of_one_brand_are_counted_by_the_files_way() -> None:
    said = {"a": {"core1": "海信", "core2": "x"}, "b": {"core1": "海信", "core2": "y"}, "c": {}}
    bids = [{"id": bid, "brands": brands} for bid, brands in said.items()]
    for same, count in (("any", 2), ("all", 3)):
        assert len(judging.one_brand({"brands": {"core": CORE, "same": same, "tie": ""}}, bids)) == count
    assert len(judging.one_brand({}, bids)) == 3
