"""the count of findings beside the contents of an opened bid"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("opened_bid", schema=None, recreate="always") as batch_op:
        batch_op.add_column(sa.Column("findings", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE opened_bid SET findings = coalesce(json_extract(contents, '$.count'), 0)")
