"""What stands beside a person's timeline: orders, what they agreed to and when, and how we came to know who they are.

Each function answers the rows of one table of the report `person`; all are read by index and bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlalchemy import Row as DbRow

from tracker.events.types import Consent
from tracker.journey.state import Order, load_journey
from tracker.pipeline.codec import read_body, read_bytes
from tracker.reports.table import N_, Column, Money, Row, Unit
from tracker.tables import apart, events, journeys, link_log, orders

MOST = 500  # rows of one table
MOST_EVENTS = 5_000  # the latest, in which what was agreed to is looked for

ORDER_COLUMNS = (
    Column("order_key", Unit.TEXT, N_("Order"), N_("The order's number in the shop.")),
    Column("placed_at", Unit.INSTANT, N_("Placed"), N_("When it was placed, in the shop's time zone.")),
    Column("state", Unit.TEXT, N_("State"), N_("The platform's word for how far it is; cancelled once it is.")),
    Column("total", Unit.MONEY, N_("Total"), N_("What the buyer paid or is to pay, all in.")),
    Column("refunded", Unit.MONEY, N_("Refunded"), N_("What refunds took of its revenue.")),
    Column("net", Unit.MONEY, N_("Net revenue"), N_("After discounts and refunds, without VAT and shipping.")),
    Column("refunds", Unit.COUNT, N_("Refunds"), N_("How many refunds there were.")),
    Column("returns", Unit.COUNT, N_("Returns"), N_("How many returns were asked for.")),
    Column("parcels", Unit.COUNT, N_("Parcels"), N_("Parcels that were shipped.")),
    Column("delivered", Unit.COUNT, N_("Delivered"), N_("Of these, parcels that were delivered.")),
    Column("payment", Unit.TEXT, N_("Payment"), N_("How it was paid, in the platform's word."), "payment"),
    Column("via", Unit.TEXT, N_("Way in"), N_("How the order came in, in the platform's word."), "way_in"),
    Column("coupon", Unit.TEXT, N_("Coupon"), N_("The coupon's code.")),
)

CONSENT_COLUMNS = (
    Column("occurred_at", Unit.INSTANT, N_("When"), N_("When it happened, in the shop's time zone.")),
    Column(
        "what",
        Unit.TEXT,
        N_("What"),
        N_("What the person said, or from which event on a browser came with another level of consent."),
        vocabulary="consent_step",
    ),
    Column("level", Unit.TEXT, N_("Consent"), N_("What may be kept of the browser from then on."), vocabulary="level"),
    Column("before", Unit.TEXT, N_("Before"), N_("What might be kept until then."), vocabulary="level"),
    Column("method", Unit.TEXT, N_("How"), N_("By which means: banner, popup, checkout, link in a mail.")),
    Column("list", Unit.TEXT, N_("List"), N_("Which mailing list.")),
    Column("text_version", Unit.TEXT, N_("Text"), N_("Which wording stood beside it: the proof of a permission.")),
    Column("source", Unit.TEXT, N_("Told by"), N_("The visitor's browser, or the shop's own server."), vocabulary="source"),
)

LOG_COLUMNS = (
    Column("logged_at", Unit.INSTANT, N_("When"), N_("When it was decided.")),
    Column("act", Unit.TEXT, N_("What was done"), N_("Tied, brought over, set apart, or undone."), vocabulary="link_act"),
    Column("kind", Unit.TEXT, N_("Known by"), N_("What the events came in under."), vocabulary="link_kind"),
    Column("key", Unit.TEXT, N_("Key"), N_("The key itself; e-mail addresses are kept as a keyed hash only.")),
    Column("evidence", Unit.TEXT, N_("Because of"), N_("What showed that this key is the same person."), vocabulary="evidence"),
    Column("from", Unit.TEXT, N_("From person"), N_("Whose the key was before.")),
    Column("to", Unit.TEXT, N_("To person"), N_("Whose it became.")),
    Column("by", Unit.TEXT, N_("By"), N_("Who undid it.")),
)

APART_COLUMNS = (
    Column("kind", Unit.TEXT, N_("Known by"), N_("What the events came in under."), vocabulary="link_kind"),
    Column("key", Unit.TEXT, N_("Key"), N_("A key of this person.")),
    Column("other_kind", Unit.TEXT, N_("Never the same as"), N_("A kind of key of somebody else."), vocabulary="link_kind"),
    Column("other_key", Unit.TEXT, N_("Other key"), N_("The key with which it is never tied to one person again.")),
    Column("since_at", Unit.INSTANT, N_("Since"), N_("When that was decided.")),
)

_SAID = ("consent_update", "newsletter_subscribe", "newsletter_unsubscribe", "email_complained", "email_bounced")


def order_rows(db: Connection, shop_id: int, subject_id: int) -> list[Row]:
    """The latest first; refunds and parcels stand in the journeys."""
    of_person = (orders.c.shop_id == shop_id, orders.c.subject_id == subject_id)
    found = db.execute(select(orders).where(*of_person).order_by(orders.c.placed_at.desc()).limit(MOST)).all()
    j = journeys.c
    numbers = {row.number for row in found}
    bodies = db.execute(select(j.body).where(j.shop_id == shop_id, j.subject_id == subject_id, j.number.in_(numbers)))
    told = {order.key: order for (body,) in bodies for order in load_journey(read_bytes(body)).orders()}
    return [_order_row(row, told.get(row.order_key)) for row in found]


def _order_row(row: DbRow[Any], order: Order | None) -> Row:
    parcels = list(order.parcels.values()) if order else []
    return {
        "order_key": row.order_key,
        "placed_at": row.placed_at,
        "state": row.state,
        "total": Money(row.total_minor, row.currency),
        "refunded": Money(order.refunded, row.currency) if order and order.refunds else None,
        "net": Money(row.net_minor, row.currency),
        "refunds": len(order.refunds) if order else 0,
        "returns": len(order.returns) if order else 0,
        "parcels": sum(1 for shipped, _ in parcels if shipped),
        "delivered": sum(1 for _, delivered in parcels if delivered),
        "payment": row.payment,
        "via": row.via,
        "coupon": row.coupon,
    }


def consent_rows(db: Connection, shop_id: int, link_ids: Sequence[int]) -> list[Row]:
    """The latest first: what was said, and where a browser's events came with another level than those before."""
    of_person = (events.c.shop_id == shop_id, events.c.link_id.in_(link_ids))
    newest = (events.c.occurred_at.desc(), events.c.source.desc(), events.c.event_id.desc())
    found = db.execute(select(events).where(*of_person).order_by(*newest).limit(MOST_EVENTS)).all()
    return list(_consents(reversed(found)))[::-1][:MOST]


def _consents(found: Iterator[DbRow[Any]]) -> Iterator[Row]:
    levels: dict[int, str] = {}  # link -> the level that its events had last
    for row in found:
        body = read_body(row.body)
        data: Mapping[str, Any] = body.get("data") or {}
        before = levels.get(row.link_id)
        level = Consent(body.get("consent", Consent.STATISTICS)).name.lower() if not row.source else before
        if body["type"] == "consent_update":
            level, before = data.get("level", level), data.get("previous_level") or before
        if level:
            levels[row.link_id] = level
        if body["type"] in _SAID:
            is_level = body["type"] == "consent_update"
            yield _consent_row(row, body["type"], level if is_level else None, before if is_level else None, data)
        elif level and level != before:
            yield _consent_row(row, "level" if before else "first", level, before, {})


def _consent_row(row: DbRow[Any], what: str, level: str | None, before: str | None, data: Mapping[str, Any]) -> Row:
    return {
        "occurred_at": row.occurred_at,
        "what": what,
        "level": level,
        "before": before,
        "method": data.get("method") or data.get("bounce"),
        "list": data.get("list"),
        "text_version": data.get("text_version"),
        "source": "server" if row.source else "browser",
    }


def log_rows(db: Connection, shop_id: int, subject_id: int) -> list[Row]:
    """The latest first, what was taken away from this person among it."""
    c = link_log.c
    whose = or_(c.subject_id == subject_id, c.from_subject_id == subject_id)
    found = db.execute(select(link_log).where(c.shop_id == shop_id, whose).order_by(c.entry_id.desc()).limit(MOST))
    return [
        {
            "logged_at": row.logged_at,
            "act": row.act,
            "kind": row.kind,
            "key": row.key,
            "evidence": row.evidence if not row.logged_by else None,
            "from": str(row.from_subject_id) if row.from_subject_id is not None else None,
            "to": str(row.subject_id),
            "by": row.logged_by,
        }
        for row in found
    ]


def apart_rows(db: Connection, shop_id: int, keys: Sequence[tuple[str, str]]) -> list[Row]:
    """Pairs of keys that are never tied again, of which one is this person's, which is told first."""
    c, own = apart.c, set(keys)
    names = {key for _, key in keys}
    asked = select(apart).where(c.shop_id == shop_id, or_(c.key.in_(names), c.other_key.in_(names))).order_by(c.since_at.desc())
    rows: list[Row] = []
    for row in db.execute(asked.limit(MOST)):
        one, other = (row.kind, row.key), (row.other_kind, row.other_key)
        if other in own and one not in own:
            one, other = other, one
        if one in own:
            rows.append(
                {"kind": one[0], "key": one[1], "other_kind": other[0], "other_key": other[1], "since_at": row.since_at}
            )
    return rows
