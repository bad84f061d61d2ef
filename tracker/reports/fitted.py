"""What a shop's customers are like, read from their compact rows; `customers` tells it.

Two parts.  What is the same all day is worked out once for each process and day: the shop's measures, the model of how its
customers order and leave, and how right such a model would have been (`fitted`).  What each new order moves is added up in
SQL: customers by segment and in cells of those who are much alike (`read_groups`), of which 100,000 customers make some
thousand.

For the model a day is that of the shop by its zone's distance from UTC now: an order within an hour of midnight in the other
half of the year may count for its neighbour, which no figure of a model notices.  Segments go by the exact day.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import log
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Double, Select, Subquery, case, cast, func, literal, select

from tracker.clock import DAY, Instant, day_of, from_datetime, to_datetime
from tracker.collect.native import aside
from tracker.customers.cells import Cell, Customer, gather
from tracker.customers.forecast import YEAR, Comparison, Model, NotEnough, check, fit
from tracker.customers.segments import Measures, limits, measure
from tracker.reports.query import Query
from tracker.shops import Shop
from tracker.tables import customers, orders

WEEK = 7 * DAY
QUARTER = 91  # days
MOST_KEPT = 64  # shops and days
SAME = 1.05  # counts that differ by less fit the same model: it would come out the same

_c = customers.c


@dataclass(frozen=True)
class Fitted:
    """What is the same all day."""

    measures: Measures
    model: Model | NotEnough
    days: int  # that the check looked back
    checked: list[Comparison] | NotEnough  # a model of what was known so many days ago, beside what came since


class Group(NamedTuple):
    """Customers of one segment who are much alike."""

    segment: str
    cell: Cell
    orders: int


_kept: OrderedDict[tuple[Any, ...], Fitted] = OrderedDict()


def fitted(db: Connection, shop: Shop, query: Query) -> Fitted:
    """From rows, or from memory.  With 100,000 customers the first answer of a day takes some seconds."""
    of_shop = _c.shop_id == shop.shop_id
    count, days = db.execute(select(func.count(), func.coalesce(func.sum(_c.order_days), 0)).where(of_shop)).one()
    today = day_of(query.now, shop.settings.tz)
    key = (str(db.engine.url), shop.shop_id, shop.generation, today, _about(count), _about(int(days) - count))
    found = _kept.get(key)
    if found is None:
        found = _kept[key] = _fit(db, shop, query.now)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found


def _about(count: int) -> int:
    return int(log(count + 1) / log(SAME))


def _fit(db: Connection, shop: Shop, now: Instant) -> Fitted:
    offset = _offset(shop, now)
    today = (now + offset) // DAY
    columns = (_c.order_days, _c.first_at, _c.last_at, _c.net_minor, _c.square)
    known = [
        Customer(days, (first + offset) // DAY, (last + offset) // DAY, net, int(square))
        for days, first, last, net, square in db.execute(select(*columns).where(_c.shop_id == shop.shop_id))
    ]
    measures = aside(lambda: measure(known))
    model = aside(lambda: fit(gather(known, today)))
    days, checked = YEAR, _check(db, shop, today - YEAR, offset, YEAR)
    if isinstance(checked, NotEnough):
        days, checked = QUARTER, _check(db, shop, today - QUARTER, offset, QUARTER)
    return Fitted(measures, model, days, checked)


def _check(db: Connection, shop: Shop, until: int, offset: int, days: int) -> list[Comparison] | NotEnough:
    """A model of what was known at the end of a day, beside what came in the days since."""
    known = list(_known_before(db, shop, until, offset))

    def compare() -> list[Comparison] | NotEnough:
        cells = gather(known, until)
        past = fit(cells, days)
        return past if isinstance(past, NotEnough) else check(past, cells)

    return aside(compare)


def _offset(shop: Shop, now: Instant) -> int:
    offset = to_datetime(now).astimezone(shop.settings.tz).utcoffset()
    assert offset is not None
    return offset // timedelta(milliseconds=1)


def day_number_of(shop: Shop, at: Instant, now: Instant) -> int:
    """The shop's day as a whole number that counts on."""
    return (at + _offset(shop, now)) // DAY


def _known_before(db: Connection, shop: Shop, until: int, offset: int) -> Iterator[Customer]:
    """The customers as they were at the end of a day, with what they ordered later; in order of their numbers."""
    o = orders.c
    live = (o.shop_id == shop.shop_id, o.counted_at.is_not(None), o.cancelled_at.is_(None))
    day = ((o.counted_at + literal(offset, BigInteger)) // literal(DAY, BigInteger)).label("day")
    each = select(o.subject_id, day, func.coalesce(o.net_own_minor, 0).label("net")).where(*live).subquery().c
    days = select(each.subject_id, each.day, func.sum(each.net).label("net")).group_by(each.subject_id, each.day).subquery().c
    before = days.day <= until
    past = case((before, days.net), else_=0)
    sums = (
        func.sum(case((before, 1), else_=0)), func.min(days.day), func.max(case((before, days.day))),
        func.sum(past), func.sum(cast(past, Double) * cast(past, Double)),
        func.sum(case((before, 0), else_=1)), func.sum(case((before, 0), else_=days.net)),
    )  # fmt: skip
    query = select(days.subject_id, *sums).group_by(days.subject_id).having(func.min(days.day) <= until)
    for row in db.execute(query.order_by(days.subject_id)):
        yield Customer(*map(int, row[1:]))


# --- as they are now


def read_groups(db: Connection, shop: Shop, query: Query, measures: Measures) -> Iterator[Group]:
    """All customers: of each segment those with about as many orders, over about as long, about as long ago."""
    for row in db.execute(_grouped(shop, query.now, measures)):
        count, span, silent = row.customers, int(row.span), int(row.silent)
        cell = Cell(
            count, int(row.days) - count, round(span / DAY), round((span + silent) / DAY), int(row.net),
            int(row.customer_square), int(row.order_square),
        )  # fmt: skip
        yield Group(row.segment, cell, int(row.orders))


def _grouped(shop: Shop, now: Instant, measures: Measures) -> Select[Any]:
    each = of_segment(shop, now, measures).c
    now_at = literal(now, BigInteger)
    # An order dated after now, by a clock that is ahead, was placed now.
    last, first = (case((at > now_at, now_at), else_=at) for at in (each.last_at, each.first_at))
    told = select(*each, (last - first).label("span"), (now_at - last).label("silent")).subquery().c
    classes = (
        _class(told.order_days, _ORDERS).label("orders_class"), _class(told.span, _WEEKS, WEEK).label("span_class"),
        _class(told.silent, _WEEKS, WEEK).label("silent_class"),
    )  # fmt: skip
    alike = select(*told, *classes).subquery().c
    net = cast(alike.net_minor, Double)
    sums = {
        "customers": func.count(), "span": func.sum(alike.span), "silent": func.sum(alike.silent),
        "net": func.sum(alike.net_minor), "customer_square": func.sum(net * net), "order_square": func.sum(alike.square),
        "orders": func.sum(alike.order_count), "days": func.sum(alike.order_days),
    }  # fmt: skip
    keys = (alike.segment, alike.orders_class, alike.span_class, alike.silent_class)
    return select(alike.segment, *(amount.label(name) for name, amount in sums.items())).group_by(*keys)


# Larger numbers are told less exactly, by about a third: up to so many, in steps of so many.
_WEEKS = ((4, 1), (12, 2), (28, 4), (76, 12), (None, 26))
_ORDERS = ((6, 1), (14, 3), (None, 10))


def _class(number: ColumnElement[int], steps: tuple[tuple[int | None, int], ...], unit: int = 1) -> ColumnElement[int]:
    """In SQL.  Steps of different lengths have classes of their own: the numbers that divide by them never meet."""
    whens = [(number < most * unit, number // literal(step * unit, BigInteger) + most * 1_000) for most, step in steps if most]
    return case(*whens, else_=number // literal(steps[-1][1] * unit, BigInteger))


def of_segment(shop: Shop, now: Instant, measures: Measures) -> Subquery:
    """The rows of the shop's customers, each with its segment."""
    today = day_of(now, shop.settings.tz)
    whens = []
    for row in limits(measures):
        condition = _c.order_days >= row.min_orders
        if row.max_silence is not None:
            condition &= _c.last_at >= _midnight(today - timedelta(days=row.max_silence), shop)
        if row.min_net is not None:
            condition &= _c.net_minor >= row.min_net
        whens.append((condition, row.segment))
    columns = (_c.subject_id, _c.first_at, _c.last_at, _c.order_days, _c.order_count, _c.net_minor, _c.square)
    return select(*columns, case(*whens).label("segment")).where(_c.shop_id == shop.shop_id).subquery()


def _midnight(day: date, shop: Shop) -> Instant:
    """With which the shop's day begins."""
    return from_datetime(datetime.combine(day, time.min, shop.settings.tz))
