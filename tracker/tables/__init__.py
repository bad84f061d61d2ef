"""What is kept; declarations only.

`shop_id` leads every primary key, unique key and index, so that the same tables can be distributed by it (docs/adr/0005).
Ids are made by the application: within a shop they are small numbers handed out by the worker that holds the shop's lease.
Columns `_at` hold instants (int milliseconds UTC), `_on` hold days as YYYYMMDD, `_minor` money in the smallest unit.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                       "pk": "pk_%(table_name)s"}
)  # fmt: skip

# --- small tables, the same on every machine ("reference tables" on Citus)

shops = Table(
    "shops",
    metadata,
    Column("shop_id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("site_key", Text, nullable=False),  # public, in the snippet's tag
    Column("secret", Text, nullable=False),  # signs server events
    Column("previous_secret", Text),  # still accepted during a rotation
    Column("rotated_at", BigInteger),
    Column("hosts", JSON, nullable=False),  # the shop's own host names; browser events come from these alone
    Column("settings", JSON, nullable=False),  # ShopSettings, see tracker/shops.py
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("site_key"),
)

users = Table(
    "users",
    metadata,
    Column("user_id", Integer, primary_key=True, autoincrement=False),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("locale", Text),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("email"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("user_id", Integer, nullable=False),
    Column("role", Text, nullable=False),  # owner, marketer, analyst
    PrimaryKeyConstraint("shop_id", "user_id"),
)

salts = Table(  # of anonymous session hashes; rows older than 48 hours are deleted, and with them the way back
    "salts",
    metadata,
    Column("day_on", Integer, primary_key=True, autoincrement=False),
    Column("salt", Text, nullable=False),
)

# --- tables distributed by shop_id

leases = Table(
    "leases",
    metadata,
    Column("shop_id", Integer, primary_key=True, autoincrement=False),
    Column("token", Text),  # of the worker that holds the shop
    Column("held_until_at", BigInteger, nullable=False),
    Column("pending_at", BigInteger),  # something waits since then; null: idle
    Column("due_at", BigInteger),  # the earliest tick of a subject; null: none
    Column("next_id", BigInteger, nullable=False),  # the next link or subject id to hand out
)

intake = Table(  # on PostgreSQL only: what the collectors' files held, in order
    "intake",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("file", Text, nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("shop_id", "file", "row"),
)

intake_marks = Table(  # how far each intake file is worked in; makes working in twice change nothing
    "intake_marks",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("file", Text, nullable=False),
    Column("row", BigInteger, nullable=False),
    PrimaryKeyConstraint("shop_id", "file"),
)

links = Table(  # ties a visitor, customer key, e-mail or order to a person; person_id null: nobody knows yet, events wait
    "links",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # visitor, customer, email, order, anonymous
    Column("key", Text, nullable=False),  # e-mails: keyed hash
    Column("link_id", BigInteger, nullable=False),
    Column("subject_id", BigInteger),
    Column("evidence", Text),
    Column("linked_at", BigInteger),
    PrimaryKeyConstraint("shop_id", "kind", "key"),
    Index(None, "shop_id", "subject_id"),
    Index(None, "shop_id", "link_id"),
)

events = Table(
    "events",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("source", SmallInteger, nullable=False),  # 0 browser, 1 server
    Column("event_id", Text, nullable=False),
    Column("link_id", BigInteger, nullable=False),  # the key it came in under; links say whose that is
    Column("occurred_at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the rest, see pipeline/codec.py
    Column("tag", Text),  # JSON [stage, reason, params, journey number]; null while it waits for its subject
    PrimaryKeyConstraint("shop_id", "source", "event_id"),
    Index(None, "shop_id", "link_id", "occurred_at"),
)

subjects = Table(
    "subjects",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("state", LargeBinary, nullable=False),  # journey/state.py
    Column("due_at", BigInteger),  # when a tick changes it
    Column("set_aside", Text),  # the error of the pure core; its events wait in order for a replay
    PrimaryKeyConstraint("shop_id", "subject_id"),
    Index(None, "shop_id", "due_at"),
)

checkpoints = Table(  # a whole subject as it was; where a late event's refold starts
    "checkpoints",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("position_at", BigInteger, nullable=False),
    Column("state", LargeBinary, nullable=False),
    PrimaryKeyConstraint("shop_id", "subject_id", "position_at"),
)

journeys = Table(
    "journeys",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),  # within its subject, from 1
    Column("began_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),  # open, ordered, lapsed
    Column("stage", SmallInteger, nullable=False),  # current
    Column("highest", SmallInteger, nullable=False),
    Column("channel", Text),
    Column("campaign", Text),
    Column("order_key", Text),
    Column("net_minor", BigInteger),
    Column("currency", Text),
    Column("counted", Boolean, nullable=False),  # false: bots, and anonymous sessions whose visitor became known
    Column("body", LargeBinary, nullable=False),  # the whole journey, and what it has booked
    PrimaryKeyConstraint("shop_id", "subject_id", "number"),
    Index(None, "shop_id", "last_at"),
)

orders = Table(  # the orders of the journeys, by the platform's key
    "orders",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("order_key", Text, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),  # of the journey
    Column("placed_at", BigInteger, nullable=False),
    Column("counted_at", BigInteger),
    Column("state", Text, nullable=False),  # the platform's word; cancelled once it is
    Column("currency", Text, nullable=False),
    Column("total_minor", BigInteger, nullable=False),  # what the buyer pays, all in
    Column("net_minor", BigInteger, nullable=False),
    PrimaryKeyConstraint("shop_id", "order_key"),
    Index(None, "shop_id", "subject_id"),
    Index(None, "shop_id", "placed_at"),
)

unreadable = Table(  # intake rows that this release cannot read, kept as they came
    "unreadable",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("file", Text, nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("shop_id", "file", "row"),
)

counters = Table(  # sums of booked contributions; what is counted for a filter on a day is one row: pipeline/counters.py
    "counters",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("generation", SmallInteger, nullable=False),
    Column("filter", Text, nullable=False),  # '' for the total, else 'channel=paid_social', 'device=mobile', …
    Column("day_on", Integer, nullable=False),  # the shop's day on which the journey began
    Column("amounts", LargeBinary, nullable=False),  # {name: amount}, the names of journey/contribution.py
    PrimaryKeyConstraint("shop_id", "generation", "filter", "day_on"),
)

outcomes = Table(  # what was refused, dropped, failed, ignored or only counted: a reason from a closed list, a day, a count
    "outcomes",
    metadata,
    Column("shop_id", Integer, nullable=False),  # 0: the key named no shop
    Column("day_on", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # accepted, refused, dropped, failed, ignored_field, counted_only
    Column("reason", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("shop_id", "day_on", "kind", "reason"),
)
