"""The supplier's side: a quote is sealed in the browser, handed in, replaced, taken back, and unlocked after the end.

Everything before the end goes into the sealed stream, never into the request's own stream, a live channel or a count:
nobody, the buyer and the centre included, learns who quotes or how many.
"""

from __future__ import annotations

from certs import sealing, suite
from core import fields, jobs
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Fault, Unusable
from core.rules import Breach, Refused, refuse_if
from trading.bidding import seals
from trading.buying.quotes import rules
from trading.buying.quotes.contents import SEALED_MOST
from trading.buying.quotes.guards import (
    CUSTODIANS,
    go,
    guard,
    numbers_of,
    released,
    request_row,
    role_of,
    shelf_of,
    why_not,
)
from trading.buying.quotes.models import Quote, QuoteRequest, QuoteShare
from trading.opening.guards import given_key
from trading.opening.reading import manifest_of
from trading.project.states import trading_org

PURPOSE = KIND = "quote"


def may_begin_upload(tx: Tx, purpose: str, request: str, size: int) -> None:
    """Before a transfer for a quote is begun; other purposes are judged elsewhere."""
    if purpose != PURPOSE:
        return
    _may_quote(tx, request, "quote.submit")
    if size > SEALED_MOST:
        raise Unusable(f"size: a whole number from 1 to {SEALED_MOST} is expected")


def _may_quote(tx: Tx, request: str, act: str) -> QuoteRequest:
    """The end is asked first, so that late is always called late."""
    row = request_row(tx.session, request)
    numbers = numbers_of(tx, row)
    if row.state not in ("CANCELLED",):
        refuse_if(rules.in_time(tx.now, row.ends_at, numbers.book))
    guard(tx, request, act)
    trading_org(tx.session, tx.actor.org)
    refuse_if(rules.may_quote(why_not(tx.session, row, tx.actor), numbers.book))
    return row


@acting("quote.submit", Role.BIDDER, signed=True)
def submit(tx: Tx, case: str, p: Payload) -> Payload:
    """{manifest, ciphertext_sha256, size} → {quote, version, receipt}: sealed as a bid is, with kind "quote", lot = the
    request's id, bid = 16 fresh random hex characters. It takes the place of an earlier one."""
    fields.only(p, "manifest", "ciphertext_sha256", "size")
    row = _may_quote(tx, case, "quote.submit")
    context = seals.context_of(tx, KIND, row.id, p)
    manifest, why = seals.read_seal(tx, p, context)
    if manifest is not None and manifest.size > SEALED_MOST:
        why = "too large"
    held, asked = seals.shares_of(manifest), seals.keys_of(row.custodians)
    refuse_if(rules.sealed(why, held, asked, numbers_of(tx, row).book))
    assert manifest is not None
    shelf = shelf_of(row.id)
    return seals.received(shelf, seals.hand_in(tx, shelf, context.bid, manifest, p, request_id=row.id))


@acting("quote.withdraw", Role.BIDDER, signed=True)
def withdraw(tx: Tx, case: str, p: Payload) -> Payload:
    """{quote}: take back one's own before the end; another may follow."""
    fields.only(p, "quote")
    row = _may_quote(tx, case, "quote.withdraw")
    shelf = shelf_of(row.id)
    return seals.take_back(tx, shelf, shelf.own(tx, fields.text(p, "quote", limit=16)))


# -- after the end ----------------------------------------------------------------------------------------------------


@acting("quote.unlock", Role.BIDDER)
def unlock(tx: Tx, case: str, p: Payload) -> Payload:
    """{file_key} (base64) → {quote}: the key that only its sealer has is the proof, so a page may do it by itself. All
    quotes come out together, when the last is unlocked or the time is over."""
    fields.only(p, "file_key")
    row, step = guard(tx, case, "quote.unlock")
    book = numbers_of(tx, row).book
    refuse_if(rules.in_window(tx.now, row.window_until, book))
    quote = shelf_of(row.id).own(tx)
    key = given_key(quote.manifest, p, book["QUOTE-WINDOW"].article)
    if not quote.how:
        _opened(tx, row, quote, key, "supplier", step.target)
    return {"quote": quote.id}


def _opened(tx: Tx, row: QuoteRequest, quote: Quote, key: str, how: str, target: str) -> None:
    quote.file_key, quote.how, quote.unlocked_at = key, how, tx.now
    go(tx, row, target, "quote.unlocked", {"quote": quote.id, "how": how})
    tx.session.flush()
    if all(one.how for one in shelf_of(row.id).live(tx.session)):
        jobs.plan(tx.session, tx.now, "quote.settle", row.id)


@acting("quote.release", *CUSTODIANS, signed=True)
def release(tx: Tx, case: str, p: Payload) -> Payload:
    """{quote, share} → {released, unlocked}: a custodian's share of a quote that its supplier has not unlocked in time;
    two of three give the key."""
    fields.only(p, "quote", "share")
    row = request_row(tx.session, case)
    step, book = guard_release(tx, row), numbers_of(tx, row).book
    refuse_if(rules.may_release(tx.now, row.window_until, row.custody_until, book))
    quote = tx.session.get(Quote, fields.text(p, "quote", limit=16))
    if quote is None or quote.request_id != row.id or quote.state != "received" or quote.how:
        raise Unusable("quote: none here that is still shut")
    role, manifest, share = role_of(row, tx.actor), manifest_of(quote.manifest), suite.unb64(p.get("share"), "share")
    try:
        sealing.check_share(manifest, role, share)
    except Fault as fault:
        article = book["QUOTE-CUSTODY"].article
        raise Refused(Breach("E-04", article, "B", f"share of {role}", str(fault), "share")) from None
    if tx.session.get(QuoteShare, (quote.id, role)) is None:
        tx.session.add(
            QuoteShare(quote_id=quote.id, role=role, share=suite.b64(share), person_id=tx.actor.person, at=tx.now)
        )
        tx.session.flush()
        go(tx, row, step, "quote.released", {"quote": quote.id, "role": role})
    found = released(tx.session, quote.id)
    if len(found) >= 2:
        _combine(tx, row, quote, {name: suite.unb64(text, "share") for name, text in found.items()}, step)
    return {"released": sorted(found), "unlocked": bool(quote.how)}


def guard_release(tx: Tx, row: QuoteRequest) -> str:
    """The step's target; Refused for an organisation that holds no share of this request."""
    if not role_of(row, tx.actor):
        raise Refused(
            Breach("ACCESS", "电子招标投标办法 第48条", "B", "custodian of this request", tx.actor.org_name or "-")
        )
    return guard(tx, row.id, "quote.release")[1].target


def _combine(tx: Tx, row: QuoteRequest, quote: Quote, found: dict[str, bytes], target: str) -> None:
    """Shares that do not give the key are the sealer's fault: the quote stays shut."""
    try:
        key = sealing.combine_shares(manifest_of(quote.manifest), found)
    except Fault as fault:
        quote.problem = f"密钥份额不能恢复解密密钥：{fault}"[:300]
        return
    _opened(tx, row, quote, suite.b64(key), "shares", target)
