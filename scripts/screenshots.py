"""Pictures of the demo shop and of every page, to look at in var/screenshots/; with --docs those that the docs show.

Starts an installation of its own in a temporary folder, fills it with the demo shop, logs in as its owner, and stops it again.
To add a picture to the docs: its line in DOCS.
"""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tracker.config import PREFIX, inherited_environment

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
OUT = Path("var/screenshots")
PICTURES = Path("docs/pictures")
# name, page of the demo installation, how much of it
DOCS = (
    ("demo", "/demo/", 800),
    ("overview", "/shops/1/overview", 1000),
    ("stages", "/shops/1/stages", 900),
    ("clv", "/shops/1/clv?period=365d", 1400),
    ("searches", "/shops/1/searches", 900),
    ("data-health", "/shops/1/data-health", 900),
    ("reconciliation", "/shops/1/reconciliation", 1000),
    ("channels", "/shops/1/channels", 900),
    ("journey-map", "/shops/1/journey-map?view=five", 1000),
    ("person", "/shops/1/people/150", 900),
)
START_SECONDS = 300  # filling the demo shop takes most of it


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def installation() -> Iterator[tuple[str, str]]:
    """Its address and the owner's password."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = [sys.executable, "-m", "tracker", "run", "--demo", "--port", str(port)]
        process = subprocess.Popen(command, env={**inherited_environment(), f"{PREFIX}DATA_DIR": folder})  # noqa: S603
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}/health", process)
            yield f"http://127.0.0.1:{port}", (Path(folder) / "demo-password").read_text("utf-8").strip()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def wait_until_healthy(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(address).close()  # noqa: S310 - our own address
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
        else:
            return
    sys.exit("the installation did not start")


def take(page: Page, address: str, name: str) -> None:
    page.goto(address, wait_until="load", timeout=90_000)
    page.screenshot(path=OUT / f"{name}.png", full_page=True)
    print(OUT / f"{name}.png")


def links(page: Page, home: str, below: str) -> list[str]:
    """Pages of ours that the page links to, without their queries, each once."""
    found = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href.split(/[?#]/)[0])")
    return sorted({link for link in found if link.startswith(home + below) and not link.endswith((".csv", ".json"))})


def log_in(browser: Browser, home: str, password: str, **more: Any) -> Page:
    page = browser.new_context(locale="en-GB", **more).new_page()
    page.goto(f"{home}/login?lang=en")
    page.fill("#email", "owner@example.com")
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_url("**/overview")
    return page


def picture(browser: Browser, home: str, password: str, size: str, theme: str) -> None:
    """Every page of the menu, and the demo shop."""
    page = log_in(browser, home, password, viewport=SIZES[size], color_scheme=theme)
    for link in [*links(page, home, "/shops/"), f"{home}/shops/1/people/150", f"{home}/profile"]:
        take(page, link, f"{size}-{theme}-{slug(link)}")
    if theme == "light":
        take(page, f"{home}/demo/", f"{size}-demo")
        for link in links(page, home, "/demo/")[:12]:
            take(page, link, f"{size}-{slug(link)}")


def picture_docs(browser: Browser, home: str, password: str) -> None:
    page = log_in(browser, home, password, viewport={"width": 1280, "height": 800})
    for name, path, height in DOCS:
        page.set_viewport_size({"width": 1280, "height": height})
        page.goto(home + path, wait_until="load", timeout=90_000)
        page.screenshot(path=PICTURES / f"{name}.png")
        print(PICTURES / f"{name}.png")


def slug(link: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", link.split("/", 3)[-1].lower()).strip("-") or "front"


def main() -> None:
    docs = "--docs" in sys.argv[1:]
    (PICTURES if docs else OUT).mkdir(parents=True, exist_ok=True)
    with installation() as (home, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        if docs:
            picture_docs(browser, home, password)
        else:
            for size, theme in product(SIZES, ("light", "dark")):
                picture(browser, home, password, size, theme)
        browser.close()


if __name__ == "__main__":
    main()
