"""when a sitting stands still"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('door_opened',
    sa.Column('committee_id', sa.String(length=16), nullable=False),
    sa.Column('site', sa.String(length=6), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('id', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['committee_id'], ['committee.id'], name=op.f('fk_door_opened_committee_id_committee')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_door_opened'))
    )
    with op.batch_alter_table('door_opened', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_door_opened_committee_id'), ['committee_id'], unique=False)

    op.create_table('site_report',
    sa.Column('committee_id', sa.String(length=16), nullable=False),
    sa.Column('site', sa.String(length=6), nullable=False),
    sa.Column('since', sa.DateTime(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('over_at', sa.DateTime(), nullable=True),
    sa.Column('id', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['committee_id'], ['committee.id'], name=op.f('fk_site_report_committee_id_committee')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_site_report'))
    )
    with op.batch_alter_table('site_report', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_site_report_committee_id'), ['committee_id'], unique=False)

    op.create_table('sitting_halt',
    sa.Column('committee_id', sa.String(length=16), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('cause', sa.String(length=10), nullable=False),
    sa.Column('site', sa.String(length=6), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('by_org', sa.String(length=16), nullable=False),
    sa.Column('from_at', sa.DateTime(), nullable=False),
    sa.Column('go_on_at', sa.DateTime(), nullable=True),
    sa.Column('until_at', sa.DateTime(), nullable=True),
    sa.Column('ended', sa.String(length=10), nullable=False),
    sa.Column('said', sa.String(), nullable=False),
    sa.Column('id', sa.String(length=16), nullable=False),
    sa.CheckConstraint("(kind = 'overnight') = (go_on_at is not null)", name=op.f('ck_sitting_halt_freeze')),
    sa.CheckConstraint("cause in ('declared', 'site', 'start')", name=op.f('ck_sitting_halt_cause')),
    sa.CheckConstraint("kind in ('staff', 'tech', 'overnight')", name=op.f('ck_sitting_halt_kind')),
    sa.ForeignKeyConstraint(['committee_id'], ['committee.id'], name=op.f('fk_sitting_halt_committee_id_committee')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sitting_halt'))
    )
    with op.batch_alter_table('sitting_halt', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sitting_halt_committee_id'), ['committee_id'], unique=False)
        batch_op.create_index('ix_sitting_halt_open', ['committee_id'], unique=True, sqlite_where=sa.text('until_at is null'), postgresql_where=sa.text('until_at is null'))

    op.create_table('halt_consent',
    sa.Column('halt_id', sa.String(length=16), nullable=False),
    sa.Column('party', sa.String(length=16), nullable=False),
    sa.Column('org_id', sa.String(length=16), nullable=False),
    sa.Column('member_id', sa.String(length=16), nullable=False),
    sa.Column('said', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['halt_id'], ['sitting_halt.id'], name=op.f('fk_halt_consent_halt_id_sitting_halt')),
    sa.PrimaryKeyConstraint('halt_id', 'party', name=op.f('pk_halt_consent'))
    )
    op.create_table('member_duty',
    sa.Column('member_id', sa.String(length=16), nullable=False),
    sa.Column('text', sa.String(length=40), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['committee_member.id'], name=op.f('fk_member_duty_member_id_committee_member')),
    sa.PrimaryKeyConstraint('member_id', name=op.f('pk_member_duty'))
    )
    op.create_table('member_line',
    sa.Column('member_id', sa.String(length=16), nullable=False),
    sa.Column('came_at', sa.DateTime(), nullable=False),
    sa.Column('away_at', sa.DateTime(), nullable=True),
    sa.Column('alarmed_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['member_id'], ['committee_member.id'], name=op.f('fk_member_line_member_id_committee_member')),
    sa.PrimaryKeyConstraint('member_id', name=op.f('pk_member_line'))
    )
    op.create_table('seat_binding',
    sa.Column('member_id', sa.String(length=16), nullable=False),
    sa.Column('seat_id', sa.String(length=16), nullable=False),
    sa.Column('how', sa.String(length=8), nullable=False),
    sa.Column('session', sa.String(length=64), nullable=False),
    sa.Column('device', sa.String(length=64), nullable=False),
    sa.Column('certificate', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.CheckConstraint("how in ('open', 'door', 'terminal', 'code')", name=op.f('ck_seat_binding_how')),
    sa.ForeignKeyConstraint(['member_id'], ['committee_member.id'], name=op.f('fk_seat_binding_member_id_committee_member')),
    sa.PrimaryKeyConstraint('member_id', name=op.f('pk_seat_binding'))
    )
    op.create_table('seat_change',
    sa.Column('committee_id', sa.String(length=16), nullable=False),
    sa.Column('member_id', sa.String(length=16), nullable=False),
    sa.Column('from_seat', sa.String(length=16), nullable=False),
    sa.Column('to_seat', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('breaches', sa.JSON(), nullable=False),
    sa.Column('asked_at', sa.DateTime(), nullable=False),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.Column('refused_at', sa.DateTime(), nullable=True),
    sa.Column('cosigner_org', sa.String(length=16), nullable=False),
    sa.Column('id', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['committee_id'], ['committee.id'], name=op.f('fk_seat_change_committee_id_committee')),
    sa.ForeignKeyConstraint(['member_id'], ['committee_member.id'], name=op.f('fk_seat_change_member_id_committee_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seat_change'))
    )
    with op.batch_alter_table('seat_change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_seat_change_committee_id'), ['committee_id'], unique=False)

    op.create_table('venue_terminal',
    sa.Column('seat_id', sa.String(length=16), nullable=False),
    sa.Column('code_sha256', sa.String(length=64), nullable=False),
    sa.Column('code_until', sa.DateTime(), nullable=False),
    sa.Column('token_sha256', sa.String(length=64), nullable=False),
    sa.Column('registered_at', sa.DateTime(), nullable=True),
    sa.Column('retired_at', sa.DateTime(), nullable=True),
    sa.Column('id', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['seat_id'], ['venue_seat.id'], name=op.f('fk_venue_terminal_seat_id_venue_seat')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_venue_terminal')),
    sa.UniqueConstraint('code_sha256', name=op.f('uq_venue_terminal_code_sha256'))
    )
    with op.batch_alter_table('venue_terminal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_venue_terminal_seat_id'), ['seat_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_venue_terminal_token_sha256'), ['token_sha256'], unique=False)
    # a sitting that is paused now was paused by staff
    op.execute(
        "INSERT INTO sitting_halt (id, committee_id, kind, cause, site, reason, by_org, from_at, ended, said)"
        " SELECT lower(hex(randomblob(8))), committee_id, 'staff', 'declared', '', paused, '',"
        " strftime('%Y-%m-%d %H:%M:%f000', 'now'), '', '' FROM sitting WHERE paused <> ''"
    )
