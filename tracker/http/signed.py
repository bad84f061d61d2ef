"""Requests of the shop's own server, known by their signature instead of a login: the same as at the front door.

A signature is made of the body; what such a request does must be harmless when it is sent again.
"""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import Unauthorized

from tracker.collect.signature import HEADER, verify
from tracker.http.deps import deps
from tracker.shops import Shop, find_shop
from tracker.storage import reading


def is_signed() -> bool:
    return HEADER in request.headers


def signed_shop(shop_id: int) -> Shop:
    """The shop of the address, when its secret has signed the body.  Raises Refused, and Unauthorized without such a shop."""
    with reading(deps().engine) as db:
        found = find_shop(db, shop_id)
    if found is None:
        raise Unauthorized
    window = deps().config.signature_window_seconds
    verify(request.headers[HEADER], request.get_data(), found.secrets, deps().now(), window)
    return found
