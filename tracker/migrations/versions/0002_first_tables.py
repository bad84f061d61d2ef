"""first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = None


def upgrade() -> None:
    op.create_table('ad_spend',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('day_on', sa.Integer(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('campaign', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('clicks', sa.Integer(), nullable=True),
    sa.Column('impressions', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', 'day_on', 'channel', 'source', 'campaign', 'currency', name=op.f('pk_ad_spend'))
    )
    op.create_table('apart',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('other_kind', sa.Text(), nullable=False),
    sa.Column('other_key', sa.Text(), nullable=False),
    sa.Column('since_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'kind', 'key', 'other_kind', 'other_key', name=op.f('pk_apart'))
    )
    op.create_table('api_tokens',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('token_id', sa.Text(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('scopes', sa.JSON(), nullable=False),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=True),
    sa.Column('used_at', sa.BigInteger(), nullable=True),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', 'token_id', name=op.f('pk_api_tokens'))
    )
    op.create_table('audit',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('entry_id', sa.BigInteger(), nullable=False),
    sa.Column('logged_at', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('who', sa.Text(), nullable=False),
    sa.Column('about', sa.Text(), nullable=False),
    sa.Column('changed', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'entry_id', name=op.f('pk_audit'))
    )
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_shop_id_kind_entry_id'), ['shop_id', 'kind', 'entry_id'], unique=False)

    op.create_table('carts',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('began_at', sa.BigInteger(), nullable=False),
    sa.Column('touched_at', sa.BigInteger(), nullable=False),
    sa.Column('step', sa.Text(), nullable=False),
    sa.Column('pieces', sa.Integer(), nullable=False),
    sa.Column('value_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=True),
    sa.Column('products', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'subject_id', 'number', 'position', name=op.f('pk_carts'))
    )
    with op.batch_alter_table('carts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_carts_shop_id_state_touched_at'), ['shop_id', 'state', 'touched_at'], unique=False)

    op.create_table('checkpoints',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=False),
    sa.Column('position_at', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.LargeBinary(), nullable=False),
    sa.Column('is_base', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'subject_id', 'position_at', name=op.f('pk_checkpoints'))
    )
    op.create_table('counters',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('generation', sa.SmallInteger(), nullable=False),
    sa.Column('family', sa.Text(), nullable=False),
    sa.Column('filter', sa.Text(), nullable=False),
    sa.Column('day_on', sa.Integer(), nullable=False),
    sa.Column('amounts', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'generation', 'family', 'filter', 'day_on', name=op.f('pk_counters'))
    )
    op.create_table('customers',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=False),
    sa.Column('first_at', sa.BigInteger(), nullable=False),
    sa.Column('last_at', sa.BigInteger(), nullable=False),
    sa.Column('order_count', sa.Integer(), nullable=False),
    sa.Column('order_days', sa.Integer(), nullable=False),
    sa.Column('net_minor', sa.BigInteger(), nullable=False),
    sa.Column('square', sa.Double(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('booked', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'subject_id', name=op.f('pk_customers'))
    )
    with op.batch_alter_table('customers', schema=None) as batch_op:
        batch_op.create_index('ix_customers_facts', ['shop_id', 'last_at', 'order_days', 'net_minor', 'first_at', 'order_count', 'square'], unique=False)

    op.create_table('events',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('source', sa.SmallInteger(), nullable=False),
    sa.Column('event_id', sa.LargeBinary(), nullable=False),
    sa.Column('link_id', sa.BigInteger(), nullable=False),
    sa.Column('occurred_at', sa.BigInteger(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('tag', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', 'source', 'event_id', name=op.f('pk_events'))
    )
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_events_shop_id_link_id_occurred_at'), ['shop_id', 'link_id', 'occurred_at'], unique=False)

    op.create_table('intake',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('file', sa.Text(), nullable=False),
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'file', 'row', name=op.f('pk_intake'))
    )
    op.create_table('intake_marks',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('file', sa.Text(), nullable=False),
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'file', name=op.f('pk_intake_marks'))
    )
    op.create_table('invitations',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('invitation_id', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('invited_by', sa.Text(), nullable=False),
    sa.Column('invited_at', sa.BigInteger(), nullable=False),
    sa.Column('sends', sa.Integer(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.Column('accepted_at', sa.BigInteger(), nullable=True),
    sa.Column('withdrawn_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', 'invitation_id', name=op.f('pk_invitations'))
    )
    op.create_table('journeys',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('began_at', sa.BigInteger(), nullable=False),
    sa.Column('last_at', sa.BigInteger(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('stage', sa.SmallInteger(), nullable=False),
    sa.Column('highest', sa.SmallInteger(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=True),
    sa.Column('campaign', sa.Text(), nullable=True),
    sa.Column('order_key', sa.Text(), nullable=True),
    sa.Column('net_minor', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.Text(), nullable=True),
    sa.Column('counted', sa.Boolean(), nullable=False),
    sa.Column('began_on', sa.Integer(), nullable=False),
    sa.Column('device', sa.Text(), nullable=True),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('consent', sa.Text(), nullable=True),
    sa.Column('is_returning', sa.Boolean(), nullable=False),
    sa.Column('mask', sa.SmallInteger(), nullable=False),
    sa.Column('ordered', sa.Boolean(), nullable=False),
    sa.Column('touchpoints', sa.Integer(), nullable=False),
    sa.Column('net_own_minor', sa.BigInteger(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'subject_id', 'number', name=op.f('pk_journeys'))
    )
    with op.batch_alter_table('journeys', schema=None) as batch_op:
        batch_op.create_index('ix_journeys_facts', ['shop_id', 'began_on', 'counted', 'channel', 'device', 'country', 'consent', 'is_returning', 'campaign', 'mask', 'ordered', 'outcome', 'touchpoints', 'net_own_minor'], unique=False)
        batch_op.create_index(batch_op.f('ix_journeys_shop_id_last_at'), ['shop_id', 'last_at'], unique=False)

    op.create_table('leases',
    sa.Column('shop_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('token', sa.Text(), nullable=True),
    sa.Column('held_until_at', sa.BigInteger(), nullable=False),
    sa.Column('pending_at', sa.BigInteger(), nullable=True),
    sa.Column('due_at', sa.BigInteger(), nullable=True),
    sa.Column('asked_at', sa.BigInteger(), nullable=True),
    sa.Column('mail_due_at', sa.BigInteger(), nullable=True),
    sa.Column('look_at', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('next_id', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', name=op.f('pk_leases'))
    )
    op.create_table('link_log',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('entry_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('from_subject_id', sa.BigInteger(), nullable=True),
    sa.Column('subject_id', sa.BigInteger(), nullable=False),
    sa.Column('act', sa.Text(), nullable=False),
    sa.Column('evidence', sa.Text(), nullable=False),
    sa.Column('event_id', sa.Text(), nullable=True),
    sa.Column('logged_at', sa.BigInteger(), nullable=False),
    sa.Column('logged_by', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', 'entry_id', name=op.f('pk_link_log'))
    )
    with op.batch_alter_table('link_log', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_link_log_shop_id_subject_id'), ['shop_id', 'subject_id'], unique=False)

    op.create_table('links',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('link_id', sa.BigInteger(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=True),
    sa.Column('evidence', sa.Text(), nullable=True),
    sa.Column('linked_at', sa.BigInteger(), nullable=True),
    sa.Column('aliases', sa.SmallInteger(), nullable=False),
    sa.Column('since_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'kind', 'key', name=op.f('pk_links'))
    )
    with op.batch_alter_table('links', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_links_shop_id_link_id'), ['shop_id', 'link_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_links_shop_id_subject_id'), ['shop_id', 'subject_id'], unique=False)

    op.create_table('mails',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('mail_id', sa.Text(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('to', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('html', sa.Text(), nullable=True),
    sa.Column('unsubscribe', sa.Text(), nullable=True),
    sa.Column('once', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('due_at', sa.BigInteger(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('trying_since_at', sa.BigInteger(), nullable=True),
    sa.Column('sent_at', sa.BigInteger(), nullable=True),
    sa.Column('parked_at', sa.BigInteger(), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', 'mail_id', name=op.f('pk_mails')),
    sa.UniqueConstraint('shop_id', 'cause', name=op.f('uq_mails_shop_id_cause'))
    )
    with op.batch_alter_table('mails', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mails_shop_id_due_at'), ['shop_id', 'due_at'], unique=False)

    op.create_table('memberships',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('weekly_since_at', sa.BigInteger(), nullable=True),
    sa.Column('alarms', sa.Boolean(), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', 'user_id', name=op.f('pk_memberships'))
    )
    op.create_table('notes',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('written_at', sa.BigInteger(), nullable=False),
    sa.Column('written_by', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'place', name=op.f('pk_notes'))
    )
    op.create_table('order_list',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('order_key', sa.Text(), nullable=False),
    sa.Column('placed_at', sa.BigInteger(), nullable=False),
    sa.Column('placed_on', sa.Integer(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('value_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_minor', sa.BigInteger(), nullable=True),
    sa.Column('shipping_minor', sa.BigInteger(), nullable=True),
    sa.Column('total_minor', sa.BigInteger(), nullable=True),
    sa.Column('payment', sa.Text(), nullable=True),
    sa.Column('via', sa.Text(), nullable=True),
    sa.Column('listed_at', sa.BigInteger(), nullable=False),
    sa.Column('erased', sa.Boolean(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', 'order_key', name=op.f('pk_order_list'))
    )
    with op.batch_alter_table('order_list', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_order_list_shop_id_placed_on'), ['shop_id', 'placed_on'], unique=False)

    op.create_table('orders',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('order_key', sa.Text(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('placed_at', sa.BigInteger(), nullable=False),
    sa.Column('counted_at', sa.BigInteger(), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('total_minor', sa.BigInteger(), nullable=False),
    sa.Column('net_minor', sa.BigInteger(), nullable=False),
    sa.Column('net_own_minor', sa.BigInteger(), nullable=True),
    sa.Column('cancelled_at', sa.BigInteger(), nullable=True),
    sa.Column('paid_at', sa.BigInteger(), nullable=True),
    sa.Column('payment', sa.Text(), nullable=True),
    sa.Column('via', sa.Text(), nullable=True),
    sa.Column('coupon', sa.Text(), nullable=True),
    sa.Column('rate', sa.Text(), nullable=True),
    sa.Column('channel', sa.Text(), nullable=True),
    sa.Column('device', sa.Text(), nullable=True),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('is_returning', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'order_key', name=op.f('pk_orders'))
    )
    with op.batch_alter_table('orders', schema=None) as batch_op:
        batch_op.create_index('ix_orders_facts', ['shop_id', 'subject_id', 'counted_at', 'cancelled_at', 'net_own_minor'], unique=False)
        batch_op.create_index('ix_orders_placed', ['shop_id', 'placed_at', 'counted_at', 'cancelled_at', 'subject_id', 'channel', 'device', 'country', 'is_returning'], unique=False)

    op.create_table('outcomes',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('day_on', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'day_on', 'kind', 'reason', name=op.f('pk_outcomes'))
    )
    op.create_table('products',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('product_key', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('category', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', 'product_key', name=op.f('pk_products'))
    )
    op.create_table('ringing',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('alarm', sa.Text(), nullable=False),
    sa.Column('since_on', sa.Integer(), nullable=False),
    sa.Column('told_at', sa.BigInteger(), nullable=False),
    sa.Column('is_over', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'alarm', name=op.f('pk_ringing'))
    )
    op.create_table('salts',
    sa.Column('day_on', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('salt', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('day_on', name=op.f('pk_salts'))
    )
    op.create_table('shops',
    sa.Column('shop_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('site_key', sa.Text(), nullable=False),
    sa.Column('secret', sa.Text(), nullable=False),
    sa.Column('previous_secret', sa.Text(), nullable=True),
    sa.Column('rotated_at', sa.BigInteger(), nullable=True),
    sa.Column('hosts', sa.JSON(), nullable=False),
    sa.Column('settings', sa.JSON(), nullable=False),
    sa.Column('generation', sa.SmallInteger(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('counted_by', sa.SmallInteger(), nullable=False),
    sa.Column('building', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', name=op.f('pk_shops')),
    sa.UniqueConstraint('site_key', name=op.f('uq_shops_site_key'))
    )
    op.create_table('subjects',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.LargeBinary(), nullable=False),
    sa.Column('due_at', sa.BigInteger(), nullable=True),
    sa.Column('set_aside', sa.Text(), nullable=True),
    sa.Column('generation', sa.SmallInteger(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'subject_id', name=op.f('pk_subjects'))
    )
    with op.batch_alter_table('subjects', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subjects_shop_id_due_at'), ['shop_id', 'due_at'], unique=False)

    op.create_table('tasks',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('args', sa.JSON(), nullable=False),
    sa.Column('asked_at', sa.BigInteger(), nullable=False),
    sa.Column('asked_by', sa.Text(), nullable=False),
    sa.Column('progress', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('ended_at', sa.BigInteger(), nullable=True),
    sa.Column('outcome', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('error', sa.JSON(none_as_null=True), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', 'task_id', name=op.f('pk_tasks'))
    )
    with op.batch_alter_table('tasks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_tasks_shop_id_ended_at'), ['shop_id', 'ended_at'], unique=False)

    op.create_table('tombstones',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('erased_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'hash', name=op.f('pk_tombstones'))
    )
    op.create_table('unreadable',
    sa.Column('shop_id', sa.Integer(), nullable=False),
    sa.Column('file', sa.Text(), nullable=False),
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'file', 'row', name=op.f('pk_unreadable'))
    )
    op.create_table('users',
    sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('locale', sa.Text(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('totp_secret', sa.Text(), nullable=True),
    sa.Column('totp_step', sa.BigInteger(), nullable=True),
    sa.Column('recovery_codes', sa.JSON(none_as_null=True), nullable=True),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_users')),
    sa.UniqueConstraint('email', name=op.f('uq_users_email'))
    )
