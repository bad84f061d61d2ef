"""Texts that readers see stand in the code in English, as msgids; they are translated where they are shown."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from babel.support import NullTranslations, Translations


def N_(text: str) -> str:
    """Marks a msgid for extraction."""
    return text


@lru_cache
def catalogue(locale: str) -> NullTranslations:
    """The translations into that language, for whoever writes to somebody that is not just asking; English has none."""
    return Translations.load(Path(__file__).parent / "translations", [locale])
