"""The scoring/1 sheet read into frozen values; everything that can be wrong with the input is found here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from core.faults import Unusable
from methods import small
from methods.shape import choice, distinct, fields, flag, mapping, number, rows, said, text, whole

MAX_PLACES = 10
TERMS = ("mean", "lowest", "second_lowest", "ceiling", "reference", "fixed")
BENCHMARK_KEYS = ("trim", "keep_within_pct", "average_with_lowest", "factor", "round")
PRICE_KEYS = ("weight", "deductions", "least_share", "benchmark", "deviation_round", "score_round", "floor", "cap")

Scores = dict[str, dict[str, dict[str, Fraction]]]
"""expert → bid → criterion → score"""


@dataclass(frozen=True)
class Bid:
    id: str
    price: Fraction
    flags: tuple[str, ...]
    rejected: str | None
    adjustments: tuple[Fraction, ...]
    small: small.Small | None = None


@dataclass(frozen=True)
class Trim:
    """From `start` values on, drop the `high` highest and the `low` lowest."""

    start: int
    high: int
    low: int


@dataclass(frozen=True)
class Term:
    of: str
    weight: Fraction
    value: Fraction | None


@dataclass(frozen=True)
class Benchmark:
    terms: tuple[Term, ...]
    trims: tuple[Trim, ...] = ()
    keep: tuple[Fraction | None, Fraction | None] | None = None
    average_with_lowest: bool = False
    factor: Fraction = Fraction(1)
    places: int | None = None


@dataclass(frozen=True)
class Band:
    start: Fraction
    end: Fraction
    points: Fraction
    slope: Fraction


@dataclass(frozen=True)
class Curve:
    kind: str
    above: Fraction = Fraction(0)
    below: Fraction = Fraction(0)
    below_adds: bool = False
    ceil: bool = False
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True)
class Price:
    full: Fraction
    weight: Fraction
    deductions: dict[str, Fraction]
    benchmark: Benchmark
    curve: Curve
    deviation_places: int | None
    score_places: int | None
    floor: Fraction | None
    cap: Fraction | None
    least_share: Fraction | None = None

    def shares(self, flags: Collection[str], declared: small.Small | None) -> list[Fraction]:
        """The deductions a bid with these flags and this declaration gets."""
        counting = small.counting(flags, declared, self.least_share)
        return [self.deductions[flag] for flag in counting if flag in self.deductions]


@dataclass(frozen=True)
class Criterion:
    id: str
    max: Fraction
    weight: Fraction
    objective: bool
    trims: tuple[Trim, ...]
    eliminate_below: Fraction | None


@dataclass(frozen=True)
class Sheet:
    bids: tuple[Bid, ...]
    ceiling: Fraction | None
    reference: Fraction | None
    price: Price
    criteria: tuple[Criterion, ...]
    scores: Scores
    total_places: int | None
    by_price: bool

    @property
    def valid(self) -> tuple[Bid, ...]:
        return tuple(bid for bid in self.bids if bid.rejected is None)


def read_sheet(data: Any) -> Sheet:
    """The sheet of a scoring/1 object; Unusable names the first thing that is not as the contract says."""
    top = fields(
        data,
        "the file",
        ("schema", "bids", "price"),
        ("ceiling", "reference", "criteria", "scores", "total_round", "ties"),
    )
    choice(top["schema"], "schema", ("scoring/1",))
    price, listed = _price(top["price"])
    bids = _bids(top["bids"], price, listed)
    listed_criteria = rows(top.get("criteria", []), "criteria")
    criteria = tuple(_criterion(item, f"criteria[{i}]") for i, item in enumerate(listed_criteria))
    distinct([criterion.id for criterion in criteria], "criteria")
    ties = [choice(item, "ties", ("price",)) for item in rows(top.get("ties", []), "ties")]
    distinct(ties, "ties")
    sheet = Sheet(
        bids=bids,
        ceiling=_positive(top, "ceiling"),
        reference=_positive(top, "reference"),
        price=price,
        criteria=criteria,
        scores=_scores(top.get("scores", {}), bids, criteria),
        total_places=_places(top, "total_round", "total_round"),
        by_price=bool(ties),
    )
    for term in price.benchmark.terms:
        if term.of in ("ceiling", "reference") and top.get(term.of) is None:
            raise Unusable(f"the benchmark uses {term.of}, but the file has none")
    return sheet


def _positive(top: dict[str, Any], key: str) -> Fraction | None:
    return number(top[key], key, above=0) if key in top else None


def _places(source: dict[str, Any], key: str, where: str) -> int | None:
    return whole(source[key], where, 0, MAX_PLACES) if key in source else None


def _bids(value: Any, price: Price, listed: dict[str, tuple[Fraction, ...]]) -> tuple[Bid, ...]:
    items = rows(value, "bids")
    if not items:
        raise Unusable("bids is empty")
    bids = tuple(_bid(item, f"bids[{i}]", price, listed) for i, item in enumerate(items))
    ids = [bid.id for bid in bids]
    distinct(ids, "bids")
    for name in listed:
        if name not in ids:
            raise Unusable(f"price.curve.adjustments names an unknown bid {said(name)}")
    return bids


def _bid(value: Any, where: str, price: Price, listed: dict[str, tuple[Fraction, ...]]) -> Bid:
    got = fields(value, where, ("id", "price"), ("name", "flags", "small", "rejected", "adjustments"))
    name = text(got["id"], f"{where}.id")
    if "name" in got:
        text(got["name"], f"{where}.name")
    flags = tuple(text(item, f"{where}.flags") for item in rows(got.get("flags", []), f"{where}.flags"))
    distinct(flags, f"{where}.flags")
    declared = small.read(flags, got.get("small"), f"{where}.small")
    if sum(price.shares(flags, declared), Fraction(0)) >= 1:
        raise Unusable(f"{where}: the deductions leave nothing of the price")
    adjustments = listed.get(name, ())
    if "adjustments" in got:
        if price.curve.kind != "evaluated" or name in listed:
            raise Unusable(f"{where}.adjustments belong to the curve 'evaluated', once per bid")
        adjustments = _amounts(got["adjustments"], f"{where}.adjustments")
    rejected = text(got["rejected"], f"{where}.rejected") if "rejected" in got else None
    return Bid(name, number(got["price"], f"{where}.price", above=0), flags, rejected, adjustments, declared)


def _amounts(value: Any, where: str) -> tuple[Fraction, ...]:
    """One signed amount or a list of them, added to the price for evaluation."""
    items = value if isinstance(value, list) else [value]
    return tuple(number(item, where) for item in items)


def _price(value: Any) -> tuple[Price, dict[str, tuple[Fraction, ...]]]:
    got = fields(value, "price", ("full", "curve"), PRICE_KEYS)
    curve, listed = _curve(got["curve"])
    deductions = {}
    for key, item in mapping(got.get("deductions", {}), "price.deductions").items():
        deductions[key] = number(item, f"price.deductions.{key}", low=0)
        if deductions[key] >= 1:
            raise Unusable(f"price.deductions.{key} must be a share below 1, found {item}")
    least = number(got["least_share"], "price.least_share", above=0) if "least_share" in got else None
    if least is not None and least > 100:
        raise Unusable(f"price.least_share must not be above 100 percent, found {got['least_share']}")
    floor = number(got["floor"], "price.floor") if "floor" in got else None
    cap = number(got["cap"], "price.cap") if "cap" in got else None
    if floor is not None and cap is not None and floor > cap:
        raise Unusable("price.floor is above price.cap")
    if "deviation_round" in got and curve.kind not in ("slope", "table"):
        raise Unusable(f"price.deviation_round has no meaning for the curve {curve.kind}")
    price = Price(
        full=number(got["full"], "price.full", above=0),
        weight=number(got.get("weight", "1"), "price.weight", low=0),
        deductions=deductions,
        benchmark=_benchmark_for(curve, got),
        curve=curve,
        deviation_places=_places(got, "deviation_round", "price.deviation_round"),
        score_places=_places(got, "score_round", "price.score_round"),
        floor=floor,
        cap=cap,
        least_share=small.least_of(deductions, least),
    )
    return price, listed


def _benchmark_for(curve: Curve, price: dict[str, Any]) -> Benchmark:
    lowest = Benchmark(terms=(Term("lowest", Fraction(1), None),))
    if curve.kind == "evaluated":
        if "benchmark" in price and _benchmark(price["benchmark"]) != lowest:
            raise Unusable("price.benchmark of the curve 'evaluated' is the lowest evaluated price and nothing else")
        return lowest
    if "benchmark" not in price:
        raise Unusable("price lacks the key 'benchmark'")
    return _benchmark(price["benchmark"])


def _benchmark(value: Any) -> Benchmark:
    where = "price.benchmark"
    got = fields(value, where, ("terms",), BENCHMARK_KEYS)
    terms = tuple(_term(item, f"{where}.terms[{i}]") for i, item in enumerate(rows(got["terms"], f"{where}.terms")))
    if not terms:
        raise Unusable(f"{where}.terms is empty")
    keep = None
    if "keep_within_pct" in got:
        inside = fields(got["keep_within_pct"], f"{where}.keep_within_pct", (), ("below", "above"))
        if not inside:
            raise Unusable(f"{where}.keep_within_pct names neither below nor above")
        keep = (
            number(inside["below"], f"{where}.keep_within_pct.below", low=0) if "below" in inside else None,
            number(inside["above"], f"{where}.keep_within_pct.above", low=0) if "above" in inside else None,
        )
    return Benchmark(
        terms=terms,
        trims=_trims(got.get("trim", []), f"{where}.trim"),
        keep=keep,
        average_with_lowest=flag(got.get("average_with_lowest", False), f"{where}.average_with_lowest"),
        factor=number(got.get("factor", "1"), f"{where}.factor", above=0),
        places=_places(got, "round", f"{where}.round"),
    )


def _term(value: Any, where: str) -> Term:
    got = fields(value, where, ("of",), ("weight", "value"))
    of = choice(got["of"], f"{where}.of", TERMS)
    if (of == "fixed") != ("value" in got):
        raise Unusable(f"{where}: 'value' belongs to 'fixed' and only to it")
    fixed = number(got["value"], f"{where}.value", above=0) if of == "fixed" else None
    return Term(of, number(got.get("weight", "1"), f"{where}.weight", low=0), fixed)


def _trims(value: Any, where: str) -> tuple[Trim, ...]:
    trims = []
    for i, item in enumerate(rows(value, where)):
        got = fields(item, f"{where}[{i}]", ("from", "high", "low"))
        trim = Trim(*(whole(got[key], f"{where}[{i}].{key}", 0, 1000) for key in ("from", "high", "low")))
        if trim.high + trim.low >= trim.start:
            raise Unusable(f"{where}[{i}] would leave nothing of {trim.start} values")
        trims.append(trim)
    distinct([str(trim.start) for trim in trims], f"{where}.from")
    return tuple(trims)


def _curve(value: Any) -> tuple[Curve, dict[str, tuple[Fraction, ...]]]:
    where = "price.curve"
    kind = choice(mapping(value, where).get("kind"), f"{where}.kind", ("ratio", "slope", "table", "evaluated"))
    if kind == "ratio":
        fields(value, where, ("kind",))
        return Curve(kind), {}
    if kind == "evaluated":
        got = fields(value, where, ("kind",), ("adjustments",))
        listed = mapping(got.get("adjustments", {}), f"{where}.adjustments")
        return Curve(kind), {bid: _amounts(item, f"{where}.adjustments.{bid}") for bid, item in listed.items()}
    if kind == "table":
        got = fields(value, where, ("kind", "bands"))
        return Curve(kind, bands=_bands(got["bands"], f"{where}.bands")), {}
    got = fields(value, where, ("kind", "above_per_pct", "below_per_pct"), ("below_adds", "step"))
    curve = Curve(
        kind,
        above=number(got["above_per_pct"], f"{where}.above_per_pct", low=0),
        below=number(got["below_per_pct"], f"{where}.below_per_pct", low=0),
        below_adds=flag(got.get("below_adds", False), f"{where}.below_adds"),
        ceil=choice(got.get("step", "none"), f"{where}.step", ("none", "ceil")) == "ceil",
    )
    return curve, {}


def _bands(value: Any, where: str) -> tuple[Band, ...]:
    bands = []
    for i, item in enumerate(rows(value, where)):
        got = fields(item, f"{where}[{i}]", ("from_pct", "to_pct", "points"), ("slope",))
        start, end, points = (number(got[key], f"{where}[{i}].{key}") for key in ("from_pct", "to_pct", "points"))
        if start >= end:
            raise Unusable(f"{where}[{i}] ends where it starts or before")
        bands.append(Band(start, end, points, number(got.get("slope", "0"), f"{where}[{i}].slope")))
    if not bands:
        raise Unusable(f"{where} is empty")
    bands.sort(key=lambda band: band.start)
    for left, right in pairwise(bands):
        if left.end != right.start:
            raise Unusable(f"{where}: a {'gap' if left.end < right.start else 'overlap'} at {float(left.end):g} %")
    return tuple(bands)


def _criterion(value: Any, where: str) -> Criterion:
    got = fields(value, where, ("id", "max"), ("name", "weight", "kind", "trim", "eliminate_below"))
    if "name" in got:
        text(got["name"], f"{where}.name")
    most = number(got["max"], f"{where}.max", above=0)
    least = number(got["eliminate_below"], f"{where}.eliminate_below", low=0) if "eliminate_below" in got else None
    if least is not None and least > most:
        raise Unusable(f"{where}.eliminate_below is above max: nobody could stay")
    return Criterion(
        id=text(got["id"], f"{where}.id"),
        max=most,
        weight=number(got.get("weight", "1"), f"{where}.weight", low=0),
        objective=choice(got.get("kind", "subjective"), f"{where}.kind", ("subjective", "objective")) == "objective",
        trims=_trims(got.get("trim", []), f"{where}.trim"),
        eliminate_below=least,
    )


def _scores(value: Any, bids: tuple[Bid, ...], criteria: tuple[Criterion, ...]) -> Scores:
    """Every expert scores every valid bid on every criterion; scores of a rejected bid are checked, not used."""
    most = {criterion.id: criterion.max for criterion in criteria}
    known = {bid.id: bid for bid in bids}
    scores: Scores = {}
    for expert, sheet in mapping(value, "scores").items():
        scores[expert] = {}
        for name, items in mapping(sheet, f"scores.{expert}").items():
            where = f"scores.{expert}.{name}"
            if name not in known:
                raise Unusable(f"{where}: no such bid")
            scores[expert][name] = _item_scores(items, where, most)
        for bid in known.values():
            missing = [] if bid.rejected else [c for c in most if c not in scores[expert].get(bid.id, {})]
            if missing:
                raise Unusable(f"scores.{expert}.{bid.id}: no score for {said(missing[0])}")
    if criteria and not scores:
        raise Unusable("there are criteria, but no expert's scores")
    return scores


def _item_scores(value: Any, where: str, most: dict[str, Fraction]) -> dict[str, Fraction]:
    result = {}
    for criterion, score in mapping(value, where).items():
        if criterion not in most:
            raise Unusable(f"{where}.{criterion}: no such criterion")
        result[criterion] = number(score, f"{where}.{criterion}", low=0)
        if result[criterion] > most[criterion]:
            raise Unusable(f"{where}.{criterion}: {score} is above the maximum {most[criterion]}")
    return result
