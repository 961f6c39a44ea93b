"""vote/1: every method, ties, runoffs, the majority line, and sequences that do not follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.faults import Unusable
from methods.vote import as_rounds, count, next_round

EXAMPLES = Path(__file__).parent / "examples"


def poll(method: str, *rounds: dict[str, Any], electors: int = 5, **more: Any) -> dict[str, Any]:
    listed = [item if "ballots" in item or "rankings" in item else {"ballots": item} for item in rounds]
    return {"schema": "vote/1", "method": method, "candidates": ["A", "B", "C"], "electors": electors,
            "abstentions": "forbidden", "rounds": listed, **more}


def run(*names: str, **ballots: int) -> dict[str, Any]:
    return {"runoff": list(names), "ballots": ballots}


def winner(data: dict[str, Any]) -> str | None:
    found: str | None = count(data)["winner"]
    return found


def test_published_elimination_with_a_tie_for_last() -> None:
    example = json.loads((EXAMPLES / "vote-elimination.json").read_text())
    result = count(example["input"])
    assert {key: result[key] for key in example["expect"]} == example["expect"]
    assert [item["valid"] for item in result["rounds"]] == [94, 94, 96]
    assert [item["eliminated"] for item in result["rounds"]] == [None, "马德里", None]
    assert result["rounds"][0]["runoff"] == ["马德里", "伊斯坦布尔"]
    assert result["open"] is None


def test_the_case_in_two_rounds() -> None:
    rounds = as_rounds([{"甲": 2, "乙": 2, "丙": 1}, {"甲": 3, "乙": 2}])
    result = count(poll("elimination") | {"candidates": ["甲", "乙", "丙"], "rounds": rounds})
    assert result["winner"] == "甲" and result["eliminated"] == ["丙"]


@pytest.mark.parametrize(
    ("method", "votes", "expected"),
    [
        ("majority", {"A": 3, "B": 2}, "A"),
        ("majority", {"A": 2, "B": 2, "C": 1}, None),
        ("plurality", {"A": 2, "B": 1, "C": 2}, None),
        ("plurality", {"A": 3, "B": 1, "C": 1}, "A"),
        ("elimination", {"A": 3, "B": 1, "C": 1}, "A"),
        ("elimination", {"A": 5}, "A"),
    ],
)
def test_first_round(method: str, votes: dict[str, int], expected: str | None) -> None:
    result = count(poll(method, votes))
    assert result["winner"] == expected
    assert (result["open"] is None) == (expected is not None)


@pytest.mark.parametrize("method", ["majority", "elimination"])
@pytest.mark.parametrize(("first", "wins"), [(3, False), (4, True)])
def test_a_majority_is_more_than_half_of_the_valid_ballots(method: str, first: int, wins: bool) -> None:
    data = poll(method, {"A": first, "B": 2, "C": 6 - first - 2}, electors=6)
    assert (winner(data) == "A") is wins


def test_abstentions_do_not_count_in_the_majority() -> None:
    assert winner(poll("majority", {"A": 2, "B": 1}, electors=7, abstentions="allowed")) == "A"


@pytest.mark.parametrize("votes", [{"A": 2, "B": 2}, {"A": 2, "B": 2, "C": 2}, {}])
def test_forbidden_abstentions_need_every_ballot(votes: dict[str, int]) -> None:
    with pytest.raises(Unusable, match="ballots from 5 electors"):
        count(poll("plurality", {"ballots": votes}))


def test_allowed_abstentions_still_have_a_limit() -> None:
    count(poll("plurality", {"ballots": {"A": 5}}, abstentions="allowed"))
    with pytest.raises(Unusable, match="6 ballots from 5"):
        count(poll("plurality", {"ballots": {"A": 6}}, abstentions="allowed"))


def test_nobody_voted_at_all() -> None:
    data = poll("elimination", {"ballots": {}}, abstentions="allowed")
    assert count(data)["rounds"][0] == {
        "valid": 0, "counts": {"A": 0, "B": 0, "C": 0}, "eliminated": None, "runoff": ["A", "B", "C"]}
    assert next_round(data) == {"candidates": ["A", "B", "C"], "runoff": True}


def test_elimination_without_a_vote_is_last_and_leaves() -> None:
    data = poll("elimination", {"A": 3, "B": 3}, electors=6)
    result = count(data)
    assert result["eliminated"] == ["C"] and result["winner"] is None
    assert "C leaves; next: a ballot among A, B" in result["open"]
    assert next_round(data) == {"candidates": ["A", "B"], "runoff": False}


def test_a_runoff_never_elects_while_others_wait() -> None:
    # B has every ballot of the runoff, and A, not on it, still stands
    data = poll("elimination", {"A": 4, "B": 2, "C": 2}, run("B", "C", B=8), electors=8)
    result = count(data)
    assert result["winner"] is None and result["eliminated"] == ["C"]
    assert next_round(data) == {"candidates": ["A", "B"], "runoff": False}
    data["rounds"].append({"ballots": {"A": 5, "B": 3}})
    assert winner(data) == "A"


def test_a_tie_in_a_runoff_calls_another_among_the_still_tied() -> None:
    four = {"candidates": ["A", "B", "C", "D"]}
    first = {"A": 3, "B": 1, "C": 1, "D": 1}
    data = poll("elimination", first, run("B", "C", "D", B=4, C=1, D=1), electors=6) | four
    assert count(data)["rounds"][1]["runoff"] == ["C", "D"]
    assert next_round(data) == {"candidates": ["C", "D"], "runoff": True}
    data["rounds"] += [run("C", "D", C=3, D=3), run("D", "C", C=2, D=4)]
    result = count(data)
    assert [item["eliminated"] for item in result["rounds"]] == [None, None, None, "C"]
    assert next_round(data) == {"candidates": ["A", "B", "D"], "runoff": False}


def test_all_equal_is_a_new_ballot_among_all_which_can_elect() -> None:
    equal = {"A": 2, "B": 2, "C": 2}
    for again in ({"A": 4, "B": 1, "C": 1}, run("A", "B", "C", A=4, B=1, C=1)):
        assert winner(poll("elimination", equal, again, electors=6)) == "A"


@pytest.mark.parametrize(
    "second",
    [
        {"A": 3, "B": 1, "C": 1},  # C has left
        {"A": 3, "D": 2},  # never stood
        run("A", "B", A=3, B=2),  # no tie
        run("B", "C", B=3, C=2),  # no tie for last
    ],
)
def test_elimination_refuses_a_round_that_does_not_follow(second: dict[str, Any]) -> None:
    with pytest.raises(Unusable, match=r"rounds\[1\]"):
        count(poll("elimination", {"A": 2, "B": 2, "C": 1}, second))


@pytest.mark.parametrize("second", [{"A": 4, "B": 1, "C": 1}, run("A", "B", A=3, B=3), run("B", B=6),
                                    run("B", "C", A=1, B=3, C=2), run("B", "C", "C", B=4, C=2)])
def test_elimination_needs_the_runoff_it_called_for(second: dict[str, Any]) -> None:
    with pytest.raises(Unusable, match=r"rounds\[1\]"):
        count(poll("elimination", {"A": 3, "B": 2, "C": 2}, second, electors=7, abstentions="allowed"))


def test_nothing_follows_a_winner() -> None:
    with pytest.raises(Unusable, match=r"rounds\[1\] comes after 'A' has won"):
        count(poll("elimination", {"A": 3, "B": 2}, {"A": 3, "B": 2}))


def test_majority_leads_to_a_runoff_of_the_leading_two_or_a_new_ballot() -> None:
    first = {"A": 3, "B": 2, "C": 1}
    assert next_round(poll("majority", first, electors=6)) == {"candidates": ["A", "B"], "runoff": True}
    assert winner(poll("majority", first, run("A", "B", A=2, B=4), electors=6)) == "B"
    assert winner(poll("majority", first, {"A": 4, "B": 1, "C": 1}, electors=6)) == "A"
    with pytest.raises(Unusable):
        count(poll("majority", first, run("A", "C", A=2, C=4), electors=6))


def test_majority_with_a_tie_for_second_votes_among_all_again() -> None:
    assert next_round(poll("majority", {"A": 2, "B": 1, "C": 1}, electors=4)) == {
        "candidates": ["A", "B", "C"], "runoff": False}


def test_plurality_tie_goes_to_a_runoff_and_may_tie_again() -> None:
    first = {"A": 2, "B": 2, "C": 1}
    data = poll("plurality", first)
    assert next_round(data) == {"candidates": ["A", "B"], "runoff": True}
    assert "A, B are equal with 2 votes" in count(data)["open"]
    assert winner(poll("plurality", first, run("A", "B", A=3, B=2))) == "A"
    with pytest.raises(Unusable):
        count(poll("plurality", first, {"A": 3, "B": 2}))
    six = {"A": 3, "B": 3}
    assert winner(poll("plurality", six, run("A", "B", **six), run("A", "B", A=4, B=2), electors=6)) == "A"


def test_points() -> None:
    rankings = [["A", "B", "C"], ["B", "A", "C"], ["B", "C", "A"], ["A", "B"], ["C"]]
    result = count(poll("points", {"rankings": rankings}))
    assert result["rounds"][0]["counts"] == {"A": 9, "B": 10, "C": 7}
    assert result["winner"] == "B" and result["rounds"][0]["valid"] == 5


def test_points_tie_and_runoff() -> None:
    tie = {"rankings": [["A", "B", "C"], ["B", "A", "C"]]}
    data = poll("points", tie, electors=2)
    assert count(data)["open"].startswith("A, B are equal with 5 points")
    runoff = {"runoff": ["A", "B"], "rankings": [["A", "B"], ["A"]]}
    assert winner(poll("points", tie, runoff, electors=2)) == "A"


@pytest.mark.parametrize("rankings", [[["A", "A"]], [["D"]], [[]], ["A"], [["A"], ["B"]], []])
def test_points_refuses(rankings: Any) -> None:
    with pytest.raises(Unusable):
        count(poll("points", {"rankings": rankings}, electors=1))


@pytest.mark.parametrize(
    ("method", "prices", "expected"),
    [
        ("lowest_price", ("100", "99.99", "100.01"), "B"),
        ("lowest_price", ("100", "100.00", "101"), None),
        ("nearest_below_mean", ("90", "100", "110"), "A"),  # the mean itself is not below it
        ("nearest_below_mean", ("90", "99.99", "110"), "B"),  # mean 99.9967
        ("nearest_below_mean", ("90", "90", "110"), None),
        ("nearest_below_mean", ("90", "90", "90"), None),
        ("nearest_below_mean", ("0.01", "100", "200"), "B"),  # mean 100.0033
    ],
)
def test_price_methods(method: str, prices: tuple[str, ...], expected: str | None) -> None:
    data = {"schema": "vote/1", "method": method, "candidates": ["A", "B", "C"],
            "prices": dict(zip("ABC", prices, strict=True))}
    assert winner(data) == expected
    assert (next_round(data) is None) == (expected is not None)


def test_a_price_tie_goes_to_a_ballot() -> None:
    data = poll("lowest_price", run("A", "B", A=2, B=3), prices={"A": "9", "B": "9.0", "C": "10"})
    assert winner(data) == "B"
    del data["electors"]
    with pytest.raises(Unusable, match="electors"):
        count(data)


def test_a_live_room_knows_the_first_ballot() -> None:
    data = poll("elimination")
    assert next_round(data) == {"candidates": ["A", "B", "C"], "runoff": False}
    assert count(data)["open"] == "no ballot has been counted yet"


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "vote/2"}, {"method": "lottery"}, {"candidates": []}, {"candidates": ["A", "A"]},
        {"candidates": [1]}, {"electors": 0}, {"electors": "5"}, {"electors": True}, {"abstentions": "maybe"},
        {"prices": {"D": "1"}}, {"prices": {"A": "-1"}}, {"method": "lowest_price"}, {"rounds": {}}, {"extra": 1},
        {"rounds": [{}]}, {"rounds": [{"ballots": {"A": -1, "B": 6}}]}, {"rounds": [{"ballots": {"A": "5"}}]},
        {"rounds": [{"ballots": {"A": 5}, "date": "x"}]}, {"rounds": [{"rankings": [["A"]]}]}, {"rounds": [7]},
    ],
)
def test_refused_input(change: dict[str, Any]) -> None:
    with pytest.raises(Unusable):
        count(poll("plurality") | change)


@pytest.mark.parametrize("key", ["schema", "method", "candidates", "electors"])
def test_missing_key(key: str) -> None:
    data = poll("plurality")
    del data[key]
    with pytest.raises(Unusable):
        count(data)


@given(st.lists(st.integers(0, 9), min_size=3, max_size=3), st.sampled_from(["majority", "plurality", "elimination"]))
def test_the_next_round_is_always_playable_and_votes_add_up(votes: list[int], method: str) -> None:
    electors = max(1, sum(votes))
    data = poll(method, dict(zip("ABC", votes, strict=True)), electors=electors, abstentions="allowed")
    for _ in range(4):  # everybody votes for the first on the ballot, and that ends it
        called = next_round(data)
        result = count(data)
        assert sum(result["rounds"][-1]["counts"].values()) == result["rounds"][-1]["valid"]
        if called is None:
            assert result["winner"] and result["open"] is None
            return
        ballots = {"ballots": {called["candidates"][0]: electors}}
        data["rounds"].append(ballots | ({"runoff": called["candidates"]} if called["runoff"] else {}))
    raise AssertionError(f"no winner after unanimous ballots: {data}")
