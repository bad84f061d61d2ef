"""What `tracker run` keeps in memory with one shop, after traffic and a look at the reports.

The sum over all its processes of the proportional set size: pages shared by several are shared out among them.
"""

from __future__ import annotations

import sys
import tempfile
import time

from bench import machine, traffic
from bench.door import prepared
from bench.lag import post_all
from bench.serving import Process
from bench.table import Figure
from tracker import clock
from tracker.config import Config

EVENTS = 6_000
MOST_BYTES = 300 * 1024 * 1024


class Product(Process):
    """`tracker run` on a free port."""

    def __init__(self, config: Config) -> None:
        self.port = machine.free_port()
        super().__init__(config, [sys.executable, "-m", "tracker", "run", "--port", str(self.port)])
        self.await_answer(self.port, config.collect_path)
        self.await_rest()


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kunderejse-bench-") as folder:
        config, key = prepared(folder)
        with Product(config) as product:
            idle = sum(map(machine.pss_bytes, product.pids))
            post_all(product.port, traffic.requests(3, EVENTS, clock.now()), key)
            time.sleep(3.0)
            product.await_rest()
            each = {pid: machine.pss_bytes(pid) for pid in product.pids}
            for pid, size in each.items():
                machine.log(f"memory: {size / 2**20:.0f} MB  {machine.name_of(pid)}")
    note = f"{len(each)} processes; {idle / 2**20:.0f} MB before the traffic"
    return [Figure("memory, one shop, all processes", sum(each.values()) / 2**20, "MB", most=MOST_BYTES / 2**20, note=note)]
