"""Where the pages' English sentences stand, for the translation tools (tracker/translations/babel.cfg)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from tracker.customers.segments import SEGMENTS
from tracker.stages.reasons import REASONS

Message = tuple[int, str | None, str, list[str]]


def extract_reasons(fileobj: BinaryIO, keywords: object, comment_tags: object, options: dict[str, Any]) -> Iterator[Message]:
    """The sentences of stages/reasons.py: a plain dictionary, since stages know nothing of languages.

    The tools dictate the parameters.
    """
    yield from _messages(REASONS)


def extract_segments(fileobj: BinaryIO, keywords: object, comment_tags: object, options: dict[str, Any]) -> Iterator[Message]:
    """The same of customers/segments.py."""
    yield from _messages(SEGMENTS)


def _messages(texts: Mapping[str, str]) -> Iterator[Message]:
    for line, text in enumerate(texts.values(), 1):
        yield line, None, text, []
