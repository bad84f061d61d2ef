"""What machines read, beside whom their assistants send."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from tests.reports.asking import add_shop, ask, count
from tracker.clock import Instant
from tracker.reports.table import ReportTable
from tracker.shops import Shop

FIRST, LAST = 20260901, 20260905
VISITS = {
    FIRST: {"ai:ChatGPT-User|/vilma": 3, "ai:GPTBot|/vilma": 1, "crawler:Googlebot|/vilma": 9, "ai:HenkBot|/a|b": 2},
    LAST: {"ai:ChatGPT-User|/faq": 1, "ai:GPTBot|": 4, "others|/": 5, "library|/feed": 20, "ai:ChatGPT-User|/vilma": 1},
}


def reported(db: Connection, now: Instant) -> Shop:
    shop = add_shop(db, now)
    for day, visits in VISITS.items():
        crawlers: dict[str, int] = {}
        for key, amount in visits.items():
            name = f"visits:{key.partition('|')[0]}"
            crawlers[name] = crawlers.get(name, 0) + amount
        pages = {f"visits:{key}": amount for key, amount in visits.items()}
        count(db, shop, day, crawlers, family="crawlers")
        count(db, shop, day, pages, family="crawled")
    count(db, shop, FIRST, {"landed:chatgpt|/vilma": 2, "landed:claude|/vilma": 1, "landed:chatgpt|/b": 7}, family="arrivals")
    return shop


def beside(db: Connection, shop: Shop, now: Instant, name: str, until: str = "2026-09-10") -> ReportTable:
    return ask(db, shop, now, "ai_assistants", since="2026-09-01", until=until).beside[name]


def test_crawlers_that_read_for_ai_come_first_and_say_whose_they_are(db: Connection, now: Instant) -> None:
    shop = reported(db, now)
    table = beside(db, shop, now, "crawlers")
    assert [tuple(row.values()) for row in table.rows] == [
        ("ChatGPT-User", "OpenAI", "chatgpt", "answer", 5, 2, date(2026, 9, 5)),
        ("GPTBot", "OpenAI", "chatgpt", "training", 5, 1, date(2026, 9, 5)),  # the pages beyond the day's most are not told
        ("HenkBot", None, None, "other", 2, 1, date(2026, 9, 1)),
        ("library", None, None, "other", 20, 1, date(2026, 9, 5)),
        ("Googlebot", None, None, "other", 9, 1, date(2026, 9, 1)),
        ("others", None, None, "other", 5, 1, date(2026, 9, 5)),
    ]
    assert table.sample == 46
    assert [row["visits"] for row in beside(db, shop, now, "crawlers", until="2026-09-04").rows] == [3, 2, 1, 9]


def test_a_page_says_how_often_it_was_read_for_ai_and_who_landed_there(db: Connection, now: Instant) -> None:
    table = beside(db, reported(db, now), now, "read")
    assert [tuple(row.values()) for row in table.rows] == [("/vilma", 5, 4, 3), ("/a|b", 2, 0, 0), ("/faq", 1, 1, 0)]


def test_without_crawlers_the_tables_are_empty_and_with_a_filter_they_are_not_told(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    assert [beside(db, shop, now, name).rows for name in ("crawlers", "read")] == [[], []]
    filtered = ask(db, reported(db, now), now, "ai_assistants", filter="device=mobile")
    assert not {"crawlers", "read"} & filtered.beside.keys()
