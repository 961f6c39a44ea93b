"""Machine records carry what they were computed from: `scoring`, `vote` and `elimination` are {input, result}, computed
again here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from certs.suite import exact_keys
from core import canon
from core.faults import Fault
from methods.elimination import eliminated
from methods.scoring import score, unranked
from methods.vote import count

METHODS: dict[str, Callable[[Any], Any]] = {"scoring": score, "vote": count, "elimination": eliminated}


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
    """Figures that a document with this record must print: the totals."""
    if not isinstance(record, dict) or not record.get("scoring"):
        return []
    return [str(total) for total in record["scoring"]["result"]["totals"].values()]
