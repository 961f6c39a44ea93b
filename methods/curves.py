"""From a price and the benchmark to points: ratio, slope, table, evaluated (domain.md §3.3 F1, F2, F4, F6, F7)."""

from __future__ import annotations

from fractions import Fraction

from core.faults import Unusable
from methods.exact import ceil, half_up, rounded, shown
from methods.sheet import Price
from methods.trail import Trail


def price_score(spec: Price, bid: str, price: Fraction, benchmark: Fraction, trail: Trail) -> Fraction:
    """Points of one bid, held between floor and cap, then rounded once."""
    if spec.curve.kind in ("ratio", "evaluated"):
        points = benchmark / price * spec.full
        trail.add("points", "benchmark / price * full", points, bid=bid, benchmark=benchmark, price=price,
                  full=spec.full)
    else:
        deviation = _deviation(spec, bid, price, benchmark, trail)
        points = (_slope if spec.curve.kind == "slope" else _table)(spec, bid, deviation, trail)
    held = points
    if spec.floor is not None and held < spec.floor:
        held = spec.floor
        trail.add("floor", "max(points, floor)", held, bid=bid, points=points, floor=spec.floor)
    if spec.cap is not None and held > spec.cap:
        held = spec.cap
        trail.add("cap", "min(points, cap)", held, bid=bid, points=points, cap=spec.cap)
    score = rounded(held, spec.score_places)
    if spec.score_places is None:
        trail.add("price_score", "points", score, bid=bid, points=held)
    else:
        trail.add("price_score", "half_up(points, places)", shown(score, spec.score_places), bid=bid, points=held,
                  places=spec.score_places)
    return score


def _deviation(spec: Price, bid: str, price: Fraction, benchmark: Fraction, trail: Trail) -> Fraction:
    """Deviation from the benchmark in percent; rounded only where the file says `deviation_round`."""
    exact = (price - benchmark) / benchmark * 100
    trail.add("deviation", "(price - benchmark) / benchmark * 100", exact, bid=bid, price=price, benchmark=benchmark)
    if spec.deviation_places is None:
        return exact
    result = half_up(exact, spec.deviation_places)
    trail.add("deviation_round", "half_up(deviation, places)", shown(result, spec.deviation_places), bid=bid,
              deviation=exact, places=spec.deviation_places)
    return result


def _slope(spec: Price, bid: str, deviation: Fraction, trail: Trail) -> Fraction:
    """Full points less (below_adds: plus) so many points for each percent of deviation."""
    curve = spec.curve
    slope = curve.above if deviation > 0 else curve.below
    sign = "+" if deviation < 0 and curve.below_adds else "-"
    size = Fraction(ceil(abs(deviation))) if curve.ceil else abs(deviation)
    points = spec.full + size * slope if sign == "+" else spec.full - size * slope
    percent = "ceil(abs(deviation))" if curve.ceil else "abs(deviation)"
    trail.add("points", f"full {sign} {percent} * slope", points, bid=bid, full=spec.full, deviation=deviation,
              slope=slope)
    return points


def _table(spec: Price, bid: str, deviation: Fraction, trail: Trail) -> Fraction:
    """Linear inside the band that holds the deviation: from ≤ d < to."""
    for band in spec.curve.bands:
        if band.start <= deviation < band.end:
            points = band.points + (deviation - band.start) * band.slope
            trail.add("points", "band_points + (deviation - band_from) * slope", points, bid=bid,
                      band_points=band.points, deviation=deviation, band_from=band.start, band_to=band.end,
                      slope=band.slope)
            return points
    raise Unusable(f"bid {bid}: a deviation of {shown(deviation)} % lies outside all bands")
