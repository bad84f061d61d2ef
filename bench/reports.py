"""How fast the reports answer a large shop, and whether that depends on how much there is.

A shop of a million journeys in a year, and one of a tenth, are filled by the bulk path (past.py; told is the rate).  Each
question is put to both by turns, so that both see the same machine; told is the p95 by function, connection and all, without
the page.  SQLite and PostgreSQL.  BENCH_JOURNEYS asks for another size, BENCH_FOLDER keeps the databases of SQLite for the
next run.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine, func, select, text

from bench import machine, past
from bench.lag import percentile
from bench.pages import of_pages
from bench.table import Figure
from tests.postgres import Postgres
from tracker import clock, shops
from tracker import tables as t
from tracker.collect.intake import IntakeRow
from tracker.config import Config
from tracker.journey.contribution import day_on
from tracker.pipeline import bulk, counters
from tracker.pipeline.process import Hold
from tracker.pipeline.rebuild import build_slice, start_building
from tracker.reports import REPORTS
from tracker.reports.query import read_query
from tracker.shops import Shop
from tracker.storage import migrate, open_engine, reading, writing

JOURNEYS = int(os.environ.get("BENCH_JOURNEYS", "1000000"))
CHUNK = 8_000  # visitors worked in in one transaction, about a hundred thousand events
ASKED = 20
MOST_MS = 100
MOST_SECONDS_TOGETHER = 1.0  # several filters
MOST_MS_HELD = 300  # bodies are looked into
MOST_GROWTH = 1.3
LEAST_BULK = 10_000  # events a second
REBUILT = 2_000  # subjects, to tell the rate

# Reports about one person or one page of a list say nothing of sums; they are asked by a person of the shop.
PERIODS = ("28d", "365d")
FILTER = "channel=paid_social"
HELD = ("stage_lost=five.consideration", "product=P0001", "product=P1999", "page=/p/P0003", "source=nobody")  # behind a number
TOGETHER = "channel=paid_social,device=mobile,country=DK"


@dataclass(frozen=True)
class Filled:
    """A shop with that many journeys."""

    engine: Engine
    shop: Shop
    journeys: int
    events: int
    seconds: float


def measure() -> list[Figure]:
    kept = os.environ.get("BENCH_FOLDER")
    with tempfile.TemporaryDirectory(prefix="kunderejse-bench-") as made:
        folder = Path(kept or made)
        pair = [_filled(Config(data_dir=str(folder / str(size))), size) for size in (JOURNEYS // 10, JOURNEYS)]
        figures = [*_figures("SQLite", *pair), *_rebuilding(pair[1])]
        figures += of_pages("SQLite", pair[1].engine, pair[1].shop)
    with Postgres() as server:
        pair = []
        for size in (JOURNEYS // 10, JOURNEYS):
            server.execute(f"CREATE DATABASE of_{size}")
            pair.append(_filled(Config(database_url=server.url(f"of_{size}"), data_dir=made), size))
        figures += _figures("PostgreSQL", *pair)
    return figures


def _filled(config: Config, journeys: int) -> Filled:
    config = replace(config, secret_key="of the benchmark")
    engine = open_engine(config)
    migrate(engine)
    seconds = 0.0
    with engine.connect() as db:
        known = shops.all_shops(db)
    if not known:
        with writing(engine) as db:
            shop = shops.add_shop(db, "Havblik", ("shop.example",), clock.now())
        seconds = _fill(engine, shop, journeys)
    with reading(engine) as db:
        shop = shops.all_shops(db)[0]
        found = db.execute(select(func.count()).select_from(t.journeys)).scalar_one()
        events = db.execute(select(func.count()).select_from(t.events)).scalar_one()
    return Filled(engine, shop, found, events, seconds)


def _fill(engine: Engine, shop: Shop, journeys: int) -> float:
    """Seconds that working in took; making the past is not counted."""
    hold = Hold("bench", 600_000, "of the benchmark")
    taken, done = 0.0, 0
    for rows in _chunks(journeys, shop):
        started = time.perf_counter()
        done += bulk.work_in(engine, shop, rows, hold, clock.now())
        taken += time.perf_counter() - started
        machine.log(f"reports: {done:,} events in {taken:,.0f} s")
    _sum_months(engine, shop)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE"))
    return taken


def _sum_months(engine: Engine, shop: Shop) -> None:
    """As the worker does at the turn of each month."""
    with reading(engine) as db:
        months = counters.months_to_sum(db, shop.shop_id, shop.generation, day_on(clock.now(), shop.settings.tz))
    started = time.perf_counter()
    for month in months:
        with writing(engine) as db:
            counters.sum_month(db, shop.shop_id, shop.generation, month)
    machine.log(f"reports: {len(months)} months summed up in {time.perf_counter() - started:.1f} s")


def _chunks(journeys: int, shop: Shop) -> Iterator[list[IntakeRow]]:
    made = enumerate(past.bodies(journeys, clock.now()), 1)
    while some := list(islice(made, CHUNK)):
        yield [IntakeRow("past", number, shop.shop_id, body) for number, body in some]


def _figures(where: str, tenth: Filled, whole: Filled) -> list[Figure]:
    machine.log(f"reports, {where}: {whole.journeys:,} journeys, {whole.events:,} events, and {tenth.journeys:,} journeys")
    figures = []
    if whole.seconds:
        note = f"{whole.events:,} events in {whole.seconds:,.0f} s"
        figures.append(Figure(f"bulk path, {where}", whole.events / whole.seconds, "events/s", least=LEAST_BULK, note=note))
    for name in REPORTS:
        figures += _of_report(where, name, tenth, whole)
    return figures


def _of_report(where: str, name: str, tenth: Filled, whole: Filled) -> Iterator[Figure]:
    report = REPORTS[name]
    asked = [{"period": period} for period in PERIODS] if "period" in report.PARAMETERS else [{}]
    if "channel" in report.FILTERS:
        asked += [{**asked[-1], "filter": FILTER}, {**asked[-1], "filter": TOGETHER}]
    if "holding" in report.PARAMETERS:
        asked += [{"period": PERIODS[-1], "holding": holding} for holding in HELD]
    for args in asked:
        told = ", ".join([where, name, *args.values()])
        try:
            small, large = _ask_both(name, args, tenth, whole)
        except Exception as error:
            if args.get("filter") != TOGETHER:
                raise
            machine.log(f"reports: {told}: {error}")
            continue
        together, held = args.get("filter") == TOGETHER, "holding" in args
        yield Figure(
            f"report {told}, p95",
            large,
            "ms",
            most=MOST_SECONDS_TOGETHER * 1_000 if together else MOST_MS_HELD if held else MOST_MS,
            floor=small,
            floor_name="a tenth",
            most_ratio=None if together or held else MOST_GROWTH,
        )


def _ask_both(name: str, args: dict[str, str], tenth: Filled, whole: Filled) -> tuple[float, float]:
    taken: tuple[list[float], list[float]] = ([], [])
    for round_ in range(ASKED + 1):
        for times, where in zip(taken, (tenth, whole), strict=True):
            milliseconds = _ask(where, name, args)
            if round_:  # the first time fills caches
                times.append(milliseconds)
        if sum(map(sum, taken)) > 30_000:
            break
    small, large = (percentile(sorted(times or [0.0]), 0.95) for times in taken)
    return small, large


def _ask(where: Filled, name: str, args: dict[str, str]) -> float:
    """Milliseconds."""
    more = {"subject_id": "7"} if "subject_id" in REPORTS[name].PARAMETERS else {}
    query = read_query({**args, **more}, where.shop, clock.now())
    started = time.perf_counter()
    with reading(where.engine) as db:
        REPORTS[name].answer(db, where.shop, query)
    return (time.perf_counter() - started) * 1000


def _rebuilding(whole: Filled) -> list[Figure]:
    """Some subjects folded again into another generation, which is then given up."""
    hold = Hold("bench", 600_000, "of the benchmark")
    with writing(whole.engine) as db:
        shop = start_building(db, whole.shop, whole.shop.settings, clock.now())
    started = time.perf_counter()
    for _ in range(REBUILT // 100):
        with writing(whole.engine) as db:
            shop = build_slice(db, shop, hold, clock.now())
    seconds = time.perf_counter() - started
    each = seconds / REBUILT
    minutes = each * whole.journeys / whole.events * 1_000_000 / 60
    return [
        Figure("rebuild of one person, mean", each * 1_000, "ms", most=50),
        Figure("rebuild of a shop of a million events, at this rate", minutes, "minutes", most=5),
    ]
