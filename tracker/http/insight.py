"""The stage report in a sentence or two: where most are lost, and how the conversion compares.

Says nothing where the numbers are too few to say it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracker.http.cells import Writer
from tracker.reports.query import Query
from tracker.reports.stages import REFERENCE_CONVERSION
from tracker.reports.table import ENOUGH, N_, ReportTable, Share


def insights(table: ReportTable, query: Query, write: Writer) -> list[str]:
    """Sentences in the reader's language, the most useful first."""
    if table.sample < ENOUGH:
        return []
    found = [_loss(table, query, write), _conversion(table, write)]
    return [text for text in found if text]


def _loss(table: ReportTable, query: Query, write: Writer) -> str | None:
    rows = [
        (drop, row)
        for row in table.rows[: query.view.approach - 1]
        if isinstance(drop := row["drop_off"], Share) and drop.enough and drop.part
    ]
    if not rows:
        return None
    drop, row = max(rows, key=lambda pair: pair[0].part)
    params = {"stage": write.say("stage", str(row["stage"])), "count": write.count(drop.part), "share": write.share(drop)}
    text = N_("Most are lost at the stage “%(stage)s”: %(count)s journeys, %(share)s of those that get there, go no further.")
    said = write.translate(text) % params
    reference = row["reference_drop_off"]
    if isinstance(reference, float):
        said += " " + write.translate(N_("Webshops lose %(share)s there on average.")) % {"share": write.percent(reference)}
    return said


def _conversion(table: ReportTable, write: Writer) -> str | None:
    share = table.totals["conversion"]
    if not isinstance(share, Share) or share.value is None:
        return None
    text = (
        N_("%(own)s of journeys end in an order; webshops average %(average)s. You are above.")
        if share.value >= REFERENCE_CONVERSION
        else N_("%(own)s of journeys end in an order; webshops average %(average)s. You are below.")
    )
    return write.translate(text) % {"own": write.share(share), "average": write.percent(REFERENCE_CONVERSION)}


@dataclass(frozen=True)
class Change:
    """How a figure changed from the days before: an arrow's direction, and words."""

    direction: str  # up, down, same
    text: str


def changes(table: ReportTable, before: ReportTable, write: Writer) -> dict[str, Change]:
    """By figure; empty when either time is too short of journeys."""
    if min(table.sample, before.sample) < ENOUGH:
        return {}
    found = {}
    for key in ("journeys", "ordered"):
        now, then = table.totals[key], before.totals[key]
        if isinstance(now, int) and isinstance(then, int) and then:
            found[key] = _change(now / then - 1, write.percent(abs(now / then - 1)), write)
    now_share, then_share = table.totals["conversion"], before.totals["conversion"]
    if isinstance(now_share, Share) and isinstance(then_share, Share):
        points = ((now_share.value or 0) - (then_share.value or 0)) * 100
        number = write.number(abs(points))
        found["conversion"] = _change(points / 100, write.translate(N_("%(number)s points")) % {"number": number}, write)
    return found


def _change(amount: float, number: str, write: Writer) -> Change:
    if abs(amount) < 0.0005:
        return Change("same", write.translate(N_("as in the days before")))
    text = N_("%(number)s more than in the days before") if amount > 0 else N_("%(number)s less than in the days before")
    return Change("up" if amount > 0 else "down", write.translate(text) % {"number": number})
