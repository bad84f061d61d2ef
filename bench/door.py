"""The front door: what it takes in durably, how fast it answers, and what that costs.

Two gunicorn gevent workers with the deployed settings, wrk with 32 connections on the same cores.  Runs of the door and of an
empty Flask view alternate, and the median of each is told, so that both see the same machine.  The intake's rows are counted
afterwards: there must be as many as were answered 202 (wrk breaks off up to 32 requests at the end, which may be kept too).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from statistics import median
from typing import Any

from bench import machine
from bench.pipeline import add_shops
from bench.serving import CONNECTIONS, Gunicorn, WorkerProcess, wrk
from bench.table import Figure
from tracker import shops
from tracker.collect.intake import IntakeFiles
from tracker.config import Config
from tracker.storage import migrate, open_engine

SECONDS = 8
RUNS = 3
BATCH = 50
LEAST_RATIO = 0.4
MOST_P99_MS, MOST_P99_BUSY_MS = 40, 80
MOST_CPU_MS, MOST_CPU_BATCH_MS = 0.75, 0.25

Run = Mapping[str, Any]


class WrongCount(Exception):
    """What was answered is not what lies on the disk."""


def prepared(folder: str) -> tuple[Config, str]:
    """A database with one shop, no limits of rate; the site key."""
    config = Config(data_dir=folder, secret_key="of the benchmark", rate_per_key=10**9, rate_per_address=10**9)
    engine = open_engine(config)
    migrate(engine)
    add_shops(engine, 1)
    with engine.connect() as db:
        key = shops.all_shops(db)[0].site_key
    engine.dispose()
    return config, key


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kunderejse-bench-") as folder:
        config, key = prepared(folder)
        with Gunicorn(config, "empty") as floor, Gunicorn(config, "door") as door:
            empty, full = [], []
            for number in range(RUNS):
                empty.append(_run(floor, key, f"f{number}-"))
                full.append(_run(door, key, f"d{number}-"))
                machine.log(f"door: {_per_second(full[-1]):,.0f}/s beside {_per_second(empty[-1]):,.0f}/s empty")
            batches = [_run(door, key, f"b{number}-", events=BATCH) for number in range(2)]
        _check(config, [*full, *batches])
        with Gunicorn(config, "door") as door, WorkerProcess(config):
            busy = [_run(door, key, f"w{number}-") for number in range(RUNS)]
    return _figures(empty, full, batches, busy)


def _run(server: Gunicorn, key: str, name: str, events: int = 1) -> Run:
    before = machine.cpu_seconds(server.pids)
    run = wrk(server.port, key, SECONDS, events=events, run=name)
    if run["refused"] or run["failed"]:
        raise WrongCount(f"{run['refused']} answers were not 202 or 204, {run['failed']} requests failed\n{server.log}")
    return {**run, "events": run["requests"] * events, "cpu_seconds": machine.cpu_seconds(server.pids) - before}


def _check(config: Config, runs: list[Run]) -> None:
    files = IntakeFiles(config.intake_dir)
    rows = files.count()
    files.close()
    answered = sum(run["requests"] for run in runs)
    machine.log(f"door: {answered:,} answered, {rows:,} rows on the disk")
    if not answered <= rows <= answered + CONNECTIONS * len(runs) + 2:
        raise WrongCount(f"{answered} requests were answered 202, {rows} rows lie in the intake")


def _per_second(run: Run) -> float:
    return float(run["requests"] / run["seconds"])


def _cpu_ms(runs: list[Run]) -> float:
    return float(median(run["cpu_seconds"] * 1000 / run["events"] for run in runs))


def _figures(empty: list[Run], full: list[Run], batches: list[Run], busy: list[Run]) -> list[Figure]:
    rate, floor = median(map(_per_second, full)), median(map(_per_second, empty))
    p99, floor_p99 = median(run["p99_ms"] for run in full), median(run["p99_ms"] for run in empty)
    return [
        Figure(
            "door, accepted and durable", rate, "requests/s", floor=floor, floor_name="empty view", least_ratio=LEAST_RATIO
        ),
        Figure("door, p50", median(run["p50_ms"] for run in full), "ms"),
        Figure(
            "door, p99", p99, "ms", most=MOST_P99_MS, floor=floor_p99, floor_name="empty view"
        ),
        Figure("door, p99 with the worker busy", median(run["p99_ms"] for run in busy), "ms", most=MOST_P99_BUSY_MS),
        Figure("door, accepted with the worker busy", median(map(_per_second, busy)), "requests/s"),
        Figure("door, processor time, single", _cpu_ms(full), "ms/event", floor=_cpu_ms(empty), floor_name="empty view"),
        Figure(f"door, accepted, batches of {BATCH}", median(_per_second(run) * BATCH for run in batches), "events/s"),
        Figure(f"door, processor time, batches of {BATCH}", _cpu_ms(batches), "ms/event"),
    ]  # fmt: skip
