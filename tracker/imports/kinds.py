"""What a kind of import is: a module with these members, named in KINDS of the package.

In:  an entry of the file, and its shop.
Out: tell() -> the wire events that it makes, in order; raises Refused with {"fields": {name: in words}}.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from tracker.collect.receive import Facts
from tracker.events.fields import read_email
from tracker.events.types import Source
from tracker.imports.columns import Column
from tracker.imports.lines import Entry
from tracker.imports.values import Reading, customer_key
from tracker.shops import Shop
from tracker.texts import N_

Wire = dict[str, Any]

EMAIL_TITLES = ("customer_email", "billing_email", "email_billing", "user_email", "contact_email", "e_mail", "email_address")

COMPANY = Column(
    "company_key",
    "the company, in a shop whose journeys are those of companies: its VAT number, or the shop's own number of it",
    ("vat_number", "billing_vat", "cvr"),
)

NO_REQUEST = Facts(address="", origin=None, signature=None, user_agent="", country=None, wants_no_marketing=False)


class Told(NamedTuple):
    """One wire event.  `request` is what a browser's request had told.

    `sums_refunds_of` names the order of which this refund is all that was ever given back, without the platform's ids: it would
    count again what the shop's server has told or will tell, so it is only for orders of which no refund is known.
    """

    wire: Wire
    source: Source = Source.SERVER
    request: Facts = NO_REQUEST
    sums_refunds_of: str | None = None


def who(read: Reading) -> tuple[str | None, str | None]:
    """Customer key and e-mail, one of which must be there."""
    customer, email = read("customer_key", customer_key), read("email", read_email)
    if not (customer or email or {"customer_key", "email"} & read.errors.keys()):
        read.errors["customer_key"] = N_("is missing, and so is email: one of them must say who it is")
    return customer, email


class Kind(Protocol):
    """A kind of import."""

    @property
    def COLUMNS(self) -> Sequence[Column]: ...
    @property
    def NEEDED(self) -> Sequence[Sequence[str]]: ...
    @property
    def KEY(self) -> str | None: ...
    @property
    def EXAMPLE(self) -> str: ...

    def tell(self, entry: Entry, shop: Shop) -> list[Told]: ...
