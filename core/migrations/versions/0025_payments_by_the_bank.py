"""Payment orders to the bank, and its statement beside the payments."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "mall_bank_line",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("buyer_org", sa.String(length=16), nullable=False),
        sa.Column("bank_ref", sa.String(length=60), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("payment_id", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mall_bank_line")),
        sa.UniqueConstraint("number", name=op.f("uq_mall_bank_line_number")),
    )
    with op.batch_alter_table("mall_bank_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mall_bank_line_bank_ref"), ["bank_ref"], unique=False)
        batch_op.create_index("ix_mall_bank_line_open", ["buyer_org", "payment_id", "number"], unique=False)

    op.create_table(
        "mall_remittance",
        sa.Column("order_id", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("payee", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("account_masked", sa.String(length=12), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("silent", sa.Integer(), nullable=False),
        sa.Column("refused", sa.String(length=10), nullable=False),
        sa.Column("bank_ref", sa.String(length=60), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("state IN ('sent', 'paid', 'refused')", name=op.f("ck_mall_remittance_state")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_mall_remittance_amount")),
        sa.ForeignKeyConstraint(["order_id"], ["mall_order.id"], name=op.f("fk_mall_remittance_order_id_mall_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mall_remittance")),
    )
    with op.batch_alter_table("mall_remittance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mall_remittance_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            "uq_mall_remittance_sent",
            ["order_id"],
            unique=True,
            sqlite_where=sa.text("state = 'sent'"),
            postgresql_where=sa.text("state = 'sent'"),
        )

    with op.batch_alter_table("mall_payment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("buyer_org", sa.String(length=16), server_default="", nullable=False))
        batch_op.add_column(sa.Column("supplier_org", sa.String(length=16), server_default="", nullable=False))
        batch_op.add_column(sa.Column("line", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.create_index("ix_mall_payment_buyer", ["buyer_org", "at"], unique=False)
        batch_op.create_index("ix_mall_payment_line", ["line", "at"], unique=False)
        batch_op.create_index("ix_mall_payment_ref", ["bank_ref"], unique=False)
        batch_op.create_index("ix_mall_payment_supplier", ["supplier_org", "at"], unique=False)
    for side in ("buyer_org", "supplier_org"):
        op.execute(
            f"UPDATE mall_payment SET {side} = (SELECT o.{side} FROM mall_order o WHERE o.id = mall_payment.order_id)"
        )


def downgrade() -> None:
    with op.batch_alter_table("mall_payment", schema=None) as batch_op:
        for name in ("buyer", "line", "ref", "supplier"):
            batch_op.drop_index(f"ix_mall_payment_{name}")
        for name in ("buyer_org", "supplier_org", "line"):
            batch_op.drop_column(name)
    op.drop_table("mall_remittance")
    op.drop_table("mall_bank_line")
