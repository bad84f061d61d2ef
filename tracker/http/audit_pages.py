"""Who did what in the shop: the page, by kind and page by page, and all of it as CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import audit
from tracker.audit import Entry
from tracker.clock import isoformat
from tracker.errors import BadQuery
from tracker.http.controls import writer
from tracker.http.deps import deps, shop
from tracker.http.files import CSV, as_file
from tracker.http.locale import name_of, translate
from tracker.reports.export import harmless
from tracker.reports.table import N_
from tracker.storage import reading

SHOWN = 50
MOST_LINES = 100_000  # of the file


def add_views(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/shops/<int:shop_id>/audit-log", "audit_log", audit_log)
    blueprint.add_url_rule("/shops/<int:shop_id>/audit-log.csv", "audit_file", audit_file)


def audit_log() -> ResponseReturnValue:
    """Raises BadQuery."""
    kind, before = _kind(), _before()
    with reading(deps().engine) as db:
        found = audit.read(db, shop().shop_id, kind=kind, before=before, limit=SHOWN + 1)
    shown = found[:SHOWN]
    here: dict[str, Any] = {"shop_id": shop().shop_id, "kind": kind or None}
    return render_template(
        "admin/audit_log.html",
        entries=[(_named(entry), translate(audit.KINDS.get(entry.kind, entry.kind)), _changes(entry)) for entry in shown],
        kind=kind,
        kinds=sorted(((key, translate(name)) for key, name in audit.KINDS.items()), key=lambda one: one[1]),
        newest=url_for("admin.audit_log", **here) if before is not None else None,
        older=url_for("admin.audit_log", **here, before=shown[-1].entry_id) if len(found) > SHOWN else None,
        file=url_for("admin.audit_file", **here),
        write=writer(),
    )


def audit_file() -> ResponseReturnValue:
    """All of it, in English and UTC, for other programs.  Raises BadQuery."""
    with reading(deps().engine) as db:
        found = audit.read(db, shop().shop_id, kind=_kind(), limit=MOST_LINES)
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(["at", "kind", "who", "about", "changed"])
    for entry in found:
        changed = json.dumps(entry.changed, ensure_ascii=False) if entry.changed else ""
        out.writerow([harmless(cell) for cell in (isoformat(entry.logged_at), entry.kind, entry.who, entry.about, changed)])
    return as_file(text.getvalue(), "audit-log.csv", CSV)


def _named(entry: Entry) -> Entry:
    return replace(entry, who=name_of(entry.who))


def _kind() -> str:
    kind = request.args.get("kind", "")
    if kind and kind not in audit.KINDS:
        raise BadQuery("kind", N_("there is no such kind of entry"))
    return kind


def _before() -> int | None:
    text = request.args.get("before", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) < 2**63):
        raise BadQuery("before", N_("this is not the number of an entry"))
    return int(text)


def _changes(entry: Entry) -> list[tuple[str, str, str | None]]:
    """(name, before or the value, after); without `after` where there was nothing before."""
    return [
        (name, _said(value[0]), _said(value[1])) if _is_change(value) else (name, _said(value), None)
        for name, value in entry.changed.items()
    ]


def _is_change(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and (value[0] != value[1])


def _said(value: Any) -> str:
    if value is None:
        return "–"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:199] + "…"
