"""The pages behind survey links: what a click keeps, what it does not, and what is said when it cannot."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy import Engine, create_engine, select
from werkzeug.test import TestResponse

from tests.builders import work_in
from tests.collect.serving import Collector, event_ids, opened, rows
from tests.worker.intake import away
from tracker import clock, storage
from tracker import tables as t
from tracker.app import create_app
from tracker.clock import DAY
from tracker.collect.directory import Directory
from tracker.collect.door import Door
from tracker.collect.intake import IntakeFiles, IntakeWriter
from tracker.collect.survey_pages import SCRIPT, WORDS, blueprint
from tracker.config import Config
from tracker.shops import Shop, ShopSettings, add_shop, rotate_secret
from tracker.surveys import link

PERSON = "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
HEADLESS = PERSON.replace("Chrome", "HeadlessChrome")
ABOUT = {"survey_id": "efter-levering", "type": "nps", "question": "Vil du anbefale os?", "stage": "delivery"}
ORDER = {**ABOUT, "transaction_id": "10042", "item_id": "KJ-1", "item_name": "Kjole Vilma"}


@pytest.fixture
def shop(engine: Engine) -> Shop:
    with storage.writing(engine) as db:
        return add_shop(db, "Kjoler & <b>Co</b>", ("shop.dk",), clock.now())


@pytest.fixture
def other_shop(engine: Engine, shop: Shop) -> Shop:
    with storage.writing(engine) as db:
        return add_shop(db, "Sko", ("sko.dk",), clock.now(), ShopSettings(locale="sv"))


@pytest.fixture
def door(config: Config, shop: Shop, other_shop: Shop) -> Iterator[Door]:
    with opened(config) as door:
        yield door


def client_of(door: Door) -> FlaskClient:
    app = Flask(__name__)
    app.register_blueprint(blueprint(door))
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = PERSON
    return client


@pytest.fixture
def client(door: Door) -> FlaskClient:
    return client_of(door)


def path_of(shop: Shop, about: dict[str, Any] | None = None, age: int = 0, **named: Any) -> str:
    return link("/q", shop, about or ORDER, clock.now() - age, **{"customer_key": "318", **named})


def form_of(page: TestResponse, **given: str) -> dict[str, str]:
    """What the page's form sends: hidden fields, the chosen score, and what is given."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page.text))
    chosen = re.search(r'name="score" value="(\d+)" required checked>', page.text)
    return {**hidden, **({"score": chosen[1]} if chosen else {}), **given}


def click(client: FlaskClient, path: str, score: int, **headers: str) -> TestResponse:
    """As a browser with scripts: opens the link of a score, and its page sends itself.  The page after that."""
    page = client.get(f"{path}?score={score}", headers=headers)
    assert page.status_code == 200 and SCRIPT in page.text
    return client.post(path, data=form_of(page))


def answers(config: Config) -> list[dict[str, Any]]:
    return [event for row in rows(config) for event in row.get("events", [])]


# --- a click


def test_a_click_is_an_answer_as_if_the_shops_server_had_told_it(config: Config, shop: Shop, client: FlaskClient) -> None:
    before = clock.now()
    page = click(client, path_of(shop), 9)
    assert page.status_code == 200 and WORDS["da"].thanks in page.text and WORDS["da"].why in page.text
    (row,) = rows(config)
    assert row["shop_id"] == shop.shop_id
    (event,) = row["events"]
    assert (event["type"], event["source"], event["order_key"], event["customer_key"]) == (
        "survey_submitted",
        "server",
        "10042",
        "318",
    )
    assert before <= event["occurred_at"] == event["received_at"] <= clock.now()
    answer_id = event["data"].pop("answer_id")
    about = {name: value for name, value in ORDER.items() if name != "transaction_id"}
    assert event["data"] == {**about, "score": 9}
    assert event["event_id"].startswith(f"survey:{answer_id}:")
    assert event.keys().isdisjoint({"visitor_key", "user_agent", "anonymous_key", "country", "page"})


def test_an_answer_from_the_shops_own_network_is_flagged_as_its_staffs(config: Config, engine: Engine, shop: Shop) -> None:
    with storage.writing(engine) as db:
        networks = ShopSettings(excluded_networks=("203.0.113.0/24",))
        office = add_shop(db, "Kontor", ("kontor.dk",), clock.now(), networks)
    with opened(config) as door:
        client = client_of(door)
        for address in ("203.0.113.9", "198.51.100.9"):
            client.environ_base["REMOTE_ADDR"] = address
            assert click(client, path_of(office), 9).status_code == 200
    assert [answer.get("bot") for answer in answers(config)] == ["staff", None]


def test_opening_keeps_nothing_however_often_and_by_whom(config: Config, shop: Shop, client: FlaskClient, door: Door) -> None:
    """Scanners open every link of a mail, several times, from several places."""
    path = path_of(shop)
    for agent in (PERSON, HEADLESS, "", "BarracudaCentral", "python-requests/2.32", "GoogleImageProxy"):
        for score in ("", *(f"?score={score}" for score in range(11)), "?score=11", "?score=x"):
            for method in ("GET", "HEAD"):
                assert client.open(path + score, method=method, headers={"User-Agent": agent}).status_code == 200
    door._flush(clock.now())
    click(client, path, 9)  # returns when all before it is on the disk
    assert [list(row) for row in rows(config)] == [["shop_id", "received_at", "events"]]


def test_the_page_sends_itself_only_with_a_score_and_for_who_does_not_say_it_is_a_machine(
    shop: Shop, client: FlaskClient
) -> None:
    path = path_of(shop)
    assert SCRIPT in client.get(f"{path}?score=0").text
    for score, agent in (
        ("", PERSON),
        ("?score=11", PERSON),
        ("?score=9", HEADLESS),
        ("?score=9", ""),
        ("?score=9", "curl/8.5.0"),
    ):
        page = client.get(path + score, headers={"User-Agent": agent})
        assert "<script" not in page.text
        assert "<button>" in page.text


def test_without_a_score_in_the_link_it_is_chosen_on_the_page(config: Config, shop: Shop, client: FlaskClient) -> None:
    path = path_of(shop, {**ORDER, "type": "csat"})
    page = client.get(path)
    assert re.findall(r'name="score" value="(\d+)"', page.text) == ["1", "2", "3", "4", "5"]
    assert "score" not in form_of(page), "none is chosen for them"
    assert client.post(path, data=form_of(page, score="4")).status_code == 200
    assert [event["data"]["score"] for event in answers(config)] == [4]


def test_why_is_a_second_event_about_the_same_answer(config: Config, shop: Shop, client: FlaskClient) -> None:
    path = path_of(shop)
    thanks = click(client, path, 9)
    end = client.post(path, data=form_of(thanks, answer="  Hurtig levering\r\nog pænt pakket  "))
    assert end.status_code == 200 and WORDS["da"].close in end.text and "<form" not in end.text
    first, second = answers(config)
    assert second["data"] == {**first["data"], "answer": "Hurtig levering og pænt pakket"}
    assert second["event_id"] != first["event_id"]


def test_why_may_be_left_empty(config: Config, shop: Shop, client: FlaskClient) -> None:
    path = path_of(shop)
    end = client.post(path, data=form_of(click(client, path, 9), answer=" "))
    assert WORDS["da"].close in end.text
    assert ["answer" in event["data"] for event in answers(config)] == [False, False]


# --- one answer


def stored(engine: Engine, config: Config, shop: Shop) -> list[str]:
    """The shop's events once all that was accepted is worked in."""
    files = IntakeFiles(config.intake_dir)
    work_in(engine, shop, *files.read(1_000))
    files.close()
    with engine.connect() as db:
        c = t.events.c
        return list(db.execute(select(c.event_id).where(c.shop_id == shop.shop_id).order_by(c.occurred_at)).scalars())


def test_a_form_that_is_sent_twice_is_one_event(config: Config, engine: Engine, shop: Shop, client: FlaskClient) -> None:
    path = path_of(shop)
    form = form_of(client.get(f"{path}?score=9"))
    assert [client.post(path, data=form).status_code for _ in range(3)] == [200] * 3
    assert len(stored(engine, config, shop)) == 1


def test_a_correction_is_an_event_about_the_same_answer_and_the_last_one(
    config: Config, engine: Engine, shop: Shop, client: FlaskClient
) -> None:
    """By the mail's other link, by the page's own row of numbers, by the mail that reminds; back to the first one, too."""
    path = path_of(shop)
    thanks = click(client, path, 9)
    client.post(path, data=form_of(thanks, score="3"))
    click(client, path_of(shop, age=DAY), 10)
    click(client, path, 9)
    told = answers(config)
    assert [event["data"]["score"] for event in told] == [9, 3, 10, 9]
    assert len({event["data"]["answer_id"] for event in told}) == 1
    assert len({event["event_id"] for event in told}) == 4
    assert stored(engine, config, shop) == [event["event_id"] for event in told]


def test_an_answer_belongs_to_the_person_of_its_order(config: Config, engine: Engine, shop: Shop, client: FlaskClient) -> None:
    click(client, path_of(shop, customer_key=None), 9)
    click(client, path_of(shop, {**ABOUT, "survey_id": "q3"}), 8)
    stored(engine, config, shop)
    with engine.connect() as db:
        links = db.execute(select(t.links.c.kind, t.links.c.key).where(t.links.c.shop_id == shop.shop_id)).all()
    assert sorted(tuple(one) for one in links) == [("customer", "318"), ("order", "10042")]


@pytest.mark.parametrize("form_id", ["", "x", "a" * 9, "æøå-æøå-", "a:b:c:d:", "\x00" * 8])
def test_a_form_without_its_id_is_one_of_its_own(config: Config, shop: Shop, client: FlaskClient, form_id: str) -> None:
    path = path_of(shop)
    assert [client.post(path, data={"score": "9", "form_id": form_id}).status_code for _ in range(2)] == [200] * 2
    assert len(set(event_ids(config))) == 2


# --- links that are none


def counted(config: Config, door: Door, total: int) -> dict[int, Counter[str]]:
    """The refusals by shop, once so many have reached the intake; the door writes them each second."""
    deadline = time.monotonic() + 10
    while True:
        door._flush(clock.now())
        found: dict[int, Counter[str]] = defaultdict(Counter)
        for row in rows(config):
            found[row["shop_id"]].update(row.get("refused", {}))
        if sum(counts.total() for counts in found.values()) >= total or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def test_what_is_wrong_with_a_link_is_said_and_counted(
    config: Config, engine: Engine, shop: Shop, other_shop: Shop, door: Door, client: FlaskClient
) -> None:
    with storage.writing(engine) as db:
        rotate_secret(db, other_shop.shop_id, clock.now())
        rotate_secret(db, other_shop.shop_id, clock.now())
    door._directory.refresh(clock.now())
    good, said = path_of(shop), WORDS["en"]
    theirs = path_of(other_shop).replace(other_shop.site_key, shop.site_key)
    for path, status, text in (
        (good[:-3], 404, said.bad_link),
        (theirs, 404, said.bad_link),
        (path_of(other_shop), 404, said.bad_link),
        (good.replace(shop.site_key, "pk_nobody"), 404, said.bad_link),
        ("/q/wp-login.php", 404, said.bad_link),
        (path_of(shop, age=91 * DAY), 410, said.expired),
    ):
        for answer in (client.get, client.post):
            page = answer(path + "?score=9", headers={"Accept-Language": "en"}, data={"score": "9"})
            assert (page.status_code, text in page.text) == (status, True), path
            assert "<form" not in page.text
    assert counted(config, door, 12) == {
        0: {"unknown_key": 4},
        shop.shop_id: {"bad_link": 4, "expired_link": 2},
        other_shop.shop_id: {"bad_link": 2},
    }


def test_a_link_stays_good_when_the_secret_is_rotated_once(
    config: Config, engine: Engine, shop: Shop, door: Door, client: FlaskClient
) -> None:
    path = path_of(shop)
    with storage.writing(engine) as db:
        rotate_secret(db, shop.shop_id, clock.now())
    door._directory.refresh(clock.now())
    assert click(client, path, 9).status_code == 200


def test_scores_that_are_none_of_the_scale(config: Config, shop: Shop, client: FlaskClient, door: Door) -> None:
    path = path_of(shop, {**ORDER, "type": "csat"})
    for score in ("0", "6", "-1", "4.5", "", "five", "٤"):
        page = client.post(path, data={"score": score})
        assert (page.status_code, WORDS["da"].choose in page.text, "<form" in page.text) == (400, True, True)
    assert client.post(path).status_code == 400
    assert answers(config) == []
    assert counted(config, door, 8) == {shop.shop_id: {"invalid": 8}}


# --- too much, and things that are away


def test_an_essay_is_cut_and_a_book_refused(config: Config, shop: Shop, client: FlaskClient, door: Door) -> None:
    path = path_of(shop)
    assert client.post(path, data={"score": "9", "answer": "😀" * 1_300}).status_code == 200
    page = client.post(path, data={"score": "9", "answer": "x" * 20_000})
    assert (page.status_code, WORDS["da"].too_long in page.text) == (413, True)
    assert [len(event["data"]["answer"]) for event in answers(config)] == [1_000]
    assert counted(config, door, 1) == {shop.shop_id: {"too_big": 1}}


@pytest.mark.parametrize("limit", [{"rate_per_address": 3}, {"rate_per_key": 3}])
def test_it_has_a_rate_like_the_door(config: Config, shop: Shop, limit: dict[str, int]) -> None:
    with opened(replace(config, **limit)) as door:
        client = client_of(door)
        pages = [client.post(path_of(shop), data={"score": "9"}) for _ in range(5)]
    assert [page.status_code for page in pages] == [200] * 3 + [429] * 2
    assert 1 <= int(pages[-1].headers["Retry-After"]) <= 60
    assert WORDS["en"].later in pages[-1].text or WORDS["da"].later in pages[-1].text
    found = rows(config)
    assert sum(row.get("refused", {}).get("rate_limited", 0) for row in found) == 2
    assert len(event_ids(config)) == 3


def test_a_signature_header_does_not_lift_the_rate(config: Config, shop: Shop) -> None:
    with opened(replace(config, rate_per_address=2)) as door:
        client = client_of(door)
        signed = {"X-Kunderejse-Signature": "t=1,v1=a"}
        assert [client.get(path_of(shop), headers=signed).status_code for _ in range(4)] == [200, 200, 429, 429]


def test_a_disk_that_takes_nothing_is_said_and_what_was_written_is_kept_on_the_page(config: Config, shop: Shop) -> None:
    config.intake_dir.write_text("in the way")
    with opened(config) as door:
        client, path = client_of(door), path_of(shop)
        page = client.post(path, data={"score": "9", "answer": "Fint & </textarea><script>"})
        assert (page.status_code, WORDS["da"].later in page.text) == (503, True)
        assert int(page.headers["Retry-After"]) > 0
        assert "Fint &amp; &lt;/textarea&gt;&lt;script&gt;</textarea>" in page.text
        assert "<script" not in page.text, "it must not send itself for ever"
        assert form_of(page)["score"] == "9"


def test_while_no_shop_was_ever_known_a_link_is_not_called_wrong(config: Config, shop: Shop, tmp_path: Path) -> None:
    nobody = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    door = Door(config, Directory(tmp_path / "elsewhere.json", nobody), IntakeWriter(config.intake_dir, 0))
    page = client_of(door).get(path_of(shop), headers={"Accept-Language": "sv-SE,sv"})
    assert (page.status_code, WORDS["sv"].later in page.text) == (503, True)
    door.close()


def test_it_works_while_the_database_is_away_and_without_the_admin_pages(config: Config, engine: Engine, shop: Shop) -> None:
    create_app(config, ("collect",))  # leaves a picture of the shops beside the intake files
    engine.dispose()
    with away(config):
        for parts in (("collect",), ("collect", "admin", "demo")):
            client = create_app(config, parts).test_client()
            page = click(client, path_of(shop), 9, **{"User-Agent": PERSON})
            assert (page.status_code, WORDS["da"].thanks in page.text) == (200, True)
    assert len(answers(config)) == 2


# --- the page


@pytest.mark.parametrize("language", ["da", "sv", "en"])
@pytest.mark.parametrize("kind", ["nps", "csat", "ces"])
def test_the_page_speaks_the_links_language(shop: Shop, client: FlaskClient, language: str, kind: str) -> None:
    page = client.get(path_of(shop, {**ORDER, "type": kind}, language=language), headers={"Accept-Language": "fi, en"})
    words = WORDS[language]
    assert f'<html lang="{language}">' in page.text
    for text in (words.send, *words.ends[kind]):
        assert text in page.text
    assert WORDS[language].thanks in client.post(path_of(shop, language=language), data={"score": "9"}).text


def test_hostile_text_is_only_text(shop: Shop, client: FlaskClient) -> None:
    hostile = "\"><script>alert(1)</script><img src=x onerror='x'>{{ 7*7 }}"
    path = path_of(shop, {**ORDER, "question": hostile, "item_name": hostile})
    for page in (client.get(f"{path}?score=9"), client.post(path, data={"score": "9"})):
        assert page.text.count("<script>") == page.text.count(SCRIPT)
        assert "<img" not in page.text and page.text.count("{{ 7*7 }}") == 2
        assert "Kjoler &amp; &lt;b&gt;Co&lt;/b&gt;" in page.text
    assert client.get(f"{path}?score=9").text.count("&lt;script&gt;alert(1)") == 2


def test_headers(shop: Shop, client: FlaskClient) -> None:
    for page in (
        client.get(path_of(shop) + "?score=9"),
        client.get("/q/nothing"),
        client.post(path_of(shop), data={"score": "9"}),
    ):
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
        for tag in ("style", "script"):
            for text in re.findall(rf"<{tag}>(.*?)</{tag}>", page.text, flags=re.S):
                digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
                assert f"{tag}-src 'sha256-{digest}'" in policy
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert page.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in page.headers
        assert "Access-Control-Allow-Origin" not in page.headers
        assert not re.search(r"(src|href)=", page.text), "nothing is loaded, nothing leads away"


def test_the_path_is_a_setting(config: Config, shop: Shop) -> None:
    moved = replace(config, survey_path="/svar", public_url="https://shop.dk/")
    assert moved.survey_url == "https://shop.dk/svar"
    with opened(moved) as door:
        client = client_of(door)
        assert client.get(link("/svar", shop, ORDER, clock.now())).status_code == 200
        assert client.get(path_of(shop)).status_code == 404


# --- in a real browser, against real gunicorn

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
NOT_DRIVEN = "--disable-blink-features=AutomationControlled"  # else a page knows that a program drives the browser

Chromium = Callable[..., Browser]


@pytest.fixture
def chromium() -> Iterator[Chromium]:
    path = Path("/usr/bin/chromium")
    if not path.exists():
        pytest.skip("no chromium")
    with sync_playwright() as play:
        yield lambda *flags: play.chromium.launch(executable_path=path, args=[*FLAGS, *flags])


@pytest.mark.browser
def test_a_person_clicks_corrects_and_says_why(config: Config, shop: Shop, chromium: Chromium) -> None:
    with Collector(config) as collector:
        address = f"http://127.0.0.1:{collector.port}{path_of(shop)}"
        browser = chromium(NOT_DRIVEN)
        page = browser.new_page(user_agent=PERSON)
        faults: list[str] = []
        page.on("console", lambda message: faults.append(message.text))
        page.goto(address + "?score=9")
        expect(page.get_by_role("status")).to_contain_text(WORDS["da"].thanks)
        expect(page.get_by_role("radio", name="9")).to_be_checked()
        page.get_by_role("radio", name="3", exact=True).check()
        page.get_by_label(WORDS["da"].why).fill("Pakken kom for sent 😀")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text(WORDS["da"].close)).to_be_visible()
        assert page.context.cookies() == []
        # the favicon is the browser's own idea
        assert [fault for fault in faults if "favicon" not in fault and "404" not in fault] == []
        browser.close()
    told = [(event["data"]["score"], event["data"].get("answer")) for event in answers(config)]
    assert told == [(9, None), (3, "Pakken kom for sent 😀")]


@pytest.mark.browser
def test_a_person_without_scripts_has_a_button(config: Config, shop: Shop, chromium: Chromium) -> None:
    with Collector(config) as collector:
        browser = chromium()
        page = browser.new_context(java_script_enabled=False, user_agent=PERSON).new_page()
        page.goto(f"http://127.0.0.1:{collector.port}{path_of(shop)}?score=9")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("status")).to_contain_text(WORDS["da"].thanks)
        browser.close()
    assert [event["data"]["score"] for event in answers(config)] == [9]


@pytest.mark.browser
def test_scanners_that_run_scripts_do_not_answer(config: Config, shop: Shop, chromium: Chromium) -> None:
    """One that says so by its name, one that a program drives, and one that loads a page out of sight."""
    with Collector(config) as collector:
        address = f"http://127.0.0.1:{collector.port}{path_of(shop)}?score=0"
        for flags, agent, hidden in (((NOT_DRIVEN,), HEADLESS, False), ((), PERSON, False), ((NOT_DRIVEN,), PERSON, True)):
            browser = chromium(*flags)
            page = browser.new_page(user_agent=agent)
            if hidden:
                page.add_init_script("Object.defineProperty(Document.prototype, 'visibilityState', {get: () => 'hidden'})")
            page.goto(address)
            page.wait_for_timeout(500)
            expect(page.get_by_role("button", name="Send")).to_be_visible()
            browser.close()
    assert answers(config) == []
