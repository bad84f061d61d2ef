"""When a shop's morning is, and which week is told on it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracker.clock import DAY, Instant, day_of, from_datetime

MORNING = time(7)
LATEST = 6 * DAY  # how long after its morning a week is still told; then the next one is near


def morning_of(day: date, zone: ZoneInfo) -> Instant:
    """Seven o'clock there, whatever its clocks were set to that night."""
    return from_datetime(datetime.combine(day, MORNING, zone))


def next_morning(now: Instant, zone: ZoneInfo) -> Instant:
    """The first one after now."""
    today = day_of(now, zone)
    at = morning_of(today, zone)
    return at if at > now else morning_of(today + timedelta(days=1), zone)


def monday_told(now: Instant, zone: ZoneInfo) -> date:
    """The last Monday whose morning has come; the week before it is what there is to tell."""
    today = day_of(now, zone)
    monday = today - timedelta(days=today.weekday())
    return monday if morning_of(monday, zone) <= now else monday - timedelta(days=7)
