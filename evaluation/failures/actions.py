"""Stopping and going on, a venue that is cut off, latecomers, nights, duties (domain.md §4, failures)."""

from __future__ import annotations

from typing import Any

from core import fields
from core.access import Role, denied
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.rules import Breach, Refused, refuse_if
from evaluation import cases
from evaluation.committee.actions import unnamed
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import members
from evaluation.failures import halts, minutes, rules, standing
from evaluation.failures.models import DoorOpened, Duty, Halt, SiteReport
from evaluation.failures.parties import case_now, main_venue, own_venue, supervisor, watching
from evaluation.sitting import flow
from evaluation.sitting.guards import ARTICLE, my_place, sitting_of
from evaluation.sitting.models import Sitting
from venues.queries import centre_of

P = dict[str, Any]
MEMBERS = (Role.EXPERT, Role.TENDERER)
ENDS = {"staff": "sitting.resume", "tech": "halt.confirm", "overnight": "sitting.rejoin", "flaw": "flaw.answer"}


def _at_work(tx: Tx, committee: Committee) -> Sitting:
    sitting = sitting_of(tx, committee)
    if sitting.stage == "SIGNED":
        raise Refused(Breach("STAGE", ARTICLE, "B", "before the report is signed", sitting.stage))
    return sitting


@acting("incident.note", Role.CENTRE, Role.REGULATOR)
def incident(tx: Tx, case: str, p: P) -> P:
    """{text}: goes into the report."""
    fields.only(p, "text")
    _, committee = case_now(tx, case)
    watching(tx, case)
    text = fields.text(p, "text", limit=1000)
    centre = centre_of(tx.session, tx.actor.org)
    site = centre.region if centre else ""
    halts.note(tx, committee, "incident", text, site)
    tx.record(f"case:{case}", "incident.noted", {"text": text, "site": site}, case=case)
    return {}


@acting("sitting.pause", Role.CENTRE, Role.REGULATOR)
def pause(tx: Tx, case: str, p: P) -> P:
    """{reason, technical?}: nobody acts in the room until resumed; after a technical pause two let it go on."""
    fields.only(p, "reason", "technical")
    _, committee = case_now(tx, case)
    watching(tx, case)
    _at_work(tx, committee)
    kind = "tech" if fields.yes_no(p, "technical", default=False) else "staff"
    halts.stop(tx, committee, kind, "declared", fields.text(p, "reason", limit=300))
    return {}


@acting("sitting.resume", Role.CENTRE, Role.REGULATOR)
def resume(tx: Tx, case: str, p: P) -> P:
    """{reason}: an ordinary pause is over; a technical one and a night end otherwise."""
    fields.only(p, "reason")
    found, committee = case_now(tx, case)
    watching(tx, case)
    halt = _halt(tx, committee)
    if halt.kind != "staff":
        raise Refused(Breach("HALT-KIND", standing.ARTICLE, "B", ENDS[halt.kind], halt.kind))
    refuse_if(standing.used_up(tx.session, found, committee, halt, tx.now))
    halts.go_on(tx, committee, halt, fields.text(p, "reason", limit=300))
    return {}


def _halt(tx: Tx, committee: Committee) -> Halt:
    halt = standing.open_halt(tx.session, committee)
    if halt is None:
        raise Refused(Breach("PAUSED", ARTICLE, "B", "paused", "going on"))
    return halt


@acting("halt.confirm", Role.REGULATOR, Role.CENTRE, *MEMBERS)
def confirm(tx: Tx, case: str, p: P) -> P:
    """{reason} → {waiting}: supervisor and leader, in any order; the main venue while there is no leader."""
    fields.only(p, "reason")
    found, committee = case_now(tx, case)
    sitting, halt = sitting_of(tx, committee), _halt(tx, committee)
    party, member = _party(tx, case, committee, sitting)
    if halt.kind != "tech":
        raise Refused(Breach("HALT-KIND", standing.ARTICLE, "B", ENDS[halt.kind], halt.kind))
    rows = members(tx.session, committee)
    refuse_if([*standing.used_up(tx.session, found, committee, halt, tx.now), *_still_away(tx, committee, rows)])
    said = fields.text(p, "reason", limit=300)
    halts.consent(tx, halt, party, said, member.id if member else "")
    body = {"halt": halt.id, "party": party, "reason": said}

    def write() -> None:
        tx.record(f"case:{case}", "halt.confirmed", body, case=case)

    unnamed(tx, member, write) if member else write()
    given = standing.consents(tx.session, halt)
    waiting = [one for one in rules.wanted(sitting.leader_id) if one not in given]
    if waiting:
        halts.tell(tx, committee, "halt.confirmed", {"party": party})
    else:
        cases.as_system(tx, lambda: halts.go_on(tx, committee, halt, said))
    return {"waiting": waiting}


def _still_away(tx: Tx, committee: Committee, rows: list[Member]) -> list[Breach]:
    """Never on with a committee that is not all there: whoever does not come back is replaced first. A venue that
    still reports itself cut off would stop it again at once."""
    away = [one for one in standing.lines(tx.session, rows) if one.away_at is not None]
    cut_off = standing.reports(tx.session, committee)
    found = [Breach("STILL-AWAY", ARTICLE, "B", "0", str(len(away)))] if away else []
    return [*found, *([Breach("SITE-STILL", standing.ARTICLE, "B", "0", str(len(cut_off)))] if cut_off else [])]


def _party(tx: Tx, case: str, committee: Committee, sitting: Sitting) -> tuple[str, Member | None]:
    found = cases.facts(tx.session, case)
    if tx.actor.has(Role.REGULATOR):
        supervisor(tx, found)
        return "supervisor", None
    if tx.actor.has(Role.CENTRE):
        main_venue(tx, found)
        if sitting.leader_id:
            raise Refused(denied("LEADER", "the leader", tx.actor.org_name))
        return "venue", None
    me = my_place(tx, committee)
    if me.state != "pledged" or me.id != sitting.leader_id:
        raise Refused(denied("LEADER", "the leader", str(me.number)))
    refuse_if(standing.elsewhere(tx.session, tx.actor, me))
    return "leader", me


@acting("sitting.freeze", Role.CENTRE, Role.REGULATOR)
def freeze(tx: Tx, case: str, p: P) -> P:
    """{reason, until}: over night. Nobody acts or reads; from `until` on every member comes back with a signature.

    A technical pause is turned into one by the supervisor alone: a night ends without the two words that it needs. The
    supervisor also sets the hour of a night anew.
    """
    fields.only(p, "reason", "until")
    found, committee = case_now(tx, case)
    watching(tx, case)
    stage = _at_work(tx, committee).stage
    if stage == "REPORT":  # it is being signed: the leader takes it back first, or all sign today
        raise Refused(Breach("STAGE", ARTICLE, "B", "before the report is made", stage))
    until, before = fields.moment(p, "until"), standing.open_halt(tx.session, committee)
    if until <= tx.now:
        raise Refused(Breach("OVERNIGHT", standing.ARTICLE, "B", f"> {tx.now.isoformat()}", until.isoformat(), "until"))
    night = before if before is not None and before.kind == "overnight" else None
    refuse_if(rules.night_long(night.from_at if night else tx.now, until, cases.book(found)))
    reason = fields.text(p, "reason", limit=300)
    if before is not None and before.kind == "tech":
        supervisor(tx, found)
    if night is not None and tx.actor.has(Role.REGULATOR):
        halts.move_hour(tx, committee, night, until, reason)
        return {"until": until.isoformat()}
    halts.stop(tx, committee, "overnight", "declared", reason, go_on_at=until)
    halts.quiet(tx, members(tx.session, committee))
    return {"until": until.isoformat()}


@acting("site.cut", Role.CENTRE)
def cut(tx: Tx, case: str, p: P) -> P:
    """{reason}: the actor's venue is cut off; after SITE-OUT the sitting pauses by itself."""
    fields.only(p, "reason")
    found, committee = case_now(tx, case)
    _, centre = own_venue(tx, found)
    _at_work(tx, committee)
    if any(one.site == centre.region for one in standing.reports(tx.session, committee)):
        raise Refused(Breach("SITE-CUT", standing.ARTICLE, "B", "reported once", "reported"))
    reason = fields.text(p, "reason", limit=300)
    tx.session.add(SiteReport(committee_id=committee.id, site=centre.region, since=tx.now, reason=reason))
    halts.note(tx, committee, "site.cut", minutes.cut_off(reason), centre.region)
    tx.record(f"case:{case}", "site.cut", {"site": centre.region, "reason": reason}, case=case)
    halts.tell(tx, committee, "site.cut", {"site": centre.region})
    return {"site": centre.region}


@acting("site.back", Role.CENTRE)
def site_back(tx: Tx, case: str, p: P) -> P:
    """{}: the actor's venue is connected again. A pause that came meanwhile is ended by supervisor and leader."""
    fields.only(p)
    found, committee = case_now(tx, case)
    _, centre = own_venue(tx, found)
    mine = [one for one in standing.reports(tx.session, committee) if one.site == centre.region]
    if not mine:
        raise Refused(Breach("SITE-CUT", standing.ARTICLE, "B", "reported", "-"))
    for one in mine:
        one.over_at = tx.now
    halts.note(tx, committee, "site.back", minutes.back_again(), centre.region)
    tx.record(f"case:{case}", "site.back", {"site": centre.region}, case=case)
    halts.tell(tx, committee, "site.back", {"site": centre.region})
    return {"site": centre.region}


@acting("door.open", Role.CENTRE)
def open_door(tx: Tx, case: str, p: P) -> P:
    """{reason}: latecomers of the actor's own site may sign in for ENTRY-DOOR from now."""
    fields.only(p, "reason")
    found, committee = case_now(tx, case)
    _, centre = own_venue(tx, found)
    reason = fields.text(p, "reason", limit=300)
    tx.session.add(DoorOpened(committee_id=committee.id, site=centre.region, at=tx.now, reason=reason))
    halts.note(tx, committee, "door.opened", minutes.opened(reason), centre.region)
    tx.record(f"case:{case}", "door.opened", {"site": centre.region, "reason": reason}, case=case)
    return {"site": centre.region}


@acting("duty.assign", Role.CENTRE, *MEMBERS)
def assign(tx: Tx, case: str, p: P) -> P:
    """{member, text}: by the leader, or the main venue before one is elected; an empty text takes it back."""
    fields.only(p, "member", "text")
    found, committee = case_now(tx, case)
    sitting = _at_work(tx, committee)
    member = tx.session.get(Member, fields.text(p, "member", limit=16))
    if member is None or member.committee_id != committee.id or member.state not in ("signed_in", "pledged"):
        raise Unusable("member: not one of this committee")
    me = None
    if tx.actor.has(Role.CENTRE):
        main_venue(tx, found)
    else:
        me = my_place(tx, committee)
        refuse_if(standing.elsewhere(tx.session, tx.actor, me))
        if me.id != sitting.leader_id or me.state != "pledged":
            raise Refused(denied("LEADER", "the leader", str(me.number)))
    if standing.frozen(tx.session, committee):
        raise Refused(Breach("PAUSED", ARTICLE, "B", "going on", sitting.paused))
    text = fields.text(p, "text", limit=40, default="")
    row = tx.session.get(Duty, member.id) or Duty(member_id=member.id)
    row.text, row.at = text, tx.now
    tx.session.add(row)
    body = {"member": member.id, "duty": text}

    def write() -> None:
        tx.record(f"case:{case}", "duty.assigned", body, case=case)

    unnamed(tx, me, write) if me else write()
    flow.tell(tx, case, "duty.assigned", {"member": member.id})
    return {"member": member.id, "text": text}
