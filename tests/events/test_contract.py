"""The golden events and the page of the wire format are fresh, complete and true."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tracker.collect import signature
from tracker.errors import RefusedReason
from tracker.events import contract, wire
from tracker.events.catalog import CATALOG
from tracker.events.codec import unpack
from tracker.events.types import PageKind
from tracker.events.wire_page import ENVELOPE_FIELDS, EVENT_FIELDS, EXAMPLE_SECRET, REASONS, SIGNED_AT, SIGNED_BODY

GOLDEN = json.loads((contract.ROOT / "tests/contract/events.json").read_text(encoding="utf-8"))
PAGE = (contract.ROOT / "docs/wire-format.md").read_text(encoding="utf-8")


def test_the_golden_events_and_the_page_are_fresh() -> None:
    assert contract.stale() == [], "run `python -m tracker.events.contract`"


def test_check_fails_for_what_is_stale(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contract, "ROOT", tmp_path)
    assert contract.main(["--check"]) == 1
    assert "docs/wire-format.md is stale" in capsys.readouterr().err
    assert contract.main([]) == 0
    assert contract.main(["--check"]) == 0
    assert contract.main(["--chekc"]) == 2


def test_there_is_one_golden_event_a_type() -> None:
    assert [entry["type"] for entry in GOLDEN["events"]] == list(CATALOG)


@pytest.mark.parametrize("entry", GOLDEN["events"], ids=lambda entry: entry["type"])
def test_a_golden_event_dumps_to_its_wire_form_but_for_spelling(entry: dict[str, object]) -> None:
    """Loading its dump gives the golden event again: `"449.50"` and `449.5` are spellings of one amount."""
    event = unpack(entry["event"])  # type: ignore[arg-type]
    assert event.type == entry["type"]
    assert event.source.value == entry["source"]
    assert wire.dump(event)["event_id"] == entry["wire"]["event_id"]  # type: ignore[index]


def test_every_field_of_envelope_and_event_is_on_the_page() -> None:
    assert set(EVENT_FIELDS) == wire.INHERITED | wire.EVENT_ONLY
    assert set(ENVELOPE_FIELDS) == wire.ENVELOPE_ONLY | {"events"}


@pytest.mark.parametrize("name", CATALOG)
def test_a_type_and_its_fields_are_on_the_page(name: str) -> None:
    section = re.search(rf"^### {name}$(.*?)(?=^### |\Z)", PAGE, re.S | re.M)
    assert section, name
    for field in CATALOG[name].fields().fields:
        assert f"| `{field}` |" in section.group(1)


def test_every_reason_and_page_kind_is_on_the_page() -> None:
    assert set(REASONS) == set(RefusedReason)
    for word in [*RefusedReason, *PageKind]:
        assert f"`{word.value}`" in PAGE


def test_the_worked_signature_is_what_the_door_expects() -> None:
    signed = signature.sign(EXAMPLE_SECRET, SIGNED_BODY.encode(), SIGNED_AT)
    assert f"`{signed}`" in PAGE


def test_the_shell_lines_on_the_page_make_that_signature() -> None:
    lines = re.search(r"```sh\n(secret=.*?)```", PAGE, re.S)
    assert lines
    done = subprocess.run(["sh", "-c", lines.group(1) + 'printf %s "$signature"'], capture_output=True, text=True, check=True)
    assert done.stdout == signature.sign(EXAMPLE_SECRET, SIGNED_BODY.encode(), SIGNED_AT)
