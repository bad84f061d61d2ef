"""Second station: whose request it is, and how far it is trusted.

In:  the receipt, the header facts, the directory of shops.
Out: Sender(shop, source, signature); or Refused unknown_key, wrong_origin, bad_signature, stale_signature.

The site key is public and only names the shop.  A browser's `Origin` must then be one of the shop's hosts or below one, or
`null` (sandboxed pixels), or absent (not every request has one).  A shop without hosts accepts any: it is being set up.
Origin keeps honest pages apart; it proves nothing, since whoever is no browser may send any.  Only a signature proves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from tracker.clock import Instant
from tracker.collect import signature
from tracker.collect.receive import Facts, Receipt
from tracker.errors import Refused, RefusedReason
from tracker.events.types import Source
from tracker.shops import Shop


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent it.  `signature` when it is the shop's server."""

    shop: Shop
    source: Source
    signature: signature.Signature | None


def find_shop(key: Any, find: Callable[[str], Shop | None]) -> Shop:
    """By the site key that was given.  Raises Refused unknown_key."""
    shop = find(key) if isinstance(key, str) else None
    if shop is None:
        raise Refused(RefusedReason.UNKNOWN_KEY, {"key": "names no shop here" if key else "is missing"})
    return shop


def authenticate(receipt: Receipt, facts: Facts, shop: Shop, now: Instant, window_seconds: int) -> Sender:
    """Raises Refused."""
    if facts.signature is not None:
        made = signature.verify(facts.signature, receipt.raw, shop.secrets, now, window_seconds)
        return Sender(shop, Source.SERVER, made)
    if facts.origin is not None and not is_own(facts.origin, shop.hosts):
        raise Refused(RefusedReason.WRONG_ORIGIN, {"Origin": "is none of this shop's hosts"})
    return Sender(shop, Source.BROWSER, None)


@lru_cache(maxsize=4096)
def is_own(origin: str, hosts: tuple[str, ...]) -> bool:
    """Whether a browser's Origin belongs to the shop; the port does not matter, since shops are tried on odd ones."""
    if not hosts or origin == "null":
        return True
    try:
        host = (urlsplit(origin).hostname or "").rstrip(".")
    except ValueError:
        return False
    return any(host == own or host.endswith("." + own) for own in map(_ascii, hosts) if own)


def _ascii(host: str) -> str:
    """As browsers write it: øl.dk is xn--l-4ga.dk."""
    try:
        return host.lower().encode("idna").decode()
    except UnicodeError:
        return host.lower()
