"""The intake: what was accepted and is not worked in yet, durable before the sender is answered.

In:  IntakeWriter.append(shop_id, body), from many requests at once; `write_body` makes the body.
Out: IntakeFiles.read() -> [IntakeRow], oldest first; IntakeFiles.remove() once they are worked in or forwarded.

Each collector process writes a SQLite file of its own (WAL, synchronous=FULL), so that it waits for no twin and no pipeline; a
native thread commits all requests that wait with one fsync.  Beside `<name>.db` lies `<name>.lock`, locked for as long as the
owner lives.  A file is never taken over: after a fault, or when it has grown, the writer begins a new one, and whoever reads
drains and sweeps the old.  docs/adr/0004-intake-files.md says why.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
import time
import uuid
from _queue import Empty, SimpleQueue  # the C class, which a native thread can share; gevent replaces the name in `queue`
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from tracker.clock import Instant
from tracker.collect import native
from tracker.errors import Unavailable

log = logging.getLogger(__name__)

MAX_COMMIT_ROWS = 256
MAX_COMMIT_BYTES = 8 * 1024 * 1024
MAX_FILE_BYTES = 64 * 1024 * 1024  # a file that a backlog has grown this far is left to be drained and deleted
PAUSE_SECONDS = 1.0  # between two tries of a disk that fails; requests in between are answered at once
BUSY_SECONDS = 1.0  # a reader's deletions take a few milliseconds; after this long the writer begins a new file instead

# The reader moves the log into the file as it goes (IntakeFiles.remove), since its wait costs nobody anything.  But a log
# begins anew only when all of it has been moved, which under steady traffic is the writer's last step: at 4,000 pages, 16 MB.
WRITER_CHECKPOINT_PAGES = 4_000
READER_CHECKPOINT_BYTES = 1024 * 1024
READ_BYTES = 16 * 1024 * 1024  # at once: a backlog of long bodies must not fill the memory of who works it in
REMOVE_ROWS = 1_000  # in one transaction of a reader: about 2 ms in which the writer waits

_CREATE = "CREATE TABLE intake(id INTEGER PRIMARY KEY AUTOINCREMENT, shop_id INTEGER NOT NULL, body BLOB NOT NULL)"


@dataclass(frozen=True, slots=True)
class IntakeRow:
    """One accepted request: `file` is the intake file's name, `row` its number there, never used twice."""

    file: str
    row: int
    shop_id: int
    body: bytes


def write_body(received_at: Instant, **told: Any) -> bytes:
    """A row's body.  `received_at` comes first: readers sort by it without parsing.  What is empty is left out.

    `events` are packed ones; `refused`, `ignored`, `counted` are counts by name; `corrected` is how many events had a wrong
    clock; `imported` marks events of the past that
    somebody handed in, from which no rule may start.
    """
    return orjson.dumps({"received_at": received_at, **{name: value for name, value in told.items() if value}})


class IntakeWriter:
    """The one writer of its file.  Make it in the process that serves, after any fork."""

    def __init__(self, directory: Path, linger_ms: int) -> None:
        self._directory = directory
        self._linger_seconds = linger_ms / 1000
        self._inbox: SimpleQueue[tuple[int, bytes, native.Ticket | None] | None] = SimpleQueue()
        self._waiting = native.waiting()
        self._file: _File | None = None
        self._paused_until = 0.0
        self._is_down = False
        self._ended = native.held()
        native.start(self._run)

    @property
    def is_down(self) -> bool:
        """Whether the last commit failed; the next one may succeed."""
        return self._is_down

    def append(self, shop_id: int, body: bytes) -> None:
        """Returns when the row has reached the disk.  Raises Unavailable when it has not: the sender must send it again."""
        if time.monotonic() < self._paused_until:
            raise Unavailable("the intake's disk does not take anything")
        ticket = self._waiting.ticket()
        self._inbox.put((shop_id, body, ticket))
        ticket.wait()
        if not ticket.kept:
            raise Unavailable("the intake's disk does not take anything")

    def append_all(self, rows: Sequence[tuple[int, bytes]]) -> None:
        """Returns when all rows, as (shop_id, body), have reached the disk, in order.  Raises Unavailable when one has not."""
        tickets = []
        for shop_id, body in rows:
            tickets.append(self._waiting.ticket())
            self._inbox.put((shop_id, body, tickets[-1]))
        for ticket in tickets:
            ticket.wait()
        if not all(ticket.kept for ticket in tickets):
            raise Unavailable("the intake's disk does not take anything")

    def append_later(self, shop_id: int, body: bytes) -> None:
        """For what nobody was promised: the row goes with the next commit, or is lost with the process."""
        self._inbox.put((shop_id, body, None))

    def close(self) -> None:
        """Writes what waits, and gives the file free."""
        self._inbox.put(None)
        self._ended.acquire()

    def _run(self) -> None:
        self._open()
        is_open = True
        while is_open:
            rows, tickets, is_open = self._gather()
            kept = self._commit(rows) if rows else True
            self._waiting.wake(tickets, kept)
            if self._file is not None and self._file.has_grown:
                self._leave_file()
        self._leave_file()
        self._ended.release()

    def _gather(self) -> tuple[list[tuple[int, bytes]], list[native.Ticket], bool]:
        """Waits for a first request, lingers for others, takes all there are.  Last: whether to go on afterwards."""
        rows: list[tuple[int, bytes]] = []
        tickets: list[native.Ticket] = []
        size = 0
        entry = self._inbox.get()
        if entry is not None and self._linger_seconds:
            native.sleep(self._linger_seconds)
        while entry is not None:
            shop_id, body, ticket = entry
            rows.append((shop_id, body))
            if ticket is not None:
                tickets.append(ticket)
            size += len(body)
            if len(rows) >= MAX_COMMIT_ROWS or size >= MAX_COMMIT_BYTES:
                return rows, tickets, True
            try:
                entry = self._inbox.get_nowait()
            except Empty:
                return rows, tickets, True
        return rows, tickets, False

    def _commit(self, rows: Sequence[tuple[int, bytes]]) -> bool:
        """Whether they are on the disk.  A file that fails is left, and a new one tried once before the senders hear of it."""
        for _ in range(2):
            try:
                if self._open():
                    assert self._file is not None
                    self._file.write(rows)
                    self._note(is_down=False)
                    return True
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread must live and the senders must be told
                log.warning("intake file %s left: %s", self._file and self._file.path.name, error)
                self._leave_file()
        self._paused_until = time.monotonic() + PAUSE_SECONDS
        self._note(is_down=True)
        return False

    def _open(self) -> bool:
        if self._file is None:
            try:
                self._file = _File(self._directory)
            except (OSError, sqlite3.Error) as error:
                if not self._is_down:
                    log.error("no intake file can be made in %s: %s", self._directory, error)
        return self._file is not None

    def _leave_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _note(self, *, is_down: bool) -> None:
        if is_down != self._is_down:
            log.error("intake is down: senders are told to come back") if is_down else log.warning("intake is back")
            self._is_down = is_down


class _File:
    """One open intake file and the lock that says its owner lives."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = uuid.uuid4().hex
        self.path = directory / f"{name}.db"
        self._lock_path = directory / f"{name}.lock"
        self._lock = _lock(self._lock_path)
        self.has_grown = False
        try:
            _make(directory / f"{name}.new", self.path)
            self._db = _connect(self.path, BUSY_SECONDS)
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute(f"PRAGMA wal_autocheckpoint={WRITER_CHECKPOINT_PAGES}")
            self._db.execute(f"PRAGMA journal_size_limit={MAX_FILE_BYTES}")
            self._inode = self.path.stat().st_ino
        except BaseException:
            _delete(directory, name)
            os.close(self._lock)
            raise

    def write(self, rows: Sequence[tuple[int, bytes]]) -> None:
        """One statement that commits itself: each further one would wait for the interpreter's lock twice more."""
        values = ",".join(("(?,?)",) * len(rows))
        self._db.execute(f"INSERT INTO intake(shop_id, body) VALUES {values}", [field for row in rows for field in row])  # noqa: S608
        found = self.path.stat()  # a file that somebody has deleted still takes rows, and loses them
        if found.st_ino != self._inode:
            raise FileNotFoundError(f"{self.path.name} was replaced")
        self.has_grown = found.st_size > MAX_FILE_BYTES

    def close(self) -> None:
        """What it holds stays for the reader."""
        with contextlib.suppress(sqlite3.Error):
            self._db.close()
        os.close(self._lock)


class IntakeFiles:
    """All intake files of one directory, as the worker and the forwarder see them.  For use by one thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open: dict[str, sqlite3.Connection] = {}
        self._unreadable: set[str] = set()

    def read(self, limit_rows: int, after: Mapping[str, int] | None = None) -> list[IntakeRow]:
        """The oldest rows of all files together, by the instant their body begins with; within a file in order of its rows.

        So many, or fewer when they come to READ_BYTES.
        `after` names rows already read but not removed, as file -> row: what lies up to there is left out.
        """
        after = after or {}
        files = [self._rows(name, after.get(name, 0), limit_rows) for name in self._names()]
        # A body begins {"received_at":1760000000000 – equal length until the year 2286, so its bytes compare as the numbers do.
        return list(_up_to_bytes(islice(merge(*files, key=lambda row: row.body[:28]), limit_rows)))

    def count(self) -> int:
        """How many rows wait in all files."""
        total = 0
        for name in self._names():
            with self._sparing_the_others(name):
                total += self._connection(name).execute("SELECT count(*) FROM intake").fetchone()[0]
        return total

    def remove(self, rows: Iterable[tuple[str, int]]) -> None:
        """Forgets rows, given as (file, row).  Those already gone are no error."""
        by_file: dict[str, list[int]] = {}
        for name, row in rows:
            by_file.setdefault(name, []).append(row)
        for name, numbers in by_file.items():
            numbers.sort()
            with self._sparing_the_others(name):
                for start in range(0, len(numbers), REMOVE_ROWS):
                    _remove(self._connection(name), numbers[start : start + REMOVE_ROWS])
                self._checkpoint(name)

    def sweep(self) -> int:
        """Deletes the files that are drained and whose owner is gone.  Returns how many."""
        swept = 0
        for path in sorted(self._directory.glob("*.lock")):
            try:
                held = _lock(path, create=False)
            except OSError:
                continue  # its owner lives, or another reader has just swept it
            try:
                swept += self._sweep_one(path.stem)
            finally:
                os.close(held)
        return swept

    def close(self) -> None:
        for name in list(self._open):
            self._shut(name)

    def _names(self) -> list[str]:
        try:
            found = {entry.name[:-3] for entry in os.scandir(self._directory) if entry.name.endswith(".db")}
        except FileNotFoundError:
            found = set()
        for name in self._open.keys() - found:
            self._shut(name)
        return sorted(found)

    def _rows(self, name: str, after: int, limit_rows: int) -> list[IntakeRow]:
        query = "SELECT id, shop_id, body FROM intake WHERE id > ? ORDER BY id LIMIT ?"
        rows: list[IntakeRow] = []
        with self._sparing_the_others(name):
            found = self._connection(name).execute(query, (after, limit_rows))
            rows += _up_to_bytes(IntakeRow(name, *row) for row in found)
        return rows

    def _connection(self, name: str) -> sqlite3.Connection:
        if name not in self._open:
            db = self._open[name] = _connect(self._directory / f"{name}.db", timeout=5.0)
            # What is deleted twice because a power cut forgot it changes nothing, so deletions need no fsync of their own.
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute("PRAGMA wal_autocheckpoint=0")
            db.execute("PRAGMA secure_delete=ON")  # what was worked in leaves no traces in free pages
        return self._open[name]

    @contextlib.contextmanager
    def _sparing_the_others(self, name: str) -> Iterator[None]:
        """A file that fails is said once and left alone for now: it must not keep the others' rows waiting."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            self._shut(name)
            if (self._directory / f"{name}.db").exists() and name not in self._unreadable:
                self._unreadable.add(name)
                log.error("intake file %s cannot be read or changed now: %s", name, error)
        else:
            self._unreadable.discard(name)

    def _checkpoint(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            if (self._directory / f"{name}.db-wal").stat().st_size > READER_CHECKPOINT_BYTES:
                self._connection(name).execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _sweep_one(self, name: str) -> int:
        if (self._directory / f"{name}.db").exists():
            is_drained = False
            with self._sparing_the_others(name):
                is_drained = self._connection(name).execute("SELECT 1 FROM intake LIMIT 1").fetchone() is None
            if not is_drained:
                return 0
            self._shut(name)
        _delete(self._directory, name)
        return 1

    def _shut(self, name: str) -> None:
        if name in self._open:
            self._open.pop(name).close()


def _up_to_bytes(rows: Iterable[IntakeRow]) -> Iterator[IntakeRow]:
    """The first rows, until they come to READ_BYTES; always one when there is one."""
    size = 0
    for row in rows:
        yield row
        size += len(row.body)
        if size >= READ_BYTES:
            return


def _connect(path: Path, timeout: float) -> sqlite3.Connection:
    """Only to a file that is there: `mode=rw` does not make one."""
    uri = f"{path.resolve().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False, cached_statements=64)


def _lock(path: Path, *, create: bool = True) -> int:
    """The descriptor that holds the lock until it is closed.  Raises OSError when somebody else holds it."""
    descriptor = os.open(path, os.O_RDWR | (os.O_CREAT | os.O_EXCL if create else 0), 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.stat().st_ino != os.fstat(descriptor).st_ino:
            raise FileNotFoundError(path)  # swept between our opening and locking it
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _make(draft: Path, path: Path) -> None:
    """A reader sees the file only when it is complete; SQLite must not have it open while it is renamed."""
    os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # its -wal and -shm get the same mode
    db = _connect(draft, BUSY_SECONDS)
    try:
        if db.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
            raise OSError(f"{draft.parent} is on a file system without write-ahead logs")
        db.execute(_CREATE)
    finally:
        db.close()
    draft.rename(path)


def _remove(db: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """One short transaction; `numbers` ascending."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for first, last in _runs(numbers):
            db.execute("DELETE FROM intake WHERE id BETWEEN ? AND ?", (first, last))
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """[1, 2, 3, 7] -> (1, 3), (7, 7)."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number > last + 1:
            yield first, last
            first = number
        last = number
    yield first, last


def _delete(directory: Path, name: str) -> None:
    """The rows go before their log, which may say that they are deleted; the lock goes last, since without it nobody sweeps."""
    for ending in (".new", ".new-wal", ".new-shm", ".new-journal", ".db", ".db-wal", ".db-shm", ".lock"):
        with contextlib.suppress(OSError):
            (directory / f"{name}{ending}").unlink()
