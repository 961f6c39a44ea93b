"""Pure judgments of a committee: sizes, majorities, the election."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.committee import rules
from evaluation.sitting.rules import elect
from trading import procedures

BOOK = procedures.of("open-works").rules.at(date(2026, 4, 1), "420112")
BOOKED = {"1": "main", "2": "sub"}
NEED = {"experts": 5, "members_by_site": {"1": 3, "2": 2}, "spares_by_site": {"1": 1}}


@pytest.mark.certify("B-020", "B-021")
@pytest.mark.parametrize(("experts", "representatives"), [
    pytest.param(5, 0, marks=pytest.mark.rule("R1-17", "allowed")), (7, 0), (4, 1), (5, 2),
    pytest.param(6, 3, marks=pytest.mark.rule("R1-17/experts", "allowed")),
])  # fmt: skip
def test_sizes_allowed(experts, representatives):
    assert rules.size(experts, representatives, BOOK) == []


FEW, SHARE = pytest.mark.rule("R1-17", "refused"), pytest.mark.rule("R1-17/experts", "refused")


@pytest.mark.certify("B-020", "B-021")
@pytest.mark.parametrize(("experts", "representatives", "found"), [
    pytest.param(4, 0, ["R1-17"], marks=FEW), pytest.param(6, 0, ["R1-17"], marks=FEW), (3, 0, ["R1-17"]),
    pytest.param(3, 2, ["R1-17/experts"], marks=SHARE), pytest.param(5, 4, ["R1-17/experts"], marks=SHARE),
    (4, 3, ["R1-17/experts"]), (2, 2, ["R1-17", "R1-17/experts"]),
])  # fmt: skip
def test_sizes_refused(experts, representatives, found):
    assert [one.rule for one in rules.size(experts, representatives, BOOK)] == found


@pytest.mark.parametrize(("change", "booked", "found"), [
    ({}, BOOKED, []),
    ({"experts": 6}, BOOKED, ["R1-19"]),
    ({}, {"1": "sub", "2": "sub"}, ["REMOTE-MAIN"]),
    ({}, BOOKED | {"3": "sub"}, ["REMOTE-SITES"]),
    ({}, {"1": "main"}, ["REMOTE-SITES"]),
    pytest.param({"members_by_site": {"1": 4, "2": 1}}, BOOKED, ["REMOTE-SHARE"],
                 marks=pytest.mark.rule("REMOTE-SHARE", "refused")),
    ({"spares_by_site": {"9": 1}}, BOOKED, ["REMOTE-SITES"]),
    pytest.param({"experts": 3, "members_by_site": {"1": 2, "2": 1}}, BOOKED, [],  # a third to the person
                 marks=pytest.mark.rule("REMOTE-SHARE", "allowed")),
])  # fmt: skip
def test_quotas(change, booked, found):
    assert [one.rule for one in rules.quotas(NEED | change, booked, BOOK)] == found


@pytest.mark.parametrize(("eligible", "found"), [
    pytest.param(9, [], marks=pytest.mark.rule("POOL-SMALL", "allowed")),
    pytest.param(8, [("POOL-SMALL", "W")], marks=pytest.mark.rule("POOL-SMALL", "refused")),
    (3, [("POOL-SMALL", "W")]),
    (2, [("R1-19", "B")]),
])  # fmt: skip
def test_a_small_pool_warns_and_too_small_a_pool_blocks(eligible, found):
    need = {"members_by_site": {"1": 2}, "spares_by_site": {"1": 1}}
    assert [(one.rule, one.action) for one in rules.pool(need, {"1": eligible}, BOOK)] == found


@pytest.mark.parametrize(("yes", "of", "out"), [(3, 7, False), (4, 7, True), (2, 5, False), (3, 5, True)])
def test_rejection_needs_more_than_half_of_all(yes, of, out):
    assert rules.more_than_half(yes, of) is out


@given(st.integers(1, 99), st.data())
def test_a_majority_and_its_contrary_never_both_hold(of, data):
    yes = data.draw(st.integers(0, of))
    assert not (rules.more_than_half(yes, of) and rules.more_than_half(of - yes, of))
    assert rules.more_than_half(yes, of) == (yes >= of // 2 + 1)


ENOUGH, SHORT = pytest.mark.rule("R1-21", "allowed"), pytest.mark.rule("R1-21", "refused")


@pytest.mark.parametrize(("asking", "of", "found"), [
    pytest.param(1, 5, [], marks=ENOUGH), pytest.param(3, 9, [], marks=ENOUGH),
    pytest.param(2, 5, ["R1-21"], marks=SHORT), pytest.param(4, 9, ["R1-21"], marks=SHORT),
])  # fmt: skip
def test_more_than_a_third_asking_find_the_time_short(asking, of, found):
    assert [one.rule for one in rules.enough_time(asking, of, BOOK)] == found


@pytest.mark.parametrize(("valid", "found"), [
    pytest.param(3, [], marks=pytest.mark.rule("R1-10/valid", "allowed")),
    pytest.param(2, ["R1-10/valid"], marks=pytest.mark.rule("R1-10/valid", "refused")),
])  # fmt: skip
def test_with_fewer_than_three_valid_bids_competition_is_asked(valid, found):
    assert [one.rule for one in rules.competition(valid, BOOK)] == found


AGES = {"a": (1970, 1), "b": (1960, 2), "c": (1960, 3), "r": (9999, 4)}


@pytest.mark.parametrize(("votes", "round_no", "leader", "how"), [
    ("aaabb", 1, "a", "majority"),
    ("aabbc", 1, "", "revote"),
    ("aabbc", 2, "b", "eldest"),
    ("aabcr", 2, "a", "eldest"),  # alone in front: eldest of one
    ("bbccr", 2, "b", "eldest"),  # same year: the one drawn first
    ("aarrc", 2, "a", "eldest"),  # a representative is never the eldest
])  # fmt: skip
def test_elections(votes, round_no, leader, how):
    found = elect({str(n): choice for n, choice in enumerate(votes)}, len(votes), AGES, round_no)
    assert (found.leader, found.how) == (leader, how)


@given(st.lists(st.sampled_from("abcr"), min_size=1, max_size=15), st.sampled_from([1, 2]))
def test_an_election_is_fair_and_ends(votes, round_no):
    cast = {str(n): choice for n, choice in enumerate(votes)}
    found = elect(cast, len(votes), AGES, round_no)
    counted = Counter(votes)
    top = max(counted.values())
    assert found == elect(dict(reversed(cast.items())), len(votes), AGES, round_no)
    assert (found.how == "majority") == (2 * top > len(votes))
    assert (found.leader == "") == (round_no == 1 and 2 * top <= len(votes))
    if found.leader:
        assert counted[found.leader] == top
        assert all(AGES[found.leader] <= AGES[one] for one, count in counted.items() if count == top)
