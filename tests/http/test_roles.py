"""What each role may not do: every address of a shop, walked for every role and method, beside the table in roles.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.http.site import add_shop, add_user, logged_in, make_app, token
from tests.http.test_gate import FILLED, routes
from tracker.clock import Instant
from tracker.config import Config
from tracker.http.roles import MAY, NEEDS, RIGHTS, SCOPES, may, needed
from tracker.reports.words import ROLES

pytestmark = pytest.mark.pages

READS = ("GET", "HEAD", "OPTIONS")

# What nobody but an owner may, told once more by hand: the walk below would believe any table.
OWNERS_ALONE = {
    "accounts", "secrets", "tokens", "audit", "settings", "replay", "undo", "erase",
}  # fmt: skip
WRITERS = {"notes", "spend", "order_list", "rules"}


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant) -> Flask:
    own, other = add_shop(engine, now, "Own"), add_shop(engine, now, "Other")
    for role in ROLES:
        add_user(engine, now, own, email=f"{role}@own.example", role=role)
    add_user(engine, now, other, email="stranger@other.example")
    return make_app(engine, config, now)


def of_shop(app: Flask) -> Iterator[tuple[str, str, str]]:
    """(endpoint, method, address) of every view of a shop."""
    for rule, address in routes(app):
        if "shop_id" in rule.arguments:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule.endpoint, method, address


def ask(client: FlaskClient, method: str, address: str) -> int:
    headers = {} if method in READS else {"X-CSRFToken": token(client.get("/profile"))}
    return client.open(address, method=method, headers=headers).status_code


def test_owners_alone_hold_keys_people_and_the_past() -> None:
    for right in RIGHTS:
        expected = {"owner"} if right in OWNERS_ALONE else {"owner", "marketer"} if right in WRITERS else set(ROLES)
        assert {role for role in ROLES if may(role, right)} == expected, right
    assert set(MAY) == set(ROLES)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
def test_a_role_is_refused_exactly_where_the_table_says(app: Flask, role: str) -> None:
    client = logged_in(app, f"{role}@own.example")
    refused = set()
    for endpoint, method, address in of_shop(app):
        right = needed(endpoint, changes=method not in READS)
        assert right is not None, f"{endpoint} changes something and is in no line of NEEDS"
        status = ask(client, method, address)
        assert (status == 403) == (not may(role, right)), f"{method} {address}: {status}"
        if status == 403:
            refused.add(endpoint)
    assert {"admin.members", "admin.settings", "api.erase", "admin.rotate_secret"} <= refused


def test_an_owner_is_refused_nowhere(app: Flask) -> None:
    client = logged_in(app, "owner@own.example")
    for endpoint, method, address in of_shop(app):
        if endpoint not in ("admin.remove_member", "admin.change_role"):  # would change who asks
            assert ask(client, method, address) != 403, address


def test_one_shops_people_never_see_another(app: Flask) -> None:
    """Whatever the method: as if the shop did not exist."""
    stranger = logged_in(app, "stranger@other.example")
    tried = [ask(stranger, method, address) for _, method, address in of_shop(app)]
    assert set(tried) == {404}
    assert len(tried) > 40


def test_a_view_that_was_forgotten_is_closed(engine: Engine, config: Config, now: Instant, app: Flask) -> None:
    assert needed("admin.something_new", changes=True) is None
    assert needed("admin.something_new", changes=False) == "reports"


def test_every_line_of_the_table_is_a_view(app: Flask) -> None:
    views = {endpoint for endpoint, _, _ in of_shop(app)}
    assert set(NEEDS) <= views


def test_scopes_of_tokens_are_rights_and_leave_people_and_keys_out() -> None:
    assert set(SCOPES) <= set(RIGHTS)
    assert not {"accounts", "secrets", "tokens", "audit"} & set(SCOPES)


@pytest.mark.parametrize("role", ROLES)
def test_the_menu_leads_only_where_one_may_go(app: Flask, role: str) -> None:
    client = logged_in(app, f"{role}@own.example")
    page = client.get("/shops/1/stages").text
    for path, right in (("members", "accounts"), ("settings", "settings"), ("audit-log", "audit"), ("tokens", "tokens")):
        assert (f'href="/shops/1/{path}"' in page) == may(role, right), path


def test_addresses_are_filled_for_every_argument(app: Flask) -> None:
    assert all(name in FILLED for rule in app.url_map.iter_rules() for name in rule.arguments)
