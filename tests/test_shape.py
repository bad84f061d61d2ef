"""The form of the project itself: names, places and words that a reader may rely on."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
from pathlib import Path

import pytest

import tracker

ROOT = Path(__file__).parent.parent
SKIPPED = {".venv", "node_modules", "var", "build", ".git"}
MODULES = sorted((ROOT / "tracker").rglob("*.py"))
ALL_PYTHON = sorted(p for p in ROOT.rglob("*.py") if not SKIPPED & set(p.relative_to(ROOT).parts))
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "service", "base", "misc"}
ENVIRONMENT = re.compile(r"\bos\.(environ|getenv|putenv)\b|\bfrom os import .*\b(environ|getenv)\b")

# What lies at the top, and what it is for is said in the README.  Something new up here is a decision, not an accident.
TOP = {
    ".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "adapters", "bench", "deploy", "docs",
    "pyproject.toml", "scripts", "setup.cfg", "snippet", "tests", "tracker",
}  # fmt: skip


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", ALL_PYTHON, ids=name)
def test_a_module_is_named_after_what_it_does(path: Path) -> None:
    assert not EMPTY_NAMES & {path.stem, *path.relative_to(ROOT).parent.parts}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), f"{name(path)} has no docstring"


def test_a_folder_with_modules_is_a_package() -> None:
    """Without __init__.py it would be left out of the installed package, and its tests would get into each other's way."""
    folders = {path.parent for path in ALL_PYTHON if {"tracker", "tests"} & set(path.relative_to(ROOT).parts[:1])}
    assert [name(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_only_the_settings_read_the_environment() -> None:
    """Ruff says so too, where it knows the name that `os` goes by."""
    readers = [name(path) for path in MODULES if ENVIRONMENT.search(path.read_text("utf-8"))]
    assert readers == ["tracker/config.py"]


def test_what_may_write_is_opened_for_writing() -> None:
    """A plain begin() reads first and is then refused on SQLite when somebody else wrote in between; see tracker/storage.py."""
    begin = re.compile(r"engine(\(\))?\.begin\(")
    assert [name(p) for p in MODULES if p.name != "storage.py" and begin.search(p.read_text("utf-8"))] == []


def test_the_top_of_the_project_is_as_the_readme_shows_it() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    assert {path.split("/")[0] for path in listed} - TOP == set()


def test_the_changelog_begins_with_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.M)
    assert headings[0] == tracker.__version__


def test_every_dependency_has_its_reason_in_a_decision_record() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    wanted = config["options"]["install_requires"] + config["options.extras_require"]["test"]
    names = re.findall(r"^([a-z0-9-]+)", wanted, flags=re.M)
    records = "".join(path.read_text("utf-8") for path in (ROOT / "docs" / "adr").glob("*.md"))
    assert names
    assert [one for one in names if not re.search(rf"\b{re.escape(one)}\b", records)] == []
