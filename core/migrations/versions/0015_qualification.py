"""qualification examined by the purchaser, letters with the own result"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "qualification",
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("concluded_at", sa.DateTime(), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("document_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["trading_case.id"], name=op.f("fk_qualification_case_id_trading_case")),
        sa.PrimaryKeyConstraint("case_id", "round", name=op.f("pk_qualification")),
    )
    op.create_table(
        "qualification_finding",
        sa.Column("bid_id", sa.String(length=16), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("page", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("passed or reason != ''", name=op.f("ck_qualification_finding_fail")),
        sa.ForeignKeyConstraint(["bid_id"], ["bid.id"], name=op.f("fk_qualification_finding_bid_id_bid")),
        sa.PrimaryKeyConstraint("bid_id", "item", name=op.f("pk_qualification_finding")),
    )
    op.create_table(
        "result_letter",
        sa.Column("bid_id", sa.String(length=16), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("org_id", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["bid_id"], ["bid.id"], name=op.f("fk_result_letter_bid_id_bid")),
        sa.ForeignKeyConstraint(["case_id"], ["trading_case.id"], name=op.f("fk_result_letter_case_id_trading_case")),
        sa.PrimaryKeyConstraint("bid_id", name=op.f("pk_result_letter")),
    )
    with op.batch_alter_table("result_letter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_result_letter_case_id"), ["case_id"], unique=False)
