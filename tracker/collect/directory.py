"""What the door knows by heart: the shops by their keys, and the salts of anonymous keys.

In:  the database, asked by the door's tending thread every few seconds; a snapshot file for the time when it is away.
Out: shop(key), salt(now), both from memory.  No request ever waits for the database.

The snapshot holds the shops' secrets, so it is readable for the owner alone.  Several processes may write it: each writes all.
Salts: random bytes for each UTC day, made by whoever needs them first, a few hours early so that a database that is away at
midnight does not matter, and deleted when their day is over.  With none from the database, the process makes its own; then one
browser's anonymous session may be two.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, NullPool, create_engine, delete, select, text
from sqlalchemy.exc import SQLAlchemyError

from tracker import tables as t
from tracker.clock import DAY, HOUR, Instant, to_datetime
from tracker.errors import Unavailable
from tracker.shops import Shop, ShopSettings, all_shops
from tracker.storage import writing

log = logging.getLogger(__name__)

SALT_BYTES = 32
SALT_AHEAD = 6 * HOUR  # with its own day: 30 hours of life, and gone within 48 also when nobody runs at midnight
SNAPSHOT_VERSION = 1


@dataclass(frozen=True)
class Known:
    """One state of knowledge; replaced as a whole, so that requests see either the old or the new."""

    shops: Mapping[str, Shop] = field(default_factory=dict)  # by site key
    salts: Mapping[int, bytes] = field(default_factory=dict)  # by day, 20260114


class Directory:
    """`engine` may be None: then only the snapshot tells."""

    def __init__(self, snapshot: Path, engine: Engine | None) -> None:
        self._snapshot = snapshot
        # Connections of its own, made and closed each time: it runs in a native thread, which must share no lock with requests.
        self._engine = None if engine is None else create_engine(engine.url, poolclass=NullPool, connect_args=_patience(engine))
        self._is_away = False
        read = _read_snapshot(snapshot)
        self._is_known = read is not None
        self._written = read
        self._known = read or Known()

    @property
    def is_known(self) -> bool:
        """Whether database or snapshot have ever told which shops there are."""
        return self._is_known

    def shop(self, key: str) -> Shop | None:
        """Raises Unavailable while nothing at all is known: then no key is unknown."""
        if not self._is_known:
            raise Unavailable("neither the database nor a snapshot has told which shops there are")
        return self._known.shops.get(key)

    def salt(self, now: Instant) -> bytes:
        """Today's."""
        day_on = _day_on(now)
        if day_on not in self._known.salts:
            self._known = Known(self._known.shops, {**self._known.salts, day_on: secrets.token_bytes(SALT_BYTES)})
        return self._known.salts[day_on]

    def refresh(self, now: Instant) -> None:
        """Asks the database; when it is away, what was known stays, but for old salts.  Called by one thread."""
        known = self._ask(now) or Known(self._known.shops, _from(_day_on(now), self._known.salts))
        self._known = known
        if self._is_known and known != self._written and _write_snapshot(self._snapshot, known):
            self._written = known

    def _ask(self, now: Instant) -> Known | None:
        if self._engine is None:
            return None
        try:
            with writing(self._engine) as db:
                known = Known({shop.site_key: shop for shop in all_shops(db)}, _salts(db, now))
        except SQLAlchemyError as error:
            if not self._is_away:
                log.warning("database away, the door goes on with what it knows: %s", type(error).__name__)
            self._is_away = True
            return None
        if self._is_away:
            log.warning("database back")
        self._is_away = False
        self._is_known = True
        return known


def _patience(engine: Engine) -> dict[str, Any]:
    """Seconds to wait for a connection or a lock: a host that is gone must not hold the thread for minutes."""
    return {"timeout": 2} if engine.dialect.name == "sqlite" else {"connect_timeout": 3}


def _salts(db: Connection, now: Instant) -> dict[int, bytes]:
    """Those of today and, when it is near, tomorrow, made where they are missing; the day before is deleted."""
    today = _day_on(now)
    salts = _read_salts(db)
    missing = {today, _day_on(now + SALT_AHEAD)} - salts.keys()
    if missing:
        # The one statement for which SQLAlchemy has a different form for each database, and both databases the same.
        insert = text("INSERT INTO salts (day_on, salt) VALUES (:day_on, :salt) ON CONFLICT DO NOTHING")
        db.execute(insert, [{"day_on": day, "salt": secrets.token_hex(SALT_BYTES)} for day in sorted(missing)])
    if any(day < today for day in salts):
        db.execute(delete(t.salts).where(t.salts.c.day_on < today))
    return _from(today, _read_salts(db) if missing else salts)


def _read_salts(db: Connection) -> dict[int, bytes]:
    return {row.day_on: bytes.fromhex(row.salt) for row in db.execute(select(t.salts))}


def _from(today: int, salts: Mapping[int, bytes]) -> dict[int, bytes]:
    return {day: salt for day, salt in salts.items() if day >= today}


def _day_on(at: Instant) -> int:
    return _day_number(at // DAY)


@lru_cache(maxsize=8)
def _day_number(days: int) -> int:
    """20260114 from the days since 1970: asked for every request, and formatting costs as much as parsing the body."""
    return int(to_datetime(days * DAY).strftime("%Y%m%d"))


def _read_snapshot(path: Path) -> Known | None:
    try:
        stored = orjson.loads(path.read_bytes())
        if stored["version"] != SNAPSHOT_VERSION:
            return None
        shops = [_load_shop(one) for one in stored["shops"]]
        salts = {int(day): bytes.fromhex(salt) for day, salt in stored["salts"].items()}
        return Known({shop.site_key: shop for shop in shops}, salts)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.error("snapshot %s cannot be read: %s", path, error)
        return None


_NOT_OF_THE_DOOR = frozenset({"version", "generation", "counted_by", "building"})


def _load_shop(stored: Mapping[str, Any]) -> Shop:
    # Of counters the door needs to know nothing.
    stored = {name: value for name, value in stored.items() if name not in _NOT_OF_THE_DOOR}
    return Shop(**{**stored, "hosts": tuple(stored["hosts"]), "settings": ShopSettings.load(stored["settings"])})


def _dump_shop(shop: Shop) -> dict[str, Any]:
    told = {**asdict(shop), "settings": shop.settings.dump()}
    return {name: value for name, value in told.items() if name not in _NOT_OF_THE_DOOR}


def _write_snapshot(path: Path, known: Known) -> bool:
    """Whole or not at all.  Whether it is written; if not, the next refresh tries again."""
    body = orjson.dumps(
        {
            "version": SNAPSHOT_VERSION,
            "shops": [_dump_shop(shop) for shop in known.shops.values()],
            "salts": {str(day): salt.hex() for day, salt in known.salts.items()},
        }
    )
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(body)
        draft.replace(path)
        return True
    except OSError as error:
        log.error("snapshot %s cannot be written: %s", path, error)
        with contextlib.suppress(OSError):
            draft.unlink()
        return False
