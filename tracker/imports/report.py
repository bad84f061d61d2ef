"""What became of a file: counts, and what was refused, why, and where.

In:  what the import finds, line by line.
Out: ImportReport – text() for people, dump() as JSON; RefusedLines – the file of lines to be corrected and imported again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from io import BufferedWriter
from pathlib import Path
from typing import Any, NamedTuple

from tracker.clock import isoformat
from tracker.errors import Refused, RefusedReason
from tracker.events.fields import clean_text
from tracker.imports.columns import REFUSED_LINE, REFUSED_WHY, Header
from tracker.imports.lines import BOM, Entry
from tracker.imports.source import Source
from tracker.texts import N_, Sentence, together

MAX_FINDINGS = 20  # told in the report; the file of refused lines has all

# The reasons for which a line can be refused, of RefusedReason.
REASONS: Mapping[RefusedReason, str] = {
    RefusedReason.INVALID: "a field is missing, wrong or unknown, or the line's cells do not fit the header",
    RefusedReason.NOT_JSON: "no JSON, no UTF-8, or no object",
    RefusedReason.TOO_BIG: "the line is longer than one request may be",
    RefusedReason.NOT_FROM_BROWSER: "money, order and after-sales facts are the server's: leave out `source`",
    RefusedReason.IN_FUTURE: "it lies in the future",
}

NOTES: Mapping[str, str] = {
    "not_utf8": "lines are not UTF-8 and were read as Windows-1252: see that ø and å are right, or save it as “CSV UTF-8”",
    "repeated": "lines or orders stand in the file twice and count once",
    "expired": "lines are older than the shop remembers people (its setting people_months) and are left out",
    "no_consent": "events of browsers without consent are left out",
    "refund_known": "sums of refunds are left out, since refunds of these orders are known already",
}


class Finding(NamedTuple):
    """One fault: where, and what to write.  `field` is what the file calls it."""

    line: int
    reason: str
    field: str
    text: Sentence

    def __str__(self) -> str:
        return self.said

    @property
    def said(self) -> Sentence:
        return Sentence(N_("line %(line)s: %(what)s"), {"line": self.line, "what": self.what})

    @property
    def what(self) -> Sentence:
        return together((self.field, self.text), " ") if self.field else self.text


@dataclass
class ImportReport:
    """Lines are those that say something: without header, blank ones and comments."""

    kind: str
    form: str = ""  # NDJSON, or CSV and its separator
    lines: int = 0
    accepted: int = 0
    events: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # lines by reason
    findings: list[Finding] = field(default_factory=list)  # the first ones
    notes: Counter[str] = field(default_factory=Counter)  # by name, of NOTES
    states: Counter[str] = field(default_factory=Counter)  # of orders
    uncounted_states: list[str] = field(default_factory=list)  # of these, what the shop does not count
    unused: list[str] = field(default_factory=list)  # columns and fields that are not ours
    refused_file: str | None = None
    is_dry_run: bool = False
    is_repeat: bool = False  # the file had been imported before; this is the report of then

    @property
    def refused_lines(self) -> int:
        return self.refused.total()

    def dump(self) -> dict[str, Any]:
        """JSON-able."""
        return {**vars(self), "findings": [list(finding) for finding in self.findings]}

    @classmethod
    def load(cls, told: Mapping[str, Any] | None) -> ImportReport | None:
        """What dump() made, after a way through JSON; None for anything else, as of another release."""
        try:
            report = cls(**(told or {}))
            report.findings = [Finding(line, reason, name, Sentence(text)) for line, reason, name, text in report.findings]
            report.refused, report.notes, report.states = Counter(report.refused), Counter(report.notes), Counter(report.states)
        except TypeError:
            return None
        return report

    def text(self) -> str:
        """For a terminal."""
        done = "would be accepted" if self.is_dry_run else "accepted"
        lines = [
            f"{self.form}: {self.lines} lines read, {self.accepted} {done} ({self.events} events), {self.refused_lines} refused"
        ]
        if self.is_repeat:
            lines.insert(0, "This file has been imported before, and nothing was added; --again imports it once more.")
        lines += [f"  {finding}" for finding in self.findings]
        if self.refused:
            reasons = ", ".join(f"{reason} {count}" for reason, count in self.refused.most_common())
            lines.append(f"Refused, by reason: {reasons}")
        if self.refused_file:
            lines.append(
                f"All refused lines, with what is wrong: {self.refused_file}. Correct them there and import that file."
            )
        lines += [f"{count} {NOTES[name]}." for name, count in self.notes.items()]
        if self.states:
            told = [f"{state} {count}" for state, count in self.states.most_common()]
            not_counted = f"; not counted by this shop: {', '.join(self.uncounted_states)}" if self.uncounted_states else ""
            lines.append(f"States of the orders: {', '.join(told)}{not_counted}")
        if self.unused:
            lines.append(f"Not used: {', '.join(self.unused)}")
        return "\n".join(lines)

    def note(self, counts: Mapping[str, int]) -> None:
        self.notes.update(counts)

    def refuse(self, entry: Entry, refusal: Refused, header: Header | None) -> list[Finding]:
        """Counts its lines; what is wrong with it."""
        self.refused[refusal.reason.value] += len(entry.texts)
        found = [_finding(entry, refusal.reason, path, text, header) for path, text in _faults(refusal)]
        self.findings += found[: max(0, MAX_FINDINGS - len(self.findings))]
        return found

    def ignore(self, names: Collection[str]) -> None:
        for name in names:
            if name not in self.unused and len(self.unused) < 200:
                self.unused.append(name)


def _faults(refusal: Refused) -> list[tuple[str, Sentence]]:
    """[(field, in words)]"""
    detail = refusal.detail
    if refusal.reason is RefusedReason.IN_FUTURE:
        at = isoformat(int(str(detail["occurred_at"])))
        return [("occurred_at", Sentence(N_("lies in the future: %(at)s"), {"at": at}))]
    if refusal.reason is RefusedReason.NOT_FROM_BROWSER:
        text = N_("%(type)s is told by the shop's server: leave out `source`")
        return [("type", Sentence(text, {"type": detail["type"]}))]
    fields = detail["fields"]
    assert isinstance(fields, Mapping)
    return [(str(path), Sentence(text)) for path, text in fields.items()]


def _finding(entry: Entry, reason: RefusedReason, path: str, text: Sentence, header: Header | None) -> Finding:
    """In the file's own words: the title of the column, the line of the item."""
    name, line = path.removeprefix("data."), entry.refused_line or entry.line
    if header is not None:
        item = re.fullmatch(r"items\[(\d+)\]\.?(\w*)", name)
        if item is not None:
            name = item[2]
            if int(item[1]) < len(entry.rows):  # most exports have a line for each
                line = entry.rows[int(item[1])].number
        name = header.title(name)
    return Finding(line, reason.value, clean_text(name, 80), text)


class RefusedLines:
    """The file of refused lines, made when the first one comes.

    NDJSON: before each line a comment that says what is wrong.  CSV: two columns of ours before the others.  Both are passed
    over when the file is imported.
    """

    def __init__(self, path: Path | None, source: Source) -> None:
        self.path, self._source = path, source
        self._file: BufferedWriter | None = None
        self._ours: re.Pattern[str] | None = None
        if source.header is not None and source.header.titles[:2] == [REFUSED_LINE, REFUSED_WHY]:
            separator = re.escape(source.separator)
            self._ours = re.compile(f'(?:"(?:[^"]|"")*"|[^"{separator}]*){separator}' * 2)

    @property
    def is_there(self) -> bool:
        return self._file is not None

    def write(self, entry: Entry, findings: list[Finding]) -> None:
        if self.path is None:
            return
        if self._file is None:
            self._file = self.path.open("wb")
            if self._source.header is not None:
                self._file.write(BOM + self._row(REFUSED_LINE, REFUSED_WHY, self._source.head_text))
        why = "; ".join(map(str, findings))
        if self._source.header is None:
            self._file.write(f"# {why}\n".encode() + b"".join(_ended(text) for _, text in entry.texts if text))
            return
        for number, text in entry.texts:
            here = "; ".join(one.what for one in findings if one.line == number) or f"belongs to line {findings[0].line}"
            self._file.write(self._row(str(number), here, text.decode()))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _row(self, number: str, why: str, text: str) -> bytes:
        if self._ours is not None and (match := self._ours.match(text)):
            text = text[match.end() :]
        separator, quoted = self._source.separator, why.replace('"', '""')
        return _ended(f'{number}{separator}"{quoted}"{separator}{text}'.encode())


def _ended(text: bytes) -> bytes:
    return text if text.endswith(b"\n") else text + b"\n"
