"""How an event's id lies in its column, which the unique index holds once more.

Browsers make ids of digits, many senders of hexadecimal ones: two characters fit into a byte.  The first byte says what
follows: 0, an even number of digits; 0x1…, an odd number, whose first is in this byte; 0xff, any other text as it is.
"""

from __future__ import annotations

from sqlalchemy import Dialect, LargeBinary, TypeDecorator

_DIGITS = "0123456789abcdef"
_TEXT = 0xFF


class EventId(TypeDecorator[str]):
    """A text to whoever reads or asks."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else pack(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else unpack(bytes(value))


def pack(text: str) -> bytes:
    if text.strip(_DIGITS):
        return b"\xff" + text.encode()
    return bytes.fromhex("1" + text) if len(text) % 2 else b"\x00" + bytes.fromhex(text)


def unpack(stored: bytes) -> str:
    if stored[0] == _TEXT:
        return stored[1:].decode()
    digits = stored.hex()
    return digits[1:] if digits[0] == "1" else digits[2:]
