"""Which mails of each shop the reader wants, on the profile page; and the page behind a mail's link that ends them.

That link needs no login, since mail programs follow it by themselves (RFC 8058): they post to it, while what only looks at
links, such as a virus scanner, gets a page with a button.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from tracker.clock import HOUR
from tracker.http.deps import account, deps, shop
from tracker.shops import Shop, find_shop
from tracker.storage import reading, writing
from tracker.subscriptions import choices, weekly
from tracker.subscriptions.choices import Reader
from tracker.subscriptions.crier import owe_weekly
from tracker.subscriptions.mornings import monday_told


def add_views(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/shops/<int:shop_id>/mails", "choose_mails", choose, methods=["POST"])
    blueprint.add_url_rule("/shops/<int:shop_id>/mails/weekly", "send_weekly", send_now, methods=["POST"])
    blueprint.add_url_rule(f"{choices.PATH}<token>", "unsubscribe", unsubscribe, methods=["GET", "POST"])


def of_account() -> list[tuple[Shop, Reader]]:
    """What the reader gets of each shop."""
    me = account()
    with reading(deps().engine) as db:
        found = [(own, choices.find_reader(db, own, me.user_id)) for own in me.shops]
    return [(own, reader) for own, reader in found if reader]


def choose() -> ResponseReturnValue:
    wanted = {kind: kind in request.form for kind in (choices.WEEKLY, choices.ALARMS)}
    with writing(deps().engine) as db:
        choices.choose(db, shop().shop_id, account().user_id, deps().now(), **wanted)
    flash(gettext("Saved."), "success")
    return _back()


def send_now() -> ResponseReturnValue:
    """The mail of this week, once an hour at most."""
    now, config = deps().now(), deps().config
    if not config.sends_mail:
        flash(gettext("Mail is not set up here, so nothing was sent."), "warning")
        return _back()
    monday = monday_told(now, shop().settings.tz)
    with reading(deps().engine) as db:
        reader = choices.find_reader(db, shop(), account().user_id)
        letter = weekly.letter(db, shop(), reader, monday, config, now) if reader else None
    if reader is None or letter is None:
        flash(gettext("Nothing was measured last week, so there is nothing to send."), "warning")
        return _back()
    cause = f"{weekly.cause(reader, monday)} asked for {now // HOUR}"
    with writing(deps().engine) as db:
        owed = owe_weekly(db, shop(), reader, letter, cause, config, now)
    if owed:
        flash(gettext("This week's mail is on its way to %(email)s.", email=reader.email), "success")
    else:
        flash(gettext("It was sent within this hour. Look into your mail program, in its junk folder too."), "warning")
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("admin.profile", _anchor="mails"))


def unsubscribe(token: str) -> ResponseReturnValue:
    """Looking changes nothing; posting ends it, with whatever body and however often."""
    told = choices.read_link(token, deps().config)
    with reading(deps().engine) as db:
        of_shop = find_shop(db, told.shop_id) if told else None
    if told is None or of_shop is None:
        return render_template("admin/unsubscribe.html", told=None), 410
    if request.method == "POST":
        with writing(deps().engine) as db:
            choices.leave(db, told)
    return render_template("admin/unsubscribe.html", told=told, shop_name=of_shop.name, done=request.method == "POST")
