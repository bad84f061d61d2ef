"""The sofa buyer: five touchpoints in six days, and what each attribution model says of them.

Instagram video (day 1) → a search engine to a blog post (day 3) → price and reviews on the product page, twice, from a price
portal (day 5) → Facebook remarketing with 10 % (day 6) → buys → delivered → shares.  Last click says Facebook alone.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from tests.stories.telling import Story
from tracker.config import Config
from tracker.stages import ADVOCACY, AWARENESS, CONSIDERATION, DECISION, DELIVERY, INFORMATION, PURCHASE

SOFA = {"item_id": "sofa", "item_name": "Sofa Nord", "item_category": "Sofaer", "price": 10_000, "quantity": 1}
NET = 899_900  # after the 10 %, without VAT and shipping
VIDEO = "paid_social|instagram|video"
SEARCH = "organic_search|google|"
PORTAL = "paid_shopping|pricerunner|feed"
REMARKETING = "paid_social|facebook|remarketing"


@pytest.fixture
def story(engine: Engine, config: Config) -> Story:
    story = Story(engine, replace(config, max_age_days=400), days=12)
    looks = {"currency": "DKK", "items": [SOFA]}
    story.browser("page_view", 0, path="/?utm_source=instagram&utm_medium=paid_social&utm_campaign=video", kind="campaign")
    story.browser("page_view", 48, path="/blog/vaelg-sofa", kind="blog", referrer="https://www.google.com/")
    for hours in (96, 99):
        story.browser("page_view", hours, path="/sofa?utm_source=pricerunner&utm_medium=cpc&utm_campaign=feed", kind="product")
        story.browser("view_item", hours + 0.01, path="/sofa", data=looks)
        story.browser("view_reviews", hours + 0.05, path="/sofa", data={"items": [SOFA]})
    story.browser(
        "page_view", 120, path="/sofa?utm_source=facebook&utm_medium=paid_social&utm_campaign=remarketing", kind="product"
    )
    story.browser("add_to_cart", 120.1, path="/sofa", data={**looks, "value": 10_000})
    story.browser("apply_coupon", 120.15, path="/kurv", data={"coupon": "SOFA10"})
    data = {"coupon": "SOFA10", "discount": 1_000, "items": [{**SOFA, "price": 8_999}]}
    story.order(120.2, value="8999.00", visitor_key="phone", email="sofa@havblik.dk", data=data)
    story.server("order_delivered", 200, {"transaction_id": "1001"})
    story.browser("share", 220, path="/sofa", data={"method": "facebook", "content_type": "product", "item_id": "sofa"})
    story.work()
    return story


def test_the_journey(story: Story) -> None:
    [journey] = story.journeys()
    assert [touch.channel for touch in journey.touches] == [
        "paid_social",
        "organic_search",
        "paid_shopping",
        "paid_shopping",
        "paid_social",
    ]
    for stage in (AWARENESS, INFORMATION, CONSIDERATION, DECISION, PURCHASE, DELIVERY, ADVOCACY):
        assert str(stage) in journey.reached
    assert journey.order is not None and journey.order.net == NET


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first", {VIDEO: NET}),
        ("last", {REMARKETING: NET}),
        ("last_non_direct", {REMARKETING: NET}),
        ("linear", {VIDEO: 179_980, SEARCH: 179_980, PORTAL: 359_960, REMARKETING: 179_980}),
        # 40 % the first, 40 % the last, the three between share 20 %
        ("position", {VIDEO: 359_960, REMARKETING: 359_960, SEARCH: 59_993, PORTAL: 119_987}),
    ],
)
def test_what_a_model_says(story: Story, model: str, expected: dict[str, int]) -> None:
    assert credit(story, model) == expected


def credit(story: Story, model: str) -> dict[str, int]:
    start = f"net.{model}:"
    return {name.removeprefix(start): n for name, n in story.counters("credits_30").items() if name.startswith(start)}


def test_time_decay_halves_with_every_seven_days(story: Story) -> None:
    found = credit(story, "time_decay")
    ages = {VIDEO: [120.2], SEARCH: [72.2], PORTAL: [24.2, 21.2], REMARKETING: [0.2]}
    weights = {key: sum(2 ** -(hours / 168) for hours in of) for key, of in ages.items()}
    for key, amount in found.items():
        assert amount == pytest.approx(NET * weights[key] / sum(weights.values()), abs=1)
    assert sum(found.values()) == NET
    assert found[REMARKETING] > found[SEARCH] > found[VIDEO]


def test_a_short_look_back_leaves_out_what_came_before(story: Story) -> None:
    week, quarter = story.counters("credits_7"), story.counters("credits_90")
    assert week[f"net.first:{VIDEO}"] == NET
    assert sum(n for name, n in week.items() if name.startswith("net.linear:")) == NET
    assert sum(n for name, n in quarter.items() if name.startswith("orders.linear:")) == 1_000_000


def test_the_removal_effect_asks_what_is_lost_without_a_channel(story: Story) -> None:
    """Without paid social nothing begins; from it half the steps lead straight to the order, half by way of the other two."""
    from tracker.attribution import removal_effects

    steps = {
        tuple(name.removeprefix("t:").split(">")): n for name, n in story.counters("paths").items() if name.startswith("t:")
    }
    effects = removal_effects(steps)  # type: ignore[arg-type]
    assert effects == {"paid_social": 1.0, "organic_search": 0.5, "paid_shopping": 0.5}
