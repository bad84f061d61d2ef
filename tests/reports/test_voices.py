"""Satisfaction, support, advocacy and mail, from counters written down by hand."""

from __future__ import annotations

from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from tests.reports.asking import add_shop, ask, count
from tracker import tables as t
from tracker.clock import DAY, Instant
from tracker.errors import BadQuery
from tracker.reports.scores import summarize
from tracker.reports.table import Share
from tracker.shops import Shop

SATISFACTION = {
    "nps:10": 6, "nps:9": 1, "nps:8": 1, "nps:7": 1, "nps:6": 1, "nps:0": 2,
    "nps_at:6.10": 5, "nps_at:6.0": 2, "nps_at:7.10": 1, "nps_at:8.9": 1, "nps_at:8.8": 1, "nps_at:12.7": 1, "nps_at:9.6": 1,
    "csat:5": 3, "csat:3": 1, "csat:2": 1, "csat_at:5.5": 3, "csat_at:5.3": 1, "csat_at:6.2": 1,
    "ces:7": 1, "ces:4": 1, "ces_at:6.7": 1, "ces_at:6.4": 1,
    "shown:nps": 30, "review:5": 3, "review:4": 1, "review:1": 1, "return_requested": 4, "return_completed": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "scores", "parts", "value"),
    [
        pytest.param("nps", {10: 1, 9: 1, 8: 1, 7: 1, 6: 1, 0: 1}, (2, 2, 2), 0.0, id="nps: 9 and 10, 7 and 8, the rest"),
        pytest.param("nps", {10: 4}, (4, 0, 0), 100.0, id="nps: all promoters"),
        pytest.param("nps", {0: 4}, (0, 0, 4), -100.0, id="nps: all detractors"),
        pytest.param("nps", {10: 7, 7: 2, 3: 3}, (7, 2, 3), 100 / 3, id="nps: the share of the ones less that of the others"),
        pytest.param("csat", {5: 1, 4: 2, 3: 1, 2: 1, 1: 1}, (3, 1, 2), 50.0, id="csat: 4 and 5 are satisfied"),
        pytest.param("ces", {7: 1, 5: 1, 4: 1, 3: 1, 1: 1}, (2, 1, 2), 4.0, id="ces: the mean"),
    ],
)
def test_scores_are_summed_up(kind: str, scores: dict[int, int], parts: tuple[int, int, int], value: float) -> None:
    summary = summarize(kind, scores)
    assert (summary.good, summary.middle, summary.bad) == parts
    assert summary.value is not None and isclose(summary.value, value)


def test_of_no_answers_nothing_is_said() -> None:
    summary = summarize("nps", {})
    assert (summary.answers, summary.value, summary.low, summary.high) == (0, None, None, None)


def test_the_interval_of_many_answers_is_the_textbooks() -> None:
    """100 promoters, 50 passives, 50 detractors of 200: 25 ± 11.5."""
    summary = summarize("nps", {10: 10_000, 8: 5_000, 0: 5_000})
    error = 100 * 1.96 * sqrt((0.5 + 0.25 - 0.25**2) / 20_000)
    assert summary.low is not None and summary.high is not None
    assert abs(summary.low - (25 - error)) < 0.05
    assert abs(summary.high - (25 + error)) < 0.05


@given(
    st.sampled_from([("nps", 0, 10, -100, 100), ("csat", 1, 5, 0, 100), ("ces", 1, 7, 1, 7)]),
    st.dictionaries(st.integers(0, 10), st.integers(1, 50), min_size=1),
)
def test_the_interval_holds_the_score_and_stays_on_the_scale(
    scale: tuple[str, int, int, int, int], told: dict[int, int]
) -> None:
    kind, first, last, lowest, highest = scale
    scores = {score: times for score, times in told.items() if first <= score <= last}
    summary = summarize(kind, scores)
    if sum(scores.values()) > 1:
        assert summary.low is not None and summary.value is not None and summary.high is not None
        assert lowest <= summary.low <= summary.value + 1e-9
        assert summary.value - 1e-9 <= summary.high <= highest
        assert summary.low < summary.high or kind == "ces"


@pytest.fixture
def shop(db: Connection, now: Instant) -> Shop:
    return add_shop(db, now)


def test_satisfaction_in_figures(db: Connection, now: Instant, shop: Shop) -> None:
    count(db, shop, 20260914, SATISFACTION, family="satisfaction")
    count(db, shop, 20260914, {"opened:complaint": 3, "opened:delivery": 5}, family="support")
    table = ask(db, shop, now, "satisfaction")
    assert table.sample == 12 + 5 + 2
    rows = {row["type"]: row for row in table.rows}
    assert [rows["nps"][key] for key in ("shown", "answers", "good", "middle", "bad")] == [30, 12, 7, 2, 3]
    totals = dict(table.totals)
    assert round(totals.pop("nps"), 6) == 33.333333  # type: ignore[call-overload]
    assert totals.pop("nps_low") < 33 < totals.pop("nps_high")  # type: ignore[operator]
    assert totals == {
        "nps_answers": 12, "promoters": Share(7, 12), "passives": Share(2, 12), "detractors": Share(3, 12),
        "csat": Share(3, 5), "ces": 5.5, "reviews": 5, "stars": 4.0, "returns": 4, "returned": 2, "complaints": 3,
    }  # fmt: skip
    assert [note.params["answers"] for note in table.notes] == [12]


def test_satisfaction_by_stage_of_the_view(db: Connection, now: Instant, shop: Shop) -> None:
    count(db, shop, 20260914, SATISFACTION, family="satisfaction")
    rows = ask(db, shop, now, "satisfaction", view="five").beside["stages"].rows
    told = [(row["stage"], row["type"], row["answers"], row["good"], row["bad"]) for row in rows]
    assert told == [
        ("purchase", "nps", 7, 5, 2),
        ("purchase", "csat", 5, 3, 1),
        ("purchase", "ces", 2, 1, 0),
        ("retention", "nps", 5, 2, 1),
    ]


def test_satisfaction_by_day_and_by_the_week_that_begins_on_monday(db: Connection, now: Instant, shop: Shop) -> None:
    """6 September 2026 is a Sunday."""
    for day, score in ((20260906, 10), (20260907, 9), (20260913, 0)):
        count(db, shop, day, {f"nps:{score}": 1}, family="satisfaction")
    count(db, shop, 20260910, {"return_requested": 1}, family="satisfaction")
    beside = ask(db, shop, now, "satisfaction").beside
    assert [(str(row["day"]), row["score"]) for row in beside["days"].rows] == [
        ("2026-09-06", 100.0), ("2026-09-07", 100.0), ("2026-09-13", -100.0),
    ]  # fmt: skip
    assert [(str(row["week"]), row["answers"], row["score"]) for row in beside["weeks"].rows] == [
        ("2026-08-31", 1, 100.0), ("2026-09-07", 2, 0.0),
    ]  # fmt: skip


def test_single_scores_and_stars_as_shares(db: Connection, now: Instant, shop: Shop) -> None:
    count(db, shop, 20260914, SATISFACTION, family="satisfaction")
    beside = ask(db, shop, now, "satisfaction").beside
    nps = {row["given"]: row["share"] for row in beside["scores"].rows if row["type"] == "nps"}
    assert nps == {0: Share(2, 12), 6: Share(1, 12), 7: Share(1, 12), 8: Share(1, 12), 9: Share(1, 12), 10: Share(6, 12)}
    assert [(row["stars"], row["share"]) for row in beside["stars"].rows] == [
        (5, Share(3, 5)), (4, Share(1, 5)), (3, Share(0, 5)), (2, Share(0, 5)), (1, Share(1, 5)),
    ]  # fmt: skip


def test_a_shop_that_asked_nobody_divides_nothing(db: Connection, now: Instant, shop: Shop) -> None:
    for name in ("satisfaction", "support", "advocacy", "mail"):
        table = ask(db, shop, now, name)
        assert table.sample == 0
        assert not [value for value in table.totals.values() if isinstance(value, Share) and value.value is not None]


def test_support_knows_topics_waits_and_days(db: Connection, now: Instant, shop: Shop) -> None:
    count(db, shop, 20260914, {"opened:delivery": 4, "opened:complaint": 1, "closed": 2, "timed": 1, "seconds": 600, "b:0": 1},
          family="support")  # fmt: skip
    count(
        db, shop, 20260915, {"closed": 3, "timed": 3, "seconds": 100_000 + 90_000 + 7_200, "b:3": 2, "b:1": 1}, family="support"
    )
    table = ask(db, shop, now, "support")
    assert [(row["topic"], row["opened"], row["share"]) for row in table.rows] == [
        ("delivery", 4, Share(4, 5)), ("complaint", 1, Share(1, 5)),
    ]  # fmt: skip
    assert table.totals == {
        "opened": 5, "closed": 5, "timed": 4, "mean_wait": 197_800 / 4, "median_wait": 14_400.0,
        "within_4h": Share(2, 4), "within_24h": Share(2, 4),
    }  # fmt: skip
    assert [(str(row["day"]), row["opened"], row["closed"]) for row in table.beside["days"].rows] == [
        ("2026-09-14", 5, 2), ("2026-09-15", 0, 3),
    ]  # fmt: skip
    assert table.beside["waits"].rows == [{"b0": 1, "b1": 1, "b2": 0, "b3": 2, "b4": 0}]


def add_order(
    db: Connection, shop: Shop, subject_id: int, placed_at: Instant, channel: str = "email", **fields: object
) -> None:
    number = int(fields.pop("number", 1))  # type: ignore[call-overload]
    key = f"{subject_id}-{number}"
    row = {
        "shop_id": shop.shop_id, "order_key": key, "subject_id": subject_id, "number": number, "placed_at": placed_at,
        "counted_at": placed_at, "state": "paid", "currency": "DKK", "total_minor": 100, "net_minor": 80, "channel": channel,
        **fields,
    }  # fmt: skip
    db.execute(insert(t.orders), row)
    journey = {
        "shop_id": shop.shop_id, "subject_id": subject_id, "number": number, "began_at": placed_at, "last_at": placed_at,
        "outcome": "ordered", "stage": 6, "highest": 6, "channel": channel, "counted": True, "body": b"",
    }  # fmt: skip
    db.execute(insert(t.journeys), journey)


def test_advocacy_is_seen_beside_the_customers_of_the_period(db: Connection, now: Instant, shop: Shop) -> None:
    other = add_shop(db, now)
    add_order(db, shop, 1, now - DAY)
    add_order(db, shop, 1, now - 2 * DAY, number=2)
    add_order(db, shop, 2, now - 2 * DAY, "direct")
    add_order(db, shop, 3, now - 60 * DAY)
    add_order(db, shop, 4, now - DAY, cancelled_at=now)
    add_order(db, shop, 5, now - DAY, counted_at=None)
    add_order(db, other, 6, now - DAY)
    deeds = {"share:whatsapp": 3, "share:link": 1, "link": 1, "friend_arrived": 4, "friend_bought": 1, "loyalty": 2}
    count(db, shop, 20260914, deeds, family="advocacy")
    count(db, shop, 20260915, {"review:5": 2, "review:4": 1, "review:3": 1, "nps:9": 4}, family="satisfaction")
    table = ask(db, shop, now, "advocacy")
    assert table.totals == {
        "customers": 2, "shares": 4, "links": 1, "referral_rate": Share(1, 2), "arrived": 4, "bought": 1,
        "friends_conversion": Share(1, 4), "good_reviews": 3, "good_share": Share(3, 4), "joined": 2,
    }  # fmt: skip
    assert [(row["deed"], row["way"], row["times"]) for row in table.rows] == [
        ("share", "whatsapp", 3), ("share", "link", 1), ("link", None, 1), ("friend_arrived", None, 4),
        ("friend_bought", None, 1), ("loyalty", None, 2), ("good_review", None, 3),
    ]  # fmt: skip
    assert table.rows[0]["per_customer"] == Share(3, 2)
    assert [(str(row["day"]), row["shares"], row["good_reviews"]) for row in table.beside["days"].rows] == [
        ("2026-09-14", 4, 0), ("2026-09-15", 0, 3),
    ]  # fmt: skip
    assert ask(db, shop, now, "advocacy", filter="channel=direct").totals["customers"] == 1


def test_mail_by_purpose_and_campaign(db: Connection, now: Instant, shop: Shop) -> None:
    count(db, shop, 20260914, {
        "sent:newsletter|uge-37": 90, "bounced:newsletter|uge-37": 10, "clicked:newsletter|uge-37": 8, "sent:order|": 5,
        "opened:order|": 4, "subscribed": 3,
    }, family="mail")  # fmt: skip
    count(
        db, shop, 20260915, {"sent:newsletter|uge-38": 10, "complained:newsletter|uge-37": 1, "unsubscribed": 2}, family="mail"
    )
    table = ask(db, shop, now, "mail")
    assert [(row["purpose"], row["sent"], row["click_rate"], row["bounce_rate"]) for row in table.rows] == [
        ("newsletter", 100, Share(8, 90), Share(10, 100)), ("order", 5, Share(0, 5), Share(0, 5)),
    ]  # fmt: skip
    assert table.totals["sent"] == 105
    assert (table.totals["complaint_rate"], table.totals["subscribed"], table.totals["unsubscribed"]) == (Share(1, 95), 3, 2)
    assert [(row["purpose"], row["campaign"], row["sent"]) for row in table.beside["campaigns"].rows] == [
        ("newsletter", "uge-37", 90), ("newsletter", "uge-38", 10), ("order", "", 5),
    ]  # fmt: skip
    assert [row["complained"] for row in table.beside["days"].rows] == [0, 1]


@pytest.mark.parametrize(("name", "filters"), [("mail", "channel=email"), ("support", "channel=email,device=mobile")])
def test_a_filter_that_cannot_be_heeded_is_refused(db: Connection, now: Instant, shop: Shop, name: str, filters: str) -> None:
    with pytest.raises(BadQuery):
        ask(db, shop, now, name, filter=filters)
