"""Errors, and the closed lists of reasons.  Every reason is counted per shop and day and shown to sender and admin.

TrackerError
  Refused(reason, detail)   the sender must change something      -> 4xx, or the event's entry in "refused"
  Unavailable(reason)       we cannot keep it now, try later      -> 503 with Retry-After
  Mistake(text, **params)   what somebody asked for, typed or uploaded cannot be taken; `said` tells them -> 400, or on the page
    BadQuery(field, text)   a report was asked wrongly
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tracker.texts import Sentence, together


class RefusedReason(StrEnum):
    """The sender's fault."""

    TOO_BIG = "too_big"  # the body has more bytes than MAX_BODY_BYTES
    NOT_JSON = "not_json"  # not JSON, not UTF-8, nested too deep, or not an object
    EMPTY = "empty"  # no events
    TOO_MANY = "too_many"  # more events than MAX_EVENTS
    UNKNOWN_KEY = "unknown_key"
    WRONG_ORIGIN = "wrong_origin"  # a page outside the shop's own hosts
    BAD_SIGNATURE = "bad_signature"
    STALE_SIGNATURE = "stale_signature"  # signed too long ago, or seen before
    RATE_LIMITED = "rate_limited"
    INVALID = "invalid"  # a field is missing or wrong; detail says which
    NOT_FROM_BROWSER = "not_from_browser"  # money and order facts come signed from the shop's server
    TOO_OLD = "too_old"
    IN_FUTURE = "in_future"
    BAD_LINK = "bad_link"  # of a survey: cut, or signed by no secret of the shop's, or asking what cannot be asked
    EXPIRED_LINK = "expired_link"  # of a survey, older than it may be


class DroppedReason(StrEnum):
    """Our choice, counted."""

    DUPLICATE = "duplicate"  # this event is already here
    ERASED = "erased"  # its person was erased
    EXPIRED = "expired"  # older than what the shop keeps
    NO_CONSENT = "no_consent"  # consent none: counted, nothing else kept


class FailedReason(StrEnum):
    """Our fault."""

    UNREADABLE = "unreadable"  # an intake row this release cannot read; kept aside
    SET_ASIDE = "set_aside"  # the pure core raised; the subject waits for a replay


class TrackerError(Exception):
    """The root."""


class Refused(TrackerError):
    """The sender must change something."""

    def __init__(self, reason: RefusedReason, detail: Mapping[str, object] | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail: Mapping[str, object] = detail or {}


class Unavailable(TrackerError):
    """The sender should come back later; nothing was kept."""


class Mistake(TrackerError):
    """What somebody asked for, typed or uploaded cannot be taken.

    `said` tells them what to write instead: in their language on pages and in the API, as an exception's text in English.
    `field` is what it is about, where that has a name.
    """

    field: str | None = None

    def __init__(self, text: str, /, **params: Any) -> None:
        self.said = Sentence(text, params)
        super().__init__(self.said)


class BadQuery(Mistake):
    """A report was asked wrongly."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(together((field, Sentence(text)), ": ") if field else text)
        self.field = field
