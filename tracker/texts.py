"""Texts that readers see stand in the code in English, as msgids; they are translated where they are shown.

What is said below the pages, such as what is wrong with a file, is a Sentence; without parameters a plain msgid does as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations


def N_(text: str) -> str:
    """Marks a msgid for extraction."""
    return text


_NONE: Mapping[str, Any] = {}


class Sentence(str):
    """A msgid with its parameters, which may be foreign text or sentences themselves.

    As a text it is the English sentence: so logs, the command line and other programs take it as it is.  Whoever shows it to a
    reader says it in their language (reports/words.py, `tell`).
    """

    text: str
    params: Mapping[str, Any]

    def __new__(cls, text: str, params: Mapping[str, Any] = _NONE) -> Sentence:
        if isinstance(text, Sentence):
            return text
        made = super().__new__(cls, fill(text, params))
        made.text, made.params = text, params
        return made

    def dump(self) -> dict[str, Any]:
        """JSON-able, when the parameters are."""
        params = {name: value.dump() if isinstance(value, Sentence) else value for name, value in self.params.items()}
        return {"text": self.text, "params": params}

    @classmethod
    def load(cls, told: Mapping[str, Any]) -> Sentence:
        """What dump() made, after a way through JSON."""
        params = {name: cls.load(value) if isinstance(value, dict) else value for name, value in told["params"].items()}
        return cls(told["text"], params)


def fill(template: str, params: Mapping[str, Any]) -> str:
    """With the parameters in their places; the template itself where they do not fit."""
    try:
        return template % params if params else template
    except (KeyError, ValueError, TypeError):  # written by a release with other parameters, or not a template at all
        return template


def together(parts: Iterable[str], between: str = "; ") -> Sentence:
    """Several as one; parts that are no sentences are foreign text."""
    named = {f"part{number}": part for number, part in enumerate(parts)}
    return Sentence(between.join(f"%({name})s" for name in named), named)


@lru_cache
def catalogue(locale: str) -> NullTranslations:
    """The translations into that language, for whoever writes to somebody that is not just asking; English has none."""
    return Translations.load(Path(__file__).parent / "translations", [locale])
