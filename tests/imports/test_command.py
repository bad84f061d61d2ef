"""`tracker import`: what it prints, what it leaves, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.builders import add_shop
from tests.cli.conftest import Tracker, tracker
from tests.imports.importing import SAMPLES
from tests.worker.intake import waiting
from tracker.config import Config

__all__ = ["tracker"]  # the fixture
EXAMPLES = SAMPLES.parent.parent.parent / "docs" / "examples"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "members.csv"
    path.write_text("customer_key;email\n1;a@example.com\n2;nobody\n", "utf-8")
    return path


@pytest.mark.parametrize("kind", ["events.ndjson", "orders.csv", "customers.csv", "contacts.csv"])
def test_each_example_is_imported_and_waits_for_the_worker(
    tracker: Tracker, engine: Engine, config: Config, tmp_path: Path, kind: str
) -> None:
    shop = add_shop(engine)
    path = tmp_path / kind
    path.write_bytes((EXAMPLES / kind).read_bytes())
    result = tracker("import", path.stem, str(path), "--shop", str(shop.shop_id))
    assert result.exit_code == 0, result.output
    assert "0 refused" in result.output
    assert "A worker works them in now" in result.output
    assert waiting(config, engine) == 1


def test_refused_lines_are_told_kept_beside_the_file_and_end_with_1(tracker: Tracker, engine: Engine, file: Path) -> None:
    add_shop(engine)
    result = tracker("import", "customers", str(file), "--shop", "1")
    assert result.exit_code == 1
    assert "2 lines read, 1 accepted (1 events), 1 refused" in result.output
    assert "line 3: email is no e-mail address" in result.output
    refused = file.with_name("members.refused.csv")
    assert str(refused) in result.output and refused.exists()


def test_only_looking_adds_nothing(tracker: Tracker, engine: Engine, config: Config, file: Path) -> None:
    add_shop(engine)
    result = tracker("import", "customers", str(file), "--shop", "1", "--dry-run")
    assert "1 would be accepted" in result.output and "Nothing was imported: leave out --dry-run" in result.output
    assert waiting(config, engine) == 0


def test_a_second_time_adds_nothing_unless_it_is_asked_for(
    tracker: Tracker, engine: Engine, config: Config, file: Path
) -> None:
    add_shop(engine)
    for words, output, rows in [([], "A worker works", 1), ([], "nothing was added; --again", 1), (["--again"], "A worker", 2)]:
        assert output in tracker("import", "customers", str(file), "--shop", "1", *words).output
        assert waiting(config, engine) == rows


def test_the_orders_key_can_be_named(tracker: Tracker, engine: Engine) -> None:
    add_shop(engine)
    words = ["import", "orders", str(SAMPLES / "shopify_orders.csv"), "--shop", "1", "--dry-run"]
    assert "4 would be accepted" in tracker(*words, "--order-key", "Name").output
    assert "Error: A column is missing: Nr" in tracker(*words, "--order-key", "Nr").output


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "Error: The file is empty."),
        (b"PK\x03\x04", "Error: The file is an Excel workbook"),
        (b"a;b\n1;2\n", "Error: A column"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_in_a_sentence(
    tracker: Tracker, engine: Engine, file: Path, content: bytes, error: str
) -> None:
    add_shop(engine)
    file.write_bytes(content)
    result = tracker("import", "customers", str(file), "--shop", "1")
    assert (result.exit_code, error in result.output) == (1, True), result.output


def test_a_shop_or_file_that_is_not_there_is_told(tracker: Tracker, file: Path) -> None:
    assert "Error: there is no shop 7; `tracker shop list`" in tracker("import", "customers", str(file), "--shop", "7").output
    assert "does not exist" in tracker("import", "customers", str(file) + "x", "--shop", "7").output
    assert "Missing option '--shop'" in tracker("import", "customers", str(file)).output
    said = tracker("import", "customers", str(file), "--shop", "7", max_events="many").output
    assert "Error: KUNDEREJSE_MAX_EVENTS must be a whole number" in said


def test_a_disk_that_takes_nothing_is_told(tracker: Tracker, engine: Engine, config: Config, file: Path) -> None:
    add_shop(engine)
    config.intake_dir.write_bytes(b"a file where the folder should be")
    result = tracker("import", "customers", str(file), "--shop", "1")
    assert (result.exit_code, "Error: the intake's disk does not take anything" in result.output) == (1, True)
