"""Reading the counters over the days of a question.  How they lie: tracker/pipeline/counters.py; what they hold:
tracker/journey/contribution.py.

One filter or none is read from the counters, several at once from the compact rows of the journeys, for the families that these
can tell of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, select

from tracker.clock import Instant
from tracker.errors import BadQuery
from tracker.journey.contribution import FAMILIES, MOST_TOUCHES
from tracker.pipeline import counters as stored
from tracker.pipeline.codec import read_bytes
from tracker.reports.query import Query
from tracker.reports.table import N_, Sentence
from tracker.shops import Shop
from tracker.stages import StageView, bits_of
from tracker.tables import counters
from tracker.tables import journeys as journeys_table
from tracker.tables import orders as orders_table

_c = counters.c


def day_number(day: date) -> int:
    """YYYYMMDD, as the columns `_on` hold it."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_from_number(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)


def read_amounts(db: Connection, shop: Shop, query: Query, family: str) -> Counter[str]:
    """name → amount over the days asked for; a name that was never counted is 0.  Raises BadQuery for filters it cannot
    heed."""
    if len(query.filters) > 1:
        return _facts(db, shop, query, family)
    return Counter(stored.read_total(db, shop.shop_id, shop.generation, family, _which(query, family), *span(query)))


def read_days(db: Connection, shop: Shop, query: Query, family: str, names: Iterable[str]) -> dict[int, Counter[str]]:
    """day_on → name → amount, for a few names; days without any of them are left out."""
    wanted = tuple(names)
    found = {}
    if len(query.filters) > 1:
        return _facts_by_day(db, shop, query, family, wanted)
    for day, amounts in stored.read_days(db, shop.shop_id, shop.generation, family, _which(query, family), *span(query)):
        if kept := {name: amounts[name] for name in wanted if name in amounts}:
            found[day] = Counter(kept)
    return found


def every_day(db: Connection, shop: Shop, query: Query, family: str) -> Iterator[tuple[int, dict[str, int]]]:
    """(day, all amounts) of the days that have any."""
    return stored.read_days(db, shop.shop_id, shop.generation, family, _which(query, family), *span(query))


def every_day_of(
    db: Connection, shop: Shop, query: Query, family: str, kind: str, values: Iterable[str]
) -> Iterator[tuple[str, int, dict[str, int]]]:
    """(value, day, all amounts), each as if it were the filter."""
    filters = [f"{kind}={value}" for value in values]
    for which, day, amounts in stored.read_each(db, shop.shop_id, shop.generation, family, filters, *span(query)):
        yield which.partition("=")[2], day, amounts


def days_with(db: Connection, shop: Shop, query: Query, family: str, text: bytes) -> list[date]:
    """On which of the days anything was counted under a name that holds this text, as JSON writes it; whatever the filter.

    The names are not read, since a year of days has to be looked through for a page.
    """
    since, until = span(query)
    of_shop = and_(_c.shop_id == shop.shop_id, _c.generation == shop.generation, _c.family == family, _c.filter == "")
    asked = select(_c.day_on, _c.amounts).where(of_shop, _c.day_on.between(since, until), _c.day_on % 100 != 0)
    return [day_from_number(day) for day, amounts in db.execute(asked.order_by(_c.day_on)) if text in read_bytes(amounts)]


def by_key(amounts: Counter[str]) -> dict[str, dict[str, int]]:
    """key → metric → amount, of names of the form metric:key."""
    found: dict[str, dict[str, int]] = {}
    for name, amount in amounts.items():
        metric, colon, key = name.partition(":")
        if not colon:
            continue
        if key in found:
            found[key][metric] = amount
        else:
            found[key] = {metric: amount}
    return found


def by_metric(amounts: Counter[str], metric: str) -> Counter[str]:
    """key → amount of one metric."""
    start = metric + ":"
    return Counter({name[len(start) :]: amount for name, amount in amounts.items() if name.startswith(start)})


def of_view(amounts: Counter[str], view: StageView) -> dict[int, Counter[str]]:
    """Place in the view (1-based) → reached, went_on, ordered: journeys that reached the stage itself; that reached a later
    one too (within the approach, in ordered views any later one); that ordered.  Worked out from the sets of stages
    (`m:<mask>.<ordered>`).
    """
    places: dict[int, Counter[str]] = {i: Counter() for i in range(1, len(view.stages) + 1)}
    bits = {i: (bits_of(stage.members), bits_of(view.beyond(i))) for i, stage in enumerate(view.stages, 1)}
    for name, count in amounts.items():
        if not name.startswith("m:"):
            continue
        mask, _, ordered = name[2:].partition(".")
        stages = int(mask)
        for i, (here, beyond) in bits.items():
            if not stages & here:
                continue
            places[i]["reached"] += count
            if stages & beyond:
                places[i]["went_on"] += count
            if ordered == "1":
                places[i]["ordered"] += count
    return places


def check_filters(query: Query, kinds: Collection[str]) -> None:
    """Raises BadQuery for several filters at once, and for one of another kind."""
    if len(query.filters) > 1:
        raise BadQuery("filter", N_("this report can be filtered by one thing at a time"))
    if any(which.partition("=")[0] not in kinds for which in query.filters):
        raise BadQuery("filter", N_("this report can't be filtered by that"))


def _which(query: Query, family: str) -> str:
    """The filter's row.  Raises BadQuery for several filters, and when the family has none of its kind."""
    check_filters(query, FAMILIES[family].kinds)
    return query.filters[0] if query.filters else ""


def span(query: Query) -> tuple[int, int]:
    return day_number(query.since), day_number(query.until)


UNRATED_ORDERS = N_("%(count)s orders are in no amount here: the rate of their currency is unknown. Add it in the settings.")
UNRATED_CARTS = N_("%(count)s carts are in no amount here: the rate of their currency is unknown. Add it in the settings.")


def unrated_note(amounts: Counter[str], text: str = UNRATED_ORDERS) -> tuple[Sentence, ...]:
    """What is in no amount in the shop's currency, if anything."""
    return (Sentence(text, {"count": amounts["unrated"]}),) if amounts["unrated"] else ()


# --- several filters at once: from the journeys' compact rows

_j = journeys_table.c


def _where(shop: Shop, query: Query) -> ColumnElement[bool]:
    since, until = span(query)
    return and_(_j.shop_id == shop.shop_id, _j.began_on.between(since, until), _j.counted.is_(True), *conditions(query))


def conditions(query: Query, table: Table = journeys_table) -> Iterator[ColumnElement[bool]]:
    """What the filters say of rows of a table that tells of journeys."""
    for which in query.filters:
        kind, _, value = which.partition("=")
        yield table.c.is_returning.is_(value == "returning") if kind == "buyer" else table.c[kind] == value


def live_orders(
    shop: Shop, query: Query, since: Instant, until: Instant, *columns: ColumnElement[Any]
) -> Select[tuple[Any, ...]]:
    """Reads columns of the orders placed in [since, until) that count and were not cancelled, of the journeys asked for."""
    o = orders_table.c
    return select(*columns).where(
        o.shop_id == shop.shop_id,
        o.placed_at >= since,
        o.placed_at < until,
        o.counted_at.is_not(None),
        o.cancelled_at.is_(None),
        *conditions(query, orders_table),
    )


_AMOUNTS = (
    func.count().label("journeys"),
    func.sum(_j.touchpoints).label("touchpoints"),
    func.sum(_j.net_own_minor).label("net"),
)


def _facts(db: Connection, shop: Shop, query: Query, family: str) -> Counter[str]:
    total: Counter[str] = Counter()
    if family == "journeys":
        groups = (_j.mask, _j.ordered, _j.outcome, _j.touchpoints.label("touches"))
        for row in db.execute(select(*groups, *_AMOUNTS).where(_where(shop, query)).group_by(*groups)):
            total["journeys"] += row.journeys
            total["open"] += row.journeys * (row.outcome == "open")
            total["ordered"] += row.journeys * row.ordered
            total["touchpoints"] += int(row.touchpoints)
            total["ordered_touchpoints"] += int(row.touchpoints) * row.ordered
            total[f"touches:{min(row.touches, MOST_TOUCHES)}"] += row.journeys
            total[f"ordered_touches:{min(row.touches, MOST_TOUCHES)}"] += row.journeys * row.ordered
            total["net"] += int(row.net)
            total[f"m:{row.mask}.{int(row.ordered)}"] += row.journeys
    elif family == "arrivals":
        by = (_j.channel, _j.campaign, _j.ordered)
        for row in db.execute(select(*by, *_AMOUNTS).where(_where(shop, query)).group_by(*by)):
            key = f"{row.channel}||{(row.campaign or '').replace('|', '/')}"
            total[f"journeys:{key}"] += row.journeys
            total[f"ordered:{key}"] += row.journeys * row.ordered
            total[f"net:{key}"] += int(row.net)
    else:
        raise BadQuery("filter", N_("this report can be filtered by one thing at a time"))
    return total


def _facts_by_day(db: Connection, shop: Shop, query: Query, family: str, names: tuple[str, ...]) -> dict[int, Counter[str]]:
    if family != "journeys":
        raise BadQuery("filter", N_("this report can be filtered by one thing at a time"))
    found: dict[int, Counter[str]] = {}
    groups = (_j.began_on, _j.ordered, _j.outcome)
    for row in db.execute(select(*groups, *_AMOUNTS).where(_where(shop, query)).group_by(*groups)):
        day = found.setdefault(row.began_on, Counter())
        day["journeys"] += row.journeys
        day["open"] += row.journeys * (row.outcome == "open")
        day["ordered"] += row.journeys * row.ordered
        day["touchpoints"] += int(row.touchpoints)
        day["net"] += int(row.net)
    return {day: Counter({name: row[name] for name in names}) for day, row in sorted(found.items())}


# --- what there is


def read_filters(db: Connection, shop: Shop, kinds: Iterable[str]) -> list[str]:
    """Which filters of these kinds have counters, in order.

    Jumps along the primary key from one value to the next, so its cost is the number of filters and not of counters.  The kind
    is looked at here and not in SQL: databases disagree on how "=" sorts.
    """
    of_shop = and_(_c.shop_id == shop.shop_id, _c.generation == shop.generation, _c.family == "journeys")
    steps = select(func.min(_c.filter).label("filter")).where(of_shop, _c.filter > "").cte("steps", recursive=True)
    after = select(func.min(_c.filter)).where(of_shop, _c.filter > steps.c.filter).scalar_subquery()
    steps = steps.union_all(select(after).where(steps.c.filter.is_not(None)))
    wanted = set(kinds)
    if not wanted:
        return []
    return sorted(value for (value,) in db.execute(select(steps.c.filter)) if value and value.partition("=")[0] in wanted)


def read_last_days(db: Connection, shop: Shop, query: Query) -> dict[int, date]:
    """stage → the last of the days asked for on which a journey that reached it began."""
    last: dict[int, date] = {}
    for day, amounts in every_day(db, shop, query, "journeys"):
        for name in amounts:
            if name.startswith("m:"):
                mask = int(name[2:].partition(".")[0])
                last |= {stage: day_from_number(day) for stage in range(1, 13) if mask >> (stage - 1) & 1}
    return last


def instants(query: Query, shop: Shop) -> tuple[Instant, Instant]:
    """[start, end) of the days asked for."""
    return query.instants(shop.settings.tz)
