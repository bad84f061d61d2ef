"""Deliver what is owed: claim a mail, try it, settle it.

`due_at` says when something is next to be done with a row: the next attempt, the end of its body, the end of the row.  A claim
moves it on by CLAIM, on the condition that nobody else has; so two workers never try the same mail, and one whose worker was
killed comes up again.  Whether that one had arrived nobody can know: it is sent again with the same Message-ID and says so in
`last_error` – unless it is one that must not come twice (`once`), or has killed its worker time and again: these are parked.

Leases are not held meanwhile; a mail server that does not answer holds up no shop's events.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from tracker import clock
from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE, Instant, isoformat
from tracker.config import Config
from tracker.outbox.message import build
from tracker.outbox.smtp import DeliveryError, mail_server, send
from tracker.storage import writing

log = logging.getLogger(__name__)

PAUSES = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 8 * HOUR, DAY)  # after the last one it is parked
CLAIM = 5 * MINUTE  # longer than any conversation with a mail server
KEEP_BODY = 7 * DAY  # of what was sent or parked
KEEP_ROW = 90 * DAY
IDLE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 30.0

c = t.mails.c


class Postman:
    """Delivers for all shops.  For use by one thread; several may run."""

    def __init__(self, engine: Engine, config: Config, now: Callable[[], Instant] = clock.now) -> None:
        """Raises ConfigError."""
        self.engine = engine
        self.config = config
        self.now = now
        self.server = mail_server(config)

    def run(self, stop: threading.Event) -> None:
        """Until told to stop; a database that is away is waited for."""
        pause = IDLE_SECONDS
        while not stop.wait(pause):
            try:
                self.step()
                pause = IDLE_SECONDS
            except SQLAlchemyError as error:
                pause = min(MAX_PAUSE_SECONDS, pause * 2)
                log.error("mails wait for the database: %s", str(error).splitlines()[0])

    def step(self) -> int:
        """Everything that is due; how many attempts that took."""
        lease = t.leases.c
        with self.engine.connect() as db:
            due = select(lease.shop_id).where(lease.mail_due_at <= self.now()).order_by(lease.mail_due_at).limit(200)
            shop_ids = list(db.execute(due).scalars())
        return sum(self._deliver(shop_id) for shop_id in shop_ids)

    def _deliver(self, shop_id: int) -> int:
        attempts = 0
        while True:
            with writing(self.engine) as db:
                row = claim(db, shop_id, self.now())
            if row is None:
                return attempts
            attempts += 1
            self._try(row)

    def _try(self, row: Row[Any]) -> None:
        error: DeliveryError | None = None
        try:
            send(self.server, build(row, self.config))
        except DeliveryError as refused:
            error = refused
        except Exception as bug:
            log.exception("mail=%s of shop=%s cannot be built", row.mail_id, row.shop_id)
            error = DeliveryError(f"{type(bug).__name__}: {bug}", permanent=True)
        with writing(self.engine) as db:
            settle(db, row, error, self.now())


def claim(db: Connection, shop_id: int, now: Instant) -> Row[Any] | None:
    """The next mail to try, ours for as long as CLAIM; None when nothing is due.  Settled ones are tidied on the way."""
    while True:
        due = select(t.mails).where(c.shop_id == shop_id, c.due_at <= now).order_by(c.due_at).limit(1)
        row = db.execute(due).first()
        if row is None:
            _mark_next(db, shop_id)
            return None
        if row.sent_at is not None or row.parked_at is not None:
            _tidy(db, row)
        elif row.trying_since_at is not None and (row.once or row.attempts > len(PAUSES)):
            _write(db, row, parked_at=now, due_at=now + KEEP_BODY, last_error=_cut_off(row, "so it is not repeated"))
        else:
            cut = {} if row.trying_since_at is None else {"last_error": _cut_off(row, "and is repeated")}
            if _write(db, row, due_at=now + CLAIM, attempts=row.attempts + 1, trying_since_at=now, **cut):
                return db.execute(select(t.mails).where(c.shop_id == shop_id, c.mail_id == row.mail_id)).one()


def _cut_off(row: Row[Any], what: str) -> str:
    told = f"the attempt of {isoformat(row.trying_since_at)} was cut off; it may have arrived, {what}"
    log.warning("mail=%s of shop=%s: %s", row.mail_id, row.shop_id, told)
    return told


def settle(db: Connection, row: Row[Any], error: DeliveryError | None, now: Instant) -> None:
    """Note how the attempt went: sent, to be tried again, or parked."""
    if error is None:
        of_mail = (c.shop_id == row.shop_id) & (c.mail_id == row.mail_id)
        db.execute(update(t.mails).where(of_mail).values(sent_at=now, due_at=now + KEEP_BODY, trying_since_at=None))
        log.info("mail=%s of shop=%s kind=%s sent, attempts=%s", row.mail_id, row.shop_id, row.kind, row.attempts)
        return
    told = str(error)[:1_000]
    if error.permanent or row.attempts > len(PAUSES):
        _write(db, row, parked_at=now, due_at=now + KEEP_BODY, trying_since_at=None, last_error=told)
        log.error("mail=%s of shop=%s kind=%s parked: %s", row.mail_id, row.shop_id, row.kind, told)
    else:
        _write(db, row, due_at=now + PAUSES[row.attempts - 1], trying_since_at=None, last_error=told)
        log.warning("mail=%s of shop=%s not sent, attempts=%s: %s", row.mail_id, row.shop_id, row.attempts, told)


def take_back(db: Connection, shop_id: int, to: str, why: str, now: Instant) -> None:
    """Park what is owed to somebody who is to get it no more; what is on its way to the mail server this moment arrives."""
    owed = (c.shop_id == shop_id) & (c.to == to) & c.sent_at.is_(None) & c.parked_at.is_(None)
    db.execute(update(t.mails).where(owed).values(parked_at=now, due_at=now + KEEP_BODY, trying_since_at=None, last_error=why))


def _write(db: Connection, row: Row[Any], **values: Any) -> bool:
    """Whether the row was still as we saw it."""
    seen = (c.shop_id == row.shop_id) & (c.mail_id == row.mail_id) & (c.due_at == row.due_at)
    return bool(db.execute(update(t.mails).where(seen).values(**values)).rowcount)


def _tidy(db: Connection, row: Row[Any]) -> None:
    """The time of a settled mail's body, and later of its row, is over."""
    if row.text is not None:
        _write(db, row, text=None, html=None, due_at=row.due_at + KEEP_ROW - KEEP_BODY)
    else:
        db.execute(delete(t.mails).where(c.shop_id == row.shop_id, c.mail_id == row.mail_id, c.due_at == row.due_at))


def _mark_next(db: Connection, shop_id: int) -> None:
    """Beside the lease.  Touched before the look, so that who owes another mail meanwhile comes before it or marks after it."""
    of_shop = update(t.leases).where(t.leases.c.shop_id == shop_id)
    db.execute(of_shop.values(mail_due_at=None))
    earliest: Instant | None = db.execute(select(func.min(c.due_at)).where(c.shop_id == shop_id)).scalar()
    db.execute(of_shop.values(mail_due_at=earliest))
