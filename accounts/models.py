"""Tables of organisations and people. Of ID, telephone and account numbers only a keyed hash and a mask are stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed

_PENDING = text("state = 'pending'")


class Org(Keyed, Base):
    """The values in force. `state`: editing (may be changed or deleted), pending (locked), verified, refused.

    `account_*` is the basic account (基本账户), from which a bid bond must be paid.
    """

    __tablename__ = "org"
    name: Mapped[str] = mapped_column(String(100), unique=True)
    uscc: Mapped[str] = mapped_column(String(18), unique=True)
    kinds: Mapped[list[Any]]
    region: Mapped[str] = mapped_column(String(6))
    address: Mapped[str] = mapped_column(String(200), default="")
    legal_person: Mapped[str] = mapped_column(String(60), default="")
    account_bank: Mapped[str] = mapped_column(String(100), default="", server_default="")
    account_masked: Mapped[str] = mapped_column(String(12), default="", server_default="")
    account_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")
    agreement: Mapped[str] = mapped_column(String(40))
    agreed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    suspended: Mapped[bool] = mapped_column(default=False)
    suspended_reason: Mapped[str] = mapped_column(String(300), default="")
    filed_by: Mapped[str] = mapped_column(String(16), default="")
    filed_at: Mapped[datetime | None]
    verified_by: Mapped[str] = mapped_column(String(16), default="")
    verified_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    __table_args__ = (CheckConstraint("state IN ('editing', 'pending', 'verified', 'refused')", name="state"),)


class OrgChange(Keyed, Base):
    """A change filed after approval; `values` replaces the organisation's once verified, not before."""

    __tablename__ = "org_change"
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), index=True)
    name: Mapped[str] = mapped_column(String(100), index=True)
    values: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), default="pending")
    filed_by: Mapped[str] = mapped_column(String(16))
    filed_at: Mapped[datetime]
    verified_by: Mapped[str] = mapped_column(String(16), default="")
    verified_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'verified', 'refused')", name="state"),
        Index("uq_org_change_pending", "org_id", unique=True, sqlite_where=_PENDING, postgresql_where=_PENDING),
    )


class Person(Keyed, Base):
    """One human being, one login. `roles` are what they may be; `manager` keeps the organisation's own people."""

    __tablename__ = "person"
    login: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    id_hash: Mapped[str] = mapped_column(String(64), unique=True)
    id_masked: Mapped[str] = mapped_column(String(18))
    phone_masked: Mapped[str] = mapped_column(String(20))
    org_id: Mapped[str | None] = mapped_column(ForeignKey("org.id"), index=True)
    roles: Mapped[list[Any]]
    manager: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(10), default="invited")
    added_by: Mapped[str] = mapped_column(String(16), default="")
    added_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("state IN ('invited', 'active', 'disabled')", name="state"),)


class Activation(Base):
    """A one-time code with which a person sets the password themselves; only its hash is kept."""

    __tablename__ = "activation"
    code_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    expires_at: Mapped[datetime]


class LoginGuard(Base):
    """Attempts on one login name, whether or not somebody has it: a lock must not tell which logins exist."""

    __tablename__ = "login_guard"
    login: Mapped[str] = mapped_column(String(40), primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]


class LoginSession(Base):
    """`token_sha256` of a random token that only the cookie holds."""

    __tablename__ = "login_session"
    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    address: Mapped[str] = mapped_column(String(60), default="")
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
