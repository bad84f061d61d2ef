"""How many requests one sender may make: fixed windows of a minute in this process's memory.

In: a key and now.  Out: the seconds to wait, 0 when there is room.

The library `limits` was tried: 10–22 µs a request and key, and its memory storage walks all keys a hundred times a second
(50,000 addresses cost a fifth of a core).  Here all keys share one window and are forgotten together when it ends: under 1 µs.
As with every fixed window, twice the limit can pass within a minute around its end.
"""

from __future__ import annotations

from collections.abc import Hashable

from tracker.clock import MINUTE, SECOND, Instant


class Rate:
    """Requests a minute for each key."""

    def __init__(self, per_minute: int) -> None:
        self._limit = per_minute
        self._counts: dict[Hashable, int] = {}
        self._ends_at: Instant = 0

    def hit(self, key: Hashable, now: Instant) -> int:
        """Counts one request, and returns the seconds to wait if it was one too many."""
        wait = self.wait_seconds(key, now)
        self._counts[key] = self._counts.get(key, 0) + 1
        return wait

    def wait_seconds(self, key: Hashable, now: Instant) -> int:
        """The same without counting."""
        if not self._ends_at - MINUTE <= now < self._ends_at:
            self._counts = {}
            self._ends_at = now + MINUTE
        if self._counts.get(key, 0) < self._limit:
            return 0
        return max(1, -(-(self._ends_at - now) // SECOND))
