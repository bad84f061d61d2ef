"""The application's parts, together and apart, and what a load balancer is told."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from flask import Flask, request, url_for
from sqlalchemy import Engine

from tests.builders import HOST, add_shop
from tests.worker.intake import away, waiting
from tracker import __version__
from tracker.app import create_app, create_door, demo_shop
from tracker.config import Config
from tracker.run import environment_of


def status(app: Flask, path: str) -> int:
    return app.test_client().get(path, follow_redirects=True).status_code


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, demo=True)


def test_all_parts_are_one_application(config: Config, engine: Engine) -> None:
    add_shop(engine)
    app = create_app(config)
    assert {path: status(app, path) for path in ("/k.js", "/login", "/demo/", "/health", "/nowhere")} == {
        "/k.js": 200,
        "/login": 200,
        "/demo/": 200,
        "/health": 200,
        "/nowhere": 404,
    }


@pytest.mark.parametrize(
    ("parts", "served"), [(("collect",), {"/k.js"}), (("admin",), {"/login"}), (("demo",), {"/demo/"}), ((), set())]
)
def test_a_part_alone_serves_its_own_and_its_health(
    config: Config, engine: Engine, parts: tuple[str, ...], served: set[str]
) -> None:
    add_shop(engine)
    app = create_app(config, parts)
    assert {path for path in ("/k.js", "/login", "/demo/") if status(app, path) == 200} == served
    assert status(app, "/health") == 200


def test_the_demo_shop_is_served_only_where_it_was_asked_for(config: Config, engine: Engine) -> None:
    add_shop(engine)
    assert status(create_app(replace(config, demo=False), ("demo",)), "/demo/") == 404


def test_the_demo_shop_is_the_first_there_is(engine: Engine) -> None:
    find = demo_shop(engine)
    assert find() is None
    first, _second = add_shop(engine), add_shop(engine)
    assert find() == first


def test_the_demo_shop_goes_on_while_the_database_is_away(config: Config, engine: Engine) -> None:
    shop = add_shop(engine)
    find = demo_shop(engine)
    assert find() == shop
    engine.dispose()
    with away(config):
        assert find() == shop
        assert demo_shop(engine)() is None  # known to nobody who starts now


def test_the_door_alone_takes_its_settings_from_the_environment(
    config: Config, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(replace(config, script_path="/other.js")).items():
        monkeypatch.setenv(name, value)
    door = create_door()
    assert (status(door, "/other.js"), status(door, "/k.js"), status(door, "/login")) == (200, 404, 404)


def test_the_door_alone_loads_nothing_of_the_rest() -> None:
    program = (
        "import sys, tracker.app; print([name for name in sys.modules if name.startswith(('tracker.demo', 'tracker.http'))])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_health_says_whether_the_database_is_there(config: Config, engine: Engine) -> None:
    engine.dispose()
    with away(config) as back:
        client = create_app(config).test_client()
        answer = client.get("/health")
        assert (answer.status_code, answer.json) == (503, {"status": "database away", "version": __version__})
        assert client.get("/k.js").status_code == 200
        back()
        answer = client.get("/health")
        assert (answer.status_code, answer.json) == (200, {"status": "ok", "version": __version__})


def test_a_door_that_starts_while_the_database_is_away_takes_what_it_knows(config: Config, engine: Engine) -> None:
    shop = add_shop(engine)
    body = {"key": shop.site_key, "event_id": "e", "type": "page_view", "page": {"url": f"https://{HOST}/"}}
    create_app(config, ("collect",))  # leaves a picture of the shops beside the intake files
    engine.dispose()
    with away(config):
        client = create_app(config, ("collect",)).test_client()
        assert client.post("/k", json=body, headers={"Origin": f"https://{HOST}"}).status_code == 202
    assert waiting(config, engine) == 1


@pytest.mark.parametrize(
    ("proxies", "address", "url"),
    [
        (0, "127.0.0.1", "http://localhost/probe"),
        (1, "10.0.0.2", "https://t.example/probe"),
        (2, "203.0.113.9", "https://t.example/probe"),
    ],
)
def test_as_many_proxies_are_believed_as_there_are(config: Config, proxies: int, address: str, url: str) -> None:
    app = create_app(replace(config, trusted_proxies=proxies), ())

    @app.get("/probe")
    def probe() -> list[str]:
        return [str(request.remote_addr), url_for("probe", _external=True)]

    told = {
        "X-Forwarded-For": "203.0.113.9, 10.0.0.2",
        "X-Forwarded-Proto": "https, https",
        "X-Forwarded-Host": "t.example, t.example",
    }
    assert app.test_client().get("/probe", headers=told).json == [address, url]
