"""Keys of what a full room writes.

Sent acts are found by the id their sender gave them, many at once (core.quick): it comes first in the key; by (person,
id) SQLite read the whole table. Ledger entries had two indexes that nobody asks: of salted leaf hashes, a random page of
the file for every entry, and of the case alone, which (case, at) begins with.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _rekey(first: str, second: str) -> None:
    columns = ["person", "once", "act", "case", "digest", "result", "at"]
    op.create_table(
        "act_once_new",
        *[
            sa.Column(first, sa.String(16 if first == "person" else 64), nullable=False),
            sa.Column(second, sa.String(16 if second == "person" else 64), nullable=False),
        ],
        sa.Column("act", sa.String(60), nullable=False),
        sa.Column("case", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint(first, second, name=op.f("pk_act_once")),
    )
    new, old = (sa.table(name, *map(sa.column, columns)) for name in ("act_once_new", "act_once"))
    op.execute(sa.insert(new).from_select(columns, sa.select(*[old.c[name] for name in columns])))
    op.drop_table("act_once")
    op.rename_table("act_once_new", "act_once")


def upgrade() -> None:
    _rekey("once", "person")
    with op.batch_alter_table("ledger_entry") as table:
        table.drop_index("ix_ledger_entry_case")
        table.drop_constraint("uq_ledger_entry_leaf_hash", type_="unique")


def downgrade() -> None:
    _rekey("person", "once")
    with op.batch_alter_table("ledger_entry") as table:
        table.create_unique_constraint("uq_ledger_entry_leaf_hash", ["leaf_hash"])
        table.create_index("ix_ledger_entry_case", ["case"])
