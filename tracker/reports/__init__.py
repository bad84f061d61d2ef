"""Reports: named questions answered by a table with units.

To add a report: write a module here and name it in REPORTS.  Its JSON, CSV,
OpenAPI entry and documentation follow from it; a page is one function in http/pages.py.
"""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection

from tracker.reports import (
    carts,
    categories,
    checkouts,
    clv,
    cohorts,
    companies,
    coupons,
    customers,
    data_health,
    endings,
    flow,
    journeys,
    person,
    products,
    searches,
    stages,
)
from tracker.reports.query import Query
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
    "journeys": journeys,
    "person": person,
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
    "data_health": data_health,
}
