"""Seven o'clock where the shop is, through changes of its clocks, and the week that is told then."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tracker.clock import isoformat, parse
from tracker.subscriptions.mornings import monday_told, morning_of, next_morning

COPENHAGEN, NEW_YORK = ZoneInfo("Europe/Copenhagen"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("day", "zone", "at"),
    [
        (date(2026, 9, 14), COPENHAGEN, "2026-09-14T05:00:00.000Z"),
        (date(2026, 9, 14), NEW_YORK, "2026-09-14T11:00:00.000Z"),
        (date(2026, 3, 30), COPENHAGEN, "2026-03-30T05:00:00.000Z"),
        (date(2026, 3, 28), COPENHAGEN, "2026-03-28T06:00:00.000Z"),
        (date(2026, 10, 26), COPENHAGEN, "2026-10-26T06:00:00.000Z"),
        (date(2026, 10, 26), NEW_YORK, "2026-10-26T11:00:00.000Z"),
        (date(2026, 11, 2), NEW_YORK, "2026-11-02T12:00:00.000Z"),
    ],
    ids=["summer", "another zone", "clocks went forward", "the day before they do", "clocks went back", "not there yet", "now"],
)
def test_the_morning_is_at_seven_by_the_shops_clocks(day: date, zone: ZoneInfo, at: str) -> None:
    assert isoformat(morning_of(day, zone)) == at


@pytest.mark.parametrize(
    ("now", "zone", "monday"),
    [
        ("2026-09-14T06:59:59+02:00", COPENHAGEN, date(2026, 9, 7)),
        ("2026-09-14T07:00:00+02:00", COPENHAGEN, date(2026, 9, 14)),
        ("2026-09-14T07:00:00+02:00", NEW_YORK, date(2026, 9, 7)),
        ("2026-09-20T23:59:00+02:00", COPENHAGEN, date(2026, 9, 14)),
        ("2027-01-04T07:00:00+01:00", COPENHAGEN, date(2027, 1, 4)),
    ],
    ids=["a second before", "on the minute", "still night over there", "Sunday night", "over the end of a year"],
)
def test_a_week_is_told_from_its_mondays_morning_on(now: str, zone: ZoneInfo, monday: date) -> None:
    assert monday_told(parse(now), zone) == monday


def test_the_next_morning_is_after_now() -> None:
    assert next_morning(parse("2026-10-25T06:59:00+01:00"), COPENHAGEN) == parse("2026-10-25T07:00:00+01:00")
    assert next_morning(parse("2026-10-25T07:00:00+01:00"), COPENHAGEN) == parse("2026-10-26T07:00:00+01:00")
