"""Machine records carry what they were computed from: `scoring`, `vote`, `elimination`, `comparison` of quotes and
`lowering` of an auction's prices are {input, result}, computed again here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from certs.suite import exact_keys
from core import canon
from core.faults import Fault
from core.money import D, yuan
from methods.comparison import compare
from methods.elimination import eliminated
from methods.lowering import replay
from methods.scoring import score, unranked
from methods.vote import count

METHODS: dict[str, Callable[[Any], Any]] = {
    "scoring": score, "vote": count, "elimination": eliminated, "comparison": compare, "lowering": replay,
}  # fmt: skip


def recompute(record: Any) -> list[str]:
    """The names of the parts that were computed again; Fault where the recorded result is another."""
    if not isinstance(record, dict):
        return []
    done = []
    for name, method in METHODS.items():
        if record.get(name) is None:
            continue
        part = exact_keys(record[name], {"input", "result"}, name)
        again = method(part["input"])
        if name == "scoring" and record.get("ranked") is False:
            again = unranked(again)
        if canon.dumps(again) != canon.dumps(part["result"]):
            different = [key for key in again if again[key] != part["result"].get(key)]
            raise Fault(f"the recorded {name} is not what its input gives: {', '.join(different) or 'more keys'}")
        done.append(name)
    return done


def figures(record: Any) -> list[str]:
    """Figures that a document with this record must print: the totals, the prices."""
    if not isinstance(record, dict):
        return []
    found = []
    if record.get("scoring"):
        found += [str(total) for total in record["scoring"]["result"]["totals"].values()]
    if record.get("comparison"):
        found += [yuan(D(total)) for total in record["comparison"]["result"]["totals"].values()]
    if record.get("lowering"):
        found += [yuan(D(one["price"])) for one in record["lowering"]["input"]["prices"]]
    return found
