"""The shop's API tokens: list, make – shown this once –, revoke."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from tracker.clock import DAY
from tracker.http import tokens
from tracker.http.controls import writer
from tracker.http.deps import actor, deps, shop
from tracker.http.locale import translate
from tracker.http.roles import SCOPES
from tracker.reports.table import N_
from tracker.storage import reading, writing

LASTS = {"30": N_("30 days"), "90": N_("90 days"), "365": N_("a year"), "": N_("until it is revoked")}


def add_views(blueprint: Blueprint) -> None:
    for path, endpoint, view, method in (
        ("tokens", "tokens", list_tokens, "GET"),
        ("tokens", "make_token", make, "POST"),
        ("tokens/<token_id>/revoke", "revoke_token", revoke, "POST"),
    ):
        blueprint.add_url_rule(f"/shops/<int:shop_id>/{path}", endpoint, view, methods=[method])


def list_tokens() -> ResponseReturnValue:
    return _page()


def _page(made: str | None = None, wrong: str | None = None) -> ResponseReturnValue:
    with reading(deps().engine) as db:
        found = tokens.of_shop(db, shop().shop_id)
    page = render_template(
        "admin/tokens.html",
        tokens=found,
        made=made,
        wrong=wrong,
        now=deps().now(),
        scopes={scope: translate(told) for scope, told in SCOPES.items()},
        lasts={days: translate(told) for days, told in LASTS.items()},
        given=request.form,
        asked=request.form.getlist("scope") if wrong else ["reports"],
        write=writer(),
        api=deps().config.public_url.rstrip("/") + "/api/v1",
    )
    return (page, 400) if wrong else page


def make() -> ResponseReturnValue:
    """Shown in the answer itself, so that it is nowhere else."""
    name = " ".join(request.form.get("name", "").split())[:60]
    scopes = [scope for scope in SCOPES if scope in request.form.getlist("scope")]
    days = request.form.get("days", "90")
    if not name:
        return _page(wrong=gettext("Give it a name, so that you know later what it was for."))
    if not scopes:
        return _page(wrong=gettext("Choose at least one thing that it may do."))
    if days not in LASTS:
        return _page(wrong=gettext("Choose how long it holds."))
    now = deps().now()
    with writing(deps().engine) as db:
        made = tokens.make(db, shop().shop_id, name, scopes, now + int(days) * DAY if days else None, actor(), now)
    return _page(made=made)


def revoke(token_id: str) -> ResponseReturnValue:
    """Asks back unless it was confirmed.  Raises NotFound."""
    with reading(deps().engine) as db:
        found = next((one for one in tokens.of_shop(db, shop().shop_id) if one.token_id == token_id), None)
    if found is None:
        raise NotFound
    if request.form.get("sure") != "yes":
        return render_template("admin/revoke_token.html", found=found)
    with writing(deps().engine) as db:
        tokens.revoke(db, shop().shop_id, token_id, actor(), deps().now())
    flash(gettext("%(name)s is revoked; programs that use it get no answer any more.", name=found.name), "success")
    return redirect(url_for("admin.tokens", shop_id=shop().shop_id))
