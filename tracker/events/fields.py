"""What a field of an event may be: marshmallow fields that say their kind, limits and unit, and read one value quickly.

In:  one JSON value and the decimals of the event's currency.
Out: the value as Event.data keeps it, or None for "not given" (null and empty text are not given); ValidationError in words,
     which senders read in English, and who uploads a file in their own language.

Two kinds of text, on purpose:
  Key   names something (ids, codes): control characters, lone surrogates and too long text are refused, since a repaired key
        names something else.
  Text  is read by people (titles, names, reasons): control characters become spaces, lone surrogates and marks that turn the
        direction of writing go, too long text is cut, since a strange title must not cost an event.

Schema.load walks over the declared fields, given or not, in 26–43 µs an event; events/wire.py therefore walks over the given
ones and calls `read` itself.  To add a kind: a class with `read` here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from marshmallow import ValidationError
from marshmallow import fields as m

from tracker import clock, money
from tracker.texts import N_, Sentence

MAX_INT = 2**53  # beyond it JavaScript and JSON readers lose digits
MAX_INSTANT = 253_402_300_799_999  # the end of year 9999, where Python's dates end
MAX_MONEY = 10**12  # major units; keeps sums of minor units far below a BIGINT's end

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")  # control characters and line separators
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_REMOVED = re.compile("[\x00\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)
_ADDRESS = re.compile(r"(?:https?://[^/?#]|/)", re.IGNORECASE)
_CURRENCY = re.compile("[A-Za-z]{3}", re.ASCII)


def clean_text(value: str, longest: int) -> str:
    """Fit for people: without control characters, trimmed, at most `longest` characters."""
    if not value.isprintable():  # a fast first look; true for nearly all text
        value = _UNPRINTABLE.sub(" ", _REMOVED.sub("", value))
    return value.strip()[:longest].rstrip()


def not_between(lowest: float, highest: float) -> Sentence:
    return Sentence(N_("is not between %(lowest)s and %(highest)s"), {"lowest": lowest, "highest": highest})


def check_key(value: str, longest: int) -> str:
    """Somebody's name for something, as given.  Raises ValidationError."""
    if len(value) > longest:
        raise ValidationError(Sentence(N_("is longer than %(most)s characters"), {"most": longest}))
    if not value.isprintable() and _FORBIDDEN.search(value):
        raise ValidationError(N_("contains a control character or half a surrogate pair"))
    return value


def check_address(value: str, longest: int) -> str:
    """An http(s) address or a path of the same host; cut like text.  Raises ValidationError."""
    value = clean_text(value, longest)
    if value and not _ADDRESS.match(value):
        raise ValidationError(N_("is no http or https address"))
    return value


def check_instant(value: Any) -> clock.Instant:
    """From epoch milliseconds or ISO 8601 with a zone.  Raises ValidationError."""
    if isinstance(value, str):
        try:
            value = clock.parse(value)
        except (ValueError, OverflowError):
            raise ValidationError(N_("is neither epoch milliseconds nor ISO 8601 with a zone")) from None
    elif isinstance(value, float) and isfinite(value):
        value = int(value)
    if type(value) is not int:
        raise ValidationError(N_("is neither epoch milliseconds nor ISO 8601 with a zone"))
    if not 0 <= value <= MAX_INSTANT:
        raise ValidationError(N_("is out of range"))
    return value


def read_email(value: Any) -> str | None:
    """Trimmed and lower case; None for empty text.  Only a simple look: the proof of an address is mail that arrives.

    Raises ValidationError.
    """
    if not isinstance(value, str):
        raise ValidationError(N_("is no text"))
    address = value.strip().lower()
    if not address:
        return None
    name, _, host = address.partition("@")
    if not (name and host) or "@" in host or " " in address or len(address) > 254 or not address.isprintable():
        raise ValidationError(N_("is no e-mail address"))
    return address


class Field(m.Field[Any]):
    """`unit` and `sentence` are for the documentation."""

    def __init__(self, sentence: str, *, unit: str = "", required: bool = False) -> None:
        super().__init__(required=required, metadata={"description": sentence, "unit": unit})

    def read(self, value: Any, decimals: int) -> Any:
        """The value to keep; None when it says nothing.  Raises ValidationError."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        """For marshmallow's own loop: money counts as having two decimals."""
        return self.read(value, 2)

    @property
    def limits(self) -> str:
        """In words, for the documentation."""
        return ""

    @property
    def kind(self) -> str:
        """In words, for the documentation."""
        return type(self).__name__.lower()


class Key(Field, m.String):
    """Somebody else's opaque text; a whole number is taken as text."""

    def __init__(self, sentence: str, *, longest: int = 128, required: bool = False) -> None:
        super().__init__(sentence, required=required)
        self.longest = longest

    def read(self, value: Any, decimals: int) -> str | None:
        if type(value) is int and abs(value) <= MAX_INT:
            return str(value)
        if not isinstance(value, str):
            raise ValidationError(N_("is no text"))
        return check_key(value.strip(), self.longest) or None

    @property
    def limits(self) -> str:
        return f"≤ {self.longest} characters"


class Text(Field, m.String):
    """Read by people; cleaned and cut."""

    def __init__(self, sentence: str, *, longest: int = 200, required: bool = False) -> None:
        super().__init__(sentence, required=required)
        self.longest = longest

    def read(self, value: Any, decimals: int) -> str | None:
        if not isinstance(value, str):
            if type(value) is int and abs(value) <= MAX_INT:
                return str(value)
            raise ValidationError(N_("is no text"))
        return clean_text(value, self.longest) or None

    @property
    def limits(self) -> str:
        return f"cut at {self.longest} characters"


class Texts(Field, m.List[Any]):
    """A short list of texts."""

    def __init__(self, sentence: str, *, most: int = 20, longest: int = 100) -> None:
        m.List.__init__(self, m.String(), metadata={"description": sentence, "unit": ""})
        self.most = most
        self.longest = longest

    def read(self, value: Any, decimals: int) -> list[str] | None:
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise ValidationError(N_("is no list of texts"))
        if len(value) > self.most:
            raise ValidationError(Sentence(N_("has more than %(most)s entries"), {"most": self.most}))
        return [text for text in (clean_text(text, self.longest) for text in value) if text] or None

    @property
    def limits(self) -> str:
        return f"≤ {self.most}, each cut at {self.longest} characters"

    @property
    def kind(self) -> str:
        return "list of text"


class Address(Field, m.String):
    """An http(s) address, or a path on the shop."""

    def __init__(self, sentence: str, *, longest: int = 1000, required: bool = False) -> None:
        super().__init__(sentence, required=required)
        self.longest = longest

    def read(self, value: Any, decimals: int) -> str | None:
        if not isinstance(value, str):
            raise ValidationError(N_("is no text"))
        return check_address(value, self.longest) or None

    @property
    def limits(self) -> str:
        return f"http(s) or a path, cut at {self.longest} characters"


class Choice(Field, m.String):
    """One of a closed list."""

    def __init__(self, sentence: str, choices: Iterable[str], *, required: bool = False) -> None:
        super().__init__(sentence, required=required)
        self.choices = tuple(choices)
        self.metadata = {**self.metadata, "enum": list(self.choices)}

    def read(self, value: Any, decimals: int) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise ValidationError(Sentence(N_("is none of %(choices)s"), {"choices": ", ".join(self.choices)}))
        return value

    @property
    def limits(self) -> str:
        return ", ".join(self.choices)


class Whole(Field, m.Integer):
    """A whole number in [lowest, highest]; digits as text are accepted, as shops' tags write them."""

    def __init__(
        self, sentence: str, *, unit: str = "", lowest: int = 0, highest: int = MAX_INT, required: bool = False
    ) -> None:
        super().__init__(sentence, unit=unit, required=required)
        self.lowest = lowest
        self.highest = highest

    def read(self, value: Any, decimals: int) -> int:
        if (isinstance(value, str) and _WHOLE.fullmatch(value)) or (isinstance(value, float) and value.is_integer()):
            value = int(value)
        if type(value) is not int:
            raise ValidationError(N_("is no whole number"))
        if not self.lowest <= value <= self.highest:
            raise ValidationError(not_between(self.lowest, self.highest))
        return value

    @property
    def limits(self) -> str:
        return f"{self.lowest}…{self.highest if self.highest < MAX_INT else '2^53'}"

    @property
    def kind(self) -> str:
        return "whole number"


class Number(Field, m.Float):
    """A finite number in [lowest, highest]."""

    def __init__(self, sentence: str, *, unit: str = "", lowest: float, highest: float, required: bool = False) -> None:
        super().__init__(sentence, unit=unit, required=required)
        self.lowest = lowest
        self.highest = highest

    def read(self, value: Any, decimals: int) -> float:
        if type(value) is not int and (type(value) is not float or not isfinite(value)):
            raise ValidationError(N_("is no finite number"))
        if not self.lowest <= value <= self.highest:
            raise ValidationError(not_between(self.lowest, self.highest))
        return value

    @property
    def limits(self) -> str:
        return f"{self.lowest}…{self.highest}"


class Flag(Field, m.Boolean):
    """true or false, nothing that merely looks like it."""

    def read(self, value: Any, decimals: int) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(N_("is neither true nor false"))
        return value

    @property
    def kind(self) -> str:
        return "true or false"


class Moment(Field, m.Integer):
    """An instant."""

    def read(self, value: Any, decimals: int) -> clock.Instant:
        return check_instant(value)

    @property
    def kind(self) -> str:
        return "instant"


class Money(Field, m.Decimal):
    """An amount ≥ 0 in major units on the wire, in whole minor units of the event's currency inside."""

    def __init__(self, sentence: str, *, required: bool = False) -> None:
        super().__init__(sentence, unit="major units of `currency`", required=required)

    def read(self, value: Any, decimals: int) -> int:
        kind = type(value)
        if kind is int:
            if 0 <= value <= MAX_MONEY:
                minor: int = value * 10**decimals
                return minor
        elif kind is float:
            if 0 <= value <= MAX_MONEY:
                # Nearly all amounts are whole minor units but for the float's own error; Decimal costs four times as much.
                scaled = value * 10**decimals
                nearest = round(scaled)
                return nearest if abs(scaled - nearest) < 1e-6 else money.to_minor(Decimal(repr(value)), _LIKE[decimals])
        elif kind is str and _DECIMAL.fullmatch(value):
            try:
                amount = Decimal(value)
            except InvalidOperation:  # pragma: no cover – the pattern admits decimals alone
                raise ValidationError(N_("is no amount")) from None
            if 0 <= amount <= MAX_MONEY:
                return money.to_minor(amount, _LIKE[decimals])
        else:
            raise ValidationError(N_("is no amount: give a JSON number or a decimal like 199.95"))
        raise ValidationError(not_between(0, MAX_MONEY))

    @property
    def limits(self) -> str:
        return "≥ 0"


_LIKE = {0: "JPY", 2: "DKK", 3: "KWD"}  # a currency with so many decimals


class Currency(Field, m.String):
    """ISO 4217, upper case."""

    def read(self, value: Any, decimals: int) -> str:
        if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
            raise ValidationError(N_("is no currency of three letters"))
        return value.upper()

    @property
    def limits(self) -> str:
        return "three letters"


class Email(Field, m.String):
    """An e-mail address, trimmed and lower case."""

    def read(self, value: Any, decimals: int) -> str | None:
        return read_email(value)


class Items(Field, m.List[Any]):
    """Products, each with the item fields; read by events/wire.py, which knows what to do with unknown ones."""

    def __init__(self, sentence: str, item: m.Nested, *, most: int = 200, required: bool = False) -> None:
        m.List.__init__(self, item, required=required, metadata={"description": sentence, "unit": ""})
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return m.List._deserialize(self, value, attr, data, **kwargs)

    @property
    def limits(self) -> str:
        return f"≤ {self.most} items"

    @property
    def kind(self) -> str:
        return "list of items"
