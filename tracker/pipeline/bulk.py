"""The bulk path: much of the past at once, each subject folded whole, on all processors under one lease.

In:  intake rows of one shop, as many as fit into memory at a time.
Out: the same tables as working them in batch by batch gives; a test holds that.
What is decided in order (which events are new, whose they are) stays in this process, and it alone writes.  Subjects that begin
are folded by children, which then add up the counters.  A subject known from before takes the way of process.py.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Engine

from tracker.clock import Instant
from tracker.journey.contribution import Change
from tracker.journey.fold import advance, tick
from tracker.pipeline.counters import Part, Written
from tracker.pipeline.frames import Frames
from tracker.pipeline.keep import IntakeRow
from tracker.pipeline.process import CORE_ERRORS, Beginning, Hold, process_batch
from tracker.pipeline.save import SubjectRows
from tracker.pipeline.stored import act_of, device_of, event_row
from tracker.shops import Shop
from tracker.storage import writing

T = TypeVar("T")
TOGETHER = 400  # subjects whose rows come back at once
Told = tuple[SubjectRows, list[dict[str, Any]]]

_job: Any = None  # what the children find: a function, and what it is about


def work_in(
    engine: Engine, shop: Shop, rows: Sequence[IntakeRow], hold: Hold, now: Instant, processes: int | None = None
) -> int:
    """Work the rows in, in one transaction; how many events were new.  Raises LeaseLost, and what the database raises."""
    gc.disable()  # a chunk makes some million objects that all live until its end
    try:
        with writing(engine) as db:
            return process_batch(db, shop, rows, hold, now, _Children(processes or os.cpu_count() or 1))
    finally:
        gc.enable()


class _Children:
    """Forked when there is something to do, so that they find it in the memory they share; what they answer is pickled."""

    def __init__(self, count: int) -> None:
        self._count = count

    def fold(self, frames: Frames, beginnings: list[Beginning], until: Instant) -> Iterator[Told]:
        parts = [beginnings[i : i + TOGETHER] for i in range(0, len(beginnings), TOGETHER)]
        return self._run(lambda part: _fold_part(frames, part, until), parts)

    def each(self, merge: Callable[[Part], list[Written]], parts: list[Part]) -> Iterator[list[Written]]:
        return self._run(merge, sorted(parts, key=lambda part: -len(part.changes)))

    def _run(self, do: Callable[[Any], T], parts: Sequence[Any]) -> Iterator[T]:
        global _job
        if self._count == 1 or len(parts) < 2:
            yield from map(do, parts)
            return
        _job = (do, parts)
        gc.freeze()  # collecting garbage in a child would copy the memory it shares
        try:
            with multiprocessing.get_context("fork").Pool(min(self._count, len(parts))) as pool:
                yield from pool.imap_unordered(_do, range(len(parts)))
        finally:
            _job = None
            gc.unfreeze()


def _do(number: int) -> Any:
    do, parts = _job
    return do(parts[number])


def _fold_part(frames: Frames, beginnings: Sequence[Beginning], until: Instant) -> Told:
    rows = SubjectRows(frames)
    events: list[dict[str, Any]] = []
    for beginning in beginnings:
        events += _fold_one(frames, beginning, until)
        rows.add(beginning.held, {})
    # Added up here, so that little has to travel; one row for each family, day and set of filters.
    for into, changes in rows.changes.items():
        rows.changes[into] = _summed(changes)
    return rows, events


def _fold_one(frames: Frames, beginning: Beginning, until: Instant) -> list[dict[str, Any]]:
    one = beginning.held
    frame = frames.of(one.generation)
    shop_id = frame.shop.shop_id
    told = sorted(beginning.told, key=lambda entry: entry[0].position)
    try:
        acts = [(act_of(event, frame, person=person, link=link_id), link_id) for event, person, link_id in told]
        tagged = [(act, link_id, advance(one.subject, act, frame.terms).dump()) for act, link_id in acts]
        tick(one.subject, until, frame.terms)  # what was due by then would be done at once
    except CORE_ERRORS as error:
        one.subject = type(one.subject)()
        one.set_aside = f"{type(error).__name__}: {error}"[:500]
        return [event_row(shop_id, event, device_of(event), link_id, None) for event, _, link_id in told]
    return [event_row(shop_id, act.event, act.device, link_id, tag) for act, link_id, tag in tagged]


def _summed(changes: list[Change]) -> list[Change]:
    groups: dict[tuple[str, int, tuple[str, ...]], dict[str, int]] = {}
    for family, day, filters, names in changes:
        group = groups.setdefault((family, day, filters), {})
        for name, amount in names.items():
            group[name] = group.get(name, 0) + amount
    return [(family, day, filters, names) for (family, day, filters), names in groups.items()]
