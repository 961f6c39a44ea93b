"""Seats for the members of one project: every hard constraint of domain.md §4 held, the rest left to a seeded shuffle.

A plan is data, so that it can be frozen, hashed and replayed:
  seats    [{id, site, room, cell, x, y, online, device_ok_at, busy: [{start, end}]}]  (x, y whole numbers in a room,
           or `near`: [seat ids] instead of them; device_ok_at null = never checked)
  members  [{id, site, employer, kind}]  (kind `expert` or `representative`; employer may be null)
  rules    {at, start, end, main, booked: [site], device_minutes, buffer_minutes, sub_share: [1, 3], tries}
  fixed    [{member, seat}]: stay where they are; only the others are placed (a replacement moves nobody else)
Times are ISO 8601 with offset. Members of one site are alike to every constraint, so a site is solved by choosing
enough seats that get along; a wrong first choice is taken back, and no existing seating is missed within the bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from certs.suite import exact_keys
from core.faults import Fault, Unusable

Shuffle = Callable[[str, list[str]], list[str]]
Seat = Mapping[str, Any]

MAX_STEPS = 20_000  # of the search in one try; nine seats on a site need a handful

_PLAN = {"seats", "members", "rules", "fixed"}
_RULES = {"at", "start", "end", "main", "booked", "device_minutes", "buffer_minutes", "sub_share", "tries"}
_SEAT = {"id", "site", "room", "cell", "online", "device_ok_at", "busy"}
_MEMBER = {"id", "site", "employer", "kind"}


def _time(text: Any) -> datetime:
    try:
        when = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise Unusable(f"not a time: {text!r}") from None
    if when.tzinfo is None:
        raise Unusable(f"a time without offset: {text!r}")
    return when


def _by_id(rows: Any, what: str) -> dict[str, Any]:
    if not isinstance(rows, list):
        raise Unusable(f"{what}s are not a list")
    found = {row["id"]: row for row in rows}
    if len(found) != len(rows):
        raise Unusable(f"a {what} stands twice in the plan")
    return dict(sorted(found.items()))


def read(plan: Any) -> Mapping[str, Any]:
    """The plan with its shape checked and rows by id; Unusable otherwise."""
    plan = exact_keys(plan, _PLAN, "seating plan")
    exact_keys(plan["rules"], _RULES, "seating rules")
    for row in plan["seats"]:
        exact_keys(row, _SEAT | ({"near"} if "near" in row else {"x", "y"}), "seat")
        if "near" not in row and not all(type(row[axis]) is int for axis in ("x", "y")):
            raise Unusable(f"seat {row['id']} has no whole-number position")
    for row in plan["members"]:
        exact_keys(row, _MEMBER, "member")
        if row["kind"] not in ("expert", "representative"):
            raise Unusable(f"member {row['id']} is neither expert nor representative")
    for row in plan["fixed"]:
        exact_keys(row, {"member", "seat"}, "fixed seat")
    return {**plan, "seats": _by_id(plan["seats"], "seat"), "members": _by_id(plan["members"], "member")}


# -- what a seat must be by itself ------------------------------------------------------------------------------------


def _online(seat: Seat, rules: Mapping[str, Any]) -> bool:
    return seat["online"] is True


def _device(seat: Seat, rules: Mapping[str, Any]) -> bool:
    if seat["device_ok_at"] is None:
        return False
    age = _time(rules["at"]) - _time(seat["device_ok_at"])
    return timedelta(0) <= age <= timedelta(minutes=rules["device_minutes"])


def _free(seat: Seat, rules: Mapping[str, Any]) -> bool:
    buffer = timedelta(minutes=rules["buffer_minutes"])
    start, end = _time(rules["start"]) - buffer, _time(rules["end"]) + buffer
    return all(_time(one["end"]) <= start or _time(one["start"]) >= end for one in seat["busy"])


SEAT_CHECKS: dict[str, Callable[[Seat, Mapping[str, Any]], bool]] = {
    "the seat is online": _online,
    "screen and camera were checked shortly before": _device,
    "the seat is free, with the buffer between uses": _free,
}


# -- what two seats of one project must be to each other --------------------------------------------------------------


def _other_seat(a: Seat, b: Seat) -> bool:
    return bool(a["id"] != b["id"])


def _other_cell(a: Seat, b: Seat) -> bool:
    return (a["site"], a["room"], a["cell"]) != (b["site"], b["room"], b["cell"])


def _gap(a: Seat, b: Seat) -> bool:
    """Another room, or at least one seat between them (so never next to each other)."""
    if (a["site"], a["room"]) != (b["site"], b["room"]):
        return True
    if "near" in a or "near" in b:
        return b["id"] not in a.get("near", ()) and a["id"] not in b.get("near", ())
    return bool(max(abs(a["x"] - b["x"]), abs(a["y"] - b["y"])) >= 2)


PAIR_CHECKS: dict[str, Callable[[Seat, Seat], bool]] = {
    "one person per seat": _other_seat,
    "no two members of one project in the same cell": _other_cell,
    "a seat's gap or another room between members": _gap,
}


# -- what the members must be together --------------------------------------------------------------------------------


def _employers(members: Sequence[Any], rules: Mapping[str, Any]) -> bool:
    named = [one["employer"] for one in members if one["employer"] is not None]
    return len(named) == len(set(named))


def _venues(members: Sequence[Any], rules: Mapping[str, Any]) -> bool:
    return set(rules["booked"]) <= {one["site"] for one in members}


def _booked(members: Sequence[Any], rules: Mapping[str, Any]) -> bool:
    return {one["site"] for one in members} <= set(rules["booked"])


def _share(members: Sequence[Any], rules: Mapping[str, Any]) -> bool:
    """Only where a sub-venue is booked at all."""
    part, whole = rules["sub_share"]
    experts = [one for one in members if one["kind"] == "expert"]
    away = [one for one in experts if one["site"] != rules["main"]]
    return set(rules["booked"]) <= {rules["main"]} or len(away) * whole >= len(experts) * part


def _representatives(members: Sequence[Any], rules: Mapping[str, Any]) -> bool:
    return all(one["site"] == rules["main"] for one in members if one["kind"] == "representative")


MEMBER_CHECKS: dict[str, Callable[[Sequence[Any], Mapping[str, Any]], bool]] = {
    "no two members of one employer": _employers,
    "every booked venue has a member": _venues,
    "members sit at booked venues": _booked,
    "enough experts at sub-venues": _share,
    "the tenderer's representatives sit at the main venue": _representatives,
}


def first_breach(plan: Mapping[str, Any], seating: Mapping[str, str]) -> str | None:
    """The first hard constraint that `seating` {member: seat} breaks in a plan from `read`, or None."""
    seats, members, rules = plan["seats"], plan["members"], plan["rules"]
    for name, members_ok in MEMBER_CHECKS.items():
        if not members_ok(list(members.values()), rules):
            return name
    if set(seating) != set(members) or any(seat not in seats for seat in seating.values()):
        return "every member has a seat"
    if any(seats[seat]["site"] != members[member]["site"] for member, seat in seating.items()):
        return "the seat is in the member's venue"
    kept = {one["member"] for one in plan["fixed"]}
    for name, seat_ok in SEAT_CHECKS.items():
        if not all(seat_ok(seats[seat], rules) for member, seat in seating.items() if member not in kept):
            return name
    taken = [seats[seat] for _, seat in sorted(seating.items())]
    for name, pair_ok in PAIR_CHECKS.items():
        if not all(pair_ok(a, b) for i, a in enumerate(taken) for b in taken[:i]):
            return name
    return None


class _Exhausted(Exception):
    """The bound of one try was reached."""


def _choose(needed: int, seats: list[Seat], fits: Callable[[Seat, Seat], bool], steps: list[int]) -> list[Seat] | None:
    """The first `needed` seats in this order that get along, by depth-first search; None when there are none."""
    if needed == 0:
        return []
    for at, seat in enumerate(seats):
        if len(seats) - at < needed:
            return None
        steps[0] += 1
        if steps[0] > MAX_STEPS:
            raise _Exhausted
        rest = _choose(needed - 1, [other for other in seats[at + 1 :] if fits(seat, other)], fits, steps)
        if rest is not None:
            return [seat, *rest]
    return None


def _place(
    plan: Mapping[str, Any], site: str, label: str, shuffle: Shuffle, pairs: Sequence[Callable[[Seat, Seat], bool]]
) -> dict[str, str] | None:
    """{member: seat} of the members of one site that are not fixed, or None."""

    def fits(a: Seat, b: Seat) -> bool:
        return all(check(a, b) for check in pairs)

    kept = {one["member"]: plan["seats"][one["seat"]] for one in plan["fixed"]}
    waiting = [name for name, one in plan["members"].items() if one["site"] == site and name not in kept]
    usable = [
        name
        for name, seat in plan["seats"].items()
        if seat["site"] == site
        and all(check(seat, plan["rules"]) for check in SEAT_CHECKS.values())
        and all(fits(seat, other) for other in kept.values())
    ]
    order = [plan["seats"][name] for name in shuffle(f"{label}|seats|{site}", usable)]
    chosen = _choose(len(waiting), order, fits, [0])
    if chosen is None:
        return None
    people = shuffle(f"{label}|members|{site}", waiting)
    return {member: seat["id"] for member, seat in zip(people, chosen, strict=True)}


def _why(plan: Mapping[str, Any], site: str, shuffle: Shuffle) -> str:
    """Which constraint leaves the members of a site without seats."""
    kept = {one["member"] for one in plan["fixed"]}
    needed = sum(one["site"] == site for name, one in plan["members"].items() if name not in kept)
    left = [seat for seat in plan["seats"].values() if seat["site"] == site]
    if len(left) < needed:
        return f"{needed} members, {len(left)} seats at {site}"
    for name, check in SEAT_CHECKS.items():
        left = [seat for seat in left if check(seat, plan["rules"])]
        if len(left) < needed:
            return f"{name}: {needed} seats needed at {site}, {len(left)} left"
    checks: list[Callable[[Seat, Seat], bool]] = []
    for name, pair_check in PAIR_CHECKS.items():
        checks.append(pair_check)
        if _place(plan, site, "why", shuffle, checks) is None:
            return f"{name}: impossible for {needed} members at {site}"
    return f"the constraints together leave no seating at {site}"


def _fixed(plan: Mapping[str, Any]) -> dict[str, str]:
    seating = {one["member"]: one["seat"] for one in plan["fixed"]}
    if len(seating) != len(plan["fixed"]):
        raise Unusable("a member is fixed twice")
    for member, seat in seating.items():
        if member not in plan["members"] or seat not in plan["seats"]:
            raise Unusable(f"the fixed seat of {member} is not in the plan")
    return seating


def assign(raw: Any, shuffle: Shuffle) -> dict[str, Any]:
    """{seats: [{member, seat}] by member id, tries}: the same for the same plan in any order and the same `shuffle`.

    `shuffle(label, ids)` returns the ids in an order that depends on nothing but label, ids and the seed. Fault names
    the constraint that cannot be met; when the bound stops every try, seats are given by hand with a co-signature.
    """
    plan = read(raw)
    for name, check in MEMBER_CHECKS.items():
        if not check(list(plan["members"].values()), plan["rules"]):
            raise Fault(f"no seating: {name}")
    pairs = list(PAIR_CHECKS.values())
    for attempt in range(1, plan["rules"]["tries"] + 1):
        seating = _fixed(plan)
        try:
            for site in sorted({one["site"] for one in plan["members"].values()}):
                placed = _place(plan, site, f"try {attempt}", shuffle, pairs)
                if placed is None:
                    raise Fault(f"no seating: {_why(plan, site, shuffle)}")
                seating |= placed
        except _Exhausted:
            continue
        breach = first_breach(plan, seating)
        if breach is not None:
            raise Fault(f"no seating: {breach}")
        rows = [{"member": member, "seat": seat} for member, seat in sorted(seating.items())]
        return {"seats": rows, "tries": attempt}
    raise Fault(f"no seating found in {plan['rules']['tries']} tries of the search")
