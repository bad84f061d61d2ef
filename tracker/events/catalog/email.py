"""Mail to buyers and readers, as the mail platform tells it.  `email` of the event says whose."""

from __future__ import annotations

from tracker.events import fields as f
from tracker.events.catalog.kinds import SHOP_ONLY, EventType, MayNameOrder

PURPOSES = (
    "newsletter", "welcome", "cart", "order", "shipping", "onboarding", "review_request", "survey", "loyalty", "win_back",
    "other",
)  # fmt: skip


class Mail(MayNameOrder):
    """About one message to one address."""

    email = f.Email("the address; the same as the event's `email`")
    message_id = f.Key("the mail platform's id of this message to this address")
    purpose = f.Choice("what the mail is for", PURPOSES)
    campaign = f.Text("the campaign or flow it belongs to", longest=100)
    subject = f.Text("its subject")


class EmailSent(EventType):
    """A mail left for its address."""

    sent_by = SHOP_ONLY
    fields = Mail
    example = {
        "email": "freja@example.com",
        "data": {"message_id": "m-1", "purpose": "newsletter", "campaign": "uge-24", "subject": "Nye kjoler"},
    }


class EmailOpened(EventType):
    """A mail was opened, as far as that can be told: some mail programs open every mail by themselves."""

    sent_by = SHOP_ONLY
    fields = Mail
    example = {"email": "freja@example.com", "data": {"message_id": "m-2", "purpose": "order", "transaction_id": "10042"}}


class EmailClicked(EventType):
    """A link in a mail was followed."""

    sent_by = SHOP_ONLY
    example = {
        "email": "freja@example.com",
        "data": {"message_id": "m-1", "purpose": "newsletter", "campaign": "uge-24", "url": "https://shop.example/kjoler"},
    }

    class fields(Mail):
        url = f.Address("the link")


class EmailBounced(EventType):
    """A mail came back."""

    sent_by = SHOP_ONLY
    example = {"email": "freja@example.com", "data": {"message_id": "m-1", "bounce": "hard", "reason": "550 no such user"}}

    class fields(Mail):
        bounce = f.Choice("hard: the address is no good; soft: try again", ("hard", "soft"))
        reason = f.Text("the mail server's words")


class EmailComplained(EventType):
    """A mail was marked as spam."""

    sent_by = SHOP_ONLY
    fields = Mail
    example = {"email": "freja@example.com", "data": {"message_id": "m-1", "purpose": "newsletter", "campaign": "uge-24"}}
