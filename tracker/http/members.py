"""The people of a shop: who may see it and as what, whom to invite, and the page on which an invitation is accepted."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext
from flask_login import current_user
from sqlalchemy import Connection

from tracker.http import accounts, invitations, mailing, membership
from tracker.http.accounts import BadAccount
from tracker.http.controls import writer
from tracker.http.deps import account, actor, deps, shop
from tracker.http.invitations import Invitation
from tracker.http.locale import explain, locale, translate
from tracker.http.login import begin_session
from tracker.reports.table import N_
from tracker.reports.words import ROLES
from tracker.shops import Shop, find_shop
from tracker.storage import reading, writing

# what each is, on the page
ROLE_HINTS = {
    "owner": N_("sees and changes everything: people, keys, settings, erasing"),
    "marketer": N_("sees all reports; writes notes, uploads costs and order lists, makes rules"),
    "analyst": N_("sees all reports and changes nothing"),
}


def add_views(blueprint: Blueprint) -> None:
    for path, endpoint, view, method in (
        ("members", "members", members, "GET"),
        ("members/invite", "invite", invite, "POST"),
        ("members/invitations/<invitation_id>/resend", "resend_invitation", resend, "POST"),
        ("members/invitations/<invitation_id>/withdraw", "withdraw_invitation", withdraw, "POST"),
        ("members/<int:user_id>/role", "change_role", change_role, "POST"),
        ("members/<int:user_id>/remove", "remove_member", remove, "POST"),
    ):
        blueprint.add_url_rule(f"/shops/<int:shop_id>/{path}", endpoint, view, methods=[method])
    blueprint.add_url_rule("/invitations/<token>", "invitation", invitation)
    blueprint.add_url_rule("/invitations/<token>", "join_by_invitation", join, methods=["POST"])


def members() -> ResponseReturnValue:
    return _page()


def _page(wrong: str | None = None) -> ResponseReturnValue:
    with reading(deps().engine) as db:
        people = membership.of_shop(db, shop().shop_id)
        waiting = invitations.of_shop(db, shop().shop_id)
    page = render_template(
        "admin/members.html",
        people=people,
        me=account().user_id,
        only_owner=sum(one.role == "owner" for one in people) == 1,
        waiting=waiting,
        links={} if deps().config.sends_mail else {one.invitation_id: _link(one) for one in waiting},
        now=deps().now(),
        roles={role: (translate(name), translate(ROLE_HINTS[role])) for role, name in ROLES.items()},
        write=writer(),
        given=request.form,
        wrong=wrong,
    )
    return (page, 400) if wrong else page


def invite() -> ResponseReturnValue:
    try:
        with writing(deps().engine) as db:
            role = request.form.get("role", "")
            made = invitations.invite(db, shop().shop_id, request.form.get("email", ""), role, actor(), deps().now())
            _send(db, made)
    except BadAccount as error:
        return _page(explain(error))
    return _told_invited(made)


def resend(invitation_id: str) -> ResponseReturnValue:
    try:
        with writing(deps().engine) as db:
            renewed = invitations.renew(db, shop().shop_id, invitation_id, actor(), deps().now())
            _send(db, renewed)
    except BadAccount as error:
        return _page(explain(error))
    return _told_invited(renewed)


def _told_invited(made: Invitation) -> ResponseReturnValue:
    if deps().config.sends_mail:
        flash(gettext("The invitation to %(email)s is on its way.", email=made.email), "success")
    else:
        flash(gettext("Mail is not set up here: hand the link below to %(email)s yourself.", email=made.email), "warning")
    return _back()


def withdraw(invitation_id: str) -> ResponseReturnValue:
    try:
        with writing(deps().engine) as db:
            invitations.withdraw(db, shop().shop_id, invitation_id, actor(), deps().now())
    except BadAccount as error:
        return _page(explain(error))
    flash(gettext("The invitation is withdrawn; its link works no more."), "success")
    return _back()


def change_role(user_id: int) -> ResponseReturnValue:
    try:
        with writing(deps().engine) as db:
            membership.set_role(db, shop().shop_id, user_id, request.form.get("role", ""), actor(), deps().now())
    except BadAccount as error:
        return _page(explain(error))
    flash(gettext("Saved."), "success")
    return _back()


def remove(user_id: int) -> ResponseReturnValue:
    """Asks back unless it was confirmed."""
    with reading(deps().engine) as db:
        member = next((one for one in membership.of_shop(db, shop().shop_id) if one.user_id == user_id), None)
    if member is not None and request.form.get("sure") != "yes":
        return render_template("admin/remove_member.html", member=member, myself=user_id == account().user_id)
    try:
        with writing(deps().engine) as db:
            membership.remove(db, shop().shop_id, user_id, actor(), deps().now())
    except BadAccount as error:
        return _page(explain(error))
    flash(gettext("%(name)s is no longer a member.", name=member.name if member else ""), "success")
    return redirect(url_for("admin.front")) if user_id == account().user_id else _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("admin.members", shop_id=shop().shop_id))


def _link(made: Invitation) -> str:
    return mailing.absolute(url_for("admin.invitation", token=made.token(deps().config.secret_key)))


def _send(db: Connection, made: Invitation) -> None:
    known = accounts.find_by_email(db, made.email)
    language = (known.locale if known else None) or shop().settings.locale
    with force_locale(language):
        role = translate(ROLES[made.role])
    facts: dict[str, str | int] = {
        "shop": shop().name,
        "role": role,
        "invited_by": account().name,
        "link": _link(made),
        "days": invitations.DAYS,
    }
    cause = f"invitation {made.invitation_id} {made.sends}"
    mailing.send(db, shop().shop_id, "invitation", made.email, language, cause, **facts)


# --- for who was invited


def invitation(token: str) -> ResponseReturnValue:
    """A new person chooses name and password; who has an account logs in and joins."""
    with reading(deps().engine) as db:
        found, of_shop = _find(db, token)
        has_account = bool(found and accounts.find_by_email(db, found.email))
    if found is None or of_shop is None:
        return render_template("admin/no_invitation.html"), 410
    return _invitation_page(token, found, of_shop, has_account=has_account)


def _invitation_page(token: str, found: Invitation, of_shop: Shop, *, has_account: bool) -> str:
    me = current_user.email if current_user.is_authenticated else None
    how = "join" if me == found.email else "other" if me else "login" if has_account else "new"
    role = translate(ROLES[found.role])
    return render_template(
        "admin/invitation.html", token=token, found=found, shop_name=of_shop.name, role=role, how=how, me=me, given=request.form
    )


def join(token: str) -> ResponseReturnValue:
    now = deps().now()
    try:
        with writing(deps().engine) as db:
            found, of_shop = _find(db, token)
            if found is None or of_shop is None:
                return render_template("admin/no_invitation.html"), 410
            known = accounts.find_by_email(db, found.email)
            if known is not None and not (current_user.is_authenticated and current_user.email == found.email):
                return redirect(url_for("admin.invitation", token=token))
            user_id = known.user_id if known else _add_user(db, found)
            invitations.accept(db, found, user_id, now)
            joined = accounts.find_account(db, user_id)
    except BadAccount as error:
        flash(gettext("Not saved: %(why)s.", why=explain(error)), "danger")
        return redirect(url_for("admin.invitation", token=token))
    assert joined is not None
    if known is None:
        begin_session(joined)
    flash(gettext("Welcome to %(shop)s.", shop=of_shop.name), "success")
    return redirect(url_for("admin.overview", shop_id=found.shop_id))


def _add_user(db: Connection, found: Invitation) -> int:
    name = request.form.get("name", "").strip()[:100] or found.email.split("@")[0]
    return accounts.add_user(db, found.email, name, request.form.get("new", ""), found.role, [], deps().now(), locale())


def _find(db: Connection, token: str) -> tuple[Invitation | None, Shop | None]:
    found = invitations.find_by_token(db, token, deps().config.secret_key, deps().now())
    return found, find_shop(db, found.shop_id) if found else None
