"""Uploading what advertising cost.

POST  …/ad-spend    CSV, JSON or a form with `file`; channel, source, campaign and currency may stand in the address, for lines
                    that do not say them

Owners and marketers may.  What is read and how: tracker/spend.py.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from tracker import audit, spend
from tracker.errors import BadQuery
from tracker.http.deps import actor, deps, shop
from tracker.http.locale import translate
from tracker.reports.export import money_json
from tracker.reports.table import N_
from tracker.reports.words import tell
from tracker.storage import writing

MOST_REFUSALS = 200  # told one by one; all are counted


def add_views(api: Blueprint) -> None:
    api.add_url_rule("/shops/<int:shop_id>/ad-spend", "ad_spend", upload, methods=["POST"])


def upload() -> ResponseReturnValue:
    """What was kept, and each line that was refused; 400 when nothing could be kept.

    Raises BadQuery, FileRefused, RequestEntityTooLarge.
    """
    wrong = sorted(set(request.args) - {f.name for f in fields(spend.Defaults)})
    if wrong:
        raise BadQuery(wrong[0], N_("there is no such parameter"))
    file = request.files.get("file")
    data = file.read(spend.MAX_BYTES + 1) if file else request.get_data(cache=False)
    if len(data) > spend.MAX_BYTES:
        raise RequestEntityTooLarge
    done = store(data, spend.Defaults(**request.args.to_dict()), is_json=request.is_json)
    return jsonify(_told(done)), 200 if done.kept or not done.refused else 400


def store(data: bytes, defaults: spend.Defaults, *, is_json: bool = False) -> spend.Upload:
    """Keep what can be read.  Raises FileRefused."""
    read = spend.upload_json if is_json else spend.upload_csv
    with writing(deps().engine) as db:
        done = read(db, shop(), data, defaults, deps().now())
        if done.kept:
            days = [day.isoformat() for day in done.days or ()]
            audit.log(db, [shop().shop_id], "spend", actor(), deps().now(), changed={"rows": done.kept, "days": days})
    return done


def _told(done: spend.Upload) -> dict[str, Any]:
    return {
        "lines": done.lines,
        "kept": done.kept,
        "totals": done.totals,
        "since": done.days[0].isoformat() if done.days else None,
        "until": done.days[1].isoformat() if done.days else None,
        "amounts": [money_json(money) for money in done.amounts],
        "ignored": list(done.ignored),
        "refused": len(done.refused),
        "refusals": [{"line": line, "detail": tell(said, translate)} for line, said in done.refused[:MOST_REFUSALS]],
    }
