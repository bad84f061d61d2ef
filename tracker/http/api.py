"""Reports as JSON and CSV, what is uploaded for them, and their description as OpenAPI.

The same answers as the pages show, behind the same login.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from tracker import spend
from tracker.errors import BadQuery
from tracker.http import asking, notes, order_list
from tracker.http.deps import deps, need_role, shop
from tracker.http.gate import guard
from tracker.http.locale import sayer, translate
from tracker.http.openapi import describe
from tracker.reports import REPORTS
from tracker.reports.export import as_csv, as_json, money_json
from tracker.reports.query import CHOICES, Query, read_query
from tracker.reports.table import N_, ReportTable
from tracker.reports.words import tell
from tracker.storage import reading, writing

PREFIX = "/api/v1"


def blueprint() -> Blueprint:
    api = Blueprint("api", __name__, url_prefix=PREFIX)
    guard(api, asks_for_login=False)
    api.add_url_rule("/shops/<int:shop_id>/reports/<name>.<any(json, csv):ext>", "report", report)
    notes.add_views(api)
    asking.add_views(api)
    api.add_url_rule("/shops/<int:shop_id>/ad-spend", "ad_spend", ad_spend, methods=["POST"])
    order_list.add_views(api)
    api.add_url_rule("/openapi.json", "openapi", openapi)
    api.add_url_rule("/docs", "docs", docs)
    return api


def report(name: str, ext: str) -> ResponseReturnValue:
    """Raises NotFound, BadQuery."""
    if name not in REPORTS:
        raise NotFound
    args = request.args.to_dict()
    beside, bom = args.pop("table", ""), args.pop("bom", "") == "1"
    query = read_query(args, shop(), deps().now())
    with reading(deps().engine) as db:
        table = REPORTS[name].answer(db, shop(), query)
    table = _choose(table, beside)
    if ext == "json":
        answer = {
            "report": name,
            "shop_id": shop().shop_id,
            **_asked(name, query),
            **as_json(table, sayer(query.view), translate),
        }
        return jsonify(answer)
    return _file(as_csv(table, sayer(query.view), translate, bom=bom), f"{name}-{query.since}-{query.until}.csv")


def _choose(table: ReportTable, beside: str) -> ReportTable:
    if not beside:
        return table
    if beside not in table.beside:
        raise BadQuery("table", N_("this report has no such table"))
    return table.beside[beside]


def _asked(name: str, query: Query) -> dict[str, Any]:
    asked = {"since": query.since.isoformat(), "until": query.until.isoformat(), "filter": query.filter, "view": query.view}
    return asked | {choice: getattr(query, choice) for choice in CHOICES if choice in REPORTS[name].PARAMETERS}


def _file(text: str, name: str) -> Response:
    response = current_app.make_response(text)
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


MOST_REFUSALS = 200  # told one by one; all are counted


def ad_spend() -> ResponseReturnValue:
    """What advertising cost, as CSV or JSON; what the file does not say itself may stand in the address.

    Raises BadQuery, BadFile, Forbidden, RequestEntityTooLarge.
    """
    need_role("owner", "marketer")
    wrong = sorted(set(request.args) - {f.name for f in fields(spend.Defaults)})
    if wrong:
        raise BadQuery(wrong[0], N_("there is no such parameter"))
    file = request.files.get("file")
    data = file.read(spend.MAX_BYTES + 1) if file else request.get_data(cache=False)
    if len(data) > spend.MAX_BYTES:
        raise RequestEntityTooLarge
    read = spend.upload_json if request.is_json else spend.upload_csv
    with writing(deps().engine) as db:
        upload = read(db, shop(), data, spend.Defaults(**request.args.to_dict()), deps().now())
    return jsonify(_told(upload)), 200 if upload.kept or not upload.refused else 400


def _told(upload: spend.Upload) -> dict[str, Any]:
    return {
        "lines": upload.lines,
        "kept": upload.kept,
        "totals": upload.totals,
        "since": upload.days[0].isoformat() if upload.days else None,
        "until": upload.days[1].isoformat() if upload.days else None,
        "amounts": [money_json(money) for money in upload.amounts],
        "ignored": list(upload.ignored),
        "refused": len(upload.refused),
        "refusals": [{"line": line, "detail": tell(said, translate)} for line, said in upload.refused[:MOST_REFUSALS]],
    }


def openapi() -> ResponseReturnValue:
    return jsonify(describe(deps().config.public_url))


def docs() -> ResponseReturnValue:
    """The same for human readers."""
    return render_template("admin/api.html", document=describe(deps().config.public_url))
