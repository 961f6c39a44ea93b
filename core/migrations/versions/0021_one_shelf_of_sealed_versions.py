"""one shelf of sealed versions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("framework_sealed", schema=None, recreate="always") as batch_op:
        batch_op.add_column(sa.Column("ended_at", sa.DateTime(), nullable=True))

    with op.batch_alter_table("quote", schema=None, recreate="always") as batch_op:
        batch_op.add_column(sa.Column("entry_hash", sa.String(length=64), nullable=False, server_default=""))

    op.create_table(
        "sealed_break",
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("end_before", sa.DateTime(), nullable=False),
        sa.Column("end_after", sa.DateTime(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_break")),
    )
    with op.batch_alter_table("sealed_break", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sealed_break_subject"), ["subject"], unique=False)
