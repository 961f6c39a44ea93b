"""The signing desk: what waits for my signature, one document with its signers, and its newest version."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, g, render_template
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import queries as accounts
from certs import desk
from certs.models import SigningDoc, SigningField
from core.access import Actor, Role
from core.faults import Unusable
from trading.project.models import Case
from trading.project.states import stands_as
from web import words, workbench
from web.front import Permit, permit, reading, wired
from web.nav import Link
from web.pages.cases import page
from web.pages.room import heard
from web.words import N_
from web.workbench import Item

blueprint = Blueprint("papers", __name__)
LINKS = (Link(N_("To sign"), "/papers", "ti-signature", Permit((), person=True), 40),)
SHOWN = 50

# Sentences for the desk's rules (certs.desk_rules); the ids are their own message ids there.
words.teach(
    {
        "S-SIGN": N_("The signature is not this holder's over exactly this document."),
        "S-TIME": N_("The certificate is outside its validity."),
        "S-REVOKED": N_("The certificate was revoked."),
        "D-NONE": N_("A signer has no valid certificate."),
        "D-SIGNER": N_("Only the signer named by the document signs here."),
        "D-CLOSED": N_("The document is no longer open for signatures."),
        "D-SIGNED": N_("This place is signed already."),
        "D-LAST": N_("This place is signed last."),
        "D-LEASE": N_("Somebody else is signing at this moment; it is tried again by itself."),
    }
)
ROLES = {
    "member": N_("committee member"),
    "leader": N_("leader of the committee"),
    "host": N_("host"),
    "bidder": N_("bidder"),
    "supervisor": N_("supervisor"),
    "elector": N_("award committee member"),
    "tenderer": N_("tenderer"),
    "agency": N_("tendering agency"),
    "centre": N_("trading centre"),
    "witness": N_("witness"),
    "buyer": N_("buyer"),
    "supplier": N_("supplier"),
}
STATES = {
    "open": (N_("being signed"), "blue"),
    "signed": (N_("signed, waiting for the seal"), "orange"),
    "sealed": (N_("signed and sealed"), "green"),
    "void": (N_("withdrawn"), "red"),
}

# Papers for the file of a mall purchase, on the pages they stand for.
PAPERS = {
    "quote_invitation": N_("Invitation to quote"),
    "quote_result": N_("Result of the request for quotes"),
    "auction_record": N_("Record of the auction's prices"),
    "auction_result": N_("Result of the auction"),
}

SAID = (
    N_("The file on the desk is not the one this page shows."),
    N_("Sign"),
    N_("Preparing, checking and signing…"),
    N_("Another member is signing; yours follows in a moment."),
    N_("Signed."),
)


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Papers that wait for this person's signature."""
    if not actor.person:
        return []
    return [
        Item(
            title=N_("Sign a document"), href=f"/papers/{one['document']}", act=N_("Sign"), subject=one["title"],
            due=None, waiting=not one["ready"],
        )
        for one in desk.waiting(session, actor.person)
    ]  # fmt: skip


workbench.PROVIDERS.append(work)


def may_read(session: Session, actor: Actor, doc: SigningDoc) -> bool:
    """Signers, unless its room bars them; supervisors of the case; sealer and parties once it is sealed. Whoever keeps
    the system alone reads none, wherever they are employed (domain.md §4)."""
    if any(place.person_id == actor.person for place in desk.places(session, doc.id)):
        return not desk.barred(session, actor, doc, signing=False)
    case = session.get(Case, doc.case) if doc.case else None
    roles = stands_as(case, actor) if case is not None else frozenset()
    if roles & {Role.REGULATOR, Role.AUDITOR}:
        return doc.audience != "members" or doc.state == "sealed"
    if doc.state != "sealed" or not actor.org:
        return False
    sides = {Role.TENDERER, Role.AGENCY, Role.CENTRE}
    return bool(roles & sides) or (actor.org == doc.seal and actor.has(*sides))


def listed_papers(session: Session, folder: str, papers: list[dict[str, Any]]) -> dict[str, Any]:
    """What templates/mall/papers.html shows: the papers of a purchase, and which of them wait for this reader."""
    waiting = {one["document"] for one in desk.waiting(session, g.actor.person)} if g.actor.person else set()
    return {"papers": papers, "papers_folder": folder, "papers_said": PAPERS, "desk_states": STATES, "to_sign": waiting}


def _readable(document: str) -> SigningDoc:
    """The document, or 404 for whoever may not read it: 403 would tell that it exists."""
    session = reading()
    try:
        doc = desk.row(session, document)
    except Unusable:
        abort(404)
    if not may_read(session, g.actor, doc):
        abort(404)
    return doc


def _signed_by_me(session: Session) -> list[tuple[SigningDoc, SigningField]]:
    query = select(SigningDoc, SigningField).join(SigningField, SigningField.doc_id == SigningDoc.id)
    query = query.where(SigningField.person_id == g.actor.person, SigningField.signed_at.is_not(None))
    rows = session.execute(query.order_by(SigningField.signed_at.desc()).limit(SHOWN))
    return [(row[0], row[1]) for row in rows]


@blueprint.get("/papers")
@permit(person=True)
def index() -> str:
    session = reading()
    waiting = desk.waiting(session, g.actor.person)
    return render_template(
        "certs/papers.html", waiting=waiting, signed=_signed_by_me(session), roles=ROLES, states=STATES,
        channels=heard(session, f"me:{g.actor.person}"),
    )


@blueprint.get("/papers/<document>")
@permit(person=True)
def paper(document: str) -> str:
    """One document: who signed, who is awaited, and the button when it is this person's turn."""
    session = reading()
    doc = _readable(document)
    state = desk.state(session, doc.id)
    names = accounts.names(session, [one["person"] for one in state["fields"]])
    seal = accounts.org(session, doc.seal) if doc.seal else None
    turn = next((one for one in desk.waiting(session, g.actor.person) if one["document"] == doc.id), None)
    closes = seal["name"] if seal else gettext("Trading platform") if doc.seal == desk.PLATFORM else ""
    return page(
        "certs/paper.html", SAID, doc=state, names=names, seal=closes, turn=turn, roles=ROLES,
        states=STATES, awaited=_awaited(state, names), channels=heard(session, f"me:{g.actor.person}"),
    )  # fmt: skip


def _awaited(state: dict[str, Any], names: dict[str, str]) -> str:
    """Names of those who have not signed and are not the last one, for the reason beside a closed button."""
    return "、".join(
        names.get(one["person"], "")
        for one in state["fields"]
        if one["signed_at"] is None and one["field"] != state["last"]
    )


@blueprint.get("/papers/<document>/file")
@permit(person=True)
def file(document: str) -> Response:
    """The newest version, inline."""
    doc = _readable(document)
    response = Response(wired().acts.house.blobs.stream(doc.head), mimetype="application/pdf")
    response.headers["Content-Length"] = str(doc.size)
    response.headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(doc.title)}.pdf"
    response.headers["X-Content-SHA256"] = doc.head
    return response
