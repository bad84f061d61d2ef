"""How far a file has been imported, in a small file beside the intake, named by the digest of the file's content.

In:  the folder, and what makes an import the same one: shop, kind, options, the content's digest.
Out: hold() -> Progress, for one process at a time; how many bytes are in the intake, and the report once all are.

Nothing hangs on it: the events have the same ids whenever they are imported, so a lost progress file costs time alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from tracker.imports.lines import FileRefused
from tracker.texts import N_


class Progress:
    """`done_bytes` of the file are in the intake; `report` is there when the import was completed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.done_bytes = 0
        self.report: dict[str, Any] | None = None
        with contextlib.suppress(ValueError, KeyError, TypeError):  # half written, or of another release: begin anew
            told = orjson.loads(os.read(descriptor, 10_000_000))
            self.done_bytes, self.report = int(told["done_bytes"]), told.get("report")

    def save(self, done_bytes: int, report: dict[str, Any] | None = None) -> None:
        self.done_bytes, self.report = done_bytes, report
        os.ftruncate(
            self._descriptor, os.pwrite(self._descriptor, orjson.dumps({"done_bytes": done_bytes, "report": report}), 0)
        )


@contextlib.contextmanager
def hold(folder: Path, *what: object) -> Iterator[Progress]:
    """Raises FileRefused while another process imports the same."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{'-'.join(map(str, what))}.json"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FileRefused(N_("Another process is importing this file now.")) from None
        yield Progress(descriptor)
    finally:
        os.close(descriptor)
