"""Products and lists of them: seen, filtered, chosen, compared, liked; promotions."""

from __future__ import annotations

from tracker.events import fields as f
from tracker.events.catalog.kinds import DRESS, SHOES, EventType, ItemList, WithItems


class ViewItemList(EventType):
    """A list of products was shown: a category, a collection, search results."""

    ga4 = True
    fields = ItemList
    example = {
        "data": {
            "item_list_id": "kjoler",
            "item_list_name": "Kjoler",
            "items": [{**DRESS, "index": 1}, {**SHOES, "index": 2}],
        }
    }


class FilterItemList(EventType):
    """A list of products was filtered or sorted."""

    example = {
        "data": {"item_list_id": "kjoler", "filters": ["størrelse:38", "farve:blå"], "sort": "price", "results_count": 9}
    }

    class fields(ItemList):
        filters = f.Texts("the filters now in force, as `name:value`")
        sort = f.Text("by what the list is sorted", longest=60)
        results_count = f.Whole("how many products are left", unit="products")


class SelectItem(EventType):
    """A product was chosen from a list."""

    ga4 = True
    fields = ItemList
    example = {"data": {"item_list_id": "kjoler", "items": [{**DRESS, "index": 1}]}}


class ViewItem(EventType):
    """A product's page was seen."""

    ga4 = True
    fields = WithItems
    example = {"data": {"currency": "DKK", "value": 599, "items": [DRESS]}}


class SelectItemVariant(EventType):
    """A size, colour or other variant was chosen on a product's page."""

    fields = WithItems
    example = {"data": {"items": [{**DRESS, "item_id": "KJ-1042-40", "item_variant": "40 / blå"}]}}


class ViewReviews(EventType):
    """Reviews of a product were opened or scrolled into sight."""

    example = {"data": {"items": [DRESS], "reviews_count": 23, "rating": 4.6}}

    class fields(WithItems):
        reviews_count = f.Whole("how many reviews there are", unit="reviews")
        rating = f.Number("their average", unit="1…5", lowest=0, highest=5)


class ViewSizeGuide(EventType):
    """The size guide was opened."""

    fields = WithItems
    example = {"data": {"items": [DRESS]}}


class CompareItems(EventType):
    """Products were put side by side; `items` are all that are compared."""

    fields = WithItems
    example = {"data": {"items": [DRESS, SHOES]}}


class AddToWishlist(EventType):
    """A product was put on the wish list."""

    ga4 = True
    fields = WithItems
    example = {"data": {"currency": "DKK", "value": 599, "items": [DRESS]}}


class Promotion(WithItems):
    """About a promotion."""

    promotion_id = f.Key("which promotion")
    promotion_name = f.Text("its name")
    creative_name = f.Text("its picture or text", longest=100)
    creative_slot = f.Text("where it stands", longest=100)


class ViewPromotion(EventType):
    """A promotion on the shop's own pages came into sight."""

    ga4 = True
    fields = Promotion
    example = {"data": {"promotion_id": "sommer-26", "promotion_name": "Sommerudsalg", "creative_slot": "hero"}}


class SelectPromotion(EventType):
    """A promotion was clicked."""

    ga4 = True
    fields = Promotion
    example = {"data": {"promotion_id": "sommer-26", "promotion_name": "Sommerudsalg", "creative_slot": "hero"}}
