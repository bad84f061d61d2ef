"""Every key of a closed list has a word, and every report is in the registry and in the documentation."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import get_args

import pytest

import tracker.reports
from tracker.customers.segments import SEGMENTS
from tracker.enrich.channel import CHANNELS
from tracker.enrich.device import DeviceKind
from tracker.errors import DroppedReason, FailedReason, RefusedReason
from tracker.events.catalog import CATALOG
from tracker.events.catalog.email import PURPOSES
from tracker.events.types import PageKind
from tracker.journey.carts import CART_STEPS
from tracker.journey.state import EMPTIED, EXPIRED, FILLED, ORDERED
from tracker.order_list.compare import CAUSES, DIFFERENCES
from tracker.reports import REPORTS, alarms, journey_map, overview, words
from tracker.reports.query import FILTER_KINDS, QueryArgs
from tracker.reports.scores import KINDS
from tracker.reports.table import Sentence
from tracker.stages import VIEWS
from tracker.stages.reasons import REASONS

FOLDER = Path(tracker.reports.__file__).parent
NOT_REPORTS = {
    "__init__",
    "alarms",
    "arrivals",
    "counters",
    "crawlers",
    "credits",
    "durations",
    "export",
    "fitted",
    "holding",
    "person_beside",
    "query",
    "ranked",
    "scores",
    "sorting",
    "spending",
    "table",
    "words",
}
DOCS = Path(__file__).parents[2] / "docs" / "reports.md"


def values(*enums: type[Enum]) -> set[str]:
    return {str(member.value) for enum in enums for member in enum}


@pytest.mark.parametrize(
    ("named", "keys"),
    [
        pytest.param(words.CHANNELS, set(CHANNELS), id="channels"),
        pytest.param(words.DEVICES, set(get_args(DeviceKind)), id="devices"),
        pytest.param(words.PAGE_KINDS, values(PageKind), id="kinds of pages"),
        pytest.param(words.EVENT_TYPES, set(CATALOG), id="types of events"),
        pytest.param(words.OUTCOME_REASONS, values(RefusedReason, DroppedReason, FailedReason), id="reasons of outcomes"),
        pytest.param(words.FILTER_KINDS, set(FILTER_KINDS), id="kinds of filters"),
        pytest.param(words.FIGURES, {column.key for column in overview.FIGURES}, id="figures of the overview"),
        pytest.param(words.MAP_FIELDS, set(journey_map.FIELDS), id="fields of the journey map"),
        pytest.param(words.CAUSES, set(CAUSES), id="causes of missing orders"),
        pytest.param(words.DIFFERENCES, set(DIFFERENCES), id="what differs from the shop's list"),
        pytest.param(words.ALARMS, set(alarms.ALARMS), id="alarms"),
        pytest.param(words.SURVEYS, set(KINDS), id="kinds of surveys"),
        pytest.param(words.PURPOSES, set(PURPOSES), id="what mails are for"),
        pytest.param(words.CART_STEPS, set(CART_STEPS), id="steps of carts"),
        pytest.param(words.CUSTOMER_SEGMENTS, set(SEGMENTS), id="segments of customers"),
        pytest.param(words.CART_STATES, {FILLED, EMPTIED, EXPIRED, ORDERED}, id="states of carts"),
    ],
)
def test_every_key_has_a_word_and_no_word_is_left_over(named: dict[str, str], keys: set[str]) -> None:
    assert set(named) == keys


def test_every_module_here_is_a_report_in_the_registry_or_serves_them() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == NOT_REPORTS | set(REPORTS)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_documented_with_its_columns_and_parameters(name: str) -> None:
    text, report = DOCS.read_text("utf-8"), REPORTS[name]
    section = text.partition(f"## `{name}`")[2].partition("\n## ")[0]
    assert report.QUESTION in section
    assert [column.key for column in report.COLUMNS if f"| `{column.key}` |" not in section] == []
    assert [parameter for parameter in report.PARAMETERS if f"`{parameter}`" not in section] == []
    assert set(report.PARAMETERS) <= set(QueryArgs().fields)


@pytest.mark.parametrize("name", REPORTS)
def test_columns_have_keys_of_their_own_and_definitions(name: str) -> None:
    columns = REPORTS[name].COLUMNS
    assert len({column.key for column in columns}) == len(columns)
    assert all(column.definition.endswith(".") for column in columns)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        pytest.param(Sentence(REASONS["searched"], {"term": "<b>"}), "Searched for “<b>”", id="foreign text as it came"),
        pytest.param(
            Sentence(REASONS["read_page"], {"kind": "faq"}), "Read a page: questions and answers", id="a key as a word"
        ),
        pytest.param(Sentence(REASONS["searched"], {}), REASONS["searched"], id="a parameter missing: the template itself"),
        pytest.param(Sentence("100 % %(x", {"x": 1}), "100 % %(x", id="no template at all"),
        pytest.param(Sentence("40 % to the first", {}), "40 % to the first", id="a share is no parameter"),
        pytest.param(
            Sentence(REASONS["searched"], {"term": "%(secret)s"}), "Searched for “%(secret)s”", id="a template as parameter"
        ),
    ],
)
def test_a_sentence_is_told_with_its_parameters(sentence: Sentence, said: str) -> None:
    assert words.tell(sentence, str) == said


def test_an_unknown_key_stands_for_itself() -> None:
    assert words.say("channel", "smoke_signal", "da", str) == "smoke_signal"
    assert words.say("twelve", "purchase", "sv", str) == "Köpupplevelse"
    assert words.say("stage", "purchase", "da", str, VIEWS["five"]) == "Køb"
