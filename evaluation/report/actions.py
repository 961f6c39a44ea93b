"""Making the report, dissent and refusal, and handing the sealed report to trading."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from certs import desk
from core import fields
from core.access import SYSTEM, Actor, Role, denied
from core.acts import Acts, Tx
from core.doors import TABLE, acting, ahead
from core.faults import Unusable
from core.ledger import Entry
from core.rules import Breach, Refused, refuse_if
from evaluation import cases
from evaluation.brands import queries as brands
from evaluation.cases import CaseFacts
from evaluation.committee.actions import required, unnamed
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import by_person, committee_of, members
from evaluation.report import making
from evaluation.report import record as records
from evaluation.report.desk import KIND, open_version, publish, withdraw_open
from evaluation.report.making import Ready, report_of
from evaluation.report.models import Refusal, Report
from evaluation.scoring import policy
from evaluation.sitting import flow
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import as_leader, enter, sitting_of
from evaluation.sitting.models import Sitting
from trading.project.papers import file_document
from venues.actions import free_seats

P = dict[str, Any]
ARTICLE = "招标投标法实施条例 第53条"


def _next(tx: Tx, case: CaseFacts, committee: Committee, ready: Ready | None) -> Report:
    """A new version, from what was made ahead or from the rows as they stand; an older open one leaves the desk."""
    if report_of(tx.session, committee) is not None:
        withdraw_open(tx, committee, "a new version was made")
    tx.session.flush()
    if ready is None:
        work = making.read(tx.session, case, committee, sitting_of(tx, committee), tx.now)
        ready = making.compose(work, demo=tx.config.demo)
    report = publish(tx, case, committee, ready)
    flow.tell(tx, case.id, "report.made", {"document": report.document_id, "version": report.version})
    return report


def _room(session: Session, case: str, stage: str) -> tuple[CaseFacts, Committee, Sitting] | None:
    committee = committee_of(session, case)
    sitting = session.get(Sitting, committee.id) if committee else None
    if committee is None or sitting is None or sitting.stage != stage or sitting.paused:
        return None
    report = report_of(session, committee)
    if stage == "REPORT" and (report is None or report.state != "open"):
        return None
    return cases.facts(session, case), committee, sitting


@ahead("report.make")
def _ahead_of_make(acts: Acts, actor: Actor, case: str, p: P) -> Ready | None:
    """For the leader alone, when nothing stands in the way."""

    def found(session: Session) -> tuple[CaseFacts, Committee, Sitting] | None:
        room = _room(session, case, "SUMMARY")
        if room is None:
            return None
        facts, committee, sitting = room
        me = by_person(session, committee, actor.person)
        if me is None or me.id != sitting.leader_id:
            return None
        return None if making.flaws(session, facts, sitting, members(session, committee)) else room

    return making.ahead(acts, found, lambda raw: None)


@acting("report.make", *MEMBERS)
def make(tx: Tx, case: str, p: P) -> P:
    """{} → {document, version}: by the leader, when every question about a score is answered."""
    fields.only(p)
    room = as_leader(enter(tx, case, "SUMMARY"))
    ready = making.made_ahead(tx, case)
    if ready is None:  # else it was asked when that was made, of the same rows
        refuse_if(making.flaws(tx.session, room.case, room.sitting, room.all))
    room.sitting.stage = "REPORT"
    report = _next(tx, room.case, room.committee, ready)
    flow.tell(tx, case, "sitting.stage", {"stage": "REPORT"})
    return {"document": report.document_id, "version": report.version}


@acting("report.reopen", *MEMBERS)
def reopen(tx: Tx, case: str, p: P) -> P:
    """{reason}: by the leader: an error was found before sealing; back to the summary, signatures are void."""
    fields.only(p, "reason")
    room = as_leader(enter(tx, case, "REPORT"))
    reason = fields.text(p, "reason", limit=300)
    open_version(tx, room.committee)
    withdraw_open(tx, room.committee, reason)
    room.sitting.stage = "SUMMARY"
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "report.reopened", {"reason": reason}, case=case))
    flow.tell(tx, case, "sitting.stage", {"stage": "SUMMARY"})
    return {"stage": "SUMMARY"}


@ahead("report.dissent")
def _ahead_of_dissent(acts: Acts, actor: Actor, case: str, p: P) -> Ready | None:
    """For a member, while a version is being signed."""
    mine, text = "", fields.text(p, "text", limit=3000)

    def found(session: Session) -> tuple[CaseFacts, Committee, Sitting] | None:
        nonlocal mine
        room = _room(session, case, "REPORT")
        me = by_person(session, room[1], actor.person) if room else None
        if me is None or me.state != "pledged":
            return None
        mine = me.id
        return room

    return making.ahead(acts, found, lambda raw: records.dissenting(raw, mine, text))


@acting("report.dissent", *MEMBERS, signed=True)
def dissent(tx: Tx, case: str, p: P) -> P:
    """{text}: a different opinion with its reasons goes into the report (TL53); a new version is signed by all."""
    fields.only(p, "text")
    room = enter(tx, case, "SUMMARY", "REPORT")
    ready = making.made_ahead(tx, case)
    room.me.stance, room.me.dissent = "dissent", fields.text(p, "text", limit=3000)
    body = {"member": room.me.id, "text": room.me.dissent}
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "report.dissented", body, case=case))
    if room.sitting.stage == "SUMMARY":
        return {"document": ""}
    open_version(tx, room.committee)
    report = _next(tx, room.case, room.committee, ready)
    return {"document": report.document_id, "version": report.version}


@ahead("report.deem")
def _ahead_of_deem(acts: Acts, actor: Actor, case: str, p: P) -> Ready | None:
    """For the regulator and the venues of this case, on a member who has not signed."""
    name, reference = fields.text(p, "member", limit=16), fields.text(p, "reference", limit=300)

    def found(session: Session) -> tuple[CaseFacts, Committee, Sitting] | None:
        room = _room(session, case, "REPORT")
        member = session.get(Member, name)
        if room is None or member is None or member.committee_id != room[1].id or member.id == room[2].leader_id:
            return None
        return room if actor.org in (room[0].regulator, *cases.venue_orgs(session, room[0])) else None

    return making.ahead(acts, found, lambda raw: records.deemed(raw, name, actor.name, reference))


@acting("report.deem", Role.CENTRE, Role.REGULATOR, signed=True)
def deem(tx: Tx, case: str, p: P) -> P:
    """{member, reference}: a witness states that a member refuses to sign and gives no reason: deemed to agree (TL53).

    `reference` names the recording. The version on the desk is replaced by one without this member's place. The
    leader's own refusal needs another leader first: member.remove.
    """
    fields.only(p, "member", "reference")
    found = cases.in_state(cases.facts(tx.session, case), "EVALUATING")
    ready = making.made_ahead(tx, case)
    committee = required(tx, case)
    sitting = sitting_of(tx, committee)
    if sitting.stage != "REPORT":
        raise Refused(Breach("STAGE", ARTICLE, "B", "REPORT", sitting.stage))
    if tx.actor.org not in (found.regulator, *cases.venue_orgs(tx.session, found)):
        raise Refused(denied("WATCH", "regulator or venue of this case", tx.actor.org_name or tx.actor.org))
    report = open_version(tx, committee)
    member = tx.session.get(Member, fields.text(p, "member", limit=16))
    if member is None or member.committee_id != committee.id or member.state != "pledged":
        raise Unusable("member: not one of this committee")
    _may_be_deemed(tx, report, member, sitting.leader_id)
    reference = fields.text(p, "reference", limit=300)
    member.stance = "deemed"
    tx.session.add(
        Refusal(member_id=member.id, witness_person=tx.actor.person, witness_name=tx.actor.name, reference=reference,
                at=tx.now)
    )  # fmt: skip
    tx.record(f"case:{case}", "report.deemed", {"member": member.id, "reference": reference}, case=case)
    made = _next(tx, found, committee, ready)
    return {"document": made.document_id, "version": made.version}


def _may_be_deemed(tx: Tx, report: Report, member: Member, leader: str) -> None:
    if member.id == leader:
        raise Refused(Breach("DEEM-LEADER", ARTICLE, "B", "a member, not the leader", "leader"))
    if member.stance == "dissent":
        raise Refused(Breach("DEEM-REASON", ARTICLE, "B", "no reason given", "dissent"))
    places = desk.places(tx.session, report.document_id)
    if any(place.person_id == member.person_id and place.signed_at is not None for place in places):
        raise Refused(Breach("DEEM-SIGNED", ARTICLE, "B", "not signed", "signed"))


@acting("report.accept")
def accept(tx: Tx, case: str, p: P) -> P:
    """System: the sealed document goes to trading, seats are free, the sitting is over. Doing it twice does nothing."""
    committee = committee_of(tx.session, case)
    report = report_of(tx.session, committee) if committee else None
    if committee is None or report is None or report.document_id != p.get("document"):
        return {}
    state = desk.state(tx.session, report.document_id)
    if state["state"] != "sealed" or report.state == "sealed":
        return {}
    sitting, found = sitting_of(tx, committee), report.record
    report.state, report.sealed_at, sitting.stage = "sealed", tx.now, "SIGNED"
    rows = members(tx.session, committee)
    scoring, out = found["scoring"] or {}, brands.out(sitting)
    file_document(tx, case, KIND, "评标报告", tx.blobs.get(state["head"]), "parties", signing_doc=report.document_id)
    free_seats(tx, case)
    result = {
        "outcome": found["outcome"], "candidates": found["candidates"], "ranked": found["ranked"],
        "ranking": found["ranking"] or [], "totals": scoring.get("result", {}).get("totals", {}),
        "price_scores": scoring.get("result", {}).get("price_scores", {}),
        "places": policy.places(scoring["result"], out) if scoring and found["ranked"] else {},
        "benchmark": scoring.get("result", {}).get("benchmark"), "rejected": dict(sitting.rejected),
        "members": [row.person_id for row in rows], "report_sha256": state["head"],
        "record_sha256": report.record_sha256, "document": report.document_id, "reported_at": tx.now.isoformat(),
    }  # fmt: skip
    result |= {"same_brand": out} if out else {}
    corrections = found.get("figures", {}).get("corrections", ())
    binding = {one["bid"]: one["after"] for one in corrections if not one["invalid"]}
    result |= {"corrected": binding} if binding else {}
    cases.hand_over(tx, case, result)
    flow.tell(tx, case, "sitting.stage", {"stage": "SIGNED"})
    return {"outcome": found["outcome"]}


def on_sealed(acts: Acts, entry: Entry) -> None:
    """After the desk sealed a report; what a lost listener misses the act does when it is performed again."""
    if entry.body.get("kind") == KIND:
        acts.act(TABLE["report.accept"].fn, SYSTEM, entry.case, {"document": entry.body["document"]})


LISTENERS = {"paper.sealed": on_sealed}
