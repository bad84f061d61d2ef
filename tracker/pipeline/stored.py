"""An event as it lies in its table, and as the core sees it.

The row keeps what the event says less what its columns and its link say already; of the user agent only the kind of device.
E-mails are not kept here: links hold a keyed hash.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from tracker import enrich
from tracker.events import codec
from tracker.events.types import Event, Source
from tracker.journey.state import Act
from tracker.pipeline.codec import read_body, write_body
from tracker.pipeline.keep import SOURCE_CODE
from tracker.shops import Shop

_SOURCE_OF = {code: source for source, code in SOURCE_CODE.items()}
_IN_COLUMNS = ("event_id", "occurred_at", "received_at", "source", "email", "user_agent", "visitor_key", "anonymous_key")


def act_of(event: Event, shop: Shop, device: str | None = None) -> Act:
    """The event with what enrichment says of it; `device` when the user agent is no longer at hand."""
    page = event.page
    if page is None:
        return Act(event, None, device or _device(event), None)
    arrival = None
    if event.source is Source.BROWSER:
        arrival = enrich.arrival(page.url, page.referrer, shop.hosts)
    kind = page.kind or enrich.page_kind(page.url, shop.settings.page_kinds)
    return Act(event, arrival, device or _device(event), kind)


def _device(event: Event) -> str | None:
    return enrich.device(event.user_agent).kind if event.user_agent else None


def event_row(shop_id: int, act: Act, link_id: int, tag: str | None) -> dict[str, Any]:
    """The row to insert."""
    event = act.event
    packed = codec.pack(event)
    for name in _IN_COLUMNS:
        packed.pop(name, None)
    packed["lag"] = event.received_at - event.occurred_at
    if act.device:
        packed["device"] = act.device
    return {
        "shop_id": shop_id,
        "source": SOURCE_CODE[event.source],
        "event_id": event.event_id,
        "link_id": link_id,
        "occurred_at": event.occurred_at,
        "body": write_body(packed),
        "tag": tag,
    }


def act_from(row: Row[Any], shop: Shop) -> Act:
    """Of a row of the events table."""
    packed = read_body(row.body)
    device = packed.pop("device", None)
    packed["event_id"], packed["occurred_at"] = row.event_id, row.occurred_at
    packed["received_at"] = row.occurred_at + packed.pop("lag")
    if _SOURCE_OF[row.source] is Source.SERVER:
        packed["source"] = "server"
    return act_of(codec.unpack(packed), shop, device)
