from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import seating
from core.faults import Fault, Unusable

AT, START, END = "2026-04-01T08:55:00+08:00", "2026-04-01T09:00:00+08:00", "2026-04-01T12:00:00+08:00"
RULES = {
    "at": AT, "start": START, "end": END, "main": "main", "booked": ["main"], "device_minutes": 10,
    "buffer_minutes": 30, "sub_share": [1, 3], "tries": 3,
}  # fmt: skip


def shuffle_of(seed: int) -> seating.Shuffle:
    def shuffle(label: str, ids: list[str]) -> list[str]:
        return random.Random(f"{seed}{label}").sample(ids, len(ids))

    return shuffle


def seat(number: int, site: str = "main", **more: Any) -> dict[str, Any]:
    return {
        "id": f"{site}-s{number}", "site": site, "room": "r1", "cell": f"c{number}", "x": 2 * number, "y": 0,
        "online": True, "device_ok_at": AT, "busy": [],
    } | more  # fmt: skip


def member(number: int, site: str = "main", **more: Any) -> dict[str, Any]:
    return {"id": f"m{number}", "site": site, "employer": f"e{number}", "kind": "expert"} | more


def plan(seats: list[Any], members: list[Any], fixed: list[Any] | None = None, **rules: Any) -> dict[str, Any]:
    booked = sorted({one["site"] for one in members})
    return {
        "seats": seats, "members": members, "rules": RULES | {"booked": booked} | rules, "fixed": fixed or [],
    }  # fmt: skip


def four_sites() -> dict[str, Any]:
    sites = {"main": (9, 1), "b": (6, 2), "c": (6, 2), "d": (6, 2)}
    seats = [seat(n, site, room=f"r{n // 3}") for site, (count, _) in sites.items() for n in range(count)]
    people = [site for site, (_, count) in sites.items() for _ in range(count)]
    return plan(seats, [member(n, site) for n, site in enumerate(people)])


def small_plans() -> st.SearchStrategy[dict[str, Any]]:
    seats = st.lists(
        st.fixed_dictionaries(
            {
                "site": st.sampled_from(["main", "b"]), "room": st.sampled_from(["r1", "r2"]),
                "cell": st.sampled_from(["c1", "c2"]), "x": st.integers(0, 3), "y": st.integers(0, 1),
                "online": st.sampled_from([True, True, True, False]), "device_ok_at": st.just(AT),
                "busy": st.sampled_from([[], [], [{"start": END, "end": "2026-04-01T13:00:00+08:00"}]]),
            }
        ),
        max_size=6,
    )  # fmt: skip
    people = st.lists(st.sampled_from(["main", "b"]), min_size=1, max_size=4)
    return st.builds(
        lambda rows, sites: plan(
            [{"id": f"s{n}"} | row for n, row in enumerate(rows)],
            [member(n, site) for n, site in enumerate(sites)],
            booked=["main", "b"],
        ),
        seats,
        people,
    )


def exists(one: dict[str, Any]) -> bool:
    """Brute force over every way to seat the members."""
    read = seating.read(one)
    names = list(read["members"])
    ways = itertools.permutations(read["seats"], len(names))
    return any(seating.first_breach(read, dict(zip(names, way, strict=True))) is None for way in ways)


@settings(max_examples=300, deadline=None)
@given(small_plans(), st.integers(0, 10), st.randoms(use_true_random=False))
def test_no_seating_is_missed_and_every_constraint_holds(one: dict[str, Any], seed: int, mix: random.Random) -> None:
    try:
        found = seating.assign(one, shuffle_of(seed))
    except Fault:
        assert not exists(one)
        return
    seats = {row["member"]: row["seat"] for row in found["seats"]}
    assert seating.first_breach(seating.read(one), seats) is None
    mixed = one | {key: mix.sample(one[key], len(one[key])) for key in ("seats", "members")}
    assert seating.assign(mixed, shuffle_of(seed)) == found


def test_the_case_of_four_sites_is_seated_for_any_seed() -> None:
    seen = set()
    for seed in range(200):
        found = seating.assign(four_sites(), shuffle_of(seed))
        assert found["tries"] == 1
        seen.update((row["member"], row["seat"]) for row in found["seats"])
    assert len(seen) == 9 + 6 * 6  # every member reaches every seat of their venue


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (plan([seat(0), seat(1, online=False)], [member(0), member(1)]), "the seat is online"),
        (plan([seat(0), seat(1, device_ok_at=None)], [member(0), member(1)]), "screen and camera"),
        (plan([seat(0, device_ok_at="2026-04-01T08:44:59+08:00")], [member(0)]), "screen and camera"),
        (plan([seat(0, device_ok_at="2026-04-01T08:55:01+08:00")], [member(0)]), "screen and camera"),
        (plan([seat(0, busy=[{"start": "2026-04-01T12:29:59+08:00", "end": "2026-04-01T15:00:00+08:00"}])],
              [member(0)]), "buffer"),
        (plan([seat(0), seat(1, cell="c0")], [member(0), member(1)]), "same cell"),
        (plan([seat(0), seat(1, x=1)], [member(0), member(1)]), "gap"),
        (plan([seat(0, near=["main-s1"]), seat(1)], [member(0), member(1)]), "gap"),
        (plan([seat(0), seat(1)], [member(0), member(1, employer="e0")]), "one employer"),
        (plan([seat(0)], [member(0)], booked=["main", "b"]), "every booked venue"),
        (plan([seat(0), seat(0, "b")], [member(0), member(1, "b")], booked=["main"]), "sit at booked venues"),
        (plan([seat(n) for n in range(3)] + [seat(0, "b")], [member(n) for n in range(3)] + [member(3, "b")]),
         "sub-venues"),
        (plan([seat(0), seat(0, "b")], [member(0), member(1, "b", kind="representative")], sub_share=[0, 1]),
         "main venue"),
        (plan([seat(0)], [member(0), member(1)]), "2 members, 1 seats"),
    ],
)  # fmt: skip
def test_the_constraint_that_cannot_be_met_is_named(one: dict[str, Any], reason: str) -> None:
    for row in one["seats"]:
        if "near" in row:
            row.pop("x"), row.pop("y")
    with pytest.raises(Fault, match=reason):
        seating.assign(one, shuffle_of(1))


@pytest.mark.parametrize(
    "one",
    [
        plan([seat(0, device_ok_at="2026-04-01T08:45:00+08:00")], [member(0)]),
        plan([seat(0, busy=[{"start": "2026-04-01T12:30:00+08:00", "end": "2026-04-01T15:00:00+08:00"}])], [member(0)]),
        plan([seat(0), seat(1, x=2, cell="c1")], [member(0), member(1)]),
        plan([seat(0), seat(1, room="r2", cell="c0", x=0)], [member(0), member(1)]),
    ],
)
def test_the_other_side_of_each_boundary(one: dict[str, Any]) -> None:
    assert len(seating.assign(one, shuffle_of(1))["seats"]) == len(one["members"])


def test_a_replacement_moves_nobody_else() -> None:
    first = seating.assign(four_sites(), shuffle_of(3))["seats"]
    gone = "m1"
    one = four_sites() | {"fixed": [row for row in first if row["member"] != gone]}
    one["members"] = [row for row in one["members"] if row["id"] != gone] + [member(99, "b")]
    again = seating.assign(one, shuffle_of(4))["seats"]
    assert [row for row in again if row["member"] != "m99"] == one["fixed"]


def test_unusable_plans() -> None:
    good = four_sites()
    for change in (
        {"extra": 1}, {"seats": [*good["seats"], good["seats"][0]]}, {"members": [member(0, kind="guest")]},
        {"fixed": [{"member": "nobody", "seat": "main-s0"}]}, {"seats": [seat(0, x="1")]},
    ):  # fmt: skip
        with pytest.raises(Unusable):
            seating.assign(good | change, shuffle_of(1))


def test_a_search_that_reaches_its_bound_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seating, "MAX_STEPS", 1)
    with pytest.raises(Fault, match="3 tries"):
        seating.assign(four_sites(), shuffle_of(1))
