"""The pages.  Each asks a report and gives the answer to its template; the page's whole state is in its link.

To add a page: a function here, a line in PAGES when it belongs in the menu, and its template.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from babel import Locale
from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from tracker.clock import day_of
from tracker.http import charts
from tracker.http.asking_pages import may_ask
from tracker.http.cells import Writer
from tracker.http.deps import account, deps, find_own_shop, shop
from tracker.http.insight import changes, insights
from tracker.http.locale import locale, sayer, translate
from tracker.reports import REPORTS, counters
from tracker.reports.query import Query, read_query
from tracker.reports.table import ENOUGH, N_, ReportTable
from tracker.reports.words import DIRECTIONS, FILTER_KINDS, say
from tracker.stages import STAGES
from tracker.storage import reading

PERIOD_NAMES = {
    "today": N_("Today"),
    "yesterday": N_("Yesterday"),
    "7d": N_("7 days"),
    "28d": N_("28 days"),
    "this_month": N_("This month"),
    "last_month": N_("Last month"),
    "90d": N_("90 days"),
    "365d": N_("365 days"),
    "custom": N_("From … to …"),
}

# endpoint -> (name, icon of icons.html)
PAGES = {
    "admin.stages": (N_("Stages"), "stages"),
    "admin.journeys": (N_("Latest journeys"), "journeys"),
    "admin.data_health": (N_("Data health"), "health"),
    "admin.setup": (N_("Set-up"), "setup"),
    "admin.settings": (N_("Settings"), "settings"),
}

# How each stage's events come about, for the set-up's checklist.
STAGE_HINTS = {
    "need": N_("Somebody searches in the shop, or opens a quiz or an inspiration page."),
    "awareness": N_("Somebody arrives at the front page or a campaign page."),
    "information": N_("Somebody looks at a product, or reads a guide, a blog or the delivery terms."),
    "consideration": N_("Somebody looks again, compares, reads reviews, or takes the newsletter."),
    "decision": N_("Somebody fills the cart or begins the checkout."),
    "purchase": N_("The shop's server tells of an order; this needs the plugin or the signed interface."),
    "delivery": N_("The shop's server tells that an order was shipped or delivered."),
    "engagement": N_("A customer visits their account, asks support or uses the product."),
    "retention": N_("A customer orders again, or joins the loyalty programme."),
    "satisfaction": N_("A customer answers a survey, complains or returns something."),
    "advocacy": N_("A customer writes a good review, shares a product or refers a friend."),
    "reactivation": N_("A customer comes back after a long silence."),
}

_CHECKED_DAYS = 90


def add_views(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/", "overview", overview)
    for path, view in (
        ("stages", stages),
        ("journeys", journeys),
        ("people/<int:subject_id>", person),
        ("data-health", data_health),
        ("setup", setup),
    ):
        blueprint.add_url_rule(f"/shops/<int:shop_id>/{path}", view.__name__, view)


@dataclass(frozen=True)
class Choice:
    """One option of a control."""

    value: str
    name: str
    chosen: bool


def overview() -> ResponseReturnValue:
    """The stage report of the reader's first shop."""
    if not account().shops:
        return render_template("admin/no_shop.html")
    return redirect(url_for("admin.stages", shop_id=account().shops[0].shop_id))


def _query(**fixed: Any) -> Query:
    return read_query({**request.args.to_dict(), **fixed}, shop(), deps().now(), strict=False)


def _writer(query: Query | None = None) -> Writer:
    return Writer(locale(), shop().settings.tz, translate, sayer(query.view) if query else sayer())


def _controls(db: Connection, query: Query, kinds: Iterable[str], *, views: bool) -> dict[str, Any]:
    """The choices of period, stage view and filter; those the report cannot heed are left out."""
    custom = query.period == "custom"
    return {
        "periods": [Choice(key, translate(name), query.period == key) for key, name in PERIOD_NAMES.items()],
        "custom": custom,
        "views": _view_choices(query) if views else [],
        "filters": _filter_choices(db, query, tuple(kinds)),
    }


def _view_choices(query: Query) -> list[Choice]:
    return [Choice(key, view.name(locale()), query.view.key == key) for key, view in shop().settings.views.items()]


def _filter_choices(db: Connection, query: Query, kinds: tuple[str, ...]) -> dict[str, list[Choice]]:
    groups: dict[str, list[Choice]] = {}
    found = counters.read_filters(db, shop(), kinds)
    if query.filter and query.filter not in found:  # a link may name one that nothing was counted for
        found.append(query.filter)
    for text in found:
        kind, _, value = text.partition("=")
        groups.setdefault(translate(FILTER_KINDS[kind]), []).append(
            Choice(text, _filter_value(kind, value), text == query.filter)
        )
    return {name: sorted(choices, key=lambda choice: choice.name) for name, choices in groups.items()}


def _filter_value(kind: str, value: str) -> str:
    if kind == "country":
        return str(Locale.parse(locale()).territories.get(value, value))
    return say(kind, value, locale(), translate)


def _span(query: Query, write: Writer) -> str:
    first, last = write.day(query.since), write.day(query.until)
    return first if query.since == query.until else f"{first} – {last}"


def _links(name: str, **more: Any) -> dict[str, str]:
    """The same answer as files."""
    known = {key: value for key, value in request.args.items() if key in REPORTS[name].PARAMETERS}
    return {
        ext: url_for(
            "api.report",
            shop_id=shop().shop_id,
            name=name,
            ext=ext,
            **{**known, **more, **({"bom": 1} if ext == "csv" else {})},
        )
        for ext in ("csv", "json")
    }


def stages() -> ResponseReturnValue:
    query = _query()
    write = _writer(query)
    with reading(deps().engine) as db:
        table = REPORTS["stages"].answer(db, shop(), query)
        before = REPORTS["stages"].answer(db, shop(), query.before())
        moves = REPORTS["flow"].answer(db, shop(), query)
        controls = _controls(db, query, REPORTS["stages"].FILTERS, views=True)
    return render_template(
        "admin/stages.html",
        query=query,
        write=write,
        table=table,
        moves=moves,
        controls=controls,
        span=_span(query, write),
        insights=insights(table, query, write),
        changes=changes(table, before, write),
        charts=_stage_charts(table, moves, query, write),
        approach=query.view.approach,
        enough=ENOUGH,
        downloads=_links("stages"),
        flow_downloads=_links("flow"),
        directions=[
            (key, translate(name)) for key, name in DIRECTIONS.items() if any(r["direction"] == key for r in moves.rows)
        ],
        demo=deps().config.demo,
    )


def _stage_charts(table: ReportTable, moves: ReportTable, query: Query, write: Writer) -> dict[str, Any]:
    return {
        "approach": charts.approach(table, query, write),
        "after": charts.after_order(table, query, write),
        "days": charts.days(table.beside["days"], query, write),
        "stays": charts.stays(table.beside["stays"], write),
        "flow": charts.flow(moves, query, write),
    }


def journeys() -> ResponseReturnValue:
    query = _query()
    with reading(deps().engine) as db:
        table = REPORTS["journeys"].answer(db, shop(), query)
        controls = _controls(db, query, REPORTS["journeys"].FILTERS, views=False)
    write = _writer(query)
    older = _again(cursor=table.next_cursor) if table.next_cursor else None
    return render_template(
        "admin/journeys.html",
        query=query,
        write=write,
        table=table,
        controls=controls,
        span=_span(query, write),
        older=older,
        newest=_again(cursor=None) if query.cursor else None,
        downloads=_links("journeys"),
        demo=deps().config.demo,
    )


def _again(**changed: Any) -> str:
    """This page's link with something changed."""
    assert request.endpoint is not None
    return url_for(
        request.endpoint, **{**request.args.to_dict(), **(request.view_args or {}), "shop_id": shop().shop_id, **changed}
    )


def person(subject_id: int) -> ResponseReturnValue:
    query = _query(subject_id=str(subject_id))
    write = _writer()
    with reading(deps().engine) as db:
        table = REPORTS["person"].answer(db, shop(), query)
    known = table.sample or table.beside["journeys"].rows or table.beside["links"].rows
    if not known:
        return render_template("admin/no_person.html", subject_id=subject_id), 404
    days = [
        (name, list(rows)) for name, rows in groupby(table.rows, key=lambda row: write.weekday(int(str(row["occurred_at"]))))
    ]
    return render_template(
        "admin/person.html",
        write=write,
        table=table,
        days=days,
        subject_id=subject_id,
        numbers={stage.key: stage.number for stage in STAGES},
        older=_again(cursor=table.next_cursor) if table.next_cursor else None,
        newest=_again(cursor=None) if query.cursor else None,
        downloads=_links("person", subject_id=subject_id),
        may_ask=may_ask(),
    )


def data_health() -> ResponseReturnValue:
    query = _query()
    write = _writer()
    with reading(deps().engine) as db:
        table = REPORTS["data_health"].answer(db, shop(), query)
        controls = _controls(db, query, (), views=False)
    return render_template(
        "admin/data_health.html",
        query=query,
        write=write,
        table=table,
        controls=controls,
        span=_span(query, write),
        charts={"health": charts.health(table, query, write)},
        downloads=_links("data_health"),
        demo=deps().config.demo,
    )


def setup() -> ResponseReturnValue:
    """The tag to copy, and which stages have been seen in the last days."""
    today = day_of(deps().now(), shop().settings.tz)
    query = Query(today - timedelta(days=_CHECKED_DAYS - 1), today, deps().now())
    with reading(deps().engine) as db:
        last = counters.read_last_days(db, shop(), query)
        arrived = REPORTS["data_health"].answer(db, shop(), query)
    write = _writer()
    config = deps().config
    base = config.public_url.rstrip("/")
    return render_template(
        "admin/setup.html",
        tag=f'<script async src="{base}{config.script_path}" data-key="{shop().site_key}"></script>',
        stub="<script>window.kr=window.kr||function(){(kr.q=kr.q||[]).push(arguments)}</script>",
        collect_url=base + config.collect_path,
        role=account().roles[shop().shop_id],
        checked_days=_CHECKED_DAYS,
        arrived=arrived.totals,
        steps=[
            (
                stage.name(locale()),
                translate(STAGE_HINTS[stage.key]),
                write.day(last[stage.number]) if stage.number in last else None,
            )
            for stage in STAGES
        ],
        write=write,
        demo=config.demo,
    )


def menu(shop_id: int) -> list[dict[str, Any]]:
    """The pages of a shop, the present one marked."""
    find_own_shop(shop_id)
    here = "admin.journeys" if request.endpoint == "admin.person" else request.endpoint
    return [
        {"url": url_for(endpoint, shop_id=shop_id), "name": translate(name), "icon": icon, "here": endpoint == here}
        for endpoint, (name, icon) in PAGES.items()
    ]


def switcher() -> list[dict[str, Any]]:
    """The reader's shops, each with the link to the same page there."""
    here = g.get("shop_id")
    same = request.endpoint if here is not None and request.endpoint in PAGES else "admin.stages"
    return [
        {"name": own.name, "url": url_for(same, shop_id=own.shop_id), "here": own.shop_id == here} for own in account().shops
    ]
