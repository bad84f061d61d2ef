"""What kind of machine a User-Agent speaks of."""

from __future__ import annotations

import pytest
import user_agents

from tracker.enrich import Device, device
from tracker.enrich.device import _parse

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {WEBKIT}"

MACHINES = [
    ("Safari on an iPhone", f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1", "mobile", "Mobile Safari", "iOS"),
    ("Chrome on an iPhone", f"{IPHONE} CriOS/125.0 Mobile/15E148 Safari/604.1", "mobile", "Chrome Mobile iOS", "iOS"),
    (
        "Instagram on an iPhone",
        f"{IPHONE} Mobile/15E148 Instagram 330.0.0.1 (iPhone14,5; iOS 17_5)",
        "mobile",
        "Instagram",
        "iOS",
    ),
    ("Facebook on an iPhone", f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/460.0.0;FBDV/iPhone14,5]", "mobile", "Facebook", "iOS"),
    (
        "Chrome on Android",
        f"Mozilla/5.0 (Linux; Android 10; K) {BLINK} Chrome/125.0.0.0 Mobile Safari/537.36",
        "mobile",
        "Chrome Mobile",
        "Android",
    ),
    (
        "Samsung's browser",
        f"Mozilla/5.0 (Linux; Android 14; SM-S918B) {BLINK} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
        "mobile",
        "Samsung Internet",
        "Android",
    ),
    (
        "Instagram on Android",
        f"Mozilla/5.0 (Linux; Android 14; SM-S918B; wv) {BLINK} Version/4.0 Chrome/124.0.0.0 "
        "Mobile Safari/537.36 Instagram 330.0.0.40.92 Android (34/14; 450dpi; 1080x2115; samsung; SM-S918B)",
        "mobile",
        "Instagram",
        "Android",
    ),
    (
        "Firefox on Android",
        "Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0",
        "mobile",
        "Firefox Mobile",
        "Android",
    ),
    (
        "a Cubot telephone is no bot",
        f"Mozilla/5.0 (Linux; Android 12; CUBOT X50) {BLINK} Chrome/124.0.0.0 Mobile Safari/537.36",
        "mobile",
        "Chrome Mobile",
        "Android",
    ),
    (
        "an iPad that says so",
        f"Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) {WEBKIT} Version/12.1 Mobile/15E148 Safari/604.1",
        "tablet",
        "Mobile Safari",
        "iOS",
    ),
    (
        "an Android tablet",
        f"Mozilla/5.0 (Linux; Android 13; SM-X700) {BLINK} Chrome/125.0.0.0 Safari/537.36",
        "tablet",
        "Chrome",
        "Android",
    ),
    (
        "Chrome on Windows",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Chrome/125.0.0.0 Safari/537.36",
        "desktop",
        "Chrome",
        "Windows",
    ),
    (
        "Edge on Windows",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Chrome/125.0.0.0 Safari/537.36 Edg/125.0.0.0",
        "desktop",
        "Edge",
        "Windows",
    ),
    (
        "Safari on a Mac, or an iPad that says Mac",
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/17.5 Safari/605.1.15",
        "desktop",
        "Safari",
        "Mac OS X",
    ),
    (
        "Firefox on Linux",
        "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0",
        "desktop",
        "Firefox",
        "Linux",
    ),
    (
        "Firefox on a BSD",
        "Mozilla/5.0 (X11; OpenBSD amd64; rv:126.0) Gecko/20100101 Firefox/126.0",
        "desktop",
        "Firefox",
        "OpenBSD",
    ),
    (
        "a Chromebook",
        f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK} Chrome/125.0.0.0 Safari/537.36",
        "desktop",
        "Chrome",
        "Chrome OS",
    ),
    (
        "a Samsung television",
        f"Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) {BLINK} 94.0.4606.31/7.0 TV Safari/537.36",
        "tv",
        None,
        "Tizen",
    ),
    ("an LG television", f"Mozilla/5.0 (Web0S; Linux/SmartTV) {BLINK} Chrome/94.0.4606.128 Safari/537.36", "tv", None, None),
    ("a PlayStation", f"Mozilla/5.0 (PlayStation; PlayStation 5/8.00) {WEBKIT} Version/13.0 Safari/605.1.15", "tv", None, None),
]
PEOPLE = [row[1] for row in MACHINES]


@pytest.mark.parametrize(
    ("user_agent", "kind", "browser", "os"), [row[1:] for row in MACHINES], ids=[row[0] for row in MACHINES]
)
def test_device(user_agent: str, kind: str, browser: str | None, os: str | None) -> None:
    found = device(user_agent)
    assert found.kind == kind
    if browser:
        assert found.browser == browser
    if os:
        assert found.os == os


def test_nothing_sent_is_an_unknown_device_and_no_bot() -> None:
    """A server's event need not name the buyer's browser."""
    assert device(None) == device("") == Device("unknown", None, None)


def test_a_text_that_names_nothing_is_unknown() -> None:
    assert device("hello") == Device("unknown", None, None)


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_the_fast_way_answers_what_user_agents_answers(user_agent: str) -> None:
    ours, theirs = _parse(user_agent), user_agents.parse(user_agent)
    assert (ours.browser, ours.os, ours.device) == (theirs.browser, theirs.os, theirs.device)
    assert (ours.is_mobile, ours.is_tablet, ours.is_pc, ours.is_bot) == (
        theirs.is_mobile,
        theirs.is_tablet,
        theirs.is_pc,
        theirs.is_bot,
    )


def test_the_fast_parser_is_the_one_in_use() -> None:
    """Without ua-parser-rs the same answers would take 20 times as long, and nobody would notice."""
    import ua_parser

    assert ua_parser.BestAvailableResolver is ua_parser.RegexResolver


def test_only_the_beginning_is_read() -> None:
    assert device(PEOPLE[0] + "x" * 10_000).kind == "mobile"
