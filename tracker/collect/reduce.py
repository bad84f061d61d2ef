"""Fourth station: adds to an event what only the request can tell, and takes away what its consent does not allow.

In:  a checked event, the header facts, today's salt.
Out: the event that may be written; None when consent is `none`, or the type is one of those that are only counted; or Refused
     invalid.

level       from a browser                                          from the shop's server (the contract with the buyer)
none        counted by type                                         as anonymous
anonymous   no visitor, customer, cart, e-mail; anonymous_key       not joined to browsing: no visitor key, no user agent
statistics  kept                                                    kept
marketing   kept; with Sec-GPC: 1 taken down to statistics          kept

A crawler's visit, which the shop's server tells of, keeps at every level the crawler's name and the page without its query:
what might say whose it is goes.  A User-Agent that names no machine is refused, since a log read line by line holds people as
well, and those have agreed to nothing.

Browsers in the shop's own networks are flagged as staff, as machines are by their User-Agent; both are kept and not counted.
`anonymous_key` is an HMAC of the shop, the address cut to its network and the user agent, under a salt of the day that is
thrown away: nobody, we included, can tell later whose it was.  The address itself ends here.  A `consent_update` carries both
keys, so that the anonymous session before it can end uncounted.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import replace

from tracker.collect.receive import Facts, network
from tracker.enrich import STAFF, bot
from tracker.errors import Refused, RefusedReason
from tracker.events.catalog import CATALOG
from tracker.events.types import Consent, Event, Page, Source

MAX_USER_AGENT = 512
_KEY_BYTES = 12  # 96 bits: two of a shop's day meet by chance less often than once in 10^15


def reduce(event: Event, facts: Facts, shop_id: int, salt: bytes, *, is_staff: bool = False) -> Event | None:
    """The event that may be written, or None.  `is_staff`: the browser is of the shop's own people.  Raises Refused."""
    if event.type == "crawler_visit":
        return _named(event)
    if event.source is Source.SERVER:
        return event if event.consent >= Consent.STATISTICS else replace(event, visitor_key=None, user_agent=None)
    consent = event.consent
    if consent is Consent.NONE or CATALOG[event.type].only_counted:
        return None
    if consent is Consent.MARKETING and facts.wants_no_marketing:
        consent = Consent.STATISTICS
    agent = facts.user_agent[:MAX_USER_AGENT] or None
    told = {"consent": consent, "user_agent": agent, "country": facts.country}
    told["bot"] = STAFF if is_staff else bot(agent) if agent else None
    if consent is Consent.ANONYMOUS:
        told |= dict.fromkeys(("visitor_key", "customer_key", "email", "cart_key", "order_key"))  # nothing that joins
    if consent is Consent.ANONYMOUS or event.type == "consent_update":
        told["anonymous_key"] = anonymous_key(facts, shop_id, salt)
    return replace(event, **told)  # type: ignore[arg-type]  # mypy sees one type for all the values


def _named(visit: Event) -> Event:
    """A crawler's visit, with the crawler in `bot` and nothing of anybody: assistants open the links that people hand them, and
    those may say whose they are in their query.  Raises Refused."""
    name = bot(visit.user_agent)
    if name is None:
        raise Refused(RefusedReason.INVALID, {"fields": {"user_agent": "names no crawler or other machine that we know"}})
    page = visit.page and Page(re.split("[?#]", visit.page.url)[0], visit.page.title, None, visit.page.kind)
    return Event(visit.event_id, visit.type, visit.source, visit.occurred_at, visit.received_at, page=page, bot=name)


def anonymous_key(facts: Facts, shop_id: int, salt: bytes) -> str:
    """The same for one browser behind one network on one day in one shop, and of no use on another."""
    told = f"{shop_id}|{network(facts.address)}|{facts.user_agent[:MAX_USER_AGENT]}"
    mac = hmac.digest(salt, told.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return urlsafe_b64encode(mac[:_KEY_BYTES]).decode()
