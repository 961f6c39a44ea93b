"""Checking a computer before it matters: what the browser can do is tried there; only the line needs a server."""

from __future__ import annotations

from flask import Blueprint, g

from core.access import Role
from web.front import permit, reading, wired
from web.pages.bids import own_key
from web.pages.cases import page
from web.words import N_

blueprint = Blueprint("check", __name__)
# name of the probe, its title, what it means
LINES = (
    (
        "clock", N_("Clock"),
        N_("Deadlines go by the server's clock; this computer's only shows whether something is odd."),
    ),
    (
        "certificate", N_("Signing certificate"),
        N_("Every legal act is signed by your own key, and the certificate says whose it is."),
    ),
    (
        "key", N_("Signing key"),
        N_("The key is opened in this browser with its passphrase and stays here."),
    ),
    (
        "decryption", N_("Decryption key"),
        N_("Only this key opens your organisation's bid at the opening."),
    ),
    (
        "seal", N_("Encryption and signature"),
        N_("A file is sealed and opened, and a signature made and checked, by the code that handles bids."),
    ),
    (
        "storage", N_("Room for sealed files"),
        N_("A sealed bid waits in this browser until it is handed in, also when the page is closed."),
    ),
    (
        "socket", N_("Lasting connection"),
        N_("On it the hall and the rooms show what happens in the moment it happens."),
    ),
    (
        "upload", N_("Line to the server"),
        N_("A bid must be there in full before the deadline."),
    ),
    (
        "download", N_("Line from the server"),
        N_("Tender files and records come over it."),
    ),
    (
        "microphone", N_("Microphone"),
        N_("Only for speaking in a sitting; nothing is recorded here, and no bid needs one."),
    ),
    (
        "camera", N_("Camera"),
        N_("Only for showing yourself in a sitting; nothing is recorded here, and no bid needs one."),
    ),
)  # fmt: skip
# Lines that mean something only for who is logged in, or who bids.
PERSONAL = frozenset({"certificate", "key", "upload", "download"})
# What a probe may answer; the rehearsal tries the same ones.
PROBES = (
    N_("in order"), N_("with a limit"), N_("does not work"), N_("not tried"), N_("being tried…"), N_("Nothing."),
    N_("Within %(seconds)s s of the server's clock."),
    N_("The demonstration's clock is moved on purpose; this computer's says nothing about it."),
    N_("%(seconds)s s off the server's clock."),
    N_("Let this computer set its time by itself. Go by the time at the top of every page: it is the server's."),
    N_("Make or renew it on the page “My certificates”."),
    N_("You have no signing certificate in force."),
    N_("Ends on %(day)s."),
    N_("Valid until %(day)s."),
    N_("Without a certificate there is no key."),
    N_("Locked: the first signature asks for its passphrase."),
    N_("Have the passphrase at hand, or open the key now."),
    N_("Open in this browser; a signature was made and checked."),
    N_("The key does not make signatures of its certificate."),
    N_("Your organisation has no decryption key yet."),
    N_("Whoever manages your organisation's account makes it on the page “My certificates”."),
    N_("The decryption key lies in this browser."),
    N_("The decryption key is not in this browser."),
    N_("Have the key file and its passphrase ready, or load them now."),
    N_("The key file and its passphrase belong to another key."),
    N_("The key is ready in this browser."),
    N_("Choose the key file and type its passphrase."),
    N_("This browser cannot encrypt here."),
    N_("Open the page over https with a current browser."),
    N_("A file was sealed, opened again and found the same; a signature was made and checked."),
    N_("What was sealed came out changed."),
    N_("Use another browser or computer."),
    N_("This browser keeps no files for pages."),
    N_("Use a window that is not private. Otherwise leave the page of the bid open until its receipt is there."),
    N_("Sealed files are kept, but only %(free)s GB are free."),
    N_("Make room on this computer's disk."),
    N_("Sealed files are kept over a closed page; %(free)s GB are free."),
    N_("%(speed)s MB/s: a bid of 1 GB takes about %(minutes)s min."),
    N_("Begin to upload hours before the deadline; after a cut the upload goes on where it was."),
    N_("%(speed)s MB/s."),
    N_("Tender files open slowly on this line; take them early."),
    N_("The line to the server is cut, or slower than 10 kB a second."),
    N_("No lasting connection comes about."),
    N_(
        "Ask whoever runs your network to let WebSocket (wss) through. "
        "Without it the hall does not renew itself; reload it by hand."
    ),
    N_("Connected; there and back in %(ms)s ms."),
    N_("The line is slow: have nothing else use it at the opening."),
    N_("Try again; if it stays so, show this page to the trading centre."),
    N_("Not tried: sealing failed before."),
)  # fmt: skip
WORDS = (
    *PROBES,
    N_("None was found."), N_("Plug one in, or do without: no bid needs one."),
    N_("Access was denied."), N_("Allow it beside the address of this page, then try again."),
    N_("It is there, but another program has it."), N_("Close the other program, then try again."),
    N_("It does not start."), N_("Try another browser or device."),
    N_("Nothing is heard yet."), N_("Speak: the bar must move."), N_("You are heard."),
    N_("The picture comes: %(width)s × %(height)s."),
    N_("This computer is not ready: %(what)s."),
    N_("What can be tried without a login is in order. Log in to try certificate, key and line."),
    N_("You can bid with this computer; mind: %(what)s."),
    N_("This computer is ready for bidding."),
    N_("Checked at %(at)s by the server's clock, with %(browser)s."),
    N_("Last time in this browser, %(at)s: %(text)s"),
    N_("Open the signing key to try it"),
)  # fmt: skip


@blueprint.get("/check")
@permit(Role.PUBLIC, devices=True)
def index() -> str:
    """For anyone; who is logged in has more to check."""
    bidder = Role.BIDDER in g.actor.roles
    held = own_key(reading()) if bidder else None
    hidden = (frozenset() if g.actor.person else PERSONAL) | (frozenset() if bidder else frozenset({"decryption"}))
    settings = {
        "person": g.actor.person, "org": g.actor.org, "key": held, "bidder": bidder, "demo": wired().config.demo,
    }  # fmt: skip
    lines = [line for line in LINES if line[0] not in hidden]
    return page("portal/check.html", WORDS, lines=lines, settings=settings)
