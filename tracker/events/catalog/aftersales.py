"""After the purchase: reviews, scores, support, sharing, recommending, using."""

from __future__ import annotations

from marshmallow import Schema

from tracker.events import fields as f
from tracker.events.catalog.kinds import SHOP_ONLY, EventType, MayNameOrder
from tracker.events.types import Event


class ReviewSubmitted(EventType):
    """A product, or the shop when no item is named, was reviewed.  The review's words stay on the platform."""

    example = {
        "data": {
            "item_id": "KJ-1042-38",
            "item_name": "Sommerkjole Vilma",
            "rating": 5,
            "review_id": "rev-31",
            "verified": True,
            "has_text": True,
        }
    }

    class fields(MayNameOrder):
        item_id = f.Key("the product")
        item_name = f.Text("its name")
        rating = f.Number("stars", unit="1…5", lowest=1, highest=5, required=True)
        review_id = f.Key("the platform's id of the review")
        verified = f.Flag("the platform knows that the reviewer bought it")
        has_text = f.Flag("more than stars")


class Share(EventType):
    """A product, page or cart was shared."""

    ga4 = True
    example = {"data": {"method": "whatsapp", "content_type": "product", "item_id": "KJ-1042-38"}}

    class fields(Schema):
        method = f.Text("by which way: link, whatsapp, facebook, email …", longest=60)
        content_type = f.Text("product, page, cart, wishlist …", longest=40)
        item_id = f.Key("what was shared")
        url = f.Address("the link that was shared")


class Referral(MayNameOrder):
    """About recommending the shop by a personal link or code."""

    referral_code = f.Key("the code in the link; ties friend and advocate together", longest=64, required=True)
    role = f.Choice("whose event it is: of the one who recommends, or of the one who follows", ("advocate", "friend"))
    method = f.Text("by which way it was passed on", longest=60)
    reward_id = f.Key("the reward that it earns")


class ReferralLinkCreated(EventType):
    """Somebody made a personal link to pass on."""

    fields = Referral
    example = {"customer_key": "318", "data": {"referral_code": "FREJA-318", "role": "advocate", "method": "link"}}


class ReferralVisit(EventType):
    """A friend arrived through a personal link."""

    fields = Referral
    example = {"data": {"referral_code": "FREJA-318", "role": "friend"}}


class ReferralConverted(EventType):
    """A friend who came through a personal link bought something."""

    sent_by = SHOP_ONLY
    fields = Referral
    example = {"customer_key": "318", "data": {"referral_code": "FREJA-318", "role": "advocate", "transaction_id": "10077"}}


SCALES = {"nps": 10, "csat": 5, "ces": 7}  # the highest score when the survey does not say
STAGES = (
    "need", "awareness", "information", "consideration", "decision", "purchase", "delivery", "engagement", "retention",
    "satisfaction", "advocacy", "reactivation",
)  # fmt: skip


class Survey(MayNameOrder):
    """About a short survey."""

    survey_id = f.Key("which survey")
    type = f.Choice("net promoter score, satisfaction, effort", tuple(SCALES), required=True)
    question = f.Text("as asked", longest=300)
    item_id = f.Key("the product that it is about")
    item_name = f.Text("its name")
    stage = f.Choice("the stage of the journey that it is about", STAGES)


class SurveyShown(EventType):
    """A survey was put before somebody."""

    fields = Survey
    example = {"data": {"survey_id": "efter-levering", "type": "nps", "question": "Vil du anbefale os?"}}


class SurveySubmitted(EventType):
    """A survey was answered.  When an answer is corrected, or words are added, it is told again: see `answer_id`."""

    example = {
        "data": {
            "survey_id": "efter-levering",
            "type": "nps",
            "score": 9,
            "scale_max": 10,
            "question": "Vil du anbefale os?",
            "answer": "Hurtig levering",
            "answer_id": "6Yd0n3Jx",
            "transaction_id": "10042",
            "item_id": "KJ-1042-38",
            "item_name": "Sommerkjole Vilma",
            "stage": "delivery",
        }
    }

    class fields(Survey):
        score = f.Number("the score given", unit="points", lowest=0, highest=100, required=True)
        scale_max = f.Whole("the highest score; absent: nps 10, csat 5, ces 7", unit="points", lowest=1, highest=100)
        answer = f.Text("what was said besides", longest=1000)
        answer_id = f.Key("the same on all events about one answer; its last score and its last words count", longest=64)

    @classmethod
    def problems(cls, event: Event) -> dict[str, str]:
        highest = event.data.get("scale_max") or SCALES[event.data["type"]]
        return {} if event.data["score"] <= highest else {"data.score": f"is above the scale's {highest}"}


class Ticket(MayNameOrder):
    """About a matter at the shop's support."""

    ticket_id = f.Key("the support system's id", required=True)
    topic = f.Text("what it is about: delivery, return, product, complaint …", longest=100)
    channel = f.Text("email, chat, phone, form …", longest=40)


class SupportTicketCreated(EventType):
    """Somebody asked the shop's support."""

    fields = Ticket
    example = {"data": {"ticket_id": "t-5", "topic": "delivery", "channel": "email", "transaction_id": "10042"}}


class SupportTicketClosed(EventType):
    """A matter at the support was settled."""

    sent_by = SHOP_ONLY
    example = {
        "customer_key": "318",
        "data": {"ticket_id": "t-5", "topic": "delivery", "first_response_seconds": 1800, "resolution_seconds": 86_400},
    }

    class fields(Ticket):
        first_response_seconds = f.Whole("until the first answer", unit="seconds", highest=10**9)
        resolution_seconds = f.Whole("until it was settled", unit="seconds", highest=10**9)


class ChatStarted(EventType):
    """A chat with the shop, or its robot, was opened."""

    example = {"data": {"channel": "chat", "topic": "size"}}

    class fields(Schema):
        channel = f.Text("which chat", longest=40)
        topic = f.Text("what it is about", longest=100)


class ProductUsed(EventType):
    """A bought product was used, as an app, a login or a registration tells."""

    example = {"customer_key": "318", "data": {"item_id": "KURSUS-1", "feature": "lesson", "count": 1}}

    class fields(MayNameOrder):
        item_id = f.Key("the product")
        item_name = f.Text("its name")
        feature = f.Text("what of it", longest=100)
        count = f.Whole("how often since the last such event", unit="times", lowest=1, highest=1_000_000)
