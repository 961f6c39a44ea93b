"""Who may talk, and when."""

from __future__ import annotations

from core.acts import Tx
from core.rules import Breach, Refused, refuse_if
from evaluation import cases
from evaluation.committee.actions import required
from evaluation.committee.queries import members
from evaluation.failures import standing
from evaluation.sitting.guards import ARTICLE, Room, my_place, sitting_of


def here(tx: Tx, case: str) -> Room:
    """The room for a pledged member who talks: also while the sitting is paused or the committee incomplete, since
    what is wrong must be said; not over night, and not once the report is sealed."""
    found = cases.in_state(cases.facts(tx.session, case), "COMMITTEE_SET", "EVALUATING")
    committee = required(tx, case)
    sitting, me = sitting_of(tx, committee), my_place(tx, committee)
    if me.state != "pledged":
        raise Refused(Breach("PLEDGE", "招标投标法 第37条", "B", "pledged", me.state))
    refuse_if(standing.elsewhere(tx.session, tx.actor, me))
    if standing.frozen(tx.session, committee):
        raise Refused(Breach("PAUSED", ARTICLE, "B", "going on", sitting.paused))
    if sitting.stage == "SIGNED":
        raise Refused(Breach("STAGE", ARTICLE, "B", "before the report is signed", sitting.stage))
    return Room(found, committee, sitting, members(tx.session, committee), me)
