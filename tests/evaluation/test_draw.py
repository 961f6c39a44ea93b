"""Forming a committee: who may ask, who stays out, secrecy before sign-in, withheld reveals, spares, replacements."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest

from certs import drawdesk, draws
from core.access import SYSTEM, Actor, Role
from core.doors import TABLE
from core.heartbeat import Heartbeat
from core.rules import Refused
from evaluation.committee import postponed as postponed
from evaluation.committee.models import Committee, Member
from evaluation.vault import Vault, vault
from experts.models import Expert
from tests.evaluation.house import SMALL
from trading.deadline import actions as _deadline  # noqa: F401
from trading.project.models import Case, CaseDocument


@pytest.fixture
def small(house):
    return house.build(pool=6, sites=SMALL)


def begin(house, **more) -> str:
    house.request(sites=SMALL, **more)
    return house.do("agency", "draw.freeze", parties=house.parties())["draw"]


def test_the_drawn_are_sealed_and_only_counts_are_shown(small):
    small.draw(begin(small))
    drawn = [small.name_of(row) for row in small.members("invited")]
    assert len(drawn) == 5
    ids = {small.people[name] for name in drawn}
    stored = ""
    with small.world.read() as session:
        for table in ("committee", "committee_member", "draw", "ledger_entry", "live_event", "due_job"):
            stored += str(session.connection().exec_driver_sql(f"SELECT * FROM {table}").fetchall())
    for secret in ids | set(drawn):
        assert secret not in stored
    for who in ("tenderer", "agency", "staff1", "regulator", "auditor"):
        seen = small.ask(who, "committee.show")
        assert seen["sites"]["420203"]["invited"] == 3
        assert not any(one in str(seen) for one in ids | set(drawn))
    assert small.state == "COMMITTEE_SET"


def test_only_the_drawn_expert_hears_of_it_and_not_which_project(small):
    small.draw(begin(small))
    drawn = [small.name_of(row) for row in small.members("invited")]
    spare = small.name_of(small.members("spare")[0])
    other = next(n for site in small.experts.values() for n in site if n not in drawn and n != spare)
    mine = small.ask(drawn[0], "invitation.mine")["invitations"]
    assert [one["state"] for one in mine] == ["invited"]
    assert "title" not in mine[0]
    assert small.ask(other, "invitation.mine") == {"invitations": []}
    assert small.ask(spare, "invitation.mine") == {"invitations": []}
    with pytest.raises(Refused, match="INVITED"):
        small.do(other, "invitation.answer", answer="accept")
    with pytest.raises(Refused, match="INVITED"):
        small.do(spare, "invitation.answer", answer="accept")


@pytest.mark.certify("A-219", "A-220", "A-130")
def test_the_tied_are_excluded_with_their_rule_and_never_drawn(small):
    a, b, c = (small.people[name] for name in small.experts["420203"][:3])

    def tie(tx):
        bidder = tx.session.get(Expert, a)
        bidder.employer_uscc = uscc["bidder-甲"]
        tx.session.get(Expert, b).employer_uscc = uscc["org-tenderer"]
        tx.session.get(Expert, c).state = "paused"

    with small.world.read() as session:
        rows = session.connection().exec_driver_sql("SELECT name, uscc FROM org").fetchall()
    uscc = dict(tuple(row) for row in rows)
    small.write(tie)
    draw = begin(small, spares=0)
    record = small.row(draw).frozen
    assert sorted(one["rule"] for one in record["excluded"]) == ["AVOID-BIDDER", "AVOID-TENDERER", "POOL-STATE"]
    small.draw(draw)
    assert not {small.people[small.name_of(row)] for row in small.members()} & {a, b, c}


def test_no_two_members_of_one_employer(small):
    def same(tx):
        for name in small.experts["420203"][:4]:
            tx.session.get(Expert, small.people[name]).employer_uscc = "9" * 18

    small.write(same)
    small.draw(begin(small, spares=0))
    people = [small.people[small.name_of(row)] for row in small.members()]
    with small.world.read() as session:
        employers = [session.get(Expert, one).employer_uscc for one in people]
    assert len(set(employers)) == len(employers)


def test_a_reveal_that_is_not_what_was_committed_is_refused(small):
    draw = begin(small)
    small.commit(draw)
    with pytest.raises(Refused, match="DRAW-SIGNED"):
        small.reveal(draw, "centre", secrets.token_bytes(32))
    small.reveal(draw, "centre")


def test_a_withheld_reveal_is_stood_in_for_after_its_term_and_the_record_replays(small):
    draw = begin(small)
    small.draw(draw, withheld=("supervisor",))
    stand_in = TABLE["draw.stand_in"].fn
    assert small.world.acts.act(stand_in, SYSTEM, small.case, {"draw": draw}) == {}
    small.world.clock.moment += drawdesk.REVEAL_TERM
    small.world.acts.act(stand_in, SYSTEM, small.case, {"draw": draw})
    assert draws.replay(small.row(draw).record).withheld == ("supervisor",)
    assert len(small.members("invited")) == 5


def test_a_list_without_all_commitments_may_be_given_up_but_not_after(small):
    first = begin(small)
    second = small.do("agency", "draw.freeze", parties=small.parties())["draw"]
    assert small.row(first).state == "VOID"
    small.commit(second)
    with pytest.raises(Refused, match="DRAW-STATE"):
        small.do("agency", "draw.freeze", parties=small.parties())


@pytest.mark.rule("R1-19", "refused")
def test_a_finished_draw_is_never_drawn_again(small):
    small.draw(begin(small))
    with pytest.raises(Refused, match="DRAW-TWICE"):
        small.do("agency", "draw.freeze", parties=small.parties())


@pytest.mark.parametrize("party", ["tenderer", "centre", "supervisor"])
def test_a_party_must_be_the_right_body(small, party):
    small.request(sites=SMALL)
    wrong = small.parties() | {party: small.people["agency"]}
    with pytest.raises(Refused, match="DRAW-PARTY"):
        small.do("agency", "draw.freeze", parties=wrong)


def test_a_decline_calls_the_spare_of_the_same_site(small):
    small.draw(begin(small))
    gone = next(row for row in small.members("invited") if row.site == "420203")
    spare = next(row for row in small.members("spare") if row.site == "420203")
    assert small.do(small.name_of(gone), "invitation.answer", answer="decline", reason="出差")["state"] == "declined"
    found = {row.id: row.state for row in small.members()}
    assert (found[gone.id], found[spare.id]) == ("declined", "invited")
    with pytest.raises(Refused, match="INVITATION"):
        small.do(small.name_of(gone), "invitation.answer", answer="accept")


@pytest.mark.rule("INVITATION-LATE", "allowed")
@pytest.mark.rule("INVITATION-LATE", "refused")
def test_no_answer_in_time_counts_as_none(small):
    small.draw(begin(small))
    member = small.members("invited")[0]
    expire = TABLE["invitation.expire"].fn
    assert small.world.acts.act(expire, SYSTEM, small.case, {"member": member.id}) == {}
    small.world.clock.moment = member.answer_until
    small.do(small.name_of(small.members("invited")[1]), "invitation.answer", answer="accept")  # the last moment
    assert small.world.acts.act(expire, SYSTEM, small.case, {"member": member.id}) == {"state": "no_answer"}
    small.world.clock.moment += timedelta(seconds=1)
    with pytest.raises(Refused, match="INVITATION"):
        small.do(small.name_of(member), "invitation.answer", answer="accept")


@pytest.mark.rule("R1-19", "allowed")
def test_a_replacement_is_drawn_from_the_same_frozen_list(small):
    first = begin(small, spares=0)
    small.draw(first)
    gone = small.members("invited")[0]
    small.do(small.name_of(gone), "invitation.answer", answer="decline", reason="生病")
    second = small.do("agency", "draw.freeze", parties=small.parties())["draw"]
    small.draw(second)
    record = small.row(second).record
    draws.replay(record, original=small.row(first).record)
    assert len(record["result"]["members"]) == 1
    new = small.members("invited")[-1]
    assert (new.site, len(small.members("invited"))) == (gone.site, 5)
    with small.world.read() as session:
        assert session.query(Committee).one().wanted == []
        assert session.query(CaseDocument).filter_by(kind="draw_record").count() == 2


@pytest.mark.parametrize(("more", "rule"), [
    ({"experts": 4, "members_by_site": {"420112": 2, "420203": 2}}, "R1-17"),
    ({"experts": 3, "members_by_site": {"420112": 1, "420203": 2}}, "R1-17"),
    ({"experts": 5, "members_by_site": {"420112": 5}}, "REMOTE-SITES"),
    ({"experts": 7}, "R1-19"),
    ({"at": "2026-03-01T09:00"}, "COMMITTEE-TIME"),
])  # fmt: skip
def test_a_wrong_committee_cannot_be_asked_for(small, more, rule):
    with pytest.raises(Refused, match=rule):
        small.request(sites=SMALL, **more)


def test_representatives_are_the_tenderers_own_people_and_at_most_a_third(small):
    small.person("代表", Role.TENDERER, "org-tenderer")
    with pytest.raises(Refused, match="REPRESENTATIVE"):
        small.request(sites=SMALL, representatives=[small.people["agency"]])
    with pytest.raises(Refused, match="R1-17"):  # six is even
        small.request(sites=SMALL, representatives=[small.people["代表"]])
    small.request(sites=SMALL | {"420112": 3}, representatives=[small.people["代表"]])


@pytest.mark.parametrize("state", ["ANNOUNCED", "EVALUATED", "FAILED"])
def test_not_in_another_state(house, state):
    house.build(pool=6, sites=SMALL, state=state)
    with pytest.raises(Refused, match="STATE"):
        house.request(sites=SMALL)


def test_a_committee_drawn_before_the_opening_waits_for_it(house):
    house.build(pool=6, sites=SMALL, state="SEALED")
    house.draw(begin(house))
    assert house.state == "SEALED"


def test_strangers_cannot_ask_or_freeze(small):
    small.org("org-x", "tenderer")
    small.person("x", Role.TENDERER, "org-x")
    with pytest.raises(Refused, match="CASE-PARTY"):
        small.do("x", "draw.request", experts=5)
    small.request(sites=SMALL)
    with pytest.raises(Refused, match="CASE-PARTY"):
        small.do("x", "draw.freeze", parties=small.parties())
    with pytest.raises(Refused, match="CASE-PARTY"):
        small.ask("x", "committee.show")


ACTS = ["draw.request", "draw.freeze", "invitation.answer", "representative.name", "seating.freeze", "sitting.signin",
        "signin.confirm", "pledge.sign", "member.recuse", "member.remove", "leader.vote", "incident.note",
        "sitting.pause", "sitting.resume", "time.ask", "prelim.mark", "prelim.lock", "reject.vote", "lack.vote",
        "score.save", "score.lock", "anomaly.confirm", "score.correct", "clarify.ask", "clarify.answer", "report.make",
        "report.reopen", "report.dissent", "report.deem", "committee.void", "highlight.save",
        "highlight.remove"]  # fmt: skip
TIMERS = ["invitation.expire", "report.accept", "aid.read"]


@pytest.mark.certify("A-146")
@pytest.mark.parametrize("act", ACTS + TIMERS)
def test_every_act_is_closed_to_every_other_role(world, act):
    door = TABLE[act]
    assert bool(door.roles) == (act in ACTS)
    for role in set(Role) - set(door.roles):
        with pytest.raises(Refused, match="ACCESS"):
            world.do(Actor(person="x", org="x", roles=frozenset({role})), act, "case")


def test_the_vault_opens_for_its_case_and_key_alone(small):
    token = vault().seal("case-a", {"person": "p"})
    assert vault().open("case-a", token) == {"person": "p"}
    for other, case in ((vault(), "case-b"), (Vault("another secret"), "case-a")):
        with pytest.raises(Exception, match="does not open"):
            other.open(case, token)
    assert vault().mark("p") != Vault("another secret").mark("p")


def test_a_committee_drawn_before_a_deadline_that_is_moved_is_void(house):
    """Others may bid until the new deadline, whom the frozen list did not avoid."""
    small = house.build(pool=6, sites=SMALL, state="SEALED")
    small.draw(begin(small))
    assert small.members("invited")
    now = small.world.clock.now()

    def silent(tx):
        row = tx.session.get_one(Case, small.case)
        row.deadline = now - timedelta(minutes=5)
        for at in (now - timedelta(hours=1), now):
            tx.session.add(Heartbeat(process="page", at=at, ahead=0))

    small.write(silent)
    moment = now + timedelta(days=1)
    small.do("tenderer", "deadline.decide", decision="postpone", reason="平台中断", deadline=moment.isoformat())
    assert small.state == "ANNOUNCED"
    with small.world.read() as session:
        assert [one.void_at is not None for one in session.query(Committee).filter_by(case_id=small.case)] == [True]

    def sealed(tx):
        tx.session.get_one(Case, small.case).state = "SEALED"

    small.write(sealed)
    begin(small)


def test_a_draw_that_ends_after_the_deadline_was_moved_invites_nobody(house):
    small = house.build(pool=6, sites=SMALL, state="SEALED")
    draw = begin(small)
    small.commit(draw)

    def moved(tx):
        tx.session.query(Committee).filter_by(case_id=small.case).one().void_at = tx.now

    small.write(moved)
    for party in small.NAMES:
        small.reveal(draw, party)
    with small.world.read() as session:
        assert session.query(Member).count() == 0
