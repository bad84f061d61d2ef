"""What an owner asks for that the worker does – undoing a link, erasing, counting or tagging anew – and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker.clock import parse
from tracker.http.asking import ask, find_task, latest
from tracker.http.controls import writer
from tracker.http.deps import deps, shop
from tracker.http.fields import FIELDS
from tracker.http.locale import name_of, translate
from tracker.reports.table import N_
from tracker.storage import reading

_STATES = {
    "waiting": N_("Waiting for the worker"),
    "under_way": N_("Under way"),
    "done": N_("Done"),
    "failed": N_("Failed"),
}


def add_views(blueprint: Blueprint) -> None:
    for path, view, methods in (
        ("tasks", tasks, ["GET"]),
        ("tasks/<int:task_id>", task, ["GET"]),
        ("replay", replay, ["POST"]),
        ("recount", recount, ["POST"]),
        ("people/<int:subject_id>/undo", undo, ["POST"]),
        ("people/<int:subject_id>/erase", erase, ["POST"]),
    ):
        blueprint.add_url_rule(f"/shops/<int:shop_id>/{path}", view.__name__, view, methods=methods)


# kind of tracker/tasks.py -> what it is called here; what came of it -> its words
KINDS = {
    "change_settings": N_("Change settings"),
    "add_stage_rules": N_("Set own stage rules"),
    "replay": N_("Tag every event again"),
    "recount": N_("Count everything again"),
    "undo_link": N_("Undo a link"),
    "erase": N_("Erase a person"),
    "expire": N_("Forget what is too old"),
    "fill_orders": N_("Fill in missing orders"),
    "sum_months": N_("Sum up months that are over"),
}


# what it did, in numbers
OUTCOMES = {
    "settings": N_("Settings changed"),
    "rules": N_("Your stage rules"),
    "subjects": N_("People counted"),
    "given_up": N_("Left to a later task"),
    "keys": N_("Keys taken away"),
    "events": N_("Events taken away"),
    "links": N_("Keys taken away"),
    "journeys": N_("Journeys taken away"),
    "people": N_("People forgotten"),
    "filled": N_("Orders filled in"),
    "skipped": N_("Orders left out"),
    "months": N_("Months summed up"),
}


def tasks() -> ResponseReturnValue:
    """The latest, and what may be asked for the whole shop."""
    with reading(deps().engine) as db:
        rows = latest(db)
    return render_template("admin/tasks.html", rows=[_shown(row) for row in rows], write=writer(), building=shop().building)


def task(task_id: int) -> ResponseReturnValue:
    """Raises NotFound."""
    return render_template("admin/task.html", told=_shown(find_task(task_id)), write=writer())


def _shown(told: Mapping[str, Any]) -> dict[str, Any]:
    """In the reader's words."""
    kind, state = KINDS.get(told["kind"], ""), _STATES[told["state"]]
    words = {"name": translate(kind) or told["kind"], "state_name": translate(state), "asked_by": name_of(told["asked_by"])}
    done = [(translate(OUTCOMES.get(name, name)), _amount(value)) for name, value in (told["outcome"] or {}).items()]
    return {**told, **words, "outcome": done, "asked_at": parse(told["asked_at"])}


def _amount(value: int | list[str]) -> str:
    """A number, or the titles of settings."""
    if isinstance(value, int):
        return writer().count(value)
    return ", ".join(translate(FIELDS[name].title) if name in FIELDS else name for name in value)


def replay() -> ResponseReturnValue:
    return _go_to(ask("replay", {}))


def recount() -> ResponseReturnValue:
    return _go_to(ask("recount", {}))


def _go_to(task_id: int) -> ResponseReturnValue:
    return redirect(url_for("admin.task", shop_id=shop().shop_id, task_id=task_id))


def undo(subject_id: int) -> ResponseReturnValue:
    del subject_id
    return _go_to(ask("undo_link", {"kind": request.form.get("kind", ""), "key": request.form.get("key", "")}))


def erase(subject_id: int) -> ResponseReturnValue:
    """Asks back unless it was confirmed."""
    if request.form.get("sure") != "yes":
        return render_template("admin/erase.html", subject_id=subject_id)
    return _go_to(ask("erase", {"subject_id": subject_id}))
