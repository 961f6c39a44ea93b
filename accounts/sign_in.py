"""Logging in and out. A password is weighed between two short acts: it costs 50 ms, and nobody waits for it.

The attempt is counted before the password is tried, so that a hundred tries at once are a hundred tries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from accounts import passwords, queries, rules
from accounts.models import Activation, LoginGuard, LoginSession, Person
from core.access import SYSTEM, Actor, Role, denied
from core.acts import Acts, Tx
from core.faults import Unusable
from core.rules import Refused, refuse_if

_FORGET = timedelta(days=1)
# Seen at most once in this time: a page full of requests is one write.
_TOUCH = timedelta(minutes=1)


@dataclass(frozen=True)
class LogIn:
    """`token` goes into the cookie and nowhere else."""

    token: str
    person: str


def log_in(acts: Acts, login: str, password: str, address: str = "") -> LogIn:
    """Refused U-LOCK while locked, U-WRONG for anything that does not match, without saying which."""
    name = login.strip().lower()[:40]
    if not name or not isinstance(password, str) or len(password) > 1000:
        raise Unusable("login: a login and a password are expected")
    stored = acts.act(_attempt, SYSTEM, name, address)
    if not passwords.matches(stored, password):
        raise Refused(rules.breach("U-WRONG", "-"))
    return acts.act(_open, SYSTEM, name, stored, address)


def _attempt(tx: Tx, login: str, address: str) -> str:
    """Count the attempt; the stored hash, '' for an unknown or inactive login."""
    tx.session.execute(delete(LoginGuard).where(LoginGuard.last_at < tx.now - _FORGET))
    guard = tx.session.get(LoginGuard, login)
    if guard is None:
        guard = LoginGuard(login=login, attempts=0, last_at=tx.now)
        tx.session.add(guard)
    until = rules.locked_until(guard.attempts, guard.last_at, tx.now)
    if until is not None:
        raise Refused(rules.breach("U-LOCK", guard.attempts, f"≥ {until.isoformat()}"))
    if guard.attempts >= rules.MAX_ATTEMPTS:
        guard.attempts = 0
    guard.attempts, guard.last_at = guard.attempts + 1, tx.now
    person = queries.by_login(tx.session, login)
    if person is not None and guard.attempts == rules.MAX_ATTEMPTS:
        body = {"person": person.id, "address": address, "attempts": guard.attempts}
        tx.record("platform", "login.last_attempt", body)
    return person.password_hash if person is not None and person.state == "active" else ""


def _open(tx: Tx, login: str, stored: str, address: str) -> LogIn:
    person = queries.by_login(tx.session, login)
    if person is None or person.state != "active" or person.password_hash != stored:
        raise Refused(rules.breach("U-WRONG", "-"))
    tx.session.execute(delete(LoginGuard).where(LoginGuard.login == login))
    return _session(tx, person, address)


def _session(tx: Tx, person: Person, address: str) -> LogIn:
    token = passwords.new_token()
    tx.session.add(
        LoginSession(
            token_sha256=passwords.token_hash(token), person_id=person.id, address=address[:60],
            began_at=tx.now, seen_at=tx.now,
        )
    )  # fmt: skip
    return LogIn(token, person.id)


def begin(tx: Tx, person: str) -> str:
    """The token of a fresh login of a demo person whose browser is open already. Refused outside a demo."""
    if not tx.config.demo:
        raise Refused(denied("ACCESS", "demo", "production"))
    return _session(tx, tx.session.get_one(Person, person), "").token


def log_out(acts: Acts, token: str) -> None:
    """Ends the login; a token that opens nothing changes nothing."""
    acts.act(_close, SYSTEM, token)


def _close(tx: Tx, token: str) -> None:
    row = tx.session.get(LoginSession, passwords.token_hash(token))
    if row is not None and row.ended_at is None:
        row.ended_at = tx.now


def who(acts: Acts, token: str, address: str = "") -> Actor | None:
    """The actor behind a cookie, None when the login is over. Notes that they were seen."""
    now = acts.house.clock.now()
    with acts.reading() as session:
        row = _live(session, token)
        if row is None or not rules.session_open(row.began_at, row.seen_at, row.ended_at, now):
            return None
        actor = queries.actor(session, row.person_id, address)
        actor = replace(actor, session=row.token_sha256) if actor is not None else None
        stale = now - row.seen_at >= _TOUCH
    if actor is not None and stale:
        acts.act(_touch, SYSTEM, token)
    return actor


def _live(session: Session, token: str) -> LoginSession | None:
    return session.get(LoginSession, passwords.token_hash(token)) if token else None


def _touch(tx: Tx, token: str) -> None:
    row = tx.session.get(LoginSession, passwords.token_hash(token))
    if row is not None and rules.session_open(row.began_at, row.seen_at, row.ended_at, tx.now):
        row.seen_at = tx.now


def activate(acts: Acts, code: str, password: str) -> str:
    """Set the first (or a new) password with a one-time code; the login that may now be used."""
    hashed_code = passwords.token_hash(code)
    with acts.reading() as session:
        row = session.get(Activation, hashed_code)
        person = session.get(Person, row.person_id) if row else None
        login = person.login if person else ""
    refuse_if(rules.password(password, login))
    return acts.act(_activate, SYSTEM, hashed_code, passwords.hashed(password))


def _activate(tx: Tx, code_sha256: str, password_hash: str) -> str:
    row = tx.session.get(Activation, code_sha256)
    person = tx.session.get(Person, row.person_id) if row else None
    if row is None or person is None or tx.now >= row.expires_at or person.state == "disabled":
        raise Refused(rules.breach("U-CODE-USED", "-" if row is None else row.expires_at.isoformat()))
    person.password_hash, person.state = password_hash, "active"
    tx.session.delete(row)
    tx.session.execute(delete(LoginGuard).where(LoginGuard.login == person.login))
    stream = f"org:{person.org_id}" if person.org_id else "pool"
    tx.record(stream, "person.activated", {"person": person.id})
    return person.login


def change_password(acts: Acts, actor: Actor, old: str, new: str, keep: str = "") -> None:
    """Own password; every other login of the person ends (`keep` is the token of the one that stays)."""
    with acts.reading() as session:
        person = session.get(Person, actor.person)
        if person is None:
            raise Refused(denied("ACCESS", "login", Role.PUBLIC))
        login = person.login
    refuse_if(rules.password(new, login))
    stored = acts.act(_attempt, actor, login, actor.address)
    if not passwords.matches(stored, old):
        raise Refused(rules.breach("U-WRONG", "-", field="old"))
    acts.act(_change, actor, stored, passwords.hashed(new), keep)


def _change(tx: Tx, old_hash: str, new_hash: str, keep: str) -> None:
    person = tx.session.get(Person, tx.actor.person)
    if person is None or person.state != "active" or person.password_hash != old_hash:
        raise Refused(rules.breach("U-WRONG", "-", field="old"))
    person.password_hash = new_hash
    tx.session.execute(delete(LoginGuard).where(LoginGuard.login == person.login))
    others = update(LoginSession).where(LoginSession.person_id == person.id, LoginSession.ended_at.is_(None))
    others = others.where(LoginSession.token_sha256 != passwords.token_hash(keep))
    tx.session.execute(others.values(ended_at=tx.now))
    stream = f"org:{person.org_id}" if person.org_id else "pool"
    tx.record(stream, "person.password_changed", {"person": person.id})


def carry_sessions(tx: Tx, by: timedelta) -> None:
    """The demo clock was moved by `by`: whoever is logged in stays so. Refused outside a demo."""
    if not tx.config.demo:
        raise Refused(denied("CLOCK", "demo", "production"))
    for row in tx.session.query(LoginSession).where(LoginSession.ended_at.is_(None)):
        row.began_at, row.seen_at = row.began_at + by, row.seen_at + by
