"""The page of each report: what is drawn, and which tables stand beside.  Where a number leads: leads.py.

A report without a page of its own kind (pages.py) is shown by one template, as PAGES says here.  To add a page: its entry in
PAGES, the titles of the tables beside it, and its place in MENU (menu.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from tracker.attribution import MODELS
from tracker.errors import BadQuery
from tracker.http.charts import Chart, shapes, stages
from tracker.http.controls import again, downloads, earlier, make_controls, read_page_query, span, tell_comparison, writer
from tracker.http.deps import deps, shop
from tracker.http.leads import LinkOf, figure_link, link_of
from tracker.reports import REPORTS, answer_both, parameters
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, ReportTable, Unit
from tracker.storage import reading
from tracker.telling.cells import Writer
from tracker.telling.changes import Change, figure_changes, row_changes
from tracker.telling.insight import INSIGHTS

_MONTHS = tuple(f"m{month}" for month in range(13))
_MODELS = tuple(f"{model}_net" for model in MODELS)
_MODELS_ORDERS = tuple(f"{model}_orders" for model in MODELS)


@dataclass(frozen=True)
class Part:
    """A card of the page: a table of the report, with a drawing of it.

    `table`: one of those beside the report's own, which is "".  `only_chart`: its figures are read elsewhere on the page.
    """

    title: str  # msgid
    table: str = ""
    chart: Chart | None = None
    half: bool = False  # takes half the width where there is room
    only_chart: bool = False
    hidden: tuple[str, ...] = ()  # columns that only the files have, since the table would be too wide
    empty: str = ""  # msgid: what an empty table means
    quiet: bool = False  # left out while its table is empty
    unwanted: bool = False  # its rows are what went wrong: more of them is not good
    alone: bool = False  # worth showing when the report's own table has nothing


@dataclass(frozen=True)
class ReportPage:
    """What one page shows."""

    parts: tuple[Part, ...]
    below: str = ""  # a template of its own below the parts, such as a form to upload what the report needs
    compares: bool = True  # whether an earlier time had as long to become what it is
    figures: tuple[str, ...] = ()  # which totals, in order; none: all that are known
    empty: str = N_(
        "Once the tag is on your pages, journeys appear here within seconds. Choose a longer period, or set up the shop."
    )
    begins_at: str = "admin.setup"  # the page on which to do something about its being empty


# Of products and of their categories.
_BUYING = Part(
    N_("From looking to buying"),
    chart=shapes.funnel("looked", carted="cart_share", bought="order_share"),
    half=True,
    only_chart=True,
)
_NO_PRODUCTS = N_("No product was looked at in this period. The plugin tells of products on their own pages.")

PAGES: dict[str, ReportPage] = {
    "flow": ReportPage(
        (Part(N_("From stage to stage"), chart=stages.flow),),
    ),
    "channels": ReportPage(
        (
            Part(N_("Channels"), chart=shapes.bars("channel", "journeys", also="conversion")),
            Part(N_("How far they get"), "stages", shapes.heat("channel", "stage", "share"), only_chart=True),
        )
    ),
    "campaigns": ReportPage((Part(N_("Campaigns"), chart=shapes.bars(("source", "campaign"), "journeys", also="conversion")),)),
    "landing_pages": ReportPage((Part(N_("Landing pages"), chart=shapes.bars("page", "journeys", also="bounced")),)),
    "ai_assistants": ReportPage(
        (
            Part(N_("Assistants"), chart=shapes.bars("source", "arrivals", also="conversion")),
            Part(N_("How far they get"), "stages", shapes.heat("source", "stage", "share"), only_chart=True),
            Part(N_("Where they land"), "pages"),
            Part(
                N_("What assistants read"),
                "read",
                shapes.grouped("page", ("reads", "arrivals")),
                empty=N_(
                    "Where the shop's server reports crawlers, you see here which pages assistants read, and whether they send "
                    "people there. docs/wire-format.md says how: crawler_visit."
                ),
                alone=True,
            ),
            Part(N_("Crawlers"), "crawlers", quiet=True, alone=True),
        ),
        empty=N_(
            "Nobody came from an assistant in this period. They are told by the address they come from, and by utm_source. "
            "What their crawlers read is shown where the shop's server reports it."
        ),
    ),
    "attribution": ReportPage(
        (
            Part(N_("Net revenue by model"), chart=shapes.grouped("channel", _MODELS, most=7), hidden=_MODELS_ORDERS),
            Part(N_("What the models mean"), "models"),
        ),
        empty=N_("No orders in this period. Orders come from the shop's server: see the set-up."),
    ),
    "costs": ReportPage(
        (
            Part(N_("Cost and revenue"), chart=shapes.grouped("channel", ("spend", "net"), needs=("spend",))),
            Part(N_("Spend without a rate"), "missing_rates", quiet=True),
        ),
        empty=N_("Upload what your advertising costs: then each channel says what it brings in for it."),
        below="admin/upload_spend.html",
    ),
    "payback": ReportPage(
        (
            Part(N_("All channels together"), "together", shapes.grouped("cohort", ("cac", "net_each"))),
            Part(N_("By channel"), ""),
        ),
        compares=False,
        empty=N_("No new customers in this period. Choose a longer period."),
    ),
    "paths": ReportPage(
        (
            Part(N_("Paths through several channels"), chart=shapes.paths, only_chart=True),
            Part(N_("The most frequent paths")),
        )
    ),
    "touchpoints": ReportPage(
        (
            Part(N_("Journeys by touchpoints"), chart=shapes.columns("touchpoints", "journeys", "ordered", overlaid=True)),
            Part(N_("Days until the order"), "days", shapes.columns("days", "journeys")),
        )
    ),
    "endings": ReportPage(
        (
            Part(
                N_("At which page"), chart=shapes.bars("page", "journeys", most=8), half=True, hidden=("pages",), unwanted=True
            ),
            Part(N_("At which step"), "steps", shapes.bars("step", "journeys", without="none"), half=True, unwanted=True),
            Part(N_("In which stage"), "stages", shapes.bars("stage", "journeys"), half=True, unwanted=True),
            Part(
                N_("After which error"),
                "errors",
                half=True,
                unwanted=True,
                hidden=("errors",),
                empty=N_("No checkout has failed in this period."),
            ),
        ),
        empty=N_("No journey has ended without an order in this period."),
    ),
    "mail": ReportPage(
        (
            Part(N_("Mail by purpose"), chart=shapes.bars("purpose", "sent", part="opened", also="open_rate")),
            Part(N_("Mail by campaign"), "campaigns"),
            Part(N_("By day"), "days", shapes.days("sent", "opened", "clicked")),
        ),
        empty=N_("No mail was reported in this period. Your mail system tells of them through the signed interface."),
    ),
    "orders": ReportPage(
        (
            Part(N_("By day"), chart=shapes.days("net")),
            Part(N_("Payment methods"), "payments", shapes.bars("payment", "orders", also="net"), half=True),
            Part(N_("Ways in"), "ways_in", shapes.bars("via", "orders", also="net"), half=True),
            Part(N_("Currencies and rates"), "currencies"),
        ),
        empty=N_("No orders in this period. Orders come from the shop's server: see the set-up."),
    ),
    "products": ReportPage(
        (
            _BUYING,
            Part(N_("What brings most"), chart=shapes.bars("name", "net", most=8), half=True, only_chart=True),
            Part(N_("Products"), hidden=("product", "products")),
        ),
        empty=_NO_PRODUCTS,
    ),
    "categories": ReportPage(
        (
            _BUYING,
            Part(N_("What brings most"), chart=shapes.bars("category", "net", most=8), half=True, only_chart=True),
            Part(N_("Categories"), hidden=("categories",)),
        ),
        empty=_NO_PRODUCTS,
    ),
    "coupons": ReportPage(
        (Part(N_("Coupons"), chart=shapes.grouped("code", ("net", "discount")), hidden=("codes",)),),
        empty=N_("No coupon was tried in this period."),
    ),
    "searches": ReportPage(
        (
            Part(
                N_("Searched for in vain"),
                "nothing",
                shapes.bars("words", "nothing"),
                half=True,
                unwanted=True,
                hidden=("searches", "ordered", "conversion"),
                empty=N_("Every search found something."),
            ),
            Part(
                N_("Searched for most"),
                chart=shapes.bars("words", "journeys", part="ordered"),
                half=True,
                hidden=("searches", "nothing"),
            ),
        ),
        empty=N_("Nobody has searched in the shop in this period."),
    ),
    "carts": ReportPage(
        (
            Part(N_("Where they stand"), "steps", shapes.sums("step", "carts"), half=True, hidden=("pieces",)),
            Part(N_("How long they have been left"), "ages", shapes.sums("age", "carts"), half=True),
            Part(N_("Carts"), empty=N_("No cart is filled.")),
        ),
        empty=N_("No cart is filled just now."),
    ),
    "checkouts": ReportPage(
        (
            Part(N_("Steps of the checkout"), chart=shapes.bars("step", "reached", part="ordered", also="went_on_share")),
            Part(N_("What became of the carts"), "outcomes", shapes.bars("outcome", "carts", also="share")),
        ),
        empty=N_("No cart was filled in this period."),
    ),
    "customers": ReportPage(
        (
            Part(N_("Segments"), chart=shapes.bars("segment", "customers", also="net_share")),
            Part(N_("Whom to keep first"), "keep", empty=N_("Nobody worth much is about to leave.")),
            Part(N_("Risk of leaving"), "risk", shapes.columns("up_to", "customers"), half=True),
            Part(N_("How good these forecasts have been"), "check", half=True),
        ),
        empty=N_("No customers yet: the first counted order makes one. A shop's past can be imported."),
    ),
    "cohorts": ReportPage(
        (Part(N_("Customers who ordered again"), chart=shapes.heat_months("cohort", _MONTHS[1:])),),
        compares=False,
        figures=("customers", "again", "m1", "m2", "m3", "orders", "net"),
        empty=N_("No new customers in this period. Choose a longer period."),
    ),
    "clv": ReportPage(
        (
            Part(N_("What a customer has brought, by month of the first order"), chart=shapes.month_lines("cohort", _MONTHS)),
            Part(N_("By the channel that won them"), "channels", shapes.bars("channel", "per_customer", also="customers")),
        ),
        compares=False,
        figures=("customers", "per_customer", "m0", "m1", "m3", "m6", "m12", "net"),
        empty=N_("No new customers in this period. Choose a longer period."),
    ),
    "companies": ReportPage(
        (Part(N_("Companies"), chart=shapes.bars("company", "net", also="touchpoints")),),
        empty=N_("No company is known yet. If you sell to companies, say so in the settings."),
        begins_at="admin.settings",
    ),
    "satisfaction": ReportPage(
        (
            Part(N_("Scores"), chart=shapes.stacked("type", ("good", "middle", "bad"), ("accent", "soft", "lost"))),
            Part(N_("By week"), "weeks"),
            Part(N_("By stage"), "stages", half=True),
            Part(N_("Stars of reviews"), "stars", shapes.columns("stars", "reviews"), half=True),
            Part(N_("Each score"), "scores"),
        ),
        figures=("nps", "nps_answers", "promoters", "detractors", "csat", "ces", "stars", "reviews", "returns", "complaints"),
        empty=N_("No answer yet. docs/surveys.md says how to ask, by a link in a mail or on the page."),
    ),
    "support": ReportPage(
        (
            Part(N_("Topics"), chart=shapes.bars("topic", "opened", also="share"), half=True),
            Part(N_("How long they wait"), "waits", shapes.classes("b0", "b1", "b2", "b3", "b4"), half=True),
            Part(N_("By day"), "days", shapes.days("opened", "closed")),
        ),
        empty=N_("No question to the support was reported in this period."),
    ),
    "advocacy": ReportPage(
        (
            Part(N_("What they did"), chart=shapes.bars(("deed", "way"), "times")),
            Part(N_("By day"), "days", shapes.days("shares", "arrived", "good_reviews")),
        )
    ),
    "reconciliation": ReportPage(
        (
            Part(N_("Why orders are missing"), "causes", empty=N_("No order of the shop's list is missing.")),
            Part(N_("Missing orders"), "missing", empty=N_("No order of the shop's list is missing.")),
            Part(N_("By day"), chart=shapes.days("captured_share", lines=True)),
            Part(N_("By payment method"), "payments", half=True),
            Part(N_("By kind of checkout"), "ways", half=True),
            Part(N_("Orders that differ"), "differing", half=True, empty=N_("All amounts and states are the same.")),
            Part(N_("Orders that are not on the list"), "unlisted", half=True, empty=N_("Every order here is on the list.")),
        ),
        figures=("listed", "captured", "missing", "captured_share", "value_share", "value_missing", "differing", "listed_at"),
        empty=N_(
            "Upload the shop's own list of orders, as CSV or by the plugin: then each order that is missing here is named, "
            "with its likely cause."
        ),
        below="admin/upload_list.html",
    ),
}


@dataclass(frozen=True)
class Shown:
    """A part with its answer."""

    part: Part
    table: ReportTable
    columns: list[Column]
    drawing: dict[str, Any] | None
    links: Mapping[str, str]
    link_of: LinkOf
    changes: list[dict[str, Change]] = field(default_factory=list)
    sorts: Mapping[str, str] = field(default_factory=dict)  # column -> the link that sorts by it
    sorted_by: str = ""


def add_views(blueprint: Blueprint) -> None:
    for name in PAGES:
        path = f"/shops/<int:shop_id>/{name.replace('_', '-')}"
        blueprint.add_url_rule(path, name, partial(report_page, name))


def report_page(name: str) -> ResponseReturnValue:
    """Raises BadQuery; but of several filters the first that the report knows is kept, with a word about the others."""
    try:
        return _report_page(name)
    except BadQuery as error:
        asked = read_page_query().filter.split(",")
        kept = next((part for part in asked if part.partition("=")[0] in REPORTS[name].FILTERS), None)
        if error.field != "filter" or len(asked) < 2 or kept is None:
            raise
        flash(gettext("This report can be filtered by one thing at a time; the others were taken away."), "warning")
        return redirect(again(filter=kept))


def _report_page(name: str) -> str:
    page, query = PAGES[name], read_page_query()
    compares = page.compares and "period" in parameters(name)
    write, then = writer(query), earlier(query) if compares else None
    with reading(deps().engine) as db:
        table, before = answer_both(name, db, shop(), query, then)
        controls = make_controls(db, name, query, compares=page.compares)
    return render_template(
        "admin/report.html",
        report=REPORTS[name],
        page=page,
        query=query,
        write=write,
        table=table,
        controls=controls,
        span=span(query, write) if controls.periods else None,
        compared=tell_comparison(query, write) if compares else "",
        figures=_figures(page, table),
        changes=figure_changes(table, before, write),
        insights=INSIGHTS[name](table, query, write) if name in INSIGHTS else [],
        # Of several filters at once some tables cannot be told.
        shown=[_shown(name, part, table, before, query, write) for part in _parts(page, table)],
        is_empty=_is_empty(page, table),
        figure_link=partial(figure_link, name, query),
        older=again(cursor=table.next_cursor) if table.next_cursor else None,
        newest=again() if query.cursor else None,
    )


def _is_empty(page: ReportPage, table: ReportTable) -> bool:
    """Also when there are rows, such as one for each kind of survey, of which each says nothing but 0."""
    alone = (table.beside[part.table].rows for part in _parts(page, table) if part.alone)
    counted = (shapes.amount(cell) for row in (table.totals, *table.rows) for cell in row.values())
    return not table.sample and not any(counted) and not any(alone)


def _parts(page: ReportPage, table: ReportTable) -> list[Part]:
    known = [part for part in page.parts if not part.table or part.table in table.beside]
    return [part for part in known if not part.quiet or table.beside[part.table].rows]


def _figures(page: ReportPage, table: ReportTable) -> list[Column]:
    chosen = [column for column in table.figures if not page.figures or column.key in page.figures]
    return [column for column in chosen if table.totals.get(column.key) not in (None, ())]


def _shown(name: str, part: Part, table: ReportTable, before: ReportTable | None, query: Query, write: Writer) -> Shown:
    own = table.beside[part.table] if part.table else table
    other = before.beside.get(part.table) if before and part.table else before
    return Shown(
        part,
        own,
        [column for column in own.columns if column.key not in part.hidden and _is_told(column, own)],
        part.chart(own, query, write) if part.chart else None,
        downloads(name, part.table),
        partial(link_of, name, part.table, query),
        row_changes(own, other, write, unwanted=part.unwanted),
        {} if part.table or "sort" not in parameters(name) else _sorts(own, query),
        query.sort,
    )


def _is_told(column: Column, table: ReportTable) -> bool:
    return any(row.get(column.key) is not None for row in table.rows)


def _sorts(table: ReportTable, query: Query) -> dict[str, str]:
    """Most first, then least first, then as the report has it."""
    links = {}
    for column in table.columns:
        steps = [f"-{column.key}", column.key, None] if column.unit is not Unit.TEXT else [column.key, f"-{column.key}", None]
        now = steps.index(query.sort) if query.sort in steps else -1
        links[column.key] = again(sort=steps[now + 1])
    return links
