"""A committee drawn before a deadline that was then moved: others may bid until the new one, whom its list did not
avoid. It is void, and asked for anew after the new deadline."""

from __future__ import annotations

from certs import drawdesk
from core.acts import Tx
from evaluation.committee.actions import renew
from evaluation.committee.queries import committee_of
from trading.project.models import Case
from trading.project.states import ENTERED
from venues.actions import free_seats

BACK = "ANNOUNCED"


def begin_anew(tx: Tx, row: Case) -> None:
    committee = committee_of(tx.session, row.id) if row.state == BACK else None
    if committee is None:
        return
    draw = tx.session.get(drawdesk.Draw, committee.draw_id) if committee.draw_id else None
    if draw is not None and draw.state == "COMMITTING":
        renew(tx, committee.draw_id)
    free_seats(tx, row.id)
    committee.void_at = tx.now
    tx.record(f"case:{row.id}", "committee.void", {"reason": "投标截止时间延期", "by": tx.actor.org}, case=row.id)


ENTERED.append(begin_anew)
