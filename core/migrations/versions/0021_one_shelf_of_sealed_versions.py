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
