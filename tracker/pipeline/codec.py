"""How an event and a state lie in the database: JSON, compressed by zstandard with a dictionary of what such JSON repeats.

The dictionary is part of the format; the first byte says which one.  It was trained on the demo shop (scripts/train-dictionary;
docs/adr/0010).  Frames are without zstandard's four magic bytes.
"""

from __future__ import annotations

import threading
from importlib.resources import files
from typing import Any

import orjson
import zstandard

_FORMAT = b"\x02"  # 1 was before the first release
_DICTIONARY = zstandard.ZstdCompressionDict((files("tracker") / "data" / "bodies-2.zdict").read_bytes())


class _Codec(threading.local):
    """zstandard's objects must not be shared by threads."""

    def __init__(self) -> None:
        bare = zstandard.FORMAT_ZSTD1_MAGICLESS
        parameters = zstandard.ZstdCompressionParameters.from_level(3, format=bare, write_dict_id=False)
        self.compress = zstandard.ZstdCompressor(compression_params=parameters, dict_data=_DICTIONARY).compress
        self.decompress = zstandard.ZstdDecompressor(dict_data=_DICTIONARY, format=bare).decompress


_codec = _Codec()


def write_body(value: dict[str, Any] | bytes) -> bytes:
    """Bytes for a body column, of a JSON-able value or of its JSON."""
    return _FORMAT + _codec.compress(value if isinstance(value, bytes) else orjson.dumps(value))


def read_bytes(stored: bytes) -> bytes:
    """The JSON again.  Raises ValueError for what this release did not write, and for what was damaged since."""
    if stored[:1] != _FORMAT:
        raise ValueError(f"a body of unknown format {stored[:1]!r}")
    try:
        return _codec.decompress(stored[1:])
    except zstandard.ZstdError as error:  # which is no ValueError
        raise ValueError(f"a damaged body: {error}") from error


def read_body(stored: bytes) -> dict[str, Any]:
    """The value again.  For events: what tracker.events.codec.unpack takes."""
    value: dict[str, Any] = orjson.loads(read_bytes(stored))
    return value
