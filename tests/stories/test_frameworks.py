"""Whole lives of framework agreements: a closed one of government procurement with three purchases, an open one, and
one of a state firm."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from certs import authority, desk
from core import canon
from core.ledger import EntryRow
from core.rules import Refused
from tests.certs.pdf_tools import fonts_missing
from tests.trading.framework_world import BUYER, OWNER, REGULATOR, SUPPLIERS, Agreements, build, shows
from trading.framework import queries
from trading.framework.models import FrameworkNotice
from trading.framework.states import over
from trading.order.models import Order
from verifier.commands import run_verify

pytestmark = pytest.mark.skipif(bool(fonts_missing()), reason=fonts_missing())
A, B, C, D, E, F = SUPPLIERS[:6]


@pytest.fixture
def agreements(world) -> Agreements:
    return build(world)


def kinds(agreements: Agreements, framework: str) -> list[str]:
    with agreements.read() as session:
        query = session.query(FrameworkNotice).filter_by(framework_id=framework)
        return [one.kind for one in query.order_by(FrameworkNotice.published_at)]


def states(agreements: Agreements, framework: str) -> list[str]:
    with agreements.read() as session:
        return [one["state"] for one in queries.stations(session, agreements.row(framework)) if one["done"]]


def verified(agreements: Agreements, framework: str, folder: Path) -> list[str]:
    """`flask verify` of the report and of a signed agreement, without database or ledger."""
    blobs, config = agreements.stage.world.acts.house.blobs, agreements.stage.world.acts.house.config
    (folder / "trust.json").write_bytes(canon.dumps(authority.of(config).trust([])))
    row, told = agreements.row(framework), []
    with agreements.read() as session:
        members = queries.members(session, row, agreements.actor(OWNER))
        agreed = [one["row"].document for one in members if one["row"].state == "ACTIVE"]
        documents = [row.report_doc, agreed[0]]
        heads = {one: desk.row(session, one).head for one in documents if desk.row(session, one).state == "sealed"}
    for number, head in enumerate(heads.values()):
        path = folder / f"{number}.pdf"
        path.write_bytes(blobs.get(head))
        outcome = run_verify([path])
        assert outcome.status == 0, outcome.text
        told.append(outcome.text)
    path.write_bytes(path.read_bytes()[:-1])
    assert run_verify([path]).status != 0
    return told


@shows("FA-07/copy", "FA-09/summary", sides=("allowed",))
def test_a_closed_agreement_from_scheme_to_summary(agreements: Agreements, tmp_path: Path) -> None:
    prices = {A: "20", B: "21", C: "22", D: "23", E: "24", F: "25"}
    framework = agreements.opened(prices)
    agreements.published(framework)
    assert [agreements.member(framework, who).state for who in prices] == ["SHORTLISTED"] * 4 + ["ELIMINATED"] * 2
    for who in (A, B, C, D):
        agreements.sign_agreement(framework, who)
    agreements.work()
    assert agreements.row(framework).state == "ACTIVE"
    told = verified(agreements, framework, tmp_path)
    assert len(told) == 2 and "recomputed from the attached record: elimination" in told[0]
    assert agreements.do(OWNER, "framework.copy", framework)["warnings"] == []
    agreements.do(OWNER, "framework.rota", framework)

    picked = agreements.pick(framework, B)
    agreements.do(B, "framework.accept", picked)
    turned = agreements.rotate(framework)
    agreements.do(A, "framework.accept", turned)
    competed = agreements.invite(framework)
    agreements.quoted(competed, {C: "19", D: "18.88"})
    agreements.do(BUYER, "framework.award", competed)
    agreements.do(D, "framework.accept", competed)
    agreements.do(BUYER, "framework.result", competed)
    agreements.move(agreements.now + timedelta(days=5))
    assert {"rota_result", "mini_result"} <= set(kinds(agreements, framework))

    ends = agreements.row(framework).ends_on
    agreements.move(over(ends))
    assert agreements.row(framework).state == "EXPIRED"
    with pytest.raises(Refused):
        agreements.pick(framework, B)
    done = agreements.do(OWNER, "framework.summary", framework, text="供货及时")
    with agreements.read() as session:
        totals = [one.total for one in session.query(Order).filter_by(source="framework")]
    assert Decimal(done["figures"]["total"]) == sum(totals) == Decimal("63") + 60 + Decimal("56.64")
    assert {way: one["orders"] for way, one in done["figures"]["ways"].items()} == {"direct": 1, "rota": 1, "mini": 1}
    assert done["warnings"] == []
    assert states(agreements, framework) == list(queries.CLOSED_WAY)
    assert kinds(agreements, framework)[-1] == "summary"


@shows("FA-07/copy", "FA-09/summary", sides=("refused",))
def test_duties_done_late_are_done_and_noted(agreements: Agreements) -> None:
    framework = agreements.active({A: "20", B: "21"})
    agreements.move(agreements.now + timedelta(days=15))
    assert [one["rule"] for one in agreements.do(OWNER, "framework.copy", framework)["warnings"]] == ["FA-07/copy"]
    agreements.move(over(agreements.row(framework).ends_on) + timedelta(days=20))
    assert [one["rule"] for one in agreements.do(OWNER, "framework.summary", framework)["warnings"]] == [
        "FA-09/summary"
    ]
    with agreements.read() as session:
        query = session.query(EntryRow).filter_by(stream=f"framework:{framework}", kind="framework.late")
        assert query.count() == 2


@shows("FA-11/check", "FA-11/list")
def test_an_open_agreement_is_joined_and_left_at_any_time(agreements: Agreements) -> None:
    framework = agreements.solicited(
        kind="open", goods="services", months=24, ground="all_qualified", ways=["direct", "mini"]
    )
    for who in (A, B, C):
        agreements.do(who, "framework.apply", framework, statement="具备资质，承诺按公告价格供应")
    with pytest.raises(Refused):
        agreements.do(OWNER, "framework.check", framework, member=agreements.member(framework, C).id, **{"pass": False})
    agreements.do(OWNER, "framework.check", framework, member=agreements.member(framework, C).id,
                  **{"pass": False, "reason": "资质过期"})  # fmt: skip
    with pytest.raises(Refused):
        agreements.do(OWNER, "framework.list", framework, member=agreements.member(framework, A).id)
    for who in (A, B):
        agreements.do(
            OWNER, "framework.check", framework, member=agreements.member(framework, who).id, **{"pass": True}
        )
    agreements.do(OWNER, "framework.list", framework, member=agreements.member(framework, A).id)
    agreements.move(agreements.now + timedelta(days=9))
    late = agreements.do(OWNER, "framework.list", framework, member=agreements.member(framework, B).id)
    assert [one["rule"] for one in late["warnings"]] == ["FA-11/list"]
    agreements.do(D, "framework.apply", framework, statement="具备资质")
    agreements.move(agreements.now + timedelta(days=14))
    late = agreements.do(
        OWNER, "framework.check", framework, member=agreements.member(framework, D).id, **{"pass": True}
    )
    assert [one["rule"] for one in late["warnings"]] == ["FA-11/check"]
    need = agreements.pick(framework, A)
    agreements.do(A, "framework.accept", need)
    agreements.do(A, "framework.leave", framework, reason="业务调整")
    assert agreements.member(framework, A).state == "LEFT"
    agreements.do(A, "framework.apply", framework, statement="重新加入")
    assert agreements.member(framework, A).state == "APPLIED"
    gone = {"member": agreements.member(framework, B).id, "cause": "quality", "reason": "不合格"}
    agreements.do(REGULATOR, "framework.remove", framework, **gone)
    agreements.move(over(agreements.row(framework).ends_on))
    with pytest.raises(Refused):
        agreements.do(D, "framework.apply", framework, statement="x")
    figures = agreements.do(OWNER, "framework.summary", framework)["figures"]
    assert (figures["orders"], figures["total"]) == (1, "75")
    assert states(agreements, framework) == list(queries.OPEN_WAY)
    assert kinds(agreements, framework) == ["solicitation", "listing", "listing", "left", "removed", "summary"]


def test_a_state_firm_eliminates_half(agreements: Agreements, tmp_path: Path) -> None:
    prices = {A: "20", B: "21", C: "22", D: "23", E: "24"}
    framework = agreements.opened(prices, regime="soe", days=5, months=24, adjustment="按季度调整")
    agreements.published(framework)
    assert [agreements.member(framework, who).state for who in prices] == ["SHORTLISTED"] * 2 + ["ELIMINATED"] * 3
    for who in (A, B):
        agreements.sign_agreement(framework, who)
    agreements.work()
    assert len(verified(agreements, framework, tmp_path)) == 2
    need = agreements.invite(framework)
    agreements.quoted(need, {A: "19.5", B: "19"})
    agreements.do(BUYER, "framework.award", need)
    agreements.do(B, "framework.accept", need)
    assert agreements.need(need).result_by is None, "the standard fixes no days"


def test_a_state_firm_may_recommend_less_with_its_reason(agreements: Agreements) -> None:
    said = {"regime": "soe", "rate": "10", "override": "区域内只有三家能供货"}
    framework = agreements.opened({A: "20", B: "21", C: "22"}, **said)
    agreements.mark_all(framework)
    done = agreements.conclude(framework)
    assert (len(done["inside"]), len(done["out"])) == (2, 1), "a tenth of three, rounded up"
