"""The course from the ledger alone (verifier/replay) beside the tables, after every commit of a troubled sitting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from certs.models import SigningDoc, SigningField
from core import ledger
from core.ledger import Entry
from evaluation.clarify.queries import of_committee
from evaluation.committee.models import OPEN, OUT
from evaluation.committee.queries import committee_of, members
from evaluation.failures import standing
from evaluation.failures.models import MemberLine
from evaluation.lowprice import queries as lowprice
from evaluation.report.models import Report
from evaluation.review import queries as review
from evaluation.review.models import LackVote
from evaluation.scoring import (
    sheet,
    unlock,  # noqa: F401  (fills the table of acts)
    unlocking,
)
from evaluation.sitting.models import LeaderVote, Sitting
from tests.evaluation.house import House, to_scoring, vote
from tests.evaluation.test_failures import Ear, cut_site, of_site
from tests.evaluation.test_low_price import answer, ask, decide, scored
from tests.evaluation.test_seats_changed import good, move
from tests.oversight.scene import new_world
from trading.project.models import Case
from verifier.replay.course import HANDLERS, STEPS, fold, openings, state_at, take
from verifier.replay.state import Course, Line, State, lay
from web.entry_words import ENTRIES

MAIN, SUB = "420112", "420203"


def lines(entries: list[Entry]) -> list[Line]:
    return [Line(one.kind, one.leaf["at"], one.body) for one in entries]


# -- the same facts out of both ---------------------------------------------------------------------------------------


def of_tables(session: Session, case: str) -> dict[str, Any]:
    committee = committee_of(session, case)
    assert committee is not None
    sitting = session.get(Sitting, committee.id)
    rows, everybody = members(session, committee), members(session, committee, *OPEN, *OUT)
    halt = standing.open_halt(session, committee)
    away = {row.member_id: row.away_at for row in session.query(MemberLine) if row.away_at}
    marks, given = review.marks(session, rows), sheet.scores(session, rows)
    docs = {doc.id: doc.state for doc in session.query(SigningDoc).filter_by(case=case, kind="evaluation_report")}
    signed = [one.doc_id for one in session.query(SigningField) if one.signed_at is not None]
    ids = [row.id for row in rows]
    return {
        "stage": sitting.stage if sitting else "SIGN_IN",
        "leader": sitting.leader_id if sitting else "",
        "halt": halt.id if halt else "",
        "words": sorted(standing.consents(session, halt)) if halt else [],
        "rejected": dict(sitting.rejected) if sitting else {},
        "totals": sitting.result.get("totals", {}) if sitting else {},
        "benchmark": sitting.result.get("benchmark") if sitting else None,
        "owed": committee.wanted,
        "members": {
            row.id: (row.state, row.site, row.seat_id if row.state in OPEN else "", bool(row.review_locked_at),
                     bool(row.scores_locked_at), row.id in away, row.stance,
                     sum(one.member_id == row.id for one in marks), sum(who == row.id for who, _, _ in given))
            for row in everybody
        },
        "fails": {(one.member_id, one.bid_id, one.item, one.ground, one.reason) for one in marks if not one.passed},
        "votes": {(v.member_id, v.bid_id, v.ground, v.reject) for v in review.votes(session, rows)},
        "lack": {(v.member_id, v.lack) for v in session.query(LackVote) if v.member_id in ids},
        "leading": {(v.voter_id, v.round, v.choice_id) for v in session.query(LeaderVote) if v.voter_id in ids},
        "questions": {(q.id, q.bid_id, q.question, q.answer or None) for q in of_committee(session, committee.id)},
        "lowprice": {(v.member_id, v.bid_id, v.justified) for v in lowprice.votes(session, rows)},
        "unlocks": {(one.id, one.state) for one in unlocking.requests(session, rows)},
        "cut": sorted(one.site for one in standing.reports(session, committee)),
        "reports": {doc: (state, signed.count(doc)) for doc, state in docs.items()},
    }  # fmt: skip


def of_ledger(state: State) -> dict[str, Any]:
    sitting = state.get("sitting", {}).get("sitting", {})
    pause, votes = sitting.get("pause") or {}, state.get("votes", {}).values()
    reports = state.get("reports", {})
    out = {key: one for key, one in state.get("members", {}).items() if one["state"] in OUT}
    return {
        "stage": sitting.get("stage", "SIGN_IN"), "leader": sitting.get("leader", ""), "halt": pause.get("halt", ""),
        "words": sorted(pause.get("words", {})), "owed": sitting.get("owed", []),
        "rejected": {bid: one["ground"] for bid, one in state.get("rejected", {}).items()},
        "totals": {bid: one["total"] for bid, one in state.get("totals", {}).items()},
        "benchmark": sitting.get("benchmark"),
        "members": {
            key: (one["state"], one["site"], one.get("seat", "") if key not in out else "",
                  bool(one.get("review_locked")), bool(one.get("score_locked")), bool(one.get("away")),
                  one.get("stance", ""), *((one.get("marked", 0), one.get("scored", 0)) if key not in out else (0, 0)))
            for key, one in state.get("members", {}).items()
        },
        "fails": {(f["member"], f["bid"], f["item"], f["ground"], f["reason"])
                  for f in state.get("fails", {}).values()},
        "votes": {(who, v["bid"], v["ground"], word) for v in votes if v["what"] == "reject"
                  for who, word in v["cast"].items()},
        "lack": {(who, word) for v in votes if v["what"] == "lack" for who, word in v["cast"].items()},
        "leading": {(who, v["round"], word) for v in votes if v["what"] == "leader" for who, word in v["cast"].items()},
        "questions": {(key, one["bid"], one["question"], one.get("answer"))
                      for key, one in state.get("questions", {}).items()},
        "lowprice": {(who, bid, word) for bid, one in state.get("lowprice", {}).items()
                     for who, word in one.get("votes", {}).items()},
        "unlocks": {(key, one["state"]) for key, one in state.get("unlocks", {}).items()},
        "cut": sorted(site for site, one in state.get("sites", {}).items() if one.get("cut")),
        "reports": {doc: (one["state"], len(one["signed"])) for doc, one in reports.items()},
    }  # fmt: skip


class Beside:
    """Hears every entry after its commit and compares; `seen` counts the commits that were compared."""

    def __init__(self, house: House) -> None:
        self.house, self.course, self.size, self.seen = house, Course(), 0, 0

    def __call__(self, _entry: Entry) -> None:
        with self.house.world.read() as session:
            fresh = ledger.entries(session, f"case:{self.house.case}", after=self.size - 1)
            for one in lines(fresh):
                take(self.course, one)
            self.size += len(fresh)
            if not fresh or committee_of(session, self.house.case) is None:
                return
            self.seen += 1
            state, tables = self.course.now, of_tables(session, self.house.case)
            told, where = of_ledger(state), f"entry {self.size - 1} {fresh[-1].kind}"
            # Whom a draw has placed the ledger does not name before they accept, nor a lock that a leaver made.
            unknown = set(tables["members"].keys() - told["members"].keys())
            assert {tables["members"][key][0] for key in unknown} <= {"invited", "declined", "no_answer"}, where
            tables["members"] = {key: one for key, one in tables["members"].items() if key not in unknown}
            for name, value in tables.items():
                assert told[name] == value, (where, name)
            assert state.get("case", {}).get("case", {}).get("state", "OPENED") == session.get(
                Case, self.house.case).state  # fmt: skip


def heard_by(house: House) -> Beside:
    beside = Beside(house)
    house.world.acts.house.ledger.listeners.append(beside)
    return beside


# -- a sitting with a cut, a pause, a spare seat, a member replaced, a sheet reopened ---------------------------------


def troubled(house: House) -> Beside:
    sites = {MAIN: 2, SUB: 3}
    house.build(pool=6, sites=sites)
    house.listen()
    beside = heard_by(house)
    house.names = house.sit(sites=sites)
    _cut_and_pause(house)
    _review(house)
    _replaced(house)
    _scores(house)
    return beside


def _cut_and_pause(house: House) -> None:
    leader, member = house.names[0], house.names[1]
    house.mark(leader, {"丙": "R-07"})
    ear = Ear(house)
    since = cut_site(house, ear, SUB)
    house.world.clock.moment = since + timedelta(minutes=31)
    ear.hear(*of_site(house, MAIN))
    ear.look()
    ear.hear(*house.names)
    house.do("regulator", "halt.confirm", reason="线路恢复")
    house.do(leader, "halt.confirm", reason="继续")
    house.do("staff2", "site.cut", reason="光缆中断")
    house.do("staff2", "site.back")
    house.check_seats()
    move(house, member, good(house, member))
    house.do("staff1", "sitting.pause", reason="用餐")
    house.do("staff1", "sitting.resume", reason="用餐结束")
    house.do("staff1", "incident.note", text="空调故障")


def _review(house: House) -> None:
    for name in house.names[1:]:
        house.mark(name, {"丙": "R-07"} if name == house.names[1] else None)
    asked = house.do(house.names[0], "clarify.ask", bid=house.bids["丙"], question="请说明工期", ground="R-07")
    house.do("丙", "clarify.answer", clarification=asked["clarification"], answer="360 日")
    vote(house, 2)


def _replaced(house: House) -> None:
    """The second member falls ill while scores are given; a spare comes and does it all."""
    gone = house.names[1]
    house.score(gone, house.flat("70"))
    house.do("regulator", "member.remove", member=house.place(gone).id, reason="突发疾病")
    spare = house.name_of(house.members("invited")[0])
    house.do(spare, "invitation.answer", answer="accept")
    house.seat()
    house.come_in(spare)
    house.names[1] = spare
    house.mark(spare)
    house.do(spare, "reject.vote", bid=house.bids["丙"], ground="R-07", reject=False)


def _scores(house: House) -> None:
    leader, second, third, *others = house.names
    house.score(second, house.flat("60"))
    request = house.do(second, "unlock.ask", reason="填错")["request"]
    house.do(leader, "unlock.decide", request=request, grant=True, answer="同意")
    house.score(second, house.flat("90"))
    house.score(third, house.flat("90") | {"甲": {"credit": "90", "management": "90", "plan": "20"}})
    for name in (leader, *others):
        house.score(name, house.flat("90"))
    house.do(third, "score.correct", bid=house.bids["甲"], criterion="plan", points="85", reason="录入有误")
    document = house.do(leader, "report.make")["document"]
    house.sign(others[0], document)
    house.do(leader, "report.reopen", reason="日期有误")
    house.do(third, "report.dissent", text="丙应予否决")
    document = house.do(leader, "report.make")["document"]
    for name in reversed(house.names):
        house.sign(name, document)


def test_the_ledger_alone_gives_the_state_of_the_tables_at_every_commit(house):
    beside = troubled(house)
    assert house.state == "EVALUATED"
    assert beside.seen > 60
    assert state_at(_course(house)) == beside.course.now
    with house.world.read() as session:
        entries = ledger.entries(session, f"case:{house.case}")
        record = session.query(Report).filter_by(state="sealed").one().record
    kinds = {one.kind for one in entries}
    assert kinds >= {"member.offline", "sitting.paused", "seat.changed", "member.left", "spare.called",
                     "unlock.decided", "score.corrected", "clarification.answered", "report.dissented",
                     "paper.voided"}  # fmt: skip
    _points_come_with_the_report(house, lines(entries), record)


def _points_come_with_the_report(house: House, course: list[Line], record: dict[str, Any]) -> None:
    """Without the report a lock shows no point; with it, what each lock committed to, former locks and corrections."""
    assert {one["points"] for one in state_at(course)["sheets"].values()} == {None}
    opened = openings(record)
    second, third = house.place(house.names[1]).id, house.place(house.names[2]).id
    bid = house.bids["乙"]
    locks = [one.now["sheets"][second]["points"][bid]["plan"] for one, changed in fold(course, opened)
             if changed.get("sheets", {}).get(second)]  # fmt: skip
    assert locks == ["60", "90"]
    sheets = state_at(course, opened)["sheets"]
    assert {len(one["points"]) for one in sheets.values()} == {3}
    assert sheets[third]["points"][house.bids["甲"]]["plan"] == "85"


def test_a_low_price_and_its_votes_are_rebuilt(house):
    beside = Beside(house)
    house.world.acts.house.ledger.listeners.append(beside)
    scored(house, {"甲": "5689", "乙": "5828", "丙": "2500", "丁": "5709"})
    assert house.stage == "LOWPRICE"
    ask(house)
    answer(house)
    decide(house, 3)
    with house.world.read() as session:
        state = state_at(lines(ledger.entries(session, f"case:{house.case}")))
    assert state["rejected"] == {house.bids["丙"]: {"ground": "LOWPRICE"}}
    assert state["lowprice"][house.bids["丙"]]["invalid"] is True
    assert beside.seen > 40


def test_a_night_brings_everybody_back_one_by_one(room):
    to_scoring(room)
    beside = heard_by(room)
    Ear(room).hear(*room.names)
    until = room.world.clock.moment + timedelta(hours=14)
    room.do("staff1", "sitting.freeze", reason="当日未完成", until=until.isoformat())
    room.world.clock.moment = until
    for name in room.names:
        room.do(name, "sitting.rejoin")
    room.score(room.names[0], room.flat())
    assert beside.seen >= 8
    assert "pause" in state_at(_course(room))["sitting"]["sitting"]


def _course(house: House) -> list[Line]:
    with house.world.read() as session:
        return lines(ledger.entries(session, f"case:{house.case}"))


def test_a_void_committee_leaves_nothing_behind(room):
    room.mark(room.names[0], {"丙": "R-07"})
    room.do("regulator", "committee.void", reason="无法补足")
    state = state_at(_course(room))
    assert not any(state.get(name) for name in ("members", "fails", "sitting", "reports"))
    assert state["case"]["case"]["state"] == "OPENED"


def test_a_vote_for_lack_of_competition_rejects_every_opened_bid() -> None:
    at = "2026-04-01T09:00:00+08:00"
    opened = {"bids": [{"bid": one, "how": "bidder", "number": n} for n, one in enumerate("甲乙", 1)]
              + [{"bid": "丙", "how": "", "number": 3}]}  # fmt: skip
    told = [
        Line("opening.opened", at, opened), Line("review.settled", at, {"rejected": {"甲": "R-07"}, "valid": 1}),
        Line("lack.voted", at, {"member": "m1", "lack": True}), Line("lack.settled", at, {"lack": True, "yes": 3}),
    ]  # fmt: skip
    assert state_at(told)["rejected"] == {"甲": {"ground": "R-07"}, "乙": {"ground": "LACK"}}
    kept = [*told[:-1], Line("lack.settled", at, {"lack": False, "yes": 1})]
    assert state_at(kept)["rejected"] == {"甲": {"ground": "R-07"}}
    fewer = [*kept, Line("sitting.stage", at, {"stage": "SCORING"}), Line("sitting.stage", at, {"stage": "LACK"})]
    assert state_at(fewer)["votes"] == {}


# -- total ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> list[Line]:
    """One troubled sitting for the properties below."""
    house = House(new_world(tmp_path_factory.mktemp("whole")))
    troubled(house)
    return _course(house)


@settings(max_examples=25)
@given(data=st.data())
def test_any_prefix_with_anything_withheld_gives_a_state(whole: list[Line], data: st.DataObject) -> None:
    """And what each entry changed, put on what was before, is the state after it."""
    size = data.draw(st.integers(0, len(whole)))
    hidden = data.draw(st.sets(st.integers(0, len(whole) - 1)))
    some = [Line(one.kind, one.at, None if n in hidden else one.body) for n, one in enumerate(whole[:size])]
    grown: State = {}
    for course, changed in fold(some):
        lay(grown, changed)
        assert grown == course.now
    assert state_at(some) == grown
    withheld = len({one for one in hidden if one < size})
    assert grown.get("counts", {}).get("withheld", {}).get("n", 0) == withheld


KEYS = ("member", "marks", "bid", "item", "cells", "bids", "votes", "to", "codes", "site", "kind", "document")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
)


@given(st.lists(st.tuples(st.sampled_from(sorted(HANDLERS)), JSON), max_size=20))
def test_no_body_of_any_shape_stops_the_course(given_lines: list[tuple[str, Any]]) -> None:
    bodies = [Line(kind, "2026-04-01T09:00:00+08:00", body if isinstance(body, dict) else {"member": body})
              for kind, body in given_lines]  # fmt: skip
    grown: State = {}
    for course, changed in fold(bodies):
        lay(grown, changed)
        assert grown == course.now


def test_every_step_is_a_kind_the_pages_have_words_for() -> None:
    assert set(ENTRIES) >= STEPS
