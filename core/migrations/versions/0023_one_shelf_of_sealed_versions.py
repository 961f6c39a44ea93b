"""Versions of quotes and responses say when they ended and which entry received them, as bids do; their ends move."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("framework_sealed", recreate="always") as table:
        table.add_column(sa.Column("ended_at", sa.DateTime(), nullable=True))
    with op.batch_alter_table("quote", recreate="always") as table:
        table.add_column(sa.Column("entry_hash", sa.String(length=64), nullable=False, server_default=""))
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
    op.create_index(op.f("ix_sealed_break_subject"), "sealed_break", ["subject"])


def downgrade() -> None:
    op.drop_table("sealed_break")
    with op.batch_alter_table("quote") as table:
        table.drop_column("entry_hash")
    with op.batch_alter_table("framework_sealed") as table:
        table.drop_column("ended_at")
