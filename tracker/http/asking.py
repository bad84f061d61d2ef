"""What an owner asks for that the worker does – settings, own stage rules, replays, undoing, erasing – and what came of it.

GET   …/settings                    what is in force, and the generation of counters that is being built
PATCH …/settings                    {name: value}; 202 with the task, 400 with what is wrong by field
POST  …/stage-rules                 {"own": [rule, …]}, from now on;  …/stage-rules/preview: what they would have done last week
POST  …/replay, …/recount           202 with the task
POST  …/links/undo                  {"kind", "key"}
POST  …/people/<subject>/erase      and GET …/people/<subject>/export
GET   …/tasks, …/tasks/<task>       progress, outcome or error

Who may what: roles.py.  To add something to ask for: a kind in tracker/tasks.py, its address here, its lines in roles.py NEEDS
and tracker/audit.py KINDS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select
from werkzeug.exceptions import NotFound

from tracker import audit, tasks
from tracker import tables as t
from tracker.clock import isoformat
from tracker.errors import BadQuery
from tracker.http.deps import actor, deps, shop
from tracker.http.files import JSON, as_file
from tracker.http.locale import translate
from tracker.pipeline.frames import own_rule
from tracker.pipeline.preview import preview
from tracker.privacy.export import export
from tracker.reports.table import N_
from tracker.reports.words import tell
from tracker.shop_settings import check_rules
from tracker.stages import STAGES
from tracker.storage import reading, writing
from tracker.texts import Sentence

SHOWN = 50  # tasks, the latest first


def add_views(api: Blueprint) -> None:
    for path, view, method in (
        ("settings", settings, "GET"),
        ("settings", change_settings, "PATCH"),
        ("stage-rules", add_stage_rules, "POST"),
        ("stage-rules/preview", preview_stage_rules, "POST"),
        ("replay", replay, "POST"),
        ("recount", recount, "POST"),
        ("links/undo", undo_link, "POST"),
        ("people/<int:subject_id>/erase", erase, "POST"),
        ("people/<int:subject_id>/export", export_person, "GET"),
        ("tasks", list_tasks, "GET"),
        ("tasks/<int:task_id>", task, "GET"),
    ):
        api.add_url_rule(f"/shops/<int:shop_id>/{path}", view.__name__, view, methods=[method])


def ask(kind: str, args: Mapping[str, Any]) -> int:
    """Enqueue for the reader's shop, and write down that it was asked for; the task's number."""
    now, shop_id = deps().now(), shop().shop_id
    with writing(deps().engine) as db:
        number = tasks.ask(db, shop_id, kind, args, actor(), now)
        audit.log(db, [shop_id], kind, actor(), now, about=_about(kind, args), changed={"task": number, **_changed(kind, args)})
        return number


def _about(kind: str, args: Mapping[str, Any]) -> str:
    """Whom it concerns.  The key of a link is left out: it may be an address, and is kept for as long as its person only."""
    return str({"erase": args.get("subject_id"), "undo_link": args.get("kind")}.get(kind) or "")


def _changed(kind: str, args: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "change_settings":
        before = shop().settings.dump()
        return {name: [before.get(name), value] for name, value in args["settings"].items()}
    return {"rules": len(args["own"])} if kind == "add_stage_rules" else {}


def settings() -> ResponseReturnValue:
    building = shop().building
    told: dict[str, Any] = {"settings": shop().settings.dump(), "generation": shop().generation, "building": None}
    if building is not None:
        told["building"] = {"generation": building.generation, "done": building.done, "total": building.total}
    return jsonify(told)


def change_settings() -> ResponseReturnValue:
    """Raises BadSettings, BadQuery."""
    told = _body()
    shop().settings.changed(told)  # says at once what is wrong
    return _asked(ask("change_settings", {"settings": told}))


def add_stage_rules() -> ResponseReturnValue:
    """Raises BadSettings, BadQuery."""
    own = _rules()
    return _asked(ask("add_stage_rules", {"own": own}))


def preview_stage_rules() -> ResponseReturnValue:
    """Raises BadSettings, BadQuery."""
    rules = [own_rule(rule) for rule in _rules()]
    with reading(deps().engine) as db:
        found = preview(db, shop(), rules, deps().now())
    keys = {stage.number: stage.key for stage in STAGES}
    return jsonify(
        looked_at=found.looked_at,
        matched=found.matched,
        complete=found.is_complete,
        moves=[{"from": keys.get(a), "to": keys[b], "events": count} for (a, b), count in sorted(found.moves.items())],
        examples=[
            {
                **example,
                "from": keys.get(example["from"]),
                "to": keys[example["to"]],
                "occurred_at": isoformat(example["occurred_at"]),
            }
            for example in found.examples
        ],
    )


def replay() -> ResponseReturnValue:
    return _asked(ask("replay", {}))


def recount() -> ResponseReturnValue:
    return _asked(ask("recount", {}))


def undo_link() -> ResponseReturnValue:
    """Raises BadQuery."""
    told = _body()
    args = {name: told.get(name) for name in ("kind", "key")}
    for name, value in args.items():
        if not isinstance(value, str) or not value or "\0" in value:
            raise BadQuery(name, N_("say which link"))
    return _asked(ask("undo_link", args))


def erase(subject_id: int) -> ResponseReturnValue:
    return _asked(ask("erase", {"subject_id": subject_id}))


def export_person(subject_id: int) -> ResponseReturnValue:
    """Everything that is kept of the person, as a file.  Raises NotFound."""
    with reading(deps().engine) as db:
        told = export(db, shop(), subject_id, deps().now())
    if not told["links"] and not told["journeys"]:
        raise NotFound
    with writing(deps().engine) as db:
        audit.log(db, [shop().shop_id], "export", actor(), deps().now(), about=str(subject_id))
    return as_file(orjson.dumps(told, option=orjson.OPT_INDENT_2), f"person-{subject_id}.json", JSON)


def list_tasks() -> ResponseReturnValue:
    with reading(deps().engine) as db:
        return jsonify(tasks=latest(db))


def latest(db: Connection) -> list[dict[str, Any]]:
    """Of the shop, as the API tells them."""
    c = t.tasks.c
    rows = db.execute(select(t.tasks).where(c.shop_id == shop().shop_id).order_by(c.task_id.desc()).limit(SHOWN)).mappings()
    return [told_of(dict(row)) for row in rows]


def task(task_id: int) -> ResponseReturnValue:
    """Raises NotFound."""
    return jsonify(find_task(task_id))


def find_task(task_id: int) -> dict[str, Any]:
    """Raises NotFound, too, for that of another shop."""
    with reading(deps().engine) as db:
        row = tasks.find(db, shop().shop_id, task_id)
    if row is None:
        raise NotFound
    return told_of(row)


def told_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A task as the API tells it."""
    return {
        "task_id": row["task_id"],
        "kind": row["kind"],
        "asked_by": row["asked_by"],
        "asked_at": isoformat(row["asked_at"]),
        "state": "failed" if row["error"] else "done" if row["ended_at"] else "under_way" if row["progress"] else "waiting",
        "progress": row["progress"],
        "outcome": row["outcome"],
        "error": tell(Sentence.load(row["error"]), translate) if row["error"] else None,
    }


def _asked(task_id: int) -> ResponseReturnValue:
    return jsonify(find_task(task_id)), 202


def _body() -> dict[str, Any]:
    told = request.get_json(silent=True)
    if not isinstance(told, dict):
        raise BadQuery("", N_("send a JSON object"))
    return told


def _rules() -> list[Any]:
    """The rules as sent, checked.  Raises BadQuery, BadSettings."""
    own: Any = _body().get("own")
    check_rules(own)
    rules: list[Any] = own
    return rules
