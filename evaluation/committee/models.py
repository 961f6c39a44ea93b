"""The committee of one case: what was asked for, who takes part in its draws, and its members, sealed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class Committee(Keyed, Base):
    """One committee of a case's round; a voided one stays on record beside the one built anew.

    `need`: {experts, members_by_site, specialities, spares_by_site, representatives (sealed)}; `at`, `until`: the
    sitting. `first_draw_id` froze the list; `draw_id` and `seating_id` are the newest draws. `wanted`: sites for which
    a replacement draw is owed, one entry a place.
    """

    __tablename__ = "committee"
    case_id: Mapped[str] = mapped_column(String(16), index=True)
    round: Mapped[int]
    void_at: Mapped[datetime | None]
    need: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    until: Mapped[datetime]
    draw_id: Mapped[str] = mapped_column(String(16), default="")
    first_draw_id: Mapped[str] = mapped_column(String(16), default="")
    seating_id: Mapped[str] = mapped_column(String(16), default="")
    wanted: Mapped[list[Any]] = mapped_column(default=list)
    requested_by: Mapped[str] = mapped_column(String(16))
    requested_at: Mapped[datetime]


class Member(Keyed, Base):
    """One place of a committee. `number` is the order of drawing; `salted` the id in the draw record.

    `sealed` opens to {person, salt} and `seat_sealed` to the seat's id, with evaluation.vault; `person_id` and
    `seat_id` stand in clear only after sign-in. State: spare, invited, accepted → signed_in → pledged;
    declined, no_answer, recused, removed = out, and all this member's opinions are void.
    """

    __tablename__ = "committee_member"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), index=True)
    draw_id: Mapped[str] = mapped_column(String(16), default="")
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(14), default="expert")
    site: Mapped[str] = mapped_column(String(6))
    salted: Mapped[str] = mapped_column(String(64), default="")
    sealed: Mapped[str]
    mark: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(10))
    answer_until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    replaced_by: Mapped[str] = mapped_column(String(16), default="")
    seat_sealed: Mapped[str] = mapped_column(default="")
    person_id: Mapped[str] = mapped_column(String(16), default="")
    seat_id: Mapped[str] = mapped_column(String(16), default="")
    certificate: Mapped[str] = mapped_column(String(64), default="")
    signed_in_at: Mapped[datetime | None]
    identity: Mapped[dict[str, Any]] = mapped_column(default=dict)
    pledged_at: Mapped[datetime | None]
    review_locked_at: Mapped[datetime | None]
    scores_locked_at: Mapped[datetime | None]
    scores_salt: Mapped[str] = mapped_column(String(32), default="")
    stance: Mapped[str] = mapped_column(String(10), default="")
    dissent: Mapped[str] = mapped_column(default="")
    __table_args__ = (
        UniqueConstraint("committee_id", "mark"),
        UniqueConstraint("committee_id", "number"),
        CheckConstraint(
            "state in ('spare', 'invited', 'accepted', 'signed_in', 'pledged', 'declined', 'no_answer', 'recused',"
            " 'removed')",
            name="state",
        ),
        CheckConstraint("kind in ('expert', 'representative')", name="kind"),
        CheckConstraint("stance in ('', 'agree', 'dissent', 'deemed')", name="stance"),
    )


OPEN = ("invited", "accepted", "signed_in", "pledged")
OUT = ("declined", "no_answer", "recused", "removed")
