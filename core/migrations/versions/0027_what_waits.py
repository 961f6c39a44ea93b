"""What is due and what waits for its seal is found without looking through what is done."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

DUE, SIGNED = sa.text("done_at is null"), sa.text("state = 'signed'")


def upgrade() -> None:
    op.drop_index("ix_due_job_at", "due_job")
    op.create_index("ix_due_job_waiting", "due_job", ["at"], sqlite_where=DUE, postgresql_where=DUE)
    op.create_index("ix_signing_doc_signed", "signing_doc", ["state"], sqlite_where=SIGNED, postgresql_where=SIGNED)


def downgrade() -> None:
    op.drop_index("ix_signing_doc_signed", "signing_doc")
    op.drop_index("ix_due_job_waiting", "due_job")
    op.create_index("ix_due_job_at", "due_job", ["at"])
