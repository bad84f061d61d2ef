"""The forms by which an owner or marketer uploads a file: what advertising cost, and the shop's own list of orders.

What is read and how: tracker/spend.py and tracker/imports/order_list.py; the interface for programs takes the same files.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.exceptions import RequestEntityTooLarge

from tracker import spend
from tracker.http import ad_spend, order_list
from tracker.http.asking import ask
from tracker.http.deps import shop
from tracker.http.locale import explain, translate
from tracker.imports.lines import FileRefused
from tracker.reports.words import tell

MOST_REFUSALS = 50  # told one by one


def add_views(blueprint: Blueprint) -> None:
    for path, view in (("costs", upload_spend), ("reconciliation", upload_list), ("reconciliation/fill", fill_orders)):
        blueprint.add_url_rule(f"/shops/<int:shop_id>/{path}", view.__name__, view, methods=["POST"])


def upload_spend() -> ResponseReturnValue:
    data = _file()
    if data is None:
        return _back("admin.costs")
    try:
        done = ad_spend.store(data, spend.Defaults(currency=request.form.get("currency", "").strip().upper()))
    except FileRefused as error:
        return _refused("admin.costs", explain(error))
    return _told("admin.costs", done.kept, done.lines, [f"{line}: {tell(said, translate)}" for line, said in done.refused])


def upload_list() -> ResponseReturnValue:
    data = _file()
    if data is None:
        return _back("admin.reconciliation")
    try:
        done = order_list.store(data, request.form.get("order_key", "").strip() or None)
    except FileRefused as error:
        return _refused("admin.reconciliation", explain(error))
    return _told("admin.reconciliation", done["orders"], done["lines"], done["findings"])


def fill_orders() -> ResponseReturnValue:
    return redirect(url_for("admin.task", shop_id=shop().shop_id, task_id=ask("fill_orders", {})))


def _file() -> bytes | None:
    """None when none was chosen.  Raises RequestEntityTooLarge: half a file is never read."""
    file = request.files.get("file")
    data = file.read(spend.MAX_BYTES + 1) if file else b""
    if len(data) > spend.MAX_BYTES:
        raise RequestEntityTooLarge
    if not data:
        flash(gettext("Choose a file first."), "warning")
        return None
    return data


def _back(endpoint: str) -> ResponseReturnValue:
    return redirect(url_for(endpoint, shop_id=shop().shop_id))


def _refused(endpoint: str, why: str) -> ResponseReturnValue:
    return _page(endpoint, 0, 0, [], why), 400


def _told(endpoint: str, kept: int, lines: int, refused: list[str]) -> ResponseReturnValue:
    if not refused:
        flash(gettext("Read: %(kept)s of %(lines)s lines.", kept=kept, lines=lines), "success")
        return _back(endpoint)
    return _page(endpoint, kept, lines, refused), 200 if kept else 400


def _page(endpoint: str, kept: int, lines: int, refused: list[str], why: str = "") -> str:
    back = url_for(endpoint, shop_id=shop().shop_id)
    return render_template(
        "admin/uploaded.html", back=back, kept=kept, lines=lines, refused=refused[:MOST_REFUSALS], more=len(refused), why=why
    )
