"""Pages: seen, read, searched; and what a shop counts that has no name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from tracker.events import fields as f
from tracker.events.catalog.kinds import SHOP_ONLY, EventType
from tracker.events.types import Event

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


class CrawlerVisit(EventType):
    """A crawler or another machine fetched a page.  They run no JavaScript, so only the shop's server sees them.  `page` and
    `user_agent`, the header as it came, are required.  A `user_agent` that names no machine is refused: it may be a person's,
    who has agreed to nothing.  Kept are the machine's name and the page without its query; it is nobody's journey and has no
    stage.
    """

    sent_by = SHOP_ONLY
    example = {
        "user_agent": "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "page": {"url": "https://shop.example/kjoler/vilma"},
    }

    @classmethod
    def problems(cls, event: Event) -> dict[str, str]:
        given = {"page": event.page, "user_agent": event.user_agent}
        return {name: "is missing" for name, value in given.items() if value is None}


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
