"""What of an event says who somebody is: its keys, without those that say nothing.

In:  an event, the shop's settings, the secret of keyed hashes.
Out: keys, the one the event comes in under first; the company it names.
A crawler is nobody: its visits come in under its name, which never belongs to anybody.
An address like test@ or noreply@ is many people's, and so are those the owner excludes: an order with one stands for itself.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from tracker.enrich.lists import read_list
from tracker.events.types import Consent, Event, Source
from tracker.shop_settings import ShopSettings

LinkKey = tuple[str, str]
VISITOR, CUSTOMER, EMAIL, ORDER, ANONYMOUS, NOBODY = "visitor", "customer", "email", "order", "anonymous", "nobody"
CRAWLER = "crawler"
COMPANY, MEMBER = "company", "member"  # a company's key; a person's place in it

_NOBODY_NAMES = frozenset({
    "test", "tester", "testing", "noreply", "no-reply", "donotreply", "do-not-reply", "none", "null", "unknown", "anonymous",
    "guest",
})  # fmt: skip


def hash_email(email: str, secret: str) -> str:
    """Keyed, so that the table of links gives no addresses away."""
    return blake2b(email.encode(), key=secret.encode()[:64], digest_size=16).hexdigest()


def hash_key(kind: str, key: str, secret: str) -> str:
    """For tombstones: says that this key was erased, and not which it was."""
    return blake2b(f"{kind}\x1f{key}".encode(), key=secret.encode()[:64], digest_size=16).hexdigest()


def keys_of(event: Event, settings: ShopSettings, secret: str) -> list[LinkKey]:
    """The keys that an event names, the one it comes in under first."""
    if event.source is Source.BROWSER:
        if event.visitor_key is None or event.consent < Consent.STATISTICS:
            return [(ANONYMOUS, event.anonymous_key) if event.anonymous_key else (NOBODY, event.event_id)]
        keys: list[LinkKey] = [(VISITOR, event.visitor_key)]
        # Machines open the links of order mails; what they saw says nothing of who bought.
        if event.type == "purchase" and event.order_key and event.bot is None:
            keys.append((ORDER, event.order_key))
        if event.type == "consent_update" and event.anonymous_key:
            keys.append((ANONYMOUS, event.anonymous_key))
        return keys
    if event.type == "crawler_visit":
        return [(CRAWLER, event.bot or "")]
    keys = []
    if event.order_key:
        keys.append((ORDER, event.order_key))
    if event.customer_key:
        keys.append((CUSTOMER, event.customer_key))
    if event.email and is_somebody(event.email, settings.excluded_emails):
        keys.append((EMAIL, hash_email(event.email, secret)))
    # Order facts are kept at every level of consent, but joined to what the browser did only from statistics up.
    if event.visitor_key and event.consent >= Consent.STATISTICS:
        keys.append((VISITOR, event.visitor_key))
    return keys or [(NOBODY, event.event_id)]


@lru_cache(maxsize=16_384)
def is_somebody(email: str, excluded: tuple[str, ...]) -> bool:
    """Whether an address (in lower case) is one person's."""
    name, _, domain = email.partition("@")
    if name.partition("+")[0].rstrip("0123456789") in _NOBODY_NAMES:
        return False
    return not any(entry.lower() in (email, f"@{domain}") for entry in excluded)


def companies_of(event: Event) -> list[LinkKey]:
    """The keys of the company a signed event names, the surest first: its number, then the domain of an address of its own."""
    if event.source is Source.BROWSER:
        return []
    keys: list[LinkKey] = []
    if number := str(event.data.get("company_key") or ""):
        keys.append((COMPANY, "".join(number.upper().split())))
    domain = event.email.partition("@")[2] if event.email else ""
    if domain and domain not in _free_mail():
        keys.append((COMPANY, domain))
    return keys


@lru_cache(maxsize=1)
def _free_mail() -> frozenset[str]:
    return frozenset(row["domain"] for row in read_list("free_mail"))
