"""The shop's settings, and its own stage rules with what they would have done last week.

Both are kept by the worker (tracker/tasks.py); what counts the past anew is said before it is saved.
"""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from tracker.http.asking import ask
from tracker.http.controls import writer
from tracker.http.deps import deps, shop
from tracker.http.fields import FIELDS, SECTIONS
from tracker.http.locale import locale, translate
from tracker.pipeline.frames import own_rule
from tracker.pipeline.preview import Preview, preview
from tracker.reports.words import EVENT_TYPES, tell
from tracker.shop_settings import CHANGES_PAST, BadSettings, check_rules
from tracker.stages import STAGES
from tracker.storage import reading

EMPTY_ROWS = 3  # below those that are filled
_RULE_PARTS = ("path", "type", "property", "value", "stage")


def add_views(blueprint: Blueprint) -> None:
    for path, view in (("settings", settings), ("stage-rules", stage_rules)):
        blueprint.add_url_rule(f"/shops/<int:shop_id>/{path}", view.__name__, view, methods=["GET", "POST"])


def settings() -> ResponseReturnValue:
    """Raises nothing: what is wrong stands beside the control, and what was typed stays."""
    now = shop().settings
    given = {name: getattr(now, name) for name in FIELDS}
    seen = _seen({name: _plain(value) for name, value in given.items()})
    wrong: dict[str, str] = {}
    if request.method == "POST":
        typed = {name: field.read(request.form) for name, field in FIELDS.items()}
        changed = {name: value for name, value in typed.items() if value != seen[name]}
        if not changed:
            flash(gettext("Nothing was changed."), "success")
            return redirect(url_for("admin.settings", shop_id=shop().shop_id))
        try:
            now.changed(changed)
        except BadSettings as error:
            wrong = {name: tell(said, translate) for name, said in error.wrong.items()}
            given = {**given, **{name: value for name, value in changed.items() if _fits(given[name], value)}}
        else:
            number = ask("change_settings", {"settings": changed})
            return redirect(url_for("admin.task", shop_id=shop().shop_id, task_id=number))
    page = render_template(
        "admin/settings.html",
        sections=SECTIONS,
        given=given,
        seen=orjson.dumps(seen).decode(),
        wrong=wrong,
        counts_anew=CHANGES_PAST,
        views={key: view.name(locale()) for key, view in now.views.items()},
        building=shop().building,
        empty_rows=EMPTY_ROWS,
    )
    return (page, 400) if wrong else page


def _seen(now: dict[str, Any]) -> dict[str, Any]:
    """The settings as the form showed them: what differs from these was changed here.  Were it compared with those of now, the
    form would take back what somebody else has changed since it was loaded."""
    try:
        told = orjson.loads(request.form.get("seen", ""))
    except orjson.JSONDecodeError:
        return now
    return {**now, **told} if isinstance(told, dict) else now


def _plain(value: Any) -> Any:
    """As JSON has it, which is what a form gives."""
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return {key: _plain(one) for key, one in value.items()} if isinstance(value, dict) else value


def _fits(shown: Any, typed: Any) -> bool:
    """Whether the control can show it again."""
    return isinstance(typed, str | int) or type(_plain(shown)) is type(typed)


def stage_rules() -> ResponseReturnValue:
    """Raises nothing: what is wrong is said above the rules, and what was typed stays."""
    latest, versions = shop().settings.stage_versions[-1], len(shop().settings.stage_versions)
    rules, wrong, found = [dict(rule) for rule in latest["own"]], "", None
    if request.method == "POST":
        rules = _typed_rules()
        try:
            check_rules(rules)
        except BadSettings as error:
            wrong = tell(error.wrong["own"], translate)
        else:
            if request.form.get("do") != "save":
                with reading(deps().engine) as db:
                    found = preview(db, shop(), [own_rule(rule) for rule in rules], deps().now())
            elif request.form.get("seen", str(versions)) != str(versions):
                wrong = gettext("somebody else has changed the rules meanwhile; save again to put these in the place of theirs")
            else:
                number = ask("add_stage_rules", {"own": rules})
                return redirect(url_for("admin.task", shop_id=shop().shop_id, task_id=number))
    page = render_template(
        "admin/stage_rules.html",
        rules=[*rules, *[{} for _ in range(EMPTY_ROWS)]],
        wrong=wrong,
        found=_told(found) if found else None,
        stages=[(stage.key, stage.name(locale())) for stage in STAGES],
        types={key: translate(name) for key, name in EVENT_TYPES.items()},
        versions=versions,
        write=writer(),
    )
    return (page, 400) if wrong else page


def _typed_rules() -> list[dict[str, str]]:
    columns = [request.form.getlist(part) for part in _RULE_PARTS]
    rows = [dict(zip(_RULE_PARTS, (text.strip() for text in row), strict=True)) for row in zip(*columns, strict=False)]
    told = [{part: text for part, text in row.items() if text} for row in rows]
    return [rule for rule in told if set(rule) - {"stage"}]


def _told(found: Preview) -> dict[str, Any]:
    names = {stage.number: stage.name(locale()) for stage in STAGES}
    moves = sorted(found.moves.items(), key=lambda move: -move[1])
    return {
        "looked_at": found.looked_at,
        "matched": found.matched,
        "is_complete": found.is_complete,
        "moves": [(names.get(a, "–"), names[b], count, a == b) for (a, b), count in moves],
        "examples": [
            {
                **one,
                "from": names.get(one["from"], "–"),
                "to": names[one["to"]],
                "type": translate(EVENT_TYPES.get(one["type"], "")),
            }
            for one in found.examples
        ],
    }
