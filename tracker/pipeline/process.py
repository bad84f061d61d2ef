"""The way of one batch: from intake rows of one shop to its tables, in one transaction.

    hold the lease -> keep what is new -> resolve whose it is -> load these subjects -> advance them -> save

Which settings a subject is folded by: frames.py.

The caller (worker.py) opens the transaction, commits it and then removes the intake rows.  Only the worker that holds the
shop's lease comes here, so nothing below needs a lock.  A batch worked in twice changes nothing: rows at or below their file's
mark are skipped, and events are unique by (shop, source, event_id).
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, func, select

from tracker import tables as t
from tracker.clock import Instant
from tracker.errors import DroppedReason, FailedReason
from tracker.events.types import Event
from tracker.journey.contribution import Change, cohort, contribution, day_on, difference
from tracker.journey.fold import advance, is_late, tick
from tracker.journey.state import Act, Tag
from tracker.pipeline import counters, leases, save
from tracker.pipeline.counters import Part, Written
from tracker.pipeline.frames import Frame, Frames, frames_of
from tracker.pipeline.keep import SOURCE_CODE, Batch, IntakeRow, drop_erased, drop_past, keep
from tracker.pipeline.load import (
    Held,
    chunks,
    links_of,
    load_base,
    load_for_refold,
    load_missing_journeys,
    load_subjects,
    read_booked,
    uncounted,
)
from tracker.pipeline.names import save_names
from tracker.pipeline.resolve import SUPERSEDED, Ids, Resolved, resolve
from tracker.pipeline.save import SubjectRows
from tracker.pipeline.stored import act_of, device_of, event_from, event_row
from tracker.pipeline.told import count_told
from tracker.pipeline.upsert import upsert
from tracker.shops import Shop

log = logging.getLogger(__name__)

CHECKPOINT_EVERY = 500  # events of a subject

# Only the pure core raises these: the subject is poison, not the batch.  Database errors go up and abort it.
CORE_ERRORS = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, AssertionError)

# Statements of every batch are built once: with small batches, building them costs more than running them.
_NEXT_DUE = select(func.min(t.subjects.c.due_at)).where(
    t.subjects.c.shop_id == bindparam("of_shop"), t.subjects.c.set_aside.is_(None)
)


@dataclass(frozen=True, slots=True)
class Hold:
    """A worker's hold on shops: the leases' token, how long a lease lasts, and the secret of keyed hashes."""

    token: str
    milliseconds: int
    secret: str

    def on(self, db: Connection, shop: Shop, now: Instant) -> Ids:
        """Hold this shop in this transaction; hands out its ids.  Raises LeaseLost."""
        return Ids(leases.hold(db, shop.shop_id, self.token, now, now + self.milliseconds, shop.version))


def process_batch(
    db: Connection, shop: Shop, rows: Sequence[IntakeRow], hold: Hold, now: Instant, helpers: Helpers | None = None
) -> int:
    """Work the rows in; how many events were new.  Raises LeaseLost, and what the database raises.

    `helpers` fold the subjects that begin in this batch instead of this process.
    """
    ids = hold.on(db, shop, now)
    batch = keep(db, shop.shop_id, shop.settings.tz, rows, now)
    drop_erased(db, shop, batch, hold.secret)
    drop_past(shop, batch, now)
    resolved = resolve(db, shop.shop_id, batch.events, ids, hold.secret, shop.settings)
    frames = frames_of(shop)
    _advance_all(db, frames, batch, resolved, now, helpers)
    save_names(db, shop.shop_id, batch.events)
    count_told(db, frames, batch.events)
    save.save_outcomes(db, shop.shop_id, batch.outcomes)
    save.save_unreadable(db, shop.shop_id, batch.unreadable)
    save.save_marks(db, shop.shop_id, batch.marks)
    save.save_lease(db, shop.shop_id, ids.next, next_due(db, shop.shop_id))
    return len(batch.events)


def keep_aside(db: Connection, shop: Shop, row: IntakeRow, hold: Hold, now: Instant) -> None:
    """A row that cannot be worked in: kept as it came, counted, passed over from now on.  Raises LeaseLost."""
    hold.on(db, shop, now)
    save.save_outcomes(db, shop.shop_id, {(day_on(now, shop.settings.tz), "failed", FailedReason.UNREADABLE): 1})
    save.save_unreadable(db, shop.shop_id, [row])
    save.save_marks(db, shop.shop_id, {row.file: row.row})


@dataclass(slots=True)
class Beginning:
    """A subject that begins in a batch, and its events: (event, whose of a company, link id)."""

    held: Held
    told: list[tuple[Event, int, int]]


class Helpers(Protocol):
    """Other processes that do what needs no database: bulk.py."""

    def fold(
        self, frames: Frames, beginnings: list[Beginning], until: Instant
    ) -> Iterator[tuple[SubjectRows, list[dict[str, Any]]]]:
        """Subjects that begin, by these settings, up to an instant: their rows and those of their events, some at a time."""

    def each(self, merge: Callable[[Part], list[Written]], parts: list[Part]) -> Iterator[list[Written]]:
        """Counters added up."""


def _advance_all(
    db: Connection, frames: Frames, batch: Batch, resolved: Resolved, now: Instant, helpers: Helpers | None
) -> None:
    """Fold each subject's new events over its state, or refold it; then write events and subjects."""
    shop = frames.current.shop
    links = {}
    new: dict[int, list[tuple[Event, int]]] = defaultdict(list)  # subject -> (event, person)
    untagged = []
    for event, link in zip(batch.events, resolved.link_of, strict=True):
        links[id(event)] = link.link_id
        subject_id = resolved.subject_of(link)
        if subject_id is None:  # it waits for its subject, or is a crawler's and nobody's
            untagged.append(event_row(shop.shop_id, event, device_of(event), link.link_id, None))
        else:
            person = link.subject_id or 0
            new[subject_id].append((event, person if person != subject_id else 0))
    # What a link brings with it must be readable before a refold asks for it.
    save.save_links(db, shop.shop_id, resolved.written.values())
    save.save_log(db, shop.shop_id, resolved.log)
    save.move_events(db, shop.shop_id, resolved.moved)
    save.insert_events(db, untagged)
    _dissolve(db, frames, resolved, now)
    concerned = new.keys() | resolved.refold | resolved.superseded
    held = load_subjects(db, frames, set(concerned), batch.events)
    for subject_id in _superseded(resolved):
        if subject_id in held:
            held[subject_id].counts = False
            load_missing_journeys(db, shop.shop_id, held[subject_id])  # those of earlier the same day, too
            held[subject_id].subject.changed |= held[subject_id].booked.keys()
    if helpers is not None:
        begin = [s for s, one in held.items() if one.is_new and s in new and s not in resolved.refold]
        beginnings = [Beginning(held.pop(s), [(e, person, links[id(e)]) for e, person in new[s]]) for s in begin]
        _fold_beginnings(db, frames, batch, beginnings, helpers, now)
    inserted: list[dict[str, object]] = []
    for subject_id, one in held.items():
        frame = frames.of(one.generation)
        acts = sorted(
            (act_of(event, frame, person=person, link=links[id(event)]) for event, person in new.get(subject_id, ())),
            key=lambda act: act.event.position,
        )
        acts = _without_expired(frame, one, acts, batch)
        tags = _advance_one(db, frames, one, acts, refold=subject_id in resolved.refold, now=now)
        if tags is None:
            batch.outcomes[day_on(now, shop.settings.tz), "failed", FailedReason.SET_ASIDE] += 1
        for i, act in enumerate(acts):
            tag = tags[i].dump() if tags else None
            inserted.append(event_row(shop.shop_id, act.event, act.device, links[id(act.event)], tag))
    save.insert_events(db, inserted)
    save.save_subjects(db, frames, held.values())


def _fold_beginnings(
    db: Connection, frames: Frames, batch: Batch, beginnings: list[Beginning], helpers: Helpers, now: Instant
) -> None:
    shop_id = frames.current.shop.shop_id
    until = min(now, max((event.occurred_at for event in batch.events), default=now))
    changes: dict[tuple[int, ...], list[Change]] = defaultdict(list)
    for rows, events in helpers.fold(frames, beginnings, until):
        save.insert_events(db, events)
        for table, some in rows.by_table().items():
            if table is t.orders:
                upsert(db, table, some)
            else:
                save.insert_rows(db, table, some)
        for into, more in rows.changes.items():
            changes[into] += more
        aside = sum(row["set_aside"] is not None for row in rows.subjects)
        batch.outcomes[day_on(now, frames.current.settings.tz), "failed", FailedReason.SET_ASIDE] += aside
    counters.add_changes(db, shop_id, changes, helpers.each)


def _without_expired(frame: Frame, one: Held, acts: list[Act], batch: Batch) -> list[Act]:
    """Less those from before the subject's base: their time has gone."""
    kept = [act for act in acts if act.event.occurred_at >= one.subject.base_at]
    for act in acts[: len(acts) - len(kept)]:
        batch.outcomes[day_on(act.event.received_at, frame.settings.tz), "dropped", DroppedReason.EXPIRED] += 1
    return kept


def _superseded(resolved: Resolved) -> set[int]:
    """Anonymous subjects that end uncounted: now, or before and heard of again."""
    heard = {link.subject_id for link in resolved.link_of if link.evidence == SUPERSEDED}
    return {subject_id for subject_id in heard | resolved.superseded if subject_id is not None}


def _advance_one(db: Connection, frames: Frames, one: Held, acts: list[Act], *, refold: bool, now: Instant) -> list[Tag] | None:
    """The tags of the new acts (in order); None when the subject is, or had to be, set aside with its events."""
    if one.set_aside is not None:
        return None
    frame = frames.of(one.generation)
    try:
        if refold or (acts and one.subject.event_count and is_late(one.subject, acts[0].event)):
            return refold_subject(db, frame, one, acts, from_start=refold, now=now)
        before = one.subject.event_count
        tags = [advance(one.subject, act, frame.terms) for act in acts]
        if before // CHECKPOINT_EVERY != one.subject.event_count // CHECKPOINT_EVERY:
            load_missing_journeys(db, frame.shop.shop_id, one)
            save.save_checkpoint(db, frame.shop.shop_id, one)
        return tags
    except CORE_ERRORS as error:
        set_aside(db, frames, one, error)
        return None


def set_aside(db: Connection, frames: Frames, one: Held, error: Exception) -> None:
    """As it was before, with the error; its events are kept until a replay."""
    log.exception("set aside shop=%s subject=%s", frames.current.shop.shop_id, one.subject_id)
    fresh = load_subjects(db, frames, {one.subject_id})[one.subject_id]
    one.subject, one.booked = fresh.subject, fresh.booked
    one.set_aside = f"{type(error).__name__}: {error}"[:500]


def refold_subject(db: Connection, frame: Frame, one: Held, acts: list[Act], *, from_start: bool, now: Instant) -> list[Tag]:
    """Fold again from the last checkpoint before the new acts, or from the start; re-tags the stored events that changed.

    Answers the tags of the new acts.
    """
    shop_id = frame.shop.shop_id
    first_new = None if from_start or not acts else acts[0].event
    stored = load_for_refold(db, frame, one, first_new)
    if from_start and one.subject.base_at:
        _drop_expired(db, frame, one)
    since = one.subject.position[0] + 1 if one.subject.position else -(2**62)
    save.drop_checkpoints(db, shop_id, one.subject_id, since)
    tags: dict[int, Tag] = {}
    retagged = []
    old_tags = {id(act): tag for act, _, tag in stored}
    for act in sorted([act for act, _, _ in stored] + acts, key=lambda act: act.event.position):
        tag = tags[id(act)] = advance(one.subject, act, frame.terms)
        if id(act) in old_tags and old_tags[id(act)] != tag.dump():
            retagged.append((SOURCE_CODE[act.event.source], act.event.event_id, tag.dump()))
        if one.subject.event_count % CHECKPOINT_EVERY == 0:
            save.save_checkpoint(db, shop_id, one)
    tick(one.subject, now, frame.terms)  # what had fallen due stays due
    one.subject.changed |= one.subject.journeys.keys() | one.booked.keys()
    save.retag_events(db, shop_id, retagged)
    return [tags[id(act)] for act in acts]


def _drop_expired(db: Connection, frame: Frame, one: Held) -> None:
    """Events that came over with a link and are from before the subject's base: nothing can fold them any more."""
    shop_id, before, links = frame.shop.shop_id, one.subject.base_at, links_of(db, frame, one.subject_id)
    outcomes: Counter[tuple[int, str, str]] = Counter()
    e = t.events.c
    for some in chunks(links):
        of_past = (e.shop_id == shop_id, e.link_id.in_(some), e.occurred_at < before)
        for row in db.execute(select(t.events).where(*of_past)):
            received_at = event_from(row)[0].received_at
            outcomes[day_on(received_at, frame.settings.tz), "dropped", DroppedReason.EXPIRED] += 1
    save.delete_events(db, shop_id, links, before)
    save.save_outcomes(db, shop_id, outcomes)


def _dissolve(db: Connection, frames: Frames, resolved: Resolved, now: Instant) -> None:
    """Subjects whose links are somebody else's now.  What is folded away of them nobody can fold again: its totals stay."""
    if resolved.dissolved:
        shop_id = frames.current.shop.shop_id
        held = list(load_subjects(db, frames, resolved.dissolved).values())
        for one in held:
            one.booked = read_booked(db, shop_id, one.subject_id)
            if one.subject.base_at:
                kept = _booked_by_base(db, frames.of(one.generation), one, now)
                generations = {frames.current.generation, *([frames.next.generation] if frames.next else [])}
                counters.keep_as_residue(db, shop_id, generations, kept)
        save.dissolve(db, frames, held)


def _booked_by_base(db: Connection, frame: Frame, one: Held, now: Instant) -> list[Change]:
    """What the journeys of a subject's base come to, without the events since."""
    base = load_base(db, frame.shop.shop_id, one.subject_id)
    tick(base, now, frame.terms)
    told = [contribution(j, frame.basis, counted=bool(one.booked.get(j.number))) for j in base.journeys.values()]
    return [change for booked in (*told, cohort(base, frame.basis)) for change in difference({}, booked)]


def next_due(db: Connection, shop_id: int) -> Instant | None:
    """When the shop's next subject changes by itself."""
    due: Instant | None = db.execute(_NEXT_DUE, {"of_shop": shop_id}).scalar()
    return due


def tick_shop(db: Connection, shop: Shop, hold: Hold, now: Instant, limit: int = 500) -> int:
    """Do what has fallen due for the shop's subjects; how many were changed."""
    ids = hold.on(db, shop, now)
    c = t.subjects.c
    query = (
        select(c.subject_id)
        .where(c.shop_id == shop.shop_id, c.due_at < now, c.set_aside.is_(None))
        .order_by(c.due_at)
        .limit(limit)
    )
    due = {subject_id for (subject_id,) in db.execute(query)}
    frames = frames_of(shop)
    held = load_subjects(db, frames, due)
    hidden = uncounted(db, shop.shop_id, due)
    for one in held.values():
        one.counts = one.subject_id not in hidden
        try:
            tick(one.subject, now, frames.of(one.generation).terms)
        except CORE_ERRORS as error:
            set_aside(db, frames, one, error)
    save.save_subjects(db, frames, held.values())
    save.save_lease(db, shop.shop_id, ids.next, next_due(db, shop.shop_id))
    return len(due)
