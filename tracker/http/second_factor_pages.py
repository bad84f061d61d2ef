"""Turning the second factor on and off, and its recovery codes."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from tracker import audit
from tracker.http import accounts, second_factor
from tracker.http.deps import account, deps
from tracker.http.errors import say_error
from tracker.http.login import begin_session
from tracker.storage import reading, writing

_PENDING = "second factor"  # in the session, encrypted: the secret that the app was shown and has not yet proven


def add_views(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/profile/two-factor", "two_factor", two_factor)
    blueprint.add_url_rule("/profile/two-factor/on", "turn_on_two_factor", turn_on, methods=["POST"])
    blueprint.add_url_rule("/profile/two-factor/off", "turn_off_two_factor", turn_off, methods=["POST"])
    blueprint.add_url_rule("/profile/two-factor/codes", "renew_recovery_codes", renew_codes, methods=["POST"])


def two_factor() -> ResponseReturnValue:
    """What to scan, or what is on."""
    key = deps().config.secret_key
    if account().has_second_factor:
        with reading(deps().engine) as db:
            left = second_factor.count_recovery_codes(db, account().user_id)
        return render_template("admin/two_factor.html", codes_left=left)
    secret = second_factor.decrypt(session.get(_PENDING, ""), key) or second_factor.new_secret()
    session[_PENDING] = second_factor.encrypt(secret, key)
    return render_template("admin/two_factor_on.html", secret=secret, qr_code=second_factor.qr_code(secret, account().email))


def turn_on() -> ResponseReturnValue:
    """With a code of the app; shows the recovery codes, this once.  All other logins end."""
    me, key, now = account(), deps().config.secret_key, deps().now()
    secret = second_factor.decrypt(session.get(_PENDING, ""), key)
    if me.has_second_factor or secret is None:
        return redirect(url_for("admin.two_factor"))
    if not _may_try():
        return say_error(429)
    step = second_factor.step_of(secret, request.form.get("code", ""), now)
    if step is None:
        flash(gettext("This code is wrong. Wait for the next one, and see that the phone's clock is right."), "danger")
        return redirect(url_for("admin.two_factor"))
    _forgive()
    with writing(deps().engine) as db:
        codes = second_factor.turn_on(db, me.user_id, secret, step, key)
        audit.log(db, me.shop_ids, "two_factor_on", me.email, now)
    _go_on()
    return render_template("admin/recovery_codes.html", codes=codes, just_on=True)


def turn_off() -> ResponseReturnValue:
    if (refused := _check_both()) is not None:
        return refused
    me = account()
    with writing(deps().engine) as db:
        second_factor.turn_off(db, me.user_id)
        audit.log(db, me.shop_ids, "two_factor_off", me.email, deps().now())
    _go_on()
    flash(gettext("Two-factor login is off."), "success")
    return redirect(url_for("admin.profile"))


def renew_codes() -> ResponseReturnValue:
    if (refused := _check_both()) is not None:
        return refused
    me = account()
    with writing(deps().engine) as db:
        codes = second_factor.renew_recovery_codes(db, me.user_id)
        audit.log(db, me.shop_ids, "recovery_codes", me.email, deps().now())
    return render_template("admin/recovery_codes.html", codes=codes, just_on=False)


def _check_both() -> ResponseReturnValue | None:
    """Password and code of the form; what to answer when one is wrong, which is not said."""
    me = account()
    if not me.has_second_factor:
        return redirect(url_for("admin.two_factor"))
    if not _may_try():
        return say_error(429)
    right = accounts.check_password(me.password_hash, request.form.get("password", ""))
    if right:
        with writing(deps().engine) as db:
            code = request.form.get("code", "")
            right = second_factor.check(db, me.user_id, code, deps().config.secret_key, deps().now())
    if not right:
        flash(gettext("Password or code is wrong. A code works once: wait for the next."), "danger")
        return redirect(url_for("admin.two_factor"))
    _forgive()
    return None


def _may_try() -> bool:
    return deps().throttle.allow(request.remote_addr or "", f"code {account().email}")


def _forgive() -> None:
    deps().throttle.forgive(request.remote_addr or "", f"code {account().email}")


def _go_on() -> None:
    """This login goes on; all others end, since what it takes to log in has changed."""
    with reading(deps().engine) as db:
        renewed = accounts.find_account(db, account().user_id)
    if renewed:
        begin_session(renewed)
