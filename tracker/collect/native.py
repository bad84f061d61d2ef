"""Real threads, also where gevent has patched the standard library.

The door runs under gunicorn's gevent workers, where `threading` makes greenlets: a greenlet that waits for the disk stops every
request of its process.  So the intake's writer and the door's tending run in native threads, and this module is the only place
that knows the difference.

In:  nothing.
Out: `start`, `lock`, `held`, `sleep`, `aside`, and a `Waiting` by which a native thread wakes requests.

Without gevent (tests, command line, other gunicorn workers) everything here is the plain standard library.
"""

from __future__ import annotations

import importlib
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


def is_patched() -> bool:
    """Whether gevent has replaced this process's threads by greenlets."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def _original(module: str, name: str) -> Any:
    if is_patched():
        from gevent import monkey

        return monkey.get_original(module, name)
    return getattr(importlib.import_module(module), name)


def start(run: Callable[[], None]) -> None:
    """Runs it in a native thread that does not keep the process alive."""
    _original("_thread", "start_new_thread")(run, ())


def lock() -> Any:
    """A lock that threads share, greenlets included: hold it for a few statements and never across a wait."""
    return _original("_thread", "allocate_lock")()


def held() -> Any:
    """A lock already taken: what it guards has not happened yet, and who releases it says that it has."""
    closed = lock()
    closed.acquire()
    return closed


def sleep(seconds: float) -> None:
    """For native threads alone: under gevent it would stop the process's requests if one of them called it."""
    _original("time", "sleep")(seconds)


def aside(work: Callable[[], T]) -> T:
    """What some long reckoning answers, or raises.  Under gevent other requests of the process go on meanwhile."""
    if not is_patched():
        return work()
    from gevent import get_hub

    answer: T = get_hub().threadpool.apply(work)
    return answer


class Ticket(Protocol):
    """What one request waits on."""

    kept: bool

    def wait(self) -> None: ...


class Waiting(Protocol):
    """Hands out tickets to requests; a native thread settles them."""

    def ticket(self) -> Ticket: ...

    def wake(self, tickets: Sequence[Ticket], kept: bool) -> None: ...


class _ThreadTicket:
    __slots__ = ("_closed", "kept")

    def __init__(self) -> None:
        self.kept = False
        self._closed = held()

    def wait(self) -> None:
        self._closed.acquire()

    def settle(self) -> None:
        self._closed.release()


class _Threads:
    """Requests are threads."""

    def ticket(self) -> _ThreadTicket:
        return _ThreadTicket()

    def wake(self, tickets: Sequence[Any], kept: bool) -> None:
        for ticket in tickets:
            ticket.kept = kept
            ticket.settle()


class _HubTicket:
    __slots__ = ("kept", "settle", "wait")

    def __init__(self, waiter: Any) -> None:
        self.kept = False
        self.wait = waiter.get
        self.settle = waiter.switch


class _Greenlets:
    """Requests are greenlets of the thread that made this; an async watcher is the one thing another thread may touch."""

    def __init__(self) -> None:
        from gevent import get_hub
        from gevent.hub import Waiter

        self._waiter = Waiter
        self._settled: deque[Sequence[Any]] = deque()
        self._bell = get_hub().loop.async_()
        self._bell.start(self._settle)

    def ticket(self) -> Any:
        return _HubTicket(self._waiter())

    def wake(self, tickets: Sequence[Any], kept: bool) -> None:
        for ticket in tickets:
            ticket.kept = kept
        self._settled.append(tickets)
        self._bell.send()

    def _settle(self) -> None:
        while self._settled:
            for ticket in self._settled.popleft():
                ticket.settle(None)


def waiting() -> Waiting:
    """For the thread that serves the requests."""
    return _Greenlets() if is_patched() else _Threads()
