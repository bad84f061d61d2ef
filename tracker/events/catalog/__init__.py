"""Every event type.  To add one: a class in the module of its like, and its line here; then `make contract`.

The class's docstring, fields and example are its documentation (docs/wire-format.md) and its test (tests/contract/events.json),
both made by `python -m tracker.events.contract`.
"""

from __future__ import annotations

from tracker.events.catalog.kinds import EventType, Item
from tracker.events.catalog.orders import Purchase
from tracker.events.catalog.pages import Custom, PageView

__all__ = ["CATALOG", "EventType", "Item"]

CATALOG: dict[str, type[EventType]] = {
    "page_view": PageView,
    "purchase": Purchase,
    "custom": Custom,
}
