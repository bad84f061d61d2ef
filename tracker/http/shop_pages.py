"""A shop itself: its name, the hosts its pages are on, its key and server secret; and making another shop."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.exceptions import Forbidden

from tracker import audit, shops
from tracker.http import membership
from tracker.http.accounts import LOCALES
from tracker.http.controls import writer
from tracker.http.deps import account, actor, deps, shop
from tracker.http.locale import explain
from tracker.shop_settings import BadSettings, ShopSettings
from tracker.shops import BadShop
from tracker.storage import reading, writing

_SETTINGS = ("zone", "currency", "locale")  # asked for when a shop is made; the rest is on the page of settings


def add_views(blueprint: Blueprint) -> None:
    for path, endpoint, view, method in (
        ("shop", "shop", show, "GET"),
        ("shop", "change_shop", change, "POST"),
        ("shop/secret", "rotate_secret", rotate, "POST"),
        ("shop/secret/end-old", "end_old_secret", end_old, "POST"),
    ):
        blueprint.add_url_rule(f"/shops/<int:shop_id>/{path}", endpoint, view, methods=[method])
    blueprint.add_url_rule("/shops", "shops", own_shops)
    blueprint.add_url_rule("/shops", "add_shop", add, methods=["POST"])


def show() -> ResponseReturnValue:
    return _page(shop().name, "\n".join(shop().hosts))


def _page(name: str, hosts: str, wrong: str | None = None) -> ResponseReturnValue:
    with reading(deps().engine) as db:
        rotated_at = shops.rotated_at(db, shop().shop_id)
    page = render_template(
        "admin/shop.html",
        name=name,
        hosts=hosts,
        wrong=wrong,
        rotated_at=rotated_at,
        write=writer(),
    )
    return (page, 400) if wrong else page


def change() -> ResponseReturnValue:
    given, typed = request.form.get("name", ""), request.form.get("hosts", "")
    try:
        name, hosts = shops.clean_name(given), shops.clean_hosts(typed.split())
    except BadShop as error:
        return _page(given, typed, explain(error))
    before = {"name": shop().name, "hosts": list(shop().hosts)}
    changed = {key: [before[key], value] for key, value in (("name", name), ("hosts", list(hosts))) if before[key] != value}
    if changed:
        with writing(deps().engine) as db:
            fresh = shops.find_shop(db, shop().shop_id) or shop()
            shops.write_shop(db, fresh, name=name, hosts=list(hosts))
            audit.log(db, [shop().shop_id], "shop", actor(), deps().now(), changed=changed)
    flash(gettext("Saved.") if changed else gettext("Nothing was changed."), "success")
    return _back()


def rotate() -> ResponseReturnValue:
    """Asks back unless it was confirmed."""
    if request.form.get("sure") != "yes":
        return render_template("admin/rotate_secret.html")
    with writing(deps().engine) as db:
        shops.rotate_secret(db, shop().shop_id, deps().now())
        audit.log(db, [shop().shop_id], "secret_rotated", actor(), deps().now())
    flash(gettext("There is a new secret. Put it into the shop's plugin, then end the old one."), "success")
    return _back()


def end_old() -> ResponseReturnValue:
    with writing(deps().engine) as db:
        shops.end_old_secret(db, shop().shop_id)
        audit.log(db, [shop().shop_id], "secret_ended", actor(), deps().now())
    flash(gettext("The old secret works no more."), "success")
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("admin.shop", shop_id=shop().shop_id))


# --- all of mine


def own_shops() -> ResponseReturnValue:
    return _list()


def _list(wrong: str | None = None) -> ResponseReturnValue:
    me = account()
    page = render_template(
        "admin/shops.html",
        shops=[(own, me.roles[own.shop_id]) for own in me.shops],
        may_add=_may_add(),
        languages=LOCALES,
        given=request.form or {**ShopSettings().dump(), "name": "", "hosts": ""},
        wrong=wrong,
    )
    return (page, 400) if wrong else page


def _may_add() -> bool:
    """Who owns a shop may make another."""
    return "owner" in account().roles.values()


def add() -> ResponseReturnValue:
    """Raises Forbidden."""
    if not _may_add():
        raise Forbidden
    me, now = account(), deps().now()
    try:
        name, hosts = shops.clean_name(request.form.get("name", "")), shops.clean_hosts(request.form.get("hosts", "").split())
        settings = ShopSettings().changed({key: request.form.get(key, "").strip() for key in _SETTINGS})
    except (BadShop, BadSettings) as error:
        return _list(explain(error))
    with writing(deps().engine) as db:
        made = shops.add_shop(db, name, hosts, now, settings)
        membership.join(db, made.shop_id, me.user_id, "owner")
        audit.log(db, [made.shop_id], "shop_made", me.email, now, about=name, changed={"hosts": list(hosts)})
    flash(gettext("%(name)s is made. Next: put the tag on its pages.", name=made.name), "success")
    return redirect(url_for("admin.setup", shop_id=made.shop_id))
