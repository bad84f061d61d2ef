"""The intake files: durable, in order, drained while they are written, and never in the way."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tracker.collect import intake
from tracker.collect.intake import IntakeFiles, IntakeRow, IntakeWriter
from tracker.errors import Unavailable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "intake"


@pytest.fixture
def writer(folder: Path) -> Iterator[IntakeWriter]:
    writer = IntakeWriter(folder, linger_ms=1)
    yield writer
    writer.close()


@pytest.fixture
def files(folder: Path) -> Iterator[IntakeFiles]:
    files = IntakeFiles(folder)
    yield files
    files.close()


def body(at: int, text: str = "") -> bytes:
    return f'{{"received_at":{1_760_000_000_000 + at},"text":"{text}"}}'.encode()


def together(runs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def keys(rows: list[IntakeRow]) -> list[tuple[str, int]]:
    return [(row.file, row.row) for row in rows]


def test_a_row_comes_out_as_it_went_in(writer: IntakeWriter, files: IntakeFiles) -> None:
    writer.append(7, b'{"received_at":1760000000000}\x00\xff')
    (row,) = files.read(10)
    assert (row.row, row.shop_id, row.body) == (1, 7, b'{"received_at":1760000000000}\x00\xff')


def test_many_requests_share_commits_and_each_is_there_when_it_returns(folder: Path, writer: IntakeWriter) -> None:
    missing: list[str] = []

    def send(sender: int) -> None:
        for number in range(20):
            writer.append(1, body(number, f"{sender}/{number}"))
            (path,) = folder.glob("*.db")
            db = sqlite3.connect(path)
            if not db.execute("SELECT 1 FROM intake WHERE body = ?", (body(number, f"{sender}/{number}"),)).fetchone():
                missing.append(f"{sender}/{number}")
            db.close()

    together([lambda sender=sender: send(sender) for sender in range(16)])  # type: ignore[misc]
    assert missing == []


def test_rows_of_all_files_come_oldest_first_and_within_a_file_in_order(folder: Path, files: IntakeFiles) -> None:
    one, other = IntakeWriter(folder, 0), IntakeWriter(folder, 0)
    for at, writer in [(1, one), (2, other), (3, other), (4, one), (3, one)]:
        writer.append(1, body(at, "ab"[writer is other]))
    assert [row.body for row in files.read(10)] == [body(1, "a"), body(2, "b"), body(3, "b"), body(4, "a"), body(3, "a")]
    assert len(files.read(2)) == 2
    one.close()
    other.close()


def test_what_was_read_can_be_passed_over(writer: IntakeWriter, files: IntakeFiles) -> None:
    for at in range(5):
        writer.append(1, body(at))
    first = files.read(2)
    rest = files.read(10, after={first[-1].file: first[-1].row})
    assert [row.body for row in rest] == [body(2), body(3), body(4)]


def test_many_rows_are_kept_together_and_in_order(writer: IntakeWriter, files: IntakeFiles) -> None:
    writer.append_all([(1, body(at)) for at in range(1000)])
    assert [row.body for row in files.read(2000)] == [body(at) for at in range(1000)]
    assert files.count() == 1000
    writer.append_all([])


def test_of_many_rows_one_that_is_not_kept_is_told(folder: Path, writer: IntakeWriter) -> None:
    writer.append(1, body(0))
    shutil.rmtree(folder)
    folder.write_bytes(b"a file where the folder should be")
    with pytest.raises(Unavailable):
        writer.append_all([(1, body(at)) for at in range(1000)])


def test_long_bodies_are_read_in_parts_and_still_oldest_first(
    folder: Path, files: IntakeFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "READ_BYTES", 3_000)
    one, other = IntakeWriter(folder, 0), IntakeWriter(folder, 0)
    for at in range(0, 12, 2):
        one.append(1, body(at, "x" * 1_000))
        other.append(1, body(at + 1))
    read: list[bytes] = []
    while rows := files.read(100):
        assert sum(len(row.body) for row in rows[:-1]) < 3_000
        read += [row.body for row in rows]
        files.remove(keys(rows))
    assert [found[:28] for found in read] == [body(at)[:28] for at in range(12)]
    one.close()
    other.close()


def test_removed_rows_are_gone_and_their_numbers_are_never_used_again(writer: IntakeWriter, files: IntakeFiles) -> None:
    for at in range(3000):
        writer.append_later(1, body(at))
    writer.append(1, body(3000))
    rows = files.read(5000)
    assert len(rows) == 3001
    files.remove(keys(rows[:1]) + keys(rows[2:]))
    assert keys(files.read(5000)) == [(rows[1].file, 2)]
    files.remove(keys(rows))  # again: no error
    writer.append(1, body(1))
    (left,) = files.read(5000)
    assert left.row == 3002


def test_removed_rows_leave_no_traces(folder: Path, writer: IntakeWriter, files: IntakeFiles) -> None:
    writer.append(1, body(1, "kirsten@example.dk"))
    files.remove(keys(files.read(10)))
    for name in list(files._open):
        files._open[name].execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not any(b"kirsten" in path.read_bytes() for path in folder.iterdir())


def test_only_the_owner_can_read_them(folder: Path, writer: IntakeWriter) -> None:
    writer.append(1, body(1))
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_is_swept_when_its_owner_is_gone_and_it_is_drained(folder: Path, files: IntakeFiles) -> None:
    writer = IntakeWriter(folder, 0)
    writer.append(1, body(1))
    files.remove(keys(files.read(10)))
    assert files.sweep() == 0  # its owner lives
    writer.append(1, body(2))
    writer.close()
    assert files.sweep() == 0  # not drained
    assert len(files.read(10)) == 1
    files.remove(keys(files.read(10)))
    assert files.sweep() == 1
    assert list(folder.iterdir()) == []
    assert files.read(10) == []


def test_a_half_made_file_is_swept(folder: Path, files: IntakeFiles) -> None:
    folder.mkdir()
    (folder / "a.lock").touch()
    (folder / "a.new").touch()
    assert files.sweep() == 1
    assert list(folder.iterdir()) == []


def test_a_broken_file_does_not_keep_the_others_waiting(
    folder: Path, writer: IntakeWriter, files: IntakeFiles, caplog: pytest.LogCaptureFixture
) -> None:
    writer.append(1, body(1))
    (folder / "0.db").write_bytes(b"this was never a database, however long one looks at it" * 100)
    for _ in range(3):
        assert [row.body for row in files.read(10)] == [body(1)]
    assert len([record for record in caplog.records if "intake file 0" in record.message]) == 1
    assert (folder / "0.db").exists()


def test_a_deleted_file_takes_nothing_with_it(folder: Path, writer: IntakeWriter, files: IntakeFiles) -> None:
    writer.append(1, body(1))
    shutil.rmtree(folder)
    writer.append(1, body(2))  # written into nowhere, noticed, written again
    assert [row.body for row in files.read(10)] == [body(2)]


def test_a_folder_that_cannot_be_made_is_unavailable_until_it_can(
    folder: Path, files: IntakeFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PAUSE_SECONDS", 0.05)
    folder.write_text("in the way")
    writer = IntakeWriter(folder, 0)
    with pytest.raises(Unavailable):
        writer.append(1, body(1))
    started = time.monotonic()
    with pytest.raises(Unavailable):
        writer.append(1, body(1))  # answered from memory
    assert time.monotonic() - started < 0.05
    assert writer.is_down
    folder.unlink()
    time.sleep(0.06)
    writer.append(1, body(2))
    assert not writer.is_down
    assert [row.body for row in files.read(10)] == [body(2)]
    writer.close()


def test_a_file_that_somebody_locks_for_long_is_left_for_a_new_one(
    folder: Path, writer: IntakeWriter, files: IntakeFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.append(1, body(1))
    (path,) = folder.glob("*.db")
    locking = sqlite3.connect(path, isolation_level=None)
    locking.execute("BEGIN IMMEDIATE")
    writer.append(1, body(2))
    locking.execute("ROLLBACK")
    locking.close()
    assert [row.body for row in files.read(10)] == [body(1), body(2)]
    assert len(list(folder.glob("*.db"))) == 2


def test_a_grown_file_is_left_to_be_drained(folder: Path, files: IntakeFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_FILE_BYTES", 100_000)
    monkeypatch.setattr(intake, "WRITER_CHECKPOINT_PAGES", 10)
    writer = IntakeWriter(folder, 0)
    for at in range(60):
        writer.append(1, body(at, "x" * 10_000))
    assert len(list(folder.glob("*.db"))) > 2
    rows = files.read(100)
    assert [row.body[:28] for row in rows] == [body(at)[:28] for at in range(60)]
    files.remove(keys(rows))
    files.sweep()
    assert len(list(folder.glob("*.db"))) <= 1  # the one being written, if the last row did not fill it
    writer.close()


def test_draining_and_writing_go_on_at_once(folder: Path, files: IntakeFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row is read exactly once by somebody who removes what it reads, and the log of changes begins anew meanwhile."""
    monkeypatch.setattr(intake, "WRITER_CHECKPOINT_PAGES", 400)  # 1.6 MB
    writer = IntakeWriter(folder, linger_ms=1)
    seen: list[bytes] = []
    is_over = threading.Event()

    def drain() -> None:
        reader = IntakeFiles(folder)
        while True:
            was_over = is_over.is_set()
            rows = reader.read(500)
            seen.extend(row.body for row in rows)
            reader.remove(keys(rows))
            if was_over and not rows:
                break
        reader.close()

    def send(sender: int) -> None:
        for number in range(300):
            writer.append(1, body(number, f"{sender}/{number}" + "x" * 2000))

    drainer = threading.Thread(target=drain)
    drainer.start()
    together([lambda sender=sender: send(sender) for sender in range(8)])  # type: ignore[misc]
    is_over.set()
    drainer.join()
    assert len(seen) == len(set(seen)) == 8 * 300
    assert sum(path.stat().st_size for path in folder.iterdir()) < 12 * 1024 * 1024
    assert files.read(10) == []
    writer.close()


def test_closing_writes_what_waits(folder: Path, files: IntakeFiles) -> None:
    writer = IntakeWriter(folder, 50)
    for at in range(1000):
        writer.append_later(1, body(at))
    writer.close()
    assert len(files.read(2000)) == 1000


def test_a_reader_of_an_empty_place_finds_nothing(files: IntakeFiles) -> None:
    assert files.read(10) == []
    assert files.sweep() == 0
    files.remove([("nowhere", 1)])
    assert os.listdir(files._directory.parent) == []
