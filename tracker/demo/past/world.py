"""The agenda, the people and orders known so far, and the way of what happens through the door's own stations.

`later` puts a step on the agenda, `run` does the steps in order of time until now.  What arrives at `now` or after is not told.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from heapq import heappop, heappush
from random import Random
from typing import Concatenate, ParamSpec, TypeVar

from tracker.clock import DAY, HOUR, MINUTE, SECOND, Instant, parse
from tracker.collect.intake import write_body
from tracker.collect.receive import Facts
from tracker.collect.reduce import reduce
from tracker.config import Config
from tracker.demo.facts import Wire
from tracker.demo.past.people import Device, Person, new_person, pick
from tracker.demo.past.rhythm import Calendar
from tracker.demo.past.ways import Way
from tracker.demo.state import Order
from tracker.events import wire
from tracker.events.codec import pack
from tracker.events.types import Source
from tracker.shops import Shop

_T = TypeVar("_T")
_P = ParamSpec("_P")

LATE_SHARE = 0.015  # of a browser's requests: from a phone that was without net
TWICE_SHARE = 0.006  # of a browser's requests: the answer was lost, so it asks again
LATE_HOOK_SHARE = 0.02  # of the server's requests
LATEST_HOOK = 30 * HOUR
_FIRST_DAY = parse("2020-01-01T00:00:00+00:00")  # an order's number is the minutes since; the live shop goes on from there


@dataclass(kw_only=True)
class PastOrder(Order):
    """`is_heard`: whether the collector was told of it; `placed_as`: the platform's state at first."""

    created_via: str
    placed_as: str
    is_heard: bool = False
    is_test: bool = False
    parcels: int = 1
    parcels_delivered: int = 0

    @property
    def status(self) -> str:
        """As the platform shows it now."""
        if self.is_test:
            return "test"
        if self.cancelled_at is not None:
            return "cancelled"
        if self.refunds and self.is_refunded:
            return "refunded"
        if self.delivered_at is not None:
            return "completed"
        return self.placed_as if self.paid_at is None else "paid"


Follow = Callable[["World", Instant, Person, PastOrder], object]


class World:
    """One shop's past.  All chance comes from `dice`: the same seed tells the same.  `follow` is what a delivery starts."""

    def __init__(self, shop: Shop, now: Instant, days: int, seed: int, follow: Follow) -> None:
        self.shop = shop
        self.now = now
        self.seed = seed
        self.follow = follow
        self.calendar = Calendar(now, days, shop.settings.tz)
        self.dice = Random(seed)  # noqa: S311 - nothing here is secret
        self.readers: list[Person] = []  # of the newsletter
        self.customers: list[Person] = []
        self.orders: list[PastOrder] = []
        self.arrivals: Counter[tuple[date, Way]] = Counter()  # sessions, by a way that costs
        self.told: list[tuple[Instant, int, bytes]] = []
        self._people = 0
        self._order_numbers: set[int] = set()
        self._agenda: list[tuple[Instant, int, Callable[[], object]]] = []
        self._planned = 0
        self._limits = Config()
        self._salts: dict[int, bytes] = {}

    # --- time

    def later(
        self, at: Instant, step: Callable[Concatenate[World, Instant, _P], object], *args: _P.args, **kwargs: _P.kwargs
    ) -> None:
        """Do `step(world, at, …)` at that instant, unless it lies in the future."""
        if at < self.now:
            # The number comes before the step, so that steps are never compared.
            heappush(self._agenda, (at, self._planned, partial(step, self, at, *args, **kwargs)))  # type: ignore[misc]
            self._planned += 1

    def run(self, on_day: Callable[[], object] = lambda: None) -> None:
        """Everything on the agenda, and what it puts there; `on_day` is called for each day since the opening."""
        days_over = 0
        while self._agenda:
            at, _, step = heappop(self._agenda)
            while at >= self.calendar.opened_at + (days_over + 1) * DAY:
                days_over += 1
                on_day()
            step()
        for _ in range(days_over, self.calendar.days):
            on_day()

    # --- chance

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def between(self, low: Instant, high: Instant) -> Instant:
        return self.dice.randrange(low, high)

    def pick(self, weights: Mapping[_T, int]) -> _T:
        return pick(self.dice, weights)

    def key(self, prefix: str = "") -> str:
        return f"{prefix}{self.dice.getrandbits(64):016x}"

    # --- people and orders

    def stranger(self, consent: str | None = None) -> Person:
        """Somebody new."""
        self._people += 1
        return new_person(self.dice, self._people, consent)

    def subscribe(self, at: Instant, person: Person) -> None:
        """Reads the newsletter from now on."""
        person.takes_mail = True
        if person.reads_since is None:
            person.reads_since = at
            self.readers.append(person)

    def unsubscribe(self, person: Person) -> None:
        person.takes_mail = False
        if person.reads_since is not None:
            person.reads_since = None
            self.readers.remove(person)

    def order_key(self, at: Instant) -> str:
        number = (at - _FIRST_DAY) // MINUTE
        while number in self._order_numbers:
            number += 1
        self._order_numbers.add(number)
        return str(number)

    # --- the door

    def browse(self, device: Device, events: Sequence[Wire]) -> None:
        """One request of a browser, whose clock may be wrong.  Now and then it comes hours late, or twice."""
        last = events[-1]["occurred_at"]
        late = self.between(30 * MINUTE, 20 * HOUR) if self.chance(LATE_SHARE) else 0
        sent_at = last + late
        told = [
            {**event, "occurred_at": event["occurred_at"] + device.clock_off, "sent_at": sent_at + device.clock_off}
            for event in events
        ]
        seen = Facts(device.address, None, None, device.agent, device.country, False)
        received_at = sent_at + self.between(400, 1_800)
        self._receive(told, Source.BROWSER, seen, received_at)
        if self.chance(TWICE_SHARE):
            again = received_at + self.between(5 * SECOND, 40 * SECOND)
            told = [{**event, "sent_at": again - 700 + device.clock_off} for event in told]
            self._receive(told, Source.BROWSER, seen, again)

    def send(self, *events: Wire, late: Instant = 0) -> bool:
        """One request of the shop's server; some webhooks come late without being told to.  Whether it has arrived by now."""
        sent_at = events[-1]["occurred_at"] + late
        if not late and self.chance(LATE_HOOK_SHARE) and sent_at < self.now - LATEST_HOOK:
            sent_at += self.between(10 * MINUTE, LATEST_HOOK)
        received_at = sent_at + self.between(300, 2_500)
        return self._receive(events, Source.SERVER, Facts("", None, None, "", None, False), received_at)

    def _receive(self, events: Sequence[Wire], source: Source, seen: Facts, received_at: Instant) -> bool:
        if received_at >= self.now:
            return False
        shop, salt, kept, counted = self.shop, self._salt(received_at // DAY), [], Counter[str]()
        for event in events:
            loaded = wire.load(
                event, event, source, received_at=received_at, currency=shop.settings.currency,
                default_consent=shop.consent_unknown, limits=self._limits,
            )  # fmt: skip
            reduced = reduce(loaded.event, seen, shop.shop_id, salt)
            if reduced is None:
                counted[loaded.event.type] += 1
            else:
                kept.append(pack(reduced))
        self.told.append((received_at, len(self.told), write_body(received_at, events=kept, counted=counted)))
        return True

    def _salt(self, day: int) -> bytes:
        if day not in self._salts:
            self._salts[day] = hashlib.sha256(f"{self.seed} {day}".encode()).digest()
        return self._salts[day]
