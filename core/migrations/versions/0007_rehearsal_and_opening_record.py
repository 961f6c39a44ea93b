"""rehearsals, confirmation and templates of the opening record"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


AUDIENCES = ("public", "parties", "bidders", "members", "regulator", "owner")


def _audiences(*allowed: str) -> None:
    listed = ", ".join(f"'{one}'" for one in allowed)
    with op.batch_alter_table('case_document', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_case_document_audience'), type_='check')
        batch_op.create_check_constraint(op.f('ck_case_document_audience'), f"audience IN ({listed})")


def upgrade() -> None:
    _audiences(*AUDIENCES[:3], "opening", *AUDIENCES[3:])
    op.create_table('rehearsal',
    sa.Column('org_id', sa.String(length=16), nullable=False),
    sa.Column('person_id', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('begun_at', sa.DateTime(), nullable=False),
    sa.Column('until', sa.DateTime(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('manifest', sa.JSON(), nullable=False),
    sa.Column('ciphertext_sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('received_at', sa.DateTime(), nullable=True),
    sa.Column('receipt', sa.JSON(), nullable=False),
    sa.Column('file_key', sa.String(length=44), nullable=False),
    sa.Column('unlocked_at', sa.DateTime(), nullable=True),
    sa.Column('opened', sa.JSON(), nullable=False),
    sa.Column('id', sa.String(length=16), nullable=False),
    sa.CheckConstraint("state IN ('begun', 'handed', 'unlocked', 'opened', 'left')", name=op.f('ck_rehearsal_state')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_rehearsal_org_id_org')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rehearsal'))
    )
    with op.batch_alter_table('rehearsal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_rehearsal_org_id'), ['org_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_rehearsal_person_id'), ['person_id'], unique=False)

    op.create_table('record_template',
    sa.Column('centre_org', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('id', sa.String(length=16), nullable=False),
    sa.CheckConstraint("state IN ('kept', 'in_force', 'deleted')", name=op.f('ck_record_template_state')),
    sa.ForeignKeyConstraint(['centre_org'], ['org.id'], name=op.f('fk_record_template_centre_org_org')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_record_template'))
    )
    with op.batch_alter_table('record_template', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_record_template_centre_org'), ['centre_org'], unique=False)
        batch_op.create_index('uq_record_template_in_force', ['centre_org'], unique=True, sqlite_where=sa.text("state = 'in_force'"), postgresql_where=sa.text("state = 'in_force'"))

    op.create_table('record_template_version',
    sa.Column('template_id', sa.String(length=16), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('columns', sa.JSON(), nullable=False),
    sa.Column('opening_words', sa.String(length=1000), nullable=False),
    sa.Column('closing_words', sa.String(length=1000), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('made_by', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['template_id'], ['record_template.id'], name=op.f('fk_record_template_version_template_id_record_template')),
    sa.PrimaryKeyConstraint('template_id', 'version', name=op.f('pk_record_template_version'))
    )
    with op.batch_alter_table('opening', schema=None, recreate='always') as batch_op:
        batch_op.add_column(sa.Column('sign_until', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('published_at', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('withheld', sa.String(length=300), server_default='', nullable=False))
    # Records made before were public from their first moment.
    op.execute("UPDATE opening SET published_at = closed_at WHERE document_id <> ''")
    with op.batch_alter_table('signing_field', schema=None, recreate='always') as batch_op:
        batch_op.add_column(sa.Column('may_lack', sa.Boolean(), server_default=sa.false(), nullable=False))
