"""Whose machine it is, and what it reads for."""

from __future__ import annotations

import pytest

from tracker.enrich import bot, crawler
from tracker.enrich.crawlers import PURPOSES
from tracker.enrich.lists import read_list


@pytest.mark.parametrize("row", read_list("crawlers"), ids=lambda row: row["name"])
def test_every_line_is_found_by_its_name_and_names_its_machine(row: dict[str, str]) -> None:
    found = crawler(row["name"].upper())
    assert found is not None
    assert (found.name, found.maker, found.assistant or "", found.purpose) == tuple(row.values())
    assert bot(f"Mozilla/5.0 (compatible; {row['name']}/1.0; +https://maker.example/)") == f"ai:{row['name']}"


def test_assistants_are_those_that_send_people_and_purposes_are_known() -> None:
    rows = read_list("crawlers")
    senders = {row["name"] for row in read_list("sources") if row["category"] == "ai"}
    assert {row["assistant"] for row in rows} - {""} <= senders
    assert {row["purpose"] for row in rows} == set(PURPOSES)


def test_a_maker_may_have_several_for_different_ends() -> None:
    found = [crawler(name) for name in ("ChatGPT-User", "OAI-SearchBot", "GPTBot")]
    assert [(one.assistant, one.purpose) for one in found if one] == [
        ("chatgpt", "answer"), ("chatgpt", "index"), ("chatgpt", "training")
    ]  # fmt: skip
    assert crawler("Googlebot") is None
