"""Between the report and the signing desk: open a version, take one off, hear that it was sealed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from certs import desk
from certs.models import SigningDoc
from core.access import Actor, denied
from core.acts import Tx
from core.rules import Breach, Refused
from evaluation.cases import CaseFacts, as_system, note
from evaluation.committee.models import Committee
from evaluation.committee.queries import by_person
from evaluation.failures import standing
from evaluation.report.making import Ready, report_of
from evaluation.report.models import Report
from evaluation.sitting.models import Sitting

KIND = "evaluation_report"


def barred(session: Session, actor: Actor, doc: SigningDoc, signing: bool) -> list[Breach]:
    """Until it is sealed the report is read and signed like the bids: by members of now, at their own seat, not over
    night; and nobody signs in a pause."""
    report = session.scalars(select(Report).where(Report.document_id == doc.id)).first()
    if report is None or doc.state == "sealed":
        return []
    committee = session.get_one(Committee, report.committee_id)
    me = by_person(session, committee, actor.person)
    if committee.void_at is not None or me is None or me.state != "pledged":
        return [denied("MEMBER", "a member of this committee", me.state if me else "-")]
    sitting = session.get_one(Sitting, committee.id)
    stopped = sitting.paused if signing or standing.frozen(session, committee) else ""
    paused = [Breach("PAUSED", standing.ARTICLE, "B", "going on", stopped)] if stopped else []
    return [*standing.elsewhere(session, actor, me), *paused]


desk.JUDGES[KIND] = barred


def withdraw_open(tx: Tx, committee: Committee, reason: str = "a member was replaced") -> None:
    """An unsealed version is taken off the desk: its signatures are on a report that is no longer this one."""
    report = report_of(tx.session, committee)
    if report is not None and report.state == "open":
        report.state = "superseded"
        as_system(tx, lambda: desk.void_document(tx, report.document_id, reason))


def publish(tx: Tx, case: CaseFacts, committee: Committee, ready: Ready) -> Report:
    """Put a version on the desk: members in any order, the leader last, then the main venue's seal."""
    title = f"评标报告 {case.title}"
    document = as_system(
        tx,
        lambda: desk.open_document(
            tx, ready.first, case=case.id, kind=KIND, title=title, audience="members", last=ready.last
        ),
    )
    report = Report(
        committee_id=committee.id, version=ready.record["version"], record=ready.record, state="open", made_at=tx.now,
        record_sha256=ready.sha256, document_id=document,
    )  # fmt: skip
    tx.session.add(report)
    tx.session.flush()
    body = {"document": document, "version": report.version, "record_sha256": report.record_sha256}
    note(tx, case.id, "report.made", body)
    return report


def open_version(tx: Tx, committee: Committee) -> Report:
    """The version now being signed; Refused when there is none."""
    report = report_of(tx.session, committee)
    if report is None or report.state != "open":
        raise Refused(Breach("REPORT", "招标投标法 第40条", "B", "open", report.state if report else "-"))
    return report
