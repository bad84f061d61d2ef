"""Which person is meant by a few letters: an order's number, an e-mail address, a customer's number, or a person's own."""

from __future__ import annotations

from sqlalchemy import Connection, select

from tracker import tables as t
from tracker.pipeline.identity import CUSTOMER, EMAIL, ORDER, VISITOR, hash_email
from tracker.shops import Shop


def find_subject(db: Connection, shop: Shop, text: str, secret: str) -> int | None:
    """The first that is meant, in that order; None when nobody is."""
    c = t.links.c
    tried = [(EMAIL, hash_email(text.lower(), secret))] if "@" in text else []
    tried += [(kind, text.removeprefix("#")) for kind in (ORDER, CUSTOMER, VISITOR)]
    for kind, key in tried:
        found: int | None = db.execute(
            select(c.subject_id).where(c.shop_id == shop.shop_id, c.kind == kind, c.key == key)
        ).scalar()
        if found is not None:
            return found
    return _of_number(db, shop, text)


def _of_number(db: Connection, shop: Shop, text: str) -> int | None:
    if not text.isdecimal() or len(text) > 18:
        return None
    c = t.subjects.c
    found: int | None = db.execute(select(c.subject_id).where(c.shop_id == shop.shop_id, c.subject_id == int(text))).scalar()
    return found
