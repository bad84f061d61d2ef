"""A file handed in, and what became of it: in the report, in the intake, in the tables."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine

from tracker.clock import Instant
from tracker.collect.intake import IntakeFiles
from tracker.config import Config
from tracker.events.codec import unpack
from tracker.events.types import Event
from tracker.imports import ImportReport, import_file
from tracker.shops import Shop
from tracker.worker import Worker

SAMPLES = Path(__file__).parent / "samples"


@dataclass
class Installation:
    """A shop with an empty past."""

    config: Config
    engine: Engine
    shop: Shop
    now: Instant

    def bring(self, kind: str, file: str | bytes | Path, **options: Any) -> ImportReport:
        """Import a file's text."""
        content = file.read_bytes() if isinstance(file, Path) else file.encode() if isinstance(file, str) else file
        given = {"config": self.config, "engine": self.engine, "now": self.now, "refused_file": self.refused, **options}
        return import_file(kind, io.BytesIO(content), self.shop, **given)

    @property
    def refused(self) -> Path:
        """Where refused lines go."""
        return Path(self.config.data_dir) / "file.refused"

    def bodies(self) -> list[dict[str, Any]]:
        """What waits in the intake."""
        files = IntakeFiles(self.config.intake_dir)
        rows = files.read(1_000_000)
        files.close()
        assert all(row.shop_id == self.shop.shop_id for row in rows)
        return [orjson.loads(row.body) for row in rows]

    def events(self) -> list[Event]:
        """The events that wait in the intake, in order."""
        return [unpack(packed) for body in self.bodies() for packed in body["events"]]

    def event(self) -> Event:
        [only] = self.events()
        return only

    def work_in(self) -> None:
        """As the worker does, until nothing is left; what falls due is only seen in the step after."""
        worker = Worker(self.engine, self.config)
        while worker.step(self.now) or worker.step(self.now):
            pass
        worker.close()


def faults(report: ImportReport) -> list[tuple[int, str, str]]:
    """(line, field, text) of what was refused."""
    return [(finding.line, finding.field, finding.text) for finding in report.findings]


def lines(*told: Any) -> str:
    """NDJSON."""
    return "".join(orjson.dumps(one).decode() + "\n" for one in told)
