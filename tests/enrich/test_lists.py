"""The lists in tracker/data: sorted, without repeats, in words the code knows."""

from __future__ import annotations

import re

import pytest

from tracker.enrich.lists import read_list
from tracker.enrich.page_kinds import spellings
from tracker.enrich.sources import CATEGORIES, PROOFS, is_passing, source_of_host, source_of_name
from tracker.events.types import PageKind

KEYS = {
    "sources": "host",
    "source_aliases": "spelling",
    "click_ids": "parameter",
    "payment_hosts": "host",
    "page_words": "word",
    "crawlers": "name",
}
MAY_LACK = {"assistant"}
HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9_-]+)*(?:\.\*)?(?:/[a-z0-9/-]+)?")


@pytest.mark.parametrize(("name", "key"), KEYS.items())
def test_is_sorted_without_repeats_or_blanks(name: str, key: str) -> None:
    rows = read_list(name)
    keys = [row[key] for row in rows]
    assert keys == sorted(set(keys))
    assert all(value == value.strip() for row in rows for value in row.values())
    assert all(value for row in rows for name, value in row.items() if name not in MAY_LACK)


@pytest.mark.parametrize("name", ["sources", "payment_hosts"])
def test_hosts_are_written_as_they_come_in_addresses(name: str) -> None:
    rows = read_list(name)
    assert len(rows) >= 150
    assert [row["host"] for row in rows if not HOST.fullmatch(row["host"]) or row["host"].startswith("www.")] == []


def test_every_name_has_one_category() -> None:
    rows = [*read_list("sources"), *read_list("source_aliases"), *read_list("click_ids")]
    categories: dict[str, set[str]] = {}
    for row in rows:
        categories.setdefault(row["name"], set()).add(row["category"])
    assert {name: found for name, found in categories.items() if len(found) > 1} == {}
    assert {row["category"] for row in rows} <= set(CATEGORIES)
    assert {row["proof"] for row in read_list("click_ids")} <= set(PROOFS)


def test_no_spelling_stands_for_another_name_of_ours() -> None:
    names = {row["name"] for row in read_list("sources")}
    assert [row for row in read_list("source_aliases") if row["spelling"] in names and row["spelling"] != row["name"]] == []


@pytest.mark.parametrize("row", read_list("sources"), ids=lambda row: row["host"])
def test_every_source_is_found_by_its_line(row: dict[str, str]) -> None:
    host, _, path = row["host"].partition("/")
    found = source_of_host(host.replace(".*", ".dk"), "/" + path)
    assert found is not None
    assert (found.name, found.category) == (row["name"], row["category"])
    assert source_of_name(row["name"]) == found


@pytest.mark.parametrize("row", read_list("source_aliases"), ids=lambda row: row["spelling"])
def test_every_spelling_is_understood(row: dict[str, str]) -> None:
    found = source_of_name(row["spelling"].upper())
    assert found is not None
    assert found.name == row["name"]
    assert source_of_name(row["spelling"].replace("-", "_")) == found


def test_no_source_is_taken_for_a_payment() -> None:
    assert [row["host"] for row in read_list("sources") if is_passing(row["host"].partition("/")[0])] == []


def test_page_words_are_of_known_kinds_and_languages_and_enough() -> None:
    rows = read_list("page_words")
    assert len(rows) >= 250
    assert {row["kind"] for row in rows} == {kind.value for kind in PageKind} - {"other"}
    assert {language for row in rows for language in row["languages"].split()} == {"da", "sv", "no", "de", "en"}
    assert [row["word"] for row in rows if row["word"] != row["word"].lower() or re.search(r"[\s_/]", row["word"])] == []


def test_no_two_kinds_share_a_spelling() -> None:
    kinds: dict[str, set[str]] = {}
    for row in read_list("page_words"):
        for spelling in spellings(row["word"]):
            kinds.setdefault(spelling, set()).add(row["kind"])
    assert {spelling: found for spelling, found in kinds.items() if len(found) > 1} == {}
