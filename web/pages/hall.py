"""The opening hall: one page for everybody, each with the controls of their role; prices only when all come out.

Four hundred pages hear each event and change their own row; `?rows=no` is the page without its table, for what is
fetched anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, g, request
from sqlalchemy.orm import Session

from accounts import queries as accounts
from certs import drawdesk
from core import live
from core.access import Actor, Role
from trading.bidding import queries as bidding
from trading.bidding.models import Bid
from trading.opening import coefficient, confirmations
from trading.opening.actions import CUSTODIANS
from trading.opening.failures import WHAT
from trading.opening.models import Opening
from trading.opening.queries import hall, opening_of, waiting_for
from trading.project.models import Case, CaseDocument
from trading.project.queries import open_acts
from trading.project.states import stands_as
from web import deadlines, words, workbench
from web.files import may_read
from web.front import permit, reading, wired
from web.pages import bonds
from web.pages.bids import own_key
from web.pages.cases import page
from web.words import N_
from web.workbench import Item

blueprint = Blueprint("hall", __name__)
WORDS = (
    N_("Unlock the bid"),
    N_("Release a share"),
    N_("Unlock the reference price"),
    N_("The decryption key is not in this browser: load the key file."),
    N_("The key is ready in this browser."),
    N_("Choose the key file and type its passphrase."),
    N_("The key file and its passphrase belong to another key."),
    N_("Your sealed bid was not found."),
    N_("All prices are published."),
    N_("The hall is suspended."),
    N_("The hall goes on."),
    N_("This browser cannot read aloud."),
    N_("The sealed file could not be fetched."),
    N_("Computing: %(part)s %"),
    N_("The same as in the receipt."),
    N_("Not the same as in the receipt."),
    N_("opened"),
    N_("unlocked"),
    N_("unlocked by custodians"),
    N_("sealed"),
    N_("unlock failed, another try is open"),
    N_("not unlocked: the bidder's own cause"),
    N_("not unlocked: not the bidder's fault"),
    N_("Compare the stored file"),
    N_("Keep the opening record from the public"),
    N_("Pause"),
    N_("Go on"),
)
FAILED = {
    "passphrase": N_("wrong passphrase or key file"),
    "commitment": N_("the key does not fit the sealed file"),
    "damaged": N_("the sealed file is damaged"),
    "other": N_("another cause"),
}
assert set(FAILED) == set(WHAT)

words.teach(
    {
        "HALL-SIGNIN": N_("Sign-in is not open yet."),
        "HALL-SUSPENDED": N_("This is not possible in the present state of the hall: look whether it is suspended."),
        "HALL-RESUME": N_("What the regulator suspended only the regulator lets go on."),
        "HALL-REPORTS": N_("Failures of this bid have been reported often enough; unlocking stays open."),
        "COEFFICIENT": N_("The coefficient of the tender file must be drawn first."),
    }
)


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Openings at which this bidder must sign in or unlock now."""
    title, acts = N_("Bid opening"), {"signin": N_("Sign in as present"), "unlock": N_("Unlock my bid")}
    return [
        Item(title=title, href=f"/cases/{one['case']}/hall", act=acts[one["act"]], subject=one["name"], due=one["due"])
        for one in waiting_for(session, actor, now)
    ]


workbench.PROVIDERS.append(work)


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


def _own(session: Session, row: Case, bid: str) -> dict[str, Any]:
    """What this browser needs of one's own bid: {bid, manifest, receipt, size}; empty without one."""
    found = session.get(Bid, bid) if bid else None
    if found is None or found.org_id != g.actor.org:
        return {}
    receipt = found.receipt.get("ciphertext_sha256", "")
    return {"bid": found.id, "manifest": found.manifest, "receipt": receipt, "size": found.size}


def releasable(session: Session, row: Case, shown: dict[str, Any], roles: frozenset[Role]) -> dict[str, Any]:
    """For a custodian: the manifests of bids whose shares may be released, {bid: {role, manifest}}."""
    role = next((CUSTODIANS[one] for one in CUSTODIANS if one in roles), "")
    if not role or row.state != "OPENING" or not row.settings.get("custodians"):
        return {}
    waiting = [one["bid"] for one in shown["troubles"] if not one["how"] and one["cause"] == "platform"]
    return {bid: {"role": role, "manifest": session.get_one(Bid, bid).manifest} for bid in waiting}


def record_of(session: Session, row: Case, shown: dict[str, Any]) -> dict[str, Any] | None:
    """The opening record, how far its signing has come, and whether this reader may open it yet."""
    document = session.get(CaseDocument, shown["document"]) if shown["document"] else None
    if document is None:
        return None
    opening = session.get_one(Opening, (row.id, document.round))
    places = confirmations.places(session, [document, *confirmations.pages_of(session, opening)])
    mine = next((one.doc_id for one in places if one.person_id == g.actor.person), document.signing_doc)
    return {
        "id": document.id, "title": document.title, "sha256": document.sha256, "signing": mine,
        "signed": sum(one.signed_at is not None for one in places), "expected": len(places),
        "readable": may_read(session, g.actor, document),
        "until": shown["sign_until"], "published_at": shown["published_at"], "withheld": shown["withheld"],
        "mine": any(one.person_id == g.actor.person and one.signed_at is None for one in places),
    }  # fmt: skip


def drawing(session: Session, row: Case, shown: dict[str, Any], acts: dict[str, Any]) -> dict[str, Any] | None:
    """The draw of the coefficient for all to follow; with the people to choose from, for whoever may freeze it."""
    told: dict[str, Any] | None = shown["factor"]
    if told is None or row.opened_at is None:
        return None
    draw = session.get(drawdesk.Draw, told["draw"]) if told["draw"] else None
    again = draw is None or draw.state == "COMMITTING"
    people = {}
    if "coefficient.freeze" in acts and again:
        people = {
            party: [
                (one["id"], one["name"])
                for one in (accounts.people(session, org) if org else [])
                if one["state"] == "active" and role in one["roles"]
            ]
            for party, (org, role) in coefficient.bodies(row).items()
        }
    return told | {
        "people": people, "state": draw.state if draw else "",
        "committed": [one["party"] for one in draw.commitments] if draw else [],
        "revealed": [one["party"] for one in draw.reveals] if draw else [],
        "mine": draw is not None and g.actor.person in draw.holders.values() and draw.state != "DONE",
    }  # fmt: skip


@blueprint.get("/cases/<case>/hall")
@permit(Role.PUBLIC)
def show(case: str) -> str:
    session = reading()
    row = session.get(Case, case)
    if row is None or row.announced_at is None:
        abort(404)
    heard = live.last(session, f"hall:{case}")  # before the rest: what comes meanwhile is told again, not lost
    roles = stands_as(row, g.actor)
    shown = hall(session, case, g.actor, g.now, rows=request.args.get("rows") != "no")
    opening, acts = opening_of(session, row), acts_by_name(session, row)
    reference = bidding.reference_state(session, case, g.actor) if Role.TENDERER in roles else None
    held = own_key(session, "org-encrypt" if shown["own"] else "custodian-encrypt")
    own = _own(session, row, shown["own"])
    settings = {
        "case": case, "org": g.actor.org, "own": own, "host": bool(roles & {Role.CENTRE, Role.AGENCY}),
        "reference": reference["manifest"] if reference else None,
    }  # fmt: skip
    return page(
        "trading/hall.html",
        WORDS,
        row=row,
        hall=shown,
        heard=heard,
        roles=roles,
        phase=phase(row, opening is not None and opening.closing_at is not None),
        acts=acts,
        own=own,
        releasable=releasable(session, row, shown, roles),
        reference=reference,
        reference_unlocked=bool(opening and opening.reference_key),
        record=record_of(session, row, shown),
        draw=drawing(session, row, shown, acts),
        failed=FAILED,
        key_shown=bool(held),
        bonds=bonds.hall_part(session, row),
        doubt=deadlines.section(session, row, roles, g.now),
        settings=settings,
    )


@blueprint.get("/cases/<case>/bids/<bid>/sealed")
@permit(Role.BIDDER)
def sealed(case: str, bid: str) -> Response:
    """One's own ciphertext as it lies here, to hash it or open it elsewhere; 404 for any other."""
    found = reading().get(Bid, bid)
    blobs = wired().acts.house.blobs
    mine = found is not None and found.case_id == case and found.org_id == g.actor.org
    if found is None or not mine or not blobs.has(found.ciphertext_sha256):
        abort(404)
    response = Response(blobs.stream(found.ciphertext_sha256), mimetype="application/octet-stream")
    response.headers["Content-Length"] = str(blobs.path(found.ciphertext_sha256).stat().st_size)
    response.headers["Content-Disposition"] = f'attachment; filename="bid-{bid}.sealed"'
    return response
