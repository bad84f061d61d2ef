"""When things happen: the shop's opening to the tracker, days and hours, a sale week, two days of a silent gateway.  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tracker import clock
from tracker.clock import DAY, HOUR, Instant, from_datetime

# From midnight: nobody shops at four, most do after dinner.
HOURS = (6, 3, 1, 1, 1, 2, 8, 16, 20, 22, 24, 26, 30, 26, 22, 24, 26, 28, 32, 46, 58, 56, 38, 16)
WEEKDAYS = (1.0, 0.95, 0.95, 1.05, 0.9, 1.0, 1.25)  # from Monday
SALE_BUMP = 1.6
_GROWTH = (0.86, 1.1)  # from the first day to the last
_SALE_BEGINS = 0.73  # of the days asked for


@dataclass(frozen=True)
class Calendar:
    """Browsers are followed for `days` until `now`."""

    now: Instant
    days: int
    tz: ZoneInfo

    @property
    def opened_at(self) -> Instant:
        return self.now - self.days * DAY

    def midnight(self, day: date) -> Instant:
        return from_datetime(datetime.combine(day, time(), self.tz))

    def dates(self) -> Iterator[date]:
        """From the first, of which only the end may lie within, to today."""
        first, last = self.day_of(self.opened_at), self.day_of(self.now)
        for number in range((last - first).days + 1):
            yield first + timedelta(days=number)

    def day_of(self, at: Instant) -> date:
        return clock.day_of(at, self.tz)

    def week(self, at: Instant) -> int:
        return self.day_of(at).isocalendar().week

    @property
    def sale(self) -> tuple[Instant, Instant]:
        """A week of lower prices."""
        first = self.day_of(self.opened_at) + timedelta(days=round(self.days * _SALE_BEGINS))
        return self.midnight(first), self.midnight(first + timedelta(days=max(1, min(7, self.days // 5))))

    @property
    def outage(self) -> tuple[Instant, Instant]:
        """The days in which a payment gateway's webhook was off; it was noticed late, in the week with most to do."""
        begins = self.sale[0] + DAY
        return begins, begins + min(2 * DAY, self.days * DAY // 5)

    def is_sale(self, at: Instant) -> bool:
        return self.sale[0] <= at < self.sale[1]

    def is_outage(self, at: Instant) -> bool:
        return self.outage[0] <= at < self.outage[1]

    def crowd(self, day: date, per_day: float, dice: Random) -> int:
        """How many come on a day."""
        at = self.midnight(day) + 12 * HOUR
        slow, fast = _GROWTH
        growth = slow + (fast - slow) * (at - self.opened_at) / (self.days * DAY)
        bump = SALE_BUMP if self.is_sale(at) else 1.0
        return round(per_day * WEEKDAYS[day.weekday()] * growth * bump * dice.uniform(0.9, 1.1))

    def moment(self, day: date, dice: Random, hours: tuple[int, ...] = HOURS) -> Instant:
        """Some time of that day, at an hour that people keep."""
        return self.midnight(day) + dice.choices(range(24), hours)[0] * HOUR + dice.randrange(HOUR)
