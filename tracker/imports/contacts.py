"""Offline contacts: whom the shop met on the phone, at a fair, in its own shop.  Each is a touchpoint of a person's journey."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError

from tracker.errors import Refused, RefusedReason
from tracker.imports.columns import Column, normal
from tracker.imports.kinds import COMPANY, EMAIL_TITLES, Told, who
from tracker.imports.lines import Entry
from tracker.imports.values import Reading, event_id, key, moment
from tracker.shops import Shop
from tracker.texts import N_, Sentence

COLUMNS: Sequence[Column] = (
    Column("occurred_at", "when", ("date", "time", "at", "dato", "datum")),
    Column("kind", "phone, fair, shop_visit, other", ("type", "contact", "art", "typ")),
    Column("customer_key", "who: the customer's id on the platform; 0 and empty: none", ("customer_id", "user_id")),
    Column("email", "who: the e-mail address", EMAIL_TITLES),
    COMPANY,
    Column("contact_id", "your own id of this contact; absent: a contact with the same words is the same one", ("id",)),
    Column("location", "where", ("place", "shop", "store", "sted", "plats")),
    Column("campaign", "the campaign it belongs to", ("utm_campaign", "kampagne", "kampanj")),
    Column("note", "a few words; no personal data", ("notes", "comment")),
)
NEEDED: Sequence[Sequence[str]] = (("occurred_at",), ("kind",), ("customer_key", "email"))
KEY: str | None = None
EXAMPLE = "contacts.csv"

# As people write them, in the languages of the pages.
WORDS = {
    "phone": ("phone", "telephone", "call", "phone_call", "telefon", "opkald", "samtal"),
    "fair": ("fair", "trade_fair", "expo", "messe", "mässa"),
    "shop_visit": ("shop_visit", "shop", "store", "store_visit", "visit", "butik", "butiksbesøg", "butiksbesök"),
    "other": ("other", "andet", "annat"),
}
_KIND_OF = {word: kind for kind, words in WORDS.items() for word in words}


def tell(entry: Entry, shop: Shop) -> list[Told]:
    read = Reading(entry.one)
    read.only(column.name for column in COLUMNS)
    occurred_at = read("occurred_at", moment(shop.settings.tz), required=True)
    kind = read("kind", _kind, required=True)
    customer, email = who(read)
    own_id = read("contact_id", key)
    if read.errors:
        raise Refused(RefusedReason.INVALID, {"fields": read.errors})
    told = {name: read.given.get(name) for name in ("location", "campaign", "note", "company_key") if read.given.get(name)}
    what = (own_id,) if own_id else (str(occurred_at), str(kind), customer or "", email or "", repr(sorted(told.items())))
    wire = {"event_id": event_id("contact", *what), "type": "offline_contact", "occurred_at": occurred_at}
    return [Told({**wire, "customer_key": customer, "email": email, "data": {"kind": kind, **told}})]


def _kind(value: Any) -> str:
    found = _KIND_OF.get(normal(value)) if isinstance(value, str) else None
    if found is None:
        raise ValidationError(Sentence(N_("is none of %(choices)s"), {"choices": ", ".join(WORDS)}))
    return found
