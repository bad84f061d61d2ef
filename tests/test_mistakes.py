"""Whatever is wrong with what somebody types, asks or uploads is said in sentences that have their translations."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson
import pytest
from marshmallow import fields
from sqlalchemy import Connection

from tests.reports.asking import add_shop
from tracker import spend
from tracker.checks import OURS
from tracker.clock import Instant
from tracker.config import Config
from tracker.errors import BadQuery
from tracker.imports import FileRefused, orders
from tracker.imports.order_list import read
from tracker.reports.query import QueryArgs, read_query
from tracker.shop_settings import BadSettings, SettingsSchema, ShopSettings, check_rules
from tracker.spend import Defaults
from tracker.texts import Sentence, catalogue

STRANGE: tuple[Any, ...] = (
    None, "", "x", "x" * 5_000, "\x01", "{", "/", "draft", "2026-02-31", "01/02/2026", "2999-01-01", "1971-01-01", "1.234",
    "1.2E+05", "a@b", -1, 0, 1.5, 5, 10**9, 10**20, True, [], [5], ["x"], ["x" * 500], [[]], [{}], [{}] * 600,
    [{"item_id": "1", "colour": "red"}], [{"refund_id": "1"}], {}, {"x": 5}, {"x": {}}, {"X": []}, {"EUR": [["2026-01-01"]]},
    {"EUR": [["2026-01-01", "0"]]}, {"EUR": [["2026-01-02", "7"], ["2026-01-01", "7"]]}, {"five": {}}, {"/x": "x"},
    [{"channel": "email"}], [{"channel": "x", "source": "x" * 500}], [{"path": "x" * 500, "stage": "x"}], [{"stage": "need"}],
)  # fmt: skip
_KEYS = ["need", "awareness", "information", "consideration", "decision", "purchase"]
_LATER = ["delivery", "engagement", "retention", "satisfaction", "advocacy", "reactivation"]


def left_in_english(said: Sentence, language: str = "da") -> list[str]:
    """The msgids of it that have no translation; what holds parameters and signs alone needs none."""
    needs_none = not re.sub(r"%\(\w+\)s", "", said.text).strip(" :;,")
    is_told = needs_none or catalogue(language).gettext(said.text) != said.text
    inner = [value for value in said.params.values() if isinstance(value, Sentence)]
    return [*([] if is_told else [said.text]), *(text for one in inner for text in left_in_english(one, language))]


def check(said: list[Sentence], at_least: int) -> None:
    """None is left in English, and there were enough different ones to say so."""
    assert {text for one in said for language in ("da", "sv") for text in left_in_english(one, language)} == set()
    assert len({one.text for one in said}) >= at_least


def test_a_sentence_that_nobody_has_translated_is_found_wherever_it_stands() -> None:
    nobody = Sentence("nobody has translated this")
    assert left_in_english(nobody) == left_in_english(Sentence("%(one)s; %(other)s", {"one": nobody})) == [nobody]
    assert left_in_english(Sentence("Not saved: %(why)s.", {"why": "nobody has translated this"})) == []


# --- settings


def view(**changes: Any) -> dict[str, Any]:
    first = {"key": "before", "names": {"en": "Before"}, "holds": _KEYS}
    after = {"key": "after", "names": {"en": "After"}, "holds": _LATER}
    return {"stage_views": {"mine": {"names": {"en": "Mine"}, "stages": [{**first, **changes}, after]}}}


VIEWS = (
    view(key="after"), view(key="A b"), view(names={}), view(names={"x": ""}), view(holds=[*_KEYS, "reactivation"]),
    view(holds=_KEYS[:-1]), view(holds=[]), view(holds=["x"]), {"stage_views": {"five": view()["stage_views"]["mine"]}},
    {"stage_views": {"mine": {"names": {"en": "Mine"}, "stages": [
        {"key": "one", "names": {"en": "One"}, "holds": _KEYS[1:]},
        {"key": "two", "names": {"en": "Two"}, "holds": [*_LATER, "need"]}]}}},
)  # fmt: skip


@pytest.fixture
def refused() -> list[Sentence]:
    """What is said of every setting with every strange value."""
    told = [*VIEWS, *({name: value} for name in (*SettingsSchema().fields, "colour") for value in STRANGE)]
    found = []
    for settings in told:
        try:
            ShopSettings().changed(settings)
        except BadSettings as error:
            found += [error.said, *error.wrong.values()]
    for rules in STRANGE:
        try:
            check_rules(rules)
        except BadSettings as error:
            found.append(error.said)
    return found


def parts(said: Sentence) -> Iterator[Sentence]:
    yield said
    for value in said.params.values():
        if isinstance(value, Sentence):
            yield from parts(value)


def test_of_settings(refused: list[Sentence]) -> None:
    check([part for said in refused for part in parts(said)], at_least=40)


def test_nothing_is_said_in_marshmallows_own_words(refused: list[Sentence]) -> None:
    assert {part.text for said in refused for part in parts(said)} & OURS.keys() == set()
    assert re.findall(r"[A-Z][a-z]+ (?:than|valid|data|type|be one|null)\b", " ".join(refused)) == []


def fields_of(field: Any) -> Iterator[fields.Field[Any]]:
    """It, and the fields within."""
    yield field
    inner = [getattr(field, name, None) for name in ("inner", "key_field", "value_field")]
    inner += field.schema.fields.values() if isinstance(field, fields.Nested) else []
    for one in inner:
        if one is not None:
            yield from fields_of(one)


@pytest.mark.parametrize("name", SettingsSchema().fields)
def test_every_word_of_marshmallows_has_ours(name: str) -> None:
    never = {"validator_failed"}  # for a validator that says nothing; ours all do
    for field in fields_of(SettingsSchema().fields[name]):
        assert {text for key, text in field.error_messages.items() if key not in never} <= OURS.keys()


# --- files


HEAD = "order_number;created_at;status;total;tax\n"
LINES = (
    "9;2026-09-01", "9;2026-09-01;paid;5;1;1", '9;2026-09-01;"paid"x;5;1', "8;;paid;5;1", "8;2026-09-01;;5;", '9;"',
    "8;2026-09-01;paid;5;", "8;2026-09-01;paid;5;9", "8;2026-09-01;draft;5;1", "8;2026-09-01;paid;5;1\n8;;;6;",
)  # fmt: skip


def test_of_the_lines_of_a_list_of_orders(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    right = {"transaction_id": "1", "occurred_at": "2026-09-01T10:00:00Z", "value": 100, "tax": 25, "status": "paid"}
    names = [column.name for column in (*orders.ORDER, *orders.ITEM)] + ["items", "refunds", "colour"]
    files = [orjson.dumps({**right, name: value}) for name in names for value in STRANGE if value != 10**20]
    files += [b'{"a": 1, "refunds": [{}]}', b"{", b'{"\xff', b'{"a": "' + b"x" * 2_000_000 + b'"}', b"{}\n[]"]
    files += [f"{HEAD}9;2026-09-01;paid;{value};1\n".encode() for value in STRANGE if isinstance(value, str)]
    for lines in LINES:
        files.append(f"{HEAD}{lines}\n".encode())
    found = []
    for file in files:
        with suppress(FileRefused):
            found += [finding.said for finding in read(db, io.BytesIO(file), shop, Config(), now)[1].findings]
    check([part for said in found for part in parts(said)], at_least=40)


NO_FILES = (
    b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"\xff\xfea", b"\n\n", b"a\rb\rc", b'"a,b', b"[", b"[5]", b"[]",
    b"name\n1\n", b"order_number\n1\n", HEAD.encode(), b'{"rows": 5}', b"day,channel,amount" + b"x" * 200_000,
    b"day,amount\n2026-09-01,1\n", b"day,channel,amount\n" + b"2026-09-01,email,1\n" * 100_001,
)  # fmt: skip


def test_of_files_of_which_nothing_can_be_read(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    found = []
    for data in NO_FILES:
        for key in (None, "a column"):
            try:
                read(db, io.BytesIO(data), shop, Config(), now, key)
            except FileRefused as error:
                found.append(error.said)
        for upload in (spend.upload_csv, spend.upload_json):
            try:
                upload(db, shop, data, Defaults(), now)
            except FileRefused as error:
                found.append(error.said)
    check([part for said in found for part in parts(said)], at_least=18)


def test_of_the_lines_of_what_advertising_cost(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    right = {"day": "2026-09-01", "channel": "email", "amount": "1"}
    rows: list[Any] = [{**right, column.name: value} for column in spend.COLUMNS for value in STRANGE if value != 10**20]
    rows += [*STRANGE[:5], {**right, "colour": 1}, {"day": "2026-09-01", "amount": 1}, {**right, "amount": 10**12}]
    rows.append({"first_day": "2026-09-01", "last_day": "2026-09-07", "channel": "email", "amount": 1})
    lines = 'day;channel;amount\n2026-09-01;email\n2026-09-01;email;"1"x\n2026-09-01;email;"1\n'
    found = spend.upload_json(db, shop, orjson.dumps(rows), Defaults(), now).refused
    found += spend.upload_csv(db, shop, lines.encode(), Defaults(), now).refused
    check([part for _, said in found for part in parts(said)], at_least=18)


# --- questions


def test_of_questions(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    found = []
    for name in (*QueryArgs().fields, "colour"):
        for value in ("x", "-", "0", "501", "2026-02-31", "٣", "\0"):
            try:
                read_query({name: value}, shop, now)
            except BadQuery as error:
                found.append(error.said)
    check([part for said in found for part in parts(said)], at_least=12)
