"""How fast past events are imported: NDJSON in the wire format to an intake file, in one process.

Mixed traffic (traffic.py) as lines, browsers' and the server's; nothing is worked in meanwhile.  Measured is the processor time
of the process, its thread for the disk included.
"""

from __future__ import annotations

import io
import tempfile
import time
from dataclasses import replace

import orjson

from bench import machine, pipeline, traffic
from bench.table import Figure
from tracker import clock, shops
from tracker.config import Config
from tracker.imports import import_file
from tracker.storage import migrate, open_engine

EVENTS = 100_000
LEAST_PER_SECOND = 15_000


def measure() -> list[Figure]:
    file = ndjson(EVENTS)
    machine.log(f"imports: {EVENTS:,} events, {len(file) // EVENTS} bytes each")
    with tempfile.TemporaryDirectory(prefix="kunderejse-bench-") as folder:
        config = replace(Config(), data_dir=folder, secret_key="of the benchmark")
        engine = open_engine(config)
        migrate(engine)
        pipeline.add_shops(engine, 1)
        with engine.connect() as db:
            shop = shops.all_shops(db)[0]
        wall, own = time.perf_counter(), time.process_time()
        report = import_file("events", io.BytesIO(file), shop, config=config, engine=engine, now=clock.now())
        wall, own = time.perf_counter() - wall, time.process_time() - own
        engine.dispose()
    assert report.accepted == report.lines == EVENTS, report.text()
    by_clock = f"{EVENTS / wall:,.0f} events/s by the clock"
    return [Figure("imported, NDJSON", EVENTS / own, "events/s and core", least=LEAST_PER_SECOND, note=by_clock)]


def ndjson(count: int) -> bytes:
    """Past events as somebody would hand them in."""
    lines = []
    for request in traffic.requests(1, count, clock.now()):
        visitor = request.visitor
        told = {"source": "browser", "user_agent": visitor.agent, "country": "DK"} if visitor else {}
        lines += [orjson.dumps({**event, **told}) for event in request.events]
    return b"\n".join(lines[:count]) + b"\n"
