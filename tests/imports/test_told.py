"""docs/import.md says of the columns, reasons and notes what the code says.

`python -m tests.imports.test_told` prints its tables.
"""

from __future__ import annotations

import re

import pytest

from tests.imports.importing import Installation
from tests.imports.test_worked_in import EXAMPLES
from tests.test_docs import code, rows_of, section, text_of
from tracker.events.catalog import CATALOG
from tracker.imports import KINDS, orders
from tracker.imports.columns import Column
from tracker.imports.contacts import WORDS
from tracker.imports.report import REASONS

PAGE = "docs/import.md"
WITH_COLUMNS = {kind: module.COLUMNS for kind, module in KINDS.items() if module.COLUMNS}


def column_rows(columns: list[Column]) -> list[list[str]]:
    return [
        [code(column.name), column.sentence, ", ".join(code(name) for name in column.names if name != column.name)]
        for column in columns
    ]


@pytest.mark.parametrize("kind", WITH_COLUMNS)
def test_every_column_is_told_with_its_other_names(kind: str) -> None:
    assert rows_of(section(text_of(PAGE), f"## {kind.title()}"), 3) == column_rows(list(WITH_COLUMNS[kind]))


def test_every_state_is_told() -> None:
    told = dict(rows_of(section(text_of(PAGE), "### States"), 2))
    by_state: dict[str, list[str]] = {}
    for word, state in orders.STATES.items():
        if word:
            by_state.setdefault(code(state), []).append(code(word))
    assert {state: set(words.split(", ")) for state, words in told.items()} == {k: set(v) for k, v in by_state.items()}


def test_every_reason_is_told() -> None:
    told = rows_of(section(text_of(PAGE), "## What was refused"), 2)
    assert told == [[code(reason), sentence] for reason, sentence in REASONS.items()]


def test_every_word_for_a_contact_is_told() -> None:
    text = section(text_of(PAGE), "## Contacts")
    assert [word for words in WORDS.values() for word in words if code(word) not in text] == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_an_example_that_is_accepted_and_shown(here: Installation, kind: str) -> None:
    name = KINDS[kind].EXAMPLE
    assert f"(examples/{name})" in text_of(PAGE)
    report = here.bring(kind, EXAMPLES / name, dry_run=True)
    assert report.accepted == report.lines > 1
    assert report.unused == []


def test_examples_use_columns_by_our_names() -> None:
    for kind, columns in WITH_COLUMNS.items():
        titles = (EXAMPLES / KINDS[kind].EXAMPLE).read_text("utf-8").splitlines()[0].split(";")
        assert set(titles) <= {column.name for column in columns}


def test_our_columns_of_orders_are_the_wires_names() -> None:
    """One word for each thing: who knows the wire format knows the columns."""
    wire = set(CATALOG["purchase"].fields().fields) | {"occurred_at", "email", "customer_key", "visitor_key", "country"}
    ours = {column.name for column in orders.ORDER}
    only_here = {"fees", "subtotal", "paid_at", "cancelled_at", "cancel_reason", "refunded", "refund_id", "refunded_at"}
    assert ours - wire == only_here
    assert not re.search(r"[A-Z ]", "".join(ours))


if __name__ == "__main__":
    for kind, columns in WITH_COLUMNS.items():
        print(f"\n## {kind.title()}\n")
        for row in column_rows(list(columns)):
            print(f"| {' | '.join(row)} |")
    print()
    for reason, sentence in REASONS.items():
        print(f"| {code(reason)} | {sentence} |")
