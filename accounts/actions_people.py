"""People of an organisation and of the expert pool: added, changed, disabled, their passwords begun anew."""

from __future__ import annotations

from sqlalchemy import func, select, update

from accounts import rules
from accounts.guards import clerk, managed_org, me, person_row
from accounts.models import LoginSession, Org, Person
from accounts.people import Newcomer, check_roles, invite, new_code, read_roles
from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.rules import Refused

# A manager's right comes from the organisation; the role only says that it is a verified one.
_MANAGERS = (Role.TENDERER, Role.AGENCY, Role.BIDDER, Role.CENTRE, Role.REGULATOR, Role.ADMIN, Role.ELECTOR)


def add_person(tx: Tx, p: Payload, password_hash: str = "") -> Payload:
    """person.add for a seeder, which may hand over one ready-made password hash for many people."""
    fields.only(p, "login", "name", "id_number", "phone", "roles", "pool")
    rest = {key: value for key, value in p.items() if key != "pool"}
    org: Org | None = None
    if fields.yes_no(p, "pool", default=False):
        tx.actor.require(Role.CENTRE)
        clerk(tx)
    else:
        _, org = managed_org(tx)
    person, activation = invite(tx, Newcomer.read(rest, org), password_hash)
    return {"person": person.id, "activation": activation}


@acting("person.add", *_MANAGERS, keep=False)
def add(tx: Tx, case: str, p: Payload) -> Payload:
    """Manager, into the own organisation; or a centre into the pool (`pool`: true, roles ["expert"]).

    {login, name, id_number, phone?, roles, pool?} → {person, activation}: the code with which they set a password.
    """
    return add_person(tx, p)


def _subject(tx: Tx, p: Payload) -> Person:
    """The person spoken of: one's own organisation's for a manager, the pool's for a centre."""
    person = person_row(tx, fields.text(p, "person", limit=16))
    if person.org_id is None:
        tx.actor.require(Role.CENTRE)
        clerk(tx)
        return person
    _, org = managed_org(tx)
    if person.org_id != org.id:
        raise Refused(rules.breach("U-OWN", "another organisation's person"))
    return person


@acting("person.roles", *_MANAGERS)
def set_roles(tx: Tx, case: str, p: Payload) -> Payload:
    """{person, roles, manager?} → {}. The last manager of an organisation cannot stop being one."""
    fields.only(p, "person", "roles", "manager")
    person, roles = _subject(tx, p), read_roles(p)
    org = tx.session.get(Org, person.org_id) if person.org_id else None
    check_roles(roles, org.kinds if org else [])
    manager = fields.yes_no(p, "manager", default=person.manager) and org is not None
    if person.manager and not manager:
        _another_manager(tx, person)
    person.roles, person.manager = list(roles), manager
    _record(tx, person, "person.roles_set", {"roles": person.roles, "manager": manager})
    return {}


def _another_manager(tx: Tx, person: Person) -> None:
    others = select(func.count()).where(
        Person.org_id == person.org_id, Person.manager, Person.state == "active", Person.id != person.id
    )
    if not tx.session.scalar(others):
        raise Refused(rules.breach("U-MANAGER", 0))


@acting("person.disable", *_MANAGERS)
def disable(tx: Tx, case: str, p: Payload) -> Payload:
    """{person, reason} → {}: ends every login of the person at once."""
    fields.only(p, "person", "reason")
    person, reason = _subject(tx, p), fields.text(p, "reason", limit=300)
    if person.manager:
        _another_manager(tx, person)
    person.state = "disabled"
    _end_sessions(tx, person)
    _record(tx, person, "person.disabled", {"reason": reason})
    return {}


@acting("person.enable", *_MANAGERS, keep=False)
def enable(tx: Tx, case: str, p: Payload) -> Payload:
    """{person, reason} → {activation}: back again, with a new password to be set."""
    fields.only(p, "person", "reason")
    person, reason = _subject(tx, p), fields.text(p, "reason", limit=300)
    if person.state != "disabled":
        raise Refused(rules.breach("U-ACTIVE", person.state, "disabled"))
    return {"activation": _begin_anew(tx, person, "person.enabled", reason)}


@acting("person.reset", *_MANAGERS, keep=False)
def reset(tx: Tx, case: str, p: Payload) -> Payload:
    """{person, reason} → {activation}: a forgotten password; nobody but the person ever sets one."""
    fields.only(p, "person", "reason")
    person, reason = _subject(tx, p), fields.text(p, "reason", limit=300)
    if person.state == "disabled":
        raise Refused(rules.breach("U-ACTIVE", person.state))
    if person.id == me(tx).id:
        raise Refused(rules.breach("U-SELF", person.login))
    return {"activation": _begin_anew(tx, person, "person.reset", reason)}


def _begin_anew(tx: Tx, person: Person, kind: str, reason: str) -> str:
    person.state, person.password_hash = "invited", ""
    _end_sessions(tx, person)
    _record(tx, person, kind, {"reason": reason})
    return new_code(tx, person)


def _end_sessions(tx: Tx, person: Person) -> None:
    query = update(LoginSession).where(LoginSession.person_id == person.id, LoginSession.ended_at.is_(None))
    tx.session.execute(query.values(ended_at=tx.now))


def _record(tx: Tx, person: Person, kind: str, body: Payload) -> None:
    tx.record(f"org:{person.org_id}" if person.org_id else "pool", kind, {"person": person.id, **body})
