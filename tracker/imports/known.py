"""What the shop's tables know already of what a file tells."""

from __future__ import annotations

from sqlalchemy import Connection, select

from tracker import tables as t
from tracker.pipeline.codec import read_body
from tracker.pipeline.identity import ORDER


def has_refund(db: Connection, shop_id: int, order_key: str) -> bool:
    """Whether a refund of the order has been told, even if the order has not: its events lie under the order's link."""
    link = select(t.links.c.link_id).where(t.links.c.shop_id == shop_id, t.links.c.kind == ORDER, t.links.c.key == order_key)
    query = select(t.events.c.body).where(t.events.c.shop_id == shop_id, t.events.c.link_id.in_(link.scalar_subquery()))
    return any(read_body(body)["type"] == "refund" for body in db.execute(query).scalars())
