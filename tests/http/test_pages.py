"""What the pages show: figures by locale, foreign texts as text, states without data, three languages."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine

from tests.http.site import add_shop, add_user, logged_in, make_app
from tests.reports.asking import add_shop as add_bare_shop
from tests.reports.asking import ask, count, query
from tracker.clock import Instant
from tracker.config import Config
from tracker.http.charts import shapes
from tracker.http.charts import stages as charts
from tracker.http.report_pages import PAGES as REPORT_PAGES
from tracker.reports.query import Query
from tracker.reports.table import Cell, Column, Money, ReportTable, Sentence, Share, Unit
from tracker.shops import Shop
from tracker.telling.cells import NOTHING, Writer
from tracker.telling.changes import figure_changes
from tracker.telling.insight import of_stages
from tracker.telling.questions import answers

pytestmark = pytest.mark.pages

SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://evil.example")'
PAGES = (
    "overview", "stages", "stages?view=five&live=1", "journeys", "people/40", "data-health", "setup", "journey-map",
    *(name.replace("_", "-") for name in REPORT_PAGES),
)  # fmt: skip


def test_hostile_texts_are_shown_as_text_on_every_page(engine: Engine, config: Config, now: Instant) -> None:
    shop = add_shop(engine, now, SCRIPT, journeys=40, hostile=SCRIPT)
    add_user(engine, now, shop, name=SCRIPT)
    client = logged_in(make_app(engine, config, now))
    shown = 0
    for page in [f"/shops/1/{page}" for page in PAGES] + ["/profile"]:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert SCRIPT not in answer.text, page
        shown += answer.text.count("&lt;script&gt;alert(1)")
    assert shown > 40  # names, campaigns, titles, products, reasons, orders, field names: they are there


def test_every_page_takes_several_filters_or_says_why_not(engine: Engine, config: Config, now: Instant) -> None:
    """Some figures are not known then; whatever is said of them must do without."""
    add_user(engine, now, add_shop(engine, now, journeys=400))
    client = logged_in(make_app(engine, config, now))
    taken = []
    for page in PAGES:
        path = page.partition("?")[0]
        answer = client.get(f"/shops/1/{path}?period=90d&filter=device%3Dmobile&filter=country%3DDK")
        assert answer.status_code in (200, 302, 400), page
        taken += [path] if answer.status_code == 200 else []
    assert {"stages", "flow", "channels", "campaigns", "touchpoints", "journeys"} <= set(taken)


def test_formulas_reach_no_spreadsheet(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now, FORMULA, journeys=40, hostile=FORMULA))
    client = logged_in(make_app(engine, config, now))
    seen = 0
    for name, args in (
        ("journeys", ""),
        ("person", "?subject_id=40"),
        ("person", "?subject_id=40&table=links"),
        ("data_health", "?table=reasons"),
    ):
        answer = client.get(f"/api/v1/shops/1/reports/{name}.csv{args}")
        cells = [cell for line in csv.reader(io.StringIO(answer.text)) for cell in line]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))], name
        seen += sum(cell.startswith("'=HYPERLINK") for cell in cells)
    assert seen > 40


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Where do customers go on", "Awareness", "Need identification", "Paid social media", "Net revenue"]),
        ("da", ["Hvor går kunderne videre", "Bevidsthed", "Behovsidentifikation", "Betalte sociale medier", "Nettoomsætning"]),
        ("sv", ["Var går kunderna vidare", "Medvetenhet", "Behovsidentifiering", "Betalda sociala medier", "Nettoomsättning"]),
    ],
)
def test_pages_speak_three_languages(engine: Engine, config: Config, now: Instant, language: str, said: list[str]) -> None:
    add_user(engine, now, add_shop(engine, now, journeys=120))
    client = logged_in(make_app(engine, config, now), language=language)
    text = client.get("/shops/1/stages").text
    assert f'<html lang="{language}">' in text
    assert [words for words in said if words not in text] == []


def test_a_shop_without_journeys_says_what_to_do_next(engine: Engine, config: Config, now: Instant) -> None:
    shop = add_shop(engine, now)
    add_user(engine, now, shop)
    app = make_app(engine, Config(**{**config.__dict__, "demo": True}), now)
    client = logged_in(app)
    for page in ("stages", "journeys", "data-health"):
        text = client.get(f"/shops/1/{page}").text
        assert 'href="/shops/1/setup"' in text
        assert "Walk through the demo shop" in text
    satisfaction = client.get("/shops/1/satisfaction").text  # its rows, the kinds of survey, say nothing yet
    assert "No answer yet." in satisfaction
    assert "<table" not in satisfaction
    setup = client.get("/shops/1/setup").text
    assert f"data-key=&#34;{shop.site_key}&#34;" in setup
    assert setup.count("to do") == 24  # twelve things that arrive, and twelve stages


def test_the_setup_marks_what_has_arrived(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now, journeys=60))
    setup = logged_in(make_app(engine, config, now)).get("/shops/1/setup").text
    assert 6 <= setup.partition("Which stages have been seen")[2].count(">done<") < 13
    assert "last seen Sep" in setup


def test_few_journeys_show_counts_and_no_shares(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now, journeys=21))
    text = logged_in(make_app(engine, config, now)).get("/shops/1/stages?period=90d").text
    assert "Not enough yet." in text
    assert " of 21" in text
    assert "100.0%" not in text
    assert "Most are lost" not in text


def test_downloads_ask_what_the_page_asked(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now, journeys=40))
    client = logged_in(make_app(engine, config, now))
    text = client.get("/shops/1/stages?period=90d&view=five&filter=device%3Dmobile&filter=channel%3Demail&live=1").text
    address = text.partition('href="/api/v1/shops/1/reports/stages.json?')[2].partition('"')[0].replace("&amp;", "&")
    assert sorted(address.split("&")) == [
        "filter=device%3Dmobile,channel%3Demail",
        "period=90d",
        "view=five",
    ]
    assert client.get(f"/api/v1/shops/1/reports/stages.json?{address}").json["filter"] == "device=mobile,channel=email"


def test_the_menu_keeps_what_was_chosen_as_far_as_the_other_page_heeds_it(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now, journeys=40))
    client = logged_in(make_app(engine, config, now))
    chosen = "period=7d&compare=year&view=five&filter=device%3Dmobile&filter=campaign%3Dsommer&sort=-reached"
    text = client.get(f"/shops/1/stages?{chosen}").text
    links = dict(re.findall(r'href="/shops/1/([a-z-]+)\?([^"]*)" ', text))
    assert links["flow"] == "period=7d&amp;view=five&amp;compare=year&amp;filter=device%3Dmobile,campaign%3Dsommer"
    assert links["landing-pages"] == "period=7d&amp;compare=year&amp;filter=device%3Dmobile"
    assert links["data-health"] == "period=7d&amp;compare=year"
    assert 'href="/shops/1/customers" ' in text
    assert 'href="/shops/1/settings" ' in text


def test_the_switcher_leads_to_the_same_page_of_another_shop(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now, "Strandgade"), add_shop(engine, now, "Fjord & Fjeld"))
    text = logged_in(make_app(engine, config, now)).get("/shops/1/data-health?period=7d").text
    assert '<a class="dropdown-item" href="/shops/2/data-health" >Fjord &amp; Fjeld</a>' in text


def test_whoever_has_no_shop_is_told_so(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now)
    assert "No shop is open to you" in logged_in(make_app(engine, config, now)).get("/").text


@pytest.mark.parametrize(
    ("locale", "unit", "cell", "shown"),
    [
        ("en", Unit.COUNT, 12_345, "12,345"),
        ("da", Unit.COUNT, 12_345, "12.345"),
        ("sv", Unit.COUNT, 12_345, "12\u00a0345"),
        ("da", Unit.SHARE, Share(29, 1000), "2,9\u00a0%"),
        ("en", Unit.SHARE, Share(3, 7), "3 of 7"),
        ("en", Unit.SHARE, Share(29, 29), "29 of 29"),
        ("en", Unit.SHARE, Share(30, 30), "100.0%"),
        ("en", Unit.SHARE, Share(0, 0), NOTHING),
        ("en", Unit.SHARE, 0.029, "2.9%"),
        ("da", Unit.NUMBER, 2.34, "2,3"),
        ("da", Unit.MONEY, Money(61_330, "DKK"), "613,30\u00a0kr."),
        ("en", Unit.MONEY, Money(500, "JPY"), "500\u00a0¥"),
        ("en", Unit.MONEY, (Money(100, "DKK"), Money(200, "SEK")), "1.00\u00a0DKK + 2.00\u00a0SEK"),
        ("en", Unit.MONEY, (), NOTHING),
        ("en", Unit.SECONDS, 0, "0 sec"),
        ("en", Unit.SECONDS, 59.6, "1 min"),
        ("en", Unit.SECONDS, 3_605, "1 hr"),
        ("en", Unit.SECONDS, 90_000, "1 day 1 hr"),
        ("da", Unit.SECONDS, 75, "1 min. 15 sek."),
        ("da", Unit.INSTANT, 1_789_000_000_000, "10. sep. 2026 02.26"),
        ("en", Unit.TEXT, Sentence("%(open)s are open", {"open": 1486}), "1,486 are open"),
        ("da", Unit.TEXT, Sentence("since %(day)s", {"day": date(2026, 9, 10)}), "since 10. sep. 2026"),
        ("en", Unit.TEXT, None, NOTHING),
        ("en", Unit.TEXT, "", NOTHING),
    ],
)
def test_a_cell_is_written_by_locale(locale: str, unit: Unit, cell: Cell, shown: str) -> None:
    write = Writer(locale, ZoneInfo("Europe/Copenhagen"), str, lambda vocabulary, key: key)
    written = write.cell(Column("x", unit, "X", "X."), cell)
    assert written.replace("\u202f", " ") == shown or written == shown


ASKED = cast(Query, None)  # of the drawings here none asks what was asked


def test_in_a_table_each_currency_has_a_line() -> None:
    value = Column("value", Unit.MONEY, "V", "V.")
    assert writer().lines(value, (Money(100, "DKK"), Money(200, "SEK"))) == ["1.00\u00a0DKK", "2.00\u00a0SEK"]
    assert writer().lines(value, Money(100, "DKK")) == ["1.00\u00a0DKK"]


def test_of_too_many_months_the_last_are_drawn() -> None:
    columns = (Column("cohort", Unit.MONTH, "C", "C."), Column("cac", Unit.MONEY, "S", "S."))
    rows = [{"cohort": date(2026, month, 1), "cac": Money(100, "DKK")} for month in range(1, 10)]
    drawn = shapes.grouped("cohort", ("cac",))(ReportTable(columns, rows, 40), ASKED, writer())
    assert drawn is not None
    assert (drawn["names"][0], drawn["names"][-1]) == ("Feb 2026", "Sep 2026")


def test_a_funnel_tells_the_shares_that_stand_among_the_figures() -> None:
    figures = (
        Column("looked", Unit.COUNT, "Looked at", "L."),
        Column("carted", Unit.COUNT, "In the cart", "C."),
        Column("cart_share", Unit.SHARE, "Look to cart", "S."),
    )
    totals = {"looked": 200, "carted": 50, "cart_share": Share(40, 200)}  # ten came into the cart without a look
    drawn = shapes.funnel("looked", carted="cart_share")(ReportTable((), [], 40, figures, totals), ASKED, writer())
    assert drawn is not None
    assert [bar["label"] for bar in drawn["bars"]] == ["200", "50 · 20.0%"]


def writer(shop_locale: str = "en") -> Writer:
    return Writer(shop_locale, ZoneInfo("Europe/Copenhagen"), str, lambda vocabulary, key: key.title())


FUNNEL = {
    "journeys": 200, "ordered": 10,
    # Sets of the stages 2, 4, 6 and 9 as bits, and whether these journeys ordered.
    "m:42.1": 10, "m:42.0": 5, "m:10.0": 105, "m:258.0": 10, "m:2.0": 70,
}  # fmt: skip


def test_the_words_say_where_most_are_lost(db: Connection, now: Instant) -> None:
    shop = add_bare_shop(db, now, stage_view="five")
    count(db, shop, 20260910, FUNNEL)
    loss, conversion = of_stages(ask(db, shop, now, "stages"), query(shop, now), writer())
    assert loss.startswith("Most are lost at the stage “Consideration”: 105 journeys, 87.5%")
    assert loss.endswith("Webshops lose 29.0% there on average.")
    assert conversion == "5.0% of journeys end in an order; webshops average 2.9%. You are above."


def test_the_words_keep_silent_about_few(db: Connection, now: Instant) -> None:
    shop = add_bare_shop(db, now, stage_view="five")
    count(db, shop, 20260910, {"journeys": 29, "ordered": 10})
    assert of_stages(ask(db, shop, now, "stages"), query(shop, now), writer()) == []


def test_questions_take_what_is_known_of_the_same_question_alone(db: Connection, now: Instant) -> None:
    shop = add_bare_shop(db, now, stage_view="five")
    count(db, shop, 20260910, FUNNEL)
    nothing = ReportTable((), [], 0)
    for asked, said in (
        ({}, False),
        ({"period": "90d"}, False),
        ({"filter": "channel=email"}, True),
        ({"view": "twelve"}, True),
        ({"sort": "-reached"}, True),
    ):
        first = next(answers(db, shop, query(shop, now, **asked), lambda _: writer(), {"stages": nothing}))
        assert bool(first.said) == said, asked
    assert next(answers(db, shop, query(shop, now), lambda _: writer())).said


def test_changes_compare_with_the_days_before(db: Connection, now: Instant) -> None:
    shop = add_bare_shop(db, now)
    count(db, shop, 20260910, {"journeys": 60, "ordered": 3})
    count(db, shop, 20260810, {"journeys": 50, "ordered": 3})
    asked = query(shop, now)
    found = figure_changes(
        ask(db, shop, now, "stages"),
        ask(db, shop, now, "stages", since=str(asked.before().since), until=str(asked.before().until)),
        writer(),
    )
    assert {key: (change.direction, change.text) for key, change in found.items()} == {
        "journeys": ("up", "20.0%"),
        "conversion": ("down", "1.0 points"),
    }


def test_the_chart_ends_with_the_order_and_says_what_is_lost_between(db: Connection, now: Instant) -> None:
    shop = add_bare_shop(db, now, stage_view="five")
    count(db, shop, 20260910, FUNNEL)
    drawn = charts.approach(ask(db, shop, now, "stages"), query(shop, now), writer())
    assert [(bar["name"], bar["value"], bar["label"]) for bar in drawn["bars"]] == [
        ("Awareness", 200, "200 · 100.0%"),
        ("Consideration", 120, "120 · 60.0%"),
        ("Purchase", 15, "15 · 7.5%"),
        ("Order", 10, "10 · 5.0%"),
    ]
    assert [bar.get("drop") for bar in drawn["bars"]] == [
        "70 go no further (35.0%) · elsewhere 38.0%",
        "105 go no further (87.5%) · elsewhere 29.0%",
        "5 do not order",
        None,
    ]
    assert drawn["bars"][0]["expected"] == pytest.approx(124)
    assert drawn["bars"][3]["line"] == pytest.approx(5.8)


def test_the_page_of_each_locale_has_no_word_left_in_english(engine: Engine, config: Config, now: Instant) -> None:
    """A sample of the words that stand on every page."""
    add_user(engine, now, add_shop(engine, now, journeys=60))
    app: Flask = make_app(engine, config, now)
    for language in ("da", "sv"):
        client = logged_in(app, language=language)
        for page in PAGES:
            text = client.get(f"/shops/1/{page}").text
            for word in (
                ">Stages<",
                "Latest journeys",
                "Data health",
                ">Set-up<",
                "Log out",
                "What the figures mean",
                "Journeys",
            ):
                assert word not in text, (language, page)


def test_what_assistants_read_is_shown_though_they_send_nobody_and_else_how_to_report_it(
    engine: Engine, config: Config, now: Instant
) -> None:
    silent, reading, sending = (add_shop(engine, now, name) for name in ("Strandgade", "Havgade", "Skovgade"))
    add_user(engine, now, silent, reading, sending)
    with engine.begin() as db:
        count(db, reading, 20260914, {"visits:ai:GPTBot": 40}, family="crawlers")
        count(db, reading, 20260914, {"visits:ai:GPTBot|/kjoler": 40}, family="crawled")
        count(db, sending, 20260914, {"landed:chatgpt|/": 1}, family="arrivals")
    client = logged_in(make_app(engine, config, now))

    def page(shop: Shop) -> str:
        return client.get(f"/shops/{shop.shop_id}/ai-assistants").text

    assert "Nothing to show yet" in page(silent) and "server reports it" in page(silent)
    assert all(text in page(reading) for text in ("GPTBot", "OpenAI", "/kjoler", "Nothing of this kind in this period."))
    assert "Nothing to show yet" not in page(reading)
    assert "crawler_visit" in page(sending)
