"""What pages, the API and other rooms may read of organisations, people and certificates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import rules
from accounts.models import Org, OrgChange, Person
from certs.models import Certificate, KeyBlob
from core.access import Actor, Role


def by_login(session: Session, login: str) -> Person | None:
    return session.scalar(select(Person).where(Person.login == login))


def actor(session: Session, person: str, address: str = "") -> Actor | None:
    """The actor of an active person. Roles work only while the organisation is verified and not suspended."""
    row = session.get(Person, person)
    if row is None or row.state != "active":
        return None
    org = session.get(Org, row.org_id) if row.org_id else None
    working = org is None or not rules.may_trade(org.state, org.suspended)
    held = frozenset(Role(role) for role in row.roles) if working else frozenset()
    roles = held & rules.roles_allowed(org.kinds if org else [])
    return Actor(row.id, row.name, row.org_id or "", org.name if org else "", roles, address)


def org(session: Session, org_id: str) -> dict[str, Any] | None:
    """Public facts of an organisation: {id, name, uscc, kinds, region, address, legal_person, state, suspended}."""
    row = session.get(Org, org_id)
    return _org(row) if row is not None else None


def _org(row: Org) -> dict[str, Any]:
    keys = ("id", "name", "uscc", "kinds", "region", "address", "legal_person", "state", "suspended")
    return {key: getattr(row, key) for key in keys}


def orgs(session: Session, *, kind: str = "", text: str = "", after: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """Verified organisations by name, those after the name `after`; `text` is part of a name or a whole code."""
    query = select(Org).where(Org.state == "verified", Org.name > after).order_by(Org.name)
    if text:
        query = query.where(Org.name.contains(text, autoescape=True) | (Org.uscc == text.upper()))
    found: list[dict[str, Any]] = []
    for row in session.scalars(query.execution_options(yield_per=200)):
        if not kind or kind in row.kinds:
            found.append(_org(row))
        if len(found) == limit:
            break
    return found


def filing(session: Session, org_id: str) -> dict[str, Any] | None:
    """The registration as its owner and the centre see it: who filed and verified, when, and the change that waits."""
    row = session.get(Org, org_id)
    if row is None:
        return None
    changes = session.scalars(select(OrgChange).where(OrgChange.org_id == org_id).order_by(OrgChange.filed_at.desc()))
    history = ("filed_by", "filed_at", "verified_by", "verified_at", "reason", "state")
    return {
        **_org(row),
        "account_bank": row.account_bank,
        "account_masked": row.account_masked,
        **{key: getattr(row, key) for key in history},
        "agreement": row.agreement,
        "agreed_at": row.agreed_at,
        "suspended_reason": row.suspended_reason,
        "changes": [
            {"id": c.id, "values": {key: value for key, value in c.values.items() if key != "account_hash"}}
            | {key: getattr(c, key) for key in history}
            for c in changes
        ],
    }


def waiting(session: Session) -> list[dict[str, Any]]:
    """What a centre must verify, oldest first: [{org, name, uscc, filed_at, change}]."""
    rows = session.scalars(select(Org).where(Org.state == "pending"))
    found: list[dict[str, Any]] = [
        {"org": r.id, "name": r.name, "uscc": r.uscc, "filed_at": r.filed_at, "change": False} for r in rows
    ]
    pairs = session.execute(
        select(OrgChange, Org).join(Org, Org.id == OrgChange.org_id).where(OrgChange.state == "pending")
    )
    for change, row in pairs:
        found.append({"org": row.id, "name": row.name, "uscc": row.uscc, "filed_at": change.filed_at, "change": True})
    return sorted(found, key=lambda one: one["filed_at"])


def people(session: Session, org_id: str) -> list[dict[str, Any]]:
    """The people of an organisation as its manager sees them; no hash, numbers masked."""
    keys = ("id", "login", "name", "id_masked", "phone_masked", "roles", "manager", "state")
    rows = session.scalars(select(Person).where(Person.org_id == org_id).order_by(Person.login))
    return [{key: getattr(row, key) for key in keys} for row in rows]


def names(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """Person id → name."""
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {row.id: row.name for row in rows}


def signing_certificate(session: Session, person: str, now: datetime) -> Certificate | None:
    """The newest certificate the person can sign with at `now`."""
    return _newest(session, now, Certificate.person_id == person, Certificate.profile == "person-sign")


def decryption_certificate(session: Session, org_id: str, use: str, now: datetime) -> Certificate | None:
    """An organisation's newest valid certificate; `use` is org-encrypt (bidder) or custodian-encrypt."""
    return _newest(session, now, Certificate.org_id == org_id, Certificate.profile == use)


def _newest(session: Session, now: datetime, *where: Any) -> Certificate | None:
    query = select(Certificate).where(
        *where, Certificate.revoked_at.is_(None), Certificate.not_before <= now, Certificate.not_after >= now
    )
    return session.scalars(query.order_by(Certificate.not_before.desc(), Certificate.fingerprint).limit(1)).first()


def certificates(session: Session, person: str, now: datetime) -> list[dict[str, Any]]:
    """Own certificates with what is wrong or soon will be: [{fingerprint, profile, not_after, state, days_left}].

    `state`: valid, ending (30 days or less), expired, revoked.
    """
    rows = session.scalars(
        select(Certificate).where(Certificate.person_id == person).order_by(Certificate.not_before.desc())
    )
    found = []
    for row in rows:
        left = row.not_after - now
        state = "revoked" if row.revoked_at else "expired" if left < timedelta(0) else "valid"
        if state == "valid" and left <= timedelta(days=30):
            state = "ending"
        found.append(
            {
                "fingerprint": row.fingerprint, "profile": row.profile, "not_after": row.not_after, "state": state,
                "days_left": max(left.days, 0), "stored": _has_blob(session, row.fingerprint),
            }
        )  # fmt: skip
    return found


def _has_blob(session: Session, fingerprint: str) -> bool:
    return session.scalar(select(KeyBlob.id).where(KeyBlob.fingerprint == fingerprint)) is not None
