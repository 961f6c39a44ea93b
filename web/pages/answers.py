"""Questions of the committee: the page on which the bidder answers, and the proofs for those inside the room."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, g
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Role
from core.doors import ask
from evaluation.committee.models import Committee
from evaluation.figures.models import PriceCorrection
from evaluation.sitting.models import Clarification
from trading.project.states import case_row
from web import workbench
from web.front import permit, reading, wired
from web.pages.cases import opened_case, page
from web.pages.room import inside
from web.words import N_
from web.workbench import Item

blueprint = Blueprint("answers", __name__)
KINDS = {
    "list": N_("the opening list and the rest of the bid"),
    "words": N_("the amount in capital letters and in figures"),
    "point": N_("a unit price with a misplaced decimal point"),
    "sum": N_("the total and the sum by unit prices"),
}


@blueprint.get("/cases/<case>/questions")
@permit(Role.BIDDER)
def questions(case: str) -> str:
    """The bidder's own questions, each with its answer or the form to give it."""
    row, case_shown = opened_case(reading(), case)
    title = f"{case_shown['project']['name']} · {row.lot_name}"
    told = ask(wired().acts, g.actor, "room.bidder", case, {})
    shown, corrected = [_dated(one) for one in told["clarifications"]], [_dated(one) for one in told["figures"]]
    for one in shown:
        one["late"] = not one["answered"] and g.now > one["until"]
    return page("evaluation/answers.html", (), case=case, title=title, asked=shown, figures=corrected,
                unit=row.unit, kinds=KINDS)  # fmt: skip


def _dated(one: dict[str, Any]) -> dict[str, Any]:
    until, at = datetime.fromisoformat(one["until"]), datetime.fromisoformat(one["asked_at"])
    return one | {"until": until, "asked_at": at, "late": g.now > until}


@blueprint.get("/room/<case>/answers/<asked>/<place>")
@permit(person=True)
def proof(case: str, asked: str, place: str) -> Response:
    """One file of an answer for those inside the room, 404 for everyone else."""
    session = reading()
    row = session.get(Clarification, asked) if inside(session, case) else None
    files = row.attachments if row is not None and case_row(session, case) else []
    sha256 = next((one for number, one in enumerate(files) if str(number) == place), "")
    blobs = wired().acts.house.blobs
    if row is None or not sha256 or not _of_case(session, row, case) or not blobs.has(sha256):
        abort(404)
    with blobs.path(sha256).open("rb") as file:
        pdf = file.read(5) == b"%PDF-"
    response = Response(blobs.stream(sha256), mimetype="application/pdf" if pdf else "application/octet-stream")
    response.headers["Content-Disposition"] = "inline" if pdf else "attachment"
    response.headers["X-Content-SHA256"] = sha256
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _of_case(session: Session, row: Clarification, case: str) -> bool:
    query = select(Committee.id).where(Committee.id == row.committee_id, Committee.case_id == case)
    return session.scalar(query) is not None


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """A question to one's own bid that can still be answered."""
    if not actor.has(Role.BIDDER):
        return []
    query = select(Clarification, Committee.case_id).join(Committee, Committee.id == Clarification.committee_id)
    query = query.where(Clarification.org_id == actor.org, Clarification.answered_at.is_(None),
                        Clarification.answer_until >= now, Committee.void_at.is_(None))  # fmt: skip
    found: list[Item] = []
    for row, case in session.execute(query):
        found.append(
            {"title": N_("A question of the committee"), "href": f"/cases/{case}/questions",
             "act": N_("Answer the committee"), "subject": case_row(session, case).lot_name,
             "due": row.answer_until}
        )  # fmt: skip
    return found + _corrections(session, actor, now)


def _corrections(session: Session, actor: Actor, now: datetime) -> list[Item]:
    query = select(PriceCorrection, Committee.case_id).join(Committee, Committee.id == PriceCorrection.committee_id)
    query = query.where(PriceCorrection.org_id == actor.org, PriceCorrection.answer == "",
                        PriceCorrection.answer_until >= now, Committee.void_at.is_(None))  # fmt: skip
    return [
        {"title": N_("The committee corrected your price"), "href": f"/cases/{case}/questions",
         "act": N_("Answer on the corrected price"), "subject": case_row(session, case).lot_name,
         "due": row.answer_until}
        for row, case in session.execute(query)
    ]  # fmt: skip


workbench.PROVIDERS.append(work)
