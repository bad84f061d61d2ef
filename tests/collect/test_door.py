"""The front door through its routes: what comes in, what is answered, what lies in the intake."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine

from tests.collect.serving import PHONE, build, event_ids, opened, page_view, rows
from tracker import clock, storage
from tracker.clock import DAY, SECOND
from tracker.collect.directory import Directory
from tracker.collect.door import Door
from tracker.collect.intake import IntakeWriter
from tracker.collect.signature import HEADER, sign
from tracker.collect.views import SCRIPT
from tracker.config import Config
from tracker.events.catalog import CATALOG
from tracker.shops import Shop, ShopSettings, add_shop, rotate_secret

Post = Callable[..., Any]


@pytest.fixture
def shop(engine: Engine) -> Shop:
    with storage.writing(engine) as db:
        return add_shop(db, "Kjoler", ("shop.dk",), clock.now())


@pytest.fixture
def other_shop(engine: Engine, shop: Shop) -> Shop:
    with storage.writing(engine) as db:
        return add_shop(db, "Sko", ("sko.dk",), clock.now(), ShopSettings(consent_unknown="statistics"))


@pytest.fixture
def door(config: Config, shop: Shop, other_shop: Shop) -> Iterator[Door]:
    with opened(config) as door:
        yield door


@pytest.fixture
def client(config: Config, door: Door) -> FlaskClient:
    return build(config, door).test_client()


@pytest.fixture
def post(client: FlaskClient) -> Post:
    """post(body, **headers) -> (status, answer, headers)"""

    def send(body: Any, signed: str | None = None, at: int | None = None, **headers: str) -> tuple[int, Any, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "text/plain", "User-Agent": PHONE, "Origin": "https://shop.dk"}
        if signed is not None:
            given = {HEADER: sign(signed, raw, clock.now() // SECOND if at is None else at)}
        response = client.post("/k", data=raw, headers={**given, **{name.replace("_", "-"): v for name, v in headers.items()}})
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.content_type == "application/json"
        return response.status_code, response.get_json(), response.headers

    return send


def settled(config: Config, door: Door) -> list[dict[str, Any]]:
    """The rows, with the counts that wait for the tending thread."""
    door._flush(clock.now())
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and not rows(config):
        time.sleep(0.01)
    return rows(config)


def refused_as(answer: Any) -> str:
    (one,) = answer["refused"]
    return str(one["reason"])


# --- the good ways


def test_one_event_is_accepted_and_lies_in_the_intake(config: Config, shop: Shop, post: Post) -> None:
    before = clock.now()
    status, answer, _ = post({"key": shop.site_key, "consent": "statistics", "visitor_key": "v1", **page_view(event_id="e1")})
    assert (status, answer) == (202, {"accepted": 1, "refused": [], "ignored_fields": []})
    (row,) = rows(config)
    assert row["shop_id"] == shop.shop_id
    assert before <= row["received_at"] <= clock.now()
    (event,) = row["events"]
    assert (event["event_id"], event["visitor_key"], event["user_agent"]) == ("e1", "v1", PHONE)
    assert set(row) == {"shop_id", "received_at", "events"}


def test_a_batch_keeps_the_good_and_names_the_bad(config: Config, shop: Shop, post: Post) -> None:
    late = {"occurred_at": clock.now() - 31 * DAY}
    events = [page_view(event_id="good"), {"type": "page_view"}, "text", page_view(event_id="late", **late), page_view(nope=1)]
    status, answer, _ = post({"key": shop.site_key, "consent": "statistics", "events": events, "nope": 2})
    assert status == 202
    assert answer["accepted"] == 2
    named = [(one["index"], one.get("event_id"), one["reason"]) for one in answer["refused"]]
    assert named == [(1, None, "invalid"), (2, None, "invalid"), (3, "late", "too_old")]
    assert answer["ignored_fields"] == ["nope", "events[4].nope"]
    (row,) = rows(config)
    assert row["refused"] == {"invalid": 2, "too_old": 1}
    assert row["ignored"] == {"nope": 2}
    assert [event["event_id"] for event in row["events"]] == ["good", events[4]["event_id"]]


def test_every_type_of_the_catalogue_comes_in_from_who_may_send_it(config: Config, shop: Shop, post: Post) -> None:
    examples = [{**kind.example, "type": name, "event_id": f"x-{name}"} for name, kind in CATALOG.items()]
    now = {"sent_at": clock.now(), "consent": "statistics"}
    events = [{**example, "occurred_at": clock.now()} for example in examples]
    status, answer, _ = post({"key": shop.site_key, **now, "events": events}, signed=shop.secret)
    accepted = {event["type"] for row in rows(config) for event in row["events"]}
    assert status == 202
    assert accepted == {name for name, kind in CATALOG.items() if "server" in kind.sent_by}
    assert {one["event_id"].removeprefix("x-") for one in answer["refused"]} == CATALOG.keys() - accepted


def test_the_same_event_twice_at_once_is_accepted_twice_and_left_to_the_pipeline(
    config: Config, shop: Shop, door: Door
) -> None:
    raw = json.dumps({"key": shop.site_key, "consent": "statistics", **page_view(event_id="same")}).encode()
    statuses: list[int] = []

    def send() -> None:
        statuses.append(build(config, door).test_client().post("/k", data=raw).status_code)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [202, 202]
    assert event_ids(config) == ["same", "same"]


# --- consent


def test_none_is_counted_and_nothing_else_is_kept(config: Config, shop: Shop, post: Post) -> None:
    events = [page_view(event_id="secret-1"), page_view(event_id="secret-2"), page_view(event_id="open", consent="anonymous")]
    envelope = {"key": shop.site_key, "consent": "none", "visitor_key": "secret-3", "email": "secret@example.dk"}
    status, answer, _ = post({**envelope, "events": events})
    assert (status, answer["accepted"]) == (202, 3)
    (row,) = rows(config)
    assert row["counted"] == {"page_view": 2}
    assert [event["event_id"] for event in row["events"]] == ["open"]
    assert "secret" not in json.dumps(row)


def test_an_unknown_level_is_what_the_shop_decided(config: Config, shop: Shop, other_shop: Shop, post: Post) -> None:
    post({"key": shop.site_key, "visitor_key": "v1", "email": "a@b.dk", **page_view()})
    post({"key": other_shop.site_key, "visitor_key": "v2", **page_view()}, Origin="https://sko.dk")
    first, second = (row["events"][0] for row in rows(config))
    assert (first.get("visitor_key"), first.get("email"), first["consent"]) == (None, None, 1)
    assert len(first["anonymous_key"]) == 16
    assert (second.get("visitor_key"), second.get("anonymous_key")) == ("v2", None)


def test_global_privacy_control_is_heard(config: Config, shop: Shop, post: Post) -> None:
    post({"key": shop.site_key, "consent": "marketing", **page_view()}, Sec_GPC="1")
    post({"key": shop.site_key, "consent": "marketing", **page_view()})
    assert [row["events"][0].get("consent", 2) for row in rows(config)] == [2, 3]


def test_the_address_is_nowhere_on_the_disk(config: Config, shop: Shop, engine: Engine) -> None:
    address = "203.0.113.77"
    trusting = replace(config, trusted_proxies=1)
    with opened(trusting) as door:
        client = build(trusting, door).test_client()
        for level in ("none", "anonymous", "statistics", "marketing", "bad"):
            for body in ({"key": shop.site_key, "consent": level, **page_view()}, {"key": "pk_wrong"}, "not an object"):
                client.post("/k", json=body, headers={"X-Forwarded-For": address})
        door._flush(clock.now())
    held = [path for path in Path(config.data_dir).rglob("*") if path.is_file()]
    assert len(held) >= 3
    assert not [path for path in held if address.encode() in path.read_bytes()]


# --- who it is


def test_a_key_that_names_no_shop(config: Config, door: Door, post: Post) -> None:
    for key in ("pk_wrong", "", None, 1, ["pk"]):
        status, answer, _ = post({"key": key, **page_view()})
        assert (status, refused_as(answer)) == (401, "unknown_key")
    (row,) = settled(config, door)
    assert (row["shop_id"], row["refused"]) == (0, {"unknown_key": 5})


def test_a_new_shop_is_known_within_seconds(config: Config, engine: Engine, post: Post) -> None:
    with storage.writing(engine) as db:
        new = add_shop(db, "Ny", (), clock.now())
    deadline = time.monotonic() + 10
    while post({"key": new.site_key, **page_view()})[0] == 401:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("origin", "status"), [("https://www.shop.dk", 202), ("null", 202), ("https://sko.dk", 403), ("https://shop.dk.evil", 403)]
)
def test_origin(origin: str, status: int, config: Config, shop: Shop, door: Door, post: Post) -> None:
    answered, answer, _ = post({"key": shop.site_key, **page_view()}, Origin=origin)
    assert answered == status
    if status == 403:
        assert refused_as(answer) == "wrong_origin"
        (row,) = settled(config, door)
        assert (row["shop_id"], row["refused"]) == (shop.shop_id, {"wrong_origin": 1})


def test_no_origin_is_accepted(client: FlaskClient, shop: Shop) -> None:
    assert client.post("/k", json={"key": shop.site_key, **page_view()}).status_code == 202


def order(**fields: Any) -> dict[str, Any]:
    return {**CATALOG["purchase"].example, "type": "purchase", "event_id": "o1", "occurred_at": clock.now(), **fields}


def test_money_comes_signed(config: Config, shop: Shop, post: Post) -> None:
    status, answer, _ = post({"key": shop.site_key, **order(email="Kirsten@Example.dk")}, signed=shop.secret)
    assert (status, answer["accepted"]) == (202, 1)
    (event,) = rows(config)[0]["events"]
    assert event["source"] == "server"
    assert event["email"] == "kirsten@example.dk"
    assert event["data"]["items"]
    assert "user_agent" not in event


def test_a_browsers_purchase_is_a_sighting(config: Config, shop: Shop, post: Post) -> None:
    post({"key": shop.site_key, "consent": "statistics", "visitor_key": "v1", **order()})
    (event,) = rows(config)[0]["events"]
    assert event["order_key"] == order()["data"]["transaction_id"]
    assert "source" not in event
    assert "value" not in event.get("data", {})
    assert "items" not in event.get("data", {})


def test_a_browser_may_not_say_that_an_order_was_paid(config: Config, shop: Shop, door: Door, post: Post) -> None:
    paid = {**CATALOG["order_paid"].example, "type": "order_paid", "event_id": "p1"}
    status, answer, _ = post({"key": shop.site_key, **paid})
    assert (status, answer["accepted"], refused_as(answer)) == (202, 0, "not_from_browser")
    (row,) = settled(config, door)
    assert row == {"shop_id": shop.shop_id, "received_at": row["received_at"], "refused": {"not_from_browser": 1}}


def test_another_shops_secret_does_not_sign(shop: Shop, other_shop: Shop, post: Post) -> None:
    status, answer, _ = post({"key": shop.site_key, **order()}, signed=other_shop.secret)
    assert (status, refused_as(answer)) == (401, "bad_signature")


def test_both_secrets_sign_during_a_rotation(engine: Engine, shop: Shop, post: Post, door: Door) -> None:
    with storage.writing(engine) as db:
        new = rotate_secret(db, shop.shop_id, clock.now())
    door._directory.refresh(clock.now())
    assert post({"key": shop.site_key, **order(event_id="a")}, signed=new)[0] == 202
    assert post({"key": shop.site_key, **order(event_id="b")}, signed=shop.secret)[0] == 202


def test_a_signature_works_once_and_not_for_long(config: Config, shop: Shop, post: Post) -> None:
    body, at = {"key": shop.site_key, **order()}, clock.now() // SECOND
    assert post(body, signed=shop.secret, at=at)[0] == 202
    status, answer, _ = post(body, signed=shop.secret, at=at)
    assert (status, refused_as(answer)) == (401, "stale_signature")
    status, answer, _ = post(body, signed=shop.secret, at=at - 301)
    assert (status, refused_as(answer)) == (401, "stale_signature")
    assert event_ids(config) == ["o1"]


def test_a_server_is_told_of_fields_nobody_knows(config: Config, shop: Shop, post: Post) -> None:
    body = {"key": shop.site_key, "events": [order()], "nope": 1}
    status, answer, _ = post(body, signed=shop.secret)
    assert (status, refused_as(answer)) == (400, "invalid")
    assert "nope" in json.dumps(answer)
    body.pop("nope")
    assert post(body, signed=shop.secret)[0] == 202


# --- too much


def test_five_megabytes(shop: Shop, post: Post) -> None:
    status, answer, _ = post(b'{"key":"' + b"a" * 5_000_000 + b'"}')
    assert (status, refused_as(answer)) == (413, "too_big")


def test_ten_thousand_events(shop: Shop, post: Post) -> None:
    status, answer, _ = post({"key": shop.site_key, "events": [{"a": 1}] * 10_000})
    assert (status, refused_as(answer)) == (400, "too_many")


@pytest.mark.parametrize(
    "raw",
    [b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":"\\ud800"}', gzip.compress(b"{}")],
    ids=["cut", "utf8", "deep", "half", "gzip"],
)
def test_what_is_no_json(raw: bytes, config: Config, door: Door, post: Post) -> None:
    status, answer, _ = post(raw)
    assert (status, refused_as(answer)) == (400, "not_json")
    (row,) = settled(config, door)
    assert (row["shop_id"], row["refused"]) == (0, {"not_json": 1})


def test_a_compressed_body_is_said_to_be_one(post: Post) -> None:
    status, answer, _ = post(gzip.compress(b"{}"), Content_Encoding="gzip")
    assert status == 400
    assert "Content-Encoding" in answer["refused"][0]["detail"]


def test_a_key_has_a_rate_apart_for_browsers_and_for_the_server(config: Config, shop: Shop, engine: Engine) -> None:
    slow = replace(config, rate_per_key=2)
    with opened(slow) as door:
        client = build(slow, door).test_client()
        answers = [client.post("/k", json={"key": shop.site_key, **page_view()}) for _ in range(50)]
        assert [answer.status_code for answer in answers] == [202] * 2 + [429] * 48
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert refused_as(answers[-1].get_json()) == "rate_limited"
        raw = json.dumps({"key": shop.site_key, **order()}).encode()
        assert client.post("/k", data=raw, headers={HEADER: sign(shop.secret, raw, clock.now() // SECOND)}).status_code == 202
    found = rows(config)
    assert sum(row.get("refused", {}).get("rate_limited", 0) for row in found) == 48
    assert len(found) <= 6  # three events; the refusals share a row or, across a second, two


def test_an_address_has_a_rate_that_good_signatures_do_not_use_up(config: Config, shop: Shop, engine: Engine) -> None:
    slow = replace(config, rate_per_address=3)
    with opened(slow) as door:
        client = build(slow, door).test_client()

        def signed(secret: str, number: int) -> int:
            raw = json.dumps({"key": shop.site_key, **order(event_id=f"o{number}")}).encode()
            return client.post("/k", data=raw, headers={HEADER: sign(secret, raw, clock.now() // SECOND)}).status_code

        assert [signed(shop.secret, number) for number in range(5)] == [202] * 5
        assert [signed("guessed", number) for number in range(5)] == [401] * 3 + [429] * 2
        assert client.post("/k", json={"key": shop.site_key, **page_view()}).status_code == 429
        elsewhere = {"REMOTE_ADDR": "198.51.100.1"}
        assert client.post("/k", json={"key": shop.site_key, **page_view()}, environ_overrides=elsewhere).status_code == 202


def test_of_a_log_the_crawlers_are_taken_and_the_people_are_named_as_refused(config: Config, shop: Shop, post: Post) -> None:
    visit = {"type": "crawler_visit", "page": {"url": "https://shop.dk/kjoler"}}
    agents = ("GPTBot/1.2", PHONE, "curl/8.5.0")
    events = [{**visit, "event_id": f"v{number}", "user_agent": agent} for number, agent in enumerate(agents)]
    status, answer, _ = post({"key": shop.site_key, "events": events}, signed=shop.secret)
    assert (status, answer["accepted"]) == (202, 2)
    assert [(one["index"], one["reason"], list(one["detail"]["fields"])) for one in answer["refused"]] == [
        (1, "invalid", ["user_agent"])
    ]
    [row] = rows(config)
    assert [event["bot"] for event in row["events"]] == ["ai:GPTBot", "library"]
    assert (row["refused"], PHONE in str(row)) == ({"invalid": 1}, False)


def test_names_of_unknown_fields_do_not_fill_the_counts(config: Config, shop: Shop, post: Post) -> None:
    for request in range(30):
        names = {f"f{request}x{number}": 1 for number in range(15)}
        post({"key": shop.site_key, "consent": "statistics", **page_view(**names)})
    counts = {name for row in rows(config) for name in row["ignored"]}
    assert len(counts) == 201
    assert sum(sum(row["ignored"].values()) for row in rows(config)) == 30 * 15


# --- when things are away


def test_a_disk_that_takes_nothing_is_503_and_the_signature_stays_good(config: Config, shop: Shop, engine: Engine) -> None:
    config.intake_dir.write_text("in the way")
    with opened(config) as door:
        client = build(config, door).test_client()
        raw = json.dumps({"key": shop.site_key, **order()}).encode()
        headers = {HEADER: sign(shop.secret, raw, clock.now() // SECOND)}
        answer = client.post("/k", data=raw, headers=headers)
        assert (answer.status_code, answer.get_json()) == (503, {"error": "unavailable"})
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
        config.intake_dir.unlink()
        deadline = time.monotonic() + 10
        while client.post("/k", data=raw, headers=headers).status_code == 503:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert event_ids(config) == ["o1"]


def test_while_no_shop_was_ever_known_the_door_says_503_and_not_unknown(config: Config, tmp_path: Path) -> None:
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    door = Door(config, Directory(tmp_path / "directory.json", away), IntakeWriter(config.intake_dir, 0))
    answer = build(config, door).test_client().post("/k", json={"key": "pk_some", **page_view()})
    assert answer.status_code == 503
    door.close()


def test_with_a_snapshot_the_door_opens_while_the_database_is_away(config: Config, shop: Shop, engine: Engine) -> None:
    with opened(config):
        pass
    door = Door.open(config, create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    answer = build(config, door).test_client().post("/k", json={"key": shop.site_key, "consent": "statistics", **page_view()})
    assert answer.status_code == 202
    door.close()
    assert len(event_ids(config)) == 1


# --- what else is asked of the path


def test_preflight(client: FlaskClient) -> None:
    asked = {"Origin": "https://shop.dk", "Access-Control-Request-Method": "POST"}
    answer = client.options("/k", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_other_methods(client: FlaskClient, method: str) -> None:
    answer = client.open("/k", method=method)
    assert answer.status_code == 405
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_fault_of_ours_is_an_answer_too(door: Door, shop: Shop, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Door, "_row")
    status, answer, _ = post({"key": shop.site_key, **page_view()})
    assert (status, answer) == (500, {"error": "internal"})


def test_the_paths_are_settings(config: Config, shop: Shop, engine: Engine) -> None:
    moved = replace(config, collect_path="/here")
    with opened(moved) as door:
        client = build(moved, door).test_client()
        assert client.post("/here", json={"key": shop.site_key, **page_view()}).status_code == 202
        assert client.post("/k").status_code == 404


def test_the_snippet_is_served(client: FlaskClient) -> None:
    answer = client.get("/k.js")
    assert answer.status_code == 200
    for name, value in SCRIPT.items():
        assert answer.headers[name] == value
    again = client.get("/k.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    packed = client.get("/k.js", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == answer.data
    assert client.post("/k.js").status_code == 405


# --- the shop's own people, and clocks


def test_a_browser_of_the_office_is_staff_and_its_address_is_kept_by_nobody(config: Config, engine: Engine) -> None:
    with storage.writing(engine) as db:
        shop = add_shop(db, "Hatte", ("shop.dk",), clock.now(), ShopSettings(excluded_networks=("203.0.113.0/24",)))
    with opened(config) as door:
        client = build(config, door).test_client()
        for address in ("203.0.113.9", "198.51.100.9"):
            body = {"key": shop.site_key, "consent": "statistics", "visitor_key": "v1", **page_view()}
            headers = {"User-Agent": PHONE}
            answer = client.post("/k", json=body, headers=headers, environ_overrides={"REMOTE_ADDR": address})
            assert answer.status_code == 202
        raw = json.dumps({"key": shop.site_key, **page_view()}).encode()
        signature = sign(shop.secret, raw, clock.now() // SECOND)
        client.post("/k", data=raw, headers={HEADER: signature}, environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
        told = [(event.get("source"), event.get("bot")) for row in rows(config) for event in row["events"]]
        assert told == [(None, "staff"), (None, None), ("server", None)]
    held = [path for path in Path(config.data_dir).rglob("*") if path.is_file()]
    assert not [path for path in held if b"203.0.113.9" in path.read_bytes()]


@pytest.mark.parametrize(("off", "corrected"), [(50, None), (-50, None), (62, 2), (-90, 2)])
def test_events_whose_senders_clock_is_wrong_are_counted(
    config: Config, shop: Shop, post: Post, off: int, corrected: int | None
) -> None:
    sent_at = clock.now() - off * SECOND
    events = [page_view(occurred_at=sent_at), page_view(occurred_at=sent_at)]
    assert post({"key": shop.site_key, "sent_at": sent_at, "events": events})[1]["accepted"] == 2
    (row,) = rows(config)
    assert row.get("corrected") == corrected
