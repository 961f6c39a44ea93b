"""Bids of one brand (87号令 art. 31), corrected prices (art. 59), and passages that bids share."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "bid_brand",
        sa.Column("committee_id", sa.String(length=16), nullable=False),
        sa.Column("bid_id", sa.String(length=16), nullable=False),
        sa.Column("core", sa.String(length=20), nullable=False),
        sa.Column("brand", sa.String(length=60), nullable=False),
        sa.Column("page", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["bid_id"], ["bid.id"], name=op.f("fk_bid_brand_bid_id_bid")),
        sa.ForeignKeyConstraint(["committee_id"], ["committee.id"], name=op.f("fk_bid_brand_committee_id_committee")),
        sa.PrimaryKeyConstraint("committee_id", "bid_id", "core", name=op.f("pk_bid_brand")),
    )
    op.create_table(
        "brand_lot",
        sa.Column("committee_id", sa.String(length=16), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("drawn", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["committee_id"], ["committee.id"], name=op.f("fk_brand_lot_committee_id_committee")),
        sa.PrimaryKeyConstraint("committee_id", name=op.f("pk_brand_lot")),
    )
    op.create_table(
        "price_correction",
        sa.Column("committee_id", sa.String(length=16), nullable=False),
        sa.Column("bid_id", sa.String(length=16), nullable=False),
        sa.Column("org_id", sa.String(length=16), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("before", sa.String(length=20), nullable=False),
        sa.Column("after", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("answer_until", sa.DateTime(), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("answer in ('', 'confirmed', 'declined')", name=op.f("ck_price_correction_answer")),
        sa.ForeignKeyConstraint(["bid_id"], ["bid.id"], name=op.f("fk_price_correction_bid_id_bid")),
        sa.ForeignKeyConstraint(
            ["committee_id"], ["committee.id"], name=op.f("fk_price_correction_committee_id_committee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_correction")),
        sa.UniqueConstraint("committee_id", "bid_id", name=op.f("uq_price_correction_committee_id_bid_id")),
    )
    op.create_index(op.f("ix_price_correction_committee_id"), "price_correction", ["committee_id"])
    op.create_index(op.f("ix_price_correction_org_id"), "price_correction", ["org_id"])
    with op.batch_alter_table("opened_bid", recreate="always") as table:
        table.add_column(sa.Column("brands", sa.JSON(), server_default="{}", nullable=False))
    with op.batch_alter_table("aid_case", recreate="always") as table:
        table.add_column(sa.Column("texts", sa.JSON(), server_default="{}", nullable=False))
    with op.batch_alter_table("sitting", recreate="always") as table:
        table.add_column(sa.Column("alike", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("sitting") as table:
        table.drop_column("alike")
    with op.batch_alter_table("aid_case") as table:
        table.drop_column("texts")
    with op.batch_alter_table("opened_bid") as table:
        table.drop_column("brands")
    op.drop_index(op.f("ix_price_correction_org_id"), table_name="price_correction")
    op.drop_index(op.f("ix_price_correction_committee_id"), table_name="price_correction")
    op.drop_table("price_correction")
    op.drop_table("brand_lot")
    op.drop_table("bid_brand")
