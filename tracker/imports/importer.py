"""The way of a file: read import_file first.

    look at the bytes -> entries of lines -> wire events -> the door's stations -> bodies in an intake file -> progress

From there the worker works them in like anything else.  Event ids follow from what is imported, so an import that is repeated,
broken off or overlaps another changes nothing that is there.  The bodies are marked `imported`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Engine

from tracker.clock import Instant
from tracker.collect.intake import IntakeWriter, write_body
from tracker.config import Config
from tracker.errors import Refused
from tracker.imports import contacts, customers, events, orders
from tracker.imports.judge import Judge, Limits
from tracker.imports.kinds import Kind
from tracker.imports.lines import digest_of, says_nothing
from tracker.imports.progress import Progress, hold
from tracker.imports.report import ImportReport, RefusedLines
from tracker.imports.source import Source
from tracker.shops import Shop

KINDS: dict[str, Kind] = {"events": events, "orders": orders, "customers": customers, "contacts": contacts}

EVENTS_A_BODY = 50  # an intake row of some 20 kB
EVENTS_TOGETHER = 3_200  # reach the disk with one wait; so many may be appended twice when the process is killed
BYTES_TOGETHER = 8 * 1024 * 1024  # of the file: long lines wait in fewer
ENTRIES_A_WORD = 1_000  # between two words on the progress

Packed = dict[str, Any]


def import_file(
    kind: str,
    stream: BinaryIO,
    shop: Shop,
    *,
    config: Config,
    engine: Engine,
    now: Instant,
    refused_file: Path | None = None,
    order_key: str | None = None,
    dry_run: bool = False,
    again: bool = False,
    on_progress: Callable[[int], None] = lambda _: None,
) -> ImportReport:
    """Puts the events of a file into an intake file; answers when they are on the disk.

    `stream` is binary and seekable; `refused_file` is written when a line is refused; `order_key` is the title of the column
    that holds the orders' key; `on_progress` is told how many bytes have been read.  A file that was broken off goes on where
    it was; one that was completed adds nothing, unless `again`.
    Raises FileRefused when nothing of it can be imported, Unavailable when the disk takes nothing.
    """
    digest = digest_of(stream)
    source = Source(KINDS[kind], stream, config.max_body_bytes, order_key)
    report = ImportReport(kind, source.form, unused=source.header.unused if source.header else [], is_dry_run=dry_run)
    judge = Judge(KINDS[kind], shop, engine, now, Limits(config.max_future_seconds), report)
    if dry_run:
        _walk(source, judge, report, refused_file, lambda _packed, _end: None, on_progress)
        return report
    # The same file under another key holds other events.
    options = [blake2b(order_key.encode(), digest_size=4).hexdigest()] if order_key else []
    with hold(Path(config.data_dir) / "imports", shop.shop_id, kind, *options, digest) as progress:
        if not again and (then := ImportReport.load(progress.report)) is not None:
            then.is_repeat = True
            return then
        with closing(_Sink(config, shop.shop_id, progress, now, since=0 if again else progress.done_bytes)) as sink:
            _walk(source, judge, report, refused_file, sink.add, on_progress)
            sink.finish(report)
    return report


def _walk(
    source: Source,
    judge: Judge,
    report: ImportReport,
    refused_file: Path | None,
    keep: Callable[[list[Packed], int], None],
    on_progress: Callable[[int], None],
) -> None:
    """Each entry to where it belongs: `keep` takes packed events and where their entry ends."""
    with closing(RefusedLines(refused_file, source)) as refused:
        for number, entry in enumerate(source.entries(), 1):
            report.lines += len(entry.texts)
            try:
                packed = judge.accept(entry)
            except Refused as refusal:
                refused.write(entry, report.refuse(entry, refusal, source.header))
            else:
                report.accepted += len(entry.texts)
                report.events += len(packed)
                keep(packed, entry.end)
            if number % ENTRIES_A_WORD == 0:
                on_progress(entry.end)
    if not report.lines:
        raise says_nothing(source.header is not None)
    if source.legacy_lines:
        report.note({"not_utf8": source.legacy_lines})
    report.uncounted_states = sorted(report.states.keys() - judge.counted_states)
    report.refused_file = str(refused_file) if refused.is_there else None


class _Sink:
    """To the intake, in bodies of some events each.  What ends at or before byte `since` is there already."""

    def __init__(self, config: Config, shop_id: int, progress: Progress, now: Instant, since: int) -> None:
        self._config, self._shop_id, self._progress, self._now = config, shop_id, progress, now
        self._writer: IntakeWriter | None = None
        self._waiting: list[Packed] = []
        self._kept, self._end = since, since  # bytes of the file: in the intake; with what waits

    def add(self, packed: list[Packed], end: int) -> None:
        """Raises Unavailable."""
        if end <= self._end:
            return
        self._waiting += packed
        self._end = end
        if len(self._waiting) >= EVENTS_TOGETHER or end - self._kept >= BYTES_TOGETHER:
            self._append()
            self._progress.save(end)

    def finish(self, report: ImportReport) -> None:
        """Raises Unavailable."""
        self._append()
        self._progress.save(self._end, report.dump())

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _append(self) -> None:
        if not self._waiting:
            return
        if self._writer is None:
            self._writer = IntakeWriter(self._config.intake_dir, linger_ms=0)
        parts = [self._waiting[start : start + EVENTS_A_BODY] for start in range(0, len(self._waiting), EVENTS_A_BODY)]
        self._writer.append_all([(self._shop_id, write_body(self._now, events=part, imported=True)) for part in parts])
        self._waiting, self._kept = [], self._end
