"""How fast the pages answer a large shop: the HTML of every page in the menu, reports, templates, login and all.

Asked of the application itself, without a network between.  Told is the p95; the first answer fills caches and is not counted.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from dataclasses import replace

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from bench.lag import percentile
from bench.table import Figure
from tracker import clock
from tracker.config import Config
from tracker.http import accounts, admin
from tracker.http.menu import MENU
from tracker.shops import Shop
from tracker.storage import writing

MOST_MS = 150
ASKED = 15
EMAIL = "owner@bench.example"


def of_pages(where: str, engine: Engine, shop: Shop) -> Iterator[Figure]:
    """Each page of the menu with the period that it opens with, and the heaviest again with a year."""
    app, client = _logged_in(engine, shop)
    gc.collect()
    gc.freeze()  # as tracker/gunicorn_settings.py does
    address = app.url_map.bind("localhost")
    paths = [address.build(endpoint, {"shop_id": shop.shop_id}) for _, _, endpoints in MENU for endpoint in endpoints]
    paths += [f"/shops/{shop.shop_id}/{name}?period=365d" for name in ("overview", "stages", "products")]
    for path in paths:
        yield Figure(f"page {where}, {path.split('/', 3)[-1]}, p95", _ask(client, path), "ms", most=MOST_MS)


def _logged_in(engine: Engine, shop: Shop) -> tuple[Flask, FlaskClient]:
    app = Flask("tracker")
    admin.register(app, engine, replace(Config(), secret_key="of the benchmark"))
    with writing(engine) as db:
        if accounts.find_by_email(db, EMAIL) is None:
            accounts.add_user(db, EMAIL, "Bench", "of the benchmark", "owner", [shop.shop_id], clock.now(), "da")
        account = accounts.find_by_email(db, EMAIL)
    assert account is not None
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"], session["locale"] = account.get_id(), True, "da"
    return app, client


def _ask(client: FlaskClient, path: str) -> float:
    """Milliseconds."""
    times = []
    for _ in range(ASKED + 1):
        started = time.perf_counter()
        answer = client.get(path)
        times.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("Location"))
    return percentile(sorted(times[1:]), 0.95)
