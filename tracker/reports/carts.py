"""Carts and checkouts as they are now: how many, how old, how far, worth what; and who has them.

Reads the table of carts by its index, in the state `filled`.  A cart is *active* for a quarter of an hour after its last
change, then *idle*, and *abandoned* once it has lain untouched for the shop's time (`abandon_minutes`).  How the carts of a
period ended: `checkouts`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, case, cast, func, literal, or_, select
from sqlalchemy import Row as DbRow

from tracker.clock import DAY, MINUTE, Instant
from tracker.errors import BadQuery
from tracker.journey.carts import CART_STEPS
from tracker.journey.state import FILLED
from tracker.reports.products import read_names
from tracker.reports.query import Query, read_cursor
from tracker.reports.table import N_, Cell, Column, Money, ReportTable, Row, Unit
from tracker.shops import Shop
from tracker.tables import carts as table

TITLE = N_("Carts now")
QUESTION = N_("What lies in carts and checkouts right now, and whose is it?")
PARAMETERS = ("filter", "cursor", "limit")
FILTERS = ("channel",)

ACTIVE = 15 * MINUTE

AGE = Column(
    "age",
    Unit.TEXT,
    N_("State"),
    N_("Active: changed within 15 minutes. Abandoned: untouched for longer than the shop's time. Idle: between these."),
    vocabulary="cart_age",
)
STEP = Column("step", Unit.TEXT, N_("Step"), N_("How far the cart has come, in the checkout too."), vocabulary="cart_step")
PIECES = Column("pieces", Unit.COUNT, N_("Pieces"), N_("All pieces of all products."))
VALUE = Column("value", Unit.MONEY, N_("Value"), N_("As shown to the buyer; currencies are not mixed."))
CARTS = Column("carts", Unit.COUNT, N_("Carts"), N_("Filled carts."))

COLUMNS = (
    Column("touched_at", Unit.INSTANT, N_("Last change"), N_("When something was last done with the cart.")),
    Column("began_at", Unit.INSTANT, N_("Began"), N_("When something was first put in it.")),
    Column("subject_id", Unit.TEXT, N_("Who"), N_("The number of the person; it says nothing about who they are.")),
    AGE,
    STEP,
    PIECES,
    VALUE,
    Column("products", Unit.TEXT, N_("Products"), N_("What lies in it.")),
    Column("channel", Unit.TEXT, N_("Channel"), N_("Where the journey's first arrival came from."), vocabulary="channel"),
)

_BY_AGE = (
    Column("active", Unit.COUNT, N_("Active"), N_("Changed within the last 15 minutes.")),
    Column("idle", Unit.COUNT, N_("Idle"), N_("Untouched for longer, but not yet abandoned.")),
    Column("abandoned", Unit.COUNT, N_("Abandoned"), N_("Untouched for longer than the shop's time.")),
)

STEP_COLUMNS = (STEP, CARTS, *_BY_AGE, PIECES, VALUE)

AGE_COLUMNS = (
    AGE,
    Column("days", Unit.COUNT, N_("Days"), N_("Of abandoned carts: whole days since the last change.")),
    CARTS,
    Column("checkouts", Unit.COUNT, N_("Checkouts"), N_("Of these, carts that have come to the checkout.")),
    PIECES,
    VALUE,
)

FIGURES = (CARTS, AGE_COLUMNS[3], *_BY_AGE, PIECES, VALUE)

_c = table.c


class _Group(NamedTuple):
    """Carts that are alike."""

    step: str
    currency: str
    age: str
    days: int  # of abandoned ones, since the last change
    carts: int
    pieces: int
    value: int


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """The filled carts, latest change first, page by page; beside it all of them by step and by age."""
    filled = and_(_c.shop_id == shop.shop_id, _c.state == FILLED, *_conditions(query))
    age = _age(shop, query.now)
    groups = [_Group(*row) for row in db.execute(_grouped(filled, age, query.now))]
    found, cursor = _page(db, filled, age, query)
    names = read_names(db, shop, (product for row in found for product in row.products))
    rows: list[Row] = [
        {
            "touched_at": row.touched_at,
            "began_at": row.began_at,
            "subject_id": str(row.subject_id),
            "age": row.age,
            "step": row.step,
            "pieces": row.pieces,
            "value": _value(row.value_minor, row.currency),
            "products": ", ".join(names[key][0] if key in names else key for key in row.products if key) or None,
            "channel": row.channel,
        }
        for row in found
    ]
    total = sum(group.carts for group in groups)
    return ReportTable(
        COLUMNS,
        rows,
        total,
        FIGURES,
        {**_counts(groups), "value": _values(groups)},
        beside={
            "steps": ReportTable(STEP_COLUMNS, _steps(groups), total),
            "ages": ReportTable(AGE_COLUMNS, _ages(groups), total),
        },
        next_cursor=cursor,
    )


def _conditions(query: Query) -> Iterator[ColumnElement[bool]]:
    for which in query.filters:
        kind, _, value = which.partition("=")
        if kind not in FILTERS:
            raise BadQuery("filter", N_("this report can't be filtered by that"))
        yield _c.channel == value


def _age(shop: Shop, now: Instant) -> ColumnElement[str]:
    """In SQL.  What was touched after now, by a clock that is ahead, is active."""
    abandoned = now - shop.settings.abandon_minutes * MINUTE
    return case(
        (_c.touched_at > max(now - ACTIVE, abandoned), "active"), (_c.touched_at > abandoned, "idle"), else_="abandoned"
    ).label("age")


def _grouped(filled: ColumnElement[bool], age: ColumnElement[str], now: Instant) -> Select[Any]:
    days = case((age == "abandoned", (literal(now, BigInteger) - _c.touched_at) // DAY), else_=0).label("days")
    each = select(_c.step, _c.currency, age, days, _c.pieces, _c.value_minor).where(filled).subquery().c
    keys = (each.step, each.currency, each.age, each.days)
    sums = (func.count(), func.sum(each.pieces), func.sum(each.value_minor))
    return select(*keys, *(cast(amount, BigInteger) for amount in sums)).group_by(*keys)


def _page(
    db: Connection, filled: ColumnElement[bool], age: ColumnElement[str], query: Query
) -> tuple[Sequence[DbRow[Any]], str | None]:
    """Nobody has two filled carts, so the last change and the person say where the next page begins."""
    statement = select(table, age).where(filled)
    if query.cursor:
        touched_at, subject_id = read_cursor(query.cursor, 2)
        older = or_(_c.touched_at < touched_at, and_(_c.touched_at == touched_at, _c.subject_id < subject_id))
        statement = statement.where(_c.touched_at <= touched_at, older)  # the index starts at the first of the two
    newest = (_c.touched_at.desc(), _c.subject_id.desc())
    found = db.execute(statement.order_by(*newest).limit(query.limit + 1)).all()
    if len(found) <= query.limit:
        return found, None
    last = found[query.limit - 1]
    return found[: query.limit], f"{last.touched_at}.{last.subject_id}"


def _counts(groups: Iterable[_Group]) -> dict[str, Cell]:
    """All figures but the value."""
    counts = {"carts": 0, "checkouts": 0, "active": 0, "idle": 0, "abandoned": 0, "pieces": 0}
    for group in groups:
        counts["carts"] += group.carts
        counts["checkouts"] += group.carts * (group.step != CART_STEPS[0])
        counts[group.age] += group.carts
        counts["pieces"] += group.pieces
    return {**counts}


def _value(minor: int, currency: str) -> Money | None:
    return Money(minor, currency) if currency else None


def _values(groups: Iterable[_Group]) -> tuple[Money, ...]:
    """By currency."""
    values: Counter[str] = Counter()
    for group in groups:
        values[group.currency] += group.value
    return tuple(Money(values[currency], currency) for currency in sorted(values) if values[currency])


def _steps(groups: Iterable[_Group]) -> list[Row]:
    by: dict[int, list[_Group]] = defaultdict(list)
    for group in groups:
        by[CART_STEPS.index(group.step)].append(group)
    return [{"step": CART_STEPS[step], **_sums(by[step])} for step in sorted(by)]


def _ages(groups: Iterable[_Group]) -> list[Row]:
    ages = ("active", "idle", "abandoned")
    by: dict[tuple[int, int], list[_Group]] = defaultdict(list)
    for group in groups:
        by[ages.index(group.age), group.days].append(group)
    return [
        {"age": ages[age], "days": days if ages[age] == "abandoned" else None, **_sums(by[age, days])}
        for age, days in sorted(by)
    ]


def _sums(groups: Sequence[_Group]) -> Row:
    return {**_counts(groups), "value": _values(groups) or None}
