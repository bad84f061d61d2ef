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
    Double,
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

from tracker.tables.event_id import EventId

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
    Column("generation", SmallInteger, nullable=False, default=1),  # of the counters that reports read
    Column("version", Integer, nullable=False, default=0),  # rises with each change of the above; leases have it too
    Column("counted_by", SmallInteger, nullable=False, default=0),  # journey/contribution.py VERSION of that generation
    Column("building", JSON(none_as_null=True)),  # the generation being built beside it (tracker/shops.py); null: none
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
    Column("totp_secret", Text),  # encrypted (http/second_factor.py); null: no second factor
    Column("totp_step", BigInteger),  # the half minute of the last code taken: none is taken twice
    Column("recovery_codes", JSON(none_as_null=True)),  # hashes of those that are left
    UniqueConstraint("email"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("user_id", Integer, nullable=False),
    Column("role", Text, nullable=False),  # owner, marketer, analyst
    Column("weekly_since_at", BigInteger),  # wants the weekly mail since then; null: does not
    Column("alarms", Boolean),  # wants a mail when an alarm rings; null: as the role has it (subscriptions/choices.py)
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
    Column("asked_at", BigInteger),  # a task or a build waits since then; null: none
    Column("mail_due_at", BigInteger),  # when something is to be done with a mail of the shop's; null: nothing
    Column("look_at", BigInteger, nullable=False, default=0),  # when its members are next to be told something, if there is
    Column("version", Integer, nullable=False, default=0),  # of the shop's row: who holds an older one looks again
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

links = Table(  # ties a visitor, customer key, e-mail or order to a person; subject_id null: nobody knows yet, events wait
    "links",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # visitor, customer, email, order, anonymous; crawler: nobody's for good
    Column("key", Text, nullable=False),  # e-mails: keyed hash
    Column("link_id", BigInteger, nullable=False),
    Column("subject_id", BigInteger),
    Column("evidence", Text),
    Column("linked_at", BigInteger),
    Column("aliases", SmallInteger, nullable=False, default=0),  # of a shared browser: how many further links
    Column("since_at", BigInteger, nullable=False, default=0),  # of a further link: from when on
    PrimaryKeyConstraint("shop_id", "kind", "key"),
    Index(None, "shop_id", "subject_id"),
    Index(None, "shop_id", "link_id"),
)

link_log = Table(  # what was tied to whom because of what, and what was undone; each row one key
    "link_log",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("from_subject_id", BigInteger),  # whose it was before; null: nobody's
    Column("subject_id", BigInteger, nullable=False),  # whose it became
    Column("act", Text, nullable=False),  # tied, merged, split, undone, refused
    Column("evidence", Text, nullable=False),
    Column("event_id", Text),  # that showed it
    Column("logged_at", BigInteger, nullable=False),
    Column("logged_by", Text),  # the e-mail of who undid it; null: the worker
    PrimaryKeyConstraint("shop_id", "entry_id"),
    Index(None, "shop_id", "subject_id"),
)

apart = Table(  # "never these two": this key is not tied to somebody who has that one
    "apart",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("other_kind", Text, nullable=False),
    Column("other_key", Text, nullable=False),
    Column("since_at", BigInteger, nullable=False, default=0),
    PrimaryKeyConstraint("shop_id", "kind", "key", "other_kind", "other_key"),
)

tombstones = Table(  # keyed hashes of the keys of the erased; their late events are dropped
    "tombstones",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("erased_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("shop_id", "hash"),
)

events = Table(
    "events",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("source", SmallInteger, nullable=False),  # 0 browser, 1 server
    Column("event_id", EventId, nullable=False),
    Column("link_id", BigInteger, nullable=False),  # the key it came in under; links say whose that is
    Column("occurred_at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the rest, see pipeline/codec.py
    Column("tag", Text),  # journey/state.py: Tag; null while it waits for its subject, and of a crawler's visit
    PrimaryKeyConstraint("shop_id", "source", "event_id"),
    Index(None, "shop_id", "link_id", "occurred_at"),
)

subjects = Table(
    "subjects",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("state", LargeBinary, nullable=False),  # a body, see journey/state.py
    Column("due_at", BigInteger),  # when a tick changes it
    Column("set_aside", Text),  # the error of the pure core; its events wait in order for a replay
    Column("generation", SmallInteger, nullable=False, default=1),  # by whose settings it was folded
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
    Column("is_base", Boolean, nullable=False, default=False),  # its events have expired: a rebuild starts here
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
    # What reports with several filters at once read; the index holds all of it, so that they never touch the bodies.
    Column("began_on", Integer, nullable=False, default=0),
    Column("device", Text),
    Column("country", Text),
    Column("consent", Text),
    Column("is_returning", Boolean, nullable=False, default=False),  # began by a customer
    Column("mask", SmallInteger, nullable=False, default=0),  # the stages reached: stage n is bit n - 1
    Column("ordered", Boolean, nullable=False, default=False),
    Column("touchpoints", Integer, nullable=False, default=0),
    Column("net_own_minor", BigInteger, nullable=False, default=0),  # in the shop's currency
    Column("body", LargeBinary, nullable=False),  # the whole journey, and what it has booked
    PrimaryKeyConstraint("shop_id", "subject_id", "number"),
    Index(None, "shop_id", "last_at"),
    Index(
        "ix_journeys_facts",
        *("shop_id", "began_on", "counted", "channel", "device", "country", "consent", "is_returning", "campaign"),
        *("mask", "ordered", "outcome", "touchpoints", "net_own_minor"),
    ),
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
    Column("net_own_minor", BigInteger),  # in the shop's currency; null: its rate is unknown
    Column("cancelled_at", BigInteger),
    Column("paid_at", BigInteger),
    Column("payment", Text),
    Column("via", Text),  # how it came in: checkout, phone, pos …
    Column("coupon", Text),
    Column("rate", Text),  # what one unit of its currency is worth in the shop's; null: unknown
    # Of its journey, so that counting a filter's customers looks up no journeys.
    Column("channel", Text),
    Column("device", Text),
    Column("country", Text),
    Column("is_returning", Boolean, nullable=False, default=False),
    PrimaryKeyConstraint("shop_id", "order_key"),
    Index("ix_orders_facts", "shop_id", "subject_id", "counted_at", "cancelled_at", "net_own_minor"),
    Index(
        "ix_orders_placed",
        *("shop_id", "placed_at", "counted_at", "cancelled_at", "subject_id", "channel", "device", "country", "is_returning"),
    ),
)

carts = Table(  # of the journeys; which are filled now, and where the others ended
    "carts",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),  # of the journey
    Column("position", SmallInteger, nullable=False),  # among the journey's carts
    Column("state", Text, nullable=False),  # filled, emptied, ordered, expired
    Column("began_at", BigInteger, nullable=False),
    Column("touched_at", BigInteger, nullable=False),
    Column("step", Text, nullable=False),
    Column("pieces", Integer, nullable=False),
    Column("value_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("channel", Text),
    Column("products", JSON, nullable=False),
    PrimaryKeyConstraint("shop_id", "subject_id", "number", "position"),
    Index(None, "shop_id", "state", "touched_at"),
)

customers = Table(  # subjects with live orders; what depends on today (segments, risk, worth) is worked out from these
    "customers",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("order_count", Integer, nullable=False),
    Column("order_days", Integer, nullable=False),  # days on which they ordered
    Column("net_minor", BigInteger, nullable=False),  # in the shop's currency
    Column("square", Double, nullable=False),  # sum of the squares of what each of these days brought
    Column("channel", Text, nullable=False),  # that brought the first order
    Column("country", Text),
    Column("booked", LargeBinary, nullable=False),  # what the counters hold of it
    PrimaryKeyConstraint("shop_id", "subject_id"),
    Index("ix_customers_facts", "shop_id", "last_at", "order_days", "net_minor", "first_at", "order_count", "square"),
)

products = Table(  # what products are called
    "products",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("product_key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("category", Text),
    PrimaryKeyConstraint("shop_id", "product_key"),
)

ad_spend = Table(  # what advertising cost, as uploaded
    "ad_spend",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("day_on", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("campaign", Text, nullable=False),  # "" for all of the source
    Column("currency", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("clicks", Integer),
    Column("impressions", BigInteger),
    PrimaryKeyConstraint("shop_id", "day_on", "channel", "source", "campaign", "currency"),
)

order_list = Table(  # the shop's own list of orders, to compare with what was collected
    "order_list",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("order_key", Text, nullable=False),
    Column("placed_at", BigInteger, nullable=False),
    Column("placed_on", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("value_minor", BigInteger, nullable=False),
    Column("tax_minor", BigInteger),
    Column("shipping_minor", BigInteger),
    Column("total_minor", BigInteger),
    Column("payment", Text),
    Column("via", Text),
    Column("listed_at", BigInteger, nullable=False),
    Column("erased", Boolean, nullable=False, default=False),  # its buyer was, or is forgotten: it is not missing
    Column("body", LargeBinary),  # while it is missing: the events that fill it in
    PrimaryKeyConstraint("shop_id", "order_key"),
    Index(None, "shop_id", "placed_on"),
)

notes = Table(  # the owner's own words, such as in the journey map
    "notes",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("place", Text, nullable=False),  # "journey_map.5.pain"
    Column("text", Text, nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("written_by", Text, nullable=False),
    PrimaryKeyConstraint("shop_id", "place"),
)

tasks = Table(  # what somebody asked for that only the worker which holds the shop may do
    "tasks",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("task_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),  # of tracker/tasks.py
    Column("args", JSON, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("progress", JSON(none_as_null=True)),  # how far it is: {"done": n, "total": n, …}
    Column("ended_at", BigInteger),
    Column("outcome", JSON(none_as_null=True)),  # what it did, in numbers
    Column("error", JSON(none_as_null=True)),  # why it failed, as Sentence.dump() has it
    PrimaryKeyConstraint("shop_id", "task_id"),
    Index(None, "shop_id", "ended_at"),
)

mails = Table(  # owed and sent; those of accounts, which are no shop's, under shop 0
    "mails",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("mail_id", Text, nullable=False),  # random; part of the Message-ID
    Column("cause", Text, nullable=False),  # what it is sent because of; the same cause sends no second one
    Column("kind", Text, nullable=False),  # of templates/mail, or the kind of action that owes it
    Column("to", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text),  # null: its time is over
    Column("html", Text),
    Column("unsubscribe", Text),  # the address that ends such mails by one POST (RFC 8058); null: it is no list's
    Column("once", Boolean, nullable=False, default=False),  # what may have been sent before a crash is not sent again
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),  # when something is next to be done with the row
    Column("attempts", Integer, nullable=False, default=0),
    Column("trying_since_at", BigInteger),  # an attempt is under way, or was cut off
    Column("sent_at", BigInteger),
    Column("parked_at", BigInteger),  # we stopped trying
    Column("last_error", Text),
    PrimaryKeyConstraint("shop_id", "mail_id"),
    UniqueConstraint("shop_id", "cause"),
    Index(None, "shop_id", "due_at"),
)

ringing = Table(  # alarms of data health whose beginning was told by mail
    "ringing",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("alarm", Text, nullable=False),  # of reports/alarms.py
    Column("since_on", Integer, nullable=False),  # its first day
    Column("told_at", BigInteger, nullable=False),  # when somebody last got a mail about it
    Column("is_over", Boolean, nullable=False, default=False),  # and its end was told as well
    PrimaryKeyConstraint("shop_id", "alarm"),
)

invitations = Table(  # to become a member of the shop
    "invitations",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("invitation_id", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("invited_by", Text, nullable=False),
    Column("invited_at", BigInteger, nullable=False),
    Column("sends", Integer, nullable=False, default=1),  # the link of the last one is the valid one
    Column("expires_at", BigInteger, nullable=False),
    Column("accepted_at", BigInteger),
    Column("withdrawn_at", BigInteger),
    PrimaryKeyConstraint("shop_id", "invitation_id"),
)

api_tokens = Table(  # for programs, instead of a login
    "api_tokens",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("token_id", Text, nullable=False),  # part of the token, and shown
    Column("hash", Text, nullable=False),  # SHA-256 of the whole token, which nobody keeps
    Column("name", Text, nullable=False),
    Column("scopes", JSON, nullable=False),  # rights of http/roles.py
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),  # null: never
    Column("used_at", BigInteger),  # to the minute
    Column("revoked_at", BigInteger),
    PrimaryKeyConstraint("shop_id", "token_id"),
)

audit = Table(  # who changed what; what concerns an account stands under each of its shops, or under 0
    "audit",
    metadata,
    Column("shop_id", Integer, nullable=False),
    Column("entry_id", BigInteger, nullable=False),  # rises with time, see tracker/audit.py
    Column("logged_at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),  # of tracker/audit.py KINDS
    Column("who", Text, nullable=False),  # an e-mail address, or the name of a token
    Column("about", Text, nullable=False),  # whom or what it concerns
    Column("changed", JSON, nullable=False),  # {name: value}, or {name: [before, after]}; no secrets
    PrimaryKeyConstraint("shop_id", "entry_id"),
    Index(None, "shop_id", "kind", "entry_id"),
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
    Column("generation", SmallInteger, nullable=False),  # 0: the residue of the erased, which is part of every generation
    Column("family", Text, nullable=False),  # of journey/contribution.py
    Column("filter", Text, nullable=False),  # '' for the total, else 'channel=paid_social', 'device=mobile', …
    Column("day_on", Integer, nullable=False),  # the shop's day, YYYYMMDD; YYYYMM00 for a whole month
    Column("amounts", LargeBinary, nullable=False),  # {name: amount}
    PrimaryKeyConstraint("shop_id", "generation", "family", "filter", "day_on"),
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
