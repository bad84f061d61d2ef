"""What advertising cost: files as people and advertising networks write them, and what is kept of them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from tests.reports.asking import add_shop
from tracker import spend
from tracker.clock import Instant
from tracker.imports import FileRefused
from tracker.reports.table import Money
from tracker.shops import Shop, ShopSettings
from tracker.spend import Defaults, Upload
from tracker.tables import ad_spend

GOOGLE = """Campaign report
"September 1, 2026 - September 2, 2026"
Day,Campaign,Campaign type,Currency code,Cost,Clicks,Impr.
2026-09-01,hoerkjoler,Search,DKK,"1,200.50","1,024","40,000"
2026-09-02,hoerkjoler,Search,DKK,99.00,10,400
2026-09-02,Shopping DK,Shopping,DKK,0,0,12
Total: Campaigns, --, --,DKK,"1,299.50","1,034","40,412"
"""
META = (
    "Rapporteringsstart;Rapporteringsslut;Kampagnenavn;Brugt beløb (DKK);Klik på link;Klik (alle);Eksponeringer\r\n"
    "2026-09-01;2026-09-01;sommer;1.200,50;31;99;40.000\r\n"
    "2026-09-02;2026-09-02;sommer;99,00;;12;400\r\n"
    ";;;1.299,50;;;\r\n"
)
OURS = "day,channel,source,campaign,currency,amount,clicks,impressions\n"


@pytest.fixture
def shop(db: Connection, now: Instant) -> Shop:
    return add_shop(db, now)


def kept(db: Connection, shop: Shop) -> list[tuple[Any, ...]]:
    c = ad_spend.c
    columns = (c.day_on, c.channel, c.source, c.campaign, c.currency, c.amount_minor, c.clicks, c.impressions)
    return [tuple(row) for row in db.execute(select(*columns).where(c.shop_id == shop.shop_id).order_by(*columns[:5]))]


def read(db: Connection, shop: Shop, now: Instant, text: str | bytes, **defaults: str) -> Upload:
    data = text.encode() if isinstance(text, str) else text
    return spend.upload_csv(db, shop, data, Defaults(**defaults), now)


def said(upload: Upload) -> list[tuple[int, str]]:
    return list(upload.refused)


def test_an_export_of_google_ads(db: Connection, now: Instant, shop: Shop) -> None:
    upload = read(db, shop, now, GOOGLE, source="google")
    assert kept(db, shop) == [
        (20260901, "paid_search", "google", "hoerkjoler", "DKK", 120_050, 1_024, 40_000),
        (20260902, "paid_search", "google", "hoerkjoler", "DKK", 9_900, 10, 400),
        (20260902, "paid_shopping", "google", "Shopping DK", "DKK", 0, 0, 12),
    ]
    assert (upload.lines, upload.kept, upload.totals, upload.refused) == (4, 3, 1, [])
    assert (upload.days, upload.amounts) == ((date(2026, 9, 1), date(2026, 9, 2)), (Money(129_950, "DKK"),))
    assert upload.ignored == ("Campaign type",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_an_export_of_meta_in_danish_in_any_encoding(db: Connection, now: Instant, shop: Shop, encoding: str) -> None:
    upload = read(db, shop, now, META.encode(encoding), channel="paid_social", source="Facebook")
    assert kept(db, shop) == [
        (20260901, "paid_social", "facebook", "sommer", "DKK", 120_050, 31, 40_000),
        (20260902, "paid_social", "facebook", "sommer", "DKK", 9_900, None, 400),
    ]
    assert (upload.totals, upload.ignored) == (1, ("Klik (alle)",))
    assert upload.refused == []


def test_a_day_uploaded_again_overwrites_and_other_rows_stay(db: Connection, now: Instant, shop: Shop) -> None:
    for _ in range(2):
        read(db, shop, now, GOOGLE, source="google")
    assert [row[5] for row in kept(db, shop)] == [120_050, 9_900, 0]
    read(db, shop, now, "Day,Campaign,Cost\n2026-09-01,hoerkjoler,7\n", source="google")
    assert [(row[5], row[6]) for row in kept(db, shop)] == [(700, None), (9_900, 10), (0, 0)]


def test_lines_about_the_same_are_added_up_before_they_are_rounded(db: Connection, now: Instant, shop: Shop) -> None:
    lines = "".join(f"2026-09-01,ai_assistant,,x,,0.005,{clicks},\n" for clicks in (1, 2, ""))
    upload = read(db, shop, now, OURS + lines)
    assert kept(db, shop) == [(20260901, "ai_assistant", "", "x", "DKK", 2, 3, None)]
    assert (upload.lines, upload.kept) == (3, 1)


def test_a_line_says_more_than_what_is_given_beside_the_file(db: Connection, now: Instant, shop: Shop) -> None:
    text = OURS + "2026-09-01,,,,,1,,\n2026-09-01,email,peytzmail,uge-37,sek,2,,\n"
    read(db, shop, now, text, channel="affiliate", source="partner-ads", campaign="efterår", currency="EUR")
    assert kept(db, shop) == [
        (20260901, "affiliate", "partner-ads", "efterår", "EUR", 100, None, None),
        (20260901, "email", "peytzmail", "uge-37", "SEK", 200, None, None),
    ]


@pytest.mark.parametrize(
    ("source", "campaign", "channel"),
    [
        ("google", "brand", "paid_search"),
        ("Google Ads", "PMax alt", "cross_network"),
        ("ig", "sommer", "paid_social"),
        ("youtube", "film", "paid_video"),
        ("pricerunner", "feed", "paid_shopping"),
        ("partner-ads", "", "affiliate"),
        ("lokalavisen", "", "paid_other"),
        ("google", "tv-spot", "display"),
    ],
)
def test_without_a_channel_it_is_that_of_a_paid_click(
    db: Connection, now: Instant, source: str, campaign: str, channel: str
) -> None:
    shop = add_shop(db, now, channel_overrides=({"campaign": "TV-spot", "channel": "display"},))
    read(db, shop, now, OURS + f"2026-09-01,,{source},{campaign},,1,,\n")
    assert [row[1] for row in kept(db, shop)] == [channel]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2026-13-01,email,,,,1,,", "there is no day 2026-13-01"),
        ("01/09/2026,email,,,,1,,", "write the day as YYYY-MM-DD, not 01/09/2026"),
        ("2026-09-18,email,,,,1,,", "2026-09-18 lies in the future"),
        ("1999-12-31,email,,,,1,,", "1999-12-31 is too long ago"),
        ("2026-09-01,e-mail,,,,1,,", "e-mail is no channel: write one of paid_search"),
        ("2026-09-01,,,,,1,,", "say which channel or source it belongs to"),
        ("2026-09-01,email,,,kroner,1,,", "KRONER is no currency: write three letters"),
        ("2026-09-01,email,,,,,,", "there is no amount: write one like 199.95"),
        ("2026-09-01,email,,,,--,,", "there is no amount: write one like 199.95"),
        ("2026-09-01,email,,,,-5,,", "-5 is below 0"),
        ("2026-09-01,email,,,,1e3,,", "1e3 is no amount"),
        ("2026-09-01,email,,,,1.2.3,,", "1.2.3 is no amount"),
        ("2026-09-01,email,,,,9999999999999,,", "9999999999999 is no amount"),
        ("2026-09-01,email,,,,1.234,,", "1.234 may be thousands or decimals: write two decimals"),
        ("2026-09-01,email,,,,1,3.5,", "3.5 is no count"),
        ("2026-09-01,email,,,,1,,99999999999", "99999999999 is no count"),
        ("2026-09-01,email", "this line has 2 cells where the header has 8"),
        ('2026-09-01,email,,"x,,1,,', "this line has a quote that is never closed"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number_and_the_others_are_kept(
    db: Connection, now: Instant, shop: Shop, line: str, reason: str
) -> None:
    upload = read(db, shop, now, f"{OURS}2026-09-01,sms,,,,1,,\n\n{line}\n2026-09-02,sms,,,,1,,\n")
    [(number, text)] = said(upload)
    assert number == 4
    assert text.startswith(reason) or reason in text
    assert [row[0] for row in kept(db, shop)] == [20260901, 20260902]


def test_a_line_over_several_days_is_refused(db: Connection, now: Instant, shop: Shop) -> None:
    text = "Reporting starts,Reporting ends,Campaign name,Amount spent (DKK)\n2026-09-01,2026-09-07,sommer,10.00\n"
    upload = read(db, shop, now, text, source="facebook")
    assert said(upload) == [(2, "this line covers several days: export the report by day")]


def test_no_sum_grows_beyond_what_a_row_holds(db: Connection, now: Instant, shop: Shop) -> None:
    most = f"2026-09-01,email,,,,1000000000000,{2**31 - 1},\n"
    upload = read(db, shop, now, OURS + most + most)
    assert said(upload) == [(3, "together with the lines before it this is too much for one day")]
    assert kept(db, shop)[0][5:7] == (10**14, 2**31 - 1)


@pytest.mark.parametrize(
    ("amounts", "minor"),
    [
        (["1,234", "5,50"], [123, 550]),  # the second says that commas stand before decimals
        (["1,234", "5.50"], [123_400, 550]),
        (["1.234", "5,50"], [123_400, 550]),
        (["1.234", "5"], [None, 500]),
        (["1,234", "5.50", "5,50"], [None, 550, 550]),
        (["1.234.567,89"], [123_456_789]),
        (["1,234,567"], [123_456_700]),
        (["1 234,50"], [123_450]),
        (["1\u00a0234,5"], [123_450]),
        (["1'234.50"], [123_450]),
        (["0.125"], [12]),
        (["1234.567"], [123_457]),
        (["12.345678"], [1_235]),
        (["kr. 1.234,50", "DKK 7", "5 EUR"], [123_450, 700, 500]),
    ],
)
def test_points_and_commas(db: Connection, now: Instant, shop: Shop, amounts: list[str], minor: list[int | None]) -> None:
    lines = "".join(f'2026-09-0{i},email,,,,"{amount}",,\n' for i, amount in enumerate(amounts, 1))
    upload = read(db, shop, now, OURS + lines)
    found = {row[0] - 20260900: row[5] for row in kept(db, shop)}
    assert [found.get(i) for i in range(1, len(amounts) + 1)] == minor
    assert len(upload.refused) == minor.count(None)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "The file is empty."),
        (b"a,b\n1,2\n", "there is no line of headings"),
        (b"Campaign,Cost\nx,1\n", "there is no line of headings"),
        (b"Day,Cost\n2026-09-01,1\n", "say which channel or source the file belongs to"),
        (b"\xff\xfe\x00", "there is no line of headings"),
        (b"PK\x03\x04", "is an Excel workbook"),
        (b"\x81\x8d\x8f", "there is no line of headings"),
        (b"day,channel,amount" + b"x" * 200_000, "The header, line 1, has a quote that is never closed."),
        (b"day,channel,amount\n" + b"2026-09-01,email,1\n" * 100_001, "more than 100000 lines"),
    ],
    ids=range(9),
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    db: Connection, now: Instant, shop: Shop, data: bytes, reason: str
) -> None:
    with pytest.raises(FileRefused, match=re.escape(reason)):
        read(db, shop, now, data)
    assert kept(db, shop) == []


def test_names_are_fit_for_people(db: Connection, now: Instant, shop: Shop) -> None:
    read(db, shop, now, OURS + f'2026-09-01,email,," =1+1\x00\x07{"x" * 300}",,1,,\n')
    [row] = kept(db, shop)
    assert (row[3].startswith("=1+1 xx"), len(row[3])) == (True, 200)


def test_shops_do_not_see_each_others(db: Connection, now: Instant, shop: Shop) -> None:
    other = add_shop(db, now)
    read(db, shop, now, OURS + "2026-09-01,email,,,,1,,\n")
    read(db, other, now, OURS + "2026-09-01,email,,,,2,,\n")
    assert [row[5] for row in kept(db, shop)] == [100]


# --- JSON


def load(db: Connection, shop: Shop, now: Instant, told: Any, **defaults: str) -> Upload:
    return spend.upload_json(db, shop, told if isinstance(told, bytes) else orjson.dumps(told), Defaults(**defaults), now)


def test_rows_of_json(db: Connection, now: Instant, shop: Shop) -> None:
    rows = [
        {"day": "2026-09-01", "source": "google", "amount": "199.95", "clicks": 3, "impressions": None},
        {"day": "2026-09-02", "channel": "email", "amount": 19.99, "currency": "EUR"},
        {"day": "2026-09-03", "channel": "email", "amount": 7},
    ]
    upload = load(db, shop, now, {"rows": rows})
    assert (upload.refused, upload.kept) == ([], 3)
    assert [(row[1], row[4], row[5], row[6]) for row in kept(db, shop)] == [
        ("paid_search", "DKK", 19_995, 3),
        ("email", "EUR", 1_999, None),
        ("email", "DKK", 700, None),
    ]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("text", "this is no object"),
        ({"cost": 1}, "there is no field cost"),
        ({"amount": True}, "True is no amount"),
        ({"amount": None}, "there is no amount"),
        ({"amount": []}, "[] is no amount"),
        ({"amount": "1,500"}, "1,500 may be thousands"),
        ({"amount": -1}, "-1 is below 0"),
        ({"amount": 1e13}, "10000000000000.0 is no amount"),
        ({"day": 20260901}, "write the day as YYYY-MM-DD"),
        ({"campaign": 5}, "campaign is no text"),
        ({"clicks": {}}, "{} is no count"),
        ({"clicks": "5.5"}, "5.5 is no count"),
        ({"clicks": True}, "True is no count"),
    ],
)
def test_a_wrong_row_is_refused(db: Connection, now: Instant, shop: Shop, wrong: Any, reason: str) -> None:
    right = {"day": "2026-09-01", "channel": "email", "amount": 1}
    upload = load(db, shop, now, [right, {**right, **wrong} if isinstance(wrong, dict) else wrong])
    [(number, text)] = said(upload)
    assert (number, upload.kept) == (2, 1)
    assert text.startswith(reason)


@pytest.mark.parametrize("told", [b"{", b"5", b'{"rows": 5}', b"\xff"])
def test_what_is_no_list_of_rows_is_refused(db: Connection, now: Instant, shop: Shop, told: bytes) -> None:
    with pytest.raises(FileRefused):
        load(db, shop, now, told)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: (OURS + text).encode("utf-8", "replace")))
)
def test_any_bytes_are_answered_in_words(db: Connection, now: Instant, data: bytes) -> None:
    shop = Shop(1, "Nordlys", "pk", "sk", None, (), ShopSettings())
    for upload in (spend.upload_csv, spend.upload_json):
        with suppress(FileRefused):
            done = upload(db, shop, data, Defaults(channel="email"), now)
            assert len(done.refused) + done.totals <= done.lines
