"""The opening hall: one page for everybody, each with the controls of their role; prices only when all come out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g
from sqlalchemy.orm import Session

from certs import desk
from core.access import Role
from trading.bidding import queries as bidding
from trading.bidding.models import Bid
from trading.opening.actions import CUSTODIANS
from trading.opening.queries import hall, opening_of
from trading.project.models import Case, CaseDocument
from trading.project.queries import open_acts
from trading.project.states import stands_as
from web.front import permit, reading
from web.pages import bonds
from web.pages.bids import own_key
from web.pages.cases import page
from web.words import N_

blueprint = Blueprint("hall", __name__)
WORDS = (
    N_("Unlock the bid"),
    N_("Release a share"),
    N_("Unlock the reference price"),
    N_("The decryption key is not in this browser: load the key file."),
    N_("The key is ready in this browser."),
    N_("Choose the key file and type its passphrase."),
    N_("Your sealed bid was not found."),
    N_("The bid is unlocked."),
    N_("All prices are published."),
    N_("This browser cannot read aloud."),
    N_("Number %(number)s, %(name)s, price %(price)s, duration %(days)s days."),
    N_("Number %(number)s, %(name)s, not opened."),
)


def acts_by_name(session: Session, row: Case) -> dict[str, list[Any]]:
    """{act: breaches} of the acts open to this actor now."""
    return {one["act"]: one["breaches"] for one in open_acts(session, row, g.actor, g.now)}


def phase(row: Case, closing: bool) -> str:
    """Where the hall stands: before, waiting, open, settling, opened, failed, ended."""
    if row.state == "OPENING":
        return "settling" if closing else "open"
    if row.opened_at is not None:
        return "opened"
    return {"ANNOUNCED": "before", "SEALED": "waiting", "FAILED": "failed"}.get(row.state, "ended")


def _own_manifest(session: Session, row: Case, bid: str) -> dict[str, Any] | None:
    found = session.get(Bid, bid) if bid else None
    return found.manifest if found is not None and found.org_id == g.actor.org else None


def releasable(session: Session, row: Case, shown: dict[str, Any], roles: frozenset[Role]) -> dict[str, Any]:
    """For a custodian: the manifests of bids whose shares may be released, {bid: {role, manifest}}."""
    role = next((CUSTODIANS[one] for one in CUSTODIANS if one in roles), "")
    if not role or row.state != "OPENING" or not row.settings.get("custodians"):
        return {}
    waiting = [one["bid"] for one in shown["rows"] if one["status"] == "failed" and one["cause"] == "platform"]
    return {bid: {"role": role, "manifest": session.get_one(Bid, bid).manifest} for bid in waiting}


def record_of(session: Session, shown: dict[str, Any]) -> dict[str, Any] | None:
    """The opening record and how far its signing has come."""
    document = session.get(CaseDocument, shown["document"]) if shown["document"] else None
    if document is None:
        return None
    signing = desk.state(session, document.signing_doc) if document.signing_doc else None
    fields = signing["fields"] if signing else []
    return {
        "id": document.id, "title": document.title, "sha256": document.sha256, "signing": document.signing_doc,
        "signed": sum(one["signed_at"] is not None for one in fields), "expected": len(fields),
        "mine": any(one["person"] == g.actor.person and one["signed_at"] is None for one in fields),
    }  # fmt: skip


@blueprint.get("/cases/<case>/hall")
@permit(Role.PUBLIC)
def show(case: str) -> str:
    session = reading()
    row = session.get(Case, case)
    if row is None or row.announced_at is None:
        abort(404)
    roles = stands_as(row, g.actor)
    shown = hall(session, case, g.actor, g.now)
    opening = opening_of(session, row)
    reference = bidding.reference_state(session, case, g.actor) if Role.TENDERER in roles else None
    held = own_key(session, "org-encrypt" if shown["own"] else "custodian-encrypt")
    settings = {
        "case": case, "org": g.actor.org, "manifest": _own_manifest(session, row, shown["own"]),
        "reference": reference["manifest"] if reference else None, "unit": row.unit,
    }  # fmt: skip
    return page(
        "trading/hall.html",
        WORDS,
        row=row,
        hall=shown,
        roles=roles,
        phase=phase(row, opening is not None and opening.closing_at is not None),
        acts=acts_by_name(session, row),
        mine=next((one for one in shown["rows"] if one["bid"] == shown["own"]), None),
        releasable=releasable(session, row, shown, roles),
        reference=reference,
        reference_unlocked=bool(opening and opening.reference_key),
        record=record_of(session, shown),
        names={one["bid"]: one["org_name"] for one in shown["rows"]},
        unlocked=sum(one["status"] in ("unlocked", "opened") for one in shown["rows"]),
        key_shown=bool(held),
        bonds=bonds.hall_part(session, row),
        settings=settings,
    )
