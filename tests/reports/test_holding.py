"""A number and the journeys that it opens agree: on the demo shop, worked in by the real pipeline, for every kind of number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.reports.filled import NOW, SINCE, UNTIL, Asked
from tests.reports.recount import Told, path
from tracker.events.types import Event
from tracker.http.leads import FIGURES, LEADS
from tracker.reports import REPORTS, journeys
from tracker.reports.holding import KINDS
from tracker.reports.query import Query, read_query
from tracker.reports.sorting import sums_up
from tracker.reports.table import Cell, Share

DAYS = {"since": SINCE.isoformat(), "until": UNTIL.isoformat()}
FILTERS = ("", "channel=paid_social", "device=mobile", "buyer=returning")
SEVERAL = ("source=", "coupon_ordered=")  # numbers of arrivals and of orders, of which a journey may have several
Who = tuple[str, int]  # person and number of the journey


def query_of(asked: Asked, **args: str) -> Query:
    return read_query({**DAYS, "limit": "500", **args}, asked.shop, NOW)


def every(asked: Asked, query: Query) -> list[Who]:
    """All pages of the list, each of which is as long as it may be or says why not."""
    found: list[Who] = []
    while True:
        table = journeys.answer(asked.db, asked.shop, query)
        found += [(str(row["subject_id"]), int(str(row["number"]))) for row in table.rows]
        assert len(table.rows) == query.limit or not table.next_cursor or table.notes
        if not table.next_cursor:
            return found
        query = replace(query, cursor=table.next_cursor)


def held(asked: Asked, holding: str, **args: str) -> list[Who]:
    return every(asked, query_of(asked, holding=holding, **args))


def count(cell: Cell) -> int:
    return cell.part if isinstance(cell, Share) else int(str(cell or 0))


def numbers(asked: Asked, name: str, beside: str, filter: str, view: str) -> Iterator[tuple[str, str, int]]:
    """column, what it holds, the number: of each column that leads somewhere the largest, some in between, the smallest."""
    query = query_of(asked, view=view)
    query = replace(query, filter=filter if filter.partition("=")[0] in REPORTS[name].FILTERS else "")
    table = REPORTS[name].answer(asked.db, asked.shop, query)
    rows = (table.beside[beside] if beside else table).rows
    for column, lead in LEADS[name, beside].items():
        told = [(lead.value(row, query), count(row.get(column))) for row in rows if not isinstance(row.get(column), str)]
        told = sorted({(number, value) for value, number in told if value and number}, reverse=True)
        for number, value in {*told[:4], *told[len(told) // 2 :][:3], *told[-3:]}:
            yield column, f"{lead.kind}={value}", number


@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize(("name", "beside"), sorted(LEADS), ids=lambda part: part or "its own")
def test_a_number_opens_as_many_journeys(asked: Asked, name: str, beside: str, filter: str) -> None:
    seen = 0
    for view in ("twelve", "five") if "view" in REPORTS[name].PARAMETERS else ("",):
        for column, holding, number in numbers(asked, name, beside, filter, view):
            heeded = filter if filter.partition("=")[0] in REPORTS[name].FILTERS else ""
            found = held(asked, holding, filter=heeded)
            assert len(set(found)) == len(found), holding
            assert len(found) == number or (holding.startswith(SEVERAL) and 0 < len(found) < number), (column, holding)
            seen += 1
    assert seen or filter


def test_every_kind_has_a_number_that_leads_to_it(asked: Asked) -> None:
    led = {lead.kind for leads in LEADS.values() for lead in leads.values()}
    led |= {holding.partition("=")[0] for figures in FIGURES.values() for holding in figures.values()}
    assert led == KINDS.keys()


@pytest.mark.parametrize(("name", "figure"), [(name, figure) for name, figures in FIGURES.items() for figure in figures])
def test_a_figure_opens_as_many_journeys(asked: Asked, name: str, figure: str) -> None:
    table = REPORTS[name].answer(asked.db, asked.shop, query_of(asked))
    assert len(held(asked, FIGURES[name][figure])) == count(table.totals[figure]) > 0


def test_the_journeys_are_those_in_which_it_happened(asked: Asked) -> None:
    """By the rows of events and journeys: what was looked at, searched for, reached, and left."""
    began, lapsed = asked.began(), asked.recount.lapsed(SINCE, UNTIL)

    def products(one: Told) -> set[str]:
        return {str(event.data["items"][0].get("item_group_id") or event.data["items"][0]["item_id"]) for event in looks(one)}

    def looks(one: Told) -> list[Event]:
        return [event for event in one.of_type("view_item") if event.data.get("items")]

    def words(one: Told) -> set[str]:
        return {" ".join(event.data["search_term"].lower().split()) for event in one.of_type("search")}

    def last_page(one: Told) -> set[str]:
        return {path(event.page.url) for event in list(one.of_type("page_view"))[-1:] if event.page}

    for kind, told, journeys_of in (("product", products, began), ("search", words, began), ("page", last_page, lapsed)):
        ((value, number),) = Counter(value for one in journeys_of for value in told(one)).most_common(1)
        found = held(asked, f"{kind}={value}")
        assert set(found) == {who(one) for one in journeys_of if value in told(one)}
        assert len(found) == number > 5
    assert set(held(asked, "stage=twelve.decision")) == {who(one) for one in began if one.row.mask & 1 << 4}
    considered = {who(one) for one in began if one.row.mask & 0b1100 and not one.row.mask >> 4}
    assert set(held(asked, "stage_lost=five.consideration")) == considered


def who(one: Told) -> Who:
    return str(one.row.subject_id), one.row.number


def test_a_row_of_many_leads_nowhere(asked: Asked) -> None:
    query = query_of(asked, limit="1")
    several = [
        table for table in LEADS if "limit" in REPORTS[table[0]].PARAMETERS and "cursor" not in REPORTS[table[0]].PARAMETERS
    ]
    for name, beside in several:
        table = REPORTS[name].answer(asked.db, asked.shop, query)
        for lead in LEADS[name, beside].values():
            rows = [row for row in (table.beside[beside] if beside else table).rows if sums_up(row)]
            assert [lead.value(row, query) for row in rows] == [None] * len(rows)
            assert rows or beside in ("steps", "stages")
    assert len(several) > 6


def test_those_that_began_last_come_first(asked: Asked) -> None:
    product = asked("products").rows[0]["product"]
    for holding in ("outcome=any", "stage=twelve.decision", f"product={product}"):
        rows = journeys.answer(asked.db, asked.shop, query_of(asked, holding=holding)).rows
        told = [int(str(row["began_at"])) for row in rows]
        assert told == sorted(told, reverse=True)
        assert len(told) > 20


def test_a_list_that_stopped_looking_goes_on_without_gap_or_repeat(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {holding for table in sorted(LEADS) for _, holding, _ in [*numbers(asked, *table, "", "")][:2]}
    whole = {holding: held(asked, holding) for holding in kinds}
    monkeypatch.setattr(journeys, "LOOKED_INTO", 37)
    for holding in kinds:
        assert every(asked, query_of(asked, holding=holding, limit="20")) == whole[holding], holding


def test_it_says_how_far_back_it_looked(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journeys, "LOOKED_INTO", 5)
    table = journeys.answer(asked.db, asked.shop, query_of(asked, holding="source=nobody at all"))
    assert (table.rows, table.sample) == ([], 0)
    assert table.next_cursor
    (note,) = table.notes
    assert note.params["day"] == UNTIL
