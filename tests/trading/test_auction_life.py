"""An auction from its draft to the order, for who may and who may not, in time and a moment too late."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from accounts.models import Org
from core import canon, ledger
from core.access import SYSTEM
from core.faults import Unusable
from core.jobs import DueJob
from core.live import since
from core.rules import Refused
from tests.trading.auction_world import ENDS, LINE, NOTICE, OPENS, START, Mall, mall
from trading.auction import queries
from trading.auction.models import AuctionBid, AuctionBreak, AuctionEntry
from trading.auction.work import work
from trading.order.models import Order, OrderLine
from trading.supplier.models import MallSupplier

MS = timedelta(milliseconds=1)


@pytest.fixture
def house(world) -> Mall:
    return mall(world)


def refused(call, *args, **kwargs) -> list[str]:
    with pytest.raises(Refused) as error:
        call(*args, **kwargs)
    return [one.rule for one in error.value.breaches]


def kinds(house: Mall, auction: str) -> list[str]:
    with house.world.read() as session:
        return [one.kind for one in ledger.entries(session, f"auction:{auction}")]


# -- draft and notice -------------------------------------------------------------------------------------------------


def test_a_draft_is_changed_by_its_buyer_until_it_is_published(house):
    auction = house.draft()
    assert house.do(house.buyer, "auction.save", auction, **NOTICE | {"title": "另一个"}) == {"auction": auction}
    assert refused(house.do, house.other["buyer"], "auction.save", auction, **NOTICE) == ["AUC-PARTY"]
    assert refused(house.do, house.suppliers[0], "auction.save", **NOTICE) == ["ACCESS"]
    with pytest.raises(Unusable, match="no such auction"):
        house.show(house.other["buyer"], auction)
    house.do(house.buyer, "auction.publish", auction)
    assert refused(house.do, house.buyer, "auction.save", auction, **NOTICE) == ["STATE"]
    assert refused(house.do, house.buyer, "auction.publish", auction) == ["STATE"]
    assert house.row(auction).title == "另一个"


@pytest.mark.parametrize(
    ("field", "value"),
    [("ceiling", "0"), ("ceiling", "abc"), ("ceiling", "10.001"), ("step", "-1"), ("lines", []), ("lines", [{}]),
     ("lines", [LINE | {"category": "X1"}]), ("lines", [LINE | {"category": "A02110202"}]),
     ("lines", [LINE | {"quantity": 0}]), ("lines", ["x"]), ("title", ""), ("title", "x" * 121), ("region", "999999"),
     ("opens_at", "soon"), ("regime", "else"), ("entrants", "all"), ("far", 0), ("far", 100), ("extra", 1),
     ("window", 3601), ("most_extensions", -1)],
)  # fmt: skip
def test_a_draft_of_the_wrong_shape_says_which_field(house, field, value):
    with pytest.raises(Unusable):
        house.draft(**{field: value})


def test_only_known_organisations_are_invited(house):
    with pytest.raises(Unusable, match="invited"):
        house.draft(entrants="invited", invited=["91420112MA00000000"])


def test_what_could_not_run_is_not_published(house):
    late = house.draft(opens_at=START.isoformat())
    assert refused(house.do, house.buyer, "auction.publish", late) == ["AUC-TERMS"]
    few = house.draft(entrants="invited", invited=[])
    assert refused(house.do, house.buyer, "auction.publish", few) == ["AUC-LEAST"]
    assert house.row(few).state == "DRAFT"


def test_numbers_of_a_day_follow_one_another(house):
    numbers = [house.row(house.draft()).number for _ in range(3)]
    assert numbers == ["JJ20260302000001", "JJ20260302000002", "JJ20260302000003"]


# -- entering ---------------------------------------------------------------------------------------------------------


def test_entering_draws_a_mask_that_tells_nothing(house):
    auction = house.published()
    aliases = [house.do(one, "auction.enter", auction, accept=True)["alias"] for one in house.suppliers]
    assert len(set(aliases)) == 4 and all(len(one) == 4 for one in aliases)
    assert house.do(house.suppliers[0], "auction.enter", auction, accept=True)["alias"] == aliases[0]
    with house.world.read() as session:
        assert len(session.scalars(select(AuctionEntry)).all()) == 4
    assert "auction.entered" not in kinds(house, auction)  # its stream would tell how many there are


def test_who_may_not_enter(house):
    auction = house.published()
    enter = house.do
    assert refused(enter, house.other["not of the mall"], "auction.enter", auction, accept=True) == ["AUC-ENTRANT"]
    assert refused(enter, house.buyer, "auction.enter", auction, accept=True) == ["ACCESS"]
    with pytest.raises(Unusable, match="accept"):
        enter(house.suppliers[0], "auction.enter", auction, accept=False)
    changed = {0: {"state": "suspended"}, 1: {"categories": ["A05000000"]}, 2: {"regions": ["110000"]}}
    with house.world.read() as session, session.begin():
        for place, change in changed.items():
            row = session.scalars(select(MallSupplier).where(MallSupplier.org_id == house.suppliers[place].org)).one()
            for key, value in change.items():
                setattr(row, key, value)
    for place in changed:
        assert refused(enter, house.suppliers[place], "auction.enter", auction, accept=True) == ["AUC-ENTRANT"]
    house.at(ENDS)
    assert refused(enter, house.suppliers[3], "auction.enter", auction, accept=True) == ["AUC-END"]


def test_only_the_invited_enter(house):
    codes = [code_of(house, one) for one in house.suppliers[:3]]
    auction = house.published(entrants="invited", invited=codes)
    assert house.do(house.suppliers[2], "auction.enter", auction, accept=True)["alias"]
    assert refused(house.do, house.suppliers[3], "auction.enter", auction, accept=True) == ["AUC-ENTRANT"]


def code_of(house: Mall, actor) -> str:
    with house.world.read() as session:
        return session.get_one(Org, actor.org).uscc


# -- bidding ----------------------------------------------------------------------------------------------------------


def test_prices_fall_by_steps_whoever_gives_them(house):
    auction = house.bidding()
    assert refused(house.bid, 0, auction, "50000.01") == ["AUC-CEILING"]
    assert house.bid(0, auction, "50000")["seq"] == 1
    assert refused(house.bid, 1, auction, "50000") == ["AUC-STEP"]
    assert refused(house.bid, 1, auction, "49900.01") == ["AUC-STEP"]
    assert house.bid(1, auction, "49900")["words"] == "肆万玖仟玖佰元整"
    assert house.bid(1, auction, "49800")["seq"] == 3  # one's own best may be lowered
    assert refused(house.bid, 3, auction, "49000") == ["AUC-ENTRANT"]
    assert refused(house.do, house.buyer, "auction.bid", auction, price="1") == ["ACCESS"]
    for wrong in ("", "abc", "1e3x", "0", "-5", "1.001", "9" * 13):
        with pytest.raises(Unusable, match="price"):
            house.bid(0, auction, wrong)
    row = house.row(auction)
    assert (row.best, row.bids, row.best_org) == (Decimal(49_800), 3, house.suppliers[1].org)


def test_a_slip_is_asked_for_again(house):
    auction = house.bidding()
    assert refused(house.bid, 0, auction, "3490") == ["AUC-FAR"]
    assert refused(house.bid, 0, auction, "3490", sure="34900") == ["AUC-FAR"]
    assert house.bid(0, auction, "3490", sure="3490.00")["seq"] == 1


def test_the_moment_of_the_act_decides(house):
    auction = house.published()
    house.do(house.suppliers[0], "auction.enter", auction, accept=True)
    house.at(OPENS - MS)
    assert refused(house.bid, 0, auction, "50000") == ["AUC-START"]
    house.at(OPENS)
    assert house.bid(0, auction, "50000")["seq"] == 1  # no timer had begun it
    assert house.row(auction).state == "BIDDING"
    house.at(ENDS)
    with pytest.raises(Refused) as late:
        house.bid(0, auction, "49000")
    assert (late.value.breaches[0].rule, late.value.breaches[0].article) == ("AUC-END", "平台竞价规则")
    house.at(ENDS - MS)
    assert house.bid(0, auction, "49000")["ends_at"] == ENDS + timedelta(seconds=180)
    assert house.row(auction).state == "EXTENDING"


def test_the_end_moves_by_prices_in_the_window_and_as_often_as_the_notice_says(house):
    auction = house.bidding(most_extensions=2)
    house.at(ENDS, seconds=-181)
    assert house.bid(0, auction, "50000")["ends_at"] == ENDS
    prices = itertools.count(49_900, -100)
    for times in (1, 2):
        house.at(house.row(auction).ends_at, seconds=-1)
        assert house.bid(1, auction, str(next(prices)))["ends_at"] == ENDS + timedelta(seconds=180 * times)
    house.at(house.row(auction).ends_at, seconds=-1)
    assert house.bid(0, auction, str(next(prices)))["ends_at"] == ENDS + timedelta(seconds=360)


def test_a_supplier_suspended_while_it_runs_bids_no_more(house):
    auction = house.bidding()
    house.bid(0, auction, "50000")
    with house.world.read() as session, session.begin():
        session.scalars(select(MallSupplier).where(MallSupplier.org_id == house.suppliers[0].org)).one().state = (
            "suspended")  # fmt: skip
    assert refused(house.bid, 0, auction, "49000") == ["AUC-ENTRANT"]


# -- masks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("regime", ["government", "state_firm"])
def test_nobody_sees_a_name_before_the_close_and_everybody_after(house, regime):
    auction = house.bidding(regime=regime)
    for place, price in enumerate(("50000", "49000", "48000")):
        house.bid(place, auction, price)
    readers = [house.buyer, house.centre, house.other["regulator"], house.suppliers[0], house.suppliers[3], SYSTEM]
    names = [one.org_name for one in house.suppliers] + [one.org for one in house.suppliers]
    for actor in readers:
        said = canon.dumps(house.show(actor, auction) | {"entry_breaches": []}).decode()
        assert not [name for name in names if name in said], actor
    with house.world.read() as session:
        told = canon.dumps([one.data for one in since(session, f"auction:{auction}", 0)]).decode()
        bodies = canon.dumps([one.body for one in ledger.entries(session, f"auction:{auction}")]).decode()
        aliases = [one.alias for one in session.scalars(select(AuctionEntry))]
    assert not [name for name in names if name in told + bodies]
    shown = house.show(house.buyer, auction)
    assert ([one for one in aliases[:3] if one in told] == []) is (regime == "state_firm")
    assert {one["alias"] for one in shown["log"]} == ({""} if regime == "state_firm" else set(aliases[:3]))
    house.end(auction)
    after = house.show(SYSTEM, auction)
    assert [one["org"] for one in after["log"]] == [one.org_name for one in house.suppliers[:3]]
    assert [one["org"] for one in after["ranking"]] == [one.org_name for one in reversed(house.suppliers[:3])]


def test_who_leads_sees_that_it_leads_and_nobody_else(house):
    auction = house.bidding()
    house.bid(0, auction, "50000")
    house.bid(1, auction, "49000")
    assert [house.show(one, auction)["leads"] for one in (*house.suppliers, house.buyer)] == [
        False, True, False, False, False]  # fmt: skip
    assert house.show(house.suppliers[0], auction)["mine"] == "50000"


# -- the end ----------------------------------------------------------------------------------------------------------


def test_with_fewer_than_three_it_is_void_and_names_stay_hidden(house):
    auction = house.closed("50000", "49000")
    row = house.row(auction)
    assert (row.state, row.reason) == ("VOID", "too few bidders")
    assert house.show(house.buyer, auction)["ranking"] == []
    assert house.suppliers[0].org_name not in str(house.show(house.buyer, auction)["log"])


def test_one_bidder_with_many_prices_is_one(house):
    auction = house.bidding()
    for price in ("50000", "49000", "48000", "47000"):
        house.bid(0, auction, price)
    house.end(auction)
    assert house.row(auction).state == "VOID"


def test_nobody_came(house):
    auction = house.published()
    house.end(auction)
    assert house.row(auction).state == "VOID"


def test_the_lowest_confirms_and_the_buyer_orders(house):
    auction = house.closed("50000", "49000", "47999.99")
    assert [one["title"] for one in waiting(house, house.suppliers[2])] == ["Confirm the lowest price"]
    assert refused(house.do, house.suppliers[1], "auction.confirm", auction, prices=["1"]) == ["AUC-TURN"]
    assert refused(house.do, house.suppliers[2], "auction.confirm", auction, prices=["4800"]) == ["AUC-SPLIT"]
    with pytest.raises(Unusable, match="prices"):
        house.do(house.suppliers[2], "auction.confirm", auction, prices=[])
    assert refused(house.do, house.buyer, "auction.accept", auction) == ["STATE"]
    house.do(house.suppliers[2], "auction.confirm", auction, prices=["4799.99"])
    assert refused(house.do, house.other["buyer"], "auction.accept", auction) == ["AUC-PARTY"]
    order = house.do(house.buyer, "auction.accept", auction)["order"]
    with house.world.read() as session:
        row = session.get_one(Order, order)
        line = session.scalars(select(OrderLine).where(OrderLine.order_id == order)).one()
        assert (row.source, row.source_id, row.supplier_org) == ("auction", auction, house.suppliers[2].org)
        assert (row.total, line.price, line.quantity) == (Decimal("47999.90"), Decimal("4799.99"), 10)
    assert house.row(auction).state == "PLACED"
    assert refused(house.do, house.buyer, "auction.cancel", auction, reason="x") == ["STATE"]
    assert kinds(house, auction) == [
        "auction.drafted", "auction.published", "auction.begun", *["auction.bid"] * 3, "auction.closed",
        "auction.offered", "auction.confirmed", "auction.placed",
    ]  # fmt: skip


def waiting(house: Mall, actor) -> list[dict]:
    with house.world.read() as session:
        return work(session, actor, house.world.clock.now())


def test_after_72_hours_the_next_in_line_is_asked(house):
    auction = house.closed("50000", "49000", "48000")
    due = house.row(auction).closed_at + timedelta(hours=72)
    offer = house.show(house.buyer, auction)["offer"]
    house.at(due - MS)
    house.ring("auction.lapse", auction, offer=offer["id"])
    assert house.show(house.buyer, auction)["offer"]["rank"] == 1
    house.at(due)
    assert refused(house.do, house.suppliers[2], "auction.confirm", auction, prices=["4800"]) == ["AUC-CONFIRM"]
    house.ring("auction.lapse", auction, offer=offer["id"])
    house.ring("auction.lapse", auction, offer=offer["id"])  # twice is once
    after = house.show(house.buyer, auction)
    assert (after["offer"]["rank"], after["offer"]["org"]) == (2, house.suppliers[1].org_name)
    assert [one["offer"] for one in after["ranking"]] == ["lapsed", "waiting", ""]
    house.do(house.suppliers[1], "auction.confirm", auction, prices=["4900"])
    assert "auction.passed_on" in kinds(house, auction)


def test_when_everybody_falls_out_it_is_void(house):
    auction = house.closed("50000", "49000", "48000")
    house.do(house.suppliers[2], "auction.decline", auction, reason="缺货")
    house.do(house.suppliers[1], "auction.confirm", auction, prices=["4900"])
    house.do(house.buyer, "auction.reject", auction, reason="不符合公告要求")
    house.do(house.suppliers[0], "auction.decline", auction, reason="缺货")
    assert (house.row(auction).state, house.row(auction).reason) == ("VOID", "nobody left in line")


def test_the_buyer_cancels_with_a_reason_and_nothing_follows(house):
    auction = house.bidding()
    with pytest.raises(Unusable, match="reason"):
        house.do(house.buyer, "auction.cancel", auction, reason=" ")
    assert refused(house.do, house.other["buyer"], "auction.cancel", auction, reason="x") == ["AUC-PARTY"]
    house.do(house.buyer, "auction.cancel", auction, reason="需求取消")
    assert refused(house.bid, 0, auction, "50000") == ["STATE"]
    house.end(auction)
    assert house.row(auction).state == "CANCELLED"


# -- pausing ----------------------------------------------------------------------------------------------------------


def test_the_centre_pauses_and_gives_back_the_time(house):
    auction = house.bidding()
    house.at(ENDS, minutes=-10)
    assert refused(house.do, house.other["far centre"], "auction.pause", auction, reason="x") == ["AUC-PARTY"]
    assert refused(house.do, house.buyer, "auction.pause", auction, reason="x") == ["ACCESS"]
    house.do(house.centre, "auction.pause", auction, reason="供应商反映页面打不开")
    assert refused(house.bid, 0, auction, "50000") == ["AUC-PAUSED"]
    house.end(auction)
    assert house.row(auction).state == "PAUSED"  # the clock closes nothing that is paused
    house.at(ENDS, minutes=20)
    house.do(house.centre, "auction.resume", auction, reason="恢复")
    assert house.row(auction).ends_at == ENDS + timedelta(minutes=30)
    assert house.bid(0, auction, "50000")["seq"] == 1
    with house.world.read() as session:
        held = session.scalars(select(AuctionBreak)).one()
        assert (held.kind, held.end_before, held.end_after) == ("pause", ENDS, ENDS + timedelta(minutes=30))


def test_a_pause_before_the_start_moves_nothing(house):
    auction = house.published()
    house.do(house.centre, "auction.pause", auction, reason="核实")
    house.do(house.centre, "auction.resume", auction, reason="无误")
    assert (house.row(auction).state, house.row(auction).ends_at) == ("PUBLISHED", ENDS)


def test_it_is_not_paused_after_its_end(house):
    auction = house.bidding()
    house.at(ENDS)
    assert refused(house.do, house.centre, "auction.pause", auction, reason="x") == ["AUC-END"]


# -- pages and lists --------------------------------------------------------------------------------------------------


def test_lists_by_tab_page_by_page(house):
    made = [house.published(ends_at=(ENDS + timedelta(minutes=n)).isoformat()) for n in range(23)]
    with house.world.read() as session:
        first = queries.auctions(session, SYSTEM, "coming")
        second = queries.auctions(session, SYSTEM, "coming", before=first["next"])
        assert [one["id"] for one in first["rows"] + second["rows"]] == made
        assert second["next"] == "" and queries.counts(session)["coming"] == 23
        assert len(queries.auctions(session, house.buyer, "mine")["rows"]) == 20
        assert queries.auctions(session, house.suppliers[0], "mine")["rows"] == []
        for wrong in ("x", "2026-01-01~x"):
            with pytest.raises(Unusable):
                queries.auctions(session, SYSTEM, "coming", before=wrong)


def test_every_price_has_its_row_event_and_entry(house):
    auction = house.bidding()
    for number in range(30):
        house.bid(number % 3, auction, str(50_000 - 100 * number))
    with house.world.read() as session:
        rows = session.scalars(select(AuctionBid).order_by(AuctionBid.seq)).all()
        told = [one.data for one in since(session, f"auction:{auction}", 0) if one.kind == "auction.bid"]
        entries = [one.body for one in ledger.entries(session, f"auction:{auction}")
                   if one.kind == "auction.bid"]  # fmt: skip
        planned = session.scalars(select(DueJob).where(DueJob.act == "auction.close")).all()
    numbers = list(range(1, 31))
    assert [one.seq for one in rows] == [one["bid"] for one in told] == [one["seq"] for one in entries] == numbers
    assert len(planned) == 1
