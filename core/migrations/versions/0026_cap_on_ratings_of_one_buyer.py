"""What ratings left out of credit points, for the cap on those of one buyer."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("mall_credit", recreate="always") as batch_op:
        # the copy would write the default of 0021 in brackets
        batch_op.alter_column("order_id", existing_type=sa.String(length=16), server_default="")
        batch_op.add_column(sa.Column("withheld", sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("mall_credit", schema=None) as batch_op:
        batch_op.drop_column("withheld")
