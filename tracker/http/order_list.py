"""The shop's own list of orders: uploaded by who may write, or by the shop's server; missing orders filled in.

GET  /api/v1/shops/<id>/order-list       what is kept of it
POST the same                            the file as the body or its part `file`, CSV, NDJSON or JSON; `order_key` names the
                                         column of the key.  Signed as at the front door, it needs no login.
POST /api/v1/shops/<id>/order-list/fill  fill in what is missing: 202 with the task that does it
"""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, func, select

from tracker import audit
from tracker import tables as t
from tracker.clock import isoformat
from tracker.http.asking import ask, find_task
from tracker.http.deps import actor, deps, shop
from tracker.http.locale import translate
from tracker.http.signed import is_signed
from tracker.imports.order_list import read
from tracker.order_list import kept
from tracker.reports.counters import day_from_number
from tracker.reports.words import tell
from tracker.storage import reading, writing

c = t.order_list.c


def add_views(api: Blueprint) -> None:
    api.add_url_rule("/shops/<int:shop_id>/order-list", "order_list", order_list)
    api.add_url_rule("/shops/<int:shop_id>/order-list", "upload_order_list", upload_order_list, methods=["POST"])
    api.add_url_rule("/shops/<int:shop_id>/order-list/fill", "fill_order_list", fill_order_list, methods=["POST"])


def order_list() -> ResponseReturnValue:
    with reading(deps().engine) as db:
        return jsonify(_kept(db))


def upload_order_list() -> ResponseReturnValue:
    """Raises Refused for a wrong signature, FileRefused for a file that cannot be read at all."""
    file = request.files.get("file")
    told = store(file.read() if file else request.get_data(), request.args.get("order_key") or None)
    with reading(deps().engine) as db:
        return jsonify({**told, "kept": _kept(db)})


def store(data: bytes, key_column: str | None = None) -> dict[str, Any]:
    """Keep the list, and tell what was in it.  Raises FileRefused."""
    now = deps().now()
    with reading(deps().engine) as db:
        orders, report = read(db, io.BytesIO(data), shop(), deps().config, now, key_column)
    with writing(deps().engine) as db:
        kept.store(db, shop(), orders, deps().config.secret_key, now)
        who = audit.SHOPS_SERVER if is_signed() else actor()
        audit.log(db, [shop().shop_id], "order_list", who, now, changed={"orders": len(orders)})
    return {
        "orders": len(orders),
        "lines": report.lines,
        "refused": report.refused_lines,
        "findings": [tell(finding.said, translate) for finding in report.findings],
        "not_used": report.unused,
    }


def fill_order_list() -> ResponseReturnValue:
    """202 with the task that does it."""
    return jsonify(find_task(ask("fill_orders", {}))), 202


def _kept(db: Connection) -> dict[str, Any]:
    columns = (func.count(), func.min(c.placed_on), func.max(c.placed_on), func.max(c.listed_at))
    count, first, last, listed_at = db.execute(select(*columns).where(c.shop_id == shop().shop_id)).one()
    return {
        "orders": count,
        "first_on": day_from_number(first).isoformat() if first else None,
        "last_on": day_from_number(last).isoformat() if last else None,
        "listed_at": isoformat(listed_at) if listed_at else None,
    }
