"""Versions of quotes and responses say when they ended and which entry received them, as bids do."""

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


def downgrade() -> None:
    with op.batch_alter_table("quote") as table:
        table.drop_column("entry_hash")
    with op.batch_alter_table("framework_sealed") as table:
        table.drop_column("ended_at")
