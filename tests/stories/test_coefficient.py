"""A tender whose benchmark has several coefficients: one is drawn in public, and nothing is scored before."""

from __future__ import annotations

from pathlib import Path

import pytest

from certs import authority, draws, issuer, pdfcheck
from core import canon
from core.rules import Refused
from methods import scoring
from tests.stories.play import CaseFile, Life, four_sites, smaller
from verifier.commands import run_replay

VALUES = ["0.95", "0.96", "0.97", "0.98", "0.99"]


def _case(values: list[str] = VALUES) -> CaseFile:
    case = smaller(four_sites())
    case["tender"]["evaluation"]["price"]["benchmark"].pop("factor", None)
    case["tender"]["evaluation"]["price"]["benchmark"]["factor_set"] = values
    return case


@pytest.fixture(scope="module")
def opened(begin_shared) -> Life:
    return begin_shared(_case()).to_opened()


def _fork(opened: Life, tmp_path: Path) -> Life:
    return opened.fork(tmp_path / "fork")


def test_the_drawn_coefficient_is_public_replays_and_scores(opened: Life, tmp_path: Path) -> None:
    life = _fork(opened, tmp_path)
    assert life.stage.ask("", "opening.hall", life.case)["factor"] == {
        "set": VALUES, "draw": "", "value": "", "document": "",
    }  # fmt: skip
    life.to_report()
    told = life.stage.ask("", "opening.hall", life.case)["factor"]
    assert told["value"] in VALUES
    (record,) = [canon.loads(data) for data in life.papers("draw_record") if b'"coefficient"' in data]
    roots = [issuer.load(authority.of(life.acts.house.config).chain[-1])]
    assert draws.replay(record, roots).result == {"value": told["value"]}
    assert [told["document"]] == [
        one["id"]
        for one in life.stage.ask("", "case.show", life.case)["documents"]
        if one["kind"] == "draw_record" and one["audience"] == "public"
    ]
    path = tmp_path / "record.json"
    path.write_bytes(canon.dumps(record))
    assert run_replay(path).status == 0
    (pdf,) = life.papers("evaluation_report")
    report = pdfcheck.accept(pdf, [authority.of(life.acts.house.config).chain[-1]]).record
    used = report["scoring"]["input"]["price"]["benchmark"]
    assert (used["factor"], "factor_set" in used) == (told["value"], False)
    assert scoring.score(report["scoring"]["input"])["totals"] == report["scoring"]["result"]["totals"]
    assert {one["purpose"] for one in report["draws"]} == {"coefficient", "experts", "seating"}


def test_nobody_sits_down_before_the_coefficient_is_drawn(opened: Life, tmp_path: Path, monkeypatch) -> None:
    life = _fork(opened, tmp_path)
    monkeypatch.setattr(life, "draw_coefficient", lambda: None)
    life.draw_committee()
    with pytest.raises(Refused) as refused:
        life.seat()
    assert [(b.rule, b.article) for b in refused.value.breaches] == [("COEFFICIENT", "招标投标法 第40条")]
    made = life.stage.act("tenderer", "coefficient.freeze", life.case, parties=life.parties())
    life.commit_and_reveal(made["draw"])
    life.stage.act(life.members[0], "sitting.signin", life.case)


def test_there_is_one_draw_and_only_its_bodies_take_part(opened: Life, tmp_path: Path) -> None:
    life = _fork(opened, tmp_path)
    parties = life.parties()
    for wrong in ({**parties, "supervisor": parties["centre"]}, {**parties, "tenderer": life.user("bidder1").person}):
        assert life.stage.refused("centre1", "coefficient.freeze", life.case, parties=wrong) == ["DRAW-PARTY"]
    for who in ("bidder1", "regulator"):
        assert life.stage.refused(who, "coefficient.freeze", life.case, parties=parties) == ["ACCESS"]
    life.stage.act("agency", "coefficient.freeze", life.case, parties=parties)
    made = life.stage.act("centre1", "coefficient.freeze", life.case, parties=parties)  # nobody had committed yet
    life.commit_and_reveal(made["draw"])
    assert life.stage.refused("centre1", "coefficient.freeze", life.case, parties=parties) == ["DRAW-STATE"]
    kinds = [entry.kind for entry in life.entries()]
    assert (kinds.count("draw.voided"), kinds.count("coefficient.drawn")) == (1, 1)


def test_each_step_is_told_in_the_hall(opened: Life, tmp_path: Path) -> None:
    life = _fork(opened, tmp_path)
    life.draw_coefficient()
    with life.acts.reading() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT kind FROM live_event WHERE channel = ? ORDER BY seq", (f"hall:{life.case}",)
        )
        told = [kind for (kind,) in rows if kind.startswith(("coefficient.", "draw."))]
    assert told[0] == "coefficient.frozen"
    assert (told.count("draw.committed"), told.count("draw.revealed"), told.count("coefficient.drawn")) == (3, 3, 1)


def test_it_is_not_drawn_before_the_prices_are_out(begin) -> None:
    life = begin(_case())
    assert life.to_sealed() == "SEALED"
    assert life.stage.refused("centre1", "coefficient.freeze", life.case, parties=life.parties()) == ["STATE"]


def test_a_tender_without_a_set_has_nothing_to_draw(begin) -> None:
    life = begin().to_opened()
    with pytest.raises(Exception, match="no coefficient"):
        life.stage.act("centre1", "coefficient.freeze", life.case, parties=life.parties())
