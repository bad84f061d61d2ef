"""What the pages say of the code is what the code says.

`python -m tests.test_docs` prints the tables that are made from the code, to be put into the pages.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from tests.test_attribution import SOFA, SOFA_ORDERED
from tracker.attribution import MODELS, credit
from tracker.cli import cli
from tracker.config import PREFIX, Config
from tracker.customers.segments import ROWS as SEGMENT_ROWS
from tracker.customers.segments import SEGMENTS
from tracker.errors import DroppedReason, FailedReason, RefusedReason
from tracker.reports import REPORTS
from tracker.reports.holding import KINDS
from tracker.stages import STAGES, VIEWS, StageView
from tracker.stages.reasons import REASONS
from tracker.stages.tagging import ROWS

ROOT = Path(__file__).parent.parent
SKIPPED = {".venv", "node_modules", "var", "build", ".git", ".pytest_cache", ".hypothesis"}
PAGES = sorted(p for p in ROOT.rglob("*.md") if not SKIPPED & set(p.relative_to(ROOT).parts))
LOCALES = ("da", "sv", "en")


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def rows_of(text: str, columns: int) -> list[list[str]]:
    """The cells of every table row with this many columns, headings and lines below them left out."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", text, flags=re.M)]
    lines = [i for i, row in enumerate(rows) if set("".join(row)) <= set("-")]
    return [row for i, row in enumerate(rows) if len(row) == columns and i not in lines and i + 1 not in lines]


def section(text: str, heading: str) -> str:
    """From a heading to the next of any level."""
    found = re.search(rf"^{re.escape(heading)}$\n(.*?)(?=^#|\Z)", text, flags=re.M | re.S)
    assert found, f"there is no heading {heading!r}"
    return found[1]


def code(text: str) -> str:
    return f"`{text}`"


# --- tables made from the code


def settings_rows() -> list[list[str]]:
    return [
        [code(PREFIX + f.name.upper()), "empty" if f.default == "" else code(str(f.default)), f.metadata["sentence"]]
        for f in fields(Config)
    ]


def stage_rows() -> list[list[str]]:
    return [[str(stage.number), code(stage.key), *(stage.name(locale) for locale in LOCALES)] for stage in STAGES]


def view_rows(view: StageView) -> list[list[str]]:
    return [
        [str(i), code(one.key), *(one.name(locale) for locale in LOCALES), ", ".join(map(str, sorted(one.members)))]
        for i, one in enumerate(view.stages, 1)
    ]


def tagging_rows() -> list[list[str]]:
    """Without the column that says in words when a row matches: predicates are code."""
    return [
        [str(row.stage), code(row.reason), ", ".join(map(code, row.types)) or "every type", REASONS[row.reason]] for row in ROWS
    ]


# --- the README


def test_the_readme_has_every_setting_in_order_with_its_default() -> None:
    assert rows_of(section(text_of("README.md"), "## Settings"), 3) == settings_rows()


def commands(group: click.Group, said: str = "tracker") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{said} {name}")
        else:
            yield f"{said} {name}"


def test_the_readme_names_every_command_and_no_other() -> None:
    named = [row[0] for row in rows_of(section(text_of("README.md"), "## Commands"), 2)]
    assert sorted(named) == sorted(code(command) for command in commands(cli))


def test_commands_named_in_the_pages_exist() -> None:
    known = {command.removeprefix("tracker ").split()[0] for command in commands(cli)}
    named = {(page.name, word) for page in PAGES for word in re.findall(r"[`/]tracker ([a-z-]+)\b", page.read_text("utf-8"))}
    assert [one for one in sorted(named) if one[1] not in known] == []


def test_settings_named_in_the_pages_and_in_deploy_exist() -> None:
    known = {PREFIX + f.name.upper() for f in fields(Config)}
    files = [*PAGES, *(path for path in (ROOT / "deploy").iterdir() if path.is_file())]
    named = {(path.name, name) for path in files for name in re.findall(rf"\b{PREFIX}[A-Z_]+", path.read_text("utf-8"))}
    assert [one for one in sorted(named) if one[1].removesuffix("_FILE") not in known] == []


def test_the_readme_names_every_folder_at_the_top() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    folders = {path.split("/")[0] for path in listed if "/" in path}
    said = text_of("README.md")
    assert [name for name in sorted(folders) if f"`{name}/" not in said] == []


# --- docs/stages.md


def test_the_twelve_stages_are_told_in_three_languages() -> None:
    assert rows_of(section(text_of("docs/stages.md"), "## The twelve"), 5) == stage_rows()


@pytest.mark.parametrize("view", [view for key, view in VIEWS.items() if key != "twelve"], ids=lambda view: view.key)
def test_a_stage_view_is_told_with_what_it_holds(view: StageView) -> None:
    told = section(text_of("docs/stages.md"), f"### `{view.key}` – {view.name('en')}")
    assert rows_of(told, 6) == view_rows(view)
    assert f"Up to the order: the first {view.approach}." in told


def test_every_tagging_row_is_told_in_order_with_its_reason() -> None:
    told = rows_of(section(text_of("docs/stages.md"), "## Which event shows which stage"), 5)
    assert [[stage, reason, types, sentence] for stage, reason, types, _, sentence in told] == tagging_rows()


def test_every_reason_is_told() -> None:
    told = text_of("docs/stages.md")
    assert [key for key, sentence in REASONS.items() if code(key) not in told or sentence not in told] == []


# --- attribution, customers


def attribution_rows() -> list[list[str]]:
    """The page's example, in major units."""
    found = credit(SOFA, SOFA_ORDERED, 30, 899_00)
    keys = [touch.key for touch in SOFA]
    return [
        [code(model), *(f"{shares[key] / 100:.2f}" if shares.get(key) else "" for key in keys)]
        for model, shares in found.items()
    ]


def segment_rows() -> list[list[str]]:
    return [
        [
            code(row.segment),
            f"{row.gaps} gaps" if row.gaps else "any",
            "often" if row.often else str(row.min_orders),
            "most" if row.most else "any",
            SEGMENTS[row.segment],
        ]
        for row in SEGMENT_ROWS
    ]


def test_every_attribution_model_is_told_with_what_it_makes_of_the_example() -> None:
    told = text_of("docs/attribution.md")
    assert rows_of(section(told, "## The six models"), 5) == attribution_rows()
    assert re.findall(r"^### `([a-z_]+)`$", told, flags=re.M) == list(MODELS)


def test_every_segment_is_told_in_order_with_its_limits() -> None:
    assert rows_of(section(text_of("docs/customers.md"), "## Segments"), 5) == segment_rows()


# --- reports, refusals


def test_every_report_is_described() -> None:
    told = re.findall(r"^## `([a-z_]+)`", text_of("docs/reports.md"), flags=re.M)
    assert sorted(told) == sorted(REPORTS)


def test_every_kind_of_holding_is_described() -> None:
    told = rows_of(section(text_of("docs/reports.md"), "### Holding: the journeys behind a number"), 2)
    assert [row[0] for row in told] == [code(kind) for kind in KINDS]


def test_every_reason_for_a_refusal_is_in_the_wire_format() -> None:
    told = section(text_of("docs/wire-format.md"), "## The answer")
    assert [reason for reason in RefusedReason if f"| `{reason}` |" not in told] == []


def test_every_reason_for_a_drop_or_failure_is_in_operations() -> None:
    told = [row[:2] for row in rows_of(section(text_of("docs/operations.md"), "## Reasons"), 3)]
    dropped = [["dropped", code(reason)] for reason in DroppedReason]
    assert told == dropped + [["failed", code(reason)] for reason in FailedReason]


# --- links


def anchors(page: Path) -> set[str]:
    """As they are made of headings: lower case, spaces to hyphens, signs gone."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if not re.match(r"[a-z]+:", target):
                yield page, target


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page, target in links():
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_decision_records_are_numbered_and_listed() -> None:
    records = sorted(path.name for path in (ROOT / "docs" / "adr").glob("*.md"))
    assert [name[:4] for name in records] == [f"{i:04d}" for i in range(1, len(records) + 1)]
    listed = text_of("docs/development.md")
    assert [name for name in records if f"(adr/{name})" not in listed] == []


def test_pictures_are_small() -> None:
    assert [path.name for path in (ROOT / "docs" / "pictures").iterdir() if path.stat().st_size > 300_000] == []


if __name__ == "__main__":
    tables = {"Settings": settings_rows(), "The twelve": stage_rows(), **{key: view_rows(v) for key, v in VIEWS.items()}}
    tables["Which event shows which stage"] = [[*row[:3], "…", row[3]] for row in tagging_rows()]
    tables |= {"The six models": attribution_rows(), "Segments": segment_rows()}
    for title, rows in tables.items():
        print(f"\n{title}\n")
        for row in rows:
            print(f"| {' | '.join(row)} |")
