"""The opening hall: presence, keys handed over, causes decided, what came out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class Opening(Base):
    """One opening. `closing_at` freezes the keys; `closed_at` says the prices are out (or the opening failed).

    Until `sign_until` the record is signed by those who were there; `published_at` says that it is confirmed.
    `withheld`: the basis on which the law keeps it from the public.
    """

    __tablename__ = "opening"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    began_at: Mapped[datetime]
    window_until: Mapped[datetime]
    host_person: Mapped[str] = mapped_column(String(16))
    host_org: Mapped[str] = mapped_column(String(16))
    closing_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reference_key: Mapped[str] = mapped_column(String(44), default="")
    reference: Mapped[str] = mapped_column(String(20), default="")
    reference_problem: Mapped[str] = mapped_column(String(300), default="")
    document_id: Mapped[str] = mapped_column(String(16), default="")
    sign_until: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    withheld: Mapped[str] = mapped_column(String(300), default="", server_default="")


class OpeningPause(Keyed, Base):
    """The hall stands still from `at` to `resumed_at`; `role` centre, agency or regulator."""

    __tablename__ = "opening_pause"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), index=True)
    round: Mapped[int]
    at: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(String(16))
    role: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(300))
    resumed_at: Mapped[datetime | None]


class DrawnFactor(Base):
    """The coefficient of the price benchmark; `value` is "" until the draw is complete."""

    __tablename__ = "opening_factor"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    draw_id: Mapped[str] = mapped_column(String(16))
    document_id: Mapped[str] = mapped_column(String(16), default="")
    value: Mapped[str] = mapped_column(String(20), default="")


class SignIn(Base):
    """Presence of the bid's organisation: it stands when the bid is replaced by a later version."""

    __tablename__ = "opening_signin"
    bid_id: Mapped[str] = mapped_column(ForeignKey("bid.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]


class Unlock(Base):
    """How a bid's file key came, or whose fault it is that none came (20号令 art. 31).

    `how`: bidder, shares; "" while none came. `cause`: bidder, platform; "" while undecided.
    """

    __tablename__ = "opening_unlock"
    bid_id: Mapped[str] = mapped_column(ForeignKey("bid.id"), primary_key=True)
    at: Mapped[datetime | None]
    how: Mapped[str] = mapped_column(String(10), default="")
    file_key: Mapped[str] = mapped_column(String(44), default="")
    cause: Mapped[str] = mapped_column(String(10), default="")
    reason: Mapped[str] = mapped_column(String(300), default="")
    decided_by: Mapped[str] = mapped_column(String(16), default="")
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("how IN ('', 'bidder', 'shares')", name="how"),
        CheckConstraint("cause IN ('', 'bidder', 'platform')", name="cause"),
    )


class StoredDigest(Base):
    """The stored file of a bid hashed anew in the hall; `sha256` is "" when it could not be read."""

    __tablename__ = "opening_digest"
    bid_id: Mapped[str] = mapped_column(ForeignKey("bid.id"), primary_key=True)
    at: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64))


class UnlockFailure(Keyed, Base):
    """One attempt that did not open a bid, as its bidder reports it. `digest`: of the ciphertext in its browser, or "".

    `what`: passphrase, commitment, damaged, other.
    """

    __tablename__ = "opening_failure"
    bid_id: Mapped[str] = mapped_column(ForeignKey("bid.id"), index=True)
    at: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(String(12))
    digest: Mapped[str] = mapped_column(String(64), default="")


class Released(Base):
    """A custodian's share, released for one bid."""

    __tablename__ = "released_share"
    bid_id: Mapped[str] = mapped_column(ForeignKey("bid.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(10), primary_key=True)
    share: Mapped[str] = mapped_column(String(44))
    person_id: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]


class OpenedBid(Base):
    """What one bid says. `problem`: why the price sheet could not be read, for the committee to judge.

    `contents`: what trading.bidding.contents.judged found of parts and priced bill; {} where nothing was asked. It is
    loaded only by whoever shows it; `findings` is its count. `brands`: {core product: brand} as the sheet says;
    `small`: {form, share} of small firms in the contract as it declares, or {problem}.
    """

    __tablename__ = "opened_bid"
    bid_id: Mapped[str] = mapped_column(ForeignKey("bid.id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"))
    round: Mapped[int]
    org_id: Mapped[str] = mapped_column(String(16))
    number: Mapped[int]
    price: Mapped[str] = mapped_column(String(20), default="")
    duration_days: Mapped[int | None]
    quality: Mapped[str] = mapped_column(String(200), default="")
    manager: Mapped[dict[str, Any]] = mapped_column(default=dict)
    flags: Mapped[list[Any]] = mapped_column(default=list)
    pdf_sha256: Mapped[str] = mapped_column(String(64), default="")
    sheet_sha256: Mapped[str] = mapped_column(String(64), default="")
    attachments: Mapped[list[Any]] = mapped_column(default=list)
    problem: Mapped[str] = mapped_column(String(300), default="")
    contents: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}", deferred=True)
    findings: Mapped[int] = mapped_column(default=0, server_default="0")
    brands: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    small: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    __table_args__ = (UniqueConstraint("case_id", "round", "number"),)


class OpeningObjection(Keyed, Base):
    """An objection to the opening: on the spot, answered on the spot, recorded (实施条例 art. 44)."""

    __tablename__ = "opening_objection"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), index=True)
    round: Mapped[int]
    bid_id: Mapped[str] = mapped_column(ForeignKey("bid.id"))
    text: Mapped[str] = mapped_column(String(2000))
    at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(2000), default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(16), default="")
