"""What pages and workbench show of a deadline that is in doubt; the act and what each reader sees are trading's."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from core.access import Actor, Role
from trading.deadline import queries
from trading.project.models import Case
from trading.project.states import book_of
from web import words, workbench
from web.standard_time import causes
from web.words import N_
from web.workbench import Item

PROCESSES = {"page": N_("web pages"), "upload": N_("uploads")}
DECIDED = {
    "go_on": N_("the deadline stands"),
    "postpone": N_("postponed"),
    "": N_("not decided"),
}
STEPS = {
    "30 min": N_("30 minutes before the deadline"),
    "5 min": N_("5 minutes before the deadline"),
    "deadline": N_("at the deadline"),
    "window": N_("before the time to unlock ended"),
}

words.teach({"DEADLINE-DECIDE": N_("There is nothing to decide: neither an outage nor an alarm of the clock waits.")})


def section(session: Session, row: Case, roles: Collection[Role], now: datetime) -> dict[str, Any]:
    """What this reader may know (trading.deadline.queries.section), with `least`, the earliest new deadline."""
    found = queries.section(session, row, frozenset(roles), now)
    hours = book_of(row, now)["POSTPONE"].number
    least = max(now + timedelta(hours=hours), row.deadline or now)
    least = (least + timedelta(minutes=1)).replace(second=0, microsecond=0)
    if found["reading"]:
        found["reading"]["cause"] = causes([(one["server"], one["cause"]) for one in found["reading"]["answers"]])
    return found | {"least": least, "processes": PROCESSES, "decided": DECIDED, "steps": STEPS}


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """The tenderer decides, as soon as it can."""
    title, act = N_("Decide whether the deadline stands"), N_("Decide now")
    return [
        Item(title=title, href=f"/cases/{one['case']}#deadline", act=act, subject=one["name"], due=one["due"])
        for one in queries.waiting_for(session, actor, now)
    ]


workbench.PROVIDERS.append(work)
