"""What the case page and the workbench show of objections; the acts and what each reader sees are trading's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.access import Actor, Role
from core.machine import SUSPENDED
from trading.objection import queries
from trading.objection.models import STATES
from trading.project.models import Case
from web import words, workbench
from web.words import N_
from web.workbench import Item

words.teach(
    {
        "OBJ-PUBLIC": N_("An objection to the candidates is raised while they are public."),
        "OBJ-TWICE": N_("Your objection waits for its answer; another one may follow then."),
        "OBJ-STATE": N_("This objection has ended already."),
        "OBJ-UPHELD": N_("An objection to these candidates was upheld; the result follows a new decision."),
    }
)


def section(session: Session, row: Case, actor: Actor, roles: set[Role], now: datetime) -> dict[str, Any]:
    """{items, raising, due, article}: each item with `act`, what this reader may do: answer, prepare, withdraw, ""."""
    items = queries.objections(session, row.id, actor, now)
    for one in items:
        here = one["waits"] and one["round"] == row.round and STATES[one["subject"]] == row.state
        side = "answer" if Role.TENDERER in roles else "prepare" if Role.AGENCY in roles else ""
        one["act"] = ("withdraw" if one["mine"] else side) if here else ""
    due = queries.first_due(session, row) if roles else None
    raising = queries.raising(session, row, actor, now)
    return {"items": items, "raising": raising, "due": due, "article": SUSPENDED.article}


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """The tenderer answers, its agency prepares, the objector waits; all by the same day."""
    return [_item(one, actor) for one in queries.waiting(session, actor)]


def _item(one: dict[str, Any], actor: Actor) -> Item:
    title, act, waits = N_("Answer an objection"), N_("Answer"), False
    if one["mine"]:
        title, act, waits = N_("Your objection waits for its answer"), N_("Look"), True
    elif not actor.has(Role.TENDERER):
        title, act, waits = N_("Prepare the answer to an objection"), N_("Prepare"), one["drafted"]
    href = f"/cases/{one['case']}#objections"
    return Item(title=title, href=href, act=act, subject=one["project"], due=one["due"], waiting=waits)


workbench.PROVIDERS.append(work)
