"""asking before rejecting, abnormally low prices, reopened sheets, blind parts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NOW = ("SIGN_IN", "LEADER", "BLIND", "PRELIM", "LACK", "SCORING", "LOWPRICE", "SUMMARY", "REPORT", "SIGNED")


def _member() -> sa.Column[str]:
    return sa.Column("member_id", sa.String(length=16), nullable=False)


def _of_member(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_member_id_committee_member")
    return sa.ForeignKeyConstraint(["member_id"], ["committee_member.id"], name=name)


def upgrade() -> None:
    with op.batch_alter_table("review_mark", schema=None, recreate="always") as batch_op:
        batch_op.add_column(sa.Column("unclear", sa.Boolean(), server_default="0", nullable=False))
    with op.batch_alter_table("clarification", schema=None, recreate="always") as batch_op:
        batch_op.add_column(sa.Column("ground", sa.String(length=20), server_default="", nullable=False))
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_sitting_stage"), type_="check")
        listed = ", ".join(f"'{one}'" for one in NOW)
        batch_op.create_check_constraint(batch_op.f("ck_sitting_stage"), f"stage in ({listed})")
    op.create_table(
        "low_price_start",
        _member(),
        sa.Column("bid_id", sa.String(length=16), nullable=False),
        sa.Column("start", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        _of_member("low_price_start"),
        sa.PrimaryKeyConstraint("member_id", "bid_id", name=op.f("pk_low_price_start")),
    )
    op.create_table(
        "low_price_vote",
        _member(),
        sa.Column("bid_id", sa.String(length=16), nullable=False),
        sa.Column("justified", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("sources", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        _of_member("low_price_vote"),
        sa.PrimaryKeyConstraint("member_id", "bid_id", name=op.f("pk_low_price_vote")),
    )
    op.create_table(
        "unlock_request",
        sa.Column("id", sa.String(length=16), nullable=False),
        _member(),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=16), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("sheet", sa.JSON(), nullable=False),
        sa.CheckConstraint("state in ('asked', 'granted', 'refused')", name=op.f("ck_unlock_request_state")),
        _of_member("unlock_request"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unlock_request")),
    )
    op.create_index(op.f("ix_unlock_request_member_id"), "unlock_request", ["member_id"], unique=False)
    op.create_table(
        "blind_codes",
        sa.Column("committee_id", sa.String(length=16), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("checked_at", sa.DateTime(), nullable=True),
        sa.Column("revealed", sa.JSON(), nullable=False),
        sa.Column("revealed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["committee_id"], ["committee.id"], name=op.f("fk_blind_codes_committee_id_committee")
        ),
        sa.PrimaryKeyConstraint("committee_id", name=op.f("pk_blind_codes")),
    )
    op.create_table(
        "blind_lock",
        _member(),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        _of_member("blind_lock"),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_blind_lock")),
    )
