"""What browsers get is what the sources say, within its budget, and the front door can put its own path in."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tracker.collect.script import BUILT, scripts
from tracker.events.catalog import CATALOG
from tracker.events.types import Source

SOURCES = Path(__file__).parents[2] / "snippet"
BUDGET = {"k.js": 1_900, "k.survey.js": 1_500}  # bytes after brotli; design, and snippet/build.mjs
NOT_READ = {"page_view", "page_engaged", "page_twice", "consent_update", "identify", "custom"}  # the dataLayer's are not ours


@pytest.fixture(scope="module")
def built() -> Any:
    return json.loads((SOURCES / "built.json").read_text("utf-8"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("source", ["t.js", "layer.js", "debug.js", "survey.js"])
def test_the_built_files_are_of_these_sources(built: Any, source: str) -> None:
    assert built["sources"][source] == digest(SOURCES / source), "stale: npm run build in snippet/"


@pytest.mark.parametrize("name", ["k.js", "k.layer.js", "k.debug.js", "k.survey.js"])
def test_the_built_files_are_as_they_were_built(built: Any, name: str) -> None:
    assert built["files"][name]["sha256"] == digest(BUILT / name)
    assert built["files"][name]["raw"] == (BUILT / name).stat().st_size


def test_what_pages_load_is_within_its_budget(built: Any) -> None:
    for name, sizes in built["files"].items():
        print(f"{name}: {sizes['raw']} raw / {sizes['gzip']} gzip / {sizes['brotli']} brotli")
    assert [name for name, most in BUDGET.items() if built["files"][name]["brotli"] > most] == []


def test_the_reader_of_the_data_layer_knows_the_catalogue() -> None:
    expected = {name for name, event_type in CATALOG.items() if Source.BROWSER in event_type.sent_by} - NOT_READ
    found = re.search(r'\[("search"|"[a-z_]+")(,"[a-z_]+")*\]', (BUILT / "k.layer.js").read_text("utf-8"))
    assert found, "no list of types in k.layer.js"
    assert set(json.loads(found[0])) == expected


def test_the_door_can_put_its_own_path_in() -> None:
    served = scripts("/assets/a.js", "/assets/b", BUILT)
    assert set(served) == {"/assets/a.js", "/assets/a.layer.js", "/assets/a.debug.js", "/assets/a.survey.js"}
    assert b'"/assets/b"' in served["/assets/a.js"].body
    assert b'"/k"' not in served["/assets/a.js"].body


def test_no_registry_is_named() -> None:
    assert "resolved" not in (SOURCES / "package-lock.json").read_text("utf-8")


def test_the_page_of_the_documentation_names_the_sizes(built: Any) -> None:
    page = (SOURCES.parent / "docs" / "snippet.md").read_text("utf-8")
    for name, sizes in built["files"].items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}`"))
        assert [cell.strip() for cell in row.split("|")[2:5]] == [f"{sizes[kind]:,}" for kind in ("raw", "gzip", "brotli")]
