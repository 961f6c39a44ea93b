"""Lodging a bond and writing down what came to the bank.

Everything here before the opening goes into the sealed stream or names nobody: who has lodged a bond tells who bids
(20号令 art. 21, 27, 56). No answer says whether a reference is anybody's.
"""

from __future__ import annotations

import re
import secrets
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from accounts.actions_orgs import read_account
from accounts.identity import account_hash, mask_account
from accounts.models import Org
from certs import authority
from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import Refused, refuse_if
from trading.bidding.seals import sealed_stream
from trading.bond import bank, rules
from trading.bond.facts import FORMS
from trading.bond.models import Arrival, Bond
from trading.bond.queries import asked, own_book, terms_of
from trading.document.actions import refuse_late
from trading.opening.queries import named
from trading.project.models import Case
from trading.project.states import case_row, guard, trading_org

CENT = Decimal("0.01")
UNREAD = "?"  # stands before what no reference is, so that a clerk finds it
PDF_LIMIT = 20 << 20


def _may_lodge(tx: Tx, case: str) -> tuple[Case, Org]:
    """As for a bid: the deadline is asked first, so that late is always called late."""
    row = case_row(tx.session, case)
    if row.deadline is not None and row.announced_at is not None:
        refuse_late(row, tx.now)
    row, _ = guard(tx, case, "bond.lodge")
    if not asked(row):
        raise Unusable("bid_bond: this tender asks for none")
    return row, trading_org(tx.session, tx.actor.org)


def own_bond(tx: Tx, row: Case) -> Bond | None:
    mine = (Bond.case_id == row.id, Bond.round == row.round, Bond.org_id == tx.actor.org, Bond.state == "lodged")
    return tx.session.scalar(select(Bond).where(*mine))


def _reference() -> str:
    body = "".join(secrets.choice(bank.ALPHABET) for _ in range(bank.LENGTH - 1))
    return body + bank.check_sign(body)


def _guarantee(tx: Tx, p: Payload) -> dict[str, Any]:
    """{issuer, number, amount, valid_until, sha256}: a PDF that was uploaded before."""
    given = fields.mapping(p, "guarantee")
    fields.only(given, "issuer", "number", "amount", "valid_until", "sha256")
    sha256 = fields.sha256(given, "sha256")
    if not tx.blobs.has(sha256):
        raise Unusable("guarantee: upload the file first")
    path = tx.blobs.path(sha256)
    with path.open("rb") as file:
        head = file.read(5)
    if head != b"%PDF-" or path.stat().st_size > PDF_LIMIT:
        raise Unusable("guarantee: a PDF of at most 20 MB is expected")
    return {
        "issuer": fields.text(given, "issuer", limit=100), "number": fields.text(given, "number", limit=60),
        "amount": plain(fields.decimal(given, "amount", least=CENT, places=2)),
        "valid_until": fields.day(given, "valid_until").isoformat(), "sha256": sha256, "size": path.stat().st_size,
    }  # fmt: skip


@acting("bond.lodge", Role.BIDDER, signed=True)
def lodge(tx: Tx, case: str, p: Payload) -> Payload:
    """{form, guarantee?: {issuer, number, amount, valid_until, sha256}} → {bond, reference, required}.

    A paid bond is paid under `reference`; until the deadline the form may be changed, the reference stays.
    """
    fields.only(p, "form", "guarantee")
    row, org = _may_lodge(tx, case)
    terms, form = terms_of(row), fields.choice(p, "form", list(FORMS))
    refuse_if(rules.form_allowed(form, terms, own_book(row, tx.now)))
    guarantee = _guarantee(tx, p) if form == "e_guarantee" else {}
    bond = own_bond(tx, row)
    if bond is None:
        bond = Bond(case_id=case, round=row.round, org_id=org.id, reference=_reference(), state="lodged")
        tx.session.add(bond)
    bond.form, bond.guarantee, bond.person_id, bond.lodged_at = form, guarantee, tx.actor.person, tx.now
    tx.session.flush()
    entry = tx.record(
        sealed_stream(case), "bond.lodged",
        {"bond": bond.id, "form": form, "reference": bond.reference, "guarantee": guarantee},
    )  # fmt: skip
    return {"bond": bond.id, "reference": bond.reference, "required": plain(terms.required), "entry": entry}


@acting("bond.pay", Role.BIDDER)
def pay(tx: Tx, case: str, p: Payload) -> Payload:
    """{account, amount?} → {amount}: only at the demo's simulated bank; a real payer pays at a real bank."""
    fields.only(p, "account", "amount")
    house, row = bank.of(tx.config), case_row(tx.session, case)
    account = fields.text(p, "account", limit=60)
    if house is None:
        raise Unusable("bank: payments are made at the bank itself")
    bond = own_bond(tx, row)
    if bond is None:
        raise Unusable("bid_bond: none of yours is lodged")
    read_account(b"", account)
    amount = fields.decimal(p, "amount", least=CENT, places=2, default=terms_of(row).required)
    reference, now, payer = bond.reference, tx.now, tx.actor.org_name
    tx.after(lambda: house.pay_in(reference, amount, now, payer, account))
    return {"amount": plain(amount)}


@acting("bond.record", Role.CENTRE)
def record(tx: Tx, case: str, p: Payload) -> Payload:
    """{payment_reference, amount, payer, account, bank_ref, at} → {payment_reference}: a line of the statement, by a
    clerk (A-102).

    Only the shape of the reference is checked. A line of the feed whose reference nobody could read may be given one.
    """
    fields.only(p, "payment_reference", "amount", "payer", "account", "bank_ref", "at")
    centre = trading_org(tx.session, tx.actor.org)
    reference = fields.text(p, "payment_reference", limit=20).upper().replace(" ", "")
    if not bank.well_formed(reference):
        raise Unusable("payment_reference: not a valid payment reference")
    at, bank_ref = fields.moment(p, "at"), fields.text(p, "bank_ref", limit=60)
    if at > tx.now:
        raise Unusable("at: out of range")
    before = tx.session.scalar(select(Arrival).where(Arrival.bank_ref == bank_ref))
    if before is not None and bank.well_formed(before.reference):
        once = rules.RULES.at(tx.now.date())["BOND-ONCE"]
        raise Refused(once.breach(bank_ref, required="once", field="bank_ref"))
    amount = fields.decimal(p, "amount", least=CENT, places=2)
    hashed, masked = read_account(authority.of(tx.config).pepper, fields.text(p, "account", limit=60))
    arrival = before or Arrival(bank_ref=bank_ref)
    arrival.reference, arrival.amount, arrival.payer = reference, plain(amount), fields.text(p, "payer", limit=100)
    arrival.account_hash, arrival.account_masked, arrival.at = hashed, masked, at
    arrival.recorded_at, arrival.recorded_by, arrival.centre_org = tx.now, tx.actor.person, centre.id
    keep(tx, arrival)
    return {"payment_reference": reference}


def keep(tx: Tx, arrival: Arrival) -> None:
    """Write an arrival with its entry: in its case's sealed stream while bidders are secret, then in the case's own."""
    tx.session.add(arrival)
    tx.session.flush()
    found = select(Bond).where(Bond.reference == arrival.reference)
    bond = tx.session.scalar(found)
    row = tx.session.get_one(Case, bond.case_id) if bond is not None else None
    body = {"reference": arrival.reference, "amount": arrival.amount, "at": arrival.at, "bank_ref": arrival.bank_ref}
    if row is None or arrival.centre_org not in ("", row.centre_org):
        tx.record("bank", "bond.arrived", body)
    elif named(row):
        tx.record(f"case:{row.id}", "bond.arrived", body, case=row.id)
    else:
        tx.record(sealed_stream(row.id), "bond.arrived", body)


def arrived(tx: Tx, line: bank.Line) -> None:
    """A line of the bank's feed."""
    before = tx.session.scalar(select(Arrival).where(Arrival.bank_ref == line.bank_ref))
    if before is not None:  # a clerk was quicker
        before.line = line.number
        return
    account = re.sub(r"[\s-]", "", line.account)
    said = line.reference.strip().upper()
    arrival = Arrival(
        reference=said if bank.well_formed(said) else f"{UNREAD}{said}"[:40], payer=line.payer[:100],
        account_hash=account_hash(authority.of(tx.config).pepper, account), account_masked=mask_account(account),
        amount=plain(line.amount), bank_ref=line.bank_ref, at=line.at, recorded_at=tx.now, line=line.number,
    )  # fmt: skip
    keep(tx, arrival)
