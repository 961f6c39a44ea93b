"""Registration of organisations: filed, verified, locked in between; a change files again and waits its turn."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, func, select

from accounts import rules
from accounts.guards import clerk, managed_org, org_row
from accounts.identity import account_hash, mask_account
from accounts.models import Activation, LoginSession, Org, OrgChange, Person
from accounts.people import Newcomer, invite
from certs import authority
from core import fields
from core.access import Role
from core.acts import Tx
from core.codes import USCC_ALPHABET, check_uscc, uscc_check_char
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import Breach, Refused, refuse_if

_VALUES = ("name", "kinds", "region", "address", "legal_person")
_ACCOUNT = re.compile(r"[0-9]{8,32}")


def read_uscc(p: Payload) -> tuple[str, list[Breach]]:
    """The code and a warning when only its layout is unusual (real codes exist that break it, domain.md §8)."""
    code = fields.text(p, "uscc", limit=18).upper()
    if len(code) != 18 or any(char not in USCC_ALPHABET for char in code) or uscc_check_char(code[:17]) != code[17]:
        raise Refused(rules.breach("U-CODE", code, field="uscc"))
    try:
        check_uscc(code)
    except Unusable as error:
        return code, [rules.breach("U-LAYOUT", str(error), field="uscc")]
    return code, []


def read_values(p: Payload) -> dict[str, Any]:
    """Name, kinds, region, address and legal representative; Unusable or Refused naming the field."""
    kinds = [str(kind) for kind in fields.items(p, "kinds", most=len(rules.KINDS))]
    if not kinds or len(set(kinds)) != len(kinds) or not set(kinds) <= set(rules.KINDS):
        raise Unusable(f"kinds: one or more of {', '.join(rules.KINDS)} are expected")
    region = fields.text(p, "region", limit=6)
    if len(region) != 6 or not (region.isascii() and region.isdigit()):
        raise Refused(rules.breach("U-REGION", region, field="region"))
    refuse_if(rules.kinds(kinds))
    return {
        "name": fields.text(p, "name", limit=100),
        "kinds": sorted(kinds),
        "region": region,
        "address": fields.text(p, "address", default=""),
        "legal_person": fields.text(p, "legal_person", limit=60, default=""),
    }


def read_account(pepper: bytes, number: str) -> tuple[str, str]:
    """(keyed hash, mask) of a bank account number; the number itself is forgotten."""
    plain = re.sub(r"[\s-]", "", number)
    if not _ACCOUNT.fullmatch(plain):
        raise Unusable("account: a bank account of 8 to 32 digits is expected")
    return account_hash(pepper, plain), mask_account(plain)


def _basic_account(tx: Tx, p: Payload) -> dict[str, Any]:
    """The basic account in the payload, verified with everything else; {} leaves the one in force."""
    if p.get("account") is None:
        return {}
    given = fields.mapping(p, "account")
    fields.only(given, "bank", "number")
    hashed, masked = read_account(authority.of(tx.config).pepper, fields.text(given, "number", limit=60))
    return {"account_bank": fields.text(given, "bank", limit=100), "account_hash": hashed, "account_masked": masked}


def _name_free(tx: Tx, name: str, own: str = "") -> list[Breach]:
    """A name in force and a name in a pending change are both taken."""
    held = select(Org.id).where(Org.name == name, Org.id != own)
    asked = select(OrgChange.org_id).where(
        OrgChange.name == name, OrgChange.org_id != own, OrgChange.state == "pending"
    )
    taken = tx.session.scalar(held) or tx.session.scalar(asked)
    return [rules.breach("U-NAME", name, field="name")] if taken else []


def _uscc_free(tx: Tx, uscc: str, own: str = "") -> list[Breach]:
    taken = tx.session.scalar(select(Org.id).where(Org.uscc == uscc, Org.id != own))
    return [rules.breach("U-USCC", uscc, field="uscc")] if taken else []


@acting("org.register", Role.PUBLIC)
def register(tx: Tx, case: str, p: Payload) -> Payload:
    """See register_org."""
    return register_org(tx, p)


def register_org(tx: Tx, p: Payload, password_hash: str = "") -> Payload:
    """{agreement, name, uscc, kinds, region, address?, legal_person?, account?: {bank, number}, draft?, contact:
    {login, name, id_number, phone?, roles?}} → {org, person, state, activation, warnings}. The contact becomes the
    organisation's manager. A seeder may hand over a ready-made `password_hash` for the manager; no door does."""
    fields.only(p, "agreement", "uscc", "draft", "contact", "account", *_VALUES)
    refuse_if(rules.agreed(fields.text(p, "agreement", limit=40, default="")))
    values, (uscc, warnings) = read_values(p) | _basic_account(tx, p), read_uscc(p)
    refuse_if([*_name_free(tx, values["name"]), *_uscc_free(tx, uscc)])
    draft = fields.yes_no(p, "draft", default=False)
    org = Org(uscc=uscc, agreement=rules.AGREEMENT, agreed_at=tx.now, state="editing", **values)
    tx.session.add(org)
    tx.session.flush()
    person, activation = invite(tx, Newcomer.read(fields.mapping(p, "contact"), org, manager=True), password_hash)
    if not draft:
        _file(tx, org, person.id)
    return {
        "org": org.id, "person": person.id, "state": org.state, "activation": activation,
        "warnings": [asdict(warning) for warning in warnings],
    }  # fmt: skip


def _file(tx: Tx, org: Org, by: str) -> None:
    org.state, org.filed_by, org.filed_at = "pending", by, tx.now
    body = {"org": org.id, "name": org.name, "uscc": org.uscc, "kinds": org.kinds, "filed_by": by}
    tx.record(f"org:{org.id}", "org.filed", body)


@acting("org.edit", Role.PUBLIC)
def edit(tx: Tx, case: str, p: Payload) -> Payload:
    """Manager, before filing or after a refusal: {name, uscc, kinds, region, address?, legal_person?, account?} →
    {state}."""
    fields.only(p, "uscc", "account", *_VALUES)
    manager, org = managed_org(tx, verified=False)
    refuse_if(rules.editable(org.state))
    values, (uscc, warnings) = read_values(p) | _basic_account(tx, p), read_uscc(p)
    refuse_if([*_name_free(tx, values["name"], org.id), *_uscc_free(tx, uscc, org.id)])
    for key, value in values.items():
        setattr(org, key, value)
    org.uscc = uscc
    # Before verification there is nobody but the manager, whose roles come from the kinds.
    manager.roles = list(rules.usual_roles(org.kinds))
    tx.record(f"org:{org.id}", "org.edited", {"org": org.id, "name": org.name, "uscc": uscc, "kinds": org.kinds})
    return {"state": org.state, "warnings": [asdict(warning) for warning in warnings]}


@acting("org.file", Role.PUBLIC)
def file(tx: Tx, case: str, p: Payload) -> Payload:
    """Manager: put the record up for verification, which locks it. {} → {state}."""
    fields.only(p)
    person, org = managed_org(tx, verified=False)
    refuse_if(rules.editable(org.state))
    _file(tx, org, person.id)
    return {"state": org.state}


@acting("org.delete", Role.PUBLIC)
def remove(tx: Tx, case: str, p: Payload) -> Payload:
    """Manager: withdraw a registration that was never verified; its people go with it. {} → {}."""
    fields.only(p)
    _, org = managed_org(tx, verified=False)
    refuse_if(rules.editable(org.state))
    people = select(Person.id).where(Person.org_id == org.id)
    tx.session.execute(delete(Activation).where(Activation.person_id.in_(people)))
    tx.session.execute(delete(LoginSession).where(LoginSession.person_id.in_(people)))
    tx.session.execute(delete(Person).where(Person.org_id == org.id))
    tx.record(f"org:{org.id}", "org.deleted", {"org": org.id, "name": org.name, "uscc": org.uscc})
    tx.session.delete(org)
    return {}


@acting("org.change", Role.PUBLIC)
def change(tx: Tx, case: str, p: Payload) -> Payload:
    """Manager of a verified organisation: file new values; the old ones stay in force until these are verified.

    {name, kinds, region, address?, legal_person?, account?: {bank, number}} → {change}. The code identifies the body
    and never changes; an account that is not named stays.
    """
    fields.only(p, "account", *_VALUES)
    person, org = managed_org(tx, verified=False)
    waiting = tx.session.scalar(select(OrgChange.id).where(OrgChange.org_id == org.id, OrgChange.state == "pending"))
    if org.state != "verified" or waiting:
        raise Refused(rules.breach("U-CHANGE", "pending" if waiting else org.state))
    values = read_values(p) | _basic_account(tx, p)
    refuse_if(_name_free(tx, values["name"], org.id))
    _keeps_its_roles(tx, org, values["kinds"])
    row = OrgChange(org_id=org.id, name=values["name"], values=values, filed_by=person.id, filed_at=tx.now)
    tx.session.add(row)
    tx.session.flush()
    said = {key: value for key, value in values.items() if key != "account_hash"}
    tx.record(f"org:{org.id}", "org.change_filed", {"org": org.id, "change": row.id, "values": said})
    return {"change": row.id}


def _keeps_its_roles(tx: Tx, org: Org, kinds: list[str]) -> None:
    """A kind cannot go while people still hold its roles."""
    query = select(Person).where(Person.org_id == org.id, Person.state != "disabled")
    held = {Role(role) for person in tx.session.scalars(query) for role in person.roles}
    refuse_if(rules.roles_fit(held, kinds))


@acting("org.verify", Role.CENTRE)
def verify(tx: Tx, case: str, p: Payload) -> Payload:
    """Trading centre: decide the filing, or the change, that waits. {org, approve, reason?} → {state}."""
    fields.only(p, "org", "approve", "reason")
    person, org = clerk(tx), org_row(tx, fields.text(p, "org", limit=16))
    approve = fields.yes_no(p, "approve")
    reason = fields.text(p, "reason", limit=300, default="" if approve else None)
    query = select(OrgChange).where(OrgChange.org_id == org.id, OrgChange.state == "pending")
    row = tx.session.scalar(query)
    if org.state != "pending" and row is None:
        raise Refused(rules.breach("U-PENDING", org.state))
    if person.org_id == org.id:
        raise Refused(rules.breach("U-SELF", org.name))
    target: Org | OrgChange = org if row is None else row
    target.state = "verified" if approve else "refused"
    target.verified_by, target.verified_at, target.reason = person.id, tx.now, reason
    if row is not None and approve:
        refuse_if(_name_free(tx, row.name, org.id))
        _keeps_its_roles(tx, org, row.values["kinds"])
        for key, value in row.values.items():
            setattr(org, key, value)
        org.verified_by, org.verified_at = person.id, tx.now
    kind = ("org." if row is None else "org.change_") + target.state
    tx.record(f"org:{org.id}", kind, {"org": org.id, "verified_by": person.id, "reason": reason})
    return {"state": target.state}


@acting("org.suspend", Role.CENTRE)
def suspend(tx: Tx, case: str, p: Payload) -> Payload:
    """Trading centre: take away the right to do business. {org, reason} → {}."""
    return _suspension(tx, p, True)


@acting("org.resume", Role.CENTRE)
def resume(tx: Tx, case: str, p: Payload) -> Payload:
    """Trading centre: give it back. {org, reason} → {}."""
    return _suspension(tx, p, False)


def _suspension(tx: Tx, p: Payload, on: bool) -> Payload:
    fields.only(p, "org", "reason")
    person, org = clerk(tx), org_row(tx, fields.text(p, "org", limit=16))
    reason = fields.text(p, "reason", limit=300)
    if person.org_id == org.id:
        raise Refused(rules.breach("U-SELF", org.name))
    if org.state != "verified" or org.suspended == on:
        raise Refused(rules.breach("U-VERIFIED", "suspended" if org.suspended else org.state))
    org.suspended, org.suspended_reason = on, reason if on else ""
    tx.record(f"org:{org.id}", "org.suspended" if on else "org.resumed", {"org": org.id, "reason": reason})
    return {}


def found(tx: Tx, p: Payload, password_hash: str = "") -> Payload:
    """The first trading centre of an empty database; afterwards refused. Not an act: no door leads here.

    Same payload and answer as org.register, without `agreement`; `kinds` must be ["centre"].
    """
    if tx.session.scalar(select(func.count()).select_from(Org)):
        raise Refused(rules.breach("U-SELF", "organisations exist already"))
    if p.get("kinds") != ["centre"]:
        raise Unusable("kinds: the first organisation is a trading centre")
    answer = register_org(tx, {**p, "agreement": rules.AGREEMENT}, password_hash)
    org = org_row(tx, answer["org"])
    org.state, org.verified_by, org.verified_at = "verified", "system", tx.now
    tx.record(f"org:{org.id}", "org.verified", {"org": org.id, "verified_by": "system", "reason": "founding"})
    return {**answer, "state": org.state}
