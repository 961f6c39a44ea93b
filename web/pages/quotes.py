"""Requests for quotes: the list, a buyer's new one, and one page that shows each reader its part."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, g, request
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts.models import Org
from certs import authority, sealing_settings, typed
from certs.sealing_settings import Settings
from core import canon, data
from core.access import Actor, Role
from core.clock import CST
from core.faults import Unusable
from core.money import yuan
from trading.buying import guards
from trading.buying.models import FUNDS
from trading.buying.quotes import queries
from trading.buying.quotes.guards import request_row, shelf_of
from trading.buying.quotes.models import KINDS, TO_WHOM, Quote, QuoteRequest
from trading.buying.rulebook import RULES
from trading.supplier.models import MallSupplier
from web import buying_words as said
from web import channels, files, workbench
from web.front import Permit, permit, reading, wired
from web.nav import Link
from web.pages.bids import is_manager, own_key
from web.pages.buying import category_name
from web.pages.cases import page
from web.pages.papers import listed_papers
from web.words import N_
from web.workbench import Item

blueprint = Blueprint("quotes", __name__)
LINKS = (Link(N_("Quotes"), "/mall/quotes", "ti-mail-opened", Permit((Role.PUBLIC,)), 24),)
WORDS = (
    N_("No signing certificate: make one on the page “My certificates”."),
    N_("Your organisation has no decryption key yet."),
    N_("The decryption key lies in this browser."),
    N_("The decryption key is not in this browser: load the key file."),
    N_("Sealing in this browser: %(part)s % · %(speed)s MB/s · %(left)s s left"),
    N_("Uploading: %(part)s % · %(speed)s MB/s · %(left)s s left"),
    N_("Line cut; going on by itself where it stopped…"),
    N_("Sealed. Please sign to submit."), N_("Sealed quote"), N_("Seal and submit the quote"),
    N_("Nothing was signed; nothing was sent."),
    N_("The quote was received. The receipt is saved on this computer."),
    N_("Not sent; the sealed file is kept here. Press again to send the same file."),
    N_("The price must be a number."), N_("A price for every line, please."),
    N_("Your quote is unlocked."), N_("Your quote is being unlocked…"), N_("Release a share of a quote"),
    N_("The total is above the ceiling: such a quote is not compared."),
    N_("The key file and its passphrase belong to another key."), N_("The key is ready in this browser."),
    N_("Choose the key file and type its passphrase."), N_("Take the quote back"),
)  # fmt: skip

# What is told there is a state that everybody may know.
channels.allow("quote", lambda _session, _actor, _key: True)


@blueprint.get("/mall/quotes")
@permit(Role.PUBLIC)
def index() -> str:
    """?mine=1 a buyer's own; ?invited=1 a supplier's invitations; ?state=; ?after= a place in the list."""
    args = request.args
    own, invited = args.get("mine") == "1" and g.actor.has(Role.TENDERER), args.get("invited") == "1"
    state = args.get("state", "") if args.get("state") in said.QUOTE_STATES else ""
    rows, more = queries.listing(
        reading(), g.actor, own=own, invited=invited and g.actor.has(Role.BIDDER), state=state,
        after=args.get("after", ""),
    )  # fmt: skip
    kept = {key: value for key, value in (("mine", "1" if own else ""), ("invited", "1" if invited else ""),
                                          ("state", state)) if value}  # fmt: skip
    return page("buying/quotes.html", said=said, rows=rows, more=more, own=own, invited=invited, state=state, kept=kept,
                yuan=yuan)  # fmt: skip


@blueprint.get("/mall/quotes/new")
@permit(Role.TENDERER)
def new() -> str:
    session = reading()
    org = accounts.org(session, g.actor.org)
    region = org["region"] if org else ""
    regime = guards.regime_of(session, g.actor.org)
    numbers = guards.Numbers(session, g.now, region, regime)
    days = {kind: numbers.whole(f"QUOTE-DAYS/{kind}") for kind in KINDS}
    today = g.now.astimezone(CST).date()
    ends = {kind: data.calendar().add_workdays(today, n, guess=True).date for kind, n in days.items()}
    default = datetime.combine(ends["inquiry"] + timedelta(days=1), datetime.min.time(), CST).replace(hour=9)
    return page(
        "buying/quote_new.html", said=said, org=org, region_name=data.regions().full_name(region) if region else "",
        days=days, ends=ends, default=default.strftime("%Y-%m-%dT%H:%M"), kinds=KINDS, to_whom=TO_WHOM, funds=FUNDS,
        regime=regime, suppliers=_suppliers(session), least=numbers.book["QUOTE-LEAST"].number,
        bounds=(numbers.book["SME-DEDUCT/least"].number, numbers.book["SME-DEDUCT/most"].number),
    )  # fmt: skip


def _suppliers(session: Session) -> list[tuple[str, str]]:
    """Active suppliers a buyer may invite, by name."""
    query = select(Org.id, Org.name).join(MallSupplier, MallSupplier.org_id == Org.id)
    rows = session.execute(query.where(MallSupplier.state == "active").order_by(Org.name).limit(500))
    return [(key, name) for key, name in rows]


@blueprint.get("/mall/quotes/<request_id>")
@permit(Role.PUBLIC)
def show(request_id: str) -> str:
    session = reading()
    row = _row(session, request_id)
    shown = queries.view(session, row.id, g.actor, g.now)
    bidder = g.actor.has(Role.BIDDER) and not shown["reason_not"]
    held = own_key(session) if bidder else own_key(session, "custodian-encrypt") if shown["share"] else None
    may_release = bool(shown["share"]) and row.state == "OPENING" and _between(row.window_until, row.custody_until)
    return page(
        "buying/quote.html", WORDS, said=said, view=shown, row=row, yuan=yuan, category_name=category_name,
        region_name=data.regions().full_name(row.region), bidder=bidder, held=held, manager=is_manager(session),
        may_release=may_release, settings=_settings(session, row, shown, held),
        manifests=_shut(session, row) if may_release else {}, least=RULES.at(g.now.date())["QUOTE-VALID"].number,
        **listed_papers(session, f"/mall/quotes/{row.id}/papers", shown["papers"]),
    )  # fmt: skip


@blueprint.get("/mall/quotes/<request_id>/papers/<document>")
@permit(Role.PUBLIC)
def paper(request_id: str, document: str) -> Response:
    """Invitation or result as it stands, for whoever the page lists it to."""
    session = reading()
    listed = queries.papers(session, _row(session, request_id), g.actor)
    found = next((one for one in listed if one["id"] == document), None)
    if found is None:
        abort(404)
    return files.blob(found["head"], f"{found['title']}.pdf")


def _between(first: datetime | None, last: datetime | None) -> bool:
    return first is not None and last is not None and first <= g.now < last


def _row(session: Session, request_id: str) -> QuoteRequest:
    try:
        return request_row(session, request_id)
    except Unusable:
        abort(404)


def _settings(
    session: Session, row: QuoteRequest, shown: dict[str, Any], held: dict[str, str] | None
) -> dict[str, Any]:
    """What the page's script needs: never anything of another's quote."""
    own: Quote | None = shown["own"]
    return {
        "request": row.id, "state": row.state, "org": g.actor.org, "key": held, "sealing": queries.sealing(row),
        "ceiling": str(row.ceiling), "role": shown["share"], "demo": wired().config.demo,
        "lines": [{"position": one.position, "quantity": one.quantity} for one in shown["lines"]],
        "own": own and {"quote": own.id, "manifest": own.manifest, "how": own.how},
    }  # fmt: skip


def _shut(session: Session, row: QuoteRequest) -> dict[str, dict[str, Any]]:
    """For a custodian after the suppliers' window: manifests of quotes that nobody has unlocked."""
    return {one.id: one.manifest for one in shelf_of(row.id).live(session) if not one.how}


@blueprint.get("/mall/quotes/<request_id>/sealing.json")
@permit(Role.BIDDER)
def sealing(request_id: str) -> Response:
    """What to seal for without this page, signed so that a lie can be shown."""
    session = reading()
    row = _row(session, request_id)
    held, signs = own_key(session), accounts.signing_certificate(session, g.actor.person, g.now)
    if held is None or signs is None:
        raise Unusable(gettext("A signing certificate and the organisation's decryption key are needed first."))
    wanted = queries.sealing(row)
    settings = Settings(
        kind=wanted["kind"], lot=wanted["lot"], sealer=signs.fingerprint, owner=held["spki"],
        custodians=wanted["custodians"], deadline=typed.stamp(row.ends_at), made=typed.stamp(g.now),
    )  # fmt: skip
    signed = sealing_settings.sign(settings, authority.of(wired().config).platform_key)
    response = Response(signed, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="sealing.json"'
    return response


@blueprint.get("/mall/quotes/<request_id>/receipts/<quote>")
@permit(Role.BIDDER)
def receipt(request_id: str, quote: str) -> Response:
    """One's own receipt in the bytes that were signed, for `flask verify`."""
    mine = {one.id: one for one in shelf_of(request_id).versions(reading(), g.actor.org)}
    if quote not in mine:
        abort(404)
    response = Response(canon.dumps(mine[quote].receipt), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{quote}-v{mine[quote].version}.json"'
    return response


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Requests to settle, to answer, to unlock, to help with."""
    if not actor.org:
        return []
    found: list[Item] = []

    def add(row: QuoteRequest, title: str, act: str, due: datetime | None, *, waiting: bool = False) -> None:
        found.append({"title": title, "act": act, "href": f"/mall/quotes/{row.id}", "subject": row.title, "due": due,
                      "waiting": waiting})  # fmt: skip

    if actor.has(Role.TENDERER):
        for row in queries.to_settle(session, actor):
            add(row, N_("Quotes are compared: select or close"), N_("Compare"), None)
    if actor.has(Role.BIDDER):
        for row in queries.to_unlock(session, actor, now):
            opened = row.state == "OPENING"
            due = row.window_until if opened else row.ends_at
            add(row, N_("Unlock your quote"), N_("Unlock"), due, waiting=not opened)
        for row in queries.to_quote(session, actor, now):
            add(row, N_("You are invited to quote"), N_("Quote"), row.ends_at)
    if actor.has(Role.TENDERER, Role.CENTRE, Role.REGULATOR):
        for row in queries.to_release(session, actor, now):
            add(row, N_("A quote was not unlocked: release a share"), N_("Help"), row.custody_until)
    return found


workbench.PROVIDERS.append(work)
