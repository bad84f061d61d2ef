"""How an event and a state lie in the database: JSON, deflated with a dictionary of what such JSON repeats.

The dictionary is part of the format: a change needs a new version byte.  Measured on shop traffic: an event of 330 bytes of
JSON takes about 150 with it.
"""

from __future__ import annotations

import zlib
from typing import Any

import orjson

_PLAIN, _DEFLATED = b"\x00", b"\x01"

_DICTIONARY = (
    b'"attempts":[],"products":{},"categories":{},"booked":{},"country":null,"device":"desktop","device":"mobile","consent":2,"bot":false'
    b'"placed_at":17,"currency":"DKK","state":"paid","tax":0,"shipping":0,"discount":0,"total":0,"counted_at":null,"cancelled_at":null,'
    b'"delivered_at":null,"repeat":false,"version":0,"refunds":{}},"touches":[{"at":17,"kind":"session","channel":"organic_search",'
    b'"source":"google","medium":null,"campaign":null,"landing":"/"}],"touch_count":1,"event_count":1,"order":null,'
    b'"view.twelve.2.reached":1,"view.twelve.2.went_on":1,"view.five.1.reached":1,"view.five.1.went_on":1,"view.webshop.1.reached":1,'
    b'"view.webshop.1.went_on":1,"view.agency.1.reached":1,"view.agency.1.went_on":1,"view.twelve.3.reached":1,"view.twelve.4.reached":1,'
    b'"view.five.2.reached":1,"view.webshop.2.reached":1,"view.agency.2.reached":1,"view.agency.3.reached":1,"stay.2.count":1,"stay.2.seconds":'
    b'"stay.3.b0":1,"move.2.3":1,"filters":["","channel=direct","consent=statistics","device=mobile"],"names":{"journeys":1,"open":1,"ordered":1,'
    b'"touchpoints":1,"net.DKK":,"outcome":"open","ended_at":null,"stage":3,"since_at":17,"highest":3,"reactivated":false,"reached":{"2":[17,17,1],'
    b'"3":[17,17,1]},"moves":{"2.3":1},"stays":{"2":[1,5,1,0,0,0,0,0,0]},"day":20,"began_at":17,"last_at":17,"number":1,'
    b'"items":[{"item_id":"","item_name":"","item_brand":"","item_category":"","item_variant":"","price":,"quantity":1}],"currency":"DKK","value":'
    b'"data":{"visible_seconds":,"scroll_share":0.},"type":"view_item_list","type":"add_to_cart","type":"page_engaged","type":"view_item",'
    b'"sequence":,"page":{"url":"https://","title":"","referrer":"https://www.google.com/","kind":"product"},"type":"page_view",'
    b'"received_at":17,"visitor_key":"","consent":2,"user_agent":"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 '
    b'(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1","user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 '
    b'(KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"'
)


def write_body(value: dict[str, Any] | bytes) -> bytes:
    """Bytes for a body column, of a JSON-able value or of its JSON."""
    text = value if isinstance(value, bytes) else orjson.dumps(value)
    # Raw deflate at level 1: the dictionary does most of the work, and levels 6 and 9 cost three times as much for 3 % less.
    deflate = zlib.compressobj(1, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)
    return _DEFLATED + deflate.compress(text) + deflate.flush()


def read_bytes(stored: bytes) -> bytes:
    """The JSON again."""
    if stored[:1] == _PLAIN:
        return stored[1:]
    inflate = zlib.decompressobj(-15, _DICTIONARY)
    return inflate.decompress(stored[1:]) + inflate.flush()


def read_body(stored: bytes) -> dict[str, Any]:
    """The value again.  For events: what tracker.events.codec.unpack takes."""
    value: dict[str, Any] = orjson.loads(read_bytes(stored))
    return value
