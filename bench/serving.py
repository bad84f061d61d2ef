"""gunicorn with the deployed settings, `tracker work`, and the empty view that the door is compared with.

In:  settings, the application's name.
Out: running processes with a port; they end with their `with`.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flask import Flask, Response

from bench import machine
from tracker.app import create_app
from tracker.config import PREFIX, Config, from_env, inherited_environment

ROOT = Path(__file__).parent.parent
WORKERS = 2
START_SECONDS = 60
CONNECTIONS = 32
THREADS = 2


def door() -> Flask:
    """The collector alone, as a hosting company runs it."""
    return create_app(from_env(), parts=("collect",))


def empty() -> Flask:
    """Does nothing; what gunicorn and Flask take by themselves."""
    app = Flask("empty")
    app.add_url_rule("/k", view_func=lambda: Response(status=204), methods=["POST"])
    return app


class Process:
    """A child in a group of its own, with exactly these settings."""

    def __init__(self, config: Config, command: Sequence[str]) -> None:
        self._log = Path(config.data_dir) / f"log-{command[2]}"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment(config), stdout=log, stderr=log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def pids(self) -> list[int]:
        return machine.family(self.process.pid)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def await_answer(self, port: int, path: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                connection.request("OPTIONS", path)
                connection.getresponse().read()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(self.log) from None
                time.sleep(0.1)
            else:
                return
            finally:
                connection.close()

    def await_rest(self) -> None:
        """Until all processes have loaded: with nothing to do, none of them takes any time."""
        deadline = time.monotonic() + START_SECONDS
        before = -1.0
        while (now := machine.cpu_seconds(self.pids)) - before > 0.03 and time.monotonic() < deadline:
            before = now
            time.sleep(1.0)


def environment(config: Config) -> dict[str, str]:
    settings = {PREFIX + f.name.upper(): str(getattr(config, f.name)) for f in fields(Config)}
    return {**inherited_environment(), **settings, "PYTHONPATH": str(ROOT)}


class Gunicorn(Process):
    """`application` is one of this module's: door, empty."""

    def __init__(self, config: Config, application: str) -> None:
        self.port = machine.free_port()
        settings = ["-c", str(ROOT / "deploy" / "gunicorn.conf.py"), "-w", str(WORKERS), "-b", f"127.0.0.1:{self.port}"]
        super().__init__(config, [sys.executable, "-m", "gunicorn", *settings, f"bench.serving:{application}()"])
        self.await_answer(self.port, "/k")
        self.await_rest()


class WorkerProcess(Process):
    """`tracker work`."""

    def __init__(self, config: Config) -> None:
        super().__init__(config, [sys.executable, "-m", "tracker", "work"])


def wrk(port: int, key: str, seconds: int, *, events: int = 1, run: str = "r") -> Mapping[str, Any]:
    """One run: requests, seconds, p50 and p99 in milliseconds, answers other than 202 and 204, failures."""
    command = [
        "wrk",
        f"-t{THREADS}",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--timeout",
        "10s",
        "-s",
        str(ROOT / "bench" / "load.lua"),
    ]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/k", "--", key, str(events), run], capture_output=True, text=True, check=True
    )
    found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))[7:])
    return {
        **found,
        "seconds": found["microseconds"] / 1e6,
        "p50_ms": found["p50"] / 1e3,
        "p99_ms": found["p99"] / 1e3,
    }
