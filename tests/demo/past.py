"""A shop and a now for tests of the made-up past, and its events in the forms in which tests ask for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from tracker import enrich
from tracker.clock import Instant
from tracker.demo.history import Past
from tracker.enrich import Arrival
from tracker.shops import Shop, ShopSettings

NOW: Instant = 1_789_552_800_000  # 2026-09-16T12:00+02:00
SHOP = Shop(1, "Lyng & Datter", "pk", "sk", None, ("shop.example",), ShopSettings())

Packed = dict[str, Any]


@dataclass
class Told:
    """What lies in the intake."""

    bodies: list[Packed]

    @cached_property
    def events(self) -> list[Packed]:
        return [event for body in self.bodies for event in body.get("events", ())]

    @cached_property
    def server(self) -> list[Packed]:
        return [event for event in self.events if event.get("source") == "server"]

    @cached_property
    def browser(self) -> list[Packed]:
        return [event for event in self.events if event.get("source") != "server"]

    def of(self, kind: str) -> list[Packed]:
        return [event for event in self.events if event["type"] == kind]

    def group(
        self, by: Callable[[Packed], Any], what: Callable[[Packed], Any], of: tuple[str, ...] = ()
    ) -> dict[Any, set[Any]]:
        """The different answers of `what`, by what `by` answers; where either is None the event is passed over."""
        groups = defaultdict(set)
        for event in self.events:
            if (not of or event["type"] in of) and (key := by(event)) is not None and (value := what(event)) is not None:
                groups[key].add(value)
        return groups

    def dated_arrivals(self) -> Iterator[tuple[Arrival, Instant]]:
        for event in {event["event_id"]: event for event in self.browser if event["type"] == "page_view"}.values():
            page = event["page"]
            arrival = enrich.arrival(page["url"], page.get("referrer"), SHOP.hosts)
            if arrival is not None:
                yield arrival, event["occurred_at"]

    def arrivals(self) -> list[Arrival]:
        return [arrival for arrival, _ in self.dated_arrivals()]

    def orders(self) -> dict[str, tuple[str, int, int, int, int]]:
        """Currency, value, tax, shipping and total of each order told, of its highest version."""
        latest: dict[str, Packed] = {}
        for event in self.server:
            if event["type"] in ("purchase", "order_updated"):
                key, data = event["order_key"], event["data"]
                if key not in latest or data.get("version", 0) >= latest[key].get("version", 0):
                    latest[key] = data
        names = ("currency", "value", "tax", "shipping", "total_value")
        return {key: tuple(data[name] for name in names) for key, data in latest.items()}


def read(past: Past) -> Told:
    return Told([orjson.loads(body) for _, body in past.bodies])
