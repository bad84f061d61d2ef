"""Texts that readers see stand in the code in English, as msgids; they are translated where they are shown."""

from __future__ import annotations


def N_(text: str) -> str:
    """Marks a msgid for extraction."""
    return text
