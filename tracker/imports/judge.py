"""From an entry to packed events, by the door's own stations: wire.load, reduce, pack.

In:  entries of a file.
Out: the packed events of each, which may be none; raises Refused with what its author must change.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import Engine

from tracker.clock import DAY, MONTH, Instant
from tracker.collect.reduce import reduce
from tracker.errors import RefusedReason
from tracker.events import wire
from tracker.events.codec import pack
from tracker.events.types import Consent, Event, Source
from tracker.imports.kinds import Kind, Told
from tracker.imports.known import has_refund
from tracker.imports.lines import Entry, refusal
from tracker.imports.report import ImportReport
from tracker.shops import Shop
from tracker.texts import N_


@dataclass(frozen=True)
class Limits:
    """The installation's, but for the age: the past is what this is about."""

    max_future_seconds: int
    max_age_days: int = 100_000


class Judge:
    """For one file."""

    def __init__(self, kind: Kind, shop: Shop, engine: Engine, now: Instant, limits: Limits, report: ImportReport) -> None:
        self._kind, self._shop, self._engine, self._now, self._limits, self._report = kind, shop, engine, now, limits, report
        self._consent = {Source.BROWSER: shop.consent_unknown, Source.SERVER: Consent.STATISTICS}
        self._currency = shop.settings.currency
        self.counted_states = frozenset(shop.settings.counted_states)
        # Who did nothing since is forgotten, and what was counted of them stays: told again, it would count again.
        months = shop.settings.people_months
        self._remembered_since = now - months * MONTH if months else -MONTH
        self._salt = secrets.token_bytes(16)
        self._seen = _Seen() if kind.KEY else None

    def accept(self, entry: Entry) -> list[dict[str, Any]]:
        """All of the entry's events, or none of them.  Raises Refused."""
        if entry.refusal is not None:
            raise entry.refusal
        told = self._kind.tell(entry, self._shop)
        loaded = [(one, self._load(one)) for one in told]
        first = loaded[0][1]
        if first is not None and first.occurred_at < self._remembered_since:
            self._report.note({"expired": len(entry.texts)})
            return []
        if self._seen is not None:
            self._look_again(told)
            self._report.states.update(event.data["status"] for _, event in loaded if event and event.type == "purchase")
        self._report.note(entry.notes)
        return [pack(event) for one, event in loaded if event is not None and not self._is_known(one)]

    def _load(self, told: Told) -> Event | None:
        """None: a browser's without consent, which leaves nothing."""
        loaded = wire.load(
            told.wire,
            told.wire,
            told.source,
            received_at=self._now,
            currency=self._currency,
            default_consent=self._consent[told.source],
            limits=self._limits,
        )
        if loaded.ignored:
            self._report.ignore(loaded.ignored)
        event = self._remembered(loaded.event)
        if told.source is Source.SERVER:
            return reduce(event, told.request, self._shop.shop_id, b"")
        kept = reduce(event, told.request, self._shop.shop_id, self._salt_of(event))
        if kept is None:
            self._report.note({"no_consent": 1})
        return kept

    def _remembered(self, event: Event) -> Event:
        """That somebody has this key and address is no act and holds still: never older than the shop remembers people.

        A month is left for the orders to be imported that say more of them.
        """
        earliest = self._remembered_since + MONTH
        return replace(event, occurred_at=earliest) if event.type == "identify" and event.occurred_at < earliest else event

    def _salt_of(self, event: Event) -> bytes:
        """What an anonymous event's request told is gone: visitor and day stand for it, under a salt of this import."""
        who = event.visitor_key or event.event_id
        told = f"{event.occurred_at // DAY}|{who}".encode("utf-8", "surrogatepass")
        return blake2b(told, key=self._salt, digest_size=16).digest()

    def _look_again(self, told: list[Told]) -> None:
        """The same order twice counts once; another one under its key would be lost, or half of one whose lines are apart."""
        assert self._seen is not None
        verdict = self._seen.look(told[0].wire["event_id"], orjson.dumps([one.wire for one in told]))
        if verdict == "other":
            text = N_(
                "stands further up as well, with something else: sort the file, so that an order's lines follow each other"
            )
            raise refusal(RefusedReason.INVALID, text, self._kind.KEY or "")
        if verdict == "same":
            self._report.note({"repeated": 1})

    def _is_known(self, told: Told) -> bool:
        if told.sums_refunds_of is None:
            return False
        with self._engine.connect() as db:
            found = has_refund(db, self._shop.shop_id, told.sums_refunds_of)
        if found:
            self._report.note({"refund_known": 1})
        return found


class _Seen:
    """The entries that were there before, in a database of its own on the disk, which the memory need not hold."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("CREATE TABLE seen(key INTEGER PRIMARY KEY, content INTEGER NOT NULL)")
        self._db.execute("BEGIN")

    def look(self, key: str, content: bytes) -> str:
        """new, same or other; remembers it."""
        asked = (_short(key.encode()), _short(content))
        if self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", asked).rowcount:
            return "new"
        [found] = self._db.execute("SELECT content FROM seen WHERE key = ?", asked[:1]).fetchone()
        return "same" if found == asked[1] else "other"


def _short(told: bytes) -> int:
    return int.from_bytes(blake2b(told, digest_size=8).digest(), signed=True)
