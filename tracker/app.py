"""The web application: front door, admin pages and demo shop, together or apart.

`gunicorn 'tracker.app:create_app()'` serves all; `gunicorn 'tracker.app:create_door()'` the front door alone, which then loads
nothing of the rest.
"""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable, Sequence

from flask import Flask, Response, jsonify
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from tracker import __version__, shops
from tracker.collect import survey_pages
from tracker.collect import views as collect_views
from tracker.collect.door import Door
from tracker.config import Config, from_env
from tracker.shops import Shop
from tracker.storage import open_engine

log = logging.getLogger(__name__)

PARTS = ("collect", "admin", "demo")


def create_app(config: Config | None = None, parts: Sequence[str] = PARTS) -> Flask:
    """The application for one process.  The database need not be there: the door works without, the pages say so."""
    config = config or from_env()
    app = Flask("tracker")
    app.config["SECRET_KEY"] = config.secret_key
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    engine = open_engine(config)
    if "collect" in parts:
        door = Door.open(config, engine)
        atexit.register(door.close)
        collect_views.register(app, door)
        app.register_blueprint(survey_pages.blueprint(door))
    if "admin" in parts:
        from tracker.http import admin

        admin.register(app, engine, config)
    if "demo" in parts and config.demo:
        from tracker.demo import views as demo_views

        app.register_blueprint(demo_views.blueprint(config, demo_shop(engine)), url_prefix="/demo")
    _serve_health(app, engine)
    return app


def create_door() -> Flask:
    """The front door alone."""
    return create_app(parts=("collect",))


def demo_shop(engine: Engine) -> Callable[[], Shop | None]:
    """Answers the shop that the demo pages belong to, the first there is; while the database is away, the last known."""
    known: list[Shop] = []

    def find() -> Shop | None:
        try:
            with engine.connect() as db:
                known[:] = shops.all_shops(db)[:1]
        except SQLAlchemyError:
            log.warning("database away, the demo shop goes on with what it knows")
        return known[0] if known else None

    return find


def _serve_health(app: Flask, engine: Engine) -> None:
    @app.get("/health")
    def health() -> tuple[Response, int]:
        """For a load balancer: 200 when pages can be served, 503 while the database is away (the door still accepts)."""
        try:
            with engine.connect() as db:
                db.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return jsonify(status="database away", version=__version__), 503
        return jsonify(status="ok", version=__version__), 200
