"""Alarms of data health by mail: one when an alarm begins to ring, one when it is over, and none in between.

An alarm is over when all of yesterday, and today until now, nothing was wrong; so one that comes and goes rings on.  And nobody
gets more than one mail a day about the same alarm.  The table `ringing` says what was told last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from tracker import tables as t
from tracker.clock import DAY, Instant, day_of
from tracker.config import Config
from tracker.outbox.compose import compose
from tracker.outbox.enqueue import enqueue
from tracker.outbox.links import public_address
from tracker.pipeline.upsert import upsert
from tracker.reports import alarms, counters
from tracker.reports.alarms import OK, ON, WATCH
from tracker.reports.data_health import alarm_days
from tracker.reports.query import read_query
from tracker.reports.table import N_, Sentence
from tracker.reports.words import tell
from tracker.shops import Shop
from tracker.subscriptions import choices
from tracker.subscriptions.choices import ALARMS, WEEKLY, Reader
from tracker.telling.language import writer

PERIOD = "28d"
SILENCE = "nothing_arrives"  # also told to those who else would only miss their weekly mail

_c = t.ringing.c


@dataclass(frozen=True)
class Ringing:
    """How an alarm stands."""

    alarm: str
    since: date | None
    is_on: bool
    is_calm: bool  # known to be as it should, yesterday and today
    advice: Sentence | None


def read(db: Connection, shop: Shop, now: Instant) -> list[Ringing]:
    """All alarms of the shop."""
    days = alarm_days(db, shop, read_query({"period": PERIOD}, shop, now))
    return list(_judge(days, day_of(now, shop.settings.tz)))


def _judge(days: Mapping[date, alarms.Day], today: date) -> Iterator[Ringing]:
    yesterday = {row["alarm"]: row for row in alarms.rows({day: told for day, told in days.items() if day < today})}
    for row in alarms.rows(days):
        state, before = row["state"], yesterday[row["alarm"]]["state"]
        since, advice = row["since"], row["advice"]
        yield Ringing(
            str(row["alarm"]),
            since if isinstance(since, date) else None,
            state == ON,
            state in (OK, WATCH) and before != ON,
            advice if isinstance(advice, Sentence) else None,
        )


@dataclass(frozen=True)
class Bell:
    """What it takes to tell the members of a shop; in one transaction."""

    db: Connection
    shop: Shop
    readers: Sequence[Reader]
    config: Config
    now: Instant

    def tell(self, found: Sequence[Ringing]) -> int:
        """Owe what has begun or ended since it was last told; how many mails."""
        known = {row.alarm: row for row in self.db.execute(select(t.ringing).where(_c.shop_id == self.shop.shop_id))}
        owed = 0
        for one in found:
            told = known.get(one.alarm)
            if told is not None and self.now - told.told_at < DAY:
                continue
            if one.is_on and one.since and (told is None or told.is_over):
                owed += self._begin(one, one.since)
            elif one.is_calm and told is not None and not told.is_over:
                owed += self._end(one.alarm, told.since_on)
        return owed

    def _begin(self, one: Ringing, since: date) -> int:
        since_on, owed = counters.day_number(since), 0
        self._note(one.alarm, since_on, is_over=False)
        for reader in self._concerned(one.alarm):
            write = writer(reader.locale, self.shop)
            also = N_("While nothing is measured, there is no weekly mail either.") if one.alarm == SILENCE else ""
            advice = tell(one.advice, write.translate) if one.advice else ""
            facts = {"since": write.day(since), "advice": advice, "also": write.translate(also)}
            owed += self._owe("alarm", one.alarm, since_on, reader, **facts)
        return owed

    def _end(self, alarm: str, since_on: int) -> int:
        self._note(alarm, since_on, is_over=True)
        return sum(self._owe("alarm_over", alarm, since_on, reader) for reader in self._concerned(alarm))

    def _concerned(self, alarm: str) -> list[Reader]:
        return [one for one in self.readers if one.alarms or (alarm == SILENCE and one.weekly)]

    def _note(self, alarm: str, since_on: int, *, is_over: bool) -> None:
        row = {"shop_id": self.shop.shop_id, "alarm": alarm, "since_on": since_on, "told_at": self.now, "is_over": is_over}
        upsert(self.db, t.ringing, [row])

    def _owe(self, kind: str, alarm: str, since_on: int, to: Reader, **facts: str) -> bool:
        shop_id, public_url = self.shop.shop_id, self.config.public_url
        leave = choices.leave_link(shop_id, to.user_id, ALARMS if to.alarms else WEEKLY, self.config)
        letter = compose(
            kind,
            to.locale,
            shop=self.shop.name,
            alarm=writer(to.locale, self.shop).say("alarm", alarm),
            link=public_address(public_url, f"/shops/{shop_id}/data-health"),
            profile=public_address(public_url, "/profile"),
            leave=leave,
            **facts,
        )
        cause = f"{kind} {alarm} {since_on} {to.user_id}"
        return enqueue(self.db, shop_id, kind, to.email, letter, cause, self.now, unsubscribe=leave)
