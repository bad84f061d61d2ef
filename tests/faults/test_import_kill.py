"""kill -9 of `tracker import` at random moments, with a worker at work: every line is stored, and counted once."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.builders import add_shop, counters
from tests.faults.processes import Installation, wait_for
from tests.faults.test_kill import stored_ids
from tracker import clock
from tracker.clock import DAY
from tracker.config import Config
from tracker.run import environment_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

EVENTS = 30_000
KILLS = 4


def test_an_import_killed_at_random_moments(engine: Engine, config: Config, tmp_path: Path) -> None:
    shop = add_shop(engine, clock.now())
    chance = random.Random(20260916)
    file = tmp_path / "past.ndjson"
    at = clock.now() - 400 * DAY
    line = '{{"source":"browser","event_id":"e{0}","visitor_key":"v{0}","consent":"statistics","type":"page_view",'
    line += f'"occurred_at":{at},"page":{{{{"url":"https://{shop.hosts[0]}/"}}}}}}}}\n'
    file.write_text("".join(line.format(number) for number in range(EVENTS)))
    command = [sys.executable, "-m", "tracker", "import", "events", str(file), "--shop", str(shop.shop_id)]
    intake = Path(config.data_dir) / "intake"
    with Installation(config) as installation:
        installation.start("worker")
        killed = 0
        for _ in range(KILLS):
            before = set(intake.glob("*.lock"))
            process = subprocess.Popen(
                command, env=environment_of(config), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            wait_for(lambda: process.poll() is not None or bool(set(intake.glob("*.lock")) - before), 60, "it appends")  # noqa: B023
            time.sleep(chance.uniform(0.0, 0.1))
            killed += process.poll() is None
            process.kill()
            process.wait()
        assert killed
        done = subprocess.run(command, env=environment_of(config), capture_output=True, text=True, check=False)
        assert f"{EVENTS} lines read, {EVENTS} accepted" in done.stdout, done.stdout + done.stderr
        wait_for(lambda: len(stored_ids(engine, shop)) == EVENTS, 120, "everything is worked in")
    with engine.connect() as db:
        assert counters(db, shop)["journeys"] == EVENTS
