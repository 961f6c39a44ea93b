"""/uploads/measure: how fast a person's line is, through the same process that takes bids.

Bounded for each person and for all at once, so that measuring never takes the line from a bid. What is measured is
thrown away.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import wraps
from threading import Lock
from typing import Any

from flask import Response, abort, current_app, g, jsonify, request

from core.uploads import Turned
from web.front import permit
from web.transport import hang_up
from web.uploads import Cut, blocks, blueprint, turned_answer

MOST = 16 << 20  # P: bytes of one measurement
BUDGET = 160 << 20  # P: bytes one person may measure with in SPAN
SPAN = timedelta(minutes=10)
AT_ONCE = 4  # P: measurements under way together
LONGEST = 10.0  # seconds one may take; after them its place is free, whatever became of it
NOISE = os.urandom(1 << 16)  # no line between here and there can make it smaller


class Meter:
    """Who has measured how much lately, and what is under way in this process."""

    def __init__(self) -> None:
        self._spent: dict[str, list[tuple[datetime, int]]] = {}
        self._begun: dict[object, float] = {}
        self._lock = Lock()

    def begin(self, person: str, size: int, now: datetime) -> object:
        """What `end` takes back. Turned MEASURED for a person who has measured enough, CROWDED while too many do."""
        with self._lock:
            lately = [(at, many) for at, many in self._spent.get(person, []) if at > now - SPAN]
            spent = sum(many for _, many in lately)
            if spent + size > BUDGET:
                raise Turned("MEASURED", BUDGET, spent + size)
            still = time.monotonic() - LONGEST
            self._begun = {turn: at for turn, at in self._begun.items() if at > still}
            if len(self._begun) >= AT_ONCE:
                raise Turned("CROWDED", AT_ONCE, len(self._begun) + 1)
            turn = object()
            self._begun[turn] = time.monotonic()
            self._spent = {who: all_ for who, all_ in self._spent.items() if all_[-1][0] > now - SPAN}
            self._spent[person] = [*lately, (now, size)]
            return turn

    def end(self, turn: object) -> None:
        with self._lock:
            self._begun.pop(turn, None)


def _refusing(view: Callable[[], Response]) -> Callable[[], Response]:
    @wraps(view)
    def run() -> Response:
        try:
            return view()
        except Turned as turned:
            return turned_answer(turned)

    return run


def _begin(size: int) -> tuple[Meter, object]:
    if not 1 <= size <= MOST:
        raise Turned("SIZE", MOST, size)
    meter: Meter = current_app.extensions["gongheng.meter"]
    return meter, meter.begin(g.actor.person, size, g.now)


@blueprint.route("/uploads/measure", methods=["GET"], provide_automatic_options=False)
@permit(person=True)
@_refusing
def down() -> Response:
    """?bytes=: so many, or as many as go through in LONGEST seconds."""
    if request.method == "HEAD":
        abort(405)
    text = request.args.get("bytes", "")
    size = int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
    meter, turn = _begin(size)

    def body() -> Iterator[bytes]:
        left, until = size, time.monotonic() + LONGEST
        try:
            while left > 0 and time.monotonic() < until:
                yield NOISE[:left]
                left -= len(NOISE)
        finally:
            meter.end(turn)

    return Response(body(), mimetype="application/octet-stream")


@blueprint.route("/uploads/measure", methods=["POST"], provide_automatic_options=False)
@permit(person=True)
@_refusing
def up() -> Response:
    """A body of known size, read and thrown away → {bytes}."""
    meter, turn = _begin(request.content_length or 0)
    got, until = 0, time.monotonic() + LONGEST
    try:
        for block in blocks(MOST):
            got += len(block)
            if time.monotonic() > until:
                hang_up(request.environ)
                raise Cut
    except Cut:
        answer: dict[str, Any] = {"bytes": got}
        response = jsonify(answer)
        response.status_code = 408
        return response
    finally:
        meter.end(turn)
    return jsonify({"bytes": got})
