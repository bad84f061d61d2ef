"""`tracker work`: take shops that have something waiting, work it in, do what has fallen due, again and again.

Embedded, the worker reads the collectors' intake files itself.  On PostgreSQL `forward` first moves this machine's files into
the shared intake table, so that any worker on any machine can take the shop.  Intake rows are removed after the commit that
worked them in; whatever is worked in twice changes nothing.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import secrets
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, Engine, delete, func, or_, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from tracker import clock, shops, tasks
from tracker.clock import Instant
from tracker.collect.intake import IntakeFiles, IntakeRow
from tracker.config import Config
from tracker.outbox.deliver import Postman
from tracker.pipeline import leases
from tracker.pipeline.leases import LeaseLost, ShopChanged
from tracker.pipeline.process import Hold, keep_aside, process_batch, tick_shop
from tracker.pipeline.upsert import upsert
from tracker.shops import Shop, ShopSettings
from tracker.storage import writing
from tracker.subscriptions.crier import Crier
from tracker.tables import intake as intake_table
from tracker.tables import leases as leases_table

log = logging.getLogger(__name__)

READ_ROWS = 20_000  # intake rows at once: with many shops at a time each still gets a batch worth its transaction
IDLE_SECONDS = 0.2  # between two looks when nothing waits
SWEEP_SECONDS = 30
SHOPS_SECONDS = 5  # how old the worker's picture of the shops' settings may be
MAX_PAUSE_SECONDS = 10

# Requests whose key names no shop: only their refusals are counted, under this number.
NO_SHOP = Shop(0, "", "", "", None, (), ShopSettings(zone="UTC"))


class Worker:
    """One worker.  For use by one thread; several may run, on several machines."""

    def __init__(self, engine: Engine, config: Config, read_rows: int = READ_ROWS) -> None:
        self.engine = engine
        self.config = config
        self.read_rows = read_rows
        self.token = secrets.token_urlsafe(12)
        self.hold = Hold(self.token, config.lease_seconds * 1000, config.secret_key)
        self.files = IntakeFiles(config.intake_dir)
        self._shops: dict[int, Shop] = {}
        self._shops_at: Instant = 0
        self._swept_at: Instant = 0

    def run(self, stop: threading.Event) -> None:
        """Until told to stop.  A database that is away is waited for; nothing is lost meanwhile, since the files keep it."""
        pause = IDLE_SECONDS
        beside = self._start_mails(stop)
        while not stop.is_set():
            try:
                busy = self.step(clock.now())
                pause = IDLE_SECONDS
            except (SQLAlchemyError, OSError) as error:
                busy = 0
                self._swept_at = 0  # what was left half done is looked for once the database is back
                pause = min(MAX_PAUSE_SECONDS, pause * 2)
                log.error("the database does not answer, next try in %.1f s: %s", pause, str(error).splitlines()[0])
            if not busy:
                stop.wait(pause)
        self.close()
        for thread in beside:
            thread.join()

    def _start_mails(self, stop: threading.Event) -> list[threading.Thread]:
        """In threads beside us: neither a mail server that does not answer nor a report that takes long may hold up events."""
        if not self.config.sends_mail:
            return []
        threads = [
            threading.Thread(target=one(self.engine, self.config).run, args=(stop,), name=one.__name__.lower(), daemon=True)
            for one in (Postman, Crier)
        ]
        for thread in threads:
            thread.start()
        return threads

    def close(self) -> None:
        """Let go of the shops held."""
        self.files.close()
        try:
            with writing(self.engine) as db:
                for shop_id in [0, *self._shops]:
                    leases.release(db, shop_id, self.token)
        except SQLAlchemyError:
            log.warning("the leases could not be given back; they run out in %s s", self.config.lease_seconds)

    def step(self, now: Instant) -> int:
        """Everything that waits now, once; how many intake rows and subjects that were."""
        self._know_shops(now)
        done = self._work_files(now) if self.config.is_embedded else self._work_table(now)
        done += self._tick(now) + self._do_tasks(now)
        if now - self._swept_at > SWEEP_SECONDS * 1000:
            self._swept_at = now
            self.files.sweep()
            self._find_left_behind()
            self._find_chores(now)
        return done

    # --- embedded: straight from the files

    def _work_files(self, now: Instant) -> int:
        rows = self.files.read(self.read_rows)
        if any(row.shop_id not in self._shops for row in rows):
            self._reload_shops(now)
        done: list[IntakeRow] = []
        lost: set[int] = set()  # no later rows of a shop before the earlier ones: its mark would pass over these
        for together in _transactions(rows, self.config.batch_events):
            batches = [batch for batch in together if batch[0] not in lost]
            worked = self._work_in(batches, now) if batches else []
            done += worked
            lost |= {row.shop_id for _, of_shop in batches for row in of_shop} - {row.shop_id for row in worked}
        self.files.remove((row.file, row.row) for row in done)
        return len(done)

    # --- PostgreSQL: through the shared table

    def forward(self) -> int:
        """Move this machine's intake files into the shared table, in order; how many rows."""
        rows = self.files.read(self.config.batch_events)
        if rows:
            with writing(self.engine) as db:
                upsert_rows = [{"shop_id": r.shop_id, "file": r.file, "row": r.row, "body": r.body} for r in rows]
                upsert(db, intake_table, upsert_rows)
                for shop_id in sorted({r.shop_id for r in rows}):
                    self._mark_pending(db, shop_id)
            self.files.remove((r.file, r.row) for r in rows)
        return len(rows)

    def _mark_pending(self, db: Connection, shop_id: int) -> None:
        c = leases_table.c
        # Touches the row also when the mark is there, so that who is about to clear it waits until our rows can be seen.
        marked = func.coalesce(c.pending_at, clock.now())
        db.execute(update(leases_table).where(c.shop_id == shop_id).values(pending_at=marked))

    def _find_left_behind(self) -> None:
        """Rows whose worker ended after it had cleared the shop's mark: nobody would look for them until others come."""
        c = leases_table.c
        has_rows = select(intake_table.c.row).where(intake_table.c.shop_id == c.shop_id).exists()
        with self.engine.connect() as db:
            left = list(db.execute(select(c.shop_id).where(c.pending_at.is_(None), has_rows).order_by(c.shop_id)).scalars())
        if left:
            with writing(self.engine) as db:
                for shop_id in left:  # in order, as `forward` does, so that the two never wait for each other
                    self._mark_pending(db, shop_id)

    def _work_table(self, now: Instant) -> int:
        done = self.forward()
        c = leases_table.c
        mine = or_(c.held_until_at < now, c.token == self.token, c.token.is_(None))
        with self.engine.connect() as db:
            pending = list(
                db.execute(select(c.shop_id).where(c.pending_at.is_not(None), mine).order_by(c.pending_at).limit(200)).scalars()
            )
        if any(shop_id not in self._shops for shop_id in pending):
            self._reload_shops(now)  # made since we looked; without this it would pass for one that is gone
        for shop_id in pending:
            done += self._work_shop(shop_id, now)
        return done

    def _work_shop(self, shop_id: int, now: Instant) -> int:
        c = intake_table.c
        # Cleared before the look, so that what is forwarded after it marks the shop again.
        try:
            with writing(self.engine) as db:
                leases.hold(db, shop_id, self.token, now, now + self.hold.milliseconds)
                db.execute(update(leases_table).where(leases_table.c.shop_id == shop_id).values(pending_at=None))
        except LeaseLost:
            return 0
        with self.engine.connect() as db:
            query = select(c.shop_id, c.file, c.row, c.body).where(c.shop_id == shop_id).order_by(c.file, c.row)
            found = db.execute(query.limit(self.config.batch_events))
            rows = [IntakeRow(file=r.file, row=r.row, shop_id=r.shop_id, body=bytes(r.body)) for r in found]
        for batches in _transactions(rows, self.config.batch_events):
            if not self._work_in(batches, now):
                self._mark_pending_again(shop_id)
                return 0
        with writing(self.engine) as db:
            for file, last in {row.file: row.row for row in rows}.items():
                db.execute(delete(intake_table).where(c.shop_id == shop_id, c.file == file, c.row <= last))
            if len(rows) == self.config.batch_events:
                self._mark_pending(db, shop_id)
        return len(rows)

    def _mark_pending_again(self, shop_id: int) -> None:
        with writing(self.engine) as db:
            self._mark_pending(db, shop_id)

    # --- both

    def _work_in(self, batches: Sequence[tuple[int, Sequence[IntakeRow]]], now: Instant) -> list[IntakeRow]:
        """The rows that are done: worked in and committed together, or of a shop that was removed.

        Should another worker hold one of the shops, the others are tried one by one.  What cannot be worked in together is
        tried in parts; the row that fails by itself is kept aside, so that it holds up nobody.
        """
        done: list[IntakeRow] = []
        try:
            with _collector_paused(), writing(self.engine) as db:
                for shop_id, rows in batches:
                    shop = self._shops.get(shop_id)
                    if shop is None:
                        log.warning("dropped rows=%s of shop=%s, which is gone", len(rows), shop_id)
                    else:
                        process_batch(db, shop, rows, self.hold, now)
                    done += rows
        except LeaseLost as lost:
            if isinstance(lost, ShopChanged):
                self._shops_at = 0
            return [] if len(batches) == 1 else [row for batch in batches for row in self._work_in([batch], now)]
        except Exception as error:
            if _is_about_the_database(error):
                raise
            return self._work_in_parts(batches, now, error)
        return done

    def _work_in_parts(
        self, batches: Sequence[tuple[int, Sequence[IntakeRow]]], now: Instant, error: Exception
    ) -> list[IntakeRow]:
        """The same after a fault of ours: shop by shop, then row by row in order, for as long as the shop is ours."""
        if len(batches) > 1:
            return [row for batch in batches for row in self._work_in([batch], now)]
        [(shop_id, rows)] = batches
        if len(rows) == 1:
            return self._keep_aside(shop_id, rows[0], now, error)
        done: list[IntakeRow] = []
        for row in rows:
            worked = self._work_in([(shop_id, [row])], now)
            if not worked:
                break
            done += worked
        return done

    def _keep_aside(self, shop_id: int, row: IntakeRow, now: Instant, error: Exception) -> list[IntakeRow]:
        log.error("kept aside row=%s of file=%s shop=%s", row.row, row.file, shop_id, exc_info=error)
        try:
            with writing(self.engine) as db:
                keep_aside(db, self._shops[shop_id], row, self.hold, now)
        except LeaseLost:
            return []
        return [row]

    def _tick(self, now: Instant) -> int:
        c = leases_table.c
        with self.engine.connect() as db:
            due = list(db.execute(select(c.shop_id).where(c.due_at < now).order_by(c.due_at).limit(200)).scalars())
        done = 0
        for shop_id in due:
            shop = self._shops.get(shop_id)
            if shop is not None:
                try:
                    with writing(self.engine) as db:
                        done += tick_shop(db, shop, self.hold, now)
                except ShopChanged:
                    self._shops_at = 0
                except LeaseLost:
                    pass
        return done

    def _do_tasks(self, now: Instant) -> int:
        """A part of what was asked for, of each shop that somebody asked something of; live work goes on between the parts."""
        c = leases_table.c
        with self.engine.connect() as db:
            asked = list(db.execute(select(c.shop_id).where(c.asked_at.is_not(None)).order_by(c.asked_at).limit(200)).scalars())
        done = 0
        for shop_id in asked:
            shop = self._shops.get(shop_id)
            if shop is None:
                continue
            try:
                with writing(self.engine) as db:
                    done += tasks.step(db, shop, self.hold, now)
            except ShopChanged:
                pass
            except LeaseLost:
                continue
            self._look_again(shop_id)  # it may be another shop by now
        return done

    def _look_again(self, shop_id: int) -> None:
        with self.engine.connect() as db:
            shop = shops.find_shop(db, shop_id)
        if shop is not None:
            self._shops[shop_id] = shop

    def _find_chores(self, now: Instant) -> None:
        """What nobody asks for and has to be done: counters of an earlier release, data whose time is over."""
        for shop in self._shops.values():
            if shop.shop_id:
                with self.engine.connect() as db:
                    due = tasks.chores(db, shop, now)
                if due:
                    with writing(self.engine) as db:
                        for kind in due:
                            tasks.ask(db, shop.shop_id, kind, {}, tasks.NOBODY, now)

    def _know_shops(self, now: Instant) -> None:
        if now - self._shops_at > SHOPS_SECONDS * 1000:
            self._reload_shops(now)

    def _reload_shops(self, now: Instant) -> dict[int, Shop]:
        with self.engine.connect() as db:
            self._shops = {0: NO_SHOP} | {shop.shop_id: shop for shop in shops.all_shops(db)}
            known = set(db.execute(select(leases_table.c.shop_id)).scalars())
        self._shops_at = now
        if 0 not in known:
            with writing(self.engine) as db:
                upsert(db, leases_table, [{"shop_id": 0, "held_until_at": 0, "next_id": 1}])
        return self._shops


def _is_about_the_database(error: Exception) -> bool:
    """Whether trying again later may help, as when it is away; else what was asked of it, or our own code, is at fault."""
    if isinstance(error, DataError | IntegrityError):
        return False
    return isinstance(error, DBAPIError | OSError | MemoryError | TimeoutError) or (
        isinstance(error, SQLAlchemyError) and not isinstance(error, StatementError)
    )


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """A batch makes some hundred thousand objects that all live until its end; looking for garbage among them again and again
    took a quarter of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _transactions(rows: Iterable[IntakeRow], size: int) -> Iterator[list[tuple[int, list[IntakeRow]]]]:
    """The rows by shop, in order, as batches of about `size` requests that share a transaction.

    A batch is of one shop; when many shops have a little each, some share a commit, which costs more than their statements.  A
    request is one or many events: the bound on bytes keeps memory and the time of a transaction in check.
    """
    by_shop: dict[int, list[IntakeRow]] = defaultdict(list)
    for row in rows:
        by_shop[row.shop_id].append(row)
    together: list[tuple[int, list[IntakeRow]]] = []
    count, total = 0, 0
    for shop_id, of_shop in by_shop.items():
        together.append((shop_id, []))
        for row in of_shop:
            if count >= size or total > size * 1_000:
                yield together
                together, count, total = [(shop_id, [])], 0, 0
            together[-1][1].append(row)
            count, total = count + 1, total + len(row.body)
    if together:
        yield together
