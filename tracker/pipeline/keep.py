"""Read intake rows and keep what is new: rows beyond the file's mark, events whose id the shop has not seen."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import BindParameter, Connection, bindparam, select

from tracker.clock import SECOND, Instant, to_datetime
from tracker.enrich import STAFF
from tracker.errors import DroppedReason, FailedReason
from tracker.events.codec import unpack
from tracker.events.types import Consent, Event, Source
from tracker.journey.contribution import day_on
from tracker.pipeline.identity import ORDER, VISITOR, hash_key, keys_of
from tracker.shops import Shop
from tracker.tables import events, intake_marks, tombstones

SOURCE_CODE = {Source.BROWSER: 0, Source.SERVER: 1}
LAG_BOUNDS = (1, 5, 30, 120, 600, 3_600, 21_600, 86_400)  # seconds from happening to arriving; longer ones in a last class
_MAX_IN = 500
_names: BindParameter[Any] = bindparam("names", expanding=True)
_MARKS = select(intake_marks.c.file, intake_marks.c.row).where(
    intake_marks.c.shop_id == bindparam("of_shop"), intake_marks.c.file.in_(_names)
)
_KNOWN = select(events.c.event_id).where(
    events.c.shop_id == bindparam("of_shop"), events.c.source == bindparam("of_source"), events.c.event_id.in_(_names)
)


class IntakeRow(Protocol):
    """One accepted request as the door wrote it."""

    @property
    def file(self) -> str: ...
    @property
    def row(self) -> int: ...
    @property
    def shop_id(self) -> int: ...
    @property
    def body(self) -> bytes: ...


@dataclass(slots=True)
class Batch:
    """What a batch of intake rows holds for one shop."""

    events: list[Event] = field(default_factory=list)  # new ones, in order of arrival
    outcomes: Counter[tuple[int, str, str]] = field(default_factory=Counter)  # (day, kind, reason) -> count
    unreadable: list[IntakeRow] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)  # file -> the last row worked in


def keep(db: Connection, shop_id: int, zone: ZoneInfo, rows: Sequence[IntakeRow], now: Instant) -> Batch:
    """The new events of the rows, and the counts the door made.  Rows at or below their file's mark change nothing."""
    batch = Batch(marks=_read_marks(db, shop_id, {row.file for row in rows}))
    told: list[Event] = []
    for row in rows:
        if row.row <= batch.marks.get(row.file, 0):
            continue
        batch.marks[row.file] = row.row
        try:
            body = orjson.loads(row.body)
            received_at: Instant = body["received_at"]
            told_here = [unpack(packed) for packed in body.get("events", ())]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            batch.unreadable.append(row)
            batch.outcomes[day_on(now, zone), "failed", FailedReason.UNREADABLE] += 1
            continue
        day = day_on(received_at, zone)
        _count(batch.outcomes, day, body)
        batch.outcomes[day, "accepted", "event"] += len(told_here)
        if told_here and "imported" not in body:  # of which the time of arrival says nothing
            batch.outcomes[day, "hour", hour_of(received_at, zone)] += len(told_here)
            _observe(batch.outcomes, day, told_here)
        told += told_here
    batch.events = _only_new(db, shop_id, told, batch, zone)
    return batch


def drop_erased(db: Connection, shop: Shop, batch: Batch, secret: str) -> None:
    """Take out events of those who were erased: of their browsers and orders for good, of their addresses until they come
    anew."""
    c = tombstones.c
    if db.execute(select(c.hash).where(c.shop_id == shop.shop_id).limit(1)).first() is None:
        return
    hashes = {id(e): {hash_key(*key, secret): key[0] for key in keys_of(e, shop.settings, secret)} for e in batch.events}
    names = sorted({name for of_event in hashes.values() for name in of_event})
    found: dict[str, Instant] = {}
    for i in range(0, len(names), _MAX_IN):
        query = select(c.hash, c.erased_at).where(c.shop_id == shop.shop_id, c.hash.in_(names[i : i + _MAX_IN]))
        found |= {row.hash: row.erased_at for row in db.execute(query)}
    kept = []
    for event in batch.events:
        if any(
            name in found and (kind in (VISITOR, ORDER) or event.occurred_at <= found[name])
            for name, kind in hashes[id(event)].items()
        ):
            batch.outcomes[day_on(event.received_at, shop.settings.tz), "dropped", DroppedReason.ERASED] += 1
        else:
            kept.append(event)
    batch.events = kept


def drop_past(shop: Shop, batch: Batch, now: Instant) -> None:
    """Take out crawlers' visits from before the time for which the shop keeps events: those that were here are known no more,
    and would count again.  Of what people did, the base of their subject says so."""
    since = shop.settings.events_since(now)
    if since is None:
        return
    for event in batch.events:
        if _is_past(event, since):
            batch.outcomes[day_on(event.received_at, shop.settings.tz), "dropped", DroppedReason.EXPIRED] += 1
    batch.events = [event for event in batch.events if not _is_past(event, since)]


def _is_past(event: Event, since: Instant) -> bool:
    return event.type == "crawler_visit" and event.occurred_at < since


def _count(outcomes: Counter[tuple[int, str, str]], day: int, body: dict[str, Any]) -> None:
    for name, kind in (("refused", "refused"), ("ignored", "ignored_field"), ("counted", "counted_only")):
        for reason, count in (body.get(name) or {}).items():
            outcomes[day, kind, str(reason)[:80]] += count
    if corrected := body.get("corrected"):
        outcomes[day, "clock", "corrected"] += corrected


_LAG_BOUNDS = tuple(bound * SECOND for bound in LAG_BOUNDS)
_LAGS = {source: [("lag", f"{source}.{i}") for i in range(len(LAG_BOUNDS) + 1)] for source in Source}
_CONSENTS = {level: ("consent", level.name.lower()) for level in Consent}
_PERSON, _BOT, _STAFF = ("sender", "person"), ("sender", "bot"), ("sender", "staff")


def _observe(outcomes: Counter[tuple[int, str, str]], day: int, events: Iterable[Event]) -> None:
    """Counts by which data health judges what arrives: how late, from whom, by whose consent (of pages that people saw).

    Not of crawlers' visits: they come from a log, perhaps once a night, and say nothing of how orders and people arrive.
    """
    seen: Counter[tuple[str, str]] = Counter()
    for event in events:
        if event.type == "crawler_visit":
            continue
        seen[_LAGS[event.source][bisect_left(_LAG_BOUNDS, event.received_at - event.occurred_at)]] += 1
        if event.source is Source.SERVER:
            continue
        seen[_PERSON if event.bot is None else _STAFF if event.bot == STAFF else _BOT] += 1
        if event.type == "page_view" and event.bot is None:
            seen[_CONSENTS[event.consent]] += 1
    for (kind, reason), count in seen.items():
        outcomes[day, kind, reason] += count


def hour_of(at: Instant, zone: ZoneInfo) -> str:
    """The hour of the shop's day, as 00 … 23."""
    return _hour_of_quarter(at // 900_000, zone)


@lru_cache(maxsize=1_024)
def _hour_of_quarter(quarter: int, zone: ZoneInfo) -> str:
    return f"{to_datetime(quarter * 900_000).astimezone(zone).hour:02d}"


def _read_marks(db: Connection, shop_id: int, files: set[str]) -> dict[str, int]:
    return {row.file: row.row for row in db.execute(_MARKS, {"of_shop": shop_id, "names": sorted(files)})}


def _only_new(db: Connection, shop_id: int, told: list[Event], batch: Batch, zone: ZoneInfo) -> list[Event]:
    known = _known(db, shop_id, told)
    new: list[Event] = []
    for event in told:
        key = (SOURCE_CODE[event.source], event.event_id)
        if key in known:
            batch.outcomes[day_on(event.received_at, zone), "dropped", DroppedReason.DUPLICATE] += 1
        else:
            known.add(key)
            new.append(event)
    return new


def _known(db: Connection, shop_id: int, told: Iterable[Event]) -> set[tuple[int, str]]:
    ids: dict[int, list[str]] = defaultdict(list)
    for event in told:
        ids[SOURCE_CODE[event.source]].append(event.event_id)
    known = set()
    for source, names in ids.items():
        for i in range(0, len(names), _MAX_IN):
            asked = {"of_shop": shop_id, "of_source": source, "names": names[i : i + _MAX_IN]}
            known |= {(source, event_id) for event_id in db.execute(_KNOWN, asked).scalars()}
    return known
