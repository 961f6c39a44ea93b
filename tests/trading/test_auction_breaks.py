"""An auction is never closed by the clock while nobody, or not everybody, could bid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core import ledger
from core.access import SYSTEM
from core.jobs import DueJob
from tests.trading.auction_world import ENDS, OPENS, Mall, mall
from trading.auction import breaks
from trading.auction.models import Auction, AuctionBreak, AuctionPulse
from web import auction_pulse

MS, SECOND, WINDOW = timedelta(milliseconds=1), timedelta(seconds=1), timedelta(seconds=180)


@pytest.fixture
def house(world) -> Mall:
    found = mall(world)
    world.acts.act(breaks.start_all, SYSTEM)
    return found


def running(house: Mall, *workers: int) -> str:
    """Three prices, pulses until a minute before the end."""
    auction = house.bidding()
    house.lively(OPENS + 4 * SECOND, *workers)
    for place, price in enumerate(("50000", "49000", "48000")):
        house.bid(place, auction, price)
    house.at(ENDS - 60 * SECOND)
    house.world.acts.act(breaks.touch, SYSTEM)  # as if they had beaten all the time
    return auction


def start(house: Mall, worker: int = 0) -> None:
    """The service, or one further process, starts anew."""
    if worker:
        house.world.acts.act(breaks.start_one, SYSTEM, worker)
    else:
        house.world.acts.act(breaks.start_all, SYSTEM)
        house.beat()


def noted(house: Mall) -> list[tuple[str, object]]:
    with house.world.read() as session:
        return [(one.kind, one.end_after) for one in session.scalars(select(AuctionBreak))]


def test_a_whole_service_closes_at_the_end(house):
    auction = running(house)
    house.lively(ENDS)
    assert house.ring("auction.close", auction) == {"state": "CLOSED"}
    assert noted(house) == []


def test_killed_in_the_last_minute_and_back_before_the_end(house):
    auction = running(house)
    house.lively(ENDS - 30 * SECOND)
    house.at(ENDS - 25 * SECOND)
    start(house)
    ends = ENDS + 5 * SECOND + WINDOW
    assert house.row(auction).ends_at == ends and noted(house) == [("outage", ends)]
    house.lively(ENDS)
    assert house.ring("auction.close", auction) == {"state": "BIDDING"}
    assert house.bid(0, auction, "47000")["seq"] == 4


def test_killed_before_the_end_and_back_long_after_it(house):
    auction = running(house)
    house.lively(ENDS - 2 * SECOND)
    house.at(ENDS + 600 * SECOND)
    start(house)
    assert house.ring("auction.close", auction) == {"state": "BIDDING"}  # the old timer sells nothing
    ends = ENDS + 600 * SECOND + WINDOW
    assert house.row(auction).ends_at == ends
    house.lively(ends)
    assert house.ring("auction.close", auction) == {"state": "CLOSED"}
    with house.world.read() as session:
        jobs = session.scalars(select(DueJob.at).where(DueJob.act == "auction.close").order_by(DueJob.at)).all()
        assert jobs == [ENDS, ends]
        kinds = [one.kind for one in ledger.entries(session, f"auction:{auction}")]
    assert kinds.count("auction.interrupted") == 1


def test_a_timer_that_comes_before_the_pulse_waits(house):
    """The database stood still over the end: the first to wake may be the timer."""
    auction = running(house)
    house.lively(ENDS - 20 * SECOND)
    house.at(ENDS + SECOND)
    assert house.ring("auction.close", auction) == {"state": "BIDDING", "waits": True}
    house.beat()
    assert house.row(auction).ends_at == ENDS + 20 * SECOND + WINDOW
    assert house.ring("auction.close", auction) == {"state": "BIDDING"}


@pytest.mark.parametrize(("silence", "moves"), [(10 * SECOND, False), (10 * SECOND + MS, True)])
def test_a_silence_longer_than_the_limit_is_an_outage(house, silence, moves):
    auction = running(house)
    house.lively(ENDS - 40 * SECOND)
    house.at(ENDS - 40 * SECOND, milliseconds=silence / MS)
    house.beat()
    assert house.row(auction).ends_at == (ENDS + silence + WINDOW if moves else ENDS)


def test_without_any_pulse_nothing_is_closed(house):
    auction = running(house)
    with house.world.read() as session, session.begin():
        for row in session.scalars(select(AuctionPulse)):
            session.delete(row)
    house.at(ENDS)
    assert house.ring("auction.close", auction)["waits"]


def test_one_of_two_processes_dies(house):
    auction = running(house, 0, 1)
    house.lively(ENDS - 30 * SECOND, 0, 1)
    house.lively(ENDS - 20 * SECOND, 0)
    house.world.acts.act(breaks.gone, SYSTEM, 1)  # the other one hears of it at once
    assert house.row(auction).ends_at == ENDS - 20 * SECOND + WINDOW
    house.lively(ENDS - 15 * SECOND, 0)
    start(house, 1)
    ends = ENDS - 15 * SECOND + WINDOW
    assert house.row(auction).ends_at == ends
    assert {kind for kind, _ in noted(house)} == {"worker"}
    house.lively(ends, 0, 1)
    assert house.ring("auction.close", auction) == {"state": "CLOSED"}


def test_one_of_two_is_silent_at_the_end(house):
    auction = running(house, 0, 1)
    house.lively(ENDS - 12 * SECOND, 0, 1)
    house.lively(ENDS, 0)
    assert house.ring("auction.close", auction)["waits"]
    house.at(ENDS + SECOND)
    house.beat(1)
    assert house.row(auction).ends_at == ENDS + SECOND + WINDOW


def test_a_process_that_dies_early_moves_no_end(house):
    auction = house.bidding()
    house.lively(OPENS + 10 * SECOND, 0, 1)
    house.world.acts.act(breaks.gone, SYSTEM, 1)
    start(house, 1)
    assert house.row(auction).ends_at == ENDS and noted(house) == []


def test_an_outage_over_the_start_gives_back_what_lay_after_it(house):
    auction = house.published()
    house.at(OPENS, seconds=-4)
    house.beat()
    house.at(OPENS, seconds=60)
    start(house)
    assert house.row(auction).ends_at == ENDS + 60 * SECOND + WINDOW


def test_a_service_that_never_ran_gives_back_all_since_the_start(house):
    auction = house.bidding()
    house.at(OPENS, seconds=90)
    start(house)
    assert house.row(auction).ends_at == ENDS + 90 * SECOND + WINDOW


def test_an_idle_service_has_no_outage(house):
    """Hours without any auction, in which nobody says that he runs."""
    house.beat()
    auction = house.published()
    house.at(OPENS, seconds=1)
    house.beat()
    house.ring("auction.begin", auction)
    assert house.row(auction).ends_at == ENDS and noted(house) == []


def test_a_paused_auction_is_left_alone(house):
    auction = running(house)
    house.do(house.centre, "auction.pause", auction, reason="故障")
    house.at(ENDS + 60 * SECOND)
    start(house)
    assert house.row(auction).ends_at == ENDS and noted(house) == [("pause", None)]


def test_a_moved_clock_of_the_demo_is_no_outage(house):
    auction = running(house)
    house.at(ENDS)
    house.world.acts.act(breaks.touch, SYSTEM)  # as /demo/clock does on both sides of the jump
    assert house.ring("auction.close", auction) == {"state": "CLOSED"}


def test_a_closed_auction_stays_closed(house):
    auction = running(house)
    house.lively(ENDS)
    house.ring("auction.close", auction)
    house.at(ENDS + 600 * SECOND)
    start(house)
    assert (house.row(auction).state, house.row(auction).ends_at) == ("CLOSED", ENDS)


def test_a_notice_without_a_window_still_ends_with_a_whole_one(house):
    auction = house.bidding(window=0)
    house.beat()
    house.at(ENDS, seconds=-3)
    start(house)
    assert house.row(auction).ends_at >= ENDS - 3 * SECOND + WINDOW


@pytest.mark.parametrize(("early", "needed"), [(timedelta(0), True), (MS, False)])
def test_the_pulse_begins_five_minutes_before_the_start_and_not_earlier(house, early, needed):
    house.published()
    house.at(OPENS - breaks.AHEAD - early)
    assert auction_pulse.once(house.world.acts, 0) is needed
    with house.world.read() as session:
        assert (session.get(AuctionPulse, 0) is not None) is needed


def test_the_pulse_goes_on_while_prices_are_taken_or_paused_and_ends_with_the_auction(house):
    auction = running(house)
    assert auction_pulse.once(house.world.acts, 0) is True
    with house.world.engine.begin() as connection:
        connection.execute(update(Auction).where(Auction.id == auction).values(state="PAUSED"))
    assert auction_pulse.once(house.world.acts, 0) is True
    with house.world.engine.begin() as connection:
        connection.execute(update(Auction).where(Auction.id == auction).values(state="CLOSED"))
    assert auction_pulse.once(house.world.acts, 0) is False
