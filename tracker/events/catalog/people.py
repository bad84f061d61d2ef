"""People: they make themselves known, decide what may be kept, or are met outside the shop."""

from __future__ import annotations

from marshmallow import Schema

from tracker.events import fields as f
from tracker.events.catalog.kinds import SHOP_ONLY, EventType, company_key
from tracker.events.types import Consent, Event

_LEVELS = tuple(level.name.lower() for level in Consent)


class WithMethod(Schema):
    """How somebody signed up or in."""

    method = f.Text("e-mail, Google, MobilePay …", longest=60)
    company_key = company_key()


class SignUp(EventType):
    """An account was made."""

    ga4 = True
    fields = WithMethod
    example = {"customer_key": "318", "data": {"method": "email"}}


class Login(EventType):
    """Somebody signed in; `customer_key` says who."""

    ga4 = True
    fields = WithMethod
    example = {"customer_key": "318", "data": {"method": "email"}}


class Identify(EventType):
    """The shop's server knows who a visitor is; `customer_key`, `email` or both say who."""

    sent_by = SHOP_ONLY
    example = {
        "visitor_key": "v-3xJq0pX2n8",
        "customer_key": "318",
        "email": "freja@example.com",
        "data": {"method": "account"},
    }

    class fields(WithMethod):
        email = f.Email("the person's address; the same as the event's `email`")

    @classmethod
    def problems(cls, event: Event) -> dict[str, str]:
        return {} if event.customer_key or event.email else {"customer_key": "is missing, and so is email"}


class Newsletter(Schema):
    """About a mailing list."""

    email = f.Email("the address; the same as the event's `email`")
    list = f.Text("which list, when the shop has several", longest=100)
    method = f.Text("popup, footer, checkout, account, unsubscribe link …", longest=60)


class NewsletterSubscribe(EventType):
    """Somebody asked for the newsletter.  Where and under which text is the proof of the permission."""

    example = {
        "data": {
            "email": "freja@example.com",
            "list": "nyhedsbrev",
            "method": "popup",
            "form_id": "popup-10",
            "text_version": "2026-03",
            "double_opt_in": False,
        }
    }

    class fields(Newsletter):
        form_id = f.Key("which form")
        text_version = f.Key("which wording of the consent stood beside it", longest=64)
        double_opt_in = f.Flag("the address was confirmed by a mail")


class NewsletterUnsubscribe(EventType):
    """Somebody does not want the newsletter any more."""

    sent_by = SHOP_ONLY
    example = {"data": {"email": "freja@example.com", "list": "nyhedsbrev", "method": "unsubscribe link"}}

    class fields(Newsletter):
        reason = f.Text("why, when asked")


class ConsentUpdate(EventType):
    """The visitor decided what may be kept; the event's own `consent` is the new level too."""

    example = {"consent": "statistics", "data": {"level": "statistics", "previous_level": "anonymous", "method": "banner"}}

    class fields(Schema):
        level = f.Choice("the level from now on", _LEVELS, required=True)
        previous_level = f.Choice("the level before", _LEVELS)
        method = f.Text("banner, google, gpc, platform …", longest=40)


class OfflineContact(EventType):
    """Somebody was met outside the web shop: in a shop, on the phone, at a fair.  Imported."""

    sent_by = SHOP_ONLY
    example = {"customer_key": "318", "data": {"kind": "fair", "location": "Formland, Herning", "campaign": "formland-26"}}

    class fields(Schema):
        kind = f.Choice("what it was", ("shop_visit", "phone", "fair", "other"), required=True)
        location = f.Text("where", longest=100)
        campaign = f.Text("the campaign it belongs to", longest=100)
        company_key = company_key()
        note = f.Text("a few words; no personal data")
