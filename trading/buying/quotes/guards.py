"""What acts on a request for quotes ask first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Org
from accounts.proof import public_key
from accounts.queries import decryption_certificate
from certs import suite
from core.access import SYSTEM, Actor, Role, denied
from core.acts import Tx
from core.faults import Unusable
from core.machine import Row
from core.rules import Refused
from trading.bidding.models import Affiliate
from trading.bidding.seals import Shelf
from trading.buying.guards import Numbers, stream
from trading.buying.quotes.machine import CUSTODIANS as CUSTODIANS
from trading.buying.quotes.machine import MACHINE
from trading.buying.quotes.models import Quote, QuoteInvite, QuoteLine, QuoteRequest, QuoteShare
from trading.supplier.queries import standing
from trading.supplier.rules import may_supply

ROLES = {"tenderer": Role.TENDERER, "centre": Role.CENTRE, "regulator": Role.REGULATOR}


def request_row(session: Session, request: str) -> QuoteRequest:
    row = session.get(QuoteRequest, request)
    if row is None:
        raise Unusable("request: no such request for quotes")
    return row


def guard(tx: Tx, request: str, act: str) -> tuple[QuoteRequest, Row]:
    """The request and the step `act` takes; its buyer's acts are for that organisation alone."""
    row = request_row(tx.session, request)
    timer = tx.actor == SYSTEM
    step = MACHINE.move(row.state, act, None if timer else tx.actor)
    if not timer and step.roles == (Role.TENDERER,) and row.org_id != tx.actor.org:
        raise Refused(denied("ACCESS", "buyer of this request", tx.actor.org_name or "-"))
    return row, step


def go(tx: Tx, row: QuoteRequest, target: str, kind: str, body: dict[str, Any]) -> str:
    """State, entry, and a word to the page of the request: never more than its state, everybody may listen."""
    moved = {"from": row.state, "to": target} if target != row.state else {}
    row.state = target
    entry = tx.record(stream(row.id), kind, {"request": row.id} | body | moved)
    tx.publish(f"quote:{row.id}", "quote.moved", {"request": row.id, "state": target})
    return entry


def numbers_of(tx: Tx, row: QuoteRequest) -> Numbers:
    """Local numbers of the buyer's own region, on the day of the request."""
    org = tx.session.get_one(Org, row.org_id)
    return Numbers(tx.session, row.published_at, org.region, row.regime)


def lines_of(session: Session, request: str) -> list[QuoteLine]:
    query = select(QuoteLine).where(QuoteLine.request_id == request).order_by(QuoteLine.position)
    return list(session.scalars(query))


def shelf_of(request: str) -> Shelf[Quote]:
    return Shelf(Quote, (Quote.request_id == request,), request, "quote", "quote")


def why_not(session: Session, row: QuoteRequest, actor: Actor) -> str:
    """Why this organisation may not quote, "" when it may. It says nothing about anybody else's quote."""
    org = session.get(Org, actor.org) if actor.org else None
    if org is None or row.org_id == org.id:
        return "the buyer itself"
    if "centre" in org.kinds or session.get(Affiliate, org.uscc) is not None:
        return "operator"
    supplier = standing(session, org.id)
    if may_supply(supplier, "", ""):
        return "no active supplier of the mall"
    if row.to_whom == "suppliers" and session.get(QuoteInvite, (row.id, org.id)) is None:
        return "not invited"
    if may_supply(supplier, "", row.region):
        return "does not deliver there"
    if any(may_supply(supplier, one.category, "") for one in lines_of(session, row.id)):
        return "another category"
    return ""


def custodians(tx: Tx, orgs: dict[str, str]) -> dict[str, dict[str, str]]:
    """{role: {org, fingerprint, spki}} when all three have a key to hold shares with, else {}: a fallback needs them
    all, and without one a quote that its supplier does not unlock stays shut."""
    found = {}
    for role, org in orgs.items():
        held = decryption_certificate(tx.session, org, "custodian-encrypt", tx.now) if org else None
        if held is None:
            return {}
        spki = suite.b64(suite.spki_of(public_key(held)))
        found[role] = {"org": org, "fingerprint": held.fingerprint, "spki": spki}
    return found


def role_of(row: QuoteRequest, actor: Actor) -> str:
    """Which share of the request's quotes this actor's organisation holds, "" when none."""
    orgs = {role: held["org"] for role, held in row.custodians.items()}
    return next((role for role, org in orgs.items() if org == actor.org and actor.has(ROLES[role])), "")


def released(session: Session, quote: str) -> dict[str, str]:
    """role → share (base64)"""
    rows = session.scalars(select(QuoteShare).where(QuoteShare.quote_id == quote))
    return {one.role: one.share for one in rows}
