"""Data health: what rings and where it is mended, what became of all that arrived, how late, from whom, with which consent."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from tracker.http.charts import Chart, shapes
from tracker.http.charts import stages as stage_charts
from tracker.http.controls import downloads, earlier, make_controls, read_page_query, span, tell_comparison, writer
from tracker.http.deps import deps, may, shop
from tracker.reports import answer_both
from tracker.reports.alarms import OK, ON, UNKNOWN, WATCH
from tracker.reports.data_health import LAG_COLUMNS
from tracker.reports.query import Query
from tracker.reports.table import ReportTable, Row
from tracker.storage import reading
from tracker.telling.cells import Writer
from tracker.telling.changes import figure_changes

# Where an alarm is mended: a part of this page, or another one.  Settings are the owner's.
MENDED_AT = {
    "nothing_arrives": "admin.setup",
    "orders_missing": "admin.reconciliation",
    "silent_hours": "admin.reconciliation",
    "signatures": "admin.setup",
    "refused": "#reasons",
    "failed": "#reasons",
    "late": "#lags",
    "clocks": "#lags",
    "tag_twice": "admin.setup",
    "lost": "#days",
    "no_consent": "admin.setup",
    "unrated": "admin.settings",
}

_LAGS = tuple(column.key for column in LAG_COLUMNS[1:])
CHARTS: dict[str, tuple[str, Chart]] = {  # name -> table beside, drawing
    "shares": ("", shapes.days("captured_share", "consent_share", "lost_share", lines=True)),
    "lags": ("lags", shapes.stacked("source", _LAGS)),
    "consents": ("consents", shapes.bars("level", "share", also="pages")),
    "senders": ("senders", shapes.bars("sender", "share", also="events")),
}


def add_views(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/shops/<int:shop_id>/data-health", "data_health", data_health)


def data_health() -> ResponseReturnValue:
    """Raises BadQuery."""
    query = read_page_query()
    write, then = writer(), earlier(query)
    with reading(deps().engine) as db:
        table, before = answer_both("data_health", db, shop(), query, then)
        controls = make_controls(db, "data_health", query, compares=True)
    alarms = table.beside["alarms"].rows
    return render_template(
        "admin/data_health.html",
        query=query,
        write=write,
        table=table,
        controls=controls,
        span=span(query, write),
        compared=tell_comparison(query, write),
        changes=figure_changes(table, before, write),
        ringing=[(row, _mended_at(row)) for row in alarms if row["state"] in (ON, WATCH)],
        fine=[row for row in alarms if row["state"] == OK],
        unknown=[row for row in alarms if row["state"] == UNKNOWN],
        charts={"health": stage_charts.health(table, query, write), **_charts(table, query, write)},
        files={name: downloads("data_health", name) for name in ("", *table.beside)},
    )


def _mended_at(row: Row) -> str | None:
    where = MENDED_AT[str(row["alarm"])]
    if where == "admin.settings" and not may("settings"):
        return None
    return where if where.startswith("#") else url_for(where, shop_id=shop().shop_id)


def _charts(table: ReportTable, query: Query, write: Writer) -> dict[str, Any]:
    return {name: draw(table.beside[of] if of else table, query, write) for name, (of, draw) in CHARTS.items()}
