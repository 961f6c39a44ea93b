"""What a seed decides: the SHAKE-256 stream, the shuffle, and one function for each purpose of a draw (certs.draws).

A purpose reads a frozen record {candidates, excluded, constraints, …} and a seed of 64 bytes, and returns the result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from certs import seating
from certs.suite import exact_keys
from core.faults import Fault, Unusable

ALGORITHM = "gongheng-draw-1"

Record = Mapping[str, Any]


class Stream:
    """Whole numbers from SHAKE-256 over seed and label; 8 bytes a try, values that would bias are skipped."""

    def __init__(self, seed: bytes, label: str) -> None:
        self._shake = hashlib.shake_256(f"{ALGORITHM}\n{label}\n".encode() + seed)
        self._bytes, self._used = self._shake.digest(1024), 0

    def below(self, count: int) -> int:
        """Uniform in 0 … count − 1 (1 ≤ count < 2^64)."""
        limit = (1 << 64) - (1 << 64) % count
        while True:
            if self._used == len(self._bytes):
                self._bytes = self._shake.digest(2 * self._used)
            number = int.from_bytes(self._bytes[self._used : self._used + 8], "big")
            self._used += 8
            if number < limit:
                return number % count


def shuffled(seed: bytes, label: str, ids: Collection[str]) -> list[str]:
    """Fisher–Yates over the sorted ids (Durstenfeld, from the end)."""
    order, stream = sorted(ids), Stream(seed, label)
    for last in range(len(order) - 1, 0, -1):
        other = stream.below(last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def _whole(value: Any, what: str) -> int:
    if type(value) is not int or value < 0:
        raise Unusable(f"{what} is not a whole number")
    return int(value)


def _eligible(record: Record) -> list[str]:
    gone = {one["id"] for one in record["excluded"]}
    return [one for one in record["candidates"] if one not in gone]


def _experts(record: Record, seed: bytes) -> Any:
    """constraints {sites: [{site, take, spares}], site_of, specialities_of, specialities, employer_of, kept}.

    A candidate is eligible with one of `specialities` (all when empty). No two drawn or `kept` share an employer
    (null = none known). Sites are filled in file order, members of all sites before spares.
    """
    rules = exact_keys(
        record["constraints"],
        {"sites", "site_of", "specialities_of", "specialities", "employer_of", "kept"}, "constraints of experts",
    )  # fmt: skip
    wanted, site_of, employer_of = set(rules["specialities"]), rules["site_of"], rules["employer_of"]
    able = [one for one in _eligible(record) if not wanted or wanted & set(rules["specialities_of"].get(one, ()))]
    orders: dict[str, list[str]] = {}
    members: list[tuple[str, str]] = []
    spares: list[tuple[str, str]] = []
    for row in rules["sites"]:
        site = exact_keys(row, {"site", "take", "spares"}, "site of a draw")["site"]
        orders[site] = shuffled(seed, f"site|{site}", [one for one in able if site_of.get(one) == site])
        members += [("members", site)] * _whole(row["take"], "take")
        spares += [("spares", site)] * _whole(row["spares"], "spares")
    group_of = {one: f"employer {employer_of[one]}" if employer_of.get(one) else f"alone {one}" for one in site_of}
    taken = {group_of[one] for one in rules["kept"]}
    drawn = _fill([site for _, site in members + spares], orders, group_of, taken)
    rows = [(kind, {"site": site, "id": one}) for (kind, site), one in zip(members + spares, drawn, strict=True)]
    return {kind: [row for found, row in rows if found == kind] for kind in ("members", "spares")}


def _fill(
    places: list[str], orders: Mapping[str, list[str]], group_of: Mapping[str, str], taken: Collection[str]
) -> list[str]:
    """One id a place (a site): the first in the site's order whose group is free and whose choice leaves every later
    place a way to be filled. Fault when the pool is too small for the groups."""
    if not _fillable(places, orders, group_of, taken):
        raise Fault(f"the pool cannot fill {len(places)} places under its constraints")
    drawn: list[str] = []
    used = set(taken)
    for at, site in enumerate(places):
        one = next(
            one
            for one in orders[site]
            if group_of[one] not in used and _fillable(places[at + 1 :], orders, group_of, used | {group_of[one]})
        )
        drawn.append(one)
        used.add(group_of[one])
    return drawn


def _fillable(
    places: list[str], orders: Mapping[str, list[str]], group_of: Mapping[str, str], used: Collection[str]
) -> bool:
    """Whether each place can get a group of its own (bipartite matching, Kuhn)."""
    holder: dict[str, int] = {}

    def seat(place: int, seen: set[str]) -> bool:
        for one in orders[places[place]]:
            group = group_of[one]
            if group in used or group in seen:
                continue
            seen.add(group)
            if group not in holder or seat(holder[group], seen):
                holder[group] = place
                return True
        return False

    return all(seat(place, set()) for place in range(len(places)))


def _choice(record: Record, seed: bytes) -> Any:
    """constraints {take, spares}: that many of the pool, in drawn order."""
    rules = exact_keys(record["constraints"], {"take", "spares"}, "constraints")
    take, spares = _whole(rules["take"], "take"), _whole(rules["spares"], "spares")
    order = shuffled(seed, "pool", _eligible(record))
    if len(order) < take + spares:
        raise Fault(f"the pool has {len(order)}, {take + spares} wanted")
    return {"members": order[:take], "spares": order[take : take + spares]}


def _coefficient(record: Record, seed: bytes) -> Any:
    """constraints {}: one of the candidate values, each as likely."""
    exact_keys(record["constraints"], set(), "constraints of a coefficient")
    order = shuffled(seed, "coefficient", _eligible(record))
    if not order:
        raise Fault("there is no value to draw from")
    return {"value": order[0]}


def _tie(record: Record, seed: bytes) -> Any:
    """constraints {}: one of those whom nothing compared tells apart."""
    exact_keys(record["constraints"], set(), "constraints of a tie")
    order = shuffled(seed, "tie", _eligible(record))
    if not order:
        raise Fault("there is nobody to draw from")
    return {"value": order[0]}


def _seating(record: Record, seed: bytes) -> Any:
    """constraints: a plan of certs.seating; the candidates are its members."""
    people = [one["id"] for one in record["constraints"]["members"]]
    if sorted(people) != _eligible(record):
        raise Fault("the members of the seating plan are not the candidates")
    return seating.assign(record["constraints"], lambda label, ids: shuffled(seed, label, ids))


PURPOSES = {
    "experts": _experts,
    "award-committee": _choice,
    "venues": _choice,
    "rota": _choice,
    "coefficient": _coefficient,
    "tie": _tie,
    "seating": _seating,
}
