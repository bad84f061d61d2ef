"""Looking around: home, lists, search, product, comparison, wishlist, campaign, lookbook, gift finder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue

from tracker.demo import facts, goods, state
from tracker.demo.call import Call, given
from tracker.demo.goods import CATEGORIES, COLOURS, PRODUCTS, VARIANTS, Product, Variant, Words

PROMOTION = {"promotion_id": "sommer", "promotion_name": "Sommerens hør", "creative_slot": "home_hero"}

SORTS = {
    "popular": Words("Mest populære", "Most popular"),
    "new": Words("Nyheder", "New in"),
    "cheap": Words("Pris, lav til høj", "Price, low to high"),
    "dear": Words("Pris, høj til lav", "Price, high to low"),
}
PRICES = {  # øre, up to and including
    "500": (0, 50_000, Words("Under 500 kr.", "Under DKK 500")),
    "800": (50_000, 80_000, Words("500–800 kr.", "DKK 500–800")),
    "above": (80_000, 10**9, Words("Over 800 kr.", "Over DKK 800")),
}
WHO = {"her": Words("En kvinde", "A woman"), "him": Words("En mand", "A man"), "home": Words("Et hjem", "A home")}
FEELS = {
    "warm": Words("Noget varmt", "Something warm"),
    "light": Words("Noget let", "Something light"),
    "lasting": Words("Noget, der holder", "Something that lasts"),
}
_GIFTS = {
    ("her", "warm"): ("ylva", "vind", "hede"),
    ("her", "light"): ("signe", "freja", "klit"),
    ("her", "lasting"): ("torv", "alma", "havn"),
    ("him", "warm"): ("boelge", "hede", "regn"),
    ("him", "light"): ("klit", "havn", "sti"),
    ("him", "lasting"): ("regn", "boelge", "sti"),
    ("home", "warm"): ("hede", "eng", "nat"),
    ("home", "light"): ("nat", "dug", "eng"),
    ("home", "lasting"): ("dug", "hede", "nat"),
}


def home(call: Call) -> ResponseReturnValue:
    new = [product for product in PRODUCTS.values() if product.new]
    return call.page(
        "home.html", "home", call.t("Hør, uld og det, der holder", "Linen, wool and what lasts"),
        new=new[:4], list_key="home-new", promotion=PROMOTION, posts=("hoer",),
    )  # fmt: skip


def rating(call: Call, product: Product) -> tuple[float, int]:
    """The average of all reviews, and how many there are."""
    stars = [opinion.rating for opinion in product.opinions] + [r.rating for r in state.reviews_of(call.db, product.key)]
    return (round(sum(stars) / len(stars), 1) if stars else 0.0), len(stars)


def category(call: Call, slug: str) -> ResponseReturnValue:
    found = next((one for one in CATEGORIES.values() if slug in one.slug), None)
    if found is None:
        abort(404)
    return _list(call, found.key, found.name.read(call.lang), found.text.read(call.lang), goods.of_category(found.key))


def everything(call: Call) -> ResponseReturnValue:
    text = call.t("Alt, vi laver. Ikke mere, end vi kan stå inde for.", "All that we make. No more than we can vouch for.")
    return _list(call, "all", call.t("Alle varer", "Everything"), text, list(PRODUCTS.values()))


def _list(call: Call, key: str, name: str, text: str, shelf: list[Product]) -> ResponseReturnValue:
    colour, size, price = (request.args.get(one, "") for one in ("colour", "size", "price"))
    sort = request.args.get("sort", "popular")
    chosen = [product for product in shelf if _passes(product, colour, size, price)]
    chosen = _sorted(chosen, sort)
    filters = [f"{one}:{value}" for one, value in (("colour", colour), ("size", size), ("price", price)) if value]
    told = facts.tell_list(key, name, chosen, call.lang)
    is_filtered = bool(filters) or sort != "popular"
    if is_filtered:
        told |= {"filters": filters, "sort": sort, "results_count": len(chosen)}
    return call.page(
        "list.html", "category", name, text=text, shelf=chosen, list_key=key, told=told, is_filtered=is_filtered,
        filters=filters,
        told_type="filter_item_list" if is_filtered else "view_item_list", sorts=SORTS, sort=sort, prices=PRICES,
        colour=colour, size=size, chosen_price=price, ratings={p.key: rating(call, p) for p in chosen},
        shelf_colours=[COLOURS[one] for one in dict.fromkeys(one for p in shelf for one in p.colours)],
        shelf_sizes=list(dict.fromkeys(one for p in shelf for one in p.sizes)), category_key=key,
    )  # fmt: skip


def _passes(product: Product, colour: str, size: str, price: str) -> bool:
    lowest, highest, _ = PRICES.get(price, (0, 10**9, None))
    has = any(
        not variant.sold_out and colour in ("", variant.colour.key) and size in ("", variant.size)
        for variant in product.variants
    )
    return has and (not price or lowest < product.price_minor <= highest)


def _sorted(products: list[Product], sort: str) -> list[Product]:
    if sort == "new":
        return sorted(products, key=lambda product: not product.new)
    if sort in ("cheap", "dear"):
        return sorted(products, key=lambda product: product.price_minor, reverse=sort == "dear")
    return products


def search(call: Call) -> ResponseReturnValue:
    query = " ".join(request.args.get("q", "").split())[:100]
    found = goods.matching(query, call.lang)
    told = {"search_term": query, "results_count": len(found)}
    title = call.t(f"Søgning: {query}", f"Search: {query}") if query else call.t("Søg", "Search")
    return call.page(
        "search.html", "search", title, query=query, shelf=found, told=told, ratings={p.key: rating(call, p) for p in found},
        suggestions=[PRODUCTS[key] for key in ("freja", "boelge", "sti", "hede")],
    )  # fmt: skip


def _chosen(product: Product) -> Variant:
    """The variant that the address names, else the first that is not sold out, in the colour that it names."""
    named = VARIANTS.get(request.args.get("variant", ""))
    if named and named.product.key == product.key:
        return named
    wanted = request.args.get("colour")
    free = [variant for variant in product.variants if not variant.sold_out]
    return next((variant for variant in free if variant.colour.key == wanted), free[0])


def product(call: Call, key: str) -> ResponseReturnValue:
    found = PRODUCTS.get(key) or abort(404)
    variant = _chosen(found)
    average, count = rating(call, found)
    told = facts.tell_items([variant], call.lang)
    return call.page(
        "product.html", "product", found.title(call.lang), product=found, variant=variant, told=told,
        told_reviews={"items": told["items"], "reviews_count": count, "rating": average}, average=average, count=count,
        variants=[{"sku": one.sku, "colour": one.colour.key, "size": one.size, "soldOut": one.sold_out,
                   "told": {"currency": "DKK", "items": [facts.item(one, call.lang)]}} for one in found.variants],
        reviews=state.reviews_of(call.db, key), related=goods.related(found, 4), ratings={},
        category=CATEGORIES[found.category], share_url=f"{request.host_url.rstrip('/')}{call.url('product', key=key)}",
        wished=key in call.shopper.wishlist,
    )  # fmt: skip


def compare(call: Call) -> ResponseReturnValue:
    keys = [key for key in request.args.get("items", "").split(",") if key in PRODUCTS][:4]
    chosen = [PRODUCTS[key] for key in dict.fromkeys(keys)]
    told = facts.tell_items((one.variants[0] for one in chosen), call.lang)
    return call.page(
        "compare.html", "other", call.t("Sammenlign", "Compare"), chosen=chosen, told={"items": told["items"]},
        ratings={one.key: rating(call, one) for one in chosen},
    )  # fmt: skip


def wishlist(call: Call) -> ResponseReturnValue:
    wished = [PRODUCTS[key] for key in call.shopper.wishlist if key in PRODUCTS]
    return call.page("wishlist.html", "other", call.t("Ønskeliste", "Wishlist"), wished=wished, ratings={})


def wish(call: Call, key: str) -> ResponseReturnValue:
    """Puts it on the list, or takes it off."""
    if key not in PRODUCTS:
        abort(404)
    if key in call.shopper.wishlist:
        call.shopper.wishlist.remove(key)
        call.notice("note", "Fjernet fra din ønskeliste.", "Removed from your wishlist.")
    else:
        call.shopper.wishlist.append(key)
        call.notice("good", "Gemt på din ønskeliste.", "Saved to your wishlist.")
        call.tell_next("add_to_wishlist", facts.tell_items(PRODUCTS[key].variants[:1], call.lang))
    return call.back()


def campaign(call: Call) -> ResponseReturnValue:
    title = call.t("Sommerens hør", "Summer linen")
    return _collection(call, "campaign.html", "campaign", "summer", title, ("freja", "klit", "signe", "strand", "eng", "dug"))


def lookbook(call: Call) -> ResponseReturnValue:
    title = call.t("En dag på heden", "A day on the heath")
    shown = ("boelge", "regn", "hede", "alma", "torv", "vind")
    return _collection(call, "lookbook.html", "inspiration", "lookbook", title, shown)


def _collection(call: Call, template: str, kind: str, key: str, title: str, keys: Iterable[str]) -> ResponseReturnValue:
    shelf = [PRODUCTS[one] for one in keys]
    told = facts.tell_list(key, title, shelf, call.lang)
    return call.page(template, kind, title, shelf=shelf, list_key=key, told=told, ratings={})


def size_guide(call: Call) -> ResponseReturnValue:
    return call.page("size_guide.html", "size_guide", call.t("Størrelsesguide", "Size guide"))


def gift_finder(call: Call) -> ResponseReturnValue:
    """Two questions; with both answers, three gifts."""
    who, feel = request.args.get("who", ""), request.args.get("feel", "")
    gifts: list[Any] = [PRODUCTS[key] for key in _GIFTS.get((who, feel), ())]
    return call.page(
        "gift_finder.html", "quiz", call.t("Gavefinder", "Gift finder"), who=who, feel=feel, whos=WHO, feels=FEELS, gifts=gifts,
        ratings={},
    )  # fmt: skip


def share(call: Call) -> ResponseReturnValue:
    """Without JavaScript: shows the link to pass on."""
    key = given("key")
    if key not in PRODUCTS:
        abort(404)
    address = f"{request.host_url.rstrip('/')}{call.url('product', key=key)}"
    call.notice("note", f"Del dette link: {address}", f"Share this link: {address}")
    return call.back()
