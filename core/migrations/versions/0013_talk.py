"""talk in the evaluation room: its lines, raised hands, pieces of the recording"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "talk_line",
        sa.Column("committee_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("stage", sa.String(length=8), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["committee_id"], ["committee.id"], name=op.f("fk_talk_line_committee_id_committee")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["committee_member.id"], name=op.f("fk_talk_line_member_id_committee_member")
        ),
        sa.PrimaryKeyConstraint("committee_id", "number", name=op.f("pk_talk_line")),
    )
    op.create_table(
        "talk_hand",
        sa.Column("member_id", sa.String(length=16), nullable=False),
        sa.Column("committee_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("called_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["committee_member.id"], name=op.f("fk_talk_hand_member_id_committee_member")
        ),
        sa.ForeignKeyConstraint(["committee_id"], ["committee.id"], name=op.f("fk_talk_hand_committee_id_committee")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_talk_hand")),
    )
    op.create_index(op.f("ix_talk_hand_committee_id"), "talk_hand", ["committee_id"], unique=False)
    op.create_table(
        "recording_piece",
        sa.Column("committee_id", sa.String(length=16), nullable=False),
        sa.Column("member_id", sa.String(length=16), nullable=False),
        sa.Column("site", sa.String(length=6), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media", sa.String(length=20), nullable=False),
        sa.Column("picture", sa.Boolean(), nullable=False),
        sa.Column("from_at", sa.DateTime(), nullable=False),
        sa.Column("until_at", sa.DateTime(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["committee_id"], ["committee.id"], name=op.f("fk_recording_piece_committee_id_committee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_piece")),
        sa.UniqueConstraint("committee_id", "sha256", name=op.f("uq_recording_piece_committee_id_sha256")),
    )
    op.create_index(op.f("ix_recording_piece_committee_id"), "recording_piece", ["committee_id"], unique=False)
