"""Where somebody came from.

In:  the address of the page they reached, the address that led there, the shop's hosts.
Out: Arrival, or None when they were on the shop already: a page reached from the shop itself or from a place people only
     pass through (payment, card check, signing in) is no arrival, unless its address carries labels.
Pure and cached: a page address with its referrer comes again with every event sent from that page.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from tracker.enrich.address import MAX_ADDRESS, Address, bare, read_address, read_host, read_labels
from tracker.enrich.channel import Channel, Clues, row_of
from tracker.enrich.sources import ClickId, Known, click_parameters, is_own, is_passing, source_of_host, source_of_name

_CAMPAIGN_LABELS = frozenset({"utm_source", "utm_medium", "utm_campaign", "utm_id", "utm_term", "utm_content"})
_NOT_SET = frozenset({"(not set)", "(none)", "not set", "none", "null", "undefined"})

# What the medium is called where no label says it, in GA4's words.
_MEDIUM: dict[Channel, str] = {
    "paid_search": "cpc",
    "paid_social": "paid_social",
    "paid_shopping": "cpc",
    "paid_video": "cpc",
    "paid_other": "cpc",
    "cross_network": "cpc",
    "display": "display",
    "organic_search": "organic",
    "organic_social": "social",
    "organic_shopping": "organic",
    "organic_video": "video",
    "ai_assistant": "ai-assistant",
    "affiliate": "affiliate",
    "email": "email",
    "push": "push",
    "sms": "sms",
    "referral": "referral",
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One arrival on the shop.  Texts are fit to be stored; the values of click ids are not kept."""

    channel: Channel
    source: str  # a known name ("instagram"), else utm_source in lower case, else the referrer's host; "direct", "unknown"
    medium: str | None
    campaign: str | None
    term: str | None
    content: str | None
    click_id_kind: str | None  # the parameter: "gclid"
    referrer_host: str | None
    landing_path: str
    internal: bool  # came from the shop or a payment, yet the address carries labels


def arrival(url: str, referrer: str | None, own_hosts: tuple[str, ...]) -> Arrival | None:
    """None when it is no arrival.  The page's own host counts as the shop's, also when `own_hosts` does not name it."""
    return _arrival(url[:MAX_ADDRESS], referrer[:MAX_ADDRESS] if referrer else None, own_hosts)


@lru_cache(maxsize=8_192)  # 8,192 × two addresses of at most 2,048 characters: 32 MB if somebody tries, 3 MB in practice
def _arrival(url: str, referrer: str | None, own_hosts: tuple[str, ...]) -> Arrival | None:
    reading = read(url, referrer, own_hosts)
    return _describe(reading) if reading else None


@dataclass(frozen=True, slots=True)
class Reading:
    """What two addresses say, before it is judged."""

    page: Address
    outside: Address | None  # the referrer, when it is another site's
    labels: dict[str, str]
    clues: Clues
    internal: bool


def read(url: str, referrer: str | None, own_hosts: tuple[str, ...]) -> Reading | None:
    """None when it is no arrival."""
    page = read_address(url)
    came_from = read_address(referrer) if referrer else None
    labels = {name: value for name, value in read_labels(page.query, _wanted()).items() if value.lower() not in _NOT_SET}
    click = next((found for name, found in click_parameters().items() if name in labels), None) if labels else None
    ref = source_of_name(labels["ref"]) if "ref" in labels else None  # shops use `ref` for their own ends: known names only
    labelled = click is not None or ref is not None or not _CAMPAIGN_LABELS.isdisjoint(labels)
    internal = came_from is not None and _is_inside(came_from.host, page.host, own_hosts)
    if internal and not labelled:
        return None
    outside = came_from if came_from is not None and came_from.host and not internal else None
    spelling = labels.get("utm_source", "").lower()
    clues = Clues(
        spelling=spelling,
        source=_source(spelling, outside, click, ref),
        medium=labels.get("utm_medium", "").lower(),
        campaign=_campaign(labels).lower(),
        click=click,
        referred=outside is not None,
        labelled=labelled,
    )
    return Reading(page, outside, labels, clues, internal)


def _describe(reading: Reading) -> Arrival:
    clues, labels, outside = reading.clues, reading.labels, reading.outside
    channel = row_of(clues).channel
    return Arrival(
        channel=channel,
        source=_source_text(clues, outside, channel),
        medium=clues.medium or _MEDIUM.get(channel),
        campaign=_campaign(labels) or None,
        term=labels.get("utm_term"),
        content=labels.get("utm_content"),
        click_id_kind=clues.click.parameter if clues.click else None,
        referrer_host=outside.host if outside else None,
        landing_path=reading.page.kept_path,
        internal=reading.internal,
    )


def _campaign(labels: dict[str, str]) -> str:
    return labels.get("utm_campaign") or labels.get("utm_id", "")


def _source(spelling: str, outside: Address | None, click: ClickId | None, ref: Known | None) -> Known | None:
    """Whom we recognise.  What the shop wrote on the link goes first, then who was paid for the click, then the referrer."""
    if spelling:
        return source_of_name(spelling)
    if click is not None and click.proof == "paid":
        return click.source
    known = source_of_host(outside.host, outside.path) if outside is not None else None
    if click is not None and click.proof == "sent" and (known is None or known.category == click.source.category):
        return click.source  # the tool that sent the mail says more than the webmail it was read in
    return known or (click.source if click is not None else ref)


def _source_text(clues: Clues, outside: Address | None, channel: Channel) -> str:
    if channel == "direct":
        return "direct"
    if clues.source is not None:
        return clues.source.name
    if clues.spelling:
        return clues.spelling[:100]
    return bare(outside.host) if outside is not None else "unknown"


def _is_inside(host: str, page_host: str, own_hosts: tuple[str, ...]) -> bool:
    """Whether `host` is the shop's, or one that people pass through."""
    if not host:
        return False
    own = _normal(own_hosts)
    return is_own(host, (*own, bare(page_host)) if page_host else own) or is_passing(host)


@lru_cache(maxsize=4_096)
def _normal(own_hosts: tuple[str, ...]) -> tuple[str, ...]:
    """As they come in addresses: owners also write https://www.Shop.dk/."""
    read = (read_address(host).host if "//" in host else read_host(host.partition("/")[0]) for host in own_hosts)
    return tuple(bare(host) for host in read if host)


@cache
def _wanted() -> frozenset[str]:
    return _CAMPAIGN_LABELS | {"ref"} | click_parameters().keys()
