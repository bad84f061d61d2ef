"""The stage report and the flow report, from counters written down by hand."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from tests.reports.asking import add_shop, ask, count
from tracker.clock import Instant
from tracker.reports.table import Money, Share
from tracker.stages import VIEWS


def _mask(*stages: int) -> int:
    return sum(1 << (stage - 1) for stage in stages)


FIVE = {
    "journeys": 100, "open": 20, "ordered": 4, "touchpoints": 230, "net": 203_200, "unrated": 1,
    # Who reached what; one of the twelve stands for each stage of the view: 2, 4, 6, 9, 11.
    f"m:{_mask(2)}.0": 38, f"m:{_mask(2, 4)}.0": 45, f"m:{_mask(2, 6)}.0": 2, f"m:{_mask(2, 4, 9)}.0": 2,
    f"m:{_mask(2, 4, 6)}.0": 9, f"m:{_mask(2, 4, 6)}.1": 1, f"m:{_mask(2, 4, 6, 9)}.1": 2, f"m:{_mask(2, 4, 6, 9, 11)}.1": 1,
    "move.3.4": 40, "move.4.3": 7, "move.4.2": 2, "move.5.4": 3, "move.12.3": 9, "move.1.2": 5, "move.8.6": 1,
    "stay.3.count": 2, "stay.3.seconds": 100, "stay.3.b1": 2, "stay.4.count": 2, "stay.4.seconds": 500, "stay.4.b2": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "column", "expected"),
    [
        pytest.param("awareness", "reached", 100, id="reached is its counter"),
        pytest.param("awareness", "share", Share(100, 100), id="until the order: of all journeys"),
        pytest.param("consideration", "share", Share(60, 100), id="a later stage: of all journeys too"),
        pytest.param("awareness", "share_of_orders", None, id="until the order: no share of orders"),
        pytest.param("awareness", "went_on", 62, id="went on is its counter"),
        pytest.param("awareness", "drop_off", Share(38, 100), id="drop-off is who did not go on"),
        pytest.param("consideration", "drop_off", Share(45, 60), id="drop-off is of those that reached it"),
        pytest.param("awareness", "reference_drop_off", 0.38, id="reference awareness → consideration"),
        pytest.param("consideration", "reference_drop_off", 0.29, id="reference consideration → purchase"),
        pytest.param("purchase", "reference_drop_off", None, id="no reference beyond"),
        pytest.param("consideration", "conversion", Share(4, 60), id="conversion is of those that reached it"),
        pytest.param("retention", "share", None, id="after the order: no share of all journeys"),
        pytest.param(
            "retention", "share_of_orders", Share(3, 4), id="after the order: only journeys with one, so never above 1"
        ),
        pytest.param("retention", "conversion", None, id="after the order: no conversion"),
        pytest.param("retention", "drop_off", Share(4, 5), id="an ordered view: drop-off after the order too"),
        pytest.param("advocacy", "drop_off", None, id="the last stage has none"),
        pytest.param("consideration", "moved_back", 2, id="only moves that leave the view's stage backwards (4→2, not 4→3)"),
        pytest.param("purchase", "moved_back", 3, id="from purchase back (5→4)"),
        pytest.param("retention", "moved_back", 1, id="from retention back (8→6); leaving reactivation is none (12→3)"),
        pytest.param("awareness", "moved_back", 0, id="nothing lies before the first"),
        pytest.param("consideration", "stays", 4, id="stays of all its members"),
        pytest.param("consideration", "mean_stay", 150.0, id="mean over all its members"),
        pytest.param("consideration", "median_stay", 60.0, id="median at the border of two classes"),
        pytest.param("advocacy", "median_stay", None, id="no stay, no median"),
    ],
)
def test_a_cell_of_the_view_five(db: Connection, now: Instant, stage: str, column: str, expected: Any) -> None:
    shop = add_shop(db, now)
    count(db, shop, 20260910, FIVE)
    table = ask(db, shop, now, "stages", view="five")
    row = next(row for row in table.rows if row["stage"] == stage)
    assert row[column] == expected


def test_totals_are_in_the_shops_currency_and_say_what_is_in_none(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    count(db, shop, 20260910, FIVE)
    table = ask(db, shop, now, "stages", view="five")
    assert table.sample == 100
    assert table.totals == {
        "journeys": 100,
        "open": 20,
        "ordered": 4,
        "conversion": Share(4, 100),
        "touchpoints": 2.3,
        "net": Money(203_200, "DKK"),
    }
    assert [note.params for note in table.notes] == [{"open": 20, "journeys": 100}, {"count": 1}]
    assert table.references == {"conversion": 0.029, "drop_off.awareness": 0.38, "drop_off.consideration": 0.29}


def test_young_journeys_are_marked(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    count(db, shop, 20260910, {"journeys": 3, "open": 2})
    assert [note.params for note in ask(db, shop, now, "stages").notes] == [{"open": 2, "journeys": 3}]
    count(db, shop, 20260910, {"open": -2})
    assert ask(db, shop, now, "stages").notes == ()


def test_the_twelve_show_drop_off_until_the_order_only(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    amounts = {"journeys": 40, "ordered": 10}
    amounts |= {f"m:{_mask(*range(1, 13))}.1": 10, f"m:{_mask(*range(1, 13))}.0": 2}
    amounts |= {f"m:{_mask(i)}.0": 8 for i in range(1, 13)}
    count(db, shop, 20260910, amounts)
    rows = ask(db, shop, now, "stages").rows
    assert [row["drop_off"] for row in rows] == [Share(8, 20)] * 5 + [None] * 7
    assert [row["share"] for row in rows] == [Share(20, 40)] * 6 + [None] * 6
    assert [row["share_of_orders"] for row in rows] == [None] * 6 + [Share(10, 10)] * 6


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_a_row_for_each_of_its_stages(db: Connection, now: Instant, view: str) -> None:
    shop = add_shop(db, now)
    table = ask(db, shop, now, "stages", view=view)
    assert [row["stage"] for row in table.rows] == [stage.key for stage in VIEWS[view].stages]
    assert table.sample == 0


def test_without_a_journey_nothing_is_divided(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    table = ask(db, shop, now, "stages")
    assert table.totals["conversion"] == Share(0, 0)
    assert Share(0, 0).value is None
    assert table.totals["touchpoints"] is None


def test_only_the_days_asked_for_count_both_ends_included(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    for day in (20260831, 20260901, 20260905, 20260906):
        count(db, shop, day, {"journeys": 1})
    table = ask(db, shop, now, "stages", since="2026-09-01", until="2026-09-05")
    assert table.totals["journeys"] == 2
    assert [str(row["day"]) for row in table.beside["days"].rows] == ["2026-09-01", "2026-09-05"]


def test_a_filter_reads_its_own_counters(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    count(db, shop, 20260910, {"journeys": 5})
    count(db, shop, 20260910, {"journeys": 2}, "channel=email")
    assert ask(db, shop, now, "stages", filter="channel=email").totals["journeys"] == 2
    assert ask(db, shop, now, "stages").totals["journeys"] == 5


def test_another_shops_counters_are_not_read(db: Connection, now: Instant) -> None:
    shop, other = add_shop(db, now), add_shop(db, now)
    count(db, other, 20260910, {"journeys": 5})
    assert ask(db, shop, now, "stages").totals["journeys"] == 0


def test_flow_rolls_moves_up_to_the_view_and_names_their_direction(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    count(db, shop, 20260910, FIVE)
    table = ask(db, shop, now, "flow", view="five")
    assert [(row["from"], row["to"], row["direction"], row["moves"], row["share"]) for row in table.rows] == [
        ("consideration", "awareness", "back", 2, Share(2, 2)),
        ("purchase", "consideration", "back", 3, Share(3, 3)),
        ("retention", "consideration", "restart", 9, Share(9, 10)),
        ("retention", "purchase", "back", 1, Share(1, 10)),
    ]
    assert table.totals == {"journeys": 100, "moves": 15, "back": Share(6, 15)}
