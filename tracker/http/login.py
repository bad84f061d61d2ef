"""Log in, with a second factor where the account has one; log out; the own profile."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user

from tracker import audit
from tracker.clock import MINUTE
from tracker.http import accounts, mail_choices, password, second_factor
from tracker.http.deps import account, deps
from tracker.http.errors import say_error
from tracker.http.gate import safe_next
from tracker.http.locale import choose_locale, explain
from tracker.storage import reading, writing

_HALF = "half"  # in the session: who gave the right password and owes a code
_HALF_LASTS = 10 * MINUTE


def add_views(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/login", "login", login, methods=["GET", "POST"])
    blueprint.add_url_rule("/login/code", "second_factor", ask_code, methods=["GET", "POST"])
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
    email, given = request.form.get("email", ""), request.form.get("password", "")
    address = request.remote_addr or ""
    if not deps().throttle.allow(address, email):
        return say_error(429)
    with reading(deps().engine) as db:
        found = accounts.check_login(db, email, given)
        known = found or accounts.find_by_email(db, email)
    if found is None:
        _note_failure(known)
        flash(gettext("E-mail or password is wrong."), "danger")
        return render_template("admin/login.html", target=target, email=email), 401
    deps().throttle.forgive(address, email)
    found = _renew_hash(found, given)
    if found.has_second_factor:
        _begin_half(found, target)
        return redirect(url_for("admin.second_factor"))
    _enter(found)
    return redirect(target)


def _renew_hash(found: accounts.Account, given: str) -> accounts.Account:
    if not accounts.is_outdated(found.password_hash):
        return found
    with writing(deps().engine) as db:
        accounts.set_password(db, found.user_id, given)
        return accounts.find_account(db, found.user_id) or found


def _begin_half(found: accounts.Account, target: str) -> None:
    chosen = session.get("locale")
    session.clear()
    choose_locale(found.locale or chosen)
    session[_HALF] = [found.get_id(), deps().now(), target]


def ask_code() -> ResponseReturnValue:
    """The second half of the login: a code of the app, or a recovery code."""
    session_id, since_at, target = session.get(_HALF) or ("", 0, "")
    with reading(deps().engine) as db:
        found = accounts.find_session(db, session_id)
    if found is None or deps().now() - since_at > _HALF_LASTS:
        session.pop(_HALF, None)
        return redirect(url_for("admin.login"))
    if request.method == "GET":
        return render_template("admin/second_factor.html")
    address, counted = request.remote_addr or "", f"code {found.email}"
    if not deps().throttle.allow(address, counted):
        return say_error(429)
    with writing(deps().engine) as db:
        code = request.form.get("code", "")
        right = second_factor.check(db, found.user_id, code, deps().config.secret_key, deps().now())
    if not right:
        _note_failure(found)
        flash(gettext("This code is wrong, or was used already. Wait for the next one."), "danger")
        return render_template("admin/second_factor.html"), 401
    deps().throttle.forgive(address, counted)
    _enter(found)
    return redirect(target)


def _note_failure(known: accounts.Account | None) -> None:
    if known is not None:
        with writing(deps().engine) as db:
            audit.log(db, known.shop_ids, "login_failed", known.email, deps().now())


def _enter(found: accounts.Account) -> None:
    with writing(deps().engine) as db:
        audit.log(db, found.shop_ids, "login", found.email, deps().now())
    begin_session(found)


def begin_session(found: accounts.Account) -> None:
    """A fresh session, so that nothing set before the login lives on in it."""
    chosen = session.get("locale")
    session.clear()
    session.permanent = True
    choose_locale(found.locale or chosen)
    login_user(found)


def logout() -> ResponseReturnValue:
    chosen = session.get("locale")
    target = safe_next(request.form.get("next"))
    logout_user()
    session.clear()
    choose_locale(chosen)
    return redirect(target or url_for("admin.login"))


def profile() -> ResponseReturnValue:
    if request.method == "GET":
        mails, sends_mail = mail_choices.of_account(), deps().config.sends_mail
        return render_template("admin/profile.html", mails=mails, sends_mail=sends_mail)
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
            password.change(db, me, request.form.get("new", ""))
            renewed = accounts.find_account(db, me.user_id)
    except accounts.BadAccount as error:
        flash(gettext("Not saved: %(why)s.", why=explain(error)), "danger")
        return redirect(url_for("admin.profile"))
    if renewed:
        begin_session(renewed)
    flash(gettext("The password is changed. All other logins have ended."), "success")
    return redirect(url_for("admin.profile"))
