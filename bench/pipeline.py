"""How many events a worker works in, and what they take on the disk.

Intake files are filled with mixed traffic (traffic.py) through the door's own writer; then Worker.step runs in this process
until nothing is left.  Measured are wall time and this process's processor time, on PostgreSQL also the server's; what else the
machine does slows the first and hardly the second.  Bytes are those of the vacuumed database, indexes and all.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, func, select, text

from bench import machine, traffic
from bench.table import Figure
from tests.postgres import Postgres
from tracker import clock, shops
from tracker import tables as t
from tracker.collect.intake import IntakeWriter
from tracker.config import Config
from tracker.storage import migrate, open_engine, writing
from tracker.worker import Worker

EVENTS = 40_000
SHOPS = 1_000
TOGETHER = 256  # rows written before one is waited for
LEAST_PER_SECOND = 5_000
MOST_BYTES = 300


class Run(NamedTuple):
    """One filling worked in."""

    events: int
    wall_seconds: float
    own_seconds: float  # processor time of this process
    server_seconds: float  # and of PostgreSQL
    bytes_by_table: dict[str, int]

    @property
    def per_second(self) -> float:
        return self.events / self.wall_seconds

    @property
    def per_core(self) -> float:
        return self.events / (self.own_seconds + self.server_seconds)


def measure() -> list[Figure]:
    made = traffic.requests(1, EVENTS, clock.now())
    bodies = [(request.visitor, traffic.body(request)) for request in made]
    machine.log(f"pipeline: {sum(len(request.events) for request in made):,} events in {len(bodies):,} requests")
    single = _on_sqlite(lambda _: 1, [body for _, body in bodies], shops_count=1)
    shop_of = {id(visitor): number % SHOPS + 1 for number, visitor in enumerate({id(v): v for v, _ in bodies}.values())}
    owners = [shop_of[id(visitor)] for visitor, _ in bodies]
    many = _on_sqlite(lambda row: owners[row], [body for _, body in bodies], shops_count=SHOPS)
    with Postgres() as server:
        server.execute("CREATE DATABASE bench")
        config = Config(database_url=server.url("bench"))
        postgres = _run(config, server, lambda _: 1, [body for _, body in bodies], shops_count=1)
    return [
        *_figures("SQLite, one shop", single, LEAST_PER_SECOND),
        *_figures(f"SQLite, {SHOPS:,} shops at once", many, LEAST_PER_SECOND),
        *_figures("PostgreSQL, one shop, server included", postgres, None),
    ]


def _figures(where: str, run: Run, least: float | None) -> list[Figure]:
    note = ", ".join(f"{name} {size / run.events:.0f}" for name, size in _biggest(run.bytes_by_table))
    by_clock = f"{run.per_second:,.0f} events/s by the clock"
    stored = sum(run.bytes_by_table.values()) / run.events
    return [
        Figure(f"worked in, {where}", run.per_core, "events/s and core", least=least, note=by_clock),
        Figure(f"stored, {where}", stored, "bytes/event", most=MOST_BYTES, note=note),
    ]


def _biggest(sizes: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(sizes.items(), key=lambda entry: -entry[1])[:5]


def _on_sqlite(shop_of: Callable[[int], int], bodies: list[bytes], shops_count: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="kunderejse-bench-") as folder:
        return _run(Config(data_dir=folder), None, shop_of, bodies, shops_count)


def _run(config: Config, server: Postgres | None, shop_of: Callable[[int], int], bodies: list[bytes], shops_count: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="kunderejse-bench-") as folder:
        config = replace(config, data_dir=config.data_dir if config.is_embedded else folder, secret_key="of the benchmark")
        engine = open_engine(config)
        migrate(engine)
        add_shops(engine, shops_count)
        fill(config, [(shop_of(row), body) for row, body in enumerate(bodies)])
        run = work(engine, config, server)
        engine.dispose()
        return run


def add_shops(engine: Engine, count: int) -> None:
    with writing(engine) as db:
        for _ in range(count):
            shops.add_shop(db, "Havblik", (traffic.HOST,), clock.now())


def fill(config: Config, rows: list[tuple[int, bytes]]) -> None:
    writer = IntakeWriter(config.intake_dir, linger_ms=0)
    for number, (shop_id, body) in enumerate(rows, 1):
        keep = writer.append if number % TOGETHER == 0 or number == len(rows) else writer.append_later
        keep(shop_id, body)
    writer.close()


def work(engine: Engine, config: Config, server: Postgres | None = None) -> Run:
    """Until nothing is left."""
    worker = Worker(engine, config)
    servers = _server_processes(server)
    wall, own, theirs = time.perf_counter(), time.process_time(), machine.cpu_seconds(servers)
    while worker.step(clock.now()):
        pass
    wall, own = time.perf_counter() - wall, time.process_time() - own
    theirs = machine.cpu_seconds(_server_processes(server)) - theirs
    worker.close()
    with engine.connect() as db:
        events: int = db.execute(select(func.count()).select_from(t.events)).scalar_one()
    return Run(events, wall, own, theirs, sizes(engine))


def _server_processes(server: Postgres | None) -> list[int]:
    """Asked for while the connections are open: a backend that has ended takes its time along."""
    if server is None:
        return []
    first = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    return machine.family(first)


def sizes(engine: Engine) -> dict[str, int]:
    """Bytes of each table with its indexes, after VACUUM."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        if engine.dialect.name == "sqlite":
            return _sqlite_sizes(engine)
        db.execute(text("VACUUM FULL"))
        ours = "relkind = 'r' AND relnamespace = 'public'::regnamespace"
        query = text(f"SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE {ours}")
        return {name: int(size) for name, size in db.execute(query)}


def _sqlite_sizes(engine: Engine) -> dict[str, int]:
    """The file's size, shared out by table as far as SQLite was built to tell."""
    raw = engine.raw_connection()
    try:
        connection = raw.driver_connection
        assert connection is not None
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        whole = os.path.getsize(Path(str(engine.url.database)))
        owner = dict(connection.execute("SELECT name, tbl_name FROM sqlite_master"))
        found: dict[str, int] = {}
        try:
            for name, size in connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"):
                found[owner.get(name, name)] = found.get(owner.get(name, name), 0) + size
        except Exception as error:  # built without dbstat
            machine.log(f"pipeline: sizes by table are not to be had here: {error}")
    finally:
        raw.close()
    return {**found, "rest of the file": whole - sum(found.values())}
