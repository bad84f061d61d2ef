"""Signatures of servers: `X-Kunderejse-Signature: t=<unix seconds>,v1=<hex hmac_sha256(secret, "<t>." + raw body)>`.

In:  the header, the raw body, the shop's secrets (two during a rotation).
Out: the signature's own text, by which Replays knows it again; or Refused bad_signature, stale_signature.

`sign` is what an adapter written in Python uses; the other adapters have the same few lines in their language.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from tracker.clock import SECOND, Instant
from tracker.errors import Refused, RefusedReason

HEADER = "X-Kunderejse-Signature"


@dataclass(frozen=True, slots=True)
class Signature:
    """One that is right. `text` is what the secret makes of it, not what the header said: a header has many spellings."""

    at_seconds: int
    text: str


def sign(secret: str, body: bytes, at_seconds: int) -> str:
    """The header's value."""
    return f"t={at_seconds},v1={_mac(secret, body, str(at_seconds))}"


def verify(header: str, body: bytes, secrets: Iterable[str], now: Instant, window_seconds: int) -> Signature:
    """Raises Refused.  A signature made exactly `window_seconds` ago is still good; so is one as far in the future."""
    at, claimed = _parse(header)
    for secret in secrets:
        text = _mac(secret, body, at)
        # Compared as bytes: compare_digest refuses text that is not ASCII, which a header may be.
        if any(hmac.compare_digest(text.encode(), one.encode("utf-8", "replace")) for one in claimed):
            if abs(now - int(at) * SECOND) > window_seconds * SECOND:
                raise Refused(RefusedReason.STALE_SIGNATURE, {"t": f"over {window_seconds} s off our clock, {now // SECOND}"})
            return Signature(int(at), text)
    raise Refused(RefusedReason.BAD_SIGNATURE, {"v1": "is not what this shop's secret makes of `<t>.` and the body"})


class Replays:
    """Which signatures were used within their window, for this process.

    Two generations of a set, each kept for as long as a signature can be valid, so that forgetting costs nothing per request.
    Several processes do not share it: a signature can be used once in each.  That is harmless, since events are unique by
    their ids; this memory spares work and tells a sender that repeats itself.
    """

    def __init__(self, window_seconds: int) -> None:
        self._span = 2 * window_seconds * SECOND  # from the first instant at which a signature is good to the last
        self._now: set[tuple[int, str]] = set()
        self._before: set[tuple[int, str]] = set()
        self._turns_at = 0

    def claim(self, shop_id: int, signature: Signature, now: Instant) -> None:
        """Raises Refused stale_signature when it was used before."""
        if now >= self._turns_at:
            self._before = self._now if now < self._turns_at + self._span else set()
            self._now = set()
            self._turns_at = now + self._span
        used = (shop_id, signature.text)
        if used in self._now or used in self._before:
            raise Refused(RefusedReason.STALE_SIGNATURE, {"v1": "was used before; sign each request anew"})
        self._now.add(used)

    def release(self, shop_id: int, signature: Signature) -> None:
        """It was not answered 202 after all: the sender may use it again."""
        self._now.discard((shop_id, signature.text))
        self._before.discard((shop_id, signature.text))


def _parse(header: str) -> tuple[str, list[str]]:
    """The time as it was written, since that is what was signed, and the candidates."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    claimed = [value for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not claimed or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12):
        raise Refused(RefusedReason.BAD_SIGNATURE, {HEADER: "must be t=<unix seconds>,v1=<hex>"})
    return times[0], claimed[:4]


def _mac(secret: str, body: bytes, at: str) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
