"""bill of quantities, kinds of bids, contents of opened bids"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tender_bill",
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["trading_case.id"], name=op.f("fk_tender_bill_case_id_trading_case")),
        sa.PrimaryKeyConstraint("case_id", "round", name=op.f("pk_tender_bill")),
    )
    with op.batch_alter_table("bid", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=12), server_default="bid", nullable=False))
        batch_op.create_check_constraint(batch_op.f("ck_bid_kind"), "kind IN ('bid', 'replacement', 'supplement')")

    with op.batch_alter_table("opened_bid", schema=None, recreate="always") as batch_op:
        batch_op.add_column(sa.Column("contents", sa.JSON(), server_default="{}", nullable=False))
