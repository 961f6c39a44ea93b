"""Who did what when, as regulators and auditors read it; what stays hidden, and how many statements it takes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import delete, event, update

from core import canon, jobs, ledger, merkle
from core.access import SYSTEM, Actor, Role
from core.doors import QUESTIONS
from core.faults import Fault, Unusable
from core.ledger import EntryRow
from core.rules import Refused
from evaluation.committee.models import Committee, Member
from oversight import guards
from oversight.integrity import integrity
from oversight.queries import red_flags, statistics, timeline, watch
from oversight.replay import replay
from tests.oversight.scene import THREE, Scene
from trading.procedures import TYPES


@contextmanager
def counted(scene: Scene) -> Iterator[list[str]]:
    said: list[str] = []

    def note(connection, cursor, statement, *rest) -> None:
        said.append(statement)

    event.listen(scene.world.engine, "before_cursor_execute", note)
    yield said
    event.remove(scene.world.engine, "before_cursor_execute", note)


def regulator(scene: Scene) -> Actor:
    return scene.stage.people["监管"]


def lines(scene: Scene, case: str, actor: Actor | None = None, **filters) -> list[dict]:
    with scene.world.read() as session:
        return timeline(session, case, actor or regulator(scene), limit=200, **filters)["items"]


def ask(scene: Scene, name: str, case: str, actor: Actor, **params):
    with scene.world.read() as session:
        actor.require(*QUESTIONS[name].roles)
        return canon.loads(canon.dumps(QUESTIONS[name].fn(session, scene.world.clock.now(), actor, case, params)))


@pytest.mark.rule("E-09", "allowed")
@pytest.mark.certify("A-200")
def test_every_line_says_who_did_what_when_from_where_and_about_which_document(scene: Scene) -> None:
    case = scene.stage.announced()
    found = lines(scene, case)
    issued = next(one for one in found if one["kind"] == "tender.issued")
    tenderer = scene.stage.people["招标人"]
    assert issued["actor"] == {
        "person": tenderer.person, "name": tenderer.name, "org": tenderer.org, "org_name": "招标人",
        "address": "10.0.0.1", "certificate": tenderer.certificate,
    }  # fmt: skip
    assert issued["documents"] and all(scene.world.acts.house.blobs.has(one) for one in issued["documents"])
    assert [one["at"] for one in found] == sorted(one["at"] for one in found)
    with scene.world.read() as session:
        assert issued["entry"] == ledger.entries(session, f"case:{case}")[issued["index"]].leaf_hash


@pytest.mark.certify("A-200")
def test_the_timeline_filters_by_kind_person_organisation_and_time(scene: Scene) -> None:
    case = scene.stage.announced()
    agency, tenderer = scene.stage.people["代理"], scene.stage.people["招标人"]
    whole = lines(scene, case)
    assert {one["kind"] for one in lines(scene, case, kind="project")} == {"project.created", "project.registered"}
    assert [one["kind"] for one in lines(scene, case, kind="plan.published")] == ["plan.published"]
    for actor in (agency, tenderer):
        mine = [one for one in whole if one["actor"]["person"] == actor.person]
        assert mine and lines(scene, case, person=actor.person) == mine == lines(scene, case, org=actor.org)
    late = whole[-1]["at"]
    assert lines(scene, case, since=late) == [one for one in whole if one["at"] >= late]
    assert lines(scene, case, until=late - timedelta(seconds=1)) == [one for one in whole if one["at"] < late]
    assert lines(scene, case, person='%","org":"') == lines(scene, case, org="_") == []


def test_pages_follow_each_other_without_gap_or_double_while_the_log_grows(scene: Scene) -> None:
    case = scene.opened()
    before = lines(scene, case)
    seen, after = [], ""
    with scene.world.read() as session:
        while True:
            page = timeline(session, case, regulator(scene), after=after, limit=3)
            seen += page["items"]
            after = page["next"]
            if not after:
                break
            scene.later()
            scene.world.acts.act(
                lambda tx: tx.record(f"case:{case}", "note.made", {"n": 1}, case=case) and None, SYSTEM
            )
            session.expire_all()
            session.rollback()
            if len(seen) > 3 * len(before):
                break
    assert seen[: len(before)] == before
    keys = [(one["stream"], one["index"]) for one in seen]
    assert len(keys) == len(set(keys))
    with scene.world.read() as session:
        for wrong in ("x", "2026-01-01|a|1", "2026-01-01T00:00:00+08:00|a|b", "2026-01-01T00:00:00+08:00||1"):
            with pytest.raises(Unusable, match="not a cursor"):
                timeline(session, case, regulator(scene), after=wrong)


def test_the_number_of_statements_does_not_grow_with_the_lines(scene: Scene) -> None:
    case = scene.opened()
    found = {}
    for limit in (2, 200):
        with scene.world.read() as session, counted(scene) as said:
            timeline(session, case, regulator(scene), limit=limit, org="x")
        found[limit] = len(said)
    assert found[2] == found[200] <= 8
    for _ in range(3):
        scene.stage.drafting()
    with scene.world.read() as session, counted(scene) as said:
        watch(session, regulator(scene), scene.world.clock.now())
    assert len(said) <= 6
    for question in (replay, red_flags):
        with scene.world.read() as session, counted(scene) as said:
            extra = (scene.world.clock.now(),) if question is red_flags else ()
            question(session, case, regulator(scene), *extra)
        assert len(said) <= 9


# -- what stays hidden ------------------------------------------------------------------------------------------------


def all_answers(scene: Scene, case: str, actor: Actor) -> dict[str, str]:
    names = ("audit.timeline", "audit.replay", "audit.watch", "audit.integrity", "audit.flags", "audit.statistics")
    return {name: canon.dumps(ask(scene, name, case, actor)).decode() for name in names}


def test_before_the_deadline_nothing_tells_that_anybody_bids(scene: Scene) -> None:
    """20号令 art. 21, 27, 56; the regulator and the auditor too."""
    case = scene.stage.announced()
    watchers = (regulator(scene), scene.auditor)
    before = [all_answers(scene, case, one) for one in watchers]
    for who, price in THREE.items():
        scene.stage.do(who, "file.fetch", case)
        scene.stage.bid(case, who, price)
    scene.stage.do("投标人甲", "question.ask", case, text="道路开挖是否另行报批?")
    assert [all_answers(scene, case, one) for one in watchers] == before
    scene.stage.sealed(case)
    assert {one["stream"] for one in lines(scene, case)} == {f"case:{case}"}, "the deadline may still be set anew"
    scene.stage.begin(case, *THREE)
    kinds = [one["kind"] for one in lines(scene, case)]
    assert kinds.count("bid.received") == 3 and kinds.count("file.fetched") == 3
    assert {one["stream"] for one in lines(scene, case)} == {f"case:{case}", f"sealed:{case}"}


def test_a_changed_sealed_stream_of_an_earlier_round_tells_no_number(scene: Scene) -> None:
    case = scene.stage.announced()
    scene.stage.bid(case, "投标人甲")
    scene.stage.sealed(case)
    scene.later()
    scene.stage.do("代理", "project.retender", case, reason="不足三家")
    scene.world.acts.act(lambda tx: tx.record(f"sealed:{case}", "bid.received", {"bid": "x"}) and None, SYSTEM)
    change(scene, f"sealed:{case}", 1, {"index": 900})
    assert fault(scene, case) == f"stream sealed:{case} does not hold"


def test_the_deadline_can_be_moved_in_the_states_that_hide_bids() -> None:
    for kind in TYPES.values():
        assert {row.state for row in kind.machine.rows if row.act == "deadline.decide"} == set(guards.MOVABLE)


def test_a_second_round_hides_its_own_bids_behind_the_first_rounds_head(scene: Scene) -> None:
    case = scene.stage.announced()
    scene.stage.bid(case, "投标人甲")
    scene.stage.sealed(case)
    scene.later()
    scene.stage.do("代理", "project.retender", case, reason="不足三家")
    before = all_answers(scene, case, regulator(scene))
    with scene.world.read() as session:
        head = integrity(session, case)
    scene.world.acts.act(lambda tx: tx.record(f"sealed:{case}", "bid.received", {"bid": "x"}) and None, SYSTEM)
    assert all_answers(scene, case, regulator(scene)) == before
    with scene.world.read() as session:
        assert integrity(session, case) == head
    assert [one.stream for one in head] == [f"case:{case}", f"sealed:{case}"] and head[1].size == 1


def member_of(scene: Scene, case: str, person: str) -> None:
    now = scene.world.clock.now()
    with scene.world.read() as session, session.begin():
        committee = Committee(case_id=case, round=1, need={}, at=now, until=now, requested_by="", requested_at=now)
        session.add(committee)
        session.flush()
        session.add(
            Member(committee_id=committee.id, number=1, site="420112", sealed="", mark=secrets.token_hex(8),
                   state="signed_in", person_id=person)
        )  # fmt: skip


@pytest.mark.rule("R1-20", "refused")
def test_a_member_is_an_id_and_a_certificate_until_the_result(scene: Scene) -> None:
    case = scene.opened()
    expert = Actor("e" * 16, "李专家", "f" * 16, "某设计院", frozenset({Role.EXPERT}), "10.9.9.9", "c" * 64)
    member_of(scene, case, expert.person)
    scene.world.acts.act(
        lambda tx: tx.record(f"case:{case}", "review.marked", {"member": "m", "marks": ["x"]}, case=case) and None,
        expert,
    )
    scene.set_state(case, "EVALUATING")
    (mine,) = lines(scene, case, kind="review.marked")
    covered = {"name": "", "org": "", "org_name": "", "address": ""}
    assert mine["actor"] == {"person": expert.person, "certificate": "c" * 64} | covered
    assert mine["facts"] is None
    assert lines(scene, case, org=expert.org) == []
    assert "某设计院" not in canon.dumps(ask(scene, "audit.replay", case, regulator(scene))).decode()
    scene.set_state(case, "EVALUATED")
    (mine,) = lines(scene, case, kind="review.marked")
    assert mine["facts"] == {"member": "m", "marks": ["x"]} and mine["actor"]["name"] == ""
    scene.set_state(case, "WINNER_SET")
    assert [one["actor"]["name"] for one in lines(scene, case, org=expert.org)] == ["李专家"]


# -- who may look -----------------------------------------------------------------------------------------------------


@pytest.mark.rule("E-10", "allowed")
def test_regulators_see_their_region_auditors_all_and_nobody_else_anything(scene: Scene) -> None:
    case = scene.stage.announced()
    near = scene.stage.org("市监管", "regulator", Role.REGULATOR, region="420100")
    far = scene.stage.org("外地监管", "regulator", Role.REGULATOR, region="410600")
    for actor in (near, scene.auditor, regulator(scene)):
        assert lines(scene, case, actor)
        assert ask(scene, "audit.watch", "", actor)["items"][0]["case"] == case
    with pytest.raises(Refused):
        lines(scene, case, far)
    assert ask(scene, "audit.watch", "", far) == {"states": {}, "items": [], "next": ""}
    assert ask(scene, "audit.statistics", "", far)["cases"] == 0
    nobody = Actor("x" * 16, roles=frozenset({Role.REGULATOR}))
    with pytest.raises(Refused):
        lines(scene, case, nobody)


AUDIT = ["audit.timeline", "audit.replay", "audit.watch", "audit.integrity", "audit.flags", "audit.statistics"]


@pytest.mark.rule("E-10", "refused")
@pytest.mark.parametrize("role", Role)
def test_questions_open_to_watchers_only(scene: Scene, role: Role) -> None:
    case = scene.stage.announced()
    actor = Actor("x" * 16, roles=frozenset({role}))
    own = regulator(scene) if role is Role.REGULATOR else actor
    for name in AUDIT:
        if role in (Role.REGULATOR, Role.AUDITOR):
            ask(scene, name, case, own)
            continue
        with pytest.raises(Refused):
            ask(scene, name, case, actor)
        with scene.world.read() as session, pytest.raises(Refused):  # the guard stands inside as well
            QUESTIONS[name].fn(session, scene.world.clock.now(), actor, case, {})


# -- watch list, signs, figures ---------------------------------------------------------------------------------------


def test_the_watch_list_shows_what_is_late_suspended_or_warned(scene: Scene) -> None:
    case = scene.stage.announced()
    scene.stage.drafting()
    now = scene.stage.deadline(case) + timedelta(hours=1)
    scene.stage.object("投标人甲", case)
    with scene.world.read() as session, session.begin():
        session.execute(
            update(jobs.DueJob).where(jobs.DueJob.case == case, jobs.DueJob.act == "tender.deadline").values(
                error="Refused: 2 bids"
            )
        )  # fmt: skip
    scene.stage.at(now)
    found = ask(scene, "audit.watch", "", regulator(scene))
    assert found["states"] == {"ANNOUNCED": 1, "DRAFTING": 1}
    told = [one for row in found["items"] if row["case"] == case for one in row["alarms"]]
    alarms = {one["alarm"]: one for one in told if one.get("act") != "clock.compare"}  # rings with the deadline
    assert alarms["overdue"]["act"] == "tender.deadline" and alarms["overdue"]["failed"] is True
    assert "suspended" in alarms
    assert "2 bids" not in canon.dumps(found).decode()
    only = ask(scene, "audit.watch", "", regulator(scene), state="DRAFTING")
    assert [one["state"] for one in only["items"]] == ["DRAFTING"]


def test_the_watch_list_pages_by_case(scene: Scene) -> None:
    made = {scene.stage.drafting() for _ in range(5)}
    seen, after = [], ""
    with scene.world.read() as session:
        while True:
            page = watch(session, scene.auditor, scene.world.clock.now(), after=after, limit=2)
            seen += [one["case"] for one in page["items"]]
            after = page["next"]
            if not after:
                break
        assert statistics(session, scene.auditor) == {
            "cases": 5, "suspended": 0, "regions": {"420112": {"DRAFTING": 5}}}  # fmt: skip
    assert len(seen) == 5 and set(seen) == made


def test_recorded_warnings_are_alarms_and_signs_with_their_article(scene: Scene) -> None:
    body = {"warnings": [{"rule": "R1-03", "article": "国办发〔2024〕21号", "action": "W", "found": "20日"}]}
    case = scene.stage.drafting()
    scene.world.acts.act(lambda tx: tx.record(f"case:{case}", "tender.issued", body, case=case) and None, SYSTEM)
    flags = ask(scene, "audit.flags", case, regulator(scene))["flags"]
    warned = [one for one in flags if one["rule"] == "R1-03"]
    assert [(one["level"], one["article"], one["found"]) for one in warned] == [("W", "国办发〔2024〕21号", "20日")]
    (row,) = ask(scene, "audit.watch", "", regulator(scene))["items"]
    assert "R1-03" in next(one["rules"] for one in row["alarms"] if one["alarm"] == "warnings")


def test_signs_of_bids_appear_with_the_opening(scene: Scene) -> None:
    case = scene.stage.announced()
    seals = {who: scene.stage.bid(case, who, price) for who, price in THREE.items()}
    assert ask(scene, "audit.flags", case, regulator(scene))["flags"] == []
    scene.stage.sealed(case)
    scene.later()
    assert "C5" not in {one["rule"] for one in ask(scene, "audit.flags", case, regulator(scene))["flags"]}
    scene.stage.open_all(case, seals)
    rules = {one["rule"]: one for one in ask(scene, "audit.flags", case, regulator(scene))["flags"]}
    assert {"C5", "C15", "R1-10"} <= set(rules) and len(rules["C5"]["entries"]) == 3


def test_replay_is_the_whole_life_in_order(scene: Scene) -> None:
    case = scene.opened()
    found = ask(scene, "audit.replay", case, scene.auditor)
    assert [one["state"] for one in found["stations"]][-3:] == ["SEALED", "OPENING", "OPENED"]
    assert [one["at"] for one in found["events"]] == sorted(one["at"] for one in found["events"])
    assert len(found["events"]) == len(lines(scene, case)) and found["next"] == ""


# -- integrity --------------------------------------------------------------------------------------------------------


def change(scene: Scene, stream: str, at: int, values: dict) -> None:
    with scene.world.read() as session, session.begin():
        session.execute(update(EntryRow).where(EntryRow.stream == stream, EntryRow.index == at).values(**values))


def fault(scene: Scene, case: str) -> str:
    with scene.world.read() as session, pytest.raises(Fault) as caught:
        integrity(session, case)
    return str(caught.value)


def test_a_sound_case_is_recomputed_stream_by_stream(scene: Scene) -> None:
    case = scene.opened()
    scene.register()
    scene.checkpoint()
    found = ask(scene, "audit.integrity", case, regulator(scene))
    assert found["holds"] is True
    with scene.world.read() as session:
        assert {one["stream"]: (one["size"], one["root"]) for one in found["streams"]} == {
            name: tuple(ledger.head(session, name).values()) for name in (f"case:{case}", f"sealed:{case}")
        }
    assert all(one["checkpoint"] == one["size"] for one in found["streams"])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"body": '{"name":"x"}'}, "the body is not what was recorded"),
        ({"actor": "{}"}, "the actor is not what was recorded"),
        ({"kind": "plan.hidden"}, "kind is plan.hidden"),
        ({"leaf_hash": "0" * 64}, "the leaf is not what its hash says"),
        ({"index": 900}, "index is 900"),
    ],
)
def test_a_changed_row_is_named(scene: Scene, values: dict, words: str) -> None:
    case = scene.stage.announced()
    change(scene, f"case:{case}", 1, values)
    assert words in fault(scene, case)
    told = ask(scene, "audit.integrity", case, regulator(scene))
    assert told["holds"] is False and words in told["fault"]


def test_a_rewritten_stream_does_not_fit_its_checkpoint(scene: Scene) -> None:
    case = scene.opened()
    scene.register()
    scene.checkpoint()
    with scene.world.read() as session, session.begin():
        rows = ledger.entries(session, f"case:{case}")[:-1]
        session.execute(delete(EntryRow).where(EntryRow.stream == f"case:{case}", EntryRow.index == len(rows)))
        head = session.get(ledger.Stream, f"case:{case}")
        frontier = merkle.frontier_of(bytes.fromhex(row.leaf_hash) for row in rows)
        head.size, head.frontier = len(rows), [one.hex() for one in frontier]
    assert "no longer begins as the checkpoint says" in fault(scene, case)


def test_a_sealed_stream_that_never_had_the_quoted_head_is_named(scene: Scene) -> None:
    case = scene.opened()
    with scene.world.read() as session, session.begin():
        session.execute(delete(EntryRow).where(EntryRow.stream == f"sealed:{case}"))
        session.execute(delete(ledger.Stream).where(ledger.Stream.name == f"sealed:{case}"))
    assert "never had the head that the case stream quotes" in fault(scene, case)


def test_a_broken_sealed_stream_is_told_without_its_length(scene: Scene) -> None:
    case = scene.stage.announced()
    scene.stage.bid(case, "投标人甲")
    scene.stage.bid(case, "投标人乙")
    change(scene, f"sealed:{case}", 1, {"body": '{"bid":"other"}'})
    assert fault(scene, case) == f"stream sealed:{case} does not hold"
