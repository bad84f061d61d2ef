"""Why an event has its stage, in words.

A tag stores the key and its parameters; these English sentences are the msgids that the pages translate.
Every key used by tagging.py is here, and the other way round (tested).
"""

from __future__ import annotations

from tracker.texts import N_

REASONS: dict[str, str] = {
    # any stage, by the shop's own rules
    "own_rule": N_("The shop's own rule: %(rule)s"),
    # 12 reactivation
    "came_back": N_("Came back after %(days)s days of silence"),
    "answered_win_back": N_("Answered a win-back message"),
    # 11 advocacy
    "good_review": N_("Gave %(rating)s of 5 stars"),
    "shared": N_("Shared %(what)s"),
    "referral_link": N_("Made a link to refer friends"),
    "friend_arrived": N_("A friend arrived through the referral link"),
    "friend_bought": N_("A friend bought through the referral link"),
    # 10 satisfaction
    "gave_score": N_("Answered a survey: %(kind)s %(score)s"),
    "poor_review": N_("Gave %(rating)s of 5 stars"),
    "complained": N_("Complained"),
    "asked_return": N_("Asked to return something"),
    "returned": N_("A return was completed"),
    # 9 retention
    "ordered_again": N_("Order number %(number)s of this customer"),
    "loyalty": N_("Joined or used the loyalty programme"),
    "subscribed": N_("A subscription started or was renewed"),
    # 8 engagement
    "used_product": N_("Used the product"),
    "visited_account": N_("Visited the account as a customer"),
    "asked_support": N_("Asked for support"),
    "read_guide_after_delivery": N_("Read a guide after the delivery"),
    "customer_newsletter": N_("Signed up for the newsletter or clicked in it as a customer"),
    # 7 delivery
    "shipped": N_("The order was shipped"),
    "delivered": N_("The order was delivered"),
    "tracked_parcel": N_("Looked where the parcel is"),
    "getting_started": N_("Read how to get started after an order"),
    # 6 purchase
    "ordered": N_("First order"),
    "order_confirmed": N_("The order was confirmed"),
    "trial_started": N_("Started a trial"),
    "saw_receipt": N_("Saw the receipt"),
    "opened_order_mail": N_("Opened the order mail"),
    # 5 decision
    "cart": N_("Worked on the cart"),
    "checkout": N_("In the checkout: %(step)s"),
    "checkout_error": N_("Met an error in the checkout"),
    "coupon": N_("Tried a coupon"),
    "newsletter_with_cart": N_("Signed up for the newsletter while the cart was filled"),
    # 4 consideration
    "looked_again": N_("Looked at the same product again (%(count)s times)"),
    "second_in_category": N_("Looked at a second product in %(category)s"),
    "compared_list": N_("Looked through a list after a product"),
    "filtered_list": N_("Filtered a list"),
    "read_reviews": N_("Read reviews"),
    "read_size_guide": N_("Read the size guide"),
    "compared": N_("Compared products"),
    "wishlist": N_("Put a product on the wishlist"),
    "chose_variant": N_("Tried another variant"),
    "made_known": N_("Made themselves known: %(how)s"),
    # 3 information
    "first_look": N_("First look at a product"),
    "product_page": N_("Opened a product page"),
    "read_page": N_("Read a page: %(kind)s"),
    "watched_video": N_("Watched a video"),
    # 2 awareness
    "first_page": N_("The first page of a journey: %(kind)s"),
    "saw_promotion": N_("Saw a promotion"),
    # 1 need
    "searched": N_("Searched for “%(term)s”"),
    "told_need": N_("Said what they look for: %(kind)s"),
    # no row
    "continues": N_("Nothing new: the journey goes on where it was"),
    "arrived": N_("Arrived"),
}
