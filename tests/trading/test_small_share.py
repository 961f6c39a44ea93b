"""A share of small firms in a tender file and in a price sheet (财库〔2020〕46号 art. 9, 财库〔2022〕19号)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.faults import Unusable
from trading.document import drafts, explain
from trading.opening import sheet
from trading.procedures import of
from web.cli import price_sheet

PRICE: dict[str, Any] = {
    "full": "30", "benchmark": {"terms": [{"of": "lowest", "weight": "1"}]}, "curve": {"kind": "ratio"},
    "deductions": {"small_firm": "0.10", "small_share": "0.05"}, "least_share": "30",
}  # fmt: skip
SCORED: dict[str, Any] = {"price": PRICE, "criteria": [{"id": "a", "max": "70"}]}
SHEET = sheet.Sheet("86", 30, "合格", flags=("small_share",), small={"form": "consortium", "share": "30.00"})


@pytest.mark.rulebook("3.4 consortium")
def test_the_file_prints_rate_least_share_and_article() -> None:
    kept = drafts.evaluation(SCORED, of("open-goods"), "110", ceiling=False)
    *_, own, share, alone = explain.curve(kept["price"])
    assert own == "属于小微企业的投标人，评审用价格扣除 10%。"
    assert all(word in share for word in ("30% 以上", "扣除 5%", "第9条", "联合协议", "分包意向协议"))
    assert "各方均为小微企业的，视同小微企业" in alone


def test_outside_government_procurement_a_file_offers_none() -> None:
    with pytest.raises(Unusable, match="only in government procurement"):
        drafts.evaluation(SCORED, of("open-works"), "110", ceiling=False)


def test_a_sheet_declares_form_and_share() -> None:
    assert sheet.read(sheet.compose(SHEET)) == SHEET == sheet.declared(sheet.compose(SHEET))
    assert b'"small"' not in sheet.compose(sheet.Sheet("86", 30, "合格"))


@pytest.mark.parametrize(
    ("small", "flags", "why"),
    [({"form": "consortium", "share": "101"}, ["small_share"], "share"), ({}, ["small_share"], "undeclared"),
     ({"form": "consortium", "share": "40"}, [], "unflagged"), ([1], ["small_share"], "form"),
     ("x" * 5000, ["small_share", "domestic"], "form")],
)  # fmt: skip
def test_a_declaration_that_cannot_stand_costs_its_deduction_and_never_the_price(small, flags, why) -> None:
    data = sheet.canon.dumps(sheet.canon.loads(sheet.compose(SHEET)) | {"flags": flags, "small": small})
    read = sheet.read(data)
    assert (read.price, read.small) == ("86", {"problem": why})
    assert read.flags == tuple(flag for flag in flags if flag != "small_share")
    with pytest.raises(Unusable, match="small"):
        sheet.declared(data)


def test_the_offline_tool_writes_it_and_refuses_what_would_not_count(tmp_path: Path) -> None:
    def run(name: str, *more: str):
        words = ["86", str(tmp_path / name), "--days", "30", "--manager", "王", "--certificate", "1", *more]
        return Flask("offline").test_cli_runner().invoke(price_sheet, words)

    claim = ("--flag", "small_share", "--small")
    assert run("a.json", *claim, "subcontract", "30.00").exit_code == 0
    assert sheet.read((tmp_path / "a.json").read_bytes()).small == {"form": "subcontract", "share": "30.00"}
    assert run("b.json", *claim, "all_small", "-").exit_code == 0
    for wrong in ((*claim, "subcontract", "100.5"), ("--small", "subcontract", "30"), ("--flag", "small_share")):
        found = run("c.json", *wrong)
        assert found.exit_code != 0 and "small" in found.output and not (tmp_path / "c.json").exists()
