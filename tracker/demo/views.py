"""The site map.  To add a page: a row here, its view, its template.

`blueprint(config, find_shop)` is mounted at /demo.  It needs of the tracker only its settings, the shop's key and secret.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker.config import Config
from tracker.demo import afterwards, backoffice, browsing, buying, reading
from tracker.demo.call import DemoShop, View, view
from tracker.demo.goods import COLOURS, PRODUCTS, shades
from tracker.demo.sender import Sender
from tracker.demo.state import State
from tracker.shops import Shop

LANGUAGES = ("da", "en")


class Row(NamedTuple):
    """One page in both languages; a row with `post` has a form that comes back to the same address."""

    name: str
    da: str
    en: str
    get: View | None = None
    post: View | None = None


SITE_MAP = (
    Row("home", "", "", browsing.home),
    Row("everything", "butik", "shop", browsing.everything),
    Row("category", "butik/<slug>", "shop/<slug>", browsing.category),
    Row("product", "vare/<key>", "product/<key>", browsing.product),
    Row("search", "soeg", "search", browsing.search),
    Row("compare", "sammenlign", "compare", browsing.compare),
    Row("campaign", "sommer", "summer", browsing.campaign),
    Row("lookbook", "inspiration", "inspiration", browsing.lookbook),
    Row("gift_finder", "gavefinder", "gift-finder", browsing.gift_finder),
    Row("size_guide", "stoerrelsesguide", "size-guide", browsing.size_guide),
    Row("wishlist", "oenskeliste", "wishlist", browsing.wishlist),
    Row("wish", "oenskeliste/<key>", "wishlist/<key>", None, browsing.wish),
    Row("share", "del", "share", None, browsing.share),
    Row("cart", "kurv", "basket", buying.cart),
    Row("add", "kurv/laeg-i", "basket/add", None, buying.add),
    Row("change", "kurv/ret", "basket/change", None, buying.change),
    Row("apply_coupon", "kurv/rabatkode", "basket/code", None, buying.apply_coupon),
    Row("drop_coupon", "kurv/uden-rabatkode", "basket/no-code", None, buying.drop_coupon),
    Row("checkout", "kassen/<step>", "checkout/<step>", buying.checkout, buying.answer),
    Row("receipt", "kvittering/<order_key>", "receipt/<order_key>", buying.receipt),
    Row("newsletter", "nyhedsbrev", "newsletter", None, buying.newsletter),
    Row("close_popup", "nyhedsbrev/luk", "newsletter/close", None, buying.close_popup),
    Row("track", "ordre/<order_key>", "order/<order_key>", afterwards.track),
    Row("started", "ordre/<order_key>/kom-godt-i-gang", "order/<order_key>/getting-started", afterwards.started),
    Row("ask_return", "ordre/<order_key>/retur", "order/<order_key>/return", None, afterwards.ask_return),
    Row("review", "anmeld/<key>", "review/<key>", afterwards.review_form, afterwards.review),
    Row("account", "konto", "account", afterwards.account, afterwards.log_in),
    Row("log_out", "konto/log-ud", "account/log-out", None, afterwards.log_out),
    Row("redeem", "konto/point", "account/points", None, afterwards.redeem),
    Row("make_referral", "konto/ven", "account/friend", None, afterwards.make_referral),
    Row("club", "klub", "club", afterwards.club, afterwards.join),
    Row("friend", "ven/<code>", "friend/<code>", afterwards.friend, afterwards.take_gift),
    Row("contact", "kontakt", "contact", afterwards.contact, afterwards.ask),
    Row("care", "guide/hoer", "guide/linen", reading.text_page("care")),
    Row("journal", "journal/vaevestuen", "journal/weaving-mill", reading.text_page("journal")),
    Row("faq", "spoergsmaal", "faq", reading.text_page("faq")),
    Row("about", "om-os", "about", reading.text_page("about")),
    Row("delivery", "levering", "delivery", reading.text_page("delivery")),
    Row("terms", "handelsbetingelser", "terms", reading.text_page("terms")),
    Row("cookies", "cookies", "cookies", reading.text_page("cookies"), reading.choose_consent),
)
OFFICE = (
    Row("office", "backoffice/da", "backoffice/en", backoffice.office),
    Row("act", "backoffice/da/<order_key>/<act>", "backoffice/en/<order_key>/<act>", None, backoffice.act),
    Row(
        "close_return",
        "backoffice/da/<order_key>/retur/<return_key>",
        "backoffice/en/<order_key>/return/<return_key>",
        None,
        backoffice.close_return,
    ),
    Row(
        "close_ticket", "backoffice/da/sager/<ticket_key>", "backoffice/en/tickets/<ticket_key>", None, backoffice.close_ticket
    ),
)


def blueprint(config: Config, find_shop: Callable[[], Shop | None]) -> Blueprint:
    """`find_shop` is asked at each request and each sending: the shop may be set up, or its secret rotated, meanwhile."""
    kept = State(Path(config.data_dir) / "demo-shop.db")
    shop = DemoShop(config, find_shop, kept, Sender(config, find_shop, kept))
    pages = Blueprint(
        "demo", __name__, url_prefix="/demo", template_folder="templates", static_folder="static", static_url_path="/static"
    )
    pages.add_url_rule("/", "start", _start)
    pages.add_url_rule("/backoffice", "backoffice", _office)
    pages.add_url_rule("/picture/<key>-<colour>.svg", "picture", _picture)
    for row in SITE_MAP:
        _add(pages, shop, row, "/{lang}/{path}")
    for row in OFFICE:
        _add(pages, shop, row, "/{path}")
    pages.after_request(_guard(config))
    pages.record_once(lambda state: shop.sender.ensure_running())
    return pages


def _add(pages: Blueprint, shop: DemoShop, row: Row, pattern: str) -> None:
    """One endpoint, an address in each language; where the page is `<name>`, its form's answer is `<name>_post`."""
    for method, function in (("GET", row.get), ("POST", row.post)):
        if function is None:
            continue
        endpoint = row.name if method == "GET" or row.get is None else f"{row.name}_post"
        run = view(shop, function)
        for lang, path in zip(LANGUAGES, (row.da, row.en), strict=True):
            pages.add_url_rule(pattern.format(lang=lang, path=path), endpoint, run, methods=[method], defaults={"lang": lang})


def _language() -> str:
    return request.accept_languages.best_match(LANGUAGES, "da") or "da"


def _start() -> ResponseReturnValue:
    query: dict[str, Any] = request.args.to_dict(flat=False)
    return redirect(url_for("demo.home", lang=_language(), **query))


def _office() -> ResponseReturnValue:
    return redirect(url_for("demo.office", lang=_language()))


def _picture(key: str, colour: str) -> ResponseReturnValue:
    """A product in a colour, drawn as SVG."""
    product = PRODUCTS.get(key)
    if product is None or colour not in product.colours:
        abort(404)
    response = make_response(render_template(f"demo/pictures/{key}.svg", c=shades(COLOURS[colour].code), colour=colour))
    response.headers["Content-Type"] = "image/svg+xml"
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _guard(config: Config) -> Callable[[Response], Response]:
    """Nothing of a third party: scripts and connections are the shop's own and the collector's."""
    collector = config.public_url.rstrip("/")
    policy = (
        f"default-src 'self'; script-src 'self' {collector}; connect-src 'self' {collector}; img-src 'self' data:; "
        "style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    )

    def add(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        return response

    return add
