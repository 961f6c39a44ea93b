"""vote/1: award ballots by rounds (domain.md §5).

A tie is never broken by lot (发改法规规〔2022〕1117号): it stays open until people vote again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from core.faults import Unusable
from methods.exact import mean, shown
from methods.shape import choice, distinct, fields, mapping, number, rows, said, text, whole

METHODS = ("majority", "plurality", "elimination", "points", "lowest_price", "nearest_below_mean")
PRICE_METHODS = ("lowest_price", "nearest_below_mean")


@dataclass
class _State:
    """Where a count stands: who is left, whom the next ballot is about, and why nobody has won."""

    remaining: list[str]
    on_ballot: list[str]
    runoff: bool = False
    winner: str | None = None
    open: str | None = "no ballot has been counted yet"
    eliminated: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Poll:
    method: str
    candidates: list[str]
    electors: int
    abstentions: bool
    prices: dict[str, Fraction]
    rounds: list[Any]


def count(data: Any) -> dict[str, Any]:
    """The result of a vote/1 object.

    {"rounds": [{"valid", "counts", "eliminated": id or null, "runoff": [ids]}], "winner": id or null,
    "eliminated": [ids in the order they left], "open": text or null}. Unusable for ballots that do not add up, for
    a candidate who is not on the ballot, and for a round that the one before does not call for.
    """
    poll = _read(data)
    state, counted = _play(poll)
    return {"rounds": counted, "winner": state.winner, "eliminated": state.eliminated, "open": state.open}


def next_round(data: Any) -> dict[str, Any] | None:
    """What the next ballot is about: {"candidates", "runoff"}; None once there is a winner."""
    state, _ = _play(_read(data))
    return None if state.winner else {"candidates": list(state.on_ballot), "runoff": state.runoff}


def as_rounds(ballots: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rounds of vote/1 from the `award_ballots` of a case file, where a plain {candidate: votes} is one round."""
    keys = {"ballots", "rankings", "runoff"}
    listed = [mapping(item, "award_ballots") for item in rows(ballots, "award_ballots")]
    return [item if set(item) <= keys else {"ballots": item} for item in listed]


def _read(data: Any) -> _Poll:
    got = fields(
        data, "the file", ("schema", "method", "candidates"), ("electors", "abstentions", "prices", "rounds")
    )
    choice(got["schema"], "schema", ("vote/1",))
    method = choice(got["method"], "method", METHODS)
    candidates = [text(item, "candidates") for item in rows(got["candidates"], "candidates")]
    if not candidates:
        raise Unusable("candidates is empty")
    distinct(candidates, "candidates")
    prices = {}
    for name, price in mapping(got.get("prices", {}), "prices").items():
        if name not in candidates:
            raise Unusable(f"prices names an unknown candidate {said(name)}")
        prices[name] = number(price, f"prices.{name}", above=0)
    for name in candidates:
        if method in PRICE_METHODS and name not in prices:
            raise Unusable(f"the method {method} needs the price of {said(name)}")
    listed = rows(got.get("rounds", []), "rounds")
    if "electors" not in got and (listed or method not in PRICE_METHODS):
        raise Unusable("the file lacks the key 'electors'")
    electors = whole(got["electors"], "electors", 1) if "electors" in got else 0
    abstentions = choice(got.get("abstentions", "forbidden"), "abstentions", ("allowed", "forbidden")) == "allowed"
    return _Poll(method, candidates, electors, abstentions, prices, listed)


def _play(poll: _Poll) -> tuple[_State, list[dict[str, Any]]]:
    state = _State(remaining=list(poll.candidates), on_ballot=list(poll.candidates))
    if poll.method in PRICE_METHODS:
        _by_price(poll, state)
    counted = []
    for i, item in enumerate(poll.rounds):
        where = f"rounds[{i}]"
        if state.winner:
            raise Unusable(f"{where} comes after {said(state.winner)} has won")
        votes, valid = _votes(poll, state, item, where)
        gone = len(state.eliminated)
        tied = _judge(poll.method, state, votes, valid)
        left = state.eliminated[gone:]
        counted.append({"valid": valid, "counts": votes, "eliminated": left[0] if left else None, "runoff": tied})
    return state, counted


def _by_price(poll: _Poll, state: _State) -> None:
    """The lowest price, or the one nearest below the mean (strictly below it); equal prices go to a ballot."""
    prices = poll.prices
    if poll.method == "lowest_price":
        best = min(prices.values())
    else:
        below = [price for price in prices.values() if price < mean(list(prices.values()))]
        best = max(below, default=min(prices.values()))  # nothing below the mean: all prices are equal
    _lead(state, [name for name in poll.candidates if prices[name] == best], f"the price {shown(best)}")


def _votes(poll: _Poll, state: _State, item: Any, where: str) -> tuple[dict[str, int], int]:
    """Votes (or points) of every candidate on the ballot, zeros included, and the number of valid ballots."""
    kind = "rankings" if poll.method == "points" else "ballots"
    got = fields(item, where, (kind,), ("runoff",))
    names = [text(name, f"{where}.runoff") for name in rows(got.get("runoff", []), f"{where}.runoff")]
    distinct(names, f"{where}.runoff")
    called = set(state.on_ballot)
    # a ballot among all who are left needs no "runoff"; without a majority the method allows it always
    plain = not state.runoff or poll.method == "majority" or called == set(state.remaining)
    if (names and (not state.runoff or set(names) != called)) or (not names and not plain):
        raise Unusable(f"{where} is not what is called for: {_called(state)}")
    on_ballot = state.on_ballot if names or not state.runoff else state.remaining
    state.on_ballot = on_ballot
    if kind == "rankings":
        return _points(poll, on_ballot, got[kind], where)
    votes = dict.fromkeys(on_ballot, 0)
    for name, number_of in mapping(got[kind], f"{where}.ballots").items():
        if name not in votes:
            raise Unusable(f"{where}.ballots: {said(name)} is not on this ballot")
        votes[name] = whole(number_of, f"{where}.ballots.{name}", 0)
    return votes, _add_up(poll, sum(votes.values()), where)


def _called(state: _State) -> str:
    return f"a {'runoff' if state.runoff else 'ballot'} among {', '.join(state.on_ballot)}"


def _points(poll: _Poll, on_ballot: list[str], value: Any, where: str) -> tuple[dict[str, int], int]:
    """n points for a first place, n − 1 for a second …; whom a ranking leaves out gets none from it."""
    votes = dict.fromkeys(on_ballot, 0)
    listed = rows(value, f"{where}.rankings")
    for ranking in listed:
        names = [text(name, f"{where}.rankings") for name in rows(ranking, f"{where}.rankings")]
        if not names:
            raise Unusable(f"{where}.rankings: an empty ranking; an abstention is left out")
        distinct(names, f"{where}.rankings")
        for place, name in enumerate(names):
            if name not in votes:
                raise Unusable(f"{where}.rankings: {said(name)} is not on this ballot")
            votes[name] += len(on_ballot) - place
    return votes, _add_up(poll, len(listed), where)


def _add_up(poll: _Poll, valid: int, where: str) -> int:
    if valid > poll.electors:
        raise Unusable(f"{where}: {valid} ballots from {poll.electors} electors")
    if valid < poll.electors and not poll.abstentions:
        raise Unusable(f"{where}: {valid} ballots from {poll.electors} electors, and abstentions are forbidden")
    return valid


def _judge(method: str, state: _State, votes: dict[str, int], valid: int) -> list[str]:
    """Move the state past one counted round; returns those the next round is a runoff among."""
    best = max(votes.values())
    first = [name for name, got in votes.items() if got == best]
    if method == "elimination":
        return _eliminate(state, votes, valid)
    if method == "majority":
        if 2 * best > valid:
            return _win(state, first[0])
        # no majority: a new ballot among all, or a runoff among the leading two (with those equal to the second)
        line = sorted(votes.values(), reverse=True)[1] if len(first) == 1 and len(votes) > 1 else best
        leading = [name for name, got in votes.items() if got >= line]
        state.on_ballot = leading
        state.runoff = len(leading) < len(state.remaining) or len(first) == len(leading)
        state.open = f"nobody has more than half of {valid} valid ballots; next: {_called(state)}"
        return leading if state.runoff else []
    return _lead(state, first, f"{best} {'points' if method == 'points' else 'votes'}")


def _lead(state: _State, first: list[str], what: str) -> list[str]:
    """One leader wins; several go to a runoff."""
    if len(first) == 1:
        return _win(state, first[0])
    state.on_ballot, state.runoff = first, True
    state.open = f"{', '.join(first)} are equal with {what}; next: {_called(state)}"
    return list(first)


def _eliminate(state: _State, votes: dict[str, int], valid: int) -> list[str]:
    """A majority wins where everyone left is on the ballot; otherwise the single last leaves, equal last run off."""
    everyone = set(votes) == set(state.remaining)
    best = max(votes.values())
    if everyone and 2 * best > valid:
        return _win(state, next(name for name, got in votes.items() if got == best))
    least = min(votes.values())
    last = [name for name, got in votes.items() if got == least]
    if len(last) > 1:
        state.on_ballot, state.runoff = last, True
        state.open = f"{', '.join(last)} are equal last with {least} votes; next: {_called(state)}"
        return last
    state.eliminated.append(last[0])
    state.remaining = [name for name in state.remaining if name != last[0]]
    state.on_ballot, state.runoff = list(state.remaining), False
    if len(state.remaining) == 1:
        return _win(state, state.remaining[0])
    lead = f"nobody has more than half of {valid} valid ballots and " if everyone else ""
    state.open = f"{lead}{last[0]} leaves; next: {_called(state)}"
    return []


def _win(state: _State, name: str) -> list[str]:
    state.winner, state.open = name, None
    state.on_ballot, state.runoff = [], False
    return []
