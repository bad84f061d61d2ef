"""What products are called, as events tell it; reports show the name where counters have the key."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select

from tracker import tables as t
from tracker.events.types import Event
from tracker.pipeline.upsert import upsert

_TELLING = frozenset({"view_item", "add_to_cart", "purchase"})
_MOST_REMEMBERED = 50_000
_written: dict[tuple[int, str], tuple[str, str | None]] = {}  # what this process has written; others may write the same
_KNOWN = select(t.products.c.product_key, t.products.c.name, t.products.c.category).where(
    t.products.c.shop_id == bindparam("of_shop"), t.products.c.product_key.in_(bindparam("names", expanding=True))
)


def save_names(db: Connection, shop_id: int, events: Iterable[Event]) -> None:
    """The latest name of each product that the events tell of and that was called otherwise before."""
    told: dict[str, tuple[str, str | None]] = {}
    for event in events:
        if event.type in _TELLING and event.bot is None:
            for item in event.data.get("items") or ():
                key = item.get("item_group_id") or item.get("item_id") or item.get("item_name")
                if key and item.get("item_name"):
                    told[str(key)] = (item["item_name"], item.get("item_category"))
    new = {key: named for key, named in told.items() if _written.get((shop_id, key)) != named}
    if not new:
        return
    keys = sorted(new)
    known = {}
    for i in range(0, len(keys), 500):
        for row in db.execute(_KNOWN, {"of_shop": shop_id, "names": keys[i : i + 500]}):
            known[row.product_key] = (row.name, row.category)
    rows = [
        {"shop_id": shop_id, "product_key": key, "name": name, "category": category}
        for key, (name, category) in sorted(new.items())
        if known.get(key) != (name, category)
    ]
    upsert(db, t.products, rows)
    if len(_written) > _MOST_REMEMBERED:
        _written.clear()
    _written.update({(shop_id, key): named for key, named in new.items()})
