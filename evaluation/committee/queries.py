"""Who sits on a committee, by what the asker may know: before sign-in only counts and sites (招标投标法 art. 37)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Role, denied
from core.doors import asking
from core.rules import Refused
from evaluation.cases import facts
from evaluation.committee.models import OPEN, OUT, Committee, Member
from evaluation.vault import vault
from trading.project.models import Case


def committee_of(session: Session, case: str) -> Committee | None:
    """The committee of the case's present round, None before one was asked for."""
    query = select(Committee).join(Case, (Case.id == Committee.case_id) & (Case.round == Committee.round))
    return session.scalars(query.where(Committee.case_id == case, Committee.void_at.is_(None)).limit(1)).first()


def members(session: Session, committee: Committee, *states: str) -> list[Member]:
    """Members in the order of drawing; those still in (OPEN) unless states are named."""
    query = select(Member).where(Member.committee_id == committee.id, Member.state.in_(states or OPEN))
    return list(session.scalars(query.order_by(Member.number)))


def by_person(session: Session, committee: Committee, person: str) -> Member | None:
    """The place held by a person; found by a keyed mark, so that no table names the drawn before they sign in."""
    query = select(Member).where(Member.committee_id == committee.id, Member.mark == vault().mark(person))
    return session.scalars(query).first()


def places(committee: Committee) -> int:
    """How many members a complete committee has."""
    return int(committee.need["experts"]) + len(committee.need["representatives"])


def counts(session: Session, committee: Committee) -> dict[str, Any]:
    """{site: {wanted, invited, accepted, present, out}}: what tenderer, centre and agency may see."""
    rows = members(session, committee, *OPEN, *OUT)
    sites: dict[str, Any] = {}
    for site, wanted in sorted(committee.need["members_by_site"].items()):
        found = Counter(row.state for row in rows if row.site == site and row.kind == "expert")
        sites[site] = {
            "wanted": wanted, "invited": found["invited"], "accepted": found["accepted"],
            "present": found["signed_in"] + found["pledged"], "out": sum(found[state] for state in OUT),
        }  # fmt: skip
    return sites


@asking("committee.show", Role.TENDERER, Role.AGENCY, Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
def show(session: Session, now: datetime, actor: Actor, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """Size, sites and counts of the case's own committee; no name, no person id."""
    case_facts = facts(session, case)
    watching = actor.has(Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
    if not watching and actor.org not in case_facts.parties:
        raise Refused(denied("CASE-PARTY", "tenderer or agency of this case", actor.org_name or actor.org))
    committee = committee_of(session, case)
    if committee is None:
        return {"committee": None}
    return {
        "committee": committee.id, "at": committee.at.isoformat(), "until": committee.until.isoformat(),
        "experts": committee.need["experts"], "representatives": len(committee.need["representatives"]),
        "specialities": committee.need["specialities"], "sites": counts(session, committee),
        "draw": committee.draw_id, "seating": committee.seating_id, "wanted": committee.wanted,
    }  # fmt: skip


@asking("invitation.mine", Role.EXPERT)
def mine(session: Session, now: datetime, actor: Actor, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """The asker's own invitations: time and venue; the project is named only after acceptance (domain.md §4)."""
    query = select(Member, Committee).join(Committee, Committee.id == Member.committee_id)
    query = query.where(Member.mark == vault().mark(actor.person), Committee.void_at.is_(None))
    found = []
    for member, committee in session.execute(query.order_by(Committee.at.desc())):
        if member.state == "spare":
            continue  # whoever waits as a spare is not told
        row = {
            "case": committee.case_id, "site": member.site, "at": committee.at.isoformat(), "state": member.state,
            "answer_until": member.answer_until.isoformat() if member.answer_until else None,
        }  # fmt: skip
        if member.state in ("accepted", "signed_in", "pledged"):
            row["title"] = facts(session, committee.case_id).title
        found.append(row)
    return {"invitations": found}
