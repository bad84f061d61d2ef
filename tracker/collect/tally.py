"""Counts of refusals that no row of the intake carries yet, so that a flood of them costs no commit each.

In:  one reason at a time, for a shop; 0 when the key named none.
Out: bodies for the intake, at most one a shop and second (the door's tending thread takes them).

A request of which something is kept carries its refusals in its own row.  What lies here is lost when the process is killed: at
most a second of counts of what was refused, never an event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from tracker.clock import Instant
from tracker.collect import native

MAX_FIELD_NAMES = 200  # a shop's, for this process: the key is public, and names are what its user likes
OTHER_FIELDS = "(other)"


class Tally:
    """Written by requests, emptied by the tending thread."""

    def __init__(self) -> None:
        self._lock = native.lock()
        self._refused: dict[int, dict[str, int]] = {}

    def add(self, shop_id: int, refused: Mapping[str, int]) -> None:
        with self._lock:
            counts = self._refused.setdefault(shop_id, {})
            for reason, count in refused.items():
                counts[reason] = counts.get(reason, 0) + count

    def take(self, now: Instant) -> list[tuple[int, bytes]]:
        """(shop_id, body of an intake row) for each shop with refusals since the last time."""
        if not self._refused:
            return []
        with self._lock:
            taken, self._refused = self._refused, {}
        return [(shop_id, orjson.dumps({"received_at": now, "refused": counts})) for shop_id, counts in taken.items()]


class FieldNames:
    """Keeps the list of ignored fields short: beyond MAX_FIELD_NAMES, a shop's further names are counted under one."""

    def __init__(self) -> None:
        self._seen: dict[int, set[str]] = {}

    def count(self, shop_id: int, names: Iterable[str]) -> dict[str, int]:
        seen = self._seen.setdefault(shop_id, set())
        counts: dict[str, int] = {}
        for name in names:
            if name not in seen:
                if len(seen) < MAX_FIELD_NAMES:
                    seen.add(name)
                else:
                    name = OTHER_FIELDS
            counts[name] = counts.get(name, 0) + 1
        return counts
