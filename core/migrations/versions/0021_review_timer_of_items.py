"""When the review of an item is due and that it came late; the order whose rating gave credit points."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

RATED = sa.text("order_id <> ''")
DAYS = 5  # three working days and a weekend: a migration knows no table of holidays
ITEM = sa.table(
    "mall_item", sa.column("id", sa.String()), sa.column("state", sa.String()), sa.column("filed_at", sa.DateTime()),
    sa.column("due", sa.DateTime()),
)  # fmt: skip


def upgrade() -> None:
    with op.batch_alter_table("mall_credit", recreate="always") as table:
        table.add_column(sa.Column("order_id", sa.String(length=16), server_default="", nullable=False))
        table.create_index(
            "uq_mall_credit_order", ["order_id"], unique=True, sqlite_where=RATED, postgresql_where=RATED
        )
    with op.batch_alter_table("mall_item", recreate="always") as table:
        table.add_column(sa.Column("due", sa.DateTime(), nullable=True))
        table.add_column(sa.Column("late_at", sa.DateTime(), nullable=True))
        table.drop_index("ix_mall_item_filed")
        table.create_index("ix_mall_item_due", ["state", "due", "id"])
    _what_waits()


def _what_waits() -> None:
    """Items that wait get a due day by when they were handed in; for these no timer is set any more."""
    bind = op.get_bind()
    waiting = sa.select(ITEM.c.filed_at).where(ITEM.c.state == "pending", ITEM.c.filed_at.is_not(None)).distinct()
    for filed in bind.execute(waiting).scalars().all():
        these = sa.update(ITEM).where(ITEM.c.state == "pending", ITEM.c.filed_at == filed)
        bind.execute(these.values(due=filed + timedelta(days=DAYS)))


def downgrade() -> None:
    with op.batch_alter_table("mall_item") as table:
        table.drop_index("ix_mall_item_due")
        table.create_index("ix_mall_item_filed", ["state", "filed_at", "id"])
        table.drop_column("late_at")
        table.drop_column("due")
    with op.batch_alter_table("mall_credit") as table:
        table.drop_index("uq_mall_credit_order")
        table.drop_column("order_id")
