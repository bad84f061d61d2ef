"""Gives what the snippet sent to the door's own reader.

In:  bodies as they left the browser.
Out: the events as the door would keep them, and what it would drop or refuse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tracker.config import Config
from tracker.errors import Refused
from tracker.events import wire
from tracker.events.types import Consent, Event, Source


@dataclass
class Read:
    """`refused` are pairs of the wire's event and why; `ignored` the names of fields that nobody knows."""

    events: list[Event] = field(default_factory=list)
    refused: list[tuple[dict[str, Any], Refused]] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)


def read(bodies: Iterable[dict[str, Any]]) -> Read:
    """As the door reads them, right after they were sent."""
    found = Read()
    for body in bodies:
        found.ignored |= set(wire.check_envelope(body, Source.BROWSER))
        for item in body["events"]:
            try:
                loaded = wire.load(
                    item,
                    {name: value for name, value in body.items() if name != "events"},
                    Source.BROWSER,
                    received_at=body["sent_at"],
                    currency="DKK",
                    default_consent=Consent.ANONYMOUS,
                    limits=Config(),
                )
            except Refused as refused:
                found.refused.append((item, refused))
            else:
                found.events.append(loaded.event)
                found.ignored |= set(loaded.ignored)
    return found
