"""Which pages are guessed from their paths."""

from __future__ import annotations

import pytest

from tracker.enrich import page_kind
from tracker.enrich.lists import read_list
from tracker.events.types import PageKind

PAGES = [
    ("the front page", "https://shop.dk/", "home"),
    ("the front page without a slash", "https://shop.dk", "home"),
    ("the front page with labels", "https://shop.dk/?utm_source=x", "home"),
    ("the Danish front page", "/da/", "home"),
    ("the Swedish front page", "/sv/", "home"),
    ("the English front page for Britain", "/en-gb", "home"),
    ("an index file", "/index.php", "home"),
    ("a search from the front page", "/?s=kjole", "search"),
    ("a search on the Danish front page", "/da/?q=kjole", "search"),
    ("a front page with an empty search", "/?s=", "home"),
    ("Danish cart", "/kurv/", "cart"),
    ("Danish cart in a language folder", "/da/indkoebskurv", "cart"),
    ("Swedish cart", "/varukorg", "cart"),
    ("Norwegian cart", "/handlekurv", "cart"),
    ("German cart", "/warenkorb.html", "cart"),
    ("English cart with a query", "/cart?add=1", "cart"),
    ("basket in capitals", "/BASKET", "cart"),
    ("a cart below shop", "/shop/cart/", "cart"),
    ("Danish checkout", "/kasse/", "checkout"),
    ("Danish: til kassen", "/til-kassen", "checkout"),
    ("Swedish checkout", "/kassan", "checkout"),
    ("German checkout", "/zur-kasse", "checkout"),
    ("Shopify checkout", "/checkouts/cn/abc/information", "checkout"),
    ("WooCommerce receipt below the checkout", "/checkout/order-received/123/?key=wc_order_x", "receipt"),
    ("WooCommerce receipt in Danish", "/kasse/ordre-modtaget/123/", "receipt"),
    ("Shopify receipt", "/checkouts/cn/abc/thank-you", "receipt"),
    ("Danish receipt", "/kvittering", "receipt"),
    ("Danish thanks", "/tak-for-din-ordre", "receipt"),
    ("Swedish thanks, percent-encoded", "/tack-f%C3%B6r-din-order", "receipt"),
    ("a WooCommerce product", "/product/rod-kjole/", "product"),
    ("a Shopify product in a collection", "/collections/kjoler/products/rod-kjole", "product"),
    ("a product that is named cart", "/products/golf-cart", "product"),
    ("a product that is named exactly cart", "/products/cart", "product"),
    ("the list of all products", "/products/", "category"),
    ("a WooCommerce category", "/product-category/kjoler/", "category"),
    ("a Shopify collection", "/collections/kjoler", "category"),
    ("a Danish category", "/kategori/kjoler", "category"),
    ("size guide in Danish letters", "/størrelsesguide", "size_guide"),
    ("size guide, percent-encoded", "/st%C3%B8rrelsesguide", "size_guide"),
    ("size guide with o for ø", "/storrelsesguide", "size_guide"),
    ("size guide with oe for ø", "/stoerrelsesguide", "size_guide"),
    ("size guide, decomposed letters", "/gro\u0308\u00dfentabelle", "size_guide"),
    ("size guide with ss for ß", "/groessentabelle", "size_guide"),
    ("size guide as a Shopify page", "/pages/size-guide", "size_guide"),
    ("size guide with an underscore", "/size_guide.html", "size_guide"),
    ("size guide inside the blog", "/blogs/news/size-guide", "size_guide"),
    ("Danish delivery", "/levering", "delivery_info"),
    ("Swedish delivery", "/leverans", "delivery_info"),
    ("Norwegian delivery", "/frakt-og-levering", "delivery_info"),
    ("German delivery", "/versand", "delivery_info"),
    ("Shopify's policy", "/policies/shipping-policy", "delivery_info"),
    ("Danish tracking", "/sporing", "order_tracking"),
    ("Danish tracking with o for ø", "/folg-din-pakke", "order_tracking"),
    ("track and trace", "/track-and-trace", "order_tracking"),
    ("getting started in Danish", "/kom-godt-i-gang", "getting_started"),
    ("getting started in German", "/erste-schritte", "getting_started"),
    ("Danish gift guide", "/gave-guide", "quiz"),
    ("quiz", "/quiz/hudtype", "quiz"),
    ("Swedish search", "/sök", "search"),
    ("Magento search", "/catalogsearch/result/?q=x", "search"),
    ("Danish account", "/min-konto/ordrer/", "account"),
    ("wishlist", "/oenskeliste", "account"),
    ("blog article", "/blog/sommerens-farver", "blog"),
    ("Danish guide", "/guides/vaskeguide", "guide"),
    ("FAQ in Danish", "/ofte-stillede-spoergsmaal", "faq"),
    ("about in German", "/ueber-uns", "about"),
    ("about in Swedish", "/om-oss", "about"),
    ("contact", "/pages/kontakt", "contact"),
    ("inspiration", "/inspiration/sommer", "inspiration"),
    ("campaign", "/kampagner/black-friday", "campaign"),
    ("German imprint", "/impressum", "terms"),
    ("Danish terms", "/handelsbetingelser", "terms"),
    ("nothing known", "/en-helt-almindelig-side", "other"),
    ("a word inside a longer one tells nothing", "/kurvemoebler", "other"),
]


@pytest.mark.parametrize(("url", "kind"), [row[1:] for row in PAGES], ids=[row[0] for row in PAGES])
def test_guess(url: str, kind: str) -> None:
    assert page_kind(url, {}) is PageKind(kind)
    assert page_kind(url.rstrip("/") if "?" not in url else url, {}) is PageKind(kind)


def test_every_kind_but_other_is_guessed_from_some_path() -> None:
    assert {row[2] for row in PAGES} == {kind.value for kind in PageKind}


@pytest.mark.parametrize("row", read_list("page_words"), ids=lambda row: row["word"])
def test_every_word_is_found(row: dict[str, str]) -> None:
    # one product's page needs a name behind the word
    path = f"/{row['word']}/en-vare" if row["kind"] == "product" else f"/{row['word']}"
    assert page_kind("https://shop.dk" + path, {}) is PageKind(row["kind"])


OVERRIDES = {
    "/univers": "inspiration",
    "/univers/foraar": "campaign",
    "/kurv": "guide",
    "/størrelse": "size_guide",
    "/b": "nonsense",
}

OVERRIDDEN = [
    ("a prefix", "/univers/sommer", "inspiration"),
    ("the longest prefix", "/univers/foraar/uge-1", "campaign"),
    ("only whole segments", "/universer", "other"),
    ("before the guess", "/kurv", "guide"),
    ("read as people write it", "/st%C3%B8rrelse/xl", "size_guide"),
    ("a kind that does not exist is passed over", "/b/cart", "cart"),
    ("elsewhere the guess holds", "/kasse", "checkout"),
]


@pytest.mark.parametrize(("path", "kind"), [row[1:] for row in OVERRIDDEN], ids=[row[0] for row in OVERRIDDEN])
def test_the_shops_own_prefixes_go_first(path: str, kind: str) -> None:
    assert page_kind("https://shop.dk" + path, OVERRIDES) is PageKind(kind)


def test_the_front_page_can_be_overridden_alone() -> None:
    assert page_kind("https://shop.dk/", {"/": "campaign"}) is PageKind.CAMPAIGN
    assert page_kind("https://shop.dk/kurv", {"/": "campaign"}) is PageKind.CART
