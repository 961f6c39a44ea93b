"""Before the opening nothing tells who has bid or how many: two equal worlds, one without bids, one with five."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from core import ledger, live
from core.access import SYSTEM, Actor, Role
from core.faults import Fault, Unusable
from core.jobs import DueJob
from core.ledger import EntryRow
from core.rules import Refused
from tests.trading.stage import ISSUE
from trading.bidding import queries as bidding
from trading.bidding.models import Bid
from trading.bond import queries as bonds
from trading.bond import returns
from trading.bond.models import Arrival
from trading.document import actions as document_actions
from trading.opening import queries as opening
from trading.project import queries
from trading.project.models import Case

FIVE = [f"投标人{n}" for n in "甲乙丙丁戊"]
PUBLIC = Actor(name="公众", roles=frozenset({Role.PUBLIC}))
LATER = ISSUE + timedelta(days=3)


def _everyone(stage) -> dict[str, Actor]:
    others = {
        "旁观投标人": Role.BIDDER, "审计": Role.AUDITOR, "管理员": Role.ADMIN, "专家": Role.EXPERT,
        "定标委员": Role.ELECTOR,
    }  # fmt: skip
    made = {
        name: Actor(f"{n:016x}", name, f"{n + 99:016x}", name, frozenset({role}))
        for n, (name, role) in enumerate(others.items())
    }
    parties = {name: stage.people[name] for name in ("招标人", "代理", "交易中心", "监管")}
    return {"公众": PUBLIC, **made, **parties}


def _answers(stage, case: str) -> dict[str, object]:
    """Every query as every audience, with ids and hashes that differ between two worlds made equal."""
    found: dict[str, object] = {}
    with stage.world.read() as session:
        for name, actor in _everyone(stage).items():
            found[name] = {
                "page": queries.case_page(session, case, actor, LATER),
                "documents": queries.documents(session, case, actor),
                "mine": queries.cases_of(session, actor),
                "desk": bidding.bid_desk(session, case, actor, LATER),
                "downloads": bidding.downloads(session, case, actor),
                "questions": bidding.questions(session, case, actor),
                "bidders": bidding.bidders(session, case, actor, LATER),
                "reference": bidding.reference_state(session, case, actor),
                "hall": opening.hall(session, case, actor, LATER),
                "bond": bonds.own(session, case, actor, LATER),
                "bonds": _bonds(session, case, actor),
                "cashier": bonds.cashier(session, actor),
                "bonds to pay back": bonds.orders(session, actor),
                "bonds to lodge": bonds.to_lodge(session, actor, LATER),
                "bonds to return": bonds.to_return(session, actor, LATER),
            }
        found["portal"] = queries.portal(session)
        found["halls"] = opening.halls(session)
        found["opened"] = opening.opened_bids(session, case)
        found["related"] = opening.related_bidders(session, case)
        found["ledger"] = [(e.kind, e.index) for e in ledger.entries(session, f"case:{case}")]
        by_case = session.scalars(select(EntryRow.kind).where(EntryRow.case == case))
        found["entries by case"] = list(by_case)
        found["jobs"] = sorted((j.act, j.at.isoformat()) for j in session.scalars(select(DueJob)))
        everyone = _everyone(stage).values()
        channels = [f"hall:{case}", f"room:{case}", f"watch:{case}", *(f"me:{one.person}" for one in everyone)]
        found["live"] = {re.sub(r"[0-9a-f]{16}", "#", c): live.last(session, c) for c in channels}
    return found


def _bonds(session, case: str, actor: Actor) -> object:
    row = session.get(Case, case)
    try:
        shown = bonds.table(session, case, actor, LATER)
    except Refused as refused:
        return str(refused)
    return [shown, bonds.of_bids(session, row, LATER), bonds.shared_payers(session, row)]


def _errors(stage, case: str) -> dict[str, str]:
    """What someone who tries everything is told."""
    clean = {"manifest": {}, "ciphertext_sha256": "0" * 64, "size": 1}
    tries = [
        ("旁观投标人", "bid.withdraw", {"bid": "0" * 16}), ("旁观投标人", "bid.submit", clean),
        ("旁观投标人", "opening.signin", {}), ("旁观投标人", "opening.unlock", {"file_key": "x"}),
        ("交易中心", "opening.begin", {}), ("交易中心", "opening.close", {}), ("代理", "opening.begin", {}),
        ("代理", "opening.decide", {"bid": "0" * 16, "cause": "bidder", "reason": "x"}),
        ("监管", "opening.release", {"bid": "0" * 16, "share": "x"}), ("招标人", "reference.unlock", {"file_key": "x"}),
        ("招标人", "bid.submit", clean), ("公众", "file.fetch", {}),
        ("代理", "file.save", {"validity_days": 1}), ("招标人", "tender.issue", {}),
        ("招标人", "bond.return", {"bonds": ["0" * 16]}), ("旁观投标人", "bond.pay", {"account": "4" * 16}),
        ("交易中心", "bond.confirm", {"bond": "0" * 16, "bank_ref": "x", "at": "2026-04-01T09:00"}),
        ("招标人", "bond.forfeit", {"bond": "0" * 16, "ground": "TL35", "reason": "x"}),
    ]  # fmt: skip
    people, found = _everyone(stage), {}
    for name, act, payload in tries:
        with pytest.raises((Refused, Unusable, Fault)) as error:
            stage.world.do(people[name], act, case, **payload)
        found[f"{name} {act}"] = str(error.value)
    found["timer"] = str(stage.ring("tender.deadline", case))
    found["timer of bonds"] = str(stage.world.acts.act(returns.read_feed, SYSTEM))
    return found


def _equal(value: object) -> str:
    """Random ids, codes and digests of two worlds look alike here; everything else must be the same."""
    text = json.dumps(value, default=str, ensure_ascii=False, sort_keys=True)
    text = re.sub(r"[0-9a-f]{64}", "<hash>", text)
    return re.sub(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])", "<id>", text)


def _blind(value: object) -> object:
    """Sizes of a document may differ by a compressed byte: it prints a random project id."""
    return re.sub(r'"size": \d+', '"size": 0', _equal(value))


def _lodge(stage, case: str, who: str) -> None:
    stage.do(who, "bond.lodge", case, form="transfer")
    stage.do(who, "bond.pay", case, account="4200111122223333")
    stage.world.acts.act(returns.read_feed, SYSTEM)


@pytest.mark.rule("E-12", "refused")
@pytest.mark.rule("E-03", "blind")
@pytest.mark.certify("A-96", "A-107", "B-016")
def test_every_answer_and_error_is_the_same_with_no_and_with_five_bids(stage, monkeypatch) -> None:
    case = stage.announced()
    stage.at(LATER)
    before, errors = _blind(_answers(stage, case)), _errors(stage, case)
    for who in FIVE:
        _lodge(stage, case, who)
        stage.bid(case, who)
    stage.bid(case, "投标人甲")
    with stage.world.read() as session:
        assert len(session.scalars(select(Arrival.id)).all()) == 5
        live_ones = session.scalars(select(Bid.id).where(Bid.state == "received")).all()
        assert len(live_ones) == 5
        leaked = json.dumps(_answers(stage, case), default=str, ensure_ascii=False)
    stage.at(LATER)
    assert _blind(_answers(stage, case)) == before
    assert _errors(stage, case) == errors
    assert not [bid for bid in live_ones if bid in leaked]
    assert not [who for who in FIVE if who in leaked]


def test_each_bidder_sees_its_own_bid_and_no_other(stage) -> None:
    case = stage.announced()
    for who in FIVE:
        stage.bid(case, who)
    with stage.world.read() as session:
        for who in FIVE:
            seen = bidding.bidders(session, case, stage.people[who], LATER)
            assert [b["org_name"] for b in seen] == [who]
            hall = opening.hall(session, case, stage.people[who], LATER)
            assert (hall["rows"], bool(hall["own"])) == ([], True)


@pytest.mark.certify("A-106")
def test_sealed_is_as_blind_as_announced_also_for_who_signs_in_early(stage) -> None:
    """After the deadline and before the host begins, names are still nobody's (A-107)."""
    case = stage.announced()
    for who in FIVE:
        stage.bid(case, who)
    _lodge(stage, case, "投标人甲")
    stage.sealed(case)
    before = _blind(_answers(stage, case))
    stage.do("投标人甲", "opening.signin", case)
    assert _blind(_answers(stage, case)) == before
    assert not [who for who in FIVE if who in before]
    stage.begin(case, *FIVE[1:3])
    with stage.world.read() as session:
        assert [b["org_name"] for b in bidding.bidders(session, case, PUBLIC, LATER)] == FIVE


@pytest.mark.rule("E-03", "no price early")
def test_no_price_exists_before_the_hall_closes(stage) -> None:
    case = stage.announced()
    seals = {who: stage.bid(case, who, "5123.45") for who in FIVE}
    stage.sealed(case)
    stage.begin(case, *FIVE)
    for who in FIVE:
        stage.do(who, "opening.unlock", case, file_key=seals[who].file_key)
    assert "5123.45" not in json.dumps(_answers(stage, case), default=str, ensure_ascii=False)
    stage.do("交易中心", "opening.close", case)
    assert "5123.45" not in json.dumps(_answers(stage, case), default=str, ensure_ascii=False)
    stage.ring("opening.settle", case)
    with stage.world.read() as session:
        rows = opening.hall(session, case, PUBLIC, LATER)["rows"]
    assert {row["price"] for row in rows} == {"5123.45"}


@pytest.mark.certify("A-109", "B-018")
@pytest.mark.rule("R1-10", "by the timer")
def test_a_failed_tender_names_nobody(stage) -> None:
    case = stage.announced()
    for who in FIVE[:2]:
        stage.bid(case, who)
    stage.sealed(case)
    with stage.world.read() as session:
        assert session.get(Case, case).state == "FAILED"
        assert bidding.bidders(session, case, stage.people["招标人"], LATER) == []
        shown = json.dumps(_answers(stage, case), default=str, ensure_ascii=False)
    assert not [who for who in FIVE if who in shown]


@pytest.mark.rule("E-12", "allowed")
def test_the_download_list_is_the_tenderers_and_its_agencys_alone(stage) -> None:
    case = stage.announced()
    stage.do("投标人甲", "file.fetch", case)
    with stage.world.read() as session:
        for name, actor in _everyone(stage).items():
            assert bool(bidding.downloads(session, case, actor)) == (name in ("招标人", "代理"))


def test_refusing_late_knows_only_the_clock(stage) -> None:
    case = stage.announced()
    with stage.world.read() as session:
        row = session.get(Case, case)
        document_actions.refuse_late(row, row.deadline - timedelta(milliseconds=1))
        with pytest.raises(Refused, match="E-02"):
            document_actions.refuse_late(row, row.deadline)
