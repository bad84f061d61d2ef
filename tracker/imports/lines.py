"""A file's bytes as lines and entries.  Reads line by line: a file may be larger than the memory.

In:  a seekable binary stream.
Out: digest_of(), which refuses what is no text at all; read_lines(); ndjson_entries().

An Entry is one thing to import, or a line that is none: from NDJSON one line, from CSV (sheet.py) one line or several.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

import orjson

from tracker.errors import Mistake, Refused, RefusedReason
from tracker.texts import N_, Sentence

BOM = b"\xef\xbb\xbf"
COMMENT = b"#"  # begins a line that is passed over; the file of refused lines says with it what was wrong
_AT_ONCE = 1024 * 1024

# How a file begins that is none of ours, and what to do.
_FOREIGN = (
    (b"PK\x03\x04", N_("The file is an Excel workbook or a zip file: save it as “CSV UTF-8”, or unpack it.")),
    (b"\xd0\xcf\x11\xe0", N_("The file is an old Excel workbook: save it as “CSV UTF-8”.")),
    (b"\x1f\x8b", N_("The file is compressed: unpack it first.")),
    (b"\xff\xfe", N_("The file is UTF-16: save it as “CSV UTF-8”, or as UTF-8.")),
    (b"\xfe\xff", N_("The file is UTF-16: save it as “CSV UTF-8”, or as UTF-8.")),
)


class FileRefused(Mistake):
    """Nothing of the file can be taken."""


class Line(NamedTuple):
    """`number` counts from 1; `end` is where it ends in the file; `raw` holds only the beginning of one that is too long."""

    number: int
    end: int
    raw: bytes
    is_whole: bool


class Row(NamedTuple):
    """One line of a table; cells that are not filled in are ""."""

    number: int
    cells: dict[str, str]


@dataclass(slots=True)
class Entry:
    """`texts` are its lines as they came, each with its number, for the file of refused lines.

    It is `given` as an object, or `rows` of one CSV entry, each with all columns by our names, or there is a `refusal`.
    """

    end: int
    texts: list[tuple[int, bytes]]
    given: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    refusal: Refused | None = None
    refused_line: int = 0  # which of its lines could not be read; 0: the first
    notes: Mapping[str, int] = field(default_factory=dict)  # for the report, by name

    @property
    def one(self) -> Mapping[str, Any]:
        """Of a kind of which each line is one."""
        return self.rows[0].cells if self.rows else self.given

    @property
    def line(self) -> int:
        return self.texts[0][0]


def digest_of(stream: BinaryIO) -> str:
    """Of the whole content.  Raises FileRefused where it is no text at all."""
    stream.seek(0)
    start = stream.read(4)
    for magic, what in _FOREIGN:
        if start.startswith(magic):
            raise FileRefused(what)
    digest = hashlib.blake2b(start, digest_size=20)
    while part := stream.read(_AT_ONCE):
        digest.update(part)
    if not start:
        raise FileRefused(N_("The file is empty."))
    return digest.hexdigest()


def read_lines(stream: BinaryIO, longest: int) -> Iterator[Line]:
    """From the beginning.  Of a line with more than `longest` bytes the rest is passed over."""
    stream.seek(0)
    number = end = 0
    while raw := stream.readline(longest + 1):
        number += 1
        end += len(raw)
        is_whole = len(raw) <= longest
        more = raw
        while not (is_whole or more.endswith(b"\n")) and (more := stream.readline(_AT_ONCE)):
            end += len(more)
        yield Line(number, end, raw.removeprefix(BOM) if number == 1 else raw, is_whole)


def is_ndjson(stream: BinaryIO, longest: int) -> bool:
    """Whether the first line that says something begins like a JSON object."""
    for line in read_lines(stream, longest):
        text = line.raw.lstrip()
        if text and not text.startswith(COMMENT):
            return text.startswith(b"{")
    return False


def ndjson_entries(stream: BinaryIO, longest: int) -> Iterator[Entry]:
    """One for each line; blank lines and comments are passed over."""
    for number, end, raw, is_whole in read_lines(stream, longest):
        text = raw.strip()
        if not text or text.startswith(COMMENT):
            continue
        if not is_whole:
            yield Entry(end, [(number, b"")], refusal=refusal(*too_big(longest)))
            continue
        entry = Entry(end, [(number, raw)])
        try:
            given = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            entry.refusal = refusal(RefusedReason.NOT_JSON, _json_fault(error, text))
        else:
            if isinstance(given, dict):
                entry.given = given
            else:
                entry.refusal = refusal(RefusedReason.NOT_JSON, N_("is no JSON object: write {…}, one a line"))
        yield entry


def refusal(reason: RefusedReason, text: str, field: str = "") -> Refused:
    """In the form of the wire's own; without a field it is about the line."""
    return Refused(reason, {"fields": {field: text}})


def too_big(longest: int) -> tuple[RefusedReason, str]:
    text = N_("is longer than %(most)s bytes; it is not in the file of refused lines")
    return RefusedReason.TOO_BIG, Sentence(text, {"most": longest})


def _json_fault(error: orjson.JSONDecodeError, text: bytes) -> str:
    try:
        text.decode()
    except UnicodeDecodeError:
        return N_("is not UTF-8: save the file as UTF-8")
    return Sentence(N_("is no JSON from character %(column)s on"), {"column": error.colno})


def no_json(error: orjson.JSONDecodeError) -> FileRefused:
    text = N_("The file is no JSON from line %(line)s, character %(column)s on.")
    return FileRefused(text, line=error.lineno, column=error.colno)


def says_nothing(has_header: bool) -> FileRefused:
    if has_header:
        return FileRefused(N_("The file has no line that says something below its header."))
    return FileRefused(N_("The file has no line that says something."))
