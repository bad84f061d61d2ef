"""How fast the reports answer, and whether that depends on how much there is.

Two databases are filled with mixed traffic of four weeks, the second with ten times as many journeys.  The same question is
put to both by turns, so that both see the same machine; told is the p95 by function, connection and all, without the page.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from bench import machine, traffic
from bench.lag import percentile
from bench.pipeline import add_shops, fill, work
from bench.table import Figure
from tracker import clock, shops
from tracker import tables as t
from tracker.config import Config
from tracker.reports import REPORTS
from tracker.reports.query import read_query
from tracker.shops import Shop
from tracker.storage import migrate, open_engine, reading

EVENTS = 60_000
DAYS = 28
ASKED = 60
MOST_MS = 100
MOST_GROWTH = 1.3
QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "stages": {"period": "28d"},
    "stages, one filter": {"period": "28d", "filter": "channel=paid_social"},
    "stages, a year": {"period": "365d"},
    "flow": {"period": "28d"},
    "data_health": {"period": "28d"},
    "journeys": {"period": "28d"},
}


@dataclass(frozen=True)
class Filled:
    """A database with that many journeys."""

    engine: Engine
    shop: Shop
    journeys: int


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kunderejse-bench-") as small, tempfile.TemporaryDirectory() as large:
        tenth, whole = _filled(small, EVENTS // 10), _filled(large, EVENTS)
        machine.log(f"reports: on {whole.journeys:,} journeys, and on {tenth.journeys:,}")
        figures = [_figure(question, tenth, whole) for question in QUESTIONS]
        tenth.engine.dispose()
        whole.engine.dispose()
    return figures


def _filled(folder: str, events: int) -> Filled:
    config = Config(data_dir=folder, secret_key="of the benchmark")
    engine = open_engine(config)
    migrate(engine)
    add_shops(engine, 1)
    fill(config, [(1, traffic.body(request)) for request in traffic.requests(4, events, clock.now(), days=DAYS - 4)])
    work(engine, config)
    with reading(engine) as db:
        shop = shops.all_shops(db)[0]
        return Filled(engine, shop, db.execute(select(func.count()).select_from(t.journeys)).scalar_one())


def _figure(question: str, tenth: Filled, whole: Filled) -> Figure:
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(ASKED):
        for times, where in zip(taken, (tenth, whole), strict=True):
            times.append(_ask(where, question))
    small, large = (percentile(sorted(times), 0.95) for times in taken)
    return Figure(
        f"report {question}, p95", large, "ms", most=MOST_MS, floor=small, floor_name="a tenth", most_ratio=MOST_GROWTH
    )


def _ask(where: Filled, question: str) -> float:
    """Milliseconds."""
    report = REPORTS[question.split(",")[0]]
    query = read_query(QUESTIONS[question], where.shop, clock.now())
    started = time.perf_counter()
    with reading(where.engine) as db:
        answer = report.answer(db, where.shop, query)
    taken = (time.perf_counter() - started) * 1000
    assert answer.rows
    return taken
