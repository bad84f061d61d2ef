"""Instants: to text, to datetimes, to a shop's days, and back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import clock
from tracker.clock import HOUR, MINUTE, Instant

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
instants = st.integers(min_value=clock.parse("1900-01-01T00:00Z"), max_value=clock.parse("2200-01-01T00:00Z"))


@given(at=instants)
def test_an_instant_survives_text_and_datetime(at: Instant) -> None:
    assert clock.parse(clock.isoformat(at)) == at
    assert clock.from_datetime(clock.to_datetime(at)) == at


@given(at=instants)
def test_an_instant_falls_on_the_day_that_the_shops_calendar_shows(at: Instant) -> None:
    assert clock.day_of(at, COPENHAGEN) == clock.to_datetime(at).astimezone(COPENHAGEN).date()


def test_the_zone_of_the_text_is_heeded() -> None:
    assert clock.parse("2026-09-16T12:00:00+02:00") == clock.parse("2026-09-16T10:00:00Z") == 1_789_552_800_000
    assert clock.isoformat(1_789_552_800_007) == "2026-09-16T10:00:00.007Z"


def test_what_names_no_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        clock.parse("2026-09-16T12:00:00")
    with pytest.raises(ValueError, match="naive"):
        clock.from_datetime(datetime(2026, 9, 16))  # noqa: DTZ001
    with pytest.raises(ValueError):  # noqa: PT011 - datetime's own words
        clock.parse("yesterday")


def test_a_day_with_a_change_of_clocks_has_23_or_25_hours() -> None:
    for text, hours in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-09-16", 24)):
        noon = clock.parse(f"{text}T12:00:00Z")
        day = date.fromisoformat(text)
        on_it = [at for at in range(noon - 24 * HOUR, noon + 24 * HOUR, 30 * MINUTE) if clock.day_of(at, COPENHAGEN) == day]
        assert len(on_it) == 2 * hours


def test_now_is_the_wall_clock() -> None:
    before, now, after = datetime.now(UTC), clock.now(), datetime.now(UTC)
    assert clock.from_datetime(before) - 1 <= now <= clock.from_datetime(after)
