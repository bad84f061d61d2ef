"""Pages: seen, read, searched; and what a shop counts that has no name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from tracker.events import fields as f
from tracker.events.catalog.kinds import EventType

_DRESS_PAGE: Mapping[str, Any] = {
    "url": "https://shop.example/kjoler/vilma?utm_source=instagram&utm_medium=paid_social&utm_campaign=sommer",
    "title": "Sommerkjole Vilma",
    "referrer": "https://l.instagram.com/",
    "kind": "product",
}


class PageView(EventType):
    """A page was shown, at load or by navigation within a single-page shop; `page` says which."""

    ga4 = True
    example = {"page": _DRESS_PAGE}


class PageEngaged(EventType):
    """A page was left; how long it was visible and how far it was scrolled."""

    example = {"page": _DRESS_PAGE, "data": {"visible_seconds": 41.5, "scroll_share": 0.8}}

    class fields(Schema):
        visible_seconds = f.Number("while the page was in sight", unit="seconds", lowest=0, highest=86_400, required=True)
        scroll_share = f.Number("the deepest point seen, as a share of the page's height", unit="0…1", lowest=0, highest=1)


class PageTwice(EventType):
    """The snippet is on this page twice; the second one does nothing but say so.  Only counted, for data health."""

    only_counted = True
    example = {"page": _DRESS_PAGE}


class Search(EventType):
    """The shop was searched."""

    ga4 = True
    example = {"data": {"search_term": "blå sommerkjole", "results_count": 14}}

    class fields(Schema):
        search_term = f.Text("the words as typed", required=True)
        results_count = f.Whole("how many products were found; 0 tells what the shop lacks", unit="products")


class Custom(EventType):
    """Anything a shop wants to count that has no type here; an unknown type is kept as this, under its own name."""

    open_data = True
    example = {"data": {"name": "store_locator_opened", "city": "Aarhus", "filters": {"parking": True}, "results": 3}}

    class fields(Schema):
        name = f.Key("what happened", longest=64, required=True)
