"""The movable clock of the demo world: this module is not even registered in production."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from flask import Blueprint, Response, g, jsonify, request

from accounts.sign_in import carry_sessions
from core import canon, fields
from core.access import SYSTEM, Role
from core.clock import DemoClock
from core.faults import Unusable
from web import clocks, pulse, timers
from web.front import permit, wired

DEMO_ONLY = True
blueprint = Blueprint("demo_clock", __name__)


@blueprint.post("/demo/clock")
@permit(Role.PUBLIC)
def move() -> Response:
    """{to: time} → {now}. Forward only; what fell due on the way is done before the answer, in order."""
    house = wired()
    clock = cast("DemoClock", house.acts.house.clock)
    body = canon.loads(request.get_data(cache=False))
    if not isinstance(body, dict):
        raise Unusable("body: an object is expected")
    by = fields.moment(body, "to") - g.now
    if by <= timedelta(0):
        clocks.move(house.config, clock, g.now + by)
    house.acts.act(carry_sessions, SYSTEM, by)
    pulse.beat_all(house.acts)  # before and after: the time that is jumped over is no outage
    now = house.acts.act(lambda _tx: clocks.move(house.config, clock, g.now + by), SYSTEM)  # while no process writes
    pulse.beat_all(house.acts)
    timers.run_once(house.acts)
    return jsonify({"now": now.isoformat()})
