"""Past events, NDJSON in the wire format: one event a line, as if the shop's server sent it.

A line may say `"source": "browser"`: then it is a browser's event, of any age, with its visitor_key, consent and page; what
the request would have told stands in `user_agent` and `country`.  Without an `event_id` the line's digest is its id, so that
the same line is the same event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from tracker.collect.receive import Facts
from tracker.errors import RefusedReason
from tracker.events.types import Source
from tracker.imports.columns import Column
from tracker.imports.kinds import NO_REQUEST, Told, Wire
from tracker.imports.lines import Entry, refusal
from tracker.imports.values import digest
from tracker.shops import Shop
from tracker.texts import N_

COLUMNS: Sequence[Column] = ()
NEEDED: Sequence[Sequence[str]] = ()
KEY: str | None = None
EXAMPLE = "events.ndjson"


def tell(entry: Entry, shop: Shop) -> list[Told]:
    item = entry.given
    source = item.pop("source", "server")
    if source not in ("server", "browser"):
        raise refusal(RefusedReason.INVALID, N_("is neither server nor browser"), "source")
    if item.get("occurred_at") in (None, ""):
        raise refusal(RefusedReason.INVALID, N_("is missing: an imported event must say when it happened"), "occurred_at")
    if item.get("event_id") in (None, ""):
        item["event_id"] = f"import:{digest(entry.texts[0][1].strip())}"
    # When it was sent says nothing about the clock of the past, and would move the event to today.
    item.pop("sent_at", None)
    if source == "server":
        return [Told(item)]
    return [Told(item, Source.BROWSER, _request(item))]


def _request(item: Wire) -> Facts:
    """What the browser's request had told, taken off the event."""
    agent, country = item.pop("user_agent", None) or "", item.pop("country", None) or ""
    if not isinstance(agent, str):
        raise refusal(RefusedReason.INVALID, N_("is no text"), "user_agent")
    if not isinstance(country, str) or (country and not (len(country) == 2 and country.isascii() and country.isalpha())):
        raise refusal(RefusedReason.INVALID, N_("is no country of two letters"), "country")
    return _facts(agent, country.upper() or None)


@lru_cache(maxsize=4096)
def _facts(agent: str, country: str | None) -> Facts:
    return replace(NO_REQUEST, user_agent=agent, country=country)
