"""Log in, log out, the own profile."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user

from tracker.http import accounts
from tracker.http.deps import account, deps
from tracker.http.errors import say_error
from tracker.http.gate import safe_next
from tracker.http.locale import choose_locale, translate
from tracker.storage import reading, writing


def add_views(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/login", "login", login, methods=["GET", "POST"])
    blueprint.add_url_rule("/logout", "logout", logout, methods=["POST"])
    blueprint.add_url_rule("/profile", "profile", profile, methods=["GET", "POST"])
    blueprint.add_url_rule("/profile/password", "change_password", change_password, methods=["POST"])


def login() -> ResponseReturnValue:
    """The same answer whether the e-mail or the password is wrong."""
    if "lang" in request.args:
        choose_locale(request.args["lang"])
    target = safe_next(request.values.get("next")) or url_for("admin.front")
    if current_user.is_authenticated:
        return redirect(target)
    if request.method == "GET":
        return render_template("admin/login.html", target=target, email="")
    email, password = request.form.get("email", ""), request.form.get("password", "")
    address = request.remote_addr or ""
    if not deps().throttle.allow(address, email):
        return say_error(429)
    with reading(deps().engine) as db:
        found = accounts.check_login(db, email, password)
    if found is None:
        flash(gettext("E-mail or password is wrong."), "danger")
        return render_template("admin/login.html", target=target, email=email), 401
    deps().throttle.forgive(address, email)
    _begin_session(_renew_hash(found, password))
    return redirect(target)


def _renew_hash(found: accounts.Account, password: str) -> accounts.Account:
    if not accounts.is_outdated(found.password_hash):
        return found
    with writing(deps().engine) as db:
        accounts.set_password(db, found.user_id, password)
        return accounts.find_account(db, found.user_id) or found


def _begin_session(found: accounts.Account) -> None:
    """A fresh session, so that nothing set before the login lives on in it."""
    chosen = session.get("locale")
    session.clear()
    session.permanent = True
    choose_locale(found.locale or chosen)
    login_user(found)


def logout() -> ResponseReturnValue:
    chosen = session.get("locale")
    logout_user()
    session.clear()
    choose_locale(chosen)
    return redirect(url_for("admin.login"))


def profile() -> ResponseReturnValue:
    if request.method == "GET":
        return render_template("admin/profile.html")
    chosen = request.form.get("locale")
    locale = chosen if chosen in accounts.LOCALES else None
    name = request.form.get("name", "").strip()[:100] or account().name
    with writing(deps().engine) as db:
        accounts.set_profile(db, account().user_id, name, locale)
    choose_locale(locale)
    flash(gettext("Saved."), "success")
    return redirect(url_for("admin.profile"))


def change_password() -> ResponseReturnValue:
    """Ends all other logins of this account; this one goes on.  The present password is asked as often as at the login."""
    me, address = account(), request.remote_addr or ""
    if not deps().throttle.allow(address, me.email):
        return say_error(429)
    if not accounts.check_password(me.password_hash, request.form.get("current", "")):
        flash(gettext("The present password is wrong."), "danger")
        return redirect(url_for("admin.profile"))
    deps().throttle.forgive(address, me.email)
    try:
        with writing(deps().engine) as db:
            accounts.set_password(db, me.user_id, request.form.get("new", ""))
            renewed = accounts.find_account(db, me.user_id)
    except accounts.BadAccount as error:
        flash(gettext("Not saved: %(why)s.", why=translate(str(error))), "danger")
        return redirect(url_for("admin.profile"))
    if renewed:
        _begin_session(renewed)
    flash(gettext("The password is changed. All other logins have ended."), "success")
    return redirect(url_for("admin.profile"))
