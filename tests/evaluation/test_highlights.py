"""Highlights: kept for one member, shown to nobody else, out of reach when the member leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.faults import Unusable
from core.ledger import EntryRow
from core.live import LiveEventRow
from core.rules import Refused
from evaluation.highlights import actions
from evaluation.highlights.models import Highlight
from evaluation.sitting.models import Sitting
from trading.opening.models import OpenedBid

SHA = "a" * 64
BOX = [1000, 2000, 5000, 2200]


@pytest.fixture
def papers(room):
    """The first bid has a PDF."""

    def run(tx):
        tx.session.get_one(OpenedBid, room.bids["甲"]).pdf_sha256 = SHA

    room.write(run)
    return room


def save(room, name: str, **more) -> str:
    given = {"bid": room.bids["甲"], "sha256": SHA, "page": 900, "rects": [BOX], "text": "混凝土", "note": ""} | more
    return str(room.do(name, "highlight.save", **given)["id"])


def mine(room, name: str) -> list[dict]:
    with room.world.read() as session:
        found = actions.mine(session, room.world.clock.now(), room.actor(name), room.case,
                             {"bid": room.bids["甲"], "sha256": SHA})  # fmt: skip
    return list(found["highlights"])


def test_saved_changed_and_removed_by_its_member(papers):
    name = papers.names[0]
    id = save(papers, name)
    assert mine(papers, name) == [{"id": id, "page": 900, "rects": [BOX], "text": "混凝土", "note": ""}]
    assert save(papers, name, id=id, note="不足", page=1, rects=[]) == id
    assert mine(papers, name) == [{"id": id, "page": 900, "rects": [BOX], "text": "混凝土", "note": "不足"}]
    papers.do(name, "highlight.remove", id=id)
    assert mine(papers, name) == []


@pytest.mark.certify("A-146")
def test_nobody_else_reads_changes_or_removes_it(papers):
    first, second = papers.names[:2]
    id = save(papers, first)
    assert mine(papers, second) == []
    for act, more in (("highlight.save", {"note": "x"}), ("highlight.remove", {})):
        with pytest.raises(Unusable, match="not a highlight of yours"):
            papers.do(second, act, id=id, **more)
    for who in ("tenderer", "agency", "regulator", "auditor", "staff1", "admin", "甲"):
        with pytest.raises(Refused):
            mine(papers, who)
        for question in ("room.watch", "room.venue", "room.progress", "room.admin", "room.bidder"):
            try:
                assert "混凝土" not in str(papers.ask(who, question))
            except Refused:
                continue
    assert [one["id"] for one in mine(papers, first)] == [id]


def test_neither_ledger_nor_channel_is_told(papers):
    def told() -> tuple[int, int]:
        with papers.world.read() as session:
            return tuple(session.scalar(select(func.count()).select_from(one)) for one in (EntryRow, LiveEventRow))

    before = told()
    papers.do(papers.names[0], "highlight.remove", id=save(papers, papers.names[0]))
    assert told() == before


def test_who_leaves_takes_them_along(papers):
    name = papers.names[-1]
    save(papers, name)
    papers.do(name, "member.recuse", reason="身体不适")
    with pytest.raises(Refused, match="MEMBER"):
        mine(papers, name)
    with pytest.raises(Refused):
        save(papers, name)
    spare = next(papers.name_of(row) for row in papers.members("invited"))
    papers.do(spare, "invitation.answer", answer="accept")
    with pytest.raises(Refused, match="MEMBER"):
        mine(papers, spare)


def test_only_while_the_sitting_goes_on(papers):
    papers.do("regulator", "sitting.pause", reason="午休")
    with pytest.raises(Refused, match="PAUSED"):
        save(papers, papers.names[0])


@pytest.mark.parametrize(("more", "why"), [
    ({"sha256": "b" * 64}, "not a file of this case"), ({"bid": "nobody"}, "not a file of this case"),
    ({"bid": ""}, "not a file of this case"),
    ({"page": 0}, "page"), ({"rects": [[0, 0, 0, 10]]}, "rects"), ({"rects": [[0, 0, 10_001, 10]]}, "rects"),
    ({"rects": [[0, 0, 1.5, 10]]}, "rects"), ({"rects": [[-1, 0, 1, 10]]}, "rects"), ({"rects": "all"}, "rects"),
    ({"rects": [BOX] * 61}, "at most 60"), ({"note": "注" * 501}, "note"), ({"colour": "red"}, "colour"),
])  # fmt: skip
def test_what_is_no_highlight_is_refused_with_its_reason(papers, more, why):
    with pytest.raises(Unusable, match=why):
        save(papers, papers.names[0], **more)


def test_the_bounds_themselves_are_kept(papers):
    for more in ({"rects": [[0, 0, 10_000, 10_000]]}, {"rects": [BOX] * 60}, {"rects": []}, {"note": "注" * 500}):
        assert save(papers, papers.names[0], **more)


def test_as_many_as_a_member_may_keep_and_not_one_more(papers, monkeypatch):
    monkeypatch.setattr(actions, "MOST", 2)
    name = papers.names[0]
    ids = [save(papers, name), save(papers, name)]
    with pytest.raises(Refused, match="HIGHLIGHTS"):
        save(papers, name)
    assert save(papers, name, id=ids[0], note="y") == ids[0], "a note of an old one is no new one"
    assert save(papers, papers.names[1])
    with papers.world.read() as session:
        assert session.scalar(select(func.count()).select_from(Highlight)) == 3


def test_bids_are_marked_also_while_low_prices_are_explained(papers):
    papers.write(lambda tx: setattr(tx.session.scalars(select(Sitting)).one(), "stage", "LOWPRICE"))
    assert save(papers, papers.names[0])


def test_only_at_the_members_own_seat_and_not_over_night(papers):
    name = papers.names[0]
    id = save(papers, name)
    own, whole = replace(papers.actor(name), session="s1"), papers.actor
    papers.world.do(own, "sitting.rejoin", papers.case)
    papers.actor = lambda who: replace(whole(who), session="s2")
    with pytest.raises(Refused, match="MEMBER"):
        mine(papers, name)
    papers.actor = lambda who: own if who == name else whole(who)
    assert [one["id"] for one in mine(papers, name)] == [id]
    until = (papers.world.clock.now() + timedelta(hours=12)).isoformat()
    papers.do("staff1", "sitting.freeze", reason="隔夜", until=until)
    with pytest.raises(Refused, match="MEMBER"):
        mine(papers, name)
