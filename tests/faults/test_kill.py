"""kill -9 of collector and worker at random moments under load: nothing acknowledged is lost, nothing is counted twice."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select

from tests.builders import add_shop, counters
from tests.collect.serving import OPEN_RATES
from tests.faults.processes import Installation, Sender, post, wait_for
from tests.postgres import Postgres
from tracker import clock, storage
from tracker import tables as t
from tracker.config import Config
from tracker.reports.counters import of_view
from tracker.shops import Shop
from tracker.stages import VIEWS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

KILLS = 20


def stored_ids(engine: Engine, shop: Shop) -> list[str]:
    with engine.connect() as db:
        return list(db.execute(select(t.events.c.event_id).where(t.events.c.shop_id == shop.shop_id)).scalars())


def assert_each_once(engine: Engine, shop: Shop, acknowledged: set[str]) -> None:
    """Every acknowledged event is stored; every stored one is in exactly one journey and counted once."""
    stored = stored_ids(engine, shop)
    assert acknowledged <= set(stored)
    assert len(stored) == len(set(stored))
    with engine.connect() as db:
        names = counters(db, shop)
        tagged = db.execute(
            select(func.count()).where(t.events.c.shop_id == shop.shop_id, t.events.c.tag.is_not(None))
        ).scalar_one()
    reached = of_view(Counter(names), VIEWS["twelve"])[2]["reached"]
    assert names["journeys"] == reached == tagged == len(stored)


def test_collector_and_worker_killed_at_random_moments(engine: Engine, config: Config) -> None:
    shop = add_shop(engine, clock.now())
    chance = random.Random(20260916)
    config = replace(config, lease_seconds=1, **OPEN_RATES)
    with Installation(config) as installation:
        installation.start("collector")
        installation.start("worker")
        wait_for(installation.answers, 30, "the collector answers")
        senders = [Sender(installation, shop, f"s{i}") for i in range(4)]
        for sender in senders:
            sender.start()
        for i in range(KILLS):
            wait_for(installation.answers, 60, "the collector answers between the kills")
            time.sleep(chance.uniform(0.0, 0.8))
            name = ("collector", "worker")[i % 2]
            installation.kill(name)
            installation.start(name)
        wait_for(installation.answers, 30, "the collector answers again")
        time.sleep(1)
        for sender in senders:
            sender.stop()
        acknowledged = {key for sender in senders for key in sender.acknowledged}
        assert len(acknowledged) > 100
        wait_for(lambda: acknowledged <= set(stored_ids(engine, shop)), 60, "everything is worked in")
        # Whatever was kept without its sender hearing of it is worked in by now too, or comes within a moment.
        time.sleep(1.5)
    assert_each_once(engine, shop, acknowledged)


def test_the_door_answers_while_postgresql_is_stopped_and_everything_arrives(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("away")
    with Postgres() as server:
        server.execute("CREATE DATABASE away")
        config = Config(data_dir=str(folder), secret_key="s" * 20, database_url=server.url("away"))
        config = replace(config, lease_seconds=1, **OPEN_RATES)
        engine = storage.open_engine(config)
        storage.migrate(engine)
        shop = add_shop(engine, clock.now())
        with Installation(config) as installation:
            installation.start("collector")
            installation.start("worker")
            wait_for(installation.answers, 30, "the collector answers")
            sender = Sender(installation, shop, "s")
            wait_for(lambda: first_accepted(installation, shop), 15, "the door knows the shop")
            sender.start()
            wait_for(lambda: len(stored_ids(engine, shop)) > 20, 30, "events arrive")
            engine.dispose()
            server.stop()
            before = len(sender.acknowledged)
            sender.statuses.clear()
            time.sleep(10)
            assert len(sender.acknowledged) > before + 50
            assert sender.statuses == {202}
            server.start()
            time.sleep(1)
            sender.stop()
            acknowledged = set(sender.acknowledged)
            wait_for(lambda: acknowledged <= set(stored_ids(engine, shop)), 60, "everything is worked in")
        assert_each_once(engine, shop, acknowledged)
        engine.dispose()


def first_accepted(installation: Installation, shop: Shop) -> bool:
    body = {"key": shop.site_key, "event_id": "first", "type": "page_view", "visitor_key": "first", "consent": "statistics"}
    body_with_page = {**body, "page": {"url": f"https://{shop.hosts[0]}/"}}
    return post(installation.address + installation.config.collect_path, body_with_page)[0] == 202
