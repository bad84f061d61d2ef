"""Every event type.  To add one: a class in the module of its like, and its line here; then `make contract`.

The class's docstring, fields and example are its documentation (docs/wire-format.md) and its test (tests/contract/events.json),
both made by `python -m tracker.events.contract`.
"""

from __future__ import annotations

from tracker.events.catalog import aftersales, cart, email, loyalty, orders, pages, people, products
from tracker.events.catalog.kinds import EventType, Item

__all__ = ["CATALOG", "EventType", "Item"]

CATALOG: dict[str, type[EventType]] = {
    # pages
    "page_view": pages.PageView,
    "page_engaged": pages.PageEngaged,
    "page_twice": pages.PageTwice,
    "crawler_visit": pages.CrawlerVisit,
    "search": pages.Search,
    # products
    "view_item_list": products.ViewItemList,
    "filter_item_list": products.FilterItemList,
    "select_item": products.SelectItem,
    "view_item": products.ViewItem,
    "select_item_variant": products.SelectItemVariant,
    "view_reviews": products.ViewReviews,
    "view_size_guide": products.ViewSizeGuide,
    "compare_items": products.CompareItems,
    "add_to_wishlist": products.AddToWishlist,
    "view_promotion": products.ViewPromotion,
    "select_promotion": products.SelectPromotion,
    # cart and checkout
    "add_to_cart": cart.AddToCart,
    "remove_from_cart": cart.RemoveFromCart,
    "update_cart": cart.UpdateCart,
    "view_cart": cart.ViewCart,
    "apply_coupon": cart.ApplyCoupon,
    "coupon_denied": cart.CouponDenied,
    "begin_checkout": cart.BeginCheckout,
    "add_contact_info": cart.AddContactInfo,
    "add_address_info": cart.AddAddressInfo,
    "add_shipping_info": cart.AddShippingInfo,
    "add_payment_info": cart.AddPaymentInfo,
    "checkout_error": cart.CheckoutError,
    # orders and parcels
    "purchase": orders.Purchase,
    "order_paid": orders.OrderPaid,
    "order_updated": orders.OrderUpdated,
    "order_cancelled": orders.OrderCancelled,
    "refund": orders.Refund,
    "return_requested": orders.ReturnRequested,
    "return_completed": orders.ReturnCompleted,
    "order_fulfilled": orders.OrderFulfilled,
    "order_shipped": orders.OrderShipped,
    "order_delivered": orders.OrderDelivered,
    # people
    "sign_up": people.SignUp,
    "login": people.Login,
    "identify": people.Identify,
    "newsletter_subscribe": people.NewsletterSubscribe,
    "newsletter_unsubscribe": people.NewsletterUnsubscribe,
    "consent_update": people.ConsentUpdate,
    "offline_contact": people.OfflineContact,
    # mail
    "email_sent": email.EmailSent,
    "email_opened": email.EmailOpened,
    "email_clicked": email.EmailClicked,
    "email_bounced": email.EmailBounced,
    "email_complained": email.EmailComplained,
    # after the purchase
    "review_submitted": aftersales.ReviewSubmitted,
    "share": aftersales.Share,
    "referral_link_created": aftersales.ReferralLinkCreated,
    "referral_visit": aftersales.ReferralVisit,
    "referral_converted": aftersales.ReferralConverted,
    "survey_shown": aftersales.SurveyShown,
    "survey_submitted": aftersales.SurveySubmitted,
    "support_ticket_created": aftersales.SupportTicketCreated,
    "support_ticket_closed": aftersales.SupportTicketClosed,
    "chat_started": aftersales.ChatStarted,
    "product_used": aftersales.ProductUsed,
    # loyalty and subscriptions
    "loyalty_joined": loyalty.LoyaltyJoined,
    "loyalty_points_earned": loyalty.LoyaltyPointsEarned,
    "loyalty_points_redeemed": loyalty.LoyaltyPointsRedeemed,
    "subscription_trial_started": loyalty.SubscriptionTrialStarted,
    "subscription_started": loyalty.SubscriptionStarted,
    "subscription_renewed": loyalty.SubscriptionRenewed,
    "subscription_cancelled": loyalty.SubscriptionCancelled,
    # a shop's own
    "custom": pages.Custom,
}
