"""The dress buyer, from one command to the report: `tracker run --demo`, a real browser, the real pages.

She arrives on a dress page from an Instagram advertisement, looks through collections, reads reviews and the size guide, takes
the newsletter's 10 %, orders; the parcel is shipped and delivered; she shares, reviews and joins the club.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import create_engine, text

from tests.demo.test_walk import FLAGS
from tests.demo.walk import NET_MINOR, DressBuyer, dress_buyer
from tests.faults.processes import free_port, wait_for
from tracker.config import Config
from tracker.journey.state import Tag, load_journey
from tracker.pipeline.codec import read_bytes
from tracker.run import environment_of
from tracker.stages import VIEWS, StageView

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# Chromium without a window calls itself HeadlessChrome, which is taken for the machine that it is.  The whole browser is told,
# since what a page sends while it is left is not its context's any more.
PERSON = "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

STAGES = ["awareness", "information", "consideration", "decision", "purchase", "delivery", "advocacy", "retention"]
FIVE = ["awareness", "consideration", "purchase", "retention", "advocacy"]
SUMS = {"journeys": 1, "ordered": 1, "net_minor": NET_MINOR}
GAINED = {"twelve": Counter(STAGES) + Counter(SUMS), "five": Counter(FIVE) + Counter(SUMS)}  # by the report, through her


@dataclass
class Running:
    """What one command gave."""

    address: str
    folder: Path
    password: str

    def rows(self, query: str, **values: Any) -> list[Any]:
        engine = create_engine(f"sqlite:///{self.folder / 'kunderejse.db'}")
        with engine.connect() as db:
            found = list(db.execute(text(query), values))
        engine.dispose()
        return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder, port = tmp_path_factory.mktemp("run"), free_port()
    config = Config(data_dir=str(folder), secret_key="")
    environment = {**environment_of(config), "KUNDEREJSE_DEMO_DAYS": "3"}
    for name in ("KUNDEREJSE_SECRET_KEY", "KUNDEREJSE_PUBLIC_URL"):
        environment.pop(name)
    command = [sys.executable, "-m", "tracker", "run", "--demo", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for(lambda: "Stop " in (folder / "log").read_text(), 120, "it says where to go")
        said = (folder / "log").read_text()
        assert f"http://127.0.0.1:{port}/demo/" in said
        password = (folder / "demo-password").read_text().strip()
        assert password in said
        wait_for(lambda: _answers(port), 60, "the pages answer")
        yield Running(f"http://127.0.0.1:{port}", folder, password)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _answers(port: int) -> bool:
    import urllib.request

    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS, f"--user-agent={PERSON}"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def admin(running: Running, browser: Browser) -> Iterator[Page]:
    page = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900}).new_page()
    page.goto(running.address)
    page.get_by_label("E-mail").fill("owner@example.com")
    page.locator("input[type=password]").fill(running.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/overview*")
    yield page
    page.context.close()


@dataclass
class Walked:
    """The buyer, and what she added to the stage report of her channel, by view, within five seconds of her last act."""

    buyer: DressBuyer
    gained: dict[str, Counter[str]]


@pytest.fixture(scope="module")
def walked(running: Running, browser: Browser, admin: Page) -> Walked:
    before = {view: stage_report(running, admin, view) for view in GAINED}
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    buyer = dress_buyer(page, running.address, email="dress.buyer@example.com")
    until = time.monotonic() + 5
    while True:
        gained = {view: stage_report(running, admin, view) - before[view] for view in GAINED}
        if gained == GAINED or time.monotonic() > until:
            break
        time.sleep(0.1)
    page.context.close()
    return Walked(buyer, gained)


@pytest.fixture(scope="module")
def buyer(walked: Walked) -> DressBuyer:
    return walked.buyer


def stage_report(running: Running, admin: Page, view: str) -> Counter[str]:
    """Of the channel that the buyer came by: journeys by stage reached, and the sums over all of them."""
    query = f"filter=channel%3Dpaid_social&period=365d&view={view}"
    answer = admin.request.get(f"{running.address}/api/v1/shops/1/reports/stages.json?{query}")
    assert answer.status == 200
    report = answer.json()
    net = round(float(report["totals"]["net"]["amount"]) * 100)
    sums = {"journeys": report["totals"]["journeys"], "ordered": report["totals"]["ordered"], "net_minor": net}
    return Counter({row["stage"]: row["reached"] for row in report["rows"]} | sums)


def journey_of(running: Running, buyer: DressBuyer) -> dict[str, Any]:
    found = running.rows("SELECT body FROM journeys WHERE order_key = :key", key=buyer.order_key)
    return orjson.loads(read_bytes(found[0].body)) if found else {}


def reached_in_order(journey: dict[str, Any]) -> list[int]:
    return [int(s) for s, _ in sorted(journey["reached"].items(), key=lambda pair: (pair[1][0], int(pair[0])))]


def in_view(journey: dict[str, Any], view: StageView) -> list[str]:
    """The stages of a view, in the order in which they were first reached."""
    positions = [view.position_of[stage] for stage in reached_in_order(journey)]
    return [view.stages[position - 1].key for position in dict.fromkeys(positions)]


def test_the_report_shows_her_within_five_seconds(walked: Walked) -> None:
    assert walked.gained == GAINED


def test_the_journey_reached_its_stages_in_order(running: Running, buyer: DressBuyer) -> None:
    assert in_view(journey_of(running, buyer), VIEWS["twelve"]) == STAGES
    assert in_view(journey_of(running, buyer), VIEWS["five"]) == FIVE


def test_channel_order_and_net_revenue(running: Running, buyer: DressBuyer) -> None:
    journey = load_journey(orjson.dumps(journey_of(running, buyer)))
    assert (journey.channel, journey.campaign) == ("paid_social", "sommer")
    assert journey.order is not None
    assert (journey.outcome, journey.order.net) == ("ordered", buyer.net_minor)
    hers = "SELECT order_key FROM orders WHERE subject_id = (SELECT subject_id FROM orders WHERE order_key = :key)"
    assert [order.order_key for order in running.rows(hers, key=buyer.order_key)] == [buyer.order_key]


def test_every_event_has_a_stage_and_a_reason(running: Running, buyer: DressBuyer) -> None:
    [subject] = running.rows("SELECT subject_id FROM orders WHERE order_key = :key", key=buyer.order_key)
    tags = running.rows(
        "SELECT e.tag FROM events e JOIN links l ON l.shop_id = e.shop_id AND l.link_id = e.link_id WHERE l.subject_id = :s",
        s=subject.subject_id,
    )
    assert len(tags) > 30
    for row in tags:
        tag = Tag.load(row.tag)
        assert 1 <= tag.stage <= 12
        assert tag.reason


def test_nothing_was_refused_ignored_or_failed(running: Running, buyer: DressBuyer) -> None:
    del buyer
    assert running.rows("SELECT kind, reason FROM outcomes WHERE kind IN ('refused', 'ignored_field', 'failed')") == []


def test_the_owner_sees_it_in_the_report(running: Running, buyer: DressBuyer, admin: Page) -> None:
    complaints: list[str] = []
    admin.on("pageerror", lambda error: complaints.append(str(error)))
    admin.goto(running.address + "/shops/1/journeys")
    expect(admin.get_by_text("647.28").first).to_be_visible()
    [subject] = running.rows("SELECT subject_id FROM orders WHERE order_key = :key", key=buyer.order_key)
    admin.goto(f"{running.address}/shops/1/people/{subject.subject_id}")
    for words in ("Gave 5 of 5 stars", "The order was delivered", "Signed up for the newsletter while the cart was filled"):
        expect(admin.get_by_text(words).first).to_be_visible()
    assert complaints == []


def test_the_same_table_as_json(running: Running, buyer: DressBuyer, admin: Page) -> None:
    del buyer
    answer = admin.request.get(running.address + "/api/v1/shops/1/reports/stages.json?filter=channel%3Dpaid_social")
    assert answer.status == 200
    [total] = running.rows("SELECT count(*) AS n FROM journeys WHERE channel = 'paid_social' AND counted")
    assert answer.json()["sample"] == total.n
