"""The latest journeys, newest first, page by page; or those behind a number of another report: holding.py.

Reads an index backwards from the cursor, so a page costs the same however many journeys there are.  What only the bodies show
is looked for in a bounded number of them, on days on which counters know of any; the next page goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, literal, not_, or_, select, tuple_

from tracker.clock import DAY, MINUTE, day_of
from tracker.journey.contribution import FILTER_KINDS
from tracker.reports import counters
from tracker.reports.holding import Holding, read_holding
from tracker.reports.query import Query, read_cursor
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Sentence, Unit
from tracker.shops import Shop
from tracker.stages import STAGES
from tracker.tables import journeys as table

TITLE = N_("Latest journeys")
QUESTION = N_("Who is on the way, and how far did they come?")
PARAMETERS = ("period", "since", "until", "filter", "holding", "cursor", "limit")
FILTERS = FILTER_KINDS

COLUMNS = (
    Column(
        "last_at", Unit.INSTANT, N_("Last act"), N_("When the visitor last did something themselves, in the shop's time zone.")
    ),
    Column("began_at", Unit.INSTANT, N_("Began"), N_("When the journey began.")),
    Column("subject_id", Unit.TEXT, N_("Who"), N_("The number of the person; it says nothing about who they are.")),
    Column("number", Unit.COUNT, N_("Journey no."), N_("Which of this person's journeys it is, counted from 1.")),
    Column(
        "outcome", Unit.TEXT, N_("Outcome"), N_("Under way, ordered, or lapsed after a long silence."), vocabulary="outcome"
    ),
    Column("stage", Unit.TEXT, N_("Stage now"), N_("The stage of the latest event."), vocabulary="twelve"),
    Column(
        "highest", Unit.TEXT, N_("Highest stage"), N_("The furthest stage that the journey ever reached."), vocabulary="twelve"
    ),
    Column("channel", Unit.TEXT, N_("Channel"), N_("Where the journey's first arrival came from."), vocabulary="channel"),
    Column("campaign", Unit.TEXT, N_("Campaign"), N_("The campaign label of the arrival.")),
    Column("order_key", Unit.TEXT, N_("Order"), N_("The order's number in the shop.")),
    Column("net", Unit.MONEY, N_("Net revenue"), N_("After discounts and refunds, without VAT and shipping.")),
)

LOOKED_INTO = 8_000  # bodies for one answer

_c = table.c
_SHOWN = (
    *(_c.last_at, _c.began_at, _c.subject_id, _c.number, _c.outcome, _c.stage, _c.highest, _c.channel, _c.campaign),
    *(_c.order_key, _c.net_minor, _c.currency),
)


@dataclass(frozen=True)
class _Way:
    """By which instant the list goes back, and which journeys lie in the days of a question by that instant."""

    at: ColumnElement[int]
    lies_in: Callable[[Query], ColumnElement[bool]]
    indexed: tuple[ColumnElement[int], ...] = ()  # a column that falls with the instant and has the index


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """Journeys whose last act lies in the period, or those that a report counts in it as holding something; bots and double
    counts are left out.  A page may be short, even empty, and still have a next one.  Raises BadQuery.
    """
    held = read_holding(query.holding, shop)
    found: list[RowMapping] = []
    for looked, row in enumerate(_newest(db, shop, query, held), 1):
        if held is None or not held.by_body or held.is_in(row["body"]):
            found.append(row)
        if len(found) > query.limit:
            return _page(found[: query.limit], found[query.limit - 1])
        if looked == LOOKED_INTO:
            text = N_("Looked through the journeys back to %(day)s. The next page goes on from there.")
            return _page(found, row, Sentence(text, {"day": day_of(row["at"], shop.settings.tz)}))
    return _page(found)


def _page(found: list[RowMapping], last: RowMapping | None = None, *notes: Sentence) -> ReportTable:
    """With the place where the next one goes on, if any."""
    cursor = f"{last['at']}.{last['subject_id']}.{last['number']}" if last else None
    return ReportTable(COLUMNS, [journey_row(row) for row in found], len(found), notes=notes, next_cursor=cursor)


def _newest(db: Connection, shop: Shop, query: Query, held: Holding | None) -> Iterator[RowMapping]:
    """What may be on the list, from the cursor on: with the body where only that can tell."""
    way = _way(shop, held)
    place = (way.at, _c.subject_id, _c.number)
    statement = select(*_SHOWN, way.at.label("at")).where(
        _c.shop_id == shop.shop_id, _c.counted.is_(True), *counters.conditions(query)
    )
    statement = statement.order_by(*(column.desc() for column in (*way.indexed, *place)))
    if query.cursor:
        at, *_ = after = read_cursor(query.cursor, len(place))
        start, end = query.instants(shop.settings.tz)
        query = replace(query, until=day_of(max(start, min(at, end - 1)), shop.settings.tz))
        statement = statement.where(way.at <= at, tuple_(*place) < tuple_(*map(literal, after)))
    if held is not None:
        statement = statement.where(held.where)
    if held and held.by_body:  # the rows come in helpings, as they are asked for
        statement = statement.add_columns(_c.body).limit(LOOKED_INTO).execution_options(yield_per=200)
    else:
        statement = statement.limit(query.limit + 1)
    for days in _days(db, shop, query, held):
        yield from db.execute(statement.where(way.lies_in(days))).mappings()


def _days(db: Connection, shop: Shop, query: Query, held: Holding | None) -> list[Query]:
    """The days on which there may be any, the latest first: one by one where counters know them."""
    if held is None or not held.family:
        return [query]
    days = counters.days_with(db, shop, query, held.family, held.text)
    return [replace(query, since=day, until=day) for day in reversed(days)]


def _way(shop: Shop, held: Holding | None) -> _Way:
    """By the last act; what a report counts, by the instant that it counts by."""
    if held is None:
        return _Way(_c.last_at, lambda query: _acted(query, shop))
    if not held.kind.ended:
        return _Way(_c.began_at, lambda query: _c.began_on.between(*counters.span(query)), (_c.began_on,))
    # After so long a silence a journey lapses: journey/fold.py.
    idle, window = shop.settings.idle_minutes * MINUTE, shop.settings.journey_window_days * DAY
    anonymous = _c.consent == "anonymous"
    return _Way(
        _c.last_at + case((anonymous, idle), else_=window),
        lambda query: or_(and_(anonymous, _acted(query, shop, idle)), and_(not_(anonymous), _acted(query, shop, window))),
    )


def _acted(query: Query, shop: Shop, before: int = 0) -> ColumnElement[bool]:
    """Whose last act lies in the days, or so many milliseconds before them."""
    start, end = query.instants(shop.settings.tz)
    return and_(_c.last_at >= start - before, _c.last_at < end - before)


def journey_row(row: RowMapping) -> Row:
    """The cells of one journey; the timeline shows the same ones."""
    return {
        "last_at": row["last_at"],
        "began_at": row["began_at"],
        "subject_id": str(row["subject_id"]),
        "number": row["number"],
        "outcome": row["outcome"],
        "stage": stage_key(row["stage"]),
        "highest": stage_key(row["highest"]),
        "channel": row["channel"],
        "campaign": row["campaign"],
        "order_key": row["order_key"],
        "net": Money(row["net_minor"], row["currency"]) if row["currency"] and row["net_minor"] is not None else None,
    }


def stage_key(number: int) -> str | None:
    """None for 0: no event with a stage yet."""
    return STAGES[number - 1].key if 1 <= number <= len(STAGES) else None
