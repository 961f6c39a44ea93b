"""The bid desk: check, take the file, write the price, seal in this browser, upload, receipt. Only one's own bid."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, g
from flask_babel import gettext
from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts.proof import public_key
from certs import authority, sealing_settings, suite, typed
from certs.sealing_settings import Settings
from core import canon
from core.access import Role, denied
from core.faults import Unusable
from core.rules import Refused
from trading.bidding import queries as bidding
from trading.document.bills import bill_of
from trading.project.models import Case, Project
from trading.project.queries import documents
from trading.project.states import stands_as
from web import desk_words, published
from web.front import permit, reading, wired
from web.pages import bonds
from web.pages.cases import page
from web.words import N_

blueprint = Blueprint("bids", __name__)
WORDS = (
    N_("Your clock is %(seconds)s s off; deadlines go by the server's clock."),
    N_("Clock: within %(seconds)s s of the server"),
    N_("This browser can encrypt and sign."),
    N_("This browser cannot encrypt here: open the page over https with a current browser."),
    N_("Signing certificate valid until %(day)s"),
    N_("No signing certificate: make one on the page “My certificates”."),
    N_("The decryption key lies in this browser."),
    N_("The decryption key is not in this browser: load the key file."),
    N_("Your organisation has no decryption key yet."),
    N_("Sealing in this browser: %(part)s % · %(speed)s MB/s · %(left)s s left"),
    N_("Uploading: %(part)s % · %(speed)s MB/s · %(left)s s left"),
    N_("Line cut; going on by itself where it stopped…"),
    N_("The sealed bid is on the server. Press the button to sign and hand it in."),
    N_("Sealed. Please sign to submit."),
    N_("The bid was received. The receipt is saved on this computer."),
    N_("Not sent; the sealed file is kept here. Press again to send the same file."),
    N_("Too late: nothing more is taken. A version that was handed in before the deadline stands."),
    N_("This is not a PDF file."),
    N_("Two files have the same name: %(name)s"),
    N_("The price is above the ceiling of %(ceiling)s: such a bid is rejected."),
    N_("Seal and submit the bid"),
    N_("Sealed bid"),
    N_("The key file and its passphrase belong to another key."),
    N_("The key is ready in this browser."),
    N_("Choose the key file and type its passphrase."),
    N_("The price must be a number."),
    N_("Nothing was signed; nothing was sent."),
    N_("Choose both the sealed file and its manifest."),
    N_("The manifest was sealed for another %(what)s than this desk asks for."),
    N_("A share is written, but its deduction is not ticked."),
    N_("A small firm claims its own deduction; it is not claimed beside that for a share."),
    N_("Where all members are small firms no share is written."),
    N_("The share is a percentage above 0 and below 100."),
    N_("Checking the sealed file: %(part)s % · %(speed)s MB/s · %(left)s s left"),
)


def bidding_case(session: Session, case: str) -> Case:
    """An announced case for someone who may bid in it; 404 before the announcement, Refused for its parties."""
    row = session.get(Case, case)
    if row is None or row.announced_at is None:
        abort(404)
    if Role.BIDDER not in stands_as(row, g.actor):
        raise Refused(denied("ACCESS", "bidder, not a party of this tender", g.actor.org_name or "-"))
    return row


def own_key(session: Session, use: str = "org-encrypt") -> dict[str, str] | None:
    """The organisation's decryption certificate in force: {fingerprint, spki, id}."""
    found = accounts.decryption_certificate(session, g.actor.org, use, g.now) if g.actor.org else None
    if found is None:
        return None
    return {"fingerprint": found.fingerprint, "spki": suite.b64(suite.spki_of(public_key(found))),
            "id": found.spki_sha256}  # fmt: skip


def is_manager(session: Session) -> bool:
    return any(one["id"] == g.actor.person and one["manager"] for one in accounts.people(session, g.actor.org))


# What a bidder must have read.
PAPERS = ("tender_file", "clarification", "postponement", "notice")


@blueprint.get("/cases/<case>/bid")
@permit(Role.BIDDER)
def desk(case: str) -> str:
    session = reading()
    row = bidding_case(session, case)
    shown = bidding.bid_desk(session, case, g.actor, g.now)
    papers = [one for one in documents(session, case, g.actor) if one["kind"] in PAPERS]
    held = own_key(session)
    flags = sorted((row.evaluation.get("price") or {}).get("deductions") or {})
    live = next((one for one in shown["versions"] if one["state"] == "received"), None)
    tender_bill = bill_of(session, row)
    asked = row.settings.get("components") or []
    settings: dict[str, Any] = {
        "case": case, "org": g.actor.org, "unit": row.unit, "ceiling": row.ceiling, "key": held,
        "sealing": shown["sealing"], "demo": wired().config.demo, "duration_days": row.duration_days,
        "components": asked, "bill": tender_bill is not None, "findings": desk_words.FINDINGS,
        "unusable": desk_words.UNUSABLE,
        "live": live and {"bid": live["id"], "manifest": live["manifest"]},
    }  # fmt: skip
    return page(
        "trading/bid.html",
        (*WORDS, *desk_words.WORDS),
        row=row,
        project=session.get_one(Project, row.project_id),
        desk=shown,
        live=live,
        asked={"components": asked},
        tender_bill=tender_bill,
        papers=papers,
        questions=bidding.questions(session, case, g.actor),
        flags=flags,
        least_share=(row.evaluation.get("price") or {}).get("least_share", ""),
        core=(row.evaluation.get("brands") or {}).get("core") or [],
        held=held,
        manager=is_manager(session),
        settings=settings,
        bond=bonds.desk_part(session, case),
        script=published.script_digest(),
    )


@blueprint.get("/cases/<case>/sealing.json")
@permit(Role.BIDDER)
def sealing(case: str) -> Response:
    """What to seal for without this page (`flask seal`, seal.py), signed so that a lie can be shown."""
    session = reading()
    row = bidding_case(session, case)
    held, signs = own_key(session), accounts.signing_certificate(session, g.actor.person, g.now)
    if held is None or signs is None or row.deadline is None:
        raise Unusable(gettext("A signing certificate and the organisation's decryption key are needed first."))
    shown = bidding.bid_desk(session, case, g.actor, g.now)["sealing"]
    settings = Settings(
        kind=shown["kind"], lot=shown["lot"], sealer=signs.fingerprint, owner=held["spki"],
        custodians=shown["custodians"], deadline=typed.stamp(row.deadline), made=typed.stamp(g.now),
    )  # fmt: skip
    data = sealing_settings.sign(settings, authority.of(wired().config).platform_key)
    response = Response(data, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="sealing.json"'
    return response


@blueprint.get("/cases/<case>/receipts/<bid>")
@permit(Role.BIDDER)
def receipt(case: str, bid: str) -> Response:
    """One's own receipt in the bytes that were signed, for `flask verify`."""
    session = reading()
    bidding_case(session, case)
    versions = bidding.bid_desk(session, case, g.actor, g.now)["versions"]
    found = next((one for one in versions if one["id"] == bid), None)
    if found is None:
        abort(404)
    response = Response(canon.dumps(found["receipt"]), mimetype="application/json")
    name = f"receipt-{bid}-v{found['version']}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
