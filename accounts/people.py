"""Bringing a person in: checked, hashed, and given a code to set the password with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from accounts import passwords, rules
from accounts.identity import id_hash, mask_phone
from accounts.models import Activation, Org, Person
from certs import authority
from core import fields
from core.access import Role
from core.acts import Tx
from core.codes import PersonNumber, check_id18
from core.faults import Unusable
from core.rules import Refused, refuse_if

_LOGIN = re.compile(r"[a-z][a-z0-9._-]{2,39}")
_PHONE = re.compile(r"\+?[0-9-]{7,19}")


def read_roles(p: dict[str, Any], key: str = "roles") -> list[Role]:
    try:
        roles = [Role(role) for role in fields.items(p, key, most=len(Role))]
    except ValueError:
        raise Unusable(f"{key}: unknown role") from None
    if not roles or Role.PUBLIC in roles or len(set(roles)) != len(roles):
        raise Unusable(f"{key}: one or more different roles are expected")
    return sorted(roles)


@dataclass(frozen=True)
class Newcomer:
    """`org` None is a person of the expert pool. The ID number is forgotten after hashing."""

    login: str
    name: str
    number: PersonNumber
    phone: str
    org: Org | None
    roles: tuple[Role, ...]
    manager: bool

    @classmethod
    def read(cls, p: dict[str, Any], org: Org | None, *, manager: bool = False) -> Newcomer:
        """{login, name, id_number, phone?, roles?}; without roles, the first one of each kind of the organisation."""
        fields.only(p, "login", "name", "id_number", "phone", "roles")
        login = fields.text(p, "login", limit=40).lower()
        if not _LOGIN.fullmatch(login):
            raise Unusable("login: 3 to 40 letters, digits, dots, dashes, beginning with a letter")
        phone = fields.text(p, "phone", limit=20, default="")
        if phone and not _PHONE.fullmatch(phone):
            raise Unusable("phone: a telephone number is expected")
        kinds = org.kinds if org else []
        roles = read_roles(p) if p.get("roles") else rules.usual_roles(kinds)
        name = fields.text(p, "name", limit=60)
        return cls(login, name, check_id18(p.get("id_number", "")), phone, org, tuple(roles), manager)


def check_roles(roles: tuple[Role, ...] | list[Role], kinds: list[str]) -> None:
    """Refused when the roles do not fit the organisation, or do not fit together in one person."""
    refuse_if([*rules.roles_fit(roles, kinds), *rules.apart(roles)])


def invite(tx: Tx, newcomer: Newcomer, password_hash: str = "") -> tuple[Person, str]:
    """(row, activation code). With a ready-made argon2id `password_hash` the person is active and the code ''."""
    check_roles(newcomer.roles, newcomer.org.kinds if newcomer.org else [])
    hashed = id_hash(authority.of(tx.config).pepper, newcomer.number.number)
    if tx.session.scalar(select(Person.id).where(Person.login == newcomer.login)):
        raise Refused(rules.breach("U-LOGIN", newcomer.login, field="login"))
    if tx.session.scalar(select(Person.id).where(Person.id_hash == hashed)):
        raise Refused(rules.breach("U-PERSON", newcomer.number.masked, field="id_number"))
    if password_hash and not passwords.well_formed(password_hash):
        raise Unusable("password_hash: argon2id with this platform's parameters is expected")
    person = Person(
        login=newcomer.login, name=newcomer.name, id_hash=hashed, id_masked=newcomer.number.masked,
        phone_masked=mask_phone(newcomer.phone), org_id=newcomer.org.id if newcomer.org else None,
        roles=list(newcomer.roles), manager=newcomer.manager, password_hash=password_hash,
        state="active" if password_hash else "invited", added_by=tx.actor.person, added_at=tx.now,
    )  # fmt: skip
    tx.session.add(person)
    tx.session.flush()
    stream = f"org:{person.org_id}" if person.org_id else "pool"
    tx.record(stream, "person.added", {"person": person.id, "roles": person.roles, "manager": person.manager})
    return person, "" if password_hash else new_code(tx, person)


def new_code(tx: Tx, person: Person) -> str:
    """A fresh activation code; older ones of the same person die."""
    tx.session.execute(delete(Activation).where(Activation.person_id == person.id))
    code = passwords.new_token()
    expires = tx.now + rules.ACTIVATION_LIFE
    tx.session.add(Activation(code_sha256=passwords.token_hash(code), person_id=person.id, expires_at=expires))
    return code
