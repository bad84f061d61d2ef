"""`tracker run`: web processes and worker as children of one process, restarted when they die, ended together."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from tracker.config import PREFIX, Config, inherited_environment

log = logging.getLogger(__name__)

RESTART_SECONDS = 2.0
STOP_SECONDS = 25.0  # longer than gunicorn takes to let go of its workers


@dataclass
class Child:
    """A process we keep running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None)
    started_at: float = 0.0

    def keep_running(self) -> None:
        """Start it when it does not run; not more often than every RESTART_SECONDS."""
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None:
            log.error("%s ended with %s and is started again", self.name, self.process.returncode)
        if time.monotonic() - self.started_at < RESTART_SECONDS:
            return
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(self.command, env=dict(self.environment))  # noqa: S603 - our own commands

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def serve(config: Config, host: str, port: int, processes: int) -> int:
    """Until a signal; the exit code."""
    environment = environment_of(config)
    children = [
        Child("web", web_command(host, port, processes), environment),
        Child("worker", worker_command(), environment),
    ]
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: stopping.append(got))
    while not stopping:
        for child in children:
            child.keep_running()
        time.sleep(0.2)
    for child in children:
        child.stop()
    return 0


def web_command(host: str, port: int, processes: int, app: str = "tracker.app:create_app()") -> list[str]:
    """Front door, pages and demo shop under gunicorn."""
    return [
        *(sys.executable, "-m", "gunicorn", app, "-c", "python:tracker.gunicorn_settings"),
        *("--workers", str(processes), "--bind", f"{host}:{port}", "--log-level", "warning"),
    ]


def worker_command() -> list[str]:
    return [sys.executable, "-m", "tracker", "work"]


def environment_of(config: Config) -> dict[str, str]:
    """The environment that gives a child exactly these settings."""
    settings = {PREFIX + f.name.upper(): str(getattr(config, f.name)) for f in fields(Config)}
    return {**inherited_environment(), **settings}
