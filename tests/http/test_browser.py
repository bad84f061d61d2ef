"""Every page in a real Chromium: three languages, wide and narrow, without an error in the console, with its charts drawn."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from sqlalchemy import Engine
from werkzeug.serving import make_server

from tests.http.site import PASSWORD, add_shop, add_user, make_app
from tracker.clock import Instant
from tracker.config import Config

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# page -> how many charts it draws
PAGES = {
    "/shops/1/stages": 5,
    "/shops/1/stages?view=five&period=90d": 5,
    "/shops/1/journeys": 0,
    "/shops/1/people/150": 0,
    "/shops/1/data-health": 1,
    "/shops/1/setup": 0,
    "/shops/2/stages": 0,
    "/profile": 0,
    "/api/v1/docs": 0,
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site(engine: Engine, config: Config, now: Instant) -> Iterator[str]:
    """The address of a server of the pages, with a full shop and an empty one."""
    add_user(engine, now, add_shop(engine, now, journeys=150), add_shop(engine, now, "Ny butik"))
    server = make_server("127.0.0.1", 0, make_app(engine, config, now), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def open_session(browser: Browser, site: str, language: str, width: int = 1440) -> tuple[Page, list[str]]:
    """A page that has logged in by hand, and what its console complains about."""
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"{page.url}: {message.text}")

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.goto(f"{site}/login?lang={language}")
    page.fill("#email", "ida@shop.example")
    page.fill("#password", PASSWORD)
    page.click("button.btn-primary")
    page.wait_for_url("**/shops/1/stages")
    return page, complaints


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("da", 390), ("sv", 1440)])
def test_every_page_opens_without_a_complaint(chromium: Browser, site: str, language: str, width: int) -> None:
    page, complaints = open_session(chromium, site, language, width)
    for path, charts in PAGES.items():
        page.goto(site + path, wait_until="load")
        assert page.get_attribute("html", "lang") == language
        assert page.locator(".chart svg").count() == charts, path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is wider than the screen"
    assert complaints == []
    page.context.close()


def test_the_controls_put_their_state_into_the_link(chromium: Browser, site: str) -> None:
    page, complaints = open_session(chromium, site, "en")
    page.select_option("#view", "five")
    page.wait_for_url("**view=five**")
    assert page.locator("table").first.locator("tbody tr").count() == 5
    page.select_option("#period", "custom")
    page.fill("#since", "2026-08-01")
    page.locator("#since").dispatch_event("change")
    page.wait_for_url("**since=2026-08-01**")
    assert "view=five" in page.url
    assert page.input_value("#since") == "2026-08-01"
    assert complaints == []
    page.context.close()


def test_dark_is_remembered_and_live_puts_the_report_in_place(chromium: Browser, site: str) -> None:
    page, complaints = open_session(chromium, site, "en")
    page.click("[data-toggle-theme]")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    page.reload()
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    page.evaluate("document.querySelector('[data-live]').dataset.old = 'yes'")
    page.check("[data-live-toggle]")
    page.wait_for_selector("[data-live]:not([data-old])", timeout=20_000)
    assert "live=1" in page.url
    assert page.locator(".chart svg").count() == 5
    assert complaints == []
    page.context.close()


def test_a_definition_shows_by_keyboard(chromium: Browser, site: str) -> None:
    page, _ = open_session(chromium, site, "en")
    page.locator("thead .def", has_text="Drop-off").first.focus()
    page.wait_for_selector(".tooltip")
    assert "those that went no further" in page.locator(".tooltip").inner_text()
    page.context.close()
