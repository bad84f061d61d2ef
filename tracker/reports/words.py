"""Names for the keys that stand in tables: closed lists, as msgids.

`say(vocabulary, key, locale, translate)` gives the name; a key that is not in its list stands for itself, readably.
To add a word: one entry in its list, then refresh the translations (docs/reports.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracker.reports.table import N_, Sentence
from tracker.stages import STAGES, VIEWS, StageView
from tracker.stages.tagging import STEPS
from tracker.texts import fill

Translate = Callable[[str], str]

OUTCOMES = {"open": N_("Under way"), "ordered": N_("Ordered"), "lapsed": N_("Lapsed")}
OUTCOMES_ASKED = {"any": N_("Any"), **OUTCOMES}
DIRECTIONS = {"on": N_("Onwards"), "back": N_("Back"), "restart": N_("Restart")}
SOURCES = {"browser": N_("Visitor's browser"), "server": N_("Shop's server")}
DEVICES = {
    "mobile": N_("Phone"),
    "tablet": N_("Tablet"),
    "desktop": N_("Computer"),
    "tv": N_("Television"),
    "bot": N_("Robot"),
    "unknown": N_("Other device"),
}
CONSENTS = {
    "none": N_("Order without a visit"),
    "anonymous": N_("Anonymous"),
    "statistics": N_("Statistics"),
    "marketing": N_("Marketing"),
}
BUYERS = {"new": N_("New customers"), "returning": N_("Returning customers")}
FILTER_KINDS = {
    "channel": N_("Channel"),
    "device": N_("Device"),
    "country": N_("Country"),
    "consent": N_("Consent"),
    "buyer": N_("New or returning"),
    "campaign": N_("Campaign"),
}
ROLES = {"owner": N_("Owner"), "marketer": N_("Marketer"), "analyst": N_("Analyst")}

CHANNELS = {
    "paid_search": N_("Paid search"),
    "organic_search": N_("Organic search"),
    "paid_social": N_("Paid social media"),
    "organic_social": N_("Social media"),
    "paid_shopping": N_("Paid shopping"),
    "organic_shopping": N_("Shopping sites"),
    "paid_video": N_("Paid video"),
    "organic_video": N_("Video"),
    "paid_other": N_("Other paid"),
    "display": N_("Display adverts"),
    "cross_network": N_("Cross-network"),
    "ai_assistant": N_("AI assistants"),
    "email": N_("E-mail"),
    "affiliate": N_("Affiliates"),
    "referral": N_("Links from other sites"),
    "audio": N_("Audio"),
    "sms": N_("SMS"),
    "push": N_("Push messages"),
    "offline": N_("Offline contact"),
    "direct": N_("Direct"),
    "unassigned": N_("Not assigned"),
    "none": N_("No arrival (phone, till …)"),
}

ATTRIBUTION_MODELS = {
    "first": N_("First touchpoint"),
    "last": N_("Last touchpoint"),
    "last_non_direct": N_("Last non-direct touchpoint"),
    "linear": N_("Linear"),
    "position": N_("Position (40/20/40)"),
    "time_decay": N_("Time decay"),
    "removal": N_("Removal effect"),
}
RATE_STATES = {
    "own": N_("The shop's own currency"),
    "known": N_("Converted"),
    "partly": N_("Some orders have no rate"),
    "missing": N_("No rate"),
}
LEADS = {  # whole days, in the classes of LEAD_BOUNDS
    "0": N_("less than a day"),
    "1": N_("1 day"),
    "2_to_3": N_("2 to 3 days"),
    "4_to_7": N_("4 to 7 days"),
    "8_to_14": N_("8 to 14 days"),
    "15_to_30": N_("15 to 30 days"),
    "over_30": N_("more than 30 days"),
}

OUTCOME_KINDS = {
    "accepted": N_("Accepted"),
    "refused": N_("Refused"),
    "dropped": N_("Dropped"),
    "failed": N_("Failed"),
    "counted_only": N_("Only counted"),
    "ignored_field": N_("Field ignored"),
}

# What it was, and what to do about it.
OUTCOME_REASONS = {
    "too_big": N_("The request was too big: send fewer events at once"),
    "not_json": N_("The request was not readable as JSON"),
    "empty": N_("The request held no event"),
    "too_many": N_("Too many events in one request: send them in several"),
    "unknown_key": N_("The key in the tag belongs to no shop: copy the tag again"),
    "wrong_origin": N_("The page is on an address that is not among the shop's own: add it if it is yours"),
    "bad_signature": N_("The signature does not match: check the secret in the shop's plugin"),
    "stale_signature": N_("Signed too long ago or sent twice: check the clock of the shop's server"),
    "rate_limited": N_("Too many requests at once"),
    "invalid": N_("A field is missing or wrong"),
    "not_from_browser": N_("Orders and money must come from the shop's server, not from the browser"),
    "too_old": N_("The event was too old when it arrived"),
    "in_future": N_("The event lies in the future: check the sender's clock"),
    "bad_link": N_("A survey link was cut, or signed with a secret that no longer counts"),
    "expired_link": N_("A survey link was older than 90 days"),
    "duplicate": N_("This event is already here: sent again, counted once"),
    "erased": N_("Its person was erased"),
    "expired": N_("Older than what the shop keeps"),
    "no_consent": N_("No consent: counted, nothing else kept"),
    "unreadable": N_("Could not be read; kept aside for another try"),
    "set_aside": N_("Could not be worked in; its person waits for another try"),
}

LINK_KINDS = {
    "visitor": N_("Browser"),
    "customer": N_("Customer number"),
    "email": N_("E-mail"),
    "order": N_("Order"),
    "anonymous": N_("Anonymous session"),
    "nobody": N_("Nobody in particular"),
}

PAGE_KINDS = {
    "home": N_("front page"),
    "category": N_("category"),
    "product": N_("product"),
    "search": N_("search"),
    "cart": N_("cart"),
    "checkout": N_("checkout"),
    "receipt": N_("receipt"),
    "blog": N_("blog"),
    "guide": N_("guide"),
    "faq": N_("questions and answers"),
    "size_guide": N_("size guide"),
    "about": N_("about us"),
    "delivery_info": N_("delivery"),
    "contact": N_("contact"),
    "account": N_("account"),
    "order_tracking": N_("order tracking"),
    "getting_started": N_("getting started"),
    "quiz": N_("quiz"),
    "inspiration": N_("inspiration"),
    "campaign": N_("campaign"),
    "terms": N_("terms"),
    "other": N_("other page"),
}

EVENT_TYPES = {
    "page_view": N_("Page seen"),
    "page_engaged": N_("Time on a page"),
    "page_twice": N_("Tag twice on a page"),
    "crawler_visit": N_("Visit by a crawler"),
    "view_item_list": N_("List seen"),
    "filter_item_list": N_("List filtered"),
    "select_item": N_("Product chosen in a list"),
    "view_item": N_("Product seen"),
    "select_item_variant": N_("Variant chosen"),
    "view_reviews": N_("Reviews read"),
    "view_size_guide": N_("Size guide read"),
    "compare_items": N_("Products compared"),
    "search": N_("Search"),
    "add_to_wishlist": N_("Put on the wishlist"),
    "view_promotion": N_("Promotion seen"),
    "select_promotion": N_("Promotion chosen"),
    "add_to_cart": N_("Put in the cart"),
    "remove_from_cart": N_("Taken out of the cart"),
    "update_cart": N_("Cart changed"),
    "view_cart": N_("Cart seen"),
    "apply_coupon": N_("Coupon used"),
    "coupon_denied": N_("Coupon denied"),
    "begin_checkout": N_("Checkout begun"),
    "add_contact_info": N_("Contact given"),
    "add_address_info": N_("Address given"),
    "add_shipping_info": N_("Delivery chosen"),
    "add_payment_info": N_("Payment chosen"),
    "checkout_error": N_("Error in the checkout"),
    "purchase": N_("Order"),
    "order_paid": N_("Order paid"),
    "order_updated": N_("Order changed"),
    "order_cancelled": N_("Order cancelled"),
    "refund": N_("Refund"),
    "return_requested": N_("Return asked for"),
    "return_completed": N_("Return completed"),
    "order_fulfilled": N_("Order packed"),
    "order_shipped": N_("Order shipped"),
    "order_delivered": N_("Order delivered"),
    "sign_up": N_("Account made"),
    "login": N_("Logged in"),
    "newsletter_subscribe": N_("Newsletter sign-up"),
    "newsletter_unsubscribe": N_("Newsletter cancelled"),
    "email_sent": N_("Mail sent"),
    "email_opened": N_("Mail opened"),
    "email_clicked": N_("Mail clicked"),
    "email_bounced": N_("Mail bounced"),
    "email_complained": N_("Mail reported as spam"),
    "review_submitted": N_("Review written"),
    "share": N_("Shared"),
    "referral_link_created": N_("Referral link made"),
    "referral_visit": N_("Visit by a friend"),
    "referral_converted": N_("Order by a friend"),
    "survey_shown": N_("Survey shown"),
    "survey_submitted": N_("Survey answered"),
    "support_ticket_created": N_("Support asked"),
    "support_ticket_closed": N_("Support answered"),
    "chat_started": N_("Chat begun"),
    "loyalty_joined": N_("Loyalty programme joined"),
    "loyalty_points_earned": N_("Points earned"),
    "loyalty_points_redeemed": N_("Points used"),
    "subscription_started": N_("Subscription begun"),
    "subscription_trial_started": N_("Trial begun"),
    "subscription_renewed": N_("Subscription renewed"),
    "subscription_cancelled": N_("Subscription cancelled"),
    "product_used": N_("Product used"),
    "offline_contact": N_("Contact outside the web"),
    "consent_update": N_("Consent changed"),
    "identify": N_("Made known"),
    "custom": N_("Custom event"),
}

SURVEYS = {"nps": N_("Recommendation (NPS)"), "csat": N_("Satisfaction (CSAT)"), "ces": N_("Effort (CES)")}
TOPICS = {  # those that are usual; a support system may have others
    "delivery": N_("Delivery"),
    "return": N_("Return"),
    "product": N_("Product"),
    "complaint": N_("Complaint"),
    "other": N_("Other"),
}
DEEDS = {
    "share": N_("Shared"),
    "link": N_("Referral link made"),
    "friend_arrived": N_("A friend arrived"),
    "friend_bought": N_("A friend bought"),
    "good_review": N_("Good review written"),
    "loyalty": N_("Loyalty programme joined"),
}
WAYS = {  # those that are usual
    "link": N_("Link copied"),
    "email": N_("E-mail"),
    "whatsapp": "WhatsApp",
    "facebook": "Facebook",
    "other": N_("Other"),
}
PAYMENTS = {  # those that are usual; other words of a platform stand as they are
    "card": N_("Card"),
    "mobilepay": "MobilePay",
    "klarna": "Klarna",
    "paypal": "PayPal",
    "swish": "Swish",
    "vipps": "Vipps",
    "invoice": N_("Invoice"),
    "cod": N_("Cash on delivery"),
    "cash": N_("Cash"),
    "bank_transfer": N_("Bank transfer"),
    "gift_card": N_("Gift card"),
    "unknown": N_("Not known"),
}
WAYS_IN = {  # of orders; those that are usual
    "checkout": N_("The shop's checkout"),
    "pos": N_("Till"),
    "phone": N_("Phone order"),
    "subscription": N_("Subscription"),
    "admin": N_("Made by hand"),
    "api": N_("Another program"),
    "unknown": N_("Not known"),
}
ASSISTANTS = {
    "chatgpt": "ChatGPT",
    "perplexity": "Perplexity",
    "copilot": "Copilot",
    "claude": "Claude",
    "gemini": "Gemini",
    "deepseek": "DeepSeek",
    "doubao": "Doubao",
    "meta-ai": "Meta AI",
    "mistral": "Mistral",
    "notebooklm": "NotebookLM",
    "you": "You.com",
}
CRAWLERS = {  # that have no name of their own
    "headless": N_("Browsers driven by programs"),
    "library": N_("Programs"),
    "others": N_("Others"),
}
READS_FOR = {"answer": N_("Somebody's answer"), "index": N_("Search index"), "training": N_("Training"), "other": N_("Other")}
PURPOSES = {
    "newsletter": N_("Newsletter"),
    "welcome": N_("Welcome"),
    "cart": N_("Cart left"),
    "order": N_("Order"),
    "shipping": N_("Shipping"),
    "onboarding": N_("Getting started"),
    "review_request": N_("Asking for a review"),
    "survey": N_("Survey"),
    "loyalty": N_("Loyalty programme"),
    "win_back": N_("Win-back"),
    "other": N_("Other"),
}

MAP_FIELDS = {
    "actions": N_("Actions"),
    "questions": N_("Questions"),
    "touchpoints": N_("Touchpoints"),
    "feelings": N_("Feelings"),
    "pain": N_("Pain points"),
}
CAUSES = {  # of a missing order
    "fresh": N_("Placed a moment ago: it may still be on its way"),
    "other_key": N_("Probably here under another key"),
    "before_collecting": N_("Placed before anything was collected"),
    "by_hand": N_("Made by hand, on the phone or at the till, which is not told"),
    "nothing_arrived": N_("Nothing at all arrived in that hour: an outage"),
    "payment_untold": N_("No order with this payment method arrived that day, though others did"),
    "hour_missing": N_("All orders of that hour are missing: the shop's server told nothing"),
    "news_only": N_("Payment or parcels were told, the order itself was not"),
    "seen_only": N_("The buyer's browser saw the receipt, the shop's server told nothing"),
    "refused": N_("Signed events were refused that day"),
    "unknown": N_("Not known"),
}
DIFFERENCES = {  # of an order here and in the shop's list
    "currency": N_("Another currency"),
    "cancelled_there": N_("Cancelled in the shop, counted here"),
    "test_there": N_("A trial order in the shop, counted here"),
    "cancelled_here": N_("Cancelled here, not in the shop"),
    "uncounted_here": N_("Counts in the shop, not here: its payment was not told"),
    "uncounted_there": N_("Counted here, not in the shop"),
    "total": N_("Another amount"),
}
SENDERS = {"person": N_("People"), "bot": N_("Machines"), "staff": N_("Staff")}
CONSENT_LEVELS = {**CONSENTS, "none": N_("No consent: only counted")}
LEVELS = {**CONSENTS, "none": N_("None")}  # of one event
CONSENT_STEPS = {
    "first": N_("First seen"),
    "level": N_("Came with another consent"),
    "consent_update": EVENT_TYPES["consent_update"],
    "newsletter_subscribe": EVENT_TYPES["newsletter_subscribe"],
    "newsletter_unsubscribe": EVENT_TYPES["newsletter_unsubscribe"],
    "email_complained": EVENT_TYPES["email_complained"],
    "email_bounced": EVENT_TYPES["email_bounced"],
}
LINK_ACTS = {
    "tied": N_("Tied"),
    "merged": N_("Brought over from another person"),
    "split": N_("Set apart: somebody else at the same browser"),
    "refused": N_("Not tied"),
    "undone": N_("Undone"),
}
ALARMS = {
    "nothing_arrives": N_("Nothing arrives"),
    "orders_missing": N_("Orders are missing"),
    "silent_hours": N_("Hours without orders"),
    "signatures": N_("Signed events are refused"),
    "refused": N_("Many events are refused"),
    "failed": N_("Events could not be worked in"),
    "late": N_("Events arrive late"),
    "clocks": N_("Clocks are wrong"),
    "tag_twice": N_("The tag is on pages twice"),
    "lost": N_("Events are lost"),
    "no_consent": N_("No consent arrives"),
    "unrated": N_("Orders without an exchange rate"),
}
ALARM_STATES = {"on": N_("On"), "watch": N_("Watch"), "ok": N_("Fine"), "unknown": N_("Not known")}
SPANS = {
    "now": N_("This period"),
    "before": N_("The period before"),
    "today": N_("Today"),
    "last_week": N_("The same weekday last week"),
}
FIGURES = {  # of the overview
    "journeys": N_("Journeys"),
    "visits": N_("Visits"),
    "conversion": N_("Conversion rate"),
    "orders": N_("Orders"),
    "net": N_("Net revenue"),
    "order_value": N_("Average order value"),
    "new_customers": N_("New customers"),
    "repeat_share": N_("Repeat purchases"),
    "csat": N_("Satisfied"),
    "nps": N_("NPS"),
    "referral_rate": N_("Referral rate"),
}
CART_STEPS = {"cart": N_("Cart"), **{step: EVENT_TYPES[step] for step in STEPS}}
ENDED_STEPS = {"none": N_("Nothing in the cart"), **CART_STEPS}
CART_STATES = {"filled": N_("Under way"), "ordered": N_("Ordered"), "emptied": N_("Emptied"), "expired": N_("Expired")}
CART_AGES = {"active": N_("Active"), "idle": N_("Idle"), "abandoned": N_("Abandoned")}

CUSTOMER_SEGMENTS = {
    "champions": N_("Champions"),
    "loyal": N_("Loyal"),
    "promising": N_("Promising"),
    "new": N_("New"),
    "cant_lose": N_("Can't lose"),
    "at_risk": N_("At risk"),
    "needs_attention": N_("Need attention"),
    "hibernating": N_("Hibernating"),
    "lost": N_("Lost"),
}
FORECASTS_HELD = {"within": N_("As expected"), "less": N_("Less came"), "more": N_("More came")}

EVIDENCES = {  # else the type of the event that showed it
    **EVENT_TYPES,
    "first seen": N_("First seen"),
    "sighting": N_("Saw the receipt of the order"),
    "purchase, buyer known": N_("Order of a buyer who was known"),
    "purchase, not joined": N_("Order, not joined to a visit"),
    "undone": N_("Undone"),
    "an address of too many customers": N_("An address of too many customers"),
    "too many persons on this browser": N_("Too many people at this browser"),
    "superseded": N_("The visitor gave consent; this session no longer counts"),
}

VOCABULARIES: dict[str, Mapping[str, str]] = {
    "outcome": OUTCOMES,
    "outcome_asked": OUTCOMES_ASKED,
    "direction": DIRECTIONS,
    "source": SOURCES,
    "device": DEVICES,
    "consent": CONSENTS,
    "channel": CHANNELS,
    "outcome_kind": OUTCOME_KINDS,
    "outcome_reason": {**EVENT_TYPES, **OUTCOME_REASONS},
    "link_kind": LINK_KINDS,
    "evidence": EVIDENCES,
    "page_kind": PAGE_KINDS,
    "event_type": EVENT_TYPES,
    "cart_step": CART_STEPS,
    "cart_state": CART_STATES,
    "cart_age": CART_AGES,
    "segment": CUSTOMER_SEGMENTS,
    "held": FORECASTS_HELD,
    "role": ROLES,
    "filter_kind": FILTER_KINDS,
    "buyer": BUYERS,
    "survey": SURVEYS,
    "topic": TOPICS,
    "deed": DEEDS,
    "way": WAYS,
    "purpose": PURPOSES,
    "payment": PAYMENTS,
    "way_in": WAYS_IN,
    "assistant": ASSISTANTS,
    "crawler": CRAWLERS,
    "reads_for": READS_FOR,
    "ended_step": ENDED_STEPS,
    "span": SPANS,
    "map_field": MAP_FIELDS,
    "sender": SENDERS,
    "consent_level": CONSENT_LEVELS,
    "level": LEVELS,
    "consent_step": CONSENT_STEPS,
    "link_act": LINK_ACTS,
    "alarm": ALARMS,
    "alarm_state": ALARM_STATES,
    "cause": CAUSES,
    "difference": DIFFERENCES,
    "figure": FIGURES,
    "model": ATTRIBUTION_MODELS,
    "rate_state": RATE_STATES,
    "lead": LEADS,
}

_STAGE_NAMES = {stage.key: stage for stage in STAGES}
# Parameters of sentences that are keys of a list; other parameters are text as it came.
_REASON_WORDS = {
    "kind": PAGE_KINDS,
    "step": {**EVENT_TYPES, "page": N_("page seen")},
    "how": EVENT_TYPES,
    "channel": CHANNELS,
    "topic": TOPICS,
}


def say(vocabulary: str, key: str, locale: str, translate: Translate, view: StageView = VIEWS["twelve"]) -> str:
    """The name of a key in the reader's language.  `stage` means a stage of the view, `twelve` one of the twelve; `path` are
    channels one after the other.
    """
    if vocabulary == "path":
        return " → ".join(say("channel", step, locale, translate) for step in key.split(">"))
    if vocabulary == "stage":
        return next((stage.name(locale) for stage in view.stages if stage.key == key), key)
    if vocabulary == "twelve":
        return _STAGE_NAMES[key].name(locale) if key in _STAGE_NAMES else key
    known = VOCABULARIES.get(vocabulary, {}).get(key)
    return translate(known) if known else key


def tell(sentence: Sentence, translate: Translate) -> str:
    """In the reader's language; parameters that are sentences, or keys of a list, become words first."""
    return fill(translate(sentence.text), {name: _worded(name, value, translate) for name, value in sentence.params.items()})


def _worded(name: str, value: Any, translate: Translate) -> Any:
    if isinstance(value, Sentence):
        return tell(value, translate)
    word = _REASON_WORDS.get(name, {}).get(str(value))
    return translate(word) if word else value
