"""Why an event has its stage, in words.

A tag stores the key and its parameters; these English sentences are the msgids that the pages translate.
Every key used by tagging.py is here, and the other way round (tested).
"""

from __future__ import annotations

REASONS: dict[str, str] = {
    # any stage, by the shop's own rules
    "own_rule": "The shop's own rule: %(rule)s",
    # 12 reactivation
    "came_back": "Came back after %(days)s days of silence",
    "answered_win_back": "Answered a win-back message",
    # 11 advocacy
    "good_review": "Gave %(rating)s of 5 stars",
    "shared": "Shared %(what)s",
    "referral_link": "Made a link to refer friends",
    "friend_arrived": "A friend arrived through the referral link",
    "friend_bought": "A friend bought through the referral link",
    # 10 satisfaction
    "gave_score": "Answered a survey: %(kind)s %(score)s",
    "poor_review": "Gave %(rating)s of 5 stars",
    "complained": "Complained",
    "asked_return": "Asked to return something",
    "returned": "A return was completed",
    # 9 retention
    "ordered_again": "Order number %(number)s of this customer",
    "loyalty": "Joined or used the loyalty programme",
    "subscribed": "A subscription started or was renewed",
    # 8 engagement
    "used_product": "Used the product",
    "visited_account": "Visited the account as a customer",
    "asked_support": "Asked for support",
    "read_guide_after_delivery": "Read a guide after the delivery",
    "customer_newsletter": "Took or clicked the newsletter as a customer",
    # 7 delivery
    "shipped": "The order was shipped",
    "delivered": "The order was delivered",
    "tracked_parcel": "Looked where the parcel is",
    "getting_started": "Read how to get started after an order",
    # 6 purchase
    "ordered": "First order",
    "order_confirmed": "The order was confirmed",
    "trial_started": "Started a trial",
    "saw_receipt": "Saw the receipt",
    "opened_order_mail": "Opened the order mail",
    # 5 decision
    "cart": "Worked on the cart",
    "checkout": "In the checkout: %(step)s",
    "checkout_error": "Met an error in the checkout",
    "coupon": "Tried a coupon",
    "newsletter_with_cart": "Took the newsletter while the cart was filled",
    # 4 consideration
    "looked_again": "Looked at the same product again (%(count)s times)",
    "second_in_category": "Looked at a second product in %(category)s",
    "compared_list": "Looked through a list after a product",
    "filtered_list": "Filtered a list",
    "read_reviews": "Read reviews",
    "read_size_guide": "Read the size guide",
    "compared": "Compared products",
    "wishlist": "Put a product on the wishlist",
    "chose_variant": "Tried another variant",
    "made_known": "Made themselves known: %(how)s",
    # 3 information
    "first_look": "First look at a product",
    "product_page": "Opened a product page",
    "read_page": "Read a page: %(kind)s",
    "watched_video": "Watched a video",
    # 2 awareness
    "first_page": "The first page of a journey: %(kind)s",
    "saw_promotion": "Saw a promotion",
    # 1 need
    "searched": "Searched for “%(term)s”",
    "told_need": "Said what they look for: %(kind)s",
    # no row
    "continues": "Nothing new: the journey goes on where it was",
    "arrived": "Arrived",
}
