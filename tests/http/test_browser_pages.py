"""The pages of a kind of their own in a real Chromium: notes in place, one sheet of A3."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine, insert

from tests.http.test_browser import chromium, open_session, site  # noqa: F401
from tests.reports.asking import count
from tracker import tables as t
from tracker.reports.journey_map import PLACES
from tracker.shops import find_shop
from tracker.storage import writing

pytestmark = pytest.mark.browser

NOTE = "People ask for sizes before they fill the cart.\nWrite the measures on every product."


@pytest.mark.parametrize("language", ["en", "da", "sv"])
@pytest.mark.parametrize("view", ["twelve", "five"])
def test_the_journey_map_is_one_sheet_of_a3_with_notes_and_without(
    chromium: Browser,  # noqa: F811
    site: str,  # noqa: F811
    engine: Engine,
    language: str,
    view: str,
) -> None:
    page, _ = open_session(chromium, site, language)
    for notes in ([], list(PLACES)[::2]):
        with writing(engine) as db:
            for place in notes:
                row = {"shop_id": 1, "place": place, "text": NOTE, "written_at": 0, "written_by": "ida@shop.example"}
                db.execute(insert(t.notes), row)
        page.goto(f"{site}/shops/1/journey-map?period=90d&view={view}")
        assert page.locator(".note-text").count() == len(notes)
        pdf = page.pdf(width="420mm", height="297mm", prefer_css_page_size=True)
        assert len(re.findall(rb"/Type /Page\b(?!s)", pdf)) == 1
        [(width, height)] = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
        assert (round(float(width)), round(float(height))) == (1191, 842)  # points of A3 across
    page.context.close()


def test_a_note_is_written_in_place(chromium: Browser, site: str) -> None:  # noqa: F811
    page, complaints = open_session(chromium, site, "en")
    page.goto(f"{site}/shops/1/journey-map")
    page.evaluate("document.body.dataset.same = 'page'")
    page.locator("#write-note-3-pain").click()
    page.locator("#note-3-pain textarea").fill("Prices are hard to find")
    assert page.evaluate("document.activeElement.id") == "text-note-3-pain"
    page.locator("#note-3-pain button").click()
    page.wait_for_selector("#note-3-pain .note-text")
    assert "Prices are hard to find" in page.locator("#note-3-pain").inner_text()
    assert page.evaluate("document.activeElement.id") == "write-note-3-pain"
    assert page.evaluate("document.body.dataset.same") == "page"  # only the note was put in place
    page.locator("#write-note-3-pain").click()
    page.locator("#note-3-pain textarea").fill("Something else")
    page.locator("#note-3-pain a").click()
    page.wait_for_selector("#note-3-pain .note-text")
    assert "Prices are hard to find" in page.locator("#note-3-pain").inner_text()
    assert complaints == []
    page.context.close()


def test_the_checklist_turns_green_while_it_is_looked_at(
    chromium: Browser,  # noqa: F811
    site: str,  # noqa: F811
    engine: Engine,
) -> None:
    page, complaints = open_session(chromium, site, "en")
    page.goto(f"{site}/shops/2/setup")
    assert page.locator("#checklist .is-done").count() == 0
    with writing(engine) as db:
        shop = find_shop(db, 2)
        assert shop
        count(db, shop, 20260910, {"2.page_view": 1, "3.view_item": 1}, family="acts")
    page.wait_for_selector("#checklist .is-done", timeout=20_000)
    assert page.locator("#checklist .is-done").count() == 2
    assert "2 of 12" in page.locator("#checklist [role=status]").inner_text()
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_number_leads_to_its_journeys_and_they_to_the_person(
    chromium: Browser,  # noqa: F811
    site: str,  # noqa: F811
    width: int,
) -> None:
    page, complaints = open_session(chromium, site, "en", width)
    page.goto(f"{site}/shops/1/products?period=90d")
    number = page.locator("table a[href*='holding=product_bought']").first
    count = int(number.inner_text())
    number.click()
    page.wait_for_url("**/journeys?**")
    badge = page.locator("a.badge", has_text="Product bought: Kjole Vilma")
    assert badge.is_visible()
    assert page.locator("tbody tr").count() == count
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.select_option("#period", "28d")  # another time, and the choice stays
    page.wait_for_url("**period=28d**")
    assert badge.is_visible()
    assert 0 < page.locator("tbody tr").count() < count
    page.locator("tbody a").first.click()
    page.wait_for_url("**/people/*")
    assert "Person " in page.locator("h1").inner_text()
    page.go_back()
    badge.click()
    page.wait_for_url(re.compile(r"/journeys\?period=28d$"))
    assert page.locator("a.badge").count() == 0
    assert complaints == []
    page.context.close()


def test_what_takes_long_over_a_year_comes_once_the_page_is_there(chromium: Browser, site: str) -> None:  # noqa: F811
    page, complaints = open_session(chromium, site, "en")
    first = page.goto(f"{site}/shops/1/overview?period=365d")
    assert first is not None and "Where do I lose most people?" not in first.text()
    page.wait_for_selector("#rest h2:has-text('Where do I lose most people?')")
    assert page.locator("#rest .chart svg").count() == 2
    assert page.url.endswith("?period=365d")
    assert complaints == []
    page.context.close()
