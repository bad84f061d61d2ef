"""Every page in a real Chromium: three languages, wide and narrow, without an error in the console, with its charts drawn."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from sqlalchemy import Engine
from werkzeug.serving import make_server

from tests.http.site import PASSWORD, add_shop, add_user, make_app
from tracker.clock import Instant
from tracker.config import Config
from tracker.http.menu import MENU

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
# Beside the pages of the menu.
OTHERS = (
    "/shops/1/stages?view=five&period=90d&compare=year",
    "/shops/1/channels?filter=device%3Dmobile&filter=country%3DDK&sort=-net",
    "/shops/1/people/150",
    "/shops/2/overview",
    "/shops/2/stages",
    "/shops/2/products",
    "/profile",
    "/api/v1/docs",
)


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


def open_session(
    browser: Browser, site: str, language: str, width: int = 1440, theme: Literal["light", "dark"] = "light"
) -> tuple[Page, list[str]]:
    """A page that has logged in by hand, and what its console complains about."""
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme).new_page()
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
    page.wait_for_url("**/shops/1/overview")
    return page, complaints


def every_page(page: Page) -> list[str]:
    """The addresses in the menu, and some that are not."""
    links = page.eval_on_selector_all("#menu nav a[href]", "links => links.map(link => link.getAttribute('href'))")
    assert len(links) == sum(len(endpoints) for _, _, endpoints in MENU)
    return [*links, *OTHERS]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("language", "width", "theme"), [("en", 1440, "light"), ("da", 390, "dark"), ("sv", 1440, "light")])
def test_every_page_opens_without_a_complaint(
    chromium: Browser, site: str, language: str, width: int, theme: Literal["light", "dark"]
) -> None:
    """By the console, by the width of the screen and by axe, which looks at what people who do not see or point need."""
    page, complaints = open_session(chromium, site, language, width, theme)
    drawn, violations = 0, {}
    for path in every_page(page):
        answer = page.goto(site + path, wait_until="load")
        assert answer is not None and answer.status == 200, path
        assert page.get_attribute("html", "lang") == language
        assert page.get_attribute("html", "data-bs-theme") == theme
        assert page.locator(".chart svg").count() == page.locator(".chart").count(), path
        drawn += page.locator(".chart").count()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is wider than the screen"
        if language != "sv":  # the same pages: once in each theme and width is enough
            violations |= {(path, one["id"]): one["nodes"][0]["target"] for one in Axe().run(page).response["violations"]}
    assert violations == {}
    assert complaints == []
    assert drawn >= 40
    page.context.close()


def test_the_controls_put_their_state_into_the_link(chromium: Browser, site: str) -> None:
    page, complaints = open_session(chromium, site, "en")
    page.goto(f"{site}/shops/1/stages")
    page.select_option("#view", "five")
    page.wait_for_url("**view=five**")
    assert page.locator("table").first.locator("tbody tr").count() == 5
    assert page.locator(".chart svg").count() == 5  # drawn anew in what htmx has put in place
    page.click("#filters")
    page.select_option("#filter-device", "device=mobile")
    page.wait_for_url("**device%3Dmobile**")
    page.click("#filters")
    page.select_option("#filter-channel", "channel=email")
    page.wait_for_url("**channel%3Demail**")
    assert "device%3Dmobile" in page.url
    page.click("main a.badge:has-text('Device')")
    page.wait_for_url(lambda link: "mobile" not in link)
    assert "channel" in page.url
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
    page.goto(f"{site}/shops/1/stages")
    page.locator("[data-toggle-theme]:visible").first.click()
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
    page.goto(f"{site}/shops/1/stages")
    page.locator("thead .def", has_text="Drop-off").first.focus()
    page.wait_for_selector(".tooltip")
    assert "those that went no further" in page.locator(".tooltip").inner_text()
    page.context.close()
