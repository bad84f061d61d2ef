"""What somebody typed, as marshmallow's schemas check it: limits, and what is wrong, in sentences of ours.

In:  what a schema raised.
Out: faults() -> a Sentence for each name that is wrong; said() -> one of it all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sized
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.exceptions import SCHEMA

from tracker.texts import N_, Sentence, together

Check = Callable[[Any], None]

# What marshmallow says itself -> ours.
OURS = {
    fields.Field.default_error_messages["required"]: N_("is missing"),
    fields.Field.default_error_messages["null"]: N_("is missing"),
    fields.String.default_error_messages["invalid"]: N_("is no text"),
    fields.String.default_error_messages["invalid_utf8"]: N_("is no text"),
    fields.Integer.default_error_messages["invalid"]: N_("write a whole number"),
    fields.Number.default_error_messages["too_large"]: N_("write a smaller number"),
    fields.Boolean.default_error_messages["invalid"]: N_("write true or false"),
    fields.List.default_error_messages["invalid"]: N_("write a list"),
    fields.Dict.default_error_messages["invalid"]: N_("write a JSON object"),
    fields.Nested.default_error_messages["type"]: N_("write a JSON object"),
    Schema().error_messages["type"]: N_("write a JSON object"),
    Schema().error_messages["unknown"]: N_("is unknown"),
}


def faults(error: ValidationError) -> dict[str, Sentence]:
    """What is wrong, by the name at the top; the names below it stand in the sentence."""
    told = error.messages if isinstance(error.messages, dict) else {SCHEMA: error.messages}
    return {str(name): said(below) for name, below in told.items()}


def said(messages: Any) -> Sentence:
    """All that a schema or a field says, as one sentence."""
    if isinstance(messages, dict):
        return together((_named(name, below) for name, below in messages.items()), ", ")
    if isinstance(messages, list):
        return together(map(said, messages), " ") if len(messages) > 1 else said(messages[0])
    return Sentence(OURS.get(messages, messages))


def _named(name: Any, below: Any) -> Sentence:
    if name == SCHEMA:
        return said(below)
    if isinstance(name, str) and isinstance(below, dict) and below.keys() <= {"key", "value"}:  # of a Dict's entry
        below = list(below.values())
    place = Sentence(N_("no. %(number)s"), {"number": name + 1}) if isinstance(name, int) else str(name)
    return together((place, said(below)), ": ")


# --- limits


def one_of(choices: Collection[Any]) -> Check:
    """One of a closed list, which is told."""

    def check(value: Any) -> None:
        if value not in choices:
            raise ValidationError(Sentence(N_("write one of %(choices)s"), {"choices": ", ".join(map(str, choices))}))

    return check


def characters(most: int, least: int = 0) -> Check:
    """A text's length."""
    return _sized(least, most, N_("write %(least)s to %(most)s characters"), N_("write %(most)s characters at most"))


def entries(most: int, least: int = 0) -> Check:
    """How many a list or an object holds."""
    return _sized(least, most, N_("give at least %(least)s and at most %(most)s"), N_("give at most %(most)s"))


def _sized(least: int, most: int, both: str, only_most: str) -> Check:
    what = Sentence(both, {"least": least, "most": most}) if least else Sentence(only_most, {"most": most})

    def check(value: Sized) -> None:
        if not least <= len(value) <= most:
            raise ValidationError(what)

    return check
