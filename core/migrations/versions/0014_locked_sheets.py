"""the sheet that a lock of scores committed to"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "locked_sheet",
        sa.Column("member_id", sa.String(length=16), nullable=False),
        sa.Column("sheet", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["committee_member.id"], name=op.f("fk_locked_sheet_member_id_committee_member")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_locked_sheet")),
    )
