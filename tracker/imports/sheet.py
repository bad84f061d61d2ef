"""CSV files as shops' exports and spreadsheets write them.

In:  a seekable binary stream, the columns that the kind of import knows.
Out: Sheet – its separator and header, entries(); raises FileRefused when there is no header to understand.

The separator (comma, semicolon, tab) is the one by which the first line has most columns that we know, or what a line `sep=;`
says.  A line that is not UTF-8 is read as Windows-1252, and counted.  A line that cannot be read costs itself, not the rest:
after a quote that is never closed, reading goes on with the next line.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from tracker.errors import RefusedReason
from tracker.imports.columns import Column, Header
from tracker.imports.lines import Entry, FileRefused, Line, Row, read_lines, refusal, too_big
from tracker.texts import N_, Sentence

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
MAX_LINES = 1_000  # of one order, which may have 200 items: what goes on and on must not fill the memory
MAX_TITLES = 20  # named in one error

_SEPARATOR_LINE = re.compile(r"sep=(.)\s*")


class Record(NamedTuple):
    """One line of the table, which may be several of the file.  Where it could not be read, `fault` says why."""

    number: int
    end: int
    text: str
    cells: list[str]
    fault: tuple[RefusedReason, str] | None = None

    @property
    def is_blank(self) -> bool:
        return self.fault is None and not any(map(str.strip, self.cells))


class Sheet:
    """One CSV file.

    `key` names the column by which several lines are one entry; None: each line is one.  `chosen` names the title to take for a
    column.
    """

    def __init__(
        self, stream: BinaryIO, longest: int, columns: Sequence[Column], key: str | None, chosen: Mapping[str, str]
    ) -> None:
        self._stream, self._longest, self._key = stream, longest, key
        self.legacy_lines = 0  # not UTF-8, of those read until now
        heads = {separator: self._head(separator) for separator in self._separators()}
        understood = {one: Header(head.cells, columns, chosen) for one, head in heads.items() if head and not head.fault}
        if not understood:
            raise _no_header(list(heads.values()))
        self.separator = max(understood, key=lambda one: (len(understood[one].names), len(understood[one].titles)))
        self.header = understood[self.separator]
        head = heads[self.separator]
        assert head is not None
        self.head_text, self._head_end = head.text, head.end

    def found(self) -> str:
        """The titles, for an error."""
        named = ", ".join(self.header.titles[:MAX_TITLES])
        return named + (" …" if len(self.header.titles) > MAX_TITLES else "")

    def entries(self) -> Iterator[Entry]:
        """In order; the lines of one order are one entry."""
        together: list[Record] = []
        for record in self._records(self.separator):
            if record.end <= self._head_end or record.is_blank:
                continue
            if together and not (self._key and len(together) < MAX_LINES and self._belongs(record, together[0])):
                yield self._entry(together)
                together = []
            together.append(self._checked(record))
        if together:
            yield self._entry(together)

    # --- which lines are one entry

    def _belongs(self, record: Record, first: Record) -> bool:
        """Whether the line goes on with the entry that `first` began.

        A line that cannot be read may be part of an order, which then is not complete: it belongs to it when it names it.
        """
        theirs, own = self._keys(first), self._keys(record)
        if theirs and own:
            pairs = list(zip(theirs, own, strict=True))
            return all(not b or a == b for a, b in pairs) and any(a and a == b for a, b in pairs)
        named, text = (theirs, record.text) if theirs else (own, first.text)
        return any(key and key in text for key in named)

    def _keys(self, record: Record) -> tuple[str, ...]:
        """All cells that may name the order: exports leave some of them empty in an order's further lines."""
        return () if record.fault or self._key is None else self.header.all_of(self._key, record.cells)

    def _entry(self, together: Sequence[Record]) -> Entry:
        texts = [(record.number, record.text.encode("utf-8", "replace")) for record in together]
        entry = Entry(together[-1].end, texts)
        for record in together:
            if record.fault is not None:
                entry.refusal, entry.refused_line = refusal(*record.fault), record.number
                return entry
        # The same line twice: not two pieces of the item, since the order's totals stand in it twice as well.
        first, *others = together
        kept = [first, *(record for record in others if record.cells != first.cells)]
        if len(kept) < len(together):
            entry.notes = {"repeated": len(together) - len(kept)}
        entry.rows = [Row(record.number, self.header.read(record.cells)) for record in kept]
        return entry

    # --- lines to records

    def _checked(self, record: Record) -> Record:
        """Empty cells beyond the header are cut; other differences are faults."""
        found, wanted = len(record.cells), len(self.header.titles)
        if record.fault or (found >= wanted and not any(map(str.strip, record.cells[wanted:]))):
            return record._replace(cells=record.cells[:wanted])
        if found < wanted:
            fault = N_("has %(found)s cells where the header has %(wanted)s: is it cut off, or a quote missing?")
        else:
            fault = N_("has %(found)s cells where the header has %(wanted)s: put a cell with the separator in it into quotes")
        return record._replace(fault=(RefusedReason.INVALID, Sentence(fault, {"found": found, "wanted": wanted})))

    def _separators(self) -> list[str]:
        first = self._text(next(read_lines(self._stream, self._longest)))
        if "\r" in first.rstrip("\r\n"):
            raise FileRefused(N_("The lines of the file end with CR alone, as on very old Macs: save it as “CSV UTF-8”."))
        told = _SEPARATOR_LINE.fullmatch(first)
        return [told[1]] if told else list(SEPARATORS)

    def _head(self, separator: str) -> Record | None:
        return next((record for record in self._records(separator) if not record.is_blank), None)

    def _records(self, separator: str) -> Iterator[Record]:
        """From the beginning.  The reader takes as many lines as it wants; after a fault all but the first are put back."""
        self.legacy_lines = 0
        lines = read_lines(self._stream, self._longest)
        put_back: deque[Line] = deque()
        texts: dict[int, str] = {}  # of the lines at hand

        def feed(taken: list[Line]) -> Iterator[str]:
            while (line := put_back.popleft() if put_back else next(lines, None)) is not None:
                taken.append(line)
                if not line.is_whole:
                    return
                if line.number not in texts:
                    texts[line.number] = self._text(line)
                yield texts[line.number]

        while True:
            taken: list[Line] = []
            try:
                cells = next(csv.reader(feed(taken), delimiter=separator, strict=True), None)
            except csv.Error as error:
                first = taken[0]
                put_back.extendleft(reversed(taken[1:]))
                yield Record(first.number, first.end, texts.pop(first.number), [], (RefusedReason.INVALID, not_csv(error)))
                continue
            if not taken:
                return
            number, end = taken[0].number, taken[-1].end
            if cells is None:
                yield Record(number, end, "", [], too_big(self._longest))
                continue
            text = "".join(texts.pop(line.number) for line in taken)
            if number > 1 or not _SEPARATOR_LINE.fullmatch(text):
                yield Record(number, end, text, cells)

    def _text(self, line: Line) -> str:
        try:
            return line.raw.decode()
        except UnicodeDecodeError:
            self.legacy_lines += 1
            return line.raw.decode("cp1252", "replace")


def _no_header(heads: Sequence[Record | None]) -> FileRefused:
    for head in heads:
        if head is not None and head.fault is not None:
            return bad_header(head.number, head.fault[1])
    return FileRefused(N_("The file has no line that could be its header."))


def bad_header(line: int, fault: str) -> FileRefused:
    return FileRefused(N_("The header, line %(line)s, %(fault)s."), line=line, fault=Sentence(fault))


def not_csv(error: csv.Error) -> str:
    """What is wrong with the line."""
    said = str(error)
    if "unexpected end" in said or "field larger" in said:
        return N_("has a quote that is never closed")
    if "new-line" in said:
        return N_("has a line break (CR) outside quotes")
    return N_("has text after a closing quote; write a quote within quotes twice")
