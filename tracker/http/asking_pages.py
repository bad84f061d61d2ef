"""The pages on which an owner asks for what the worker does: the shop's settings, undoing a link, erasing; and how far it is.

To add a setting to the page: its line in SETTINGS.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from tracker.http.asking import ask, find_task
from tracker.http.deps import may, shop
from tracker.http.locale import translate
from tracker.reports.table import N_
from tracker.shop_settings import CHANGES_PAST, BadSettings

# name -> what it is; the values are written as JSON, texts as they are
SETTINGS: dict[str, str] = {
    "zone": N_("Time zone of the shop's days, such as Europe/Copenhagen"),
    "currency": N_("Currency of the reports, three capital letters"),
    "locale": N_("Language of the shop: da, en or sv"),
    "languages": N_("Languages in which the shop speaks to its customers"),
    "stage_view": N_("Stage view that reports show first"),
    "stage_views": N_("Stage views of your own: in each, every one of the twelve stages lies in exactly one stage"),
    "idle_minutes": N_("Minutes without a sign after which a session is over"),
    "journey_window_days": N_("Days without an act after which a journey lapses; 90 is usual between companies"),
    "lapse_days": N_("Days of silence after which a returning customer counts as reactivated"),
    "cart_expiry_days": N_("Days after which a filled cart is given up"),
    "abandon_minutes": N_("Minutes after which a filled cart that nobody touches is called abandoned"),
    "counted_states": N_("States in which an order counts"),
    "revenue_includes": N_("What counts as revenue beside goods after discounts: tax, shipping"),
    "rates": N_("What one unit of a foreign currency is worth, from which day on"),
    "consent_unknown": N_("Consent of a browser that no consent banner speaks for: none, anonymous, statistics or marketing"),
    "page_kinds": N_("Kinds of pages by the beginning of their path, before they are guessed"),
    "channel_overrides": N_("Your own word for where arrivals come from: source, host, medium or campaign, and the channel"),
    "excluded_emails": N_("E-mail addresses, or @domains, that are nobody in particular"),
    "excluded_networks": N_("Networks of your own people, whose visits are not counted"),
    "events_months": N_("Months for which single events are kept; 0: for good"),
    "people_months": N_("Months after which somebody who did nothing is forgotten; 0: never"),
    "b2b": N_("Journeys are those of companies; cannot be taken back"),
}
_STATES = {
    "waiting": N_("Waiting for the worker"),
    "under_way": N_("Under way"),
    "done": N_("Done"),
    "failed": N_("Failed"),
}


def add_views(blueprint: Blueprint) -> None:
    for path, view, methods in (
        ("settings", settings, ["GET", "POST"]),
        ("tasks/<int:task_id>", task, ["GET"]),
        ("people/<int:subject_id>/undo", undo, ["POST"]),
        ("people/<int:subject_id>/erase", erase, ["POST"]),
    ):
        blueprint.add_url_rule(f"/shops/<int:shop_id>/{path}", view.__name__, view, methods=methods)


def settings() -> ResponseReturnValue:
    given, wrong = {name: _written(getattr(shop().settings, name)) for name in SETTINGS}, {}
    if request.method == "POST":
        given = {name: request.form.get(name, text) for name, text in given.items()}
        now = {name: _written(getattr(shop().settings, name)) for name in SETTINGS}
        changed = {name: _read(text) for name, text in given.items() if text != now[name]}
        if not changed:
            flash(gettext("Nothing was changed."), "success")
            return redirect(url_for("admin.settings", shop_id=shop().shop_id))
        try:
            shop().settings.changed(changed)
        except BadSettings as error:
            wrong = {name: str(BadSettings({name: told})).partition(": ")[2] for name, told in error.messages.items()}
        else:
            number = ask("change_settings", {"settings": changed})
            return redirect(url_for("admin.task", shop_id=shop().shop_id, task_id=number))
    rows = [(name, translate(told), given[name], name in CHANGES_PAST, wrong.get(name)) for name, told in SETTINGS.items()]
    page = render_template("admin/settings.html", rows=rows, building=shop().building)
    return (page, 400) if wrong else page


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _read(text: str) -> Any:
    """JSON where it is some, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()


def task(task_id: int) -> ResponseReturnValue:
    """Raises NotFound."""
    told = find_task(task_id)
    return render_template("admin/task.html", told=told, state=translate(_STATES[told["state"]]))


def undo(subject_id: int) -> ResponseReturnValue:
    number = ask("undo_link", {"kind": request.form.get("kind", ""), "key": request.form.get("key", "")})
    del subject_id
    return redirect(url_for("admin.task", shop_id=shop().shop_id, task_id=number))


def erase(subject_id: int) -> ResponseReturnValue:
    """Asks back unless it was confirmed."""
    if request.form.get("sure") != "yes":
        return render_template("admin/erase.html", subject_id=subject_id)
    number = ask("erase", {"subject_id": subject_id})
    return redirect(url_for("admin.task", shop_id=shop().shop_id, task_id=number))


def may_ask() -> bool:
    """Whether the reader may change this shop, for templates."""
    return may("undo") and may("erase")
