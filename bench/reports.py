"""How fast the reports answer, and whether that depends on how much there is.

Two databases are filled with mixed traffic of four weeks, the second with ten times as many journeys.  Each report is asked
for total and for one filter, many times; told is the p95 by function, connection and all, without the page around it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping

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

EVENTS = (10_000, 100_000)
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


def measure() -> list[Figure]:
    small, large = (_filled(events) for events in EVENTS)
    figures = []
    for question, (p95, count) in large.items():
        tenth, _ = small[question]
        figures.append(
            Figure(
                f"report {question}, p95",
                p95,
                "ms",
                most=MOST_MS,
                floor=tenth,
                floor_name="a tenth",
                note=f"{count:,} journeys",
            )
        )
    machine.log(f"reports: on {count:,} journeys, and a tenth of them")
    return figures


def _filled(events: int) -> dict[str, tuple[float, int]]:
    """question -> (p95 in ms, journeys in the database)."""
    with tempfile.TemporaryDirectory(prefix="kunderejse-bench-") as folder:
        config = Config(data_dir=folder, secret_key="of the benchmark")
        engine = open_engine(config)
        migrate(engine)
        add_shops(engine, 1)
        fill(config, [(1, traffic.body(request)) for request in traffic.requests(4, events, clock.now(), days=DAYS - 4)])
        work(engine, config)
        with reading(engine) as db:
            shop = shops.all_shops(db)[0]
            journeys: int = db.execute(select(func.count()).select_from(t.journeys)).scalar_one()
        found = {question: (_p95(engine, shop, question), journeys) for question in QUESTIONS}
        engine.dispose()
        return found


def _p95(engine: Engine, shop: Shop, question: str) -> float:
    report = REPORTS[question.split(",")[0]]
    taken = []
    for _ in range(ASKED):
        started = time.perf_counter()
        with reading(engine) as db:
            answer = report.answer(db, shop, read_query(QUESTIONS[question], shop, clock.now()))
        taken.append((time.perf_counter() - started) * 1000)
        assert answer.rows
    return percentile(sorted(taken), 0.95)
