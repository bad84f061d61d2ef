"""Where a cell leads: from a number to the journeys that it counts, from a journey to its person.

To let another number lead: its line in LEADS; what it counts is a kind of reports/holding.py.  A row that sums up several keys
or stands for what is unknown leads nowhere, and so does a number of none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import url_for

from tracker.enrich import Channel
from tracker.http.deps import shop
from tracker.reports.query import Query, filter_text
from tracker.reports.table import Cell, Column, Row, Share, key_of

# What a row is about, as a value of a kind; None when it can be no value.
ValueOf = Callable[[Row, Query], str | None]
LinkOf = Callable[[Column, Row], str | None]


class Lead(NamedTuple):
    """What the number of a column counts: a kind of holding, and its value by row."""

    kind: str
    value: ValueOf


def _leads(value: ValueOf, **kinds: str) -> dict[str, Lead]:
    """By column."""
    return {column: Lead(kind, value) for column, kind in kinds.items()}


def _joined(between: str, *columns: str) -> ValueOf:
    """Of several columns; the first has to be known."""

    def value(row: Row, query: Query) -> str | None:
        told = [row.get(column) for column in columns]
        known = all(cell is None or isinstance(cell, int) or key_of(cell) is not None for cell in told) and told[0] is not None
        return between.join("" if cell is None else str(cell) for cell in told) if known else None

    return value


def _cell(column: str, without: str = "") -> ValueOf:
    """Of one column; `without`: a key that stands for everything else."""
    whole = _joined("", column)
    return lambda row, query: None if row.get(column) == without else whole(row, query)


def _behind(first: Channel, column: str) -> ValueOf:
    whole = _cell(column)
    return lambda row, query: f"{first}|{told}" if (told := whole(row, query)) else None


def _in_view(column: str) -> ValueOf:
    return lambda row, query: f"{query.view.key}.{row[column]}"


_SEARCHES = _leads(_cell("words"), journeys="search", nothing="search_nothing", ordered="search_ordered")

LEADS: dict[tuple[str, str], dict[str, Lead]] = {  # by report and table beside it, "" for its own
    ("overview", ""): _leads(_in_view("stage"), reach="stage"),
    ("stages", ""): _leads(
        _in_view("stage"), reached="stage", went_on="stage_went_on", drop_off="stage_lost", ordered="stage_ordered"
    ),
    ("channels", ""): _leads(_cell("channel"), channel="arrival", journeys="arrival", ordered="arrival_ordered"),
    ("campaigns", ""): _leads(
        _joined("|", "channel", "source", "campaign"), campaign="arrival", journeys="arrival", ordered="arrival_ordered"
    ),
    ("landing_pages", ""): _leads(_cell("page"), journeys="landing", bounced="landing_bounced", ordered="landing_ordered"),
    ("ai_assistants", ""): {
        **_leads(_behind("ai_assistant", "source"), journeys="arrival", ordered="arrival_ordered"),
        **_leads(_cell("source"), arrivals="source"),
    },
    ("touchpoints", ""): _leads(_cell("touchpoints"), journeys="touchpoints", ordered="touchpoints_ordered"),
    ("products", ""): _leads(_cell("product"), looked="product", carted="product_carted", bought="product_bought"),
    ("categories", ""): _leads(_cell("category"), looked="category", carted="category_carted", bought="category_bought"),
    ("searches", ""): _SEARCHES,
    ("searches", "nothing"): _SEARCHES,
    ("coupons", ""): _leads(_cell("code"), applied="coupon", denied="coupon_refused", ordered="coupon_ordered"),
    ("endings", ""): _leads(_cell("page"), journeys="page"),
    ("endings", "steps"): _leads(_cell("step", without="none"), journeys="step"),
    ("endings", "stages"): _leads(_in_view("stage"), journeys="stage_ended"),
    ("endings", "errors"): _leads(_joined(": ", "step", "error"), journeys="error", lost="error_lost"),
}

# Figures above the tables: report -> figure -> what it holds.
FIGURES: dict[str, dict[str, str]] = {
    "overview": {"journeys": "outcome=any"},
    "stages": {"journeys": "outcome=any", "open": "outcome=open", "ordered": "outcome=ordered"},
    "channels": {"journeys": "outcome=any", "ordered": "outcome=ordered"},
    "touchpoints": {"journeys": "outcome=any", "ordered": "outcome=ordered"},
}


def link_of(name: str, table: str, query: Query, column: Column, row: Row) -> str | None:
    """Of a cell in a table of the report."""
    cell = row.get(column.key)
    lead = LEADS.get((name, table), {}).get(column.key)
    if lead:
        value = lead.value(row, query) if _is_some(cell) else None
        return _journeys(query, holding=f"{lead.kind}={value}") if value else None
    key = key_of(cell)
    if not key:
        return None
    if column.key == "subject_id":
        return url_for("admin.person", shop_id=shop().shop_id, subject_id=key)
    if column.key in ("channel", "campaign"):
        others = [text for text in query.filter.split(",") if text and not text.startswith(f"{column.key}=")]
        return _journeys(query, filter=",".join([*others, filter_text(column.key, key)]))
    return None


def figure_link(name: str, query: Query, column: Column, cell: Cell) -> str | None:
    """Of a figure above the tables of the report."""
    holding = FIGURES.get(name, {}).get(column.key)
    return _journeys(query, holding=holding) if holding and _is_some(cell) else None


def _is_some(cell: Cell) -> bool:
    return bool(cell.part if isinstance(cell, Share) else cell)


def _journeys(query: Query, **only: Any) -> str:
    """The list of journeys of the same days and filters."""
    return url_for("admin.journeys", shop_id=shop().shop_id, **{"filter": query.filter or None, **only}, **days_of(query))


def days_of(query: Query) -> dict[str, Any]:
    """The days of the question, as a link has them."""
    return {"since": query.since, "until": query.until} if query.period == "custom" else {"period": query.period}
