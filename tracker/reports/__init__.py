"""Reports: named questions answered by a table with units.

To add a report: write a module here and name it in REPORTS.  Its JSON, CSV,
OpenAPI entry and documentation follow from it; its page is an entry of http/report_pages.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from sqlalchemy import Connection

from tracker.reports import (
    advocacy,
    ai_assistants,
    attribution,
    campaigns,
    carts,
    categories,
    channels,
    checkouts,
    clv,
    cohorts,
    companies,
    costs,
    coupons,
    customers,
    data_health,
    endings,
    flow,
    journey_map,
    journeys,
    landing_pages,
    mail,
    orders,
    overview,
    paths,
    payback,
    person,
    products,
    reconciliation,
    satisfaction,
    searches,
    stages,
    support,
    touchpoints,
)
from tracker.reports.query import Query
from tracker.reports.sorting import sort_rows
from tracker.reports.table import Column, ReportTable
from tracker.shops import Shop


class Report(Protocol):
    """A module of this package."""

    @property
    def TITLE(self) -> str: ...  # msgid

    @property
    def QUESTION(self) -> str: ...  # msgid: what it answers, in the shop owner's words

    @property
    def PARAMETERS(self) -> tuple[str, ...]: ...  # the fields of QueryArgs that it heeds

    @property
    def FILTERS(self) -> tuple[str, ...]: ...  # the kinds of filter that it can answer

    @property
    def COLUMNS(self) -> tuple[Column, ...]: ...

    def answer(self, db: Connection, shop: Shop, query: Query) -> ReportTable: ...


REPORTS: dict[str, Report] = {
    "stages": stages,
    "flow": flow,
    "orders": orders,
    "attribution": attribution,
    "paths": paths,
    "touchpoints": touchpoints,
    "channels": channels,
    "campaigns": campaigns,
    "landing_pages": landing_pages,
    "ai_assistants": ai_assistants,
    "costs": costs,
    "payback": payback,
    "journeys": journeys,
    "person": person,
    "overview": overview,
    "journey_map": journey_map,
    "satisfaction": satisfaction,
    "support": support,
    "advocacy": advocacy,
    "mail": mail,
    "products": products,
    "categories": categories,
    "coupons": coupons,
    "searches": searches,
    "endings": endings,
    "carts": carts,
    "checkouts": checkouts,
    "cohorts": cohorts,
    "clv": clv,
    "customers": customers,
    "companies": companies,
    "reconciliation": reconciliation,
    "data_health": data_health,
}


def parameters(name: str) -> tuple[str, ...]:
    """What the report heeds.  Rows that are all at hand can be sorted, whatever the report; one that pages says so itself."""
    own = REPORTS[name].PARAMETERS
    return own if "cursor" in own else (*own, "sort")


def answer_both(
    name: str, db: Connection, shop: Shop, query: Query, then: Query | None
) -> tuple[ReportTable, ReportTable | None]:
    """The answer, and that of the days which it is compared with, where there are some.  Raises BadQuery."""
    return answer(name, db, shop, query), answer(name, db, shop, then) if then else None


def answer(name: str, db: Connection, shop: Shop, query: Query) -> ReportTable:
    """The report's answer, sorted as asked.  Raises BadQuery."""
    table = REPORTS[name].answer(db, shop, query)
    if not query.sort or "cursor" in REPORTS[name].PARAMETERS:
        return table
    return replace(table, rows=sort_rows(table.rows, table.columns, query.sort))
