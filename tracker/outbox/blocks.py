"""What a longer mail is made of beside its paragraphs; frame.html and frame.txt know how each looks.

Everything is text in the reader's language already; the frames escape it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias


@dataclass(frozen=True)
class Said:
    """A heading, sentences, and a link that leads on."""

    kind: ClassVar[str] = "said"
    heading: str
    sentences: Sequence[str]
    link: tuple[str, str] | None = None  # its words, its address


@dataclass(frozen=True)
class Figure:
    """A number with its name.  `change` is "" when nothing can be said; `good` None: neither good nor bad."""

    name: str
    value: str
    change: str = ""
    good: bool | None = None


@dataclass(frozen=True)
class Figures:
    """Numbers, one a line."""

    kind: ClassVar[str] = "figures"
    heading: str
    figures: Sequence[Figure]
    link: tuple[str, str] | None = None


@dataclass(frozen=True)
class Bar:
    """`percent` of the longest of its series."""

    text: str
    percent: int


@dataclass(frozen=True)
class Bars:
    """A line for each name, with a bar for each series; a series has a scale of its own."""

    kind: ClassVar[str] = "bars"
    heading: str
    series: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Bar]]]
    link: tuple[str, str] | None = None


Block: TypeAlias = Said | Figures | Bars
