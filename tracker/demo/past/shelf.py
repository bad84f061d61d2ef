"""What pages tell of goods, in the market's currency.  Made once for each list and market: shelves stay the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from random import Random
from urllib.parse import quote

from tracker.demo import facts
from tracker.demo.facts import Wire, amount
from tracker.demo.goods import CATEGORIES, PRODUCTS, VARIANTS, Product, Variant, Words, matching, of_category
from tracker.demo.past.markets import Market
from tracker.demo.prices import Totals
from tracker.demo.state import Cart

SUMMER_NAME = Words("Sommerens hør", "Summer linen")
SUMMER = ("freja", "klit", "signe", "strand", "eng", "dug")
POPULARITY = {"freja": 15, "boelge": 10, "sti": 9, "signe": 8, "klit": 8, "hede": 7, "havn": 7, "dug": 6, "torv": 3, "nat": 4}
_OTHERS = 5
OWN_TASTE_SHARE = 0.6
# Words, and how often.  What the shop does not sell is asked for too.
TERMS = {
    "da": {
        "kjole": 10, "hør": 8, "hørkjole": 6, "sweater": 5, "uld": 4, "træsko": 4, "sneakers": 4, "sandaler": 3, "plaid": 3,
        "sengesæt": 3, "viskestykker": 2, "støvler": 3,
        "gavekort": 6, "herrestrik": 5, "børnetøj": 4, "paraply": 3, "bikini": 2,
    },
    "en": {
        "dress": 8, "linen": 8, "boots": 4, "clogs": 4, "sweater": 4, "throw": 2,
        "gift card": 4, "raincoat": 3, "menswear": 3,
    },
}  # fmt: skip


def choose_product(dice: Random, taste: str) -> Product:
    shelf = of_category(taste) if dice.random() < OWN_TASTE_SHARE else list(PRODUCTS.values())
    return dice.choices(shelf, [POPULARITY.get(product.key, _OTHERS) for product in shelf])[0]


@cache
def on_sale(key: str) -> tuple[Variant, ...]:
    """The variants of a product that are to be had."""
    return tuple(variant for variant in PRODUCTS[key].variants if not variant.sold_out)


@cache
def found(term: str, lang: str) -> int:
    return len(matching(term, lang))


@cache
def tell_item(sku: str, market: Market) -> Wire:
    variant = VARIANTS[sku]
    return {**facts.item(variant, market.lang), "price": amount(market.price(variant.product.price_minor))}


@cache
def tell_list(key: str, market: Market) -> Wire:
    """A category, or the campaign's page."""
    if key == "summer":
        name, products = SUMMER_NAME.read(market.lang), [PRODUCTS[one] for one in SUMMER]
    else:
        name, products = CATEGORIES[key].name.read(market.lang), of_category(key)
    items = [{**tell_item(product.variants[0].sku, market), "index": i} for i, product in enumerate(products, 1)]
    return {"item_list_id": key, "item_list_name": name, "currency": market.currency, "items": items}


def tell_items(skus: Iterable[str], market: Market) -> Wire:
    chosen = list(skus)
    value = sum(market.price(VARIANTS[sku].product.price_minor) for sku in chosen)
    return {"currency": market.currency, "value": amount(value), "items": [tell_item(sku, market) for sku in chosen]}


def tell_cart(cart: Cart, totals: Totals, market: Market) -> Wire:
    return {**facts.tell_cart(cart, totals, market.lang), "currency": market.currency}


def category_path(key: str, lang: str) -> str:
    return f"{'/butik' if lang == 'da' else '/shop'}/{CATEGORIES[key].slug.read(lang)}"


def search_path(term: str, lang: str) -> str:
    return f"{'/soeg' if lang == 'da' else '/search'}?q={quote(term)}"


def skus(products: Sequence[Product]) -> list[str]:
    return [product.variants[0].sku for product in products]
