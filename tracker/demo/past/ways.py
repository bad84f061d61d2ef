"""The ways to the shop: how often, from where, with which labels, to which page, for how much.  To add one: a row here.

What a referrer and labels mean, the lists of tracker/data say; books.spend asks there, so that costs stand under the channel,
source and campaign that the reports show.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from tracker.demo.past.people import Person


class Way(NamedTuple):
    """`landing` is a place of session.Session.land; `click_minor` is what a click costs, 0 for nothing."""

    weight: int
    referrer: str | None
    labels: str
    landing: str
    click_minor: int = 0
    currency: str = "DKK"


def _link(weight: int, referrer: str | None, landing: str, labels: str = "") -> Way:
    return Way(weight, referrer, labels, landing)


def _ad(
    weight: int, host: str, source: str, medium: str, campaign: str, landing: str, click_minor: int, click_id: str = "",
    currency: str = "DKK",
) -> Way:  # fmt: skip
    labels = f"utm_source={source}&utm_medium={medium}&utm_campaign={campaign}" + (f"&{click_id}={{id}}" if click_id else "")
    return Way(weight, f"https://{host}/", labels, landing, click_minor, currency)


def _mail(source: str, campaign: str, landing: str) -> Way:
    return Way(1, None, f"utm_source={source}&utm_medium=email&utm_campaign={campaign}", landing)


_APP = "android-app://"
# How strangers come.
FIRST: tuple[Way, ...] = (
    # advertisements
    _ad(150, "l.instagram.com", "instagram", "paid_social", "sommer-hoer", "campaign", 390, "fbclid"),
    _ad(90, "l.facebook.com", "facebook", "paid_social", "freja-video", "product", 340, "fbclid"),
    _ad(30, "www.tiktok.com", "tiktok", "paid_social", "strik", "product", 31, "ttclid", "EUR"),
    _ad(70, "www.google.com", "google", "cpc", "hoerkjoler", "category", 610, "gclid"),
    _ad(30, "www.google.com", "google", "cpc", "shopping-bolig", "product", 420, "gclid"),
    _ad(15, "www.google.se", "google", "cpc", "linne-se", "category", 780, "gclid", "SEK"),
    _ad(20, "www.bing.com", "bing", "cpc", "lyng-og-datter", "home", 350, "msclkid"),
    _ad(18, "www.youtube.com", "youtube", "cpv", "freja-film", "product", 160),
    # price portals and affiliates
    _ad(30, "www.pricerunner.dk", "pricerunner", "cpc", "feed", "product", 280),
    _ad(12, "www.prisjakt.nu", "prisjakt", "cpc", "feed-se", "product", 390, currency="SEK"),
    _link(10, "https://www.prisjagt.dk/", "product"),
    _ad(24, "modebloggen.example", "partner-ads", "affiliate", "modebloggen", "product", 520),
    _ad(10, "go.adtraction.com", "adtraction", "affiliate", "rabatkoder", "home", 450),
    # search
    _link(120, "https://www.google.com/", "product"),
    _link(60, "https://www.google.com/", "category"),
    _link(40, "https://www.google.dk/", "journal"),
    _link(30, "https://www.bing.com/", "product"),
    _link(10, "https://duckduckgo.com/", "home"),
    _link(5, "https://www.ecosia.org/", "journal"),
    # assistants, in the ways in which they name themselves
    _link(34, "https://chatgpt.com/", "product", "utm_source=chatgpt.com"),
    _link(10, None, "category", "utm_source=chatgpt.com"),
    _link(6, f"{_APP}com.openai.chatgpt/", "product", "utm_source=openai"),
    _link(3, "https://chat.openai.com/", "journal"),
    _link(16, "https://www.perplexity.ai/", "product"),
    _link(5, f"{_APP}ai.perplexity.app.android/", "category", "utm_source=perplexity"),
    _link(10, "https://gemini.google.com/", "product"),
    _link(4, f"{_APP}com.google.android.apps.bard/", "product", "utm_source=google-gemini"),
    _link(7, "https://copilot.microsoft.com/", "product"),
    _link(4, "https://www.bing.com/chat", "category", "utm_source=ms-copilot"),
    _link(2, "https://edgeservices.bing.com/", "product"),
    _link(6, "https://claude.ai/", "journal"),
    _link(3, f"{_APP}com.anthropic.claude/", "product", "utm_source=claude-ai"),
    # video, social, another site, nothing at all
    _link(12, "https://www.youtube.com/", "home"),
    _link(5, "https://vimeo.com/", "journal"),
    _link(22, "https://www.pinterest.com/", "product"),
    _link(12, "https://www.instagram.com/", "home", "utm_source=link-in-bio"),
    _link(12, "https://boligglimt.example/hoer-i-stuen", "product"),
    _link(90, None, "home"),
    _link(30, None, "product"),
)
# How those come back who were here before.
AGAIN: tuple[Way, ...] = (
    _ad(60, "l.facebook.com", "facebook", "paid_social", "kom-tilbage", "product", 240, "fbclid"),
    _ad(40, "l.instagram.com", "instagram", "paid_social", "kom-tilbage", "product", 260, "fbclid"),
    _ad(16, "www.criteo.com", "criteo", "display", "set-og-glemt", "product", 190),
    _ad(30, "www.google.com", "google", "cpc", "lyng-og-datter", "home", 150, "gclid"),
    _ad(10, "www.pricerunner.dk", "pricerunner", "cpc", "feed", "product", 280),
    _link(90, "https://www.google.com/", "home"),
    _link(25, "https://www.google.com/", "product"),
    _link(14, "https://chatgpt.com/", "product", "utm_source=chatgpt.com"),
    _link(8, "https://www.perplexity.ai/", "product"),
    _link(130, None, "home"),
    _link(60, None, "product"),
)
# In the sale week, instead of some of the others.
SALE: tuple[Way, ...] = (
    _ad(50, "l.instagram.com", "instagram", "paid_social", "lyng-uge", "sale", 460, "fbclid"),
    _ad(40, "l.facebook.com", "facebook", "paid_social", "lyng-uge", "sale", 430, "fbclid"),
    _ad(25, "www.google.com", "google", "cpc", "lyng-uge", "sale", 690, "gclid"),
    Way(10, None, "utm_source=sms&utm_medium=sms&utm_campaign=lyng-uge", "sale", 45),
)
SALE_SHARE = 0.4

STRAIGHT = _link(1, None, "home")
FRIEND = _link(1, None, "home", "utm_source=ven&utm_medium=referral")
NEWSLETTER = _mail("nyhedsbrev", "uge-{week}", "campaign")
SALE_MAIL = _mail("nyhedsbrev", "lyng-uge", "sale")
WIN_BACK = _mail("flow", "vi-savner-dig", "product")
CART_MAIL = _mail("flow", "glemt-kurv", "cart")


def choose(dice: Random, person: Person, *, is_sale: bool) -> Way:
    """By whether they were here before, on any device."""
    if is_sale and dice.random() < SALE_SHARE:
        return _of(dice, SALE)
    return _of(dice, AGAIN if person.order_count or any(device.sequence for device in person.devices) else FIRST)


def paid() -> list[Way]:
    return [way for way in (*FIRST, *AGAIN, *SALE) if way.click_minor]


def _of(dice: Random, ways: Sequence[Way]) -> Way:
    return dice.choices(ways, [way.weight for way in ways])[0]
