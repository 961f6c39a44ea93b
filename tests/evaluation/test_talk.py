"""Talk: said to the whole room, recorded word by word, told by digest; raised hands; pieces of a recording."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core import canon, live, staged
from core.access import SYSTEM, Role
from core.doors import TABLE
from core.faults import Unusable
from core.ledger import Entry, EntryRow, from_row
from core.rules import Refused
from evaluation.blind import actions as blind_actions  # noqa: F401
from evaluation.report import actions as report_actions  # noqa: F401
from evaluation.report.models import Report
from evaluation.talk import actions, recordings, rules, views  # noqa: F401  (fills the table of acts)
from evaluation.talk.calls import Calls
from evaluation.talk.models import Recording, TalkLine
from tests.evaluation.house import EVALUATION, SMALL, seated, to_scoring
from trading.procedures.open_works.rulebook import RULES
from trading.project.models import Case

OUTSIDE = ("tenderer", "agency", "甲", "staff1", "staff2", "admin")
BOOK = RULES.at(rules.date(2026, 3, 1))


def entries(house, kind: str) -> list[Entry]:
    with house.world.read() as session:
        rows = session.scalars(select(EntryRow).where(EntryRow.kind == kind).order_by(EntryRow.index))
        return [from_row(row) for row in rows]


def refused(house, who: str, act: str, **payload) -> str:
    with pytest.raises(Refused) as caught:
        house.do(who, act, **payload)
    return caught.value.breaches[0].rule


# -- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.certify("A-157")
def test_a_line_goes_to_every_member_and_supervisor_and_its_words_stay_out_of_the_ledger(room):
    first, second = room.names[:2]
    assert room.do(first, "talk.say", text="第三家的工期请大家看第12页")["number"] == 1
    assert room.do(second, "talk.say", text="同意看")["number"] == 2
    for who in (first, second, "regulator", "auditor"):
        shown = room.ask(who, "talk.read")
        assert [one["text"] for one in shown["lines"]] == ["第三家的工期请大家看第12页", "同意看"]
        assert shown["names"][shown["lines"][0]["member"]] == first
    with room.world.read() as session:
        told = live.since(session, f"talk:{room.case}", 0)
        others = [one for prefix in ("room", "watch") for one in live.since(session, f"{prefix}:{room.case}", 0)]
    assert [(one.kind, one.data["number"]) for one in told] == [("talk.said", 1), ("talk.said", 2)]
    assert "工期" not in str([one.data for one in others]), "venue staff hear the room's own channel"
    kept = entries(room, "talk.said")
    assert len(kept) == 2 and "工期" not in str([row.body for row in kept])
    assert kept[0].actor["person"] == room.people[first] and kept[0].actor["name"] == ""


def test_supervisors_can_hold_every_word_against_the_ledger(room):
    room.do(room.names[0], "talk.say", text="请主持人核实")
    line = room.ask("regulator", "talk.read")["lines"][0]
    said = {key: line[key] for key in ("number", "member", "at", "stage", "text", "salt")}
    assert canon.sha256_hex(canon.dumps(said)) == line["commitment"] == entries(room, "talk.said")[0].body["commitment"]
    changed = said | {"text": "请主持人核验"}
    assert canon.sha256_hex(canon.dumps(changed)) != line["commitment"]
    assert "salt" not in room.ask(room.names[0], "talk.read")["lines"][0]


@pytest.mark.parametrize("who", OUTSIDE)
def test_nobody_else_says_or_reads_anything(room, who):
    room.do(room.names[0], "talk.say", text="只在会议室内")
    with pytest.raises(Refused):
        room.do(who, "talk.say", text="x")
    with pytest.raises(Refused):
        room.ask(who, "talk.read")
    with room.world.read() as session:
        assert not views.may_hear(session, room.actor(who), room.case)


@pytest.mark.parametrize("who", ["regulator", "auditor"])
def test_supervisors_read_and_never_speak(room, who):
    for act in ("talk.say", "hand.raise"):
        assert refused(room, who, act, **({"text": "x"} if act == "talk.say" else {})) == "ACCESS"
    with room.world.read() as session:
        assert views.may_hear(session, room.actor(who), room.case)
        assert not views.may_hear(session, room.actor(who), "no-such-case") or who == "auditor"


def test_another_cases_regulator_hears_nothing(room):
    room.org("other", "regulator")
    room.person("stranger", Role.REGULATOR, "other")
    with pytest.raises(Refused):
        room.ask("stranger", "talk.read")


@pytest.mark.parametrize("text", ["", "   ", "x" * 501, "a\x00b"])
def test_a_line_is_text_of_1_to_500_characters(room, text):
    with pytest.raises(Unusable, match="text"):
        room.do(room.names[0], "talk.say", text=text)
    assert room.do(room.names[0], "talk.say", text="x" * 500)["number"] == 1, "nothing was lost by the refusals"


def test_nobody_talks_before_the_pledge(house):
    seated(house)
    assert refused(house, house.names[0], "talk.say", text="早") == "PLEDGE"
    house.certify(house.names[0])
    house.do(house.names[0], "sitting.signin")
    assert refused(house, house.names[0], "talk.say", text="早") == "PLEDGE"
    with pytest.raises(Refused):
        house.ask(house.names[0], "talk.read")


def test_members_talk_while_the_sitting_is_paused_and_while_a_place_is_empty(room):
    room.do("staff1", "sitting.pause", reason="网络中断")
    assert refused(room, room.names[1], "time.ask") == "PAUSED"
    assert room.do(room.names[1], "talk.say", text="我这里看不到文件")["number"] == 1
    room.do("staff1", "sitting.resume", reason="恢复")
    room.do(room.names[0], "member.recuse", reason="亲属")
    assert refused(room, room.names[1], "time.ask") == "INCOMPLETE"
    assert room.do(room.names[1], "talk.say", text="等候补评委")["number"] == 2
    assert refused(room, room.names[0], "talk.say", text="再说一句") == "MEMBER", "whoever left is no longer heard"
    with pytest.raises(Refused):
        room.ask(room.names[0], "talk.read")


def test_the_sealed_report_ends_the_talk_and_members_still_read_it(room):
    assert room.do(room.names[0], "talk.say", text="x")["number"] == 1
    room.listen()
    reported(room)
    assert room.state == "EVALUATED"
    assert refused(room, room.names[0], "talk.say", text="x") == "STATE"
    assert [one["text"] for one in room.ask(room.names[1], "talk.read")["lines"]] == ["x"]


def reported(house) -> dict:
    """Scored, reported and signed by all; the report's record."""
    to_scoring(house)
    for name in house.names:
        house.score(name, house.flat())
    document = house.do(house.names[0], "report.make")["document"]
    for name in [*house.names[1:], house.names[0]]:
        house.sign(name, document)
    with house.world.read() as session:
        return session.scalars(select(Report).where(Report.document_id == document)).one().record


def test_the_signed_report_binds_the_whole_talk_and_names_none_of_it(room):
    for number in range(3):
        room.do(room.names[number], "talk.say", text=f"发言{number}")
    record = reported(room)
    with room.world.read() as session:
        rows = session.scalars(select(TalkLine).order_by(TalkLine.number)).all()
    assert record["talk"] == {"lines": 3, "sha256": rules.digest(row.commitment for row in rows)}
    assert record["talk"] != {"lines": 3, "sha256": rules.digest(row.commitment for row in rows[::-1])}
    assert "发言" not in canon.dumps(record).decode()


def test_older_lines_come_page_by_page(room):
    def many(tx):
        member, committee = room.place(room.names[0]), room.place(room.names[0]).committee_id
        for number in range(1, 121):
            tx.session.add(
                TalkLine(committee_id=committee, number=number, member_id=member.id, at=tx.now, stage="PRELIM",
                         text=str(number), salt="0", commitment="0" * 64)
            )  # fmt: skip

    room.world.acts.act(many, SYSTEM)
    seen, before, pages = [], 0, 0
    while True:
        shown = room.ask(room.names[1], "talk.read", before=before)
        seen, pages = [one["number"] for one in shown["lines"]] + seen, pages + 1
        if not shown["more"]:
            break
        before = seen[0]
    assert seen == list(range(1, 121)) and pages == 3


# -- hands ------------------------------------------------------------------------------------------------------------


def test_hands_stand_in_their_order_and_the_leader_gives_the_word(room):
    leader, second, third = room.names[:3]
    ids = [room.place(name).id for name in room.names[:3]]
    room.do(third, "hand.raise")
    room.do(second, "hand.raise")
    again = room.do(third, "hand.raise")["hands"]
    assert [one["member"] for one in again] == [ids[2], ids[1]], "raised twice it keeps its place"
    assert room.do(leader, "hand.call", member=ids[1])["hands"] == [
        {"member": ids[2], "called": False}, {"member": ids[1], "called": True},
    ]  # fmt: skip
    assert room.do(leader, "hand.call", member=ids[2])["hands"] == [{"member": ids[2], "called": True}]
    assert room.ask("regulator", "talk.read")["hands"] == [{"member": ids[2], "called": True}]
    assert room.do(third, "hand.lower")["hands"] == []
    assert [len(entries(room, kind)) for kind in ("hand.raised", "hand.called", "hand.lowered")] == [2, 2, 1]


def test_a_hand_is_ones_own_and_only_the_leader_touches_others(room):
    leader, second, third = room.names[:3]
    mine = room.place(second).id
    assert refused(room, second, "hand.lower") == "HAND"
    assert refused(room, leader, "hand.call", member=mine) == "HAND"
    room.do(second, "hand.raise")
    assert refused(room, third, "hand.lower", member=mine) == "LEADER"
    assert refused(room, third, "hand.call", member=mine) == "LEADER"
    assert refused(room, second, "hand.call", member=mine) == "LEADER"
    with pytest.raises(Unusable):
        room.do(leader, "hand.call", member="somebody")
    assert room.do(leader, "hand.lower", member=mine)["hands"] == []


def test_a_member_who_leaves_asks_for_nothing_any_more(room):
    room.do(room.names[1], "hand.raise")
    room.do(room.names[1], "member.recuse", reason="亲属")
    assert room.ask(room.names[0], "talk.read")["hands"] == []


@pytest.mark.parametrize("act", ["talk.say", "hand.raise", "hand.lower", "hand.call", "recording.keep"])
def test_roles_of_the_doors(act):
    roles = {Role.EXPERT, Role.TENDERER} | ({Role.CENTRE} if act == "recording.keep" else set())
    assert set(TABLE[act].roles) == roles


# -- recordings -------------------------------------------------------------------------------------------------------


def piece(house, who: str, data: bytes, *, at: timedelta = timedelta(0), long: int = 20, **change) -> dict:
    """A piece brought and kept, ended `at` from now."""
    actor, acts = house.actor(who), house.world.acts
    blob = acts.house.blobs.put(data)
    acts.act(staged.stage, actor, blob.sha256, blob.size)
    until = house.world.clock.now() + at
    told = {"sha256": blob.sha256, "media": "video/webm", "picture": True, "until": until.isoformat(),
            "from": (until - timedelta(seconds=long)).isoformat()}  # fmt: skip
    return house.do(who, "recording.keep", **told | change)


def test_a_piece_is_kept_once_with_its_digest_in_the_ledger(room):
    made = piece(room, room.names[0], b"webm of a seat")
    assert piece(room, room.names[0], b"webm of a seat") == made
    body = entries(room, "recording.kept")[0].body
    assert body["sha256"] == hashlib.sha256(b"webm of a seat").hexdigest() and body["size"] == 14
    assert body["member"] == room.place(room.names[0]).id and len(entries(room, "recording.kept")) == 1
    listed = room.ask("regulator", "recording.list")["pieces"]
    assert [(one["piece"], one["sha256"]) for one in listed] == [(made["piece"], body["sha256"])]


def test_a_venue_records_its_own_site_and_no_other_does(room):
    piece(room, "staff2", b"venue")
    with room.world.read() as session:
        row = session.scalars(select(Recording)).one()
    assert (row.member_id, row.site) == ("", list(SMALL)[1])
    room.org("elsewhere", "centre", "510100")
    room.person("guest", Role.CENTRE, "elsewhere")
    for who in ("guest", "regulator", "甲", "agency", "tenderer", "admin"):
        with pytest.raises(Refused):
            piece(room, who, b"other")


def test_a_piece_comes_from_the_members_own_session_and_also_over_night(room):
    name = room.names[0]
    whole = room.actor
    room.actor = lambda who: replace(whole(who), session="s1" if who == name else "")
    room.do(name, "sitting.rejoin")
    until = (room.world.clock.now() + timedelta(hours=12)).isoformat()
    room.do("staff1", "sitting.freeze", reason="隔夜", until=until)
    assert piece(room, name, b"late")["piece"]
    room.actor = lambda who: replace(whole(who), session="s2")
    with pytest.raises(Refused, match="ONE-SESSION"):
        piece(room, name, b"from elsewhere")


@pytest.mark.parametrize("change", [
    {"sha256": "0" * 64}, {"media": "text/html"}, {"picture": "yes"},
    {"until": "2026-04-01T10:00:11+08:00"}, {"from": "2026-04-01T10:00:00+08:00"},
    {"from": "2026-04-01T09:57:59+08:00"},
])  # fmt: skip
def test_a_piece_is_brought_before_and_at_most_two_minutes_long(room, change):
    with pytest.raises(Unusable):
        piece(room, room.names[0], b"x", **change)
    assert piece(room, room.names[0], b"x", long=120)["piece"]


@pytest.mark.parametrize("who", ["tenderer", "agency", "甲", "staff1", "admin"])
def test_recordings_are_listed_for_supervisors_alone(room, who):
    piece(room, room.names[0], b"x")
    with pytest.raises(Refused):
        room.ask(who, "recording.list")
    with pytest.raises(Refused):
        room.ask(room.names[1], "recording.list")


def test_the_list_goes_on_where_a_page_ended_and_the_report_binds_it(room, monkeypatch):
    made = [piece(room, room.names[0], bytes([n]), at=timedelta(seconds=-n))["piece"] for n in range(5)]
    monkeypatch.setattr("evaluation.talk.queries.PAGE", 2)
    seen, after = [], ""
    while True:
        shown = room.ask("auditor", "recording.list", after=after)
        seen += [one["piece"] for one in shown["pieces"]]
        after = shown["next"]
        if not after:
            break
    assert seen == made[::-1], "in the order of time"
    digests = [row.body["sha256"] for row in entries(room, "recording.kept")]
    record = reported(room)
    assert record["recording"]["pieces"] == 5
    with room.world.read() as session:
        kept = session.scalars(select(Recording.sha256).order_by(Recording.at, Recording.id)).all()
    assert record["recording"]["sha256"] == rules.digest(kept) and sorted(kept) == sorted(digests)


@pytest.mark.rule("AV-RECORD", "allowed")
@pytest.mark.rule("AV-RECORD/gap", "allowed")
def test_a_piece_that_ended_two_minutes_ago_is_a_running_recording(room):
    now = room.world.clock.now()
    places = [("m1", "420112"), ("m2", "420203")]
    seats, sites = {"m1": now - timedelta(minutes=2)}, {"420203": now}
    assert rules.unrecorded(places, seats, sites, now, BOOK) == []
    assert rules.recording("R1", [], 2, BOOK) == rules.recording("R2", [], 2, BOOK) == []


@pytest.mark.rule("AV-RECORD", "refused")
@pytest.mark.rule("AV-RECORD/gap", "refused")
def test_without_a_running_recording_r1_warns_and_r2_blocks(room):
    now = room.world.clock.now()
    seats = {"m1": now - timedelta(minutes=2, milliseconds=1)}
    silent = rules.unrecorded([("m1", "a"), ("m2", "b")], seats, {"c": now}, now, BOOK)
    assert silent == ["m1", "m2"]
    (warned,), (blocked,) = (rules.recording(one, silent, 3, BOOK) for one in ("R1", "R2"))
    assert (warned.rule, warned.blocks) == ("AV-RECORD", False)
    assert (blocked.rule, blocked.blocks, blocked.found, blocked.required) == ("R2-13", True, "1/3", "3/3")
    assert "第39条" in blocked.article


@pytest.mark.rule("R2-13", "allowed")
@pytest.mark.rule("R2-13", "refused")
def test_under_r2_nobody_scores_unrecorded_and_r1_goes_on(room):
    to_scoring(room)
    first = room.names[0]
    room.score(first, {"甲": {"plan": "80"}}, lock=False)

    def regime(tx, name):
        tx.session.get(Case, room.case).regime = name

    room.world.acts.act(regime, SYSTEM, "R2")
    cell = {"bid": room.bids["甲"], "criterion": "plan", "points": "81"}
    assert refused(room, first, "score.save", **cell) == "R2-13"
    for name in room.names[:-1]:
        piece(room, name, name.encode())
    assert refused(room, first, "score.save", **cell) == "R2-13", "every seat counts"
    piece(room, room.names[-1], b"last")
    assert room.do(first, "score.save", **cell)["done"] == 1
    room.world.clock.moment += timedelta(minutes=2, seconds=1)
    assert refused(room, first, "score.save", **cell) == "R2-13", "a recording that stopped is none"


# -- cameras ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("AV-CAMERA", "allowed")
@pytest.mark.rule("AV-CAMERA", "refused")
@pytest.mark.parametrize(("minutes", "stage", "alarm"), [
    (5, "SCORING", False), (5.001, "SCORING", True), (60, "LEADER", False), (60, "SIGNED", False), (60, "REPORT", True),
    (60, "BLIND", True), (60, "LOWPRICE", True),
])  # fmt: skip
def test_a_camera_is_off_for_five_minutes_at_most_while_they_judge(room, minutes, stage, alarm):
    now = room.world.clock.now()
    found = rules.camera(now - timedelta(minutes=minutes), now, stage, BOOK)
    assert [one.rule for one in found] == (["AV-CAMERA"] if alarm else [])
    assert rules.camera(None, now, stage, BOOK) == []


def test_a_camera_is_dark_from_when_it_went_off_or_the_line_was_cut(room):
    calls, now = Calls(), room.world.clock.now()
    later = now + timedelta(minutes=1)
    assert calls.dark("c", "m", None, now) is None, "nothing has begun"
    assert calls.dark("c", "m", now - timedelta(hours=1), now) == now, "a server that just started knows nothing older"
    peer = calls.enter("c", "p", "m", "line1", "", now)
    calls.tell(peer, True, True, now)
    assert calls.dark("c", "m", now, now) is None
    calls.cut(peer, later)
    assert calls.dark("c", "m", now, later) == later and not calls.seat("c", "m").there
    assert calls.enter("c", "p", "m", "line2", peer.id, later) is peer, "the same place in the call"
    assert calls.enter("c", "other", "m2", "line3", peer.id, later) is not peer, "an id is no key to another's place"
    calls.tell(peer, True, False, later)
    assert calls.dark("c", "m", now, later) is None
    calls.leave(peer, later)
    assert calls.dark("c", "m", now, later) == later


def test_status_tells_a_venue_its_own_seats_and_no_name(room):
    shown = room.ask("staff2", "av.status")
    assert {one["site"] for one in shown["seats"]} == {list(SMALL)[1]} and len(shown["seats"]) == 3
    assert not any(name in str(shown) for name in room.names)
    assert len(room.ask("regulator", "av.status")["seats"]) == 5
    for who in ("tenderer", "agency", "甲", "admin", room.names[0]):
        with pytest.raises(Refused):
            room.ask(who, "av.status")


def test_under_r2_nobody_scores_a_blind_part_unrecorded(house):
    blind = {"blind": {"part": "plan", "criteria": ["plan"]}}
    house.build(pool=6, sites=SMALL, evaluation=EVALUATION | blind, regime="R2")
    house.names = house.sit(sites=SMALL)
    first = house.names[0]
    cell = {"bid": "T01", "criterion": "plan", "points": "81"}
    assert refused(house, first, "blind.score", **cell) == "R2-13"
    assert refused(house, first, "blind.lock") == "R2-13"
    for name in house.names:
        piece(house, name, name.encode())
    assert house.do(first, "blind.score", **cell)["done"] == 1
