"""Sort an arrival into a channel.

In:  Clues: what the labels, the click id and the referrer say.
Out: one name from CHANNELS.  The first row of TABLE that matches wins, so order is meaning.
Source: GA4's default channel group, support.google.com/analytics/answer/9756891 (order as of 2026-11); rows and clauses of
        our own are marked † with the reason, since owners compare the two.
To add a channel: its name in Channel, its row here, and a row in tests/enrich/test_channel.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from tracker.enrich.sources import ClickId, Known

Channel = Literal[
    "paid_search",
    "paid_social",
    "paid_shopping",
    "paid_video",
    "cross_network",
    "display",
    "paid_other",
    "organic_search",
    "organic_social",
    "organic_shopping",
    "organic_video",
    "ai_assistant",
    "email",
    "affiliate",
    "referral",
    "sms",
    "audio",
    "push",
    "offline",  # never from a request: imported contacts (shop visit, phone, fair)
    "direct",
    "unassigned",
    "none",  # never from a request: an order that no visit led to (phone, till)
]
CHANNELS: tuple[Channel, ...] = get_args(Channel)

_PAID = re.compile(r".*cp.*|ppc|retargeting|paid.*", re.DOTALL)
_SHOPPING_CAMPAIGN = re.compile(r"(?:[^a-df-z]|^)shop|shopping")
_PERFORMANCE_MAX = re.compile(r"(?:^|[^a-z])(?:pmax|performance[ _+-]?max)(?:$|[^a-z])")
_DISPLAY = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
_SOCIAL = frozenset({"social", "social-network", "social-media", "sm", "social network", "social media"})
_AI = frozenset({"ai-assistant", "ai", "llm"})
_EMAIL = frozenset({"email", "e-mail", "e_mail", "e mail"})
_NEWSLETTER = frozenset({"newsletter", "nyhedsbrev", "nyhetsbrev", "mail", "mailing", "e-post", "epost"})
_AFFILIATE = frozenset({"affiliate", "affiliates"})
_REFERRAL = frozenset({"referral", "app", "link"})
_SAYS_ITSELF = _SOCIAL | _AI | _EMAIL | _NEWSLETTER | _AFFILIATE | _DISPLAY | {"sms", "audio"}


@dataclass(frozen=True)
class Clues:
    """What is known of an arrival.  All texts lower case, empty when not given."""

    spelling: str = ""  # utm_source as it was written
    source: Known | None = None  # whom we recognise: by label, click id or referrer
    medium: str = ""
    campaign: str = ""
    click: ClickId | None = None
    referred: bool = False  # another site led here
    labelled: bool = False  # the address carries labels

    @cached_property
    def category(self) -> str:
        """The source's; a source that only the shop knows is of the click id's."""
        known = self.source or (self.click.source if self.click else None)
        return known.category if known else ""

    @cached_property
    def paid_medium(self) -> bool:
        return _PAID.fullmatch(self.medium) is not None

    @cached_property
    def paid(self) -> bool:
        """† GA4 knows of a paid click without `utm_medium` only from linked accounts; the click id says it too, unless the
        labels name another source: people pass on addresses with click ids in them."""
        if self.paid_medium:
            return True
        if self.click is None or self.click.proof != "paid" or self.medium in _SAYS_ITSELF:
            return False
        return self.source is None or self.source.category == self.click.source.category

    @cached_property
    def shopping_campaign(self) -> bool:
        return _SHOPPING_CAMPAIGN.search(self.campaign) is not None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    channel: Channel
    when: str  # in words
    matches: Callable[[Clues], bool]


TABLE: tuple[Row, ...] = (
    Row("cross_network", "campaign contains cross-network", lambda c: "cross-network" in c.campaign),
    # † GA4 learns this from the linked account; here the campaign's own name is the only trace of Performance Max.
    Row(
        "cross_network",
        "† a paid Google click, campaign named pmax or performance max",
        lambda c: c.paid and c.category == "search" and _PERFORMANCE_MAX.search(c.campaign) is not None,
    ),
    Row(
        "paid_shopping",
        "paid medium, and the source is a shopping site or the campaign is named shop…",
        lambda c: c.paid_medium and (c.category == "shopping" or c.shopping_campaign),
    ),
    # † A paid Google or Microsoft click id whose campaign is named shopping: no utm_medium is there to say it.
    Row("paid_shopping", "† paid click id, campaign is named shop…", lambda c: c.paid and c.shopping_campaign),
    Row("paid_search", "paid, the source is a search engine", lambda c: c.paid and c.category == "search"),
    Row("paid_social", "paid, the source is a social network", lambda c: c.paid and c.category == "social"),
    Row("paid_video", "paid, the source is a video site", lambda c: c.paid and c.category == "video"),
    # † GA4 goes by the medium and puts a network's cpa or cpc under paid other; its name is the surer sign.
    Row(
        "affiliate",
        "† the source is an affiliate network, by name or click id",
        lambda c: c.category == "affiliate",
    ),
    Row("display", "medium display, banner, expandable, interstitial or cpm", lambda c: c.medium in _DISPLAY),
    # † Ad servers and native networks sell nothing else.
    Row("display", "† the source is an ad server or a display network", lambda c: c.category == "display"),
    Row("paid_other", "paid", lambda c: c.paid),
    # † Google's free listings mark their links (srsltid).  Plain results of shops with listings carry it too: a ceiling.
    Row(
        "organic_shopping",
        "the source is a shopping site; † or the address carries a free listing's mark",
        lambda c: (
            c.category == "shopping"
            or (c.click is not None and c.click.source.category == "shopping" and c.category in ("", "search") and not c.medium)
        ),
    ),
    # † Not when the medium names another channel: a shop's newsletter is often called shop-something.
    Row(
        "organic_shopping",
        "the campaign is named shop…, † and the medium or source does not name another channel",
        lambda c: c.shopping_campaign and c.medium not in _SAYS_ITSELF and c.category not in ("email", "push", "ai", "social"),
    ),
    # † Before the source, because sending tools send by all three.
    Row("sms", "† medium sms or text", lambda c: c.medium in ("sms", "text-message")),
    Row("organic_social", "the source is a social network", lambda c: c.category == "social" and c.medium not in _EMAIL),
    Row("organic_social", "medium social, sm, social-network, social-media", lambda c: c.medium in _SOCIAL),
    Row("organic_video", "the source is a video site", lambda c: c.category == "video"),
    Row("organic_video", "medium contains video", lambda c: "video" in c.medium),
    # † GA4 goes by referrer alone; labels that assistants write themselves (utm_source=chatgpt.com, perplexity) count too.
    Row("ai_assistant", "the source is an assistant", lambda c: c.category == "ai"),
    Row("ai_assistant", "medium ai-assistant, † ai, llm", lambda c: c.medium in _AI),
    Row(
        "organic_search",
        "the source is a search engine or the medium is organic",
        lambda c: c.medium == "organic" or (c.category == "search" and c.medium not in _EMAIL | _NEWSLETTER),
    ),
    Row("email", "source or medium email, e-mail, e_mail", lambda c: c.medium in _EMAIL or c.spelling in _EMAIL),
    Row("email", "† medium newsletter, nyhedsbrev, nyhetsbrev, mail", lambda c: c.medium in _NEWSLETTER),
    Row("affiliate", "medium affiliate", lambda c: c.medium in _AFFILIATE),
    Row("audio", "medium audio", lambda c: c.medium == "audio"),
    Row("sms", "source sms", lambda c: c.spelling == "sms"),
    Row(
        "push",
        "medium ends in push or contains mobile or notification; source firebase, † or another push service",
        lambda c: c.medium.endswith("push") or "mobile" in c.medium or "notification" in c.medium or c.category == "push",
    ),
    # † Webmail and the senders of newsletters; GA4 calls these referral.  After sms and push, which the same senders send.
    Row("email", "† the source is a webmail or a newsletter tool, or its click id is there", lambda c: c.category == "email"),
    Row("referral", "medium referral, app or link", lambda c: c.medium in _REFERRAL),
    Row("referral", "another site led here and the labels give no medium", lambda c: c.referred and not c.medium),
    Row("direct", "no labels and no referrer", lambda c: not c.labelled and not c.referred),
    Row("direct", "labels that say direct", lambda c: c.spelling in ("direct", "(direct)") and not c.medium),
    Row("unassigned", "anything else", lambda c: True),
)


def row_of(clues: Clues) -> Row:
    """The first row that matches."""
    return next(row for row in TABLE if row.matches(clues))
