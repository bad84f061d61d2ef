"""JSON and CSV of an answer."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest

from tracker.reports.export import as_csv, as_json
from tracker.reports.table import Cell, Column, Money, ReportTable, Sentence, Share, Unit

TEXT = Column("name", Unit.TEXT, "Name", "A name.")
KEY = Column("channel", Unit.TEXT, "Channel", "A key.", vocabulary="channel")
MONEY = Column("net", Unit.MONEY, "Net", "Money.")
COUNT = Column("count", Unit.COUNT, "Count", "A count.")


def say(vocabulary: str, key: str) -> str:
    return f"={vocabulary} {key}"


def lines(column: Column, *cells: Cell) -> list[list[str]]:
    table = ReportTable((column,), [{column.key: cell} for cell in cells], len(cells))
    return list(csv.reader(io.StringIO(as_csv(table, say, str))))[1:]


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://evil.example","x")',
        "+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u00a0=1",
        "＝1",
        "－1",
    ],
    ids=ascii,
)
def test_a_formula_becomes_text(text: str) -> None:
    assert lines(TEXT, text) == [["'" + text]]


@pytest.mark.parametrize("text", ["Kjole", "a=b", 'with "quotes", and commas', "two\nlines", "", "æøå 🙂"], ids=ascii)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert lines(TEXT, text) == [[text]]


def test_numbers_below_zero_stay_numbers() -> None:
    assert lines(COUNT, -5) == [["-5"]]


def test_the_name_of_a_key_is_neutralised_too() -> None:
    assert lines(KEY, "email") == [["email", "'=channel email"]]


def test_a_sentence_with_foreign_parameters_is_neutralised() -> None:
    assert lines(TEXT, Sentence("%(what)s", {"what": "=1+1"})) == [["'=1+1"]]


def test_money_is_in_major_units_with_its_currency_beside() -> None:
    assert lines(MONEY, Money(61_330, "DKK"), Money(500, "JPY"), Money(1_234, "KWD"), None, Money(5, "=X")) == [
        ["613.30", "DKK"], ["500", "JPY"], ["1.234", "KWD"], ["", ""], ["0.05", "'=X"],
    ]  # fmt: skip


def test_headings_are_keys_and_a_byte_order_mark_is_there_when_asked() -> None:
    table = ReportTable((TEXT, KEY, MONEY), [], 0)
    assert as_csv(table, say, str) == "name,channel,channel_name,net,net_currency\r\n"
    assert as_csv(table, say, str, bom=True).startswith("\ufeffname,")


def test_json_keeps_units_names_and_what_is_unknown() -> None:
    columns = (
        TEXT, KEY, MONEY, Column("share", Unit.SHARE, "Share", "A share."), Column("at", Unit.INSTANT, "At", "An instant."),
        Column("day", Unit.DAY, "Day", "A day."), Column("nothing", Unit.SHARE, "Nothing", "A share of nothing."),
    )  # fmt: skip
    row = {
        "name": "<script>", "channel": "email", "net": Money(61_330, "DKK"), "share": Share(1, 3), "at": 1_789_000_000_000,
        "day": date(2026, 9, 16), "nothing": Share(0, 0),
    }  # fmt: skip
    answer = as_json(ReportTable(columns, [row], 29, figures=(MONEY,), totals={"net": (Money(1, "SEK"),)}), say, str.upper)
    assert json.loads(json.dumps(answer))["rows"] == [
        {
            "name": "<script>", "channel": "email", "channel_name": "=channel email",
            "net": {"amount": "613.30", "currency": "DKK"},
            "share": 0.333333, "at": "2026-09-10T00:26:40.000Z", "day": "2026-09-16", "nothing": None,
        }
    ]  # fmt: skip
    assert answer["totals"] == {"net": [{"amount": "0.01", "currency": "SEK"}]}
    assert answer["columns"][0] == {"key": "name", "unit": "text", "title": "NAME", "definition": "A NAME."}
    assert (answer["sample"], answer["enough"]) == (29, False)
