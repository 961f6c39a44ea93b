"""Submitting, replacing, withdrawing; the deadline on both sides; what is refused and why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts.models import Org
from certs.models import Certificate
from core import canon, staged
from core.access import Actor, Role
from core.faults import Unusable
from core.rules import Refused
from trading.bidding.models import Bid
from trading.bidding.queries import bid_desk


def _rules(refused) -> list[tuple[str, str]]:
    return [(b.rule, b.action) for b in refused.value.breaches]


@pytest.mark.rule("E-02", "allowed")
@pytest.mark.certify("A-91", "A-99")
def test_a_bid_may_be_replaced_withdrawn_and_sent_again_until_the_deadline(stage) -> None:
    case = stage.announced()
    first, second = stage.bid(case, "投标人甲"), stage.bid(case, "投标人甲", "5600")
    stage.do("投标人甲", "bid.withdraw", case, bid=second.manifest.context.bid)
    with pytest.raises(Unusable):
        stage.do("投标人甲", "bid.withdraw", case, bid=first.manifest.context.bid)
    stage.at(stage.deadline(case) - timedelta(seconds=2))
    stage.bid(case, "投标人甲")
    with stage.world.read() as session:
        desk = bid_desk(session, case, stage.people["投标人甲"], stage.world.clock.now())
        other = bid_desk(session, case, stage.people["投标人乙"], stage.world.clock.now())
    assert [(v["version"], v["state"]) for v in desk["versions"]] == [
        (3, "received"),
        (2, "withdrawn"),
        (1, "replaced"),
    ]
    assert other["versions"] == []


@pytest.mark.rule("E-02", "refused")
@pytest.mark.certify("A-92", "A-93")
@pytest.mark.parametrize("rung", [False, True])
def test_at_the_deadline_and_after_it_is_too_late(stage, rung) -> None:
    case = stage.announced()
    made = stage.bid(case, "投标人甲")
    late = stage.seal(case, "投标人乙", {"bid.pdf": b"x"})
    stage.at(stage.deadline(case))
    if rung:
        stage.ring("tender.deadline", case)
    for who, act, payload in (
        ("投标人乙", "bid.submit", late.payload(stage.world)),
        ("投标人甲", "bid.withdraw", {"bid": made.manifest.context.bid}),
    ):
        with pytest.raises(Refused) as refused:
            stage.do(who, act, case, **payload)
        assert _rules(refused) == [("E-02", "R")]


@pytest.mark.rule("E-01", "refused")
@pytest.mark.certify("A-90")
def test_what_is_not_sealed_is_refused_with_a_message(stage) -> None:
    case = stage.announced()
    made = stage.seal(case, "投标人甲", {"bid.pdf": b"%PDF-1.7"})
    good = made.payload(stage.world)
    me = stage.people["投标人甲"]
    plain = stage.world.acts.house.blobs.put(b"%PDF-1.7 in clear" * 99)
    stage.world.acts.act(staged.stage, me, plain.sha256, plain.size)
    other = stage.seal(case, "投标人甲", {"bid.pdf": b"other"})
    other.payload(stage.world)
    wrong_lot = stage.seal("f" * 16, "投标人甲", {"bid.pdf": b"x"}).payload(stage.world)
    stranger = stage.seal(case, "投标人乙", {"bid.pdf": b"x"}).payload(stage.world, me)
    forged = canon.loads(made.manifest.data)
    forged["ciphertext"] |= {"sha256": plain.sha256, "size": plain.size}
    for payload in (
        good | {"manifest": None},
        good | {"manifest": {"schema": "none", "bid": "0" * 16}},
        {"manifest": forged, "ciphertext_sha256": plain.sha256, "size": plain.size},
        good | {"ciphertext_sha256": other.manifest.sha256},
        good | {"size": good["size"] + 1},
        wrong_lot,
        stranger,
    ):
        with pytest.raises((Refused, Unusable)) as refused:
            stage.do("投标人甲", "bid.submit", case, **payload)
        if isinstance(refused.value, Refused):
            assert _rules(refused) == [("E-01", "R")]
    with pytest.raises(Unusable, match="upload the file first"):
        stage.do("投标人甲", "bid.submit", case, **(good | {"ciphertext_sha256": "0" * 64}))
    stage.do("投标人甲", "bid.submit", case, **good)
    with pytest.raises(Unusable, match="fresh id"):
        stage.do("投标人甲", "bid.submit", case, **good)


@pytest.mark.rule("E-13", "refused")
def test_the_operators_affiliates_and_the_parties_may_not_bid(stage) -> None:
    case = stage.announced()
    made = stage.seal(case, "投标人甲", {"bid.pdf": b"x"}).payload(stage.world)
    with stage.world.read() as session:
        uscc = session.scalar(_uscc(stage.people["投标人甲"].org))
    stage.do("交易中心", "affiliate.declare", uscc=uscc, name="投标人甲", basis="控股")
    with pytest.raises(Refused) as refused:
        stage.do("投标人甲", "bid.submit", case, **made)
    assert _rules(refused) == [("E-13", "B")]
    party = stage.people["代理"]
    both = Actor(party.person, party.name, party.org, party.org_name, frozenset({Role.AGENCY, Role.BIDDER}))
    with pytest.raises(Refused, match="ACCESS"):
        stage.world.do(both, "bid.submit", case, **made)


def _uscc(org: str):
    return select(Org.uscc).where(Org.id == org)


@pytest.mark.rule("E-04", "refused")
def test_shares_are_asked_exactly_where_the_file_has_a_fallback(stage) -> None:
    plain = stage.announced()
    with pytest.raises(Refused) as unasked:
        stage.bid(plain, "投标人甲", fallback=True)
    assert _rules(unasked) == [("E-04", "R")]


def test_a_fallback_without_custodian_keys_cannot_be_issued(stage) -> None:
    with stage.world.read() as session, session.begin():
        for row in session.scalars(_custodian_certificates()):
            session.delete(row)
    case = stage.drafting(settings={"fallback": True})
    with pytest.raises(Refused) as refused:
        stage.do("招标人", "tender.issue", case)
    assert [b.found for b in refused.value.breaches] == ["tenderer", "centre", "regulator"]


def _custodian_certificates():
    return select(Certificate).where(Certificate.profile == "custodian-encrypt")


def test_a_suspended_case_goes_no_step_forward_but_bids_arrive(stage) -> None:
    case = stage.announced()
    stage.object("投标人乙", case)
    stage.bid(case, "投标人甲")
    stage.at(stage.deadline(case))
    assert stage.ring("tender.deadline", case) == {"state": "ANNOUNCED"}
    with pytest.raises(Refused, match="R1-09"):
        stage.do("交易中心", "opening.begin", case)


def test_one_live_bid_a_bidder_is_the_databases_last_guard(stage) -> None:
    case = stage.announced()
    stage.bid(case, "投标人甲")
    stage.bid(case, "投标人甲")
    with stage.world.read() as session:
        states = sorted(b.state for b in session.query(Bid))
    assert states == ["received", "replaced"]
