"""Coming back: loyalty programme and subscriptions."""

from __future__ import annotations

from marshmallow import Schema

from tracker.events import fields as f
from tracker.events.catalog.kinds import SHOP_ONLY, EventType, MayNameOrder


class Programme(Schema):
    """About membership."""

    program_id = f.Key("which programme, when the shop has several")
    tier = f.Text("the member's tier", longest=60)


class LoyaltyJoined(EventType):
    """Somebody joined the loyalty programme."""

    fields = Programme
    example = {"customer_key": "318", "data": {"program_id": "klub", "tier": "basis"}}


class Points(Programme, MayNameOrder):
    """About a member's points."""

    points = f.Whole("how many", unit="points", highest=10**9, required=True)
    balance = f.Whole("how many the member has now", unit="points", highest=10**9)
    reason = f.Text("what for: purchase, review, birthday …", longest=100)


class LoyaltyPointsEarned(EventType):
    """A member was given points."""

    sent_by = SHOP_ONLY
    fields = Points
    example = {"customer_key": "318", "data": {"points": 75, "balance": 75, "reason": "purchase", "transaction_id": "10042"}}


class LoyaltyPointsRedeemed(EventType):
    """A member used points."""

    sent_by = SHOP_ONLY
    example = {"customer_key": "318", "data": {"points": 75, "balance": 0, "currency": "DKK", "value": 37.5}}

    class fields(Points):
        currency = f.Currency("of `value`; the shop's own when absent")
        value = f.Money("what the points were worth")


class Subscription(MayNameOrder):
    """About a subscription.  `transaction_id` is the order of this period."""

    subscription_id = f.Key("the platform's id; the same on every event of the subscription", required=True)
    plan = f.Text("what is subscribed to", longest=100)
    interval = f.Choice("how often it renews", ("day", "week", "month", "quarter", "half_year", "year", "other"))
    currency = f.Currency("of `value`; the shop's own when absent")
    value = f.Money("one period: goods after discounts, without VAT and shipping")


class SubscriptionTrialStarted(EventType):
    """A free or cheap trial began."""

    sent_by = SHOP_ONLY
    example = {"customer_key": "318", "data": {"subscription_id": "s-8", "plan": "Kaffe 500 g", "trial_days": 14}}

    class fields(Subscription):
        trial_days = f.Whole("how long the trial lasts", unit="days", lowest=1, highest=3650)


class SubscriptionStarted(EventType):
    """A paid subscription began, at once or after a trial."""

    sent_by = SHOP_ONLY
    example = {
        "customer_key": "318",
        "data": {
            "subscription_id": "s-8",
            "plan": "Kaffe 500 g",
            "interval": "month",
            "currency": "DKK",
            "value": 79.2,
            "after_trial": True,
            "transaction_id": "10101",
        },
    }

    class fields(Subscription):
        after_trial = f.Flag("a trial turned into it")


class SubscriptionRenewed(EventType):
    """A further period was paid."""

    sent_by = SHOP_ONLY
    example = {
        "customer_key": "318",
        "data": {
            "subscription_id": "s-8",
            "interval": "month",
            "currency": "DKK",
            "value": 79.2,
            "period": 2,
            "transaction_id": "10145",
        },
    }

    class fields(Subscription):
        period = f.Whole("which period it is; 1 is the first", lowest=1, highest=100_000)


class SubscriptionCancelled(EventType):
    """A subscription or trial was ended; it may run on until `ends_at`."""

    sent_by = SHOP_ONLY
    example = {
        "customer_key": "318",
        "data": {"subscription_id": "s-8", "reason": "for dyrt", "ends_at": "2026-08-31T22:00:00Z"},
    }

    class fields(Subscription):
        reason = f.Text("why")
        ends_at = f.Moment("when its last period ends", unit="epoch milliseconds or ISO 8601 with zone")
