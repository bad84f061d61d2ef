"""What is wrong with an installation, in plain words, and what to do about it.

To add a check: a function in CHECKS that yields findings.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from tracker import shops, storage
from tracker import tables as t
from tracker.clock import DAY, MINUTE, Instant
from tracker.collect.intake import IntakeFiles
from tracker.config import Config, ConfigError
from tracker.outbox.smtp import mail_server

FREE_BYTES = 500 * 1024 * 1024


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    ok: bool
    text: str
    advice: str = ""


Check = Callable[[Config, Engine, Instant], Iterator[Finding]]


def examine(config: Config, now: Instant) -> list[Finding]:
    """All findings, in the order in which one would look."""
    engine = storage.open_engine(config)
    found = []
    for check in CHECKS:
        try:
            found += list(check(config, engine, now))
        except SQLAlchemyError as error:
            found.append(Finding(False, f"The database does not answer: {str(error).splitlines()[0]}", _DATABASE_ADVICE))
            break
        if check is _tables and not found[-1].ok:
            break  # the rest would ask for what is not there
    return found


_DATABASE_ADVICE = "Is KUNDEREJSE_DATABASE_URL right, and does the server run?  The front door goes on accepting meanwhile."


def _folder(config: Config, _engine: Engine, _now: Instant) -> Iterator[Finding]:
    folder = Path(config.data_dir)
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        yield Finding(
            False, f"The folder {folder.resolve()} cannot be written.", "Make it, or set KUNDEREJSE_DATA_DIR to another."
        )
        return
    free = shutil.disk_usage(folder).free
    yield Finding(
        free > FREE_BYTES,
        f"{free // 1024**2} MB are free on the disk of {folder.resolve()}.",
        "" if free > FREE_BYTES else "The front door answers 503 when the disk is full; make room.",
    )


def _tables(_config: Config, engine: Engine, _now: Instant) -> Iterator[Finding]:
    current, head = storage.current_revision(engine) or "nothing", storage.head_revision()
    ok = current == head
    yield Finding(ok, "The tables fit this release." if ok else f"The tables are at {current}, this release needs {head}.",
                  "" if ok else "Run `tracker migrate`.")  # fmt: skip


def _shops_and_accounts(_config: Config, engine: Engine, _now: Instant) -> Iterator[Finding]:
    with engine.connect() as db:
        found = shops.all_shops(db)
        users = db.execute(select(func.count()).select_from(t.users)).scalar_one()
    yield Finding(bool(found), f"{len(found)} shop(s).", "" if found else "Make one: `tracker shop add NAME --host HOST`.")
    yield Finding(bool(users), f"{users} account(s).", "" if users else "Make one: `tracker user add EMAIL`.")
    for shop in found:
        if not shop.hosts:
            yield Finding(
                False, f"Shop {shop.name} names no hosts, so any page may send events in its name.", "Name its hosts."
            )


def _intake(config: Config, engine: Engine, now: Instant) -> Iterator[Finding]:
    files = IntakeFiles(config.intake_dir)
    waiting = files.count()
    files.close()
    with engine.connect() as db:
        waiting += db.execute(select(func.count()).select_from(t.intake)).scalar_one()
        workers = db.execute(select(func.max(t.leases.c.held_until_at))).scalar() or 0
    works = workers > now - 10 * MINUTE
    yield Finding(
        waiting < 1_000 or works,
        f"{waiting} accepted requests wait for a worker.",
        "" if waiting < 1_000 or works else "Start one: `tracker work`.",
    )


def _events(_config: Config, engine: Engine, now: Instant) -> Iterator[Finding]:
    with engine.connect() as db:
        for shop in shops.all_shops(db):
            last = db.execute(select(func.max(t.journeys.c.last_at)).where(t.journeys.c.shop_id == shop.shop_id)).scalar()
            if last is None:
                yield Finding(False, f"{shop.name}: no event yet.", "Put the tag on the shop's pages (page “Set-up” shows it).")
                continue
            age = now - last
            yield Finding(age < DAY, f"{shop.name}: the last event came {age // MINUTE} minutes ago.",
                          "" if age < DAY else "Is the tag still on the pages?  See the page “Data health”.")  # fmt: skip
            aside = db.execute(
                select(func.count()).where(t.subjects.c.shop_id == shop.shop_id, t.subjects.c.set_aside.is_not(None))
            ).scalar_one()
            if aside:
                yield Finding(False, f"{shop.name}: {aside} subject(s) are set aside after an error of ours.",
                              f"`tracker replay {shop.shop_id}` tries them again; the log has the error.")  # fmt: skip


def _door(config: Config, _engine: Engine, _now: Instant) -> Iterator[Finding]:
    address = config.public_url + config.script_path
    try:
        with urlopen(address, timeout=5) as answer:  # noqa: S310 - our own public address
            ok = answer.status == 200
        yield Finding(ok, f"The snippet is served at {address}.")
    except (URLError, OSError, ValueError) as error:
        yield Finding(
            False, f"{address} does not answer: {error}", "Is the web process running, and KUNDEREJSE_PUBLIC_URL right?"
        )


def _mail(config: Config, engine: Engine, now: Instant) -> Iterator[Finding]:
    if not config.sends_mail:
        yield Finding(True, "Mail is off; pages show the links that a mail would carry.")
        return
    try:
        mail_server(config)
    except ConfigError as error:
        yield Finding(False, "No mail can be sent.", str(error))
        return
    c = t.mails.c
    with engine.connect() as db:
        parked, last = db.execute(
            select(func.count(), func.max(c.last_error)).where(c.parked_at.is_not(None), c.parked_at > now - DAY)
        ).one()
        late = db.execute(
            select(func.count()).where(c.sent_at.is_(None), c.parked_at.is_(None), c.due_at < now - 10 * MINUTE)
        ).scalar_one()
    yield Finding(not late, f"{late} mails wait for a worker.", "Start one: `tracker work`." if late else "")
    yield Finding(not parked, f"{parked} mails were given up within a day.",
                  f"`tracker mail list` shows them.  One said: {last}" if parked else "")  # fmt: skip


CHECKS: tuple[Check, ...] = (_folder, _tables, _shops_and_accounts, _intake, _events, _mail, _door)
