"""The gate before every view: logged in, member of the shop named, with a second factor where the shop asks for one, with the
right that the view takes (roles.py), CSRF token on what changes something; headers after it.

A view is closed unless its endpoint is in OPEN; so a forgotten decorator cannot open one.  Programs show an API token instead
of a login: it is asked for each request, so it needs no CSRF token, and it opens addresses of its own shop alone.

A `shop_id` in an address is taken out of the view's arguments: views ask deps.shop(), which is never a shop that the reader may
not see.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from flask_wtf import CSRFProtect
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, Forbidden, NotFound, Unauthorized
from werkzeug.routing import IntegerConverter, Map

from tracker.http import tokens
from tracker.http.deps import account, deps, find_own_shop, may
from tracker.http.roles import needed
from tracker.http.signed import is_signed, signed_shop
from tracker.shops import find_shop
from tracker.storage import reading, writing

OPEN = frozenset(
    {
        "admin.login", "admin.second_factor", "admin.forgotten_password", "admin.new_password", "admin.invitation",
        "admin.join_by_invitation", "admin.unsubscribe",
    }
)  # fmt: skip
BY_LINK_ALONE = frozenset({"admin.unsubscribe"})  # posted to by mail programs, which have no token: the address is the proof
OF_NO_SHOP = frozenset({"api.openapi"})  # what a token opens beside the addresses of its shop
READS = frozenset({"GET", "HEAD", "OPTIONS"})
SIGNED = frozenset({"api.upload_order_list"})  # take a file; for these the shop's own server needs no login

# Styles may be inline: the charting library positions its tooltips so.  Scripts may not.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

MAX_BODY_BYTES = 12_000_000  # of what is posted here; asked before a form is read

csrf = CSRFProtect()


class Number(IntegerConverter):
    """An `int` of an address: no view gets one that a database cannot hold; there is no such page."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=2**63 - 1)


def guard(blueprint: Blueprint, *, asks_for_login: bool) -> None:
    """Every view of the blueprint.  Pages lead to the login; the API answers 401."""

    @blueprint.url_value_preprocessor
    def name_shop(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.shop_id = (values or {}).pop("shop_id", None)

    @blueprint.before_request
    def enter() -> ResponseReturnValue | None:
        request.max_content_length = MAX_BODY_BYTES
        _refuse_nul(form=asks_for_login)
        if request.endpoint in SIGNED:
            request.get_data()  # kept as it came, before anybody looks for a form in it
            if is_signed():
                g.shop = signed_shop(g.shop_id)
                return None
        if not asks_for_login and request.authorization and request.authorization.type == "bearer":
            _enter_by_token(request.authorization.token or "")
            return None
        if request.endpoint not in BY_LINK_ALONE:
            csrf.protect()
        if request.endpoint in OPEN:
            return None
        if not current_user.is_authenticated:
            if not asks_for_login:
                raise Unauthorized
            return redirect(url_for("admin.login", next=_here()))
        if g.shop_id is not None:
            g.shop = find_own_shop(g.shop_id)
            if g.shop.settings.two_factor and not account().has_second_factor:
                if not asks_for_login:
                    raise Forbidden
                flash(
                    gettext("%(shop)s asks its members to use two-factor login. Set it up here first.", shop=g.shop.name),
                    "info",
                )
                return redirect(url_for("admin.two_factor"))
            _check_right()
        return None

    @blueprint.after_request
    def protect(response: Response) -> Response:
        return with_headers(response)


def _refuse_nul(*, form: bool) -> None:
    """Raises BadRequest: PostgreSQL keeps no text with a NUL, and nobody types one.

    Bodies of the API are left alone: whoever reads them must still find them.
    """
    told = [request.path, *_values(request.args), *(_values(request.form) if form else ())]
    if any("\0" in text for text in told):
        raise BadRequest


def _values(given: MultiDict[str, str]) -> Iterator[str]:
    return (text for _, text in given.items(multi=True))


def _enter_by_token(text: str) -> None:
    """Raises Unauthorized, NotFound for another shop, and Forbidden beyond its scopes."""
    now = deps().now()
    with reading(deps().engine) as db:
        found = tokens.find(db, text, now)
        own = find_shop(db, found.shop_id) if found else None
    if found is None or own is None:
        raise Unauthorized
    g.token = found
    if g.shop_id is None and request.endpoint not in OF_NO_SHOP:
        raise Forbidden
    if g.shop_id is not None:
        if g.shop_id != found.shop_id:
            raise NotFound
        g.shop = own
        _check_right()
    if tokens.is_seldom_noted(found, now):
        with writing(deps().engine) as db:
            tokens.note_use(db, found, now)


def _check_right() -> None:
    """Raises Forbidden."""
    right = needed(request.endpoint, changes=request.method not in READS)
    if right is None or not may(right):
        raise Forbidden


def _here() -> str | None:
    """Where to go on after the login; a form that was sent is not repeated."""
    if request.method != "GET":
        return None
    return request.full_path if request.query_string else request.path


def with_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")  # personal data stays out of caches
    return response


def safe_next(target: str | None) -> str | None:
    """The target when it is a path of ours; None for what leads elsewhere."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    return target if target.isprintable() and not any(c.isspace() for c in target) else None
