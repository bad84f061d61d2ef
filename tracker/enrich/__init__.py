"""What a request tells: where somebody came from, on what, whether it was a person, what the page is for.

In:  texts as they were sent: addresses, a User-Agent.  Hostile texts too; nothing here raises.
Out: small frozen values.  Pure and cached, so the pipeline may ask again for every event.
To add an enrichment: a module here and its name below.  To add a site, a spelling, a click id, a crawler or a page word: a line
in tracker/data.
"""

from __future__ import annotations

from tracker.enrich.address import read_address
from tracker.enrich.arrival import Arrival, arrival
from tracker.enrich.bots import STAFF, bot
from tracker.enrich.channel import CHANNELS, Channel
from tracker.enrich.crawlers import Crawler, crawler
from tracker.enrich.device import Device, device
from tracker.enrich.page_kinds import page_kind

__all__ = [
    "CHANNELS",
    "STAFF",
    "Arrival",
    "Channel",
    "Crawler",
    "Device",
    "arrival",
    "bot",
    "crawler",
    "device",
    "page_kind",
    "read_address",
]
