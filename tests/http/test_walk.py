"""A walk over every page and file with whatever may stand in a link: an answer or a refusal in words, never our mistake."""

from __future__ import annotations

import html
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import Engine, update
from werkzeug.test import TestResponse

from tests.http.believable import fill
from tests.http.site import add_user, logged_in, make_app
from tracker import shops
from tracker import tables as t
from tracker.clock import Instant
from tracker.config import Config
from tracker.http.menu import MENU
from tracker.journey.contribution import FILTER_KINDS
from tracker.reports import REPORTS, parameters
from tracker.reports.holding import KINDS
from tracker.reports.query import LEVELS, PERIODS, REVENUE_ON, filter_text
from tracker.shop_settings import ShopSettings
from tracker.stages import PURCHASE, STAGES
from tracker.storage import writing

pytestmark = pytest.mark.pages

STEPS = 600
HOSTILE = "a,b%=\";'<b>å😀" + "x" * 87  # as long as a counter's name may be
_KEYS = [stage.key for stage in STAGES]
OWN_VIEW = {
    "names": {"en": "Two"},
    "stages": [
        {"key": "near", "names": {"en": "Near"}, "holds": _KEYS[:PURCHASE]},
        {"key": "far", "names": {"en": "Far"}, "holds": _KEYS[PURCHASE:]},
    ],
}
SETTINGS: tuple[dict[str, Any], ...] = (
    {"stage_views": {"two": OWN_VIEW}},
    {"zone": "Pacific/Kiritimati", "b2b": True},
    {"zone": "America/New_York", "currency": "JPY", "rates": {"DKK": [["2026-09-01", "23.1"]]}},
    {},  # stays empty
)
DAYS = (
    ("2026-09-16", "2026-09-16"), ("2023-09-20", "2026-09-16"), ("2027-01-01", "2027-02-01"), ("2000-01-01", "2000-01-01"),
    ("2020-01-01", "2020-06-01"), ("2026-03-08", "2026-03-08"), ("2026-03-29", "2026-11-01"), ("2200-12-30", "2200-12-31"),
    ("2026-02-30", "2026-03-01"), ("2026-09-02", "2026-09-01"), ("", "2026-09-01"),
)  # fmt: skip
VALUES = ("email", "direct", "mobile", "DK", "a,b", "100%", "%00", '"', "<b>", "😀", "x" * 200, "=", HOSTILE, ":", "\x01")
HELD = (
    *VALUES,
    "twelve.decision",
    "five.consideration",
    "two.near",
    "open",
    "vilma",
    "/kjoler",
    "cart",
    "3",
    "\x00",
    "x" * 251,
    "",
)
SORTS = ("net", "-net", "-journeys", "channel", "-day", "conversion", "nope", "A", "'")
CURSORS = ("50", "0", "1789000000000.12", "9" * 20, "-5", "~", "²", "٣")


@dataclass(frozen=True)
class Link:
    """Where the walk goes next."""

    path: str
    args: dict[str, str]

    def __str__(self) -> str:
        return f"{self.path}?{urlencode(self.args)}"


def wander(app: Flask, shop_ids: range) -> Iterator[Link]:
    dice = random.Random(20260916)
    pages = [endpoint for _, _, endpoints in MENU for endpoint in endpoints]
    files = [(name, ext) for name in REPORTS for ext in ("json", "csv")]
    for step in range(STEPS):
        shop_id, args = dice.choice(shop_ids), draw(dice)
        if step % 2:
            with app.test_request_context():
                yield Link(url_for(pages[step // 2 % len(pages)], shop_id=shop_id), args)
        else:
            name, ext = files[step // 2 % len(files)]
            known = (*parameters(name), "since", "until")
            person = {"subject_id": "60"} if name == "person" else {}
            yield Link(f"/api/v1/shops/{shop_id}/reports/{name}.{ext}", person | {k: v for k, v in args.items() if k in known})


def draw(dice: random.Random) -> dict[str, str]:
    since, until = dice.choice(DAYS)
    filters = [filter_text(dice.choice(FILTER_KINDS), dice.choice(VALUES)) for _ in range(dice.choice((1, 1, 2, 3)))]
    choices: dict[str, tuple[float, str]] = {
        "period": (0.4, dice.choice([*PERIODS, "custom", "ever"])),
        "since": (0.5, since),
        "compare": (0.5, dice.choice(("before", "year", "none", "x"))),
        "filter": (0.3, ",".join(filters)),
        "holding": (0.5, f"{dice.choice(tuple(KINDS))}={dice.choice(HELD)}"),
        "view": (0.4, dice.choice(("twelve", "five", "webshop", "agency", "two"))),
        "model": (0.3, dice.choice(("first", "linear", "removal", "time_decay", "none"))),
        "look_back": (0.3, dice.choice(("7", "30", "90"))),
        "level": (0.3, dice.choice(LEVELS)),
        "revenue_on": (0.3, dice.choice(REVENUE_ON)),
        "limit": (0.2, dice.choice(("1", "50", "500", "501", "٣"))),
        "cursor": (0.1, dice.choice(CURSORS)),
        "sort": (0.2, dice.choice(SORTS)),
    }
    drawn = {key: value for key, (often, value) in choices.items() if dice.random() < often}
    return drawn | ({"until": until} if "since" in drawn else {})


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant) -> Flask:
    made = []
    for number, settings in enumerate(SETTINGS):
        with writing(engine) as db:
            shop = shops.add_shop(db, f"Shop {number}", ("shop.example",), now, ShopSettings().changed(settings))
            if number < len(SETTINGS) - 1:
                fill(db, shop, now, journeys=60, hostile=HOSTILE if number else None)
            made.append(shop)
    with writing(engine) as db:  # the first one's counters are being built anew
        building = {"generation": 2, "settings": made[0].settings.dump(), "after": 7, "done": 7, "total": 60, "began_at": now}
        db.execute(update(t.shops).where(t.shops.c.shop_id == 1).values(building=building))
    add_user(engine, now, *made)
    return make_app(engine, config, now)


def test_nothing_that_may_stand_in_a_link_is_our_mistake(app: Flask) -> None:
    client = logged_in(app)
    answered = 0
    for link in wander(app, range(1, len(SETTINGS) + 1)):
        answer = client.get(str(link))
        if answer.status_code == 302:  # a filter too many was taken away, which the next page says
            assert client.get(answer.headers["Location"]).status_code in (200, 400), link
            client.get("/profile")  # an error page does not show the word
            continue
        assert answer.status_code in (200, 400), link
        answered += answer.status_code == 200
        if answer.status_code == 200 and not link.path.startswith("/api/"):
            check_page(client, link, answer)
        elif answer.status_code == 200 and link.path.endswith(".json"):
            assert list(impossible(answer.json)) == [], link
    assert answered > STEPS / 3


def check_page(client: FlaskClient, link: Link, answer: TestResponse) -> None:
    """The same for a part that htmx asks for; what it links to can be followed."""
    by_part = client.get(str(link), headers={"HX-Request": "true", "HX-Target": "main"})
    assert by_part.status_code == 200, link
    assert without_tokens(by_part.text) == without_tokens(answer.text), link
    for part in ("filter=", "holding="):
        linked = {html.unescape(found) for found in re.findall(rf'href="(/[^"#]+{part}[^"]+)"', answer.text)}
        for found in sorted(linked)[:2]:
            assert client.get(found).status_code in (200, 302), (link, found)
            client.get("/profile")  # says what a redirect left to be said


def without_tokens(text: str) -> str:
    return re.sub(r'(name="csrf_token" value|name="csrf-token" content)="[^"]*"', "", text)


def impossible(told: Any) -> Iterator[tuple[str, Any]]:
    """Shares outside of 0…1, in a report's rows, its totals and the tables beside."""
    for columns, row in [*((told["columns"], row) for row in told["rows"]), (told["figures"], told["totals"])]:
        for key in (column["key"] for column in columns if column["unit"] == "share"):
            if row[key] is not None and not 0 <= row[key] <= 1:
                yield key, row[key]
    for table in (told.get("beside") or {}).values():
        yield from impossible(table)


def test_every_file_is_asked_what_its_page_was_asked(app: Flask) -> None:
    client = logged_in(app)
    asked = {
        "period": "90d",
        "filter": "channel=direct",
        "holding": "stage=five.consideration",
        "view": "five",
        "revenue_on": "refund",
        "look_back": "7",
        "limit": "20",
    }
    seen = 0
    for name in REPORTS:
        page = client.get(f"/shops/1/{name.replace('_', '-')}?{urlencode(asked)}&compare=year&live=1")
        if page.status_code != 200:  # a report of one person has another address; some cannot be filtered so
            continue
        for found in re.findall(rf'href="(/api/v1/shops/1/reports/{name}\.(?:csv|json)[^"]*)"', page.text):
            link = urlsplit(html.unescape(found))
            told = {key: value for key, value in parse_qsl(link.query) if key not in ("bom", "table")}
            assert told == {key: value for key, value in asked.items() if key in parameters(name)}, found
            assert client.get(link.geturl()).status_code == 200, found
            seen += 1
    assert seen > 60


UNDER_WAY = "not compared: too few of these days are over"


def test_days_that_are_not_over_are_not_compared_with_whole_ones(app: Flask) -> None:
    client = logged_in(app)
    for days, said in (
        ("period=today", UNDER_WAY),
        ("period=today&compare=none", ""),
        ("period=yesterday", "compared with Sep 14, 2026"),
        ("period=7d", "compared with Sep 3, 2026 – Sep 9, 2026"),
        ("since=2026-09-11&until=2026-09-16", UNDER_WAY),
        ("since=2026-09-10&until=2026-10-10", UNDER_WAY),
        ("since=2026-09-01&until=2026-09-10&compare=year", "compared with Sep 2, 2025 – Sep 11, 2025"),
    ):
        for page in ("overview", "stages", "channels", "data-health"):
            found = heading(client, f"{page}?{days}")
            assert (said in found) if said else ("compared" not in found), (page, days)
        assert "compared" not in heading(client, f"cohorts?{days}")


def heading(client: FlaskClient, page: str) -> str:
    return client.get(f"/shops/1/{page}").text.partition('<h1 class="page-title">')[2].partition("</div>")[0]


def test_several_filters_may_be_asked_for_one_by_one(app: Flask) -> None:
    client = logged_in(app)
    told = client.get("/api/v1/shops/1/reports/stages.json?filter=channel%3Ddirect&filter=device%3Dmobile").json
    assert told["filter"] == "channel=direct,device=mobile"
