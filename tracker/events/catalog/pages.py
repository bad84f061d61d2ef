"""Pages: seen, read, searched; and what somebody counts that has no name of its own."""

from __future__ import annotations

from marshmallow import Schema

from tracker.events import fields as f
from tracker.events.catalog.kinds import EventType


class PageView(EventType):
    """A page was shown, at load or by navigation within a single-page shop; `page` says which."""

    ga4 = True
    example = {
        "page": {
            "url": "https://shop.example/kjoler/vilma?utm_source=instagram&utm_medium=paid_social&utm_campaign=sommer",
            "title": "Sommerkjole Vilma",
            "referrer": "https://l.instagram.com/",
            "kind": "product",
        }
    }


class Custom(EventType):
    """Anything a shop wants to count that has no type here; an unknown type is kept as this, under its own name."""

    open_data = True
    example = {"data": {"name": "store_locator_opened", "city": "Aarhus", "results": 3}}

    class fields(Schema):
        name = f.Key("what happened", longest=64, required=True)
