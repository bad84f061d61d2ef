"""Pictures of the demo shop and the reports, on a desk and on a phone, to look at: var/screenshots/*.png.

Starts an installation of its own in a temporary folder, fills it with the demo shop, logs in as its owner, and stops it again.
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
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tracker.config import PREFIX, inherited_environment

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
OUT = Path("var/screenshots")
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


def picture(browser: Browser, home: str, password: str, size: str) -> None:
    page = browser.new_context(viewport=SIZES[size], locale="en-GB").new_page()  # type: ignore[arg-type]
    take(page, f"{home}/demo/", f"{size}-demo")
    for link in links(page, home, "/demo/")[:12]:
        take(page, link, f"{size}-{slug(link)}")
    take(page, home, f"{size}-login")
    page.fill("#email", "owner@example.com")
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_load_state("load")
    for link in [page.url, *links(page, home, "/shops/")]:
        take(page, link, f"{size}-{slug(link)}")


def slug(link: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", link.split("/", 3)[-1].lower()).strip("-") or "front"


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with installation() as (home, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for size in SIZES:
            picture(browser, home, password, size)
        browser.close()


if __name__ == "__main__":
    main()
