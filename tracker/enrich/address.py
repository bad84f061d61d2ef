"""Take a web address apart, whatever it is.

In:  the text a browser or a server sent as an address; hostile text included.
Out: Address and the labels of its query.  Nothing here raises: `urllib.parse.urlsplit` does, on brackets and ports that
     people do send, and keeps more than is needed here.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from urllib.parse import unquote_plus

MAX_ADDRESS = 2_048  # characters that are read; browsers and advertisers stay below, and the caches are bounded by it

_ADDRESS = re.compile(r"(?:([a-zA-Z][a-zA-Z0-9+.\-]*):(?=//))?(?://([^/?#\\]*))?([^?#]*)(?:\?([^#]*))?")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Address:
    """`host` is lower case, without port, user or final dot, in ASCII (xn--) where it can be; empty when there is none."""

    host: str
    path: str
    query: str

    @property
    def kept_path(self) -> str:
        """As pages are counted by."""
        return clean(self.path, 500) or "/"


def read_address(text: str) -> Address:
    """What it does not understand is left empty."""
    found = _ADDRESS.match(text[:MAX_ADDRESS].strip())
    assert found is not None  # every part is optional
    _scheme, authority, path, query = found.groups()
    return Address(read_host(authority or ""), path or "/", query or "")


def read_host(authority: str) -> str:
    """From `user@Host:port`; an IPv6 address comes without its brackets."""
    host = authority.rpartition("@")[2]
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    host = clean(host, 253).lower().rstrip(".")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def read_labels(query: str, wanted: Set[str]) -> dict[str, str]:
    """The wanted parameters that have a value, decoded; names in lower case, the first of a name wins."""
    labels: dict[str, str] = {}
    if not query:
        return labels
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        name = name.lower().removeprefix("amp;")  # mail programs escape the & of a link once too often
        if name in wanted and name not in labels and (text := clean(unquote_plus(value), 200)):
            labels[name] = text
    return labels


def clean(text: str, length: int) -> str:
    """Fit to be stored and shown: no lone surrogates, no control characters, no outer blanks, not too long."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return _UNPRINTABLE.sub("", text).strip()[:length]


def bare(host: str) -> str:
    """Without the prefix that says nothing about whose host it is."""
    return host.removeprefix("www.")


def belongs(host: str, owner: str) -> bool:
    """Whether `host` is `owner` or below it."""
    return host == owner or host.endswith("." + owner)
