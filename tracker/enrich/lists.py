"""The lists in tracker/data: what is a fact of the world and no rule of ours.

Each is CSV with a heading, sorted by its first column, which is unique; each line is one fact.  Read once, when first asked.
To add a fact: a line, in its place.  tests/enrich/test_lists.py checks order, repeats and words.
"""

from __future__ import annotations

import csv
from importlib.resources import files


def read_list(name: str) -> list[dict[str, str]]:
    """The lines of tracker/data/<name>.csv, in order."""
    text = (files("tracker") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
