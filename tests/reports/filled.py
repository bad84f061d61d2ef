"""The demo shop with two months behind it, worked in by the real pipeline, and its reports beside what the raw rows say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from tests.builders import HOLD, add_shop, work_in
from tests.conftest import NewDatabase
from tests.reports.recount import Recount, Told
from tracker import shops
from tracker.clock import Instant
from tracker.collect.intake import IntakeRow
from tracker.config import Config
from tracker.demo import history
from tracker.pipeline.process import tick_shop
from tracker.reports import REPORTS
from tracker.reports.query import read_query
from tracker.reports.table import Money, ReportTable
from tracker.shops import Shop
from tracker.storage import open_engine, writing

NOW: Instant = 1_789_552_800_000  # 2026-09-16T12:00+02:00
SINCE, UNTIL = date(2026, 7, 20), date(2026, 9, 14)  # begins and ends within a month and holds a whole one


@dataclass
class Asked:
    """The shop's reports."""

    db: Connection
    shop: Shop
    recount: Recount

    def __call__(self, name: str, filter: str = "", **args: str) -> ReportTable:
        days = {"since": SINCE.isoformat(), "until": UNTIL.isoformat()}
        return REPORTS[name].answer(
            self.db, self.shop, read_query({**days, "limit": "500", "filter": filter, **args}, self.shop, NOW)
        )

    def began(self, filter: str = "") -> list[Told]:
        return self.recount.began(SINCE, UNTIL, filter)

    def money(self, minor: int) -> Money:
        return Money(minor, self.shop.settings.currency)


@contextmanager
def filled(folder: Path, new_database: NewDatabase, **settings: Any) -> Iterator[Asked]:
    engine = open_engine(Config(data_dir=str(folder), database_url=new_database(folder)))
    shop = add_shop(engine, NOW, **settings)
    bodies = history.make_past(shop, NOW, days=60, strangers_per_day=36).bodies
    rows = [IntakeRow("history", n, shop_id, body) for n, (shop_id, body) in enumerate(bodies, 1)]
    for start in range(0, len(rows), 2_000):
        work_in(engine, shop, *rows[start : start + 2_000], now=NOW)
    with writing(engine) as db:
        while tick_shop(db, shop, HOLD, NOW):
            pass
    with engine.connect() as db:
        found = shops.find_shop(db, shop.shop_id)
        assert found is not None
        yield Asked(db, found, Recount(db, found))
    engine.dispose()
