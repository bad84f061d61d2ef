"""Instants.

An *instant* is an int: whole milliseconds since 1970-01-01T00:00Z.  It cannot be naive, sorts and subtracts at once, and takes
six bytes in the database.  Datetimes appear only at the edges (wire, pages); docs/adr/0003-instants-are-integers.md says why.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

Instant: TypeAlias = int

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONTH = 30 * DAY + 10 * HOUR  # a twelfth of a year


def now() -> Instant:
    """The wall clock.  Only the outermost callers ask; everything below takes `now` as an argument."""
    return time.time_ns() // 1_000_000


def to_datetime(at: Instant) -> datetime:
    """An aware UTC datetime."""
    return datetime.fromtimestamp(at / 1000, UTC)


def from_datetime(moment: datetime) -> Instant:
    """Raises ValueError for a naive datetime: nobody knows which instant that is."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime names no instant")
    return round(moment.timestamp() * 1000)


def parse(text: str) -> Instant:
    """From ISO 8601 with a zone.  Raises ValueError."""
    return from_datetime(datetime.fromisoformat(text))


def isoformat(at: Instant) -> str:
    """ISO 8601 in UTC, with milliseconds and Z."""
    return to_datetime(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_of(at: Instant, zone: ZoneInfo) -> date:
    """The shop-local date on which the instant falls."""
    return datetime.fromtimestamp(at / 1000, zone).date()
