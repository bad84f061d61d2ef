"""Builders for the tests of reports: a shop with counters written down by hand, and questions to it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from tracker import shops
from tracker.clock import Instant
from tracker.pipeline.counters import add
from tracker.reports import REPORTS
from tracker.reports.query import Query, read_query
from tracker.reports.table import ReportTable
from tracker.shops import Shop, ShopSettings


def add_shop(db: Connection, now: Instant, **settings: Any) -> Shop:
    return shops.add_shop(db, "Strandgade", ("shop.example",), now, ShopSettings(**settings))


def count(db: Connection, shop: Shop, day: int, amounts: dict[str, int], filter: str = "", family: str = "journeys") -> None:
    add(db, shop.shop_id, shop.generation, {(family, filter, day): amounts})


def ask(db: Connection, shop: Shop, now: Instant, name: str, **args: str) -> ReportTable:
    return REPORTS[name].answer(db, shop, query(shop, now, **args))


def query(shop: Shop, now: Instant, **args: str) -> Query:
    return read_query(args, shop, now)
