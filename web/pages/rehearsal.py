"""The rehearsal: one page on which a bidder practises a whole bid with the modules of the bid desk and the hall."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, g

from core import canon
from core.access import Role
from trading.rehearsal import queries, rules
from web import words
from web.front import permit, reading, wired
from web.pages.bids import is_manager, own_key
from web.pages.cases import page
from web.pages.check import LINES, PROBES
from web.words import N_

blueprint = Blueprint("rehearsal", __name__)
# Tried again here because the practice needs them; the line is measured by the practice itself.
TRIED = ("clock", "certificate", "key", "decryption", "seal", "storage")
WORDS = (
    *PROBES,
    N_("Sealing in this browser: %(part)s % · %(speed)s MB/s · %(left)s s left"),
    N_("Uploading: %(part)s % · %(speed)s MB/s · %(left)s s left"),
    N_("Line cut; going on by itself where it stopped…"),
    N_("The price must be a number."),
    N_("This is not a PDF file."),
    N_("Nothing was signed; nothing was sent."),
    N_("Rehearsal without legal effect: hand in a practice bid"),
    N_("Rehearsal without legal effect: unlock the practice bid"),
    N_("Practice bid, sealed"),
    N_("Sealed. Please sign to submit."),
    N_("The practice bid was received. Its receipt says rehearsal, and whoever verifies it is told so."),
    N_("Not sent; the sealed file is kept here. Press again to send the same file."),
    N_("The bid is being opened…"),
    N_("This computer"), N_("Sealed, sent and signed"), N_("Receipt"), N_("Unlocked"), N_("Opened and read out"),
    N_("done"), N_("failed"), N_("not yet"), N_("failed at first: %(what)s"),
    N_("You are ready: everything worked, from the check to the price read out."),
    N_("You are ready, but mind what failed at first or works with a limit."),
    N_("What you have practised so far worked."),
    N_("Not ready: %(what)s."),
    N_("It came out as you typed it: %(price)s."),
    N_("Another price came out than you typed: %(found)s, not %(typed)s."),
    N_("The price could not be read: %(problem)s"),
    N_("This browser cannot read aloud."), N_("Pause"), N_("Go on"),
)  # fmt: skip

words.teach(
    {
        "REHEARSAL-RUNNING": N_("Your organisation has as many rehearsals under way as it may."),
        "REHEARSAL-DAY": N_("Your organisation has begun as many rehearsals within a day as it may."),
        "REHEARSAL-SIZE": N_("A practice file has at most this many bytes."),
        "REHEARSAL-UPLOADS": N_("Enough files were brought for this rehearsal; begin another one."),
    }
)


@blueprint.get("/rehearsal")
@permit(Role.BIDDER)
def show() -> str:
    session = reading()
    held, mine = own_key(session), queries.mine(session, g.actor, g.now)
    settings: dict[str, Any] = {
        "rehearsal": mine["id"] if mine else "", "state": mine["state"] if mine else "", "org": g.actor.org,
        "manifest": mine["manifest"] if mine and mine["version"] else None, "key": held,
        "row": mine["row"] if mine else None, "demo": wired().config.demo,
    }  # fmt: skip
    lines = [line for line in LINES if line[0] in TRIED]
    return page(
        "trading/rehearsal.html", WORDS, mine=mine, lines=lines, held=held, manager=is_manager(session),
        largest=rules.LARGEST >> 20, quota=(rules.AT_ONCE, rules.A_DAY), settings=settings,
    )  # fmt: skip


@blueprint.get("/rehearsal/receipt")
@permit(Role.BIDDER)
def receipt() -> Response:
    """One's own receipt in the bytes that were signed."""
    mine = queries.mine(reading(), g.actor, g.now)
    if mine is None or not mine["receipt"]:
        abort(404)
    response = Response(canon.dumps(mine["receipt"]), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="rehearsal-receipt.json"'
    return response
