"""Wires the admin pages and their API onto the app.  The only place where Flask's extensions are set up."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, g, request, url_for
from flask_babel import Babel
from flask_login import LoginManager, current_user
from sqlalchemy import Engine

from tracker import clock
from tracker.clock import Instant
from tracker.config import Config
from tracker.http import (
    accounts,
    api,
    asking_pages,
    audit_pages,
    health_page,
    journey_map_page,
    login,
    mail_choices,
    members,
    menu,
    pages,
    password,
    person_page,
    report_pages,
    second_factor_pages,
    settings_pages,
    setup_page,
    shop_pages,
    token_pages,
    uploads,
)
from tracker.http.deps import EXTENSION, Deps, deps, may
from tracker.http.errors import register_errors
from tracker.http.gate import Number, csrf, guard
from tracker.http.locale import locale, select_locale, translate
from tracker.http.throttle import LoginThrottle
from tracker.reports.table import ENOUGH
from tracker.reports.words import ROLES
from tracker.storage import reading

_PACKAGE = Path(__file__).resolve().parent.parent
_YEAR = 365 * 24 * 3600


def register(app: Flask, engine: Engine, config: Config, *, now: Callable[[], Instant] = clock.now) -> None:
    """Pages at /, the API at /api/v1.  `app` must be Flask("tracker"), whose templates and static files these are."""
    app.extensions[EXTENSION] = Deps(engine, config, now, LoginThrottle())
    app.config.update(
        SECRET_KEY=config.secret_key,
        SESSION_COOKIE_NAME="kunderejse",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.public_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        WTF_CSRF_CHECK_DEFAULT=False,  # the front door and the demo shop take posts from elsewhere; our gate checks ours
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        BABEL_TRANSLATION_DIRECTORIES=str(_PACKAGE / "translations"),
    )
    app.url_map.converters["int"] = Number
    csrf.init_app(app)
    Babel(app, locale_selector=select_locale)
    _register_login(app)
    app.register_blueprint(_blueprint())
    app.register_blueprint(api.blueprint())
    register_errors(app)
    app.add_template_global(_asset, "asset")
    app.after_request(_cache_assets)


def _blueprint() -> Blueprint:
    admin = Blueprint("admin", __name__)
    guard(admin, asks_for_login=True)
    for part in (
        *(login, password, second_factor_pages, members, token_pages, audit_pages, shop_pages, asking_pages, settings_pages),
        *(pages, report_pages, journey_map_page, person_page, health_page, setup_page, uploads, mail_choices),
    ):
        part.add_views(admin)
    admin.app_context_processor(_frame)
    return admin


def _register_login(app: Flask) -> None:
    manager = LoginManager()
    # Not its context processor, which asks the database for whoever is logged in at every template, those of errors too.
    manager.init_app(app, add_context_processor=False)
    app.add_template_global(current_user, "current_user")

    def load(session_id: str) -> accounts.Account | None:
        with reading(deps().engine) as db:
            return accounts.find_session(db, session_id)

    manager.user_loader(load)


def _frame() -> dict[str, Any]:
    """What the frame of every page needs; each only when asked, since error pages must not ask the database."""
    return {
        "locale": locale(),
        "locales": accounts.LOCALES,
        "say_role": lambda role: translate(ROLES[role]),
        "tr": translate,  # of a msgid that comes from a report; `_` would take its percent signs for parameters
        "menu": menu.menu,
        "switcher": menu.switcher,
        "shop": g.get("shop"),
        "demo": deps().config.demo,
        "enough": ENOUGH,
        "may": may,  # what roles.py lets the reader do in this shop
        "api_docs": lambda: url_for("api.docs"),
    }


@lru_cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((_PACKAGE / "static" / name).read_bytes()).hexdigest()[:12]


def _asset(name: str) -> str:
    """The link to a static file; it changes with its content, so browsers may keep it for good."""
    return url_for("static", filename=name, v=_fingerprint(name))


def _cache_assets(response: Response) -> Response:
    if request.endpoint == "static":
        response.headers["X-Content-Type-Options"] = "nosniff"
        if "v" in request.args and response.status_code == 200:
            response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    return response
