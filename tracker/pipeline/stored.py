"""An event as it lies in its table, and as the core sees it.

The row keeps what the event says less what its columns, its link and the events before it say already; of the user agent only
the kind of device.
E-mails are not kept here: links hold a keyed hash.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from tracker import enrich
from tracker.enrich import Arrival
from tracker.events import codec
from tracker.events.types import Event, Source
from tracker.journey.state import Act
from tracker.pipeline.codec import read_body, write_body
from tracker.pipeline.frames import Frame
from tracker.pipeline.keep import SOURCE_CODE
from tracker.shop_settings import ShopSettings

_SOURCE_OF = {code: source for source, code in SOURCE_CODE.items()}
_IN_COLUMNS = ("event_id", "occurred_at", "received_at", "source", "email", "user_agent", "visitor_key", "anonymous_key")


def act_of(event: Event, frame: Frame, device: str | None = None, person: int = 0, link: int = 0) -> Act:
    """The event with what enrichment says of it by these settings; `device` when the user agent is no longer at hand."""
    page = event.page
    if page is None:
        return Act(event, None, device or device_of(event), None, person, link)
    arrival = None
    if event.source is Source.BROWSER:
        arrival = enrich.arrival(page.url, page.referrer, frame.shop.hosts)
        if arrival is not None and frame.settings.channel_overrides:
            arrival = _override(arrival, frame.settings)
    kind = page.kind or enrich.page_kind(page.url, frame.settings.page_kinds)
    return Act(event, arrival, device or device_of(event), kind, person, link)


def _override(arrival: Arrival, settings: ShopSettings) -> Arrival:
    """The owner's own word for where arrivals come from."""
    channel = settings.override_channel(
        source=arrival.source,
        host=arrival.referrer_host or "",
        medium=arrival.medium or "",
        campaign=arrival.campaign or "",
    )
    return replace(arrival, channel=channel) if channel else arrival  # type: ignore[arg-type]  # checked by the settings' schema


def device_of(event: Event) -> str | None:
    return enrich.device(event.user_agent).kind if event.user_agent else None


def event_row(shop_id: int, event: Event, device: str | None, link_id: int, tag: str | None) -> dict[str, Any]:
    """The row to insert."""
    packed = codec.pack(event)
    for name in _IN_COLUMNS:
        packed.pop(name, None)
    if "page" in packed:
        packed["page"] = _without_repeats(event.type, packed["page"])
    packed["lag"] = event.received_at - event.occurred_at
    if device:
        packed["device"] = device
    return {
        "shop_id": shop_id,
        "source": SOURCE_CODE[event.source],
        "event_id": event.event_id,
        "link_id": link_id,
        "occurred_at": event.occurred_at,
        "body": write_body(packed),
        "tag": tag,
    }


def _without_repeats(type: str, page: dict[str, Any]) -> dict[str, Any]:
    """Less what an earlier event of the same visit has told: a page that is left was shown before, and the query of the shop's
    own page that led here was in that page's address.  No arrival, tag or count depends on either."""
    if type == "page_engaged":
        return {name: value for name, value in page.items() if name not in ("title", "referrer")}
    referrer, question, _ = page.get("referrer", "").partition("?")
    if question and (own := page["url"][: page["url"].find("/", len("https://")) + 1]) and referrer.startswith(own):
        return {**page, "referrer": referrer}
    return page


def event_from(row: Row[Any]) -> tuple[Event, str | None]:
    """(event, device) of a row of the events table."""
    packed = read_body(row.body)
    device = packed.pop("device", None)
    packed["event_id"], packed["occurred_at"] = row.event_id, row.occurred_at
    packed["received_at"] = row.occurred_at + packed.pop("lag")
    if _SOURCE_OF[row.source] is Source.SERVER:
        packed["source"] = "server"
    return codec.unpack(packed), device


def act_from(row: Row[Any], frame: Frame, person: int = 0) -> Act:
    """Of a row of the events table."""
    event, device = event_from(row)
    return act_of(event, frame, device, person, row.link_id)
