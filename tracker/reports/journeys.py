"""The latest journeys, newest first, page by page.

Reads the index (shop_id, last_at) backwards from the cursor, so a page costs the same however many journeys there are.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, and_, or_, select

from tracker.journey.contribution import FILTER_KINDS
from tracker.reports import counters
from tracker.reports.query import Query, read_cursor
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Unit
from tracker.shops import Shop
from tracker.stages import STAGES
from tracker.tables import journeys as table

TITLE = N_("Latest journeys")
QUESTION = N_("Who is on the way, and how far did they come?")
PARAMETERS = ("period", "since", "until", "filter", "cursor", "limit")
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


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """Journeys whose last act lies in the period; bots and double counts are left out."""
    start, end = query.instants(shop.settings.tz)
    statement = select(table).where(
        table.c.shop_id == shop.shop_id, table.c.last_at >= start, table.c.last_at < end, table.c.counted.is_(True)
    )
    for condition in counters.conditions(query):
        statement = statement.where(condition)
    if query.cursor:
        statement = statement.where(_after(query.cursor))
    newest = (table.c.last_at.desc(), table.c.subject_id.desc(), table.c.number.desc())
    found = db.execute(statement.order_by(*newest).limit(query.limit + 1)).mappings().all()
    rows = [journey_row(row) for row in found[: query.limit]]
    more = found[query.limit - 1] if len(found) > query.limit else None
    cursor = f"{more['last_at']}.{more['subject_id']}.{more['number']}" if more else None
    return ReportTable(COLUMNS, rows, sample=len(rows), next_cursor=cursor)


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


def _after(cursor: str) -> Any:
    """Older than the cursor's journey, in the order of the page."""
    last_at, subject_id, number = read_cursor(cursor, 3)
    return and_(
        table.c.last_at <= last_at,  # the index starts here
        or_(
            table.c.last_at < last_at,
            table.c.subject_id < subject_id,
            and_(table.c.subject_id == subject_id, table.c.number < number),
        ),
    )
