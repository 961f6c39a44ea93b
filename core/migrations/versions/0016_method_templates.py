"""templates of evaluation methods and their versions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "method_template",
        sa.Column("org_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("procedure", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("state IN ('kept', 'deleted')", name=op.f("ck_method_template_state")),
        sa.ForeignKeyConstraint(["org_id"], ["org.id"], name=op.f("fk_method_template_org_id_org")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_method_template")),
    )
    op.create_index(op.f("ix_method_template_org_id"), "method_template", ["org_id"], unique=False)
    op.create_table(
        "method_template_version",
        sa.Column("template_id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("evaluation", sa.JSON(), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"], ["method_template.id"], name=op.f("fk_method_template_version_template_id_method_template")
        ),
        sa.PrimaryKeyConstraint("template_id", "version", name=op.f("pk_method_template_version")),
    )
