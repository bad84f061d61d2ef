"""The event as it travels inside: from the door through the intake to the journey core.

Wire JSON, Event and table row are three shapes on purpose; events/wire.py makes the first into the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from tracker.clock import Instant


class Source(StrEnum):
    """Who sent it and how far it is trusted."""

    BROWSER = "browser"
    SERVER = "server"  # signed with the shop's secret


class Consent(IntEnum):
    """What browser data may be used for.  Ordered: a higher level includes the lower."""

    NONE = 0  # counted, nothing else
    ANONYMOUS = 1  # a session of its own, joined to nobody
    STATISTICS = 2  # journey
    MARKETING = 3  # also on-site messages and audiences


class PageKind(StrEnum):
    """What a page is for."""

    HOME = "home"
    CATEGORY = "category"
    PRODUCT = "product"
    SEARCH = "search"
    CART = "cart"
    CHECKOUT = "checkout"
    RECEIPT = "receipt"
    BLOG = "blog"
    GUIDE = "guide"
    FAQ = "faq"
    SIZE_GUIDE = "size_guide"
    ABOUT = "about"
    DELIVERY_INFO = "delivery_info"
    CONTACT = "contact"
    ACCOUNT = "account"
    ORDER_TRACKING = "order_tracking"
    GETTING_STARTED = "getting_started"
    QUIZ = "quiz"
    INSPIRATION = "inspiration"
    CAMPAIGN = "campaign"
    TERMS = "terms"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Page:
    """Where it happened.  `referrer` is the full address that led here, or None."""

    url: str
    title: str | None = None
    referrer: str | None = None
    kind: PageKind | None = None  # as declared; the pipeline guesses it from the path when None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened once.  Immutable; its stage tag is kept beside it.

    `data` holds the fields that the catalogue declares for `type`, already checked: money fields are int minor units of
    `currency` (or of the shop's currency where the event has none), instants are Instant.
    `occurred_at` is theirs, corrected when `sent_at` and `received_at` differ by more than a minute; `received_at` is ours.
    """

    event_id: str
    type: str
    source: Source
    occurred_at: Instant
    received_at: Instant
    consent: Consent = Consent.STATISTICS
    sequence: int | None = None  # the visitor's own numbering
    visitor_key: str | None = None
    anonymous_key: str | None = None  # session hash made at the door from what the request tells; never stored with an address
    customer_key: str | None = None
    email: str | None = None  # lower case; the pipeline keeps only a keyed hash of it
    order_key: str | None = None  # `transaction_id` on the wire
    cart_key: str | None = None
    page: Page | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    user_agent: str | None = None
    country: str | None = None  # ISO 3166 alpha-2
    bot: str | None = None  # why we think it is no person

    @property
    def position(self) -> tuple[Instant, int, str]:
        """The order of a subject's events: time, then the visitor's own numbering, then the id."""
        return (self.occurred_at, self.sequence or 0, self.event_id)
