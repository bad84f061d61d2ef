"""Owe the mails that members chose: looks at a shop on its morning, and a while after something came in.

Which shops are due stands beside their leases (`look_at`), so a sweep is one query however many shops are idle.  Who looks at a
shop first moves its time on, on the condition that nobody else has.  Afterwards it is moved to the next morning, on the
condition that nothing came in meanwhile: what comes in moves it too (pipeline/leases.py).  Killed in between, the shop comes up
again after CLAIM, and each mail has a cause that owes it once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import SQLAlchemyError

from tracker import clock
from tracker import tables as t
from tracker.clock import HOUR, MINUTE, Instant
from tracker.config import Config
from tracker.outbox.compose import Letter
from tracker.outbox.enqueue import enqueue
from tracker.pipeline.leases import NEWS
from tracker.shops import Shop, find_shop
from tracker.storage import reading, writing
from tracker.subscriptions import choices, ringing, weekly
from tracker.subscriptions.choices import WEEKLY, Reader
from tracker.subscriptions.mornings import LATEST, monday_told, morning_of, next_morning

log = logging.getLogger(__name__)

PAUSE_SECONDS = 30.0
CLAIM = HOUR  # longer than NEWS, so that what comes in during a look can be told from the claim
MOST = 200  # shops of one sweep
TOGETHER = 20  # claimed in one transaction

assert CLAIM > NEWS + MINUTE

_c = t.leases.c


class Crier:
    """Looks at all shops.  For use by one thread; several may run."""

    def __init__(self, engine: Engine, config: Config, now: Callable[[], Instant] = clock.now) -> None:
        self.engine = engine
        self.config = config
        self.now = now

    def run(self, stop: threading.Event) -> None:
        """Until told to stop; a database that is away is waited for."""
        while not stop.wait(PAUSE_SECONDS):
            try:
                self.step(stop)
            except SQLAlchemyError as error:
                log.error("nobody is told anything: %s", str(error).splitlines()[0])

    def step(self, stop: threading.Event | None = None) -> int:
        """Every shop that is due; how many mails are owed because of it."""
        with self.engine.connect() as db:
            due = select(_c.shop_id, _c.look_at).where(_c.look_at <= self.now(), _c.shop_id > 0).order_by(_c.look_at)
            shops = [(row.shop_id, row.look_at) for row in db.execute(due.limit(MOST))]
        owed = 0
        for start in range(0, len(shops), TOGETHER):
            if stop is not None and stop.is_set():
                break
            owed += self._look(shops[start : start + TOGETHER])
        return owed

    def _look(self, due: list[tuple[int, Instant]]) -> int:
        """At some shops, each with the time that we saw; a commit costs more than a look at one where nothing happens."""
        now, owed = self.now(), 0
        claimed, after = now + CLAIM, {}
        with writing(self.engine) as db:
            ours = [shop_id for shop_id, seen in due if _move(db, shop_id, seen, claimed)]
        for shop_id in ours:
            try:
                count, after[shop_id] = self._tell(shop_id, now)
                owed += count
            except SQLAlchemyError:
                raise
            except Exception:
                log.exception("shop=%s cannot be told about", shop_id)
        with writing(self.engine) as db:
            for shop_id, at in after.items():
                _move(db, shop_id, claimed, at)
        return owed

    def _tell(self, shop_id: int, now: Instant) -> tuple[int, Instant]:
        """How many mails, and when to look again when nothing comes in."""
        with reading(self.engine) as db:
            shop = find_shop(db, shop_id)
            if shop is None:
                return 0, now + clock.DAY
            readers = choices.readers(db, shop)
            letters = list(self._weekly(db, shop, readers, now))
            alarms = ringing.read(db, shop, now) if readers else []
        owed = 0
        if letters or alarms:
            with writing(self.engine) as db:
                for reader, letter, cause in letters:
                    owed += owe_weekly(db, shop, reader, letter, cause, self.config, now)
                owed += ringing.Bell(db, shop, readers, self.config, now).tell(alarms)
        return owed, next_morning(now, shop.settings.tz)

    def _weekly(self, db: Connection, shop: Shop, readers: list[Reader], now: Instant) -> list[tuple[Reader, Letter, str]]:
        """Of the last week, for those who wanted it on its morning and have not got it."""
        monday = monday_told(now, shop.settings.tz)
        morning = morning_of(monday, shop.settings.tz)
        wanting = {
            weekly.cause(one, monday): one
            for one in readers
            if one.weekly_since_at is not None and one.weekly_since_at <= morning and now - morning < LATEST
        }
        m = t.mails.c
        had = set(db.execute(select(m.cause).where(m.shop_id == shop.shop_id, m.cause.in_(wanting))).scalars())
        found = []
        for cause, reader in wanting.items():
            if cause not in had and (letter := weekly.letter(db, shop, reader, monday, self.config, now)):
                found.append((reader, letter, cause))
        return found


def owe_weekly(db: Connection, shop: Shop, reader: Reader, letter: Letter, cause: str, config: Config, now: Instant) -> bool:
    """Whether it is owed now for the first time."""
    leave = choices.leave_link(shop.shop_id, reader.user_id, WEEKLY, config)
    return enqueue(db, shop.shop_id, WEEKLY, reader.email, letter, cause, now, unsubscribe=leave)


def _move(db: Connection, shop_id: int, seen: Instant, to: Instant) -> bool:
    """Whether its time was still as we saw it."""
    return bool(db.execute(update(t.leases).where(_c.shop_id == shop_id, _c.look_at == seen).values(look_at=to)).rowcount)
