"""Sums of orders kept beside them, and indexes for their lists."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PARTIES = ("''", "'b' || o.buyer_org", "'s' || o.supplier_org")
SUMS = """INSERT INTO mall_order_sum (party, month, state, number, total, accepted, invoiced, paid)
SELECT {party}, substr(o.number, 3, 6), o.state, count(*), sum(o.total), sum(o.accepted), sum(o.invoiced), sum(o.paid)
FROM mall_order o GROUP BY 1, 2, 3"""
SHARES = """INSERT INTO mall_order_share (party, year, kind, key, orders, amount)
SELECT {party}, o.fiscal_year, {kind}, {key}, count(*), sum({amount})
FROM mall_order o WHERE o.state <> 'CANCELLED'{more} GROUP BY 1, 2, 3, 4"""
CATEGORIES = """INSERT INTO mall_order_share (party, year, kind, key, orders, amount)
SELECT {party}, o.fiscal_year, 'category', substr(l.category, 1, 3), count(DISTINCT o.id), sum(l.amount)
FROM mall_order o JOIN mall_order_line l ON l.order_id = o.id WHERE o.state <> 'CANCELLED' GROUP BY 1, 2, 3, 4"""
REFERENCED = " AND o.reference IS NOT NULL"
KINDS = (
    ("'all'", "''", "o.total", ""), ("'month'", "substr(o.number, 7, 2)", "o.total", ""),
    ("'way'", "o.source", "o.total", ""), ("'buyer'", "o.buyer_org", "o.total", ""),
    ("'supplier'", "o.supplier_org", "o.total", ""), ("'referenced'", "''", "o.total", REFERENCED),
    ("'reference'", "''", "o.reference", REFERENCED),
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "mall_order_share",
        sa.Column("party", sa.String(length=17), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party", "year", "kind", "key", name=op.f("pk_mall_order_share")),
    )
    with op.batch_alter_table("mall_order_share", schema=None) as batch_op:
        batch_op.create_index(
            "ix_mall_order_share_amount", ["party", "year", "kind", "amount", "key", "orders"], unique=False
        )

    op.create_table(
        "mall_order_sum",
        sa.Column("party", sa.String(length=17), nullable=False),
        sa.Column("month", sa.String(length=6), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("invoiced", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party", "month", "state", name=op.f("pk_mall_order_sum")),
    )
    with op.batch_alter_table("mall_order", schema=None) as batch_op:
        batch_op.create_index("ix_mall_order_buyer_due", ["buyer_org", "state", "pay_by"], unique=False)
        batch_op.create_index("ix_mall_order_buyer_state", ["buyer_org", "state", "placed_at"], unique=False)
        batch_op.create_index(
            "ix_mall_order_due", ["state", "pay_by", "total", "accepted", "invoiced", "paid"], unique=False
        )
        batch_op.create_index("ix_mall_order_supplier_due", ["supplier_org", "state", "pay_by"], unique=False)
        batch_op.create_index("ix_mall_order_supplier_state", ["supplier_org", "state", "placed_at"], unique=False)
    for party in PARTIES:  # orders that were there before
        op.execute(SUMS.format(party=party))
        op.execute(CATEGORIES.format(party=party))
        for kind, key, amount, more in KINDS:
            op.execute(SHARES.format(party=party, kind=kind, key=key, amount=amount, more=more))


def downgrade() -> None:
    for name in ("buyer_due", "buyer_state", "due", "supplier_due", "supplier_state"):
        op.drop_index(f"ix_mall_order_{name}", "mall_order")
    op.drop_table("mall_order_sum")
    op.drop_table("mall_order_share")
