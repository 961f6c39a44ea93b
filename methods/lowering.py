"""A reverse auction from its prices: who stands where, how far its end moved, and which price broke its rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from core.money import D, plain
from methods.shape import fields, rows, text, whole

FIELDS = {"ceiling", "step", "window", "extend", "most_extensions", "planned_end", "prices", "breaks"}


def _moment(value: Any, where: str) -> datetime:
    return datetime.fromisoformat(text(value, where))


def _events(said: dict[str, Any]) -> list[tuple[datetime, int, dict[str, Any]]]:
    """What moved the end, in its order; of one moment the interruption first."""
    prices = [
        fields(one, "prices", {"seq", "price", "at", "ends_at"}, {"mask"}) for one in rows(said["prices"], "prices")
    ]
    breaks = [fields(one, "breaks", {"until", "end_after"}) for one in rows(said["breaks"], "breaks")]
    found = [(_moment(one["at"], "at"), whole(one["seq"], "seq", 1), one) for one in prices]
    found += [(_moment(one["until"], "until"), 0, one) for one in breaks]
    return sorted(found, key=lambda one: one[:2])


def replay(value: Any) -> dict[str, Any]:
    """{ceiling, step, window, extend, most_extensions, planned_end, prices: [{seq, price, at, ends_at, mask?}], breaks:
    [{until, end_after}]} → {best, ranking, extensions, end, broken}. `ranking`: the lowest price of each mask that is
    shown; `broken`: numbers of prices above what was allowed, late, out of turn, or with another end than the rules
    give."""
    said = fields(value, "auction", FIELDS)
    step, most = D(text(said["step"], "step")), D(text(said["ceiling"], "ceiling"))
    window, longer = (timedelta(seconds=whole(said[key], key, 0)) for key in ("window", "extend"))
    limit, end = whole(said["most_extensions"], "most_extensions", 0), _moment(said["planned_end"], "planned_end")
    best: Decimal | None = None
    done, count, broken, lowest = 0, 0, [], {}
    for at, seq, one in _events(said):
        if not seq:
            end = max(end, _moment(one["end_after"], "end_after"))
            continue
        price, before, count = D(text(one["price"], "price")), end, count + 1
        if end - at <= window and (not limit or done < limit):
            end, done = end + longer, done + 1
        if price > most or at >= before or seq != count or _moment(one["ends_at"], "ends_at") != end:
            broken.append(seq)
        best, most = price, price - step
        if one.get("mask"):
            lowest[text(one["mask"], "mask")] = (price, seq)
    ranked = sorted(lowest.items(), key=lambda one: one[1])
    return {
        "best": "" if best is None else plain(best), "extensions": done, "end": end.isoformat(), "broken": broken,
        "ranking": [{"mask": mask, "price": plain(price), "seq": seq} for mask, (price, seq) in ranked],
    }  # fmt: skip
