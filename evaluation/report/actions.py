"""Making the report, dissent and refusal, and handing the sealed report to trading."""

from __future__ import annotations

from typing import Any

from certs import desk
from core import fields
from core.access import SYSTEM, Role, denied
from core.acts import Acts, Tx
from core.doors import TABLE, acting
from core.faults import Unusable
from core.ledger import Entry
from core.rules import Breach, Refused
from evaluation import cases
from evaluation.cases import CaseFacts
from evaluation.committee.actions import required, unnamed
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import committee_of, members
from evaluation.report import record as records
from evaluation.report.desk import KIND, open_version, publish, report_of, withdraw_open
from evaluation.report.models import Refusal, Report
from evaluation.scoring import policy, sheet
from evaluation.sitting import flow
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import Room, as_leader, enter, sitting_of
from trading.project.papers import file_document
from venues.actions import free_seats

P = dict[str, Any]
ARTICLE = "招标投标法实施条例 第53条"
M87 = "政府采购货物和服务招标投标管理办法 第64条"


def _settled(tx: Tx, room: Room) -> None:
    """Refused while objective scores differ or a score that stands out has no reason."""
    data = room.sitting.scoring
    if not data:
        return
    found = [
        Breach("OBJECTIVE", M87, "B", "equal for all members", f"{bid} {criterion}")
        for bid, criterion in sheet.objective_gaps(room.case, data)
    ]
    found += [
        Breach("ANOMALY", M87, "B", "a reason or a correction", f"{one['expert']} {one['bid']} {one['criterion']}")
        for one in sheet.anomalies(tx.session, room.case, room.all, data)
        if not one["reason"]
    ]
    if found:
        raise Refused(found)


def _next(tx: Tx, case: CaseFacts, committee: Committee) -> Report:
    """A new version from the rows as they stand; an older open one leaves the desk."""
    before = report_of(tx.session, committee)
    if before is not None:
        withdraw_open(tx, committee, "a new version was made")
    tx.session.flush()
    sitting, rows = sitting_of(tx, committee), members(tx.session, committee)
    record = records.build(tx.session, committee, sitting, before.version + 1 if before else 1)
    report = publish(tx, case, committee, rows, record)
    flow.tell(tx, case.id, "report.made", {"document": report.document_id, "version": report.version})
    return report


@acting("report.make", *MEMBERS)
def make(tx: Tx, case: str, p: P) -> P:
    """{} → {document, version}: by the leader, when every question about a score is answered."""
    fields.only(p)
    room = as_leader(enter(tx, case, "SUMMARY"))
    _settled(tx, room)
    room.sitting.stage = "REPORT"
    report = _next(tx, room.case, room.committee)
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


@acting("report.dissent", *MEMBERS, signed=True)
def dissent(tx: Tx, case: str, p: P) -> P:
    """{text}: a different opinion with its reasons goes into the report (TL53); a new version is signed by all."""
    fields.only(p, "text")
    room = enter(tx, case, "SUMMARY", "REPORT")
    room.me.stance, room.me.dissent = "dissent", fields.text(p, "text", limit=3000)
    body = {"member": room.me.id, "text": room.me.dissent}
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "report.dissented", body, case=case))
    if room.sitting.stage == "SUMMARY":
        return {"document": ""}
    open_version(tx, room.committee)
    report = _next(tx, room.case, room.committee)
    return {"document": report.document_id, "version": report.version}


@acting("report.deem", Role.CENTRE, Role.REGULATOR, signed=True)
def deem(tx: Tx, case: str, p: P) -> P:
    """{member, reference}: a witness states that a member refuses to sign and gives no reason: deemed to agree (TL53).

    `reference` names the recording. The version on the desk is replaced by one without this member's place. The
    leader's own refusal needs another leader first: member.remove.
    """
    fields.only(p, "member", "reference")
    found = cases.in_state(cases.facts(tx.session, case), "EVALUATING")
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
    made = _next(tx, found, committee)
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
    scoring = found["scoring"] or {}
    file_document(
        tx, case, KIND, "评标报告", tx.blobs.get(state["head"]), "parties", signing_doc=report.document_id
    )
    free_seats(tx, case)
    result = {
        "outcome": found["outcome"], "candidates": found["candidates"], "ranked": found["ranked"],
        "ranking": found["ranking"] or [], "totals": scoring.get("result", {}).get("totals", {}),
        "price_scores": scoring.get("result", {}).get("price_scores", {}),
        "places": policy.places(scoring["result"]) if scoring and found["ranked"] else {},
        "benchmark": scoring.get("result", {}).get("benchmark"), "rejected": dict(sitting.rejected),
        "members": [row.person_id for row in rows], "report_sha256": state["head"],
        "record_sha256": report.record_sha256, "document": report.document_id, "reported_at": tx.now.isoformat(),
    }  # fmt: skip
    cases.hand_over(tx, case, result)
    flow.tell(tx, case, "sitting.stage", {"stage": "SIGNED"})
    return {"outcome": found["outcome"]}


def on_sealed(acts: Acts, entry: Entry) -> None:
    """After the desk sealed a report; what a lost listener misses the act does when it is performed again."""
    if entry.body.get("kind") == KIND:
        acts.act(TABLE["report.accept"].fn, SYSTEM, entry.case, {"document": entry.body["document"]})


LISTENERS = {"paper.sealed": on_sealed}
