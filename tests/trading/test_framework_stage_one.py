"""Closed agreements from the scheme to the signed agreement: who may what, when, and what is kept from whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from certs import desk_sign
from core.faults import Unusable
from core.ledger import EntryRow
from core.rules import Refused
from tests.trading.framework_world import AGENCY, BUYER, OWNER, REGULATOR, START, SUPPLIERS, Agreements, build, shows
from trading.framework import machine, queries, sealed
from trading.framework.models import FrameworkNotice

FIVE = dict(zip(SUPPLIERS[:5], ("20", "21", "22", "23", "24"), strict=True))


@pytest.fixture
def agreements(world) -> Agreements:
    return build(world)


def refused(call, *args, **payload) -> list[str]:
    with pytest.raises(Refused) as caught:
        call(*args, **payload)
    return [one.rule for one in caught.value.breaches]


@pytest.mark.parametrize("table", [*machine.MACHINES.values(), *machine.MEMBERS.values(), machine.NEED])
def test_tables_are_sound(table) -> None:
    assert table.faults() == []


@shows("FH-OWN")
def test_a_scheme_is_its_solicitors_alone(agreements: Agreements) -> None:
    framework = agreements.scheme()
    with agreements.read() as session:
        for who, sees in ((OWNER, True), (BUYER, False), (SUPPLIERS[0], False), (REGULATOR, True)):
            assert (queries.seen(session, framework, agreements.actor(who)) is not None) is sees
        assert queries.listed(session, agreements.actor(SUPPLIERS[0]))["items"] == []
    assert refused(agreements.do, BUYER, "framework.item_drop", framework, item="x") == ["FH-OWN"]
    assert refused(agreements.do, SUPPLIERS[0], "framework.solicit", framework) == ["ACCESS"]
    with pytest.raises(Unusable):
        agreements.do(OWNER, "framework.item", framework, category="A9", name="x", unit="包", ceiling="1")
    for odd in ({"ceiling": "0"}, {"ceiling": "1.005"}, {"ceiling": "x"}, {"weight": 0}):
        with pytest.raises(Unusable):
            agreements.do(OWNER, "framework.item", framework,
                          **({"category": "A05040101", "name": "纸", "unit": "包", "ceiling": "1"} | odd))  # fmt: skip


def test_the_agency_acts_for_its_solicitor(agreements: Agreements) -> None:
    framework = agreements.scheme(agency_org=agreements.actor(AGENCY).org)
    deadline = (START + timedelta(days=20)).isoformat()
    agreements.do(AGENCY, "framework.solicit", framework, deadline=deadline)
    assert agreements.row(framework).state == "SOLICITED"


def test_a_scheme_outside_the_law_is_not_solicited(agreements: Agreements) -> None:
    """The act asks the rules; their boundaries stand in test_framework_rules."""
    framework = agreements.scheme(months=13, rate="19")
    deadline = (START + timedelta(days=21)).isoformat()
    assert refused(agreements.do, OWNER, "framework.solicit", framework, deadline=deadline) == [
        "FA-01/goods", "FA-05/rate",
    ]  # fmt: skip
    bare = agreements.scheme(items=0)
    assert refused(agreements.do, OWNER, "framework.solicit", bare, deadline=deadline) == ["FA-06"]


def test_twenty_days_for_the_responses(agreements: Agreements) -> None:
    framework = agreements.scheme()
    early = {"deadline": (START + timedelta(days=19)).isoformat()}
    assert refused(agreements.do, OWNER, "framework.solicit", framework, **early) == ["FA-03/days"]
    with pytest.raises(Unusable):
        agreements.do(OWNER, "framework.solicit", framework, deadline=START.isoformat())
    agreements.do(OWNER, "framework.solicit", framework, deadline=(START + timedelta(days=20)).isoformat())
    short = agreements.scheme(regime="soe")
    agreements.do(OWNER, "framework.solicit", short, deadline=(START + timedelta(days=3)).isoformat())


def test_responses_are_sealed_until_their_end(agreements: Agreements) -> None:
    framework = agreements.solicited()
    item = agreements.items(framework)[0]
    first = agreements.respond(framework, SUPPLIERS[0], {item: "22"})
    second = agreements.respond(framework, SUPPLIERS[0], {item: "21"})
    assert (first["version"], second["version"]) == (1, 2)
    agreements.respond(framework, SUPPLIERS[1], {item: "20"})
    agreements.do(SUPPLIERS[1], "framework.withdraw", framework)
    agreements.respond(framework, SUPPLIERS[2], {item: "20"})
    with agreements.read() as session:
        shown = queries.members(session, agreements.row(framework), agreements.actor(OWNER))
        said = session.query(EntryRow).filter_by(stream=f"framework:{framework}").all()
        assert shown == [] and not any(one.kind == "framework.received" for one in said)
        assert session.query(EntryRow).filter_by(stream=f"sealed:{framework}").count() == 5
    assert refused(agreements.do, SUPPLIERS[0], "framework.unlock", framework, file_key="x") == ["STATE"]
    assert refused(agreements.do, OWNER, "framework.respond", framework) == ["ACCESS"]
    deadline = agreements.row(framework).deadline
    agreements.stage.at(deadline)
    late = agreements.seal(framework, SUPPLIERS[3], b"{}").payload(agreements.stage.world)
    assert refused(agreements.do, SUPPLIERS[3], "framework.respond", framework, **late) == ["FH-TIME"]
    agreements.work()
    assert agreements.row(framework).state == "RESPONSES"
    assert refused(agreements.do, SUPPLIERS[0], "framework.withdraw", framework) == ["FH-TIME"]


@shows("FH-SEALED")
def test_a_seal_for_something_else_is_no_response(agreements: Agreements) -> None:
    one, other = agreements.solicited(), agreements.solicited()
    made = agreements.seal(other, SUPPLIERS[0], b"{}").payload(agreements.stage.world)
    assert refused(agreements.do, SUPPLIERS[0], "framework.respond", one, **made) == ["FH-SEALED"]
    bid = agreements.stage.seal(one, SUPPLIERS[0], {"response.json": b"{}"}).payload(agreements.stage.world)
    assert refused(agreements.do, SUPPLIERS[0], "framework.respond", one, **bid) == ["FH-SEALED"]


def test_the_key_of_another_seal_opens_nothing(agreements: Agreements) -> None:
    framework = agreements.solicited()
    item = agreements.items(framework)[0]
    for who in SUPPLIERS[:2]:
        agreements.respond(framework, who, {item: "20"})
    agreements.move(agreements.row(framework).deadline)
    wrong = agreements.seals[framework, SUPPLIERS[1]].file_key
    assert refused(agreements.do, SUPPLIERS[0], "framework.unlock", framework, file_key=wrong) == ["E-04"]
    with pytest.raises(Unusable):
        agreements.do(SUPPLIERS[2], "framework.unlock", framework, file_key=wrong)


@shows("FH-UNLOCK")
def test_what_is_not_unlocked_in_time_stays_sealed(agreements: Agreements) -> None:
    framework = agreements.solicited(unlock_hours=2)
    for who in SUPPLIERS[:3]:
        agreements.respond(framework, who, {agreements.items(framework)[0]: "20"})
    deadline = agreements.row(framework).deadline
    agreements.move(deadline)
    agreements.unlock(framework, *SUPPLIERS[:2])
    agreements.move(deadline + timedelta(hours=2) - timedelta(seconds=1))
    assert agreements.row(framework).state == "RESPONSES"
    agreements.stage.at(deadline + timedelta(hours=2))
    assert refused(agreements.do, SUPPLIERS[2], "framework.unlock", framework,
                   file_key=agreements.seals[framework, SUPPLIERS[2]].file_key) == ["FH-UNLOCK"]  # fmt: skip
    agreements.work()
    assert agreements.row(framework).state == "OPENED"
    with agreements.read() as session:
        assert [bool(one.opened) for one in sealed.shelf_of(framework).live(session)] == [True, True, False], (
            "as received"
        )
        assert len(queries.members(session, agreements.row(framework), agreements.actor(OWNER))) == 2
        assert queries.members(session, agreements.row(framework), agreements.actor(BUYER)) == []


def test_fewer_than_two_responses_end_it(agreements: Agreements) -> None:
    framework = agreements.solicited()
    agreements.respond(framework, SUPPLIERS[0], {agreements.items(framework)[0]: "20"})
    agreements.move(agreements.row(framework).deadline)
    assert agreements.row(framework).state == "FAILED"
    with agreements.read() as session:
        assert session.query(FrameworkNotice).filter_by(framework_id=framework, kind="failure").count() == 1


@shows("FH-COMPLETE", "FH-SIGNED", "FH-REASON")
def test_review_needs_reasons_and_all_of_them(agreements: Agreements) -> None:
    framework = agreements.opened(FIVE)
    member = agreements.member(framework, SUPPLIERS[0]).id
    bad = {"member": member, "qualification": {"pass": False}, "conformity": {"pass": True}}
    assert refused(agreements.do, OWNER, "framework.mark", framework, **bad) == ["FH-REASON"]
    assert refused(agreements.do, BUYER, "framework.mark", framework, **bad) == ["FH-OWN"]
    assert refused(agreements.conclude, framework) == ["FH-COMPLETE"]
    agreements.mark_all(framework, failing=(SUPPLIERS[0],))
    done = agreements.conclude(framework)
    states = {who: agreements.member(framework, who).state for who in FIVE}
    assert states == dict(zip(SUPPLIERS[:5], ("UNQUALIFIED", "CHOSEN", "CHOSEN", "CHOSEN", "ELIMINATED"), strict=True))
    assert [one["rule"] for one in done["warnings"]] == ["FA-03/reviewers"]
    assert refused(agreements.do, OWNER, "framework.publish", framework) == ["FH-SIGNED"]


def test_a_price_at_the_ceiling_is_within_and_above_it_is_out(agreements: Agreements) -> None:
    framework = agreements.opened(dict(zip(SUPPLIERS[:3], ("25.00", "25.01", "24.99"), strict=True)))
    agreements.mark_all(framework)
    agreements.conclude(framework)
    states = [agreements.member(framework, who).state for who in SUPPLIERS[:3]]
    assert states == ["ELIMINATED", "UNQUALIFIED", "CHOSEN"]
    found = next(one for one in agreements.row(framework).result["responders"] if one["too_high"])
    assert [one["rule"] for one in found["too_high"]] == ["FA-06"]


def test_one_qualified_responder_is_too_few(agreements: Agreements) -> None:
    framework = agreements.opened(dict(zip(SUPPLIERS[:2], ("20", "26"), strict=True)))
    agreements.mark_all(framework)
    assert agreements.conclude(framework)["state"] == "FAILED"


@shows("FH-TIE")
def test_equals_across_the_line_are_ordered_with_a_reason(agreements: Agreements) -> None:
    framework = agreements.opened(dict(zip(SUPPLIERS[:3], ("20", "21", "21"), strict=True)))
    agreements.mark_all(framework)
    assert refused(agreements.conclude, framework) == ["FH-TIE"]
    assert refused(agreements.conclude, framework, ties=["3"], tie_reason="x") == ["FH-TIE"]
    assert refused(agreements.conclude, framework, ties=["3", "2"]) == ["FH-REASON"]
    agreements.conclude(framework, ties=["3", "2"], tie_reason="三号售后网点更多")
    assert agreements.member(framework, SUPPLIERS[2]).state == "CHOSEN"
    assert agreements.member(framework, SUPPLIERS[1]).state == "ELIMINATED"


def test_points_tell_equals_apart(agreements: Agreements) -> None:
    framework = agreements.opened(dict(zip(SUPPLIERS[:3], ("20", "21", "21"), strict=True)))
    agreements.mark_all(framework, **{SUPPLIERS[1]: "80", SUPPLIERS[2]: "80.01"})
    agreements.conclude(framework)
    assert agreements.member(framework, SUPPLIERS[2]).state == "CHOSEN"


def test_quality_first_asks_for_points_and_goes_by_them(agreements: Agreements) -> None:
    said = {"basis": "quality", "ground": "instruments", "goods": "goods"}
    framework = agreements.opened(FIVE, **said)
    agreements.mark_all(framework)
    assert refused(agreements.conclude, framework) == ["FH-COMPLETE"]
    agreements.mark_all(framework, **dict(zip(SUPPLIERS[:5], ("60", "70", "80", "90", "95"), strict=True)))
    agreements.conclude(framework)
    inside = [who for who in FIVE if agreements.member(framework, who).state == "CHOSEN"]
    assert inside == list(SUPPLIERS[2:5]), "five, of whom 40 % leave"


@shows("FA-07/sign")
def test_signed_by_both_or_out_after_thirty_days(agreements: Agreements) -> None:
    framework = agreements.opened(FIVE)
    agreements.published(framework)
    documents = [agreements.member(framework, who).document for who in SUPPLIERS[:4]]
    assert all(documents) and len(set(documents)) == 4
    for who in SUPPLIERS[:3]:
        agreements.sign_agreement(framework, who)
    assert agreements.row(framework).state == "SHORTLISTED", "the fourth has not signed"
    agreements.sign(OWNER, documents[3])
    until = agreements.row(framework).sign_until
    agreements.move(until - timedelta(seconds=1))
    assert agreements.member(framework, SUPPLIERS[3]).state == "SHORTLISTED"
    agreements.move(until)
    assert agreements.member(framework, SUPPLIERS[3]).state == "LAPSED"
    assert [agreements.member(framework, who).state for who in SUPPLIERS[:3]] == ["ACTIVE"] * 3
    row = agreements.row(framework)
    assert row.state == "ACTIVE" and row.ends_on and row.starts_on and (row.ends_on - row.starts_on).days == 364
    with pytest.raises(Refused):
        desk_sign.prepare_signature(
            agreements.stage.world.acts, agreements.actor(SUPPLIERS[3]), documents[3], "supplier"
        )


@shows("FB-07")
def test_nobody_signs_and_it_fails(agreements: Agreements) -> None:
    framework = agreements.opened(dict(zip(SUPPLIERS[:2], ("20", "21"), strict=True)), regime="soe")
    agreements.published(framework)
    agreements.move(agreements.row(framework).sign_until - timedelta(seconds=1))
    assert agreements.row(framework).state == "SHORTLISTED"
    agreements.move(agreements.row(framework).sign_until)
    assert agreements.row(framework).state == "FAILED"


def test_it_may_be_ended_before_the_opening_and_not_after(agreements: Agreements) -> None:
    framework = agreements.solicited()
    agreements.do(OWNER, "framework.terminate", framework, reason="采购计划取消")
    agreements.move(agreements.now + timedelta(days=30))
    assert agreements.row(framework).state == "TERMINATED"
    other = agreements.opened(FIVE)
    assert refused(agreements.do, OWNER, "framework.terminate", other, reason="x") == ["STATE"]
