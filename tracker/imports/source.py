"""A file understood as far as its outline: NDJSON or CSV, and by which columns.

In:  a seekable binary stream, the kind of import.
Out: Source – entries(), and what the report and the file of refused lines need to know; raises FileRefused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import BinaryIO

from tracker.imports.columns import Header
from tracker.imports.kinds import Kind
from tracker.imports.lines import Entry, FileRefused, is_ndjson, ndjson_entries
from tracker.imports.sheet import SEPARATORS, Sheet
from tracker.texts import N_, Sentence, together


class Source:
    """One file."""

    def __init__(self, kind: Kind, stream: BinaryIO, longest: int, order_key: str | None) -> None:
        self._stream, self._longest = stream, longest
        self._sheet: Sheet | None = None
        if kind.COLUMNS and not is_ndjson(stream, longest):
            self._sheet = _sheet(kind, stream, longest, order_key)
        elif order_key is not None:
            raise FileRefused(N_("Only a CSV file of orders has a column to be named as the order's key."))

    @property
    def form(self) -> str:
        if self._sheet is None:
            return "NDJSON"
        return f"CSV, separated by {SEPARATORS.get(self._sheet.separator, self._sheet.separator)}"

    @property
    def header(self) -> Header | None:
        """None: NDJSON."""
        return self._sheet.header if self._sheet else None

    @property
    def separator(self) -> str:
        return self._sheet.separator if self._sheet else ""

    @property
    def head_text(self) -> str:
        """The header as it came."""
        return self._sheet.head_text if self._sheet else ""

    @property
    def legacy_lines(self) -> int:
        """Lines that were not UTF-8, of those read until now."""
        return self._sheet.legacy_lines if self._sheet else 0

    def entries(self) -> Iterator[Entry]:
        return self._sheet.entries() if self._sheet else ndjson_entries(self._stream, self._longest)


def _sheet(kind: Kind, stream: BinaryIO, longest: int, order_key: str | None) -> Sheet:
    """Raises FileRefused when a column is missing, with those that were found."""
    if order_key is not None and kind.KEY is None:
        raise FileRefused(N_("Only orders have a key whose column can be named."))
    chosen = {kind.KEY: order_key} if kind.KEY and order_key is not None else {}
    sheet = Sheet(stream, longest, kind.COLUMNS, kind.KEY, chosen)
    names = sheet.header.names
    missing = [one for one in kind.NEEDED if not any(set(way.split()) <= names for way in one)]
    if missing:
        wanted = together(_wanted(kind, one, chosen) for one in missing)
        text = N_("A column is missing: %(wanted)s. Found: %(found)s. Columns are separated by comma, semicolon or tab.")
        raise FileRefused(text, wanted=wanted, found=sheet.found())
    return sheet


def _wanted(kind: Kind, alternatives: Sequence[str], chosen: dict[str, str]) -> str:
    """value, or total_value and tax (also called: total, order_total, …)"""
    aliases = {column.name: [name for name in column.names if name != column.name] for column in kind.COLUMNS}
    ways = [[chosen.get(name, name) for name in way.split()] for way in alternatives]
    also = [alias for way in ways for name in way for alias in aliases.get(name, ())]
    said = _joined(N_("%(one)s, or %(other)s"), [_joined(N_("%(one)s and %(other)s"), way) for way in ways])
    if not also:
        return said
    return Sentence(N_("%(columns)s (also called %(aliases)s)"), {"columns": said, "aliases": ", ".join(also)})


def _joined(text: str, parts: Sequence[str]) -> str:
    return reduce(lambda one, other: Sentence(text, {"one": one, "other": other}), parts)
