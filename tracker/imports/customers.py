"""Customers: who has which customer key and e-mail, so that past and coming orders of both are one person's.

Each becomes an `identify`.  What a customer has spent so far is not taken from here: their past orders say it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tracker.errors import Refused, RefusedReason
from tracker.imports.columns import Column
from tracker.imports.kinds import COMPANY, EMAIL_TITLES, Told, who
from tracker.imports.lines import Entry
from tracker.imports.values import Reading, event_id, key, moment
from tracker.shops import Shop

COLUMNS: Sequence[Column] = (
    Column("customer_key", "the customer's id on the platform; 0 and empty: none", ("customer_id", "user_id", "id")),
    Column("email", "the e-mail address", EMAIL_TITLES),
    COMPANY,
    Column(
        "occurred_at",
        "since when they are a customer; absent: today",
        ("created_at", "date_created", "date_registered", "user_registered", "registered", "sign_up"),
    ),
)
NEEDED: Sequence[Sequence[str]] = (("customer_key", "email"),)
KEY: str | None = None
EXAMPLE = "customers.csv"


def tell(entry: Entry, shop: Shop) -> list[Told]:
    read = Reading(entry.one)
    read.only(column.name for column in COLUMNS)
    customer, email = who(read)
    occurred_at, company = read("occurred_at", moment(shop.settings.tz)), read("company_key", key)
    if read.errors:
        raise Refused(RefusedReason.INVALID, {"fields": read.errors})
    # Of all keys: a customer with a new address is told anew.
    keys = (customer or "", email or "", company or "")
    wire = {"event_id": event_id("customer", *keys), "type": "identify", "occurred_at": occurred_at}
    return [Told({**wire, "customer_key": customer, "email": email, "data": {"method": "import", "company_key": company}})]
