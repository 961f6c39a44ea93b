"""What a committee holds to be wrong with the tender file; a sitting stands still for it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STANDING = sa.text("state in ('open', 'found')")
BEFORE, AFTER = "'staff', 'tech', 'overnight'", "'staff', 'tech', 'overnight', 'flaw'"


def _kinds(kinds: str) -> None:
    with op.batch_alter_table("sitting_halt", recreate="always") as table:
        table.drop_constraint("ck_sitting_halt_kind", type_="check")
        table.create_check_constraint(op.f("ck_sitting_halt_kind"), f"kind in ({kinds})")


def upgrade() -> None:
    op.create_table(
        "file_flaw",
        sa.Column("committee_id", sa.String(length=16), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "state in ('open', 'none', 'found', 'accepted', 'declined')", name=op.f("ck_file_flaw_state")
        ),
        sa.ForeignKeyConstraint(["committee_id"], ["committee.id"], name=op.f("fk_file_flaw_committee_id_committee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_flaw")),
    )
    op.create_index(op.f("ix_file_flaw_committee_id"), "file_flaw", ["committee_id"])
    op.create_index(
        "ix_file_flaw_one", "file_flaw", ["committee_id"], unique=True, sqlite_where=STANDING, postgresql_where=STANDING
    )
    op.create_table(
        "file_flaw_vote",
        sa.Column("flaw_id", sa.String(length=16), nullable=False),
        sa.Column("member_id", sa.String(length=16), nullable=False),
        sa.Column("flawed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["flaw_id"], ["file_flaw.id"], name=op.f("fk_file_flaw_vote_flaw_id_file_flaw")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["committee_member.id"], name=op.f("fk_file_flaw_vote_member_id_committee_member")
        ),
        sa.PrimaryKeyConstraint("flaw_id", "member_id", name=op.f("pk_file_flaw_vote")),
    )
    _kinds(AFTER)


def downgrade() -> None:
    _kinds(BEFORE)
    op.drop_table("file_flaw_vote")
    op.drop_table("file_flaw")
