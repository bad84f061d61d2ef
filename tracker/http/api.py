"""Reports as JSON and CSV, what is uploaded for them, and their description as OpenAPI.

The same answers as the pages show, behind the same login.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from tracker.errors import BadQuery
from tracker.http import ad_spend, asking, notes, order_list
from tracker.http.controls import again, arguments
from tracker.http.deps import deps, shop
from tracker.http.files import CSV, as_file
from tracker.http.gate import guard
from tracker.http.locale import sayer, translate
from tracker.http.openapi import describe
from tracker.reports import REPORTS, answer
from tracker.reports.export import as_csv, as_json
from tracker.reports.query import CHOICES, Query, read_query
from tracker.reports.table import N_, ReportTable
from tracker.storage import reading

PREFIX = "/api/v1"


def blueprint() -> Blueprint:
    api = Blueprint("api", __name__, url_prefix=PREFIX)
    guard(api, asks_for_login=False)
    api.add_url_rule("/shops/<int:shop_id>/reports/<name>.<any(json, csv):ext>", "report", report)
    notes.add_views(api)
    asking.add_views(api)
    ad_spend.add_views(api)
    order_list.add_views(api)
    api.add_url_rule("/openapi.json", "openapi", openapi)
    api.add_url_rule("/docs", "docs", docs)
    return api


def report(name: str, ext: str) -> ResponseReturnValue:
    """Raises NotFound, BadQuery."""
    if name not in REPORTS:
        raise NotFound
    args = arguments()
    beside, bom = args.pop("table", ""), args.pop("bom", "") == "1"
    query = read_query(args, shop(), deps().now())
    with reading(deps().engine) as db:
        table = answer(name, db, shop(), query)
    table = _choose(table, beside)
    if ext == "json":
        told = {
            "report": name,
            "shop_id": shop().shop_id,
            **_asked(name, query),
            **as_json(table, sayer(query.view), translate),
        }
        response = jsonify(told)
    else:
        text = as_csv(table, sayer(query.view), translate, bom=bom)
        response = as_file(text, f"{name}-{query.since}-{query.until}.csv", CSV)
    if table.next_cursor:  # a file of rows has no other place for it
        response.headers["Link"] = f'<{again(cursor=table.next_cursor)}>; rel="next"'
    return response


def _choose(table: ReportTable, beside: str) -> ReportTable:
    if not beside:
        return table
    if beside not in table.beside:
        raise BadQuery("table", N_("this report has no such table"))
    return table.beside[beside]


def _asked(name: str, query: Query) -> dict[str, Any]:
    asked = {"since": query.since.isoformat(), "until": query.until.isoformat(), "filter": query.filter, "view": query.view.key}
    return asked | {choice: getattr(query, choice) for choice in ("holding", *CHOICES) if choice in REPORTS[name].PARAMETERS}


def openapi() -> ResponseReturnValue:
    return jsonify(describe(deps().config.public_url))


def docs() -> ResponseReturnValue:
    """The same for human readers."""
    return render_template("admin/api.html", document=describe(deps().config.public_url))
