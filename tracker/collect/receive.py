"""First station: what came over the wire, before anybody is trusted.

In:  a WSGI environ.
Out: Receipt – the envelope, its items, the raw bytes that a signature is about, and what the headers tell; or Refused too_big,
     not_json, empty, too_many, invalid.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import orjson

from tracker.errors import Refused, RefusedReason

MAX_DEPTH = 32  # objects and lists within each other; the catalogue needs 6, and orjson writes no more than 254


@dataclass(frozen=True, slots=True)
class Facts:
    """What the headers tell.  `address` stays in memory: it is neither written nor logged."""

    address: str
    origin: str | None
    signature: str | None
    user_agent: str
    country: str | None
    wants_no_marketing: bool  # Sec-GPC: 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """A body that is JSON of the right outline.  `is_batch`: it had `events`; else its one item is the envelope itself."""

    envelope: Mapping[str, Any]
    items: list[Any]
    is_batch: bool
    raw: bytes


def facts(environ: Mapping[str, Any], country_header: str, trusted_proxies: int) -> Facts:
    """`country_header` as in the WSGI environ: HTTP_CF_IPCOUNTRY."""
    get = environ.get
    country = get(country_header)
    return Facts(
        address=_address(get("REMOTE_ADDR") or "", get("HTTP_X_FORWARDED_FOR"), trusted_proxies),
        origin=get("HTTP_ORIGIN"),
        signature=get("HTTP_X_KUNDEREJSE_SIGNATURE"),
        user_agent=get("HTTP_USER_AGENT") or "",
        country=_country(country) if country else None,
        wants_no_marketing=get("HTTP_SEC_GPC") == "1",
    )


def receive(environ: Mapping[str, Any], max_body_bytes: int, max_events: int) -> Receipt:
    """Raises Refused."""
    raw = _read(environ, max_body_bytes)
    if not raw.strip():
        raise Refused(RefusedReason.EMPTY, {"body": "is empty"})
    envelope = _parse(raw)
    items, is_batch = _items(envelope)
    if len(items) > max_events:
        raise Refused(RefusedReason.TOO_MANY, {"events": f"{len(items)}, at most {max_events}"})
    return Receipt(envelope, items, is_batch, raw)


def _read(environ: Mapping[str, Any], max_body_bytes: int) -> bytes:
    if environ.get("HTTP_CONTENT_ENCODING", "identity") not in ("", "identity"):
        raise Refused(RefusedReason.NOT_JSON, {"Content-Encoding": "is not supported: send the JSON as it is"})
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH") or ""
    if length:
        if not (length.isascii() and length.isdigit()):
            raise Refused(RefusedReason.NOT_JSON, {"Content-Length": "is not a number"})
        if int(length) > max_body_bytes:
            raise _too_big(max_body_bytes)
        raw: bytes = stream.read(int(length))
        if len(raw) < int(length):  # the connection was cut; what came may be JSON by chance, but is not what was sent
            raise Refused(RefusedReason.NOT_JSON, {"body": "is shorter than Content-Length says"})
    elif environ.get("wsgi.input_terminated"):  # chunked: only such a server says where the body ends
        raw = stream.read(max_body_bytes + 1)
    else:
        raw = b""
    if len(raw) > max_body_bytes:
        raise _too_big(max_body_bytes)
    return raw


def _too_big(max_body_bytes: int) -> Refused:
    return Refused(RefusedReason.TOO_BIG, {"body": f"more than {max_body_bytes} bytes"})


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:  # also not UTF-8, a lone surrogate, nested deeper than 1,024, NaN
        raise Refused(RefusedReason.NOT_JSON, {"body": str(error)}) from error
    if not isinstance(body, dict):
        raise Refused(RefusedReason.NOT_JSON, {"body": "must be one object"})
    # As many brackets as that are rare in one event and cheap to count; only then the tree is walked.
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _is_deep(body):
        raise Refused(RefusedReason.NOT_JSON, {"body": f"nested deeper than {MAX_DEPTH}"})
    return body


def _is_deep(body: Any) -> bool:
    """Level by level, since recursion is what a deep body would break."""
    level = [body]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


def _items(envelope: dict[str, Any]) -> tuple[list[Any], bool]:
    if "events" not in envelope:
        return [envelope], False
    items = envelope["events"]
    if not isinstance(items, list):
        raise Refused(RefusedReason.INVALID, {"events": "must be a list"})
    if not items:
        raise Refused(RefusedReason.EMPTY, {"events": "is empty"})
    return items, True


def _address(remote: str, forwarded: str | None, trusted_proxies: int) -> str:
    """The nearest address that no trusted proxy has; what lies before it in the header anybody may have written."""
    if trusted_proxies and forwarded:
        hops = forwarded.split(",")
        if len(hops) >= trusted_proxies:
            return hops[-trusted_proxies].strip()
    return remote


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """An address cut to the network that names no household: /24, or /48; "" when it is no address (a Unix socket)."""
    parsed = _parsed(address)
    if parsed is None:
        return ""
    kept = 24 if parsed.version == 4 else 48
    return str(int(parsed) >> (parsed.max_prefixlen - kept)) + ("." if parsed.version == 4 else ":")


@lru_cache(maxsize=4096)
def rate_key(address: str) -> str:
    """What counts as one address for its rate: an IPv4 address, or the /64 of which one household has all."""
    parsed = _parsed(address)
    if parsed is None or parsed.version == 4:
        return str(parsed)
    return str(int(parsed) >> 64)


@lru_cache(maxsize=4096)
def is_within(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address lies in one of the networks, written like 192.0.2.0/24."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in one for one in _networks(networks))


@lru_cache(maxsize=256)
def _networks(written: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Settings are checked where they are typed; a shop's row may hold others, and no request may fail by that."""
    found = []
    for text in written:
        with suppress(ValueError):
            found.append(ip_network(text))
    return tuple(found)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _country(text: str) -> str | None:
    """ISO 3166 alpha-2.  XX (unknown) and T1 (Tor) are Cloudflare's words for none."""
    country = text.strip().upper()
    return country if len(country) == 2 and country.isascii() and country.isalpha() and country != "XX" else None
