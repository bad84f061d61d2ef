"""Loads one event as the door does, with the installation's default settings."""

from __future__ import annotations

from typing import Any

from tracker.config import Config
from tracker.errors import Refused
from tracker.events.types import Consent, Event, Source
from tracker.events.wire import Loaded, load

NOW = 1_780_308_000_000
BROWSER, SERVER = Source.BROWSER, Source.SERVER


def load_one(item: Any, source: Source = BROWSER, envelope: dict[str, Any] | None = None, now: int = NOW) -> Loaded:
    """A body with a single event, or an event of a batch when an envelope is given."""
    return load(
        item,
        item if envelope is None and isinstance(item, dict) else envelope or {},
        source,
        received_at=now,
        currency="DKK",
        default_consent=Consent.ANONYMOUS,
        limits=Config(),
    )


def event_of(item: Any, source: Source = BROWSER, **more: Any) -> Event:
    return load_one(item, source, **more).event


def refusal(item: Any, source: Source = BROWSER, **more: Any) -> tuple[str, Any]:
    """The reason, and the wrong fields or else the detail."""
    try:
        loaded = load_one(item, source, **more)
    except Refused as refused:
        return refused.reason.value, refused.detail.get("fields", refused.detail)
    raise AssertionError(f"was not refused: {loaded}")


def browser(type_: str, data: Any = None, **more: Any) -> dict[str, Any]:
    """A complete browser event."""
    item = {"event_id": "b1", "type": type_, "visitor_key": "v1", "consent": "statistics", **more}
    return item if data is None else {**item, "data": data}


def server(type_: str, data: Any = None, **more: Any) -> dict[str, Any]:
    """A complete server event."""
    item = {"event_id": "s1", "type": type_, **more}
    return item if data is None else {**item, "data": data}
