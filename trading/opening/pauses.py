"""The hall stands still: the host or the regulator stops it with a written reason, the time to unlock waits with it.

Not the case's own suspension by an objection (`Case.suspended`): this one ends in the hall.
"""

from __future__ import annotations

from core import fields, jobs
from core.access import Role, denied
from core.acts import Tx
from core.doors import Payload, acting
from core.rules import Breach, Refused
from trading.opening.guards import open_hall
from trading.opening.models import OpeningPause
from trading.opening.queries import pause_of
from trading.project.states import book_of, go, guard, stands_as

ROLES = (Role.REGULATOR, Role.CENTRE, Role.AGENCY)


@acting("opening.suspend", *ROLES)
def suspend(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason} → {pause}: no key is taken and nothing is closed until `opening.resume`."""
    fields.only(p, "reason")
    row, step = guard(tx, case, "opening.suspend")
    open_hall(tx, row)
    article = book_of(row, tx.now)["E-10"].article
    if pause_of(tx.session, row) is not None:
        raise Refused(Breach("HALL-SUSPENDED", article, "B", "not suspended", "suspended"))
    reason, here = fields.text(p, "reason", limit=300), stands_as(row, tx.actor)
    role = next(role for role in ROLES if role in here)
    pause = OpeningPause(case_id=case, round=row.round, at=tx.now, person_id=tx.actor.person, role=role, reason=reason)
    tx.session.add(pause)
    tx.session.flush()
    go(tx, row, step, "opening.suspended", {"pause": pause.id, "reason": reason, "role": role})
    tx.publish(f"hall:{case}", "opening.suspended", {"reason": reason, "role": role, "at": tx.now.isoformat()})
    return {"pause": pause.id}


@acting("opening.resume", *ROLES)
def resume(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {window_until}: the hall goes on; its window ends later by as long as it stood still.

    What the regulator stopped only the regulator lets go on (20号令 art. 52).
    """
    fields.only(p)
    row, step = guard(tx, case, "opening.resume")
    opening, pause = open_hall(tx, row), pause_of(tx.session, row)
    if pause is None:
        raise Refused(Breach("HALL-SUSPENDED", step.article, "B", "suspended", "not suspended"))
    if pause.role == Role.REGULATOR and Role.REGULATOR not in stands_as(row, tx.actor):
        raise Refused(denied("HALL-RESUME", "regulator of this case", tx.actor.org_name or "-"))
    pause.resumed_at = tx.now
    opening.window_until += tx.now - pause.at
    body = {"pause": pause.id, "window_until": opening.window_until}
    go(tx, row, step, "opening.resumed", body)
    tx.publish(f"hall:{case}", "opening.resumed", {"window_until": opening.window_until.isoformat()})
    jobs.plan(tx.session, opening.window_until, "opening.close", case)
    return {"window_until": opening.window_until.isoformat()}
