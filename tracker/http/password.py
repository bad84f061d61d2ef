"""A forgotten password: a link by mail, good for one use within an hour.

The answer is the same whether the address is known or not.  The link is signed and holds a fingerprint of the password that it
replaces, so a changed password makes it void.  A second factor is asked for as ever at the login that follows.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection

from tracker import audit
from tracker.clock import HOUR, MINUTE, Instant
from tracker.http import accounts, mailing
from tracker.http.accounts import Account
from tracker.http.deps import deps
from tracker.http.errors import say_error
from tracker.http.locale import explain, locale
from tracker.outbox.compose import compose
from tracker.outbox.enqueue import ACCOUNTS
from tracker.outbox.links import public_address, read_signed, sign
from tracker.storage import reading, writing

PURPOSE = "new password"
PATH = "/password/new/"
LASTS = HOUR


def add_views(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/password/forgotten", "forgotten_password", forgotten, methods=["GET", "POST"])
    blueprint.add_url_rule(f"{PATH}<token>", "new_password", new_password, methods=["GET", "POST"])


def link(found: Account, public_url: str, secret_key: str, now: Instant) -> str:
    """By which the account's password can be set anew."""
    token = sign(PURPOSE, [found.user_id, found.fingerprint, now + LASTS], secret_key)
    return public_address(public_url, PATH + token)


def forgotten() -> ResponseReturnValue:
    if request.method == "GET" or not deps().config.sends_mail:
        return render_template("admin/forgotten_password.html", sent=False, mail=deps().config.sends_mail)
    email = request.form.get("email", "")[:254]
    if not deps().throttle.allow(request.remote_addr or "", f"forgotten {email}"):
        return say_error(429)
    with writing(deps().engine) as db:
        found = accounts.find_by_email(db, email)
        if found is not None:
            _send_link(db, found)
        else:  # what takes the time is done for unknown addresses too
            compose("password", locale(), link=mailing.absolute(PATH))
    return render_template("admin/forgotten_password.html", sent=True, mail=True)


def _send_link(db: Connection, found: Account) -> None:
    now, config = deps().now(), deps().config
    address = link(found, config.public_url, config.secret_key, now)
    cause = f"password {found.user_id} {now // MINUTE}"
    if mailing.send(db, ACCOUNTS, "password", found.email, found.locale or locale(), cause, link=address):
        audit.log(db, found.shop_ids, "password_asked", found.email, now)


def new_password(token: str) -> ResponseReturnValue:
    with reading(deps().engine) as db:
        found = _find(db, token)
    if found is None:
        return render_template("admin/forgotten_password.html", sent=False, mail=deps().config.sends_mail, void=True), 410
    if request.method == "GET":
        return render_template("admin/new_password.html", email=found.email)
    try:
        with writing(deps().engine) as db:
            still = _find(db, token)  # of two who use it at the same moment, one is too late
            if still is None:
                return redirect(url_for("admin.new_password", token=token))
            change(db, still, request.form.get("new", ""))
    except accounts.BadAccount as error:
        flash(gettext("Not saved: %(why)s.", why=explain(error)), "danger")
        return render_template("admin/new_password.html", email=found.email), 400
    flash(gettext("The password is changed. All other logins have ended."), "success")
    return redirect(url_for("admin.login"))


def _find(db: Connection, token: str) -> Account | None:
    told = read_signed(PURPOSE, token, deps().config.secret_key)
    if told is None or deps().now() >= int(told[2]):
        return None
    found = accounts.find_account(db, int(told[0]))
    return found if found and found.fingerprint == told[1] else None


def change(db: Connection, found: Account, password: str) -> None:
    """Set it, write it down, and tell its owner.  Raises BadAccount."""
    now = deps().now()
    accounts.set_password(db, found.user_id, password)
    audit.log(db, found.shop_ids, "password", found.email, now)
    facts = {"link": mailing.absolute(url_for("admin.forgotten_password"))}
    cause = f"password changed {found.user_id} {now}"
    mailing.send(db, ACCOUNTS, "password_changed", found.email, found.locale or locale(), cause, **facts)
