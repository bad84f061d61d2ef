"""Pages of a kind of their own; those of the other reports are entries of report_pages.py.

Each asks reports and gives the answers to its template; a page's whole state is in its link.
To add a page: a function here, its template, and its place in MENU (menu.py).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from tracker.http.charts import shapes
from tracker.http.charts import stages as stage_charts
from tracker.http.controls import again, downloads, earlier, make_controls, read_page_query, span, tell_comparison, writer
from tracker.http.deps import account, deps, shop
from tracker.http.find import find_subject
from tracker.http.leads import days_of, figure_link, link_of
from tracker.http.locale import translate
from tracker.reports import answer, answer_both
from tracker.reports.holding import Holding, read_holding
from tracker.reports.overview import compared
from tracker.reports.query import Query
from tracker.reports.sorting import sort_rows
from tracker.reports.table import N_, ReportTable
from tracker.storage import reading
from tracker.telling.cells import Writer
from tracker.telling.changes import figure_changes, row_changes
from tracker.telling.insight import INSIGHTS, of_sales, reasons_of_change
from tracker.telling.questions import Answered, answers, of_all

_TOP = 6  # rows of the overview's small charts
_AT_ONCE = 100  # days; of more, what takes long is asked for by the page once it is there
_CHANNELS = shapes.bars("channel", "net", also="orders", most=_TOP)
_PRODUCTS = shapes.bars("name", "net", also="bought", most=_TOP)
_JOURNEYS_BY_DAY = shapes.days("journeys", "ordered", overlaid=True)


def add_views(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/", "front", front)
    for path, view in (
        ("overview", overview),
        ("stages", stages),
        ("journeys", journeys),
        ("find", find),
    ):
        blueprint.add_url_rule(f"/shops/<int:shop_id>/{path}", view.__name__, view)


def front() -> ResponseReturnValue:
    """The overview of the reader's first shop."""
    if not account().shops:
        return render_template("admin/no_shop.html")
    return redirect(url_for("admin.overview", shop_id=account().shops[0].shop_id))


def overview() -> ResponseReturnValue:
    """Raises BadQuery."""
    query = read_page_query()
    write, then = writer(query), earlier(query)
    is_whole = query.days <= _AT_ONCE or "whole" in request.args
    with reading(deps().engine) as db:
        table, before = compared(db, shop(), query, then)
        plain, plain_then = of_all(shop(), query), of_all(shop(), then) if then else None  # of what cannot heed the filter
        channels, channels_before = answer_both("channels", db, shop(), plain, plain_then)
        days, days_before = answer_both("orders", db, shop(), plain, plain_then)
        by_stage = answer("stages", db, shop(), query)
        products = answer("products", db, shop(), plain) if is_whole else None
        controls = make_controls(db, "overview", query, compares=True)
        answered = list(answers(db, shop(), query, writer, {"stages": by_stage})) if is_whole else []
    return render_template(
        "admin/overview.html",
        query=query,
        write=write,
        table=table,
        controls=controls,
        span=span(query, write),
        compared=tell_comparison(query, write),
        changes=figure_changes(table, before, write),
        stage_changes=row_changes(table, before, write),
        said=[
            *of_sales(table, before, write),
            *(reasons_of_change(channels, channels_before, write) if channels_before else ()),
        ],
        answers=[_with_link(one) for one in answered],
        charts={
            "journeys": _JOURNEYS_BY_DAY(by_stage.beside["days"], query, write),
            "net": _net_by_day(days, days_before, query, then, write),
            "channels": shapes.bars("channel", "net", also="orders", most=_TOP)(_by_net(channels), query, write),
            "products": shapes.bars("name", "net", also="bought", most=_TOP)(_by_net(products), query, write)
            if products
            else None,
        },
        whole=None if is_whole else again(whole=1),
        days_args=days_of(query),
        downloads=downloads("overview"),
        link_of=partial(link_of, "overview", "", query),
        figure_link=partial(figure_link, "overview", query),
    )


def _net_by_day(
    now: ReportTable, before: ReportTable | None, query: Query, then: Query | None, write: Writer
) -> dict[str, Any] | None:
    """With a line for the days that it is compared with."""
    draw = shapes.days("net")
    drawn = draw(now, query, write)
    past = draw(before, then, write) if before and then else None
    if not drawn or not past:
        return drawn
    drawn["series"][0]["name"] = translate(N_("This period"))
    line = {**past["series"][0], "name": translate(N_("The period before")), "line": True}
    return {**drawn, "series": [*drawn["series"], line]}


def _by_net(table: ReportTable) -> ReportTable:
    """What brings most first."""
    return replace(table, rows=sort_rows(table.rows, table.columns, "-net"))


def _with_link(one: Answered) -> dict[str, Any]:
    """And the way to the page that shows it."""
    args: dict[str, Any] = {"period": one.period} if one.period else {}
    return {"question": one.question, "said": one.said, "url": url_for(f"admin.{one.report}", shop_id=shop().shop_id, **args)}


def stages() -> ResponseReturnValue:
    """Raises BadQuery."""
    query = read_page_query()
    write, then = writer(query), earlier(query)
    with reading(deps().engine) as db:
        table, before = answer_both("stages", db, shop(), query, then)
        moves = answer("flow", db, shop(), replace(query, sort=""))  # the sorting is that of the stages
        controls = make_controls(db, "stages", query, compares=True)
    return render_template(
        "admin/stages.html",
        query=query,
        write=write,
        table=table,
        moves=moves,
        controls=controls,
        span=span(query, write),
        compared=tell_comparison(query, write),
        insights=INSIGHTS["stages"](table, query, write),
        changes=figure_changes(table, before, write),
        charts=_stage_charts(table, moves, query, write),
        approach=query.view.approach,
        downloads=downloads("stages"),
        link_of=partial(link_of, "stages", "", query),
        figure_link=partial(figure_link, "stages", query),
        flow_downloads=downloads("flow"),
    )


def _stage_charts(table: ReportTable, moves: ReportTable, query: Query, write: Writer) -> dict[str, Any]:
    return {
        "approach": stage_charts.approach(table, query, write),
        "after": stage_charts.after_order(table, query, write),
        "days": _JOURNEYS_BY_DAY(table.beside["days"], query, write),
        "stays": stage_charts.stays(table.beside["stays"], write),
        "flow": stage_charts.flow(moves, query, write),
    }


def journeys() -> ResponseReturnValue:
    """Raises BadQuery."""
    query = read_page_query()
    write = writer(query)
    with reading(deps().engine) as db:
        table = answer("journeys", db, shop(), query)
        controls = make_controls(db, "journeys", query)
    held = read_holding(query.holding, shop())
    return render_template(
        "admin/journeys.html",
        query=query,
        when="began_at" if held and not held.kind.ended else "last_at",
        order=translate(_order(held)),
        write=write,
        table=table,
        controls=controls,
        span=span(query, write),
        older=again(cursor=table.next_cursor) if table.next_cursor else None,
        newest=again() if query.cursor else None,
        downloads=downloads("journeys"),
    )


def _order(held: Holding | None) -> str:
    """A msgid: what is listed, and in which order."""
    if held is None:
        return N_("Newest first")
    return N_("Ended in these days, newest first") if held.kind.ended else N_("Began in these days, newest first")


def find() -> ResponseReturnValue:
    """The person behind an order, an e-mail address, a customer's number or a person's own."""
    text = request.args.get("q", "").strip()[:300]
    with reading(deps().engine) as db:
        found = find_subject(db, shop(), text, deps().config.secret_key) if text else None
    if found is not None:
        return redirect(url_for("admin.person", shop_id=shop().shop_id, subject_id=found))
    if text:
        flash(
            gettext(
                "Nobody is known by “%(text)s”. Try an order's number, an e-mail address or a customer's number.", text=text
            ),
            "warning",
        )
    return redirect(url_for("admin.journeys", shop_id=shop().shop_id))
