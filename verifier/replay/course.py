"""The course of a sitting, rebuilt from ledger entries alone: entries of one case → its state after each of them.

The same fold for the regulator's slider and for a stranger with a case file. It is total: an entry whose body is
withheld, or of another shape than its kind has, changes nothing else than the count of those. A member who leaves
takes all opinions along (实施条例 art. 48).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from core import canon
from verifier.replay import people, work
from verifier.replay.state import Course, Line, State

MISSHAPEN = (KeyError, TypeError, AttributeError, ValueError)
_STATION = re.compile(r"[A-Z][A-Z_]*")  # an entry that moves the case; seats are moved to ids
HANDLERS = people.SAYS | work.SAYS
# What somebody who looks for a moment wants to jump to.
STEPS = frozenset({
    "opening.begun", "opening.opened", "draw.requested", "committee.drawn", "committee.set", "committee.void",
    "seating.drawn", "evaluation.begin", "leader.elected", "sitting.stage", "sitting.paused", "sitting.resumed",
    "sitting.extended", "member.left", "member.offline", "member.back", "seat.changed", "seat.alarm", "site.cut",
    "site.back", "spare.called", "review.settled", "lack.settled", "unlock.asked", "unlock.decided", "score.reopened",
    "score.corrected", "clarification.asked", "clarification.answered", "lowprice.opened", "lowprice.settled",
    "scores.summarised", "incident.noted", "report.made", "report.reopened", "report.dissented", "report.deemed",
    "report.accepted", "paper.sealed", "award.opened", "award.decided", "result.published",
})  # fmt: skip


def openings(record: Any) -> dict[str, Any]:
    """{commitment: sheet} of every salted sheet a report's machine record opens, former locks too."""
    found: dict[str, Any] = {}
    match record:
        case dict():
            salt, sheet = record.get("salt"), record.get("sheet")
            if isinstance(salt, str) and salt and isinstance(sheet, dict):
                found[canon.sha256_hex(bytes.fromhex(salt) + canon.dumps(sheet))] = sheet
            for one in record.values():
                found |= openings(one)
        case list():
            for one in record:
                found |= openings(one)
    return found


def take(course: Course, line: Line) -> State:
    """What this entry changed."""
    course.changed = {}
    if line.body is None:
        course.count("withheld")
        return course.changed
    goal = line.body.get("to")
    if isinstance(goal, str) and _STATION.fullmatch(goal):
        course.put("case", "case", state=goal)
    handler = HANDLERS.get(line.kind)
    if handler is not None:
        try:
            handler(course, line.body, line.at)
        except MISSHAPEN:
            course.count("unread")
    return course.changed


def fold(lines: Iterable[Line], opened: Mapping[str, Any] | None = None) -> Iterator[tuple[Course, State]]:
    """The course after each line, and what the line changed. `opened`: sheets by commitment (`openings`)."""
    course = Course(opened or {})
    for line in lines:
        yield course, take(course, line)


def state_at(lines: Iterable[Line], opened: Mapping[str, Any] | None = None) -> State:
    """The state after the last of `lines`."""
    course = Course(opened or {})
    for line in lines:
        take(course, line)
    return course.now
