"""From a number to its journeys: the links of every page, what the list says of them, and how it goes on."""

from __future__ import annotations

import csv
import html
import io
import re
from collections import defaultdict
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.http.site import add_shop, add_user, logged_in, make_app
from tracker.clock import Instant
from tracker.config import Config
from tracker.http.leads import FIGURES, LEADS
from tracker.reports import journeys

pytestmark = pytest.mark.pages

HOSTILE = "a,b%=\";'<b>å😀|{}"
LIST = "/shops/1/journeys"


def make(engine: Engine, config: Config, now: Instant, hostile: str | None = None) -> Flask:
    add_user(engine, now, add_shop(engine, now, journeys=400, hostile=hostile))
    return make_app(engine, config, now)


def leads_on(client: FlaskClient, page: str) -> dict[str, list[tuple[str, str]]]:
    """What its links hold, by kind: link and text."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for link, text in re.findall(r'<a href="(/shops/1/journeys\?[^"]+)">([^<]*)</a>', client.get(page).text):
        held = parse_qs(urlsplit(html.unescape(link)).query).get("holding")
        if held:
            found[held[0].partition("=")[0]].append((html.unescape(link), text))
    return found


def rows_of(client: FlaskClient, link: str) -> int:
    """How many journeys the list has, over all its pages."""
    count, more = 0, f"/api/v1{LIST.replace('journeys', 'reports/journeys.json')}?{urlsplit(link).query}&limit=500"
    while more:
        answer = client.get(more)
        count += len(answer.json["rows"])
        more = re.sub(r"^<(.*)>; rel=\"next\"$", r"\1", answer.headers.get("Link", ""))
    return count


@pytest.mark.parametrize("filter", ["", "&filter=device%3Dmobile"])
@pytest.mark.parametrize("hostile", [None, HOSTILE])
def test_a_number_leads_to_as_many_journeys(
    engine: Engine, config: Config, now: Instant, filter: str, hostile: str | None
) -> None:
    client = logged_in(make(engine, config, now, hostile))
    kinds: set[str] = set()
    for name in sorted({name for name, _ in LEADS} | FIGURES.keys()):
        for kind, links in leads_on(client, f"/shops/1/{name.replace('_', '-')}?period=90d&view=five{filter}").items():
            for link, text in links[:3]:
                assert client.get(link).status_code == 200, link
                number = re.fullmatch(r"([\d,]+)(?: of \d+)?", text)
                if number and kind not in ("source", "coupon_ordered"):  # arrivals and orders may be several of one journey
                    assert rows_of(client, link) == int(number[1].replace(",", "")) > 0, (name, link)
                    kinds.add(kind)
    assert len(kinds) > 15


def test_the_list_says_what_it_holds_and_lets_it_go(engine: Engine, config: Config, now: Instant) -> None:
    client = logged_in(make(engine, config, now))
    for holding, said in (
        ("product_bought=vilma", "Product bought: Kjole Vilma"),
        ("product=unknown", "Product looked at: unknown"),
        ("stage_lost=five.consideration", "Went no further than: Consideration"),
        ("arrival=ai_assistant|chatgpt", "First arrival: AI assistants · ChatGPT"),
        ("step=cart", "Ended at the step: Cart"),
        ("outcome=open", "Outcome: Under way"),
    ):
        text = client.get(f"{LIST}?{urlencode({'period': '90d', 'filter': 'device=mobile', 'holding': holding})}").text
        badges = dict(re.findall(r'<a class="badge[^>]*href="([^"]*)"><span[^>]*>[^<]*</span>([^<]*) <span', text))
        assert badges == {
            f"{LIST}?period=90d&amp;filter=device%3Dmobile": said,
            f"{LIST}?period=90d&amp;{urlencode({'holding': holding})}": "Device: Phone",
        }
        assert f'<input type="hidden" name="holding" value="{html.escape(holding)}">' in text
    assert 'name="holding"' not in client.get(LIST).text


def test_a_list_that_stopped_looking_goes_on_in_page_json_and_csv(
    engine: Engine, config: Config, now: Instant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journeys, "LOOKED_INTO", 25)
    client = logged_in(make(engine, config, now))
    asked = urlencode({"period": "90d", "holding": "source=nobody"})
    page = client.get(f"{LIST}?{asked}").text
    assert "Looked through the journeys back to Sep " in page
    assert "<tbody>" not in page
    assert "Set up the shop" not in page
    (link,) = re.findall(r'href="([^"]+)" rel="next">Go on<', page)
    pages = 1
    while link:
        page = client.get(html.unescape(link)).text
        link = next(iter(re.findall(r'href="([^"]+)" rel="next">Go on<', page)), "")
        pages += 1
    assert "No more journeys of this kind" in page
    assert pages > 10
    told, file = (client.get(f"/api/v1/shops/1/reports/journeys.{ext}?{asked}") for ext in ("json", "csv"))
    assert (told.json["rows"], told.json["holding"]) == ([], "source=nobody")
    assert told.json["notes"][0].startswith("Looked through the journeys back to 2026-09-")
    assert f"cursor={told.json['next_cursor']}" in told.headers["Link"]
    assert len(list(csv.reader(io.StringIO(file.text)))) == 1
    assert file.headers["Link"] == told.headers["Link"].replace(".json", ".csv")


def test_a_list_without_any_does_not_ask_to_set_up_the_shop(engine: Engine, config: Config, now: Instant) -> None:
    client = logged_in(make(engine, config, now))
    page = client.get(f"{LIST}?{urlencode({'holding': 'product=nobody'})}").text
    assert "No journeys of this kind in this period" in page
    assert "Set up the shop" not in page


def test_what_is_unknown_or_none_leads_nowhere(engine: Engine, config: Config, now: Instant) -> None:
    client = logged_in(make(engine, config, now))
    page = client.get("/shops/1/coupons?period=90d").text
    assert leads_on(client, "/shops/1/coupons?period=90d").keys() == {"coupon", "coupon_ordered"}
    assert '<td class="n">0<' in page  # refused
    steps = client.get("/shops/1/endings?period=90d").text.partition("At which step")[2].partition("</table>")[0]
    assert "Nothing in the cart" in steps
    assert "step%3Dnone" not in steps
