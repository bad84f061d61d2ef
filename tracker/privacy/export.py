"""Everything that is kept of one person, as JSON: what they may ask for.

In:  a subject's number.
Out: {"person", "links", "events", "journeys", "orders", "carts", "customer", "link_log"}; every table that holds something of a
     person is here, and a test walks the tables to see that none was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from tracker import tables as t
from tracker.clock import Instant, isoformat
from tracker.journey.state import Tag
from tracker.pipeline.codec import read_body
from tracker.pipeline.frames import frames_of
from tracker.pipeline.identity import MEMBER
from tracker.pipeline.load import chunks, links_of
from tracker.shops import Shop

# table -> the key under which its rows are handed out; tables of the shop itself hold nothing of a person
OF_PERSON: dict[Table, str] = {
    t.links: "links",
    t.link_log: "link_log",
    t.journeys: "journeys",
    t.orders: "orders",
    t.carts: "carts",
    t.customers: "customer",
    t.subjects: "state",
}


def export(db: Connection, shop: Shop, subject_id: int, now: Instant) -> dict[str, Any]:
    """The person's data.  Instants in ISO 8601, money in minor units as kept."""
    told: dict[str, Any] = {"shop": shop.name, "person": subject_id, "exported_at": isoformat(now)}
    for table, name in OF_PERSON.items():
        where = [table.c.shop_id == shop.shop_id, table.c.subject_id == subject_id]
        if table is t.links:
            where.append(table.c.kind != MEMBER)
        told[name] = [_row(row) for row in db.execute(select(table).where(*where))]
    told["events"] = list(_events(db, shop, subject_id))
    return told


def _events(db: Connection, shop: Shop, subject_id: int) -> Iterator[dict[str, Any]]:
    c = t.events.c
    links = links_of(db, frames_of(shop).current, subject_id)
    for some in chunks(links):
        query = select(t.events).where(c.shop_id == shop.shop_id, c.link_id.in_(some)).order_by(c.occurred_at)
        for row in db.execute(query):
            told = read_body(row.body)
            tag = Tag.load(row.tag) if row.tag else None
            told |= {"event_id": row.event_id, "occurred_at": isoformat(row.occurred_at)}
            told |= {"stage": tag and tag.stage, "reason": tag and tag.reason, "reason_params": tag and tag.params}
            yield told | {"journey": tag and tag.journey}


def _row(row: Row[Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for key, value in row._mapping.items():
        name = str(key)  # a quoted name is no plain text to orjson
        if name in ("body", "booked") or (name == "state" and isinstance(value, bytes)):
            told[name] = read_body(value)
        elif name.endswith("_at") and isinstance(value, int):
            told[name] = isoformat(value)
        elif name != "shop_id":
            told[name] = value
    return told
