"""What customers say: scores of surveys, stars of reviews, returns and complaints, each on the day on which it was said.

The stage beside a score is the one that the survey was about or, when it does not say, in which the journey stood when it was
answered.  How scores are summed up, and how far that can be trusted: scores.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import Connection

from tracker.journey.contribution import FAMILIES
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.scores import KINDS, Summary, given, given_at, summarize
from tracker.reports.table import N_, Column, ReportTable, Row, Sentence, Share, Unit
from tracker.shops import Shop

TITLE = N_("Satisfaction")
QUESTION = N_("How satisfied are customers, and where are they not?")
PARAMETERS = ("period", "since", "until", "filter", "view")
FILTERS = FAMILIES["satisfaction"].kinds

_TYPE = Column("type", Unit.TEXT, N_("Survey"), N_("What was asked: recommendation, satisfaction or effort."), "survey")
_SCORE = (
    Column("answers", Unit.COUNT, N_("Answers"), N_("Answers given; one that was corrected counts once, with its last score.")),
    Column(
        "score",
        Unit.NUMBER,
        N_("Score"),
        N_("NPS: −100 to 100, promoters less detractors. CSAT: 0 to 100, per cent who are satisfied. CES: 1 to 7, mean."),
    ),
    Column(
        "low", Unit.NUMBER, N_("At least"), N_("Lower end of the interval that holds the score of all customers (95% sure).")
    ),
    Column("high", Unit.NUMBER, N_("At most"), N_("Upper end of the interval that holds the score of all customers.")),
    Column("good", Unit.COUNT, N_("Good"), N_("NPS: promoters, 9 and 10 of 10. CSAT: 4 and 5 of 5. CES: 5 to 7 of 7.")),
    Column("middle", Unit.COUNT, N_("In between"), N_("NPS: passives, 7 and 8 of 10. CSAT: 3 of 5. CES: 4 of 7.")),
    Column("bad", Unit.COUNT, N_("Bad"), N_("NPS: detractors, 0 to 6 of 10. CSAT: 1 and 2 of 5. CES: 1 to 3 of 7.")),
)

COLUMNS = (
    _TYPE,
    Column("shown", Unit.COUNT, N_("Shown"), N_("How often the survey was put before somebody on a page; mails are not told.")),
    *_SCORE,
)

_DAY = Column("day", Unit.DAY, N_("Day"), N_("The day on which it was answered, in the shop's time zone."))
_WEEK = Column("week", Unit.DAY, N_("Week"), N_("The Monday of the week in which it was answered."))
_STAGE = Column(
    "stage",
    Unit.TEXT,
    N_("Stage"),
    N_("The stage that the survey was about, else the stage in which the journey stood when it was answered."),
    vocabulary="stage",
)

SCORE_COLUMNS = (
    _TYPE,
    Column("given", Unit.COUNT, N_("Score given"), N_("On the survey's own scale: NPS 0 to 10, CSAT 1 to 5, CES 1 to 7.")),
    Column("answers", Unit.COUNT, N_("Answers"), N_("How often this score was given.")),
    Column("share", Unit.SHARE, N_("Share"), N_("As a share of all answers to surveys of this kind.")),
)

STAR_COLUMNS = (
    Column("stars", Unit.COUNT, N_("Stars"), N_("1 to 5.")),
    Column("reviews", Unit.COUNT, N_("Reviews"), N_("Reviews written with so many stars.")),
    Column("share", Unit.SHARE, N_("Share"), N_("As a share of all reviews.")),
)

FIGURES = (
    Column(
        "nps",
        Unit.NUMBER,
        N_("Net promoter score"),
        N_("Of those asked whether they would recommend the shop: share of promoters less share of detractors, −100 to 100."),
    ),
    Column("nps_low", Unit.NUMBER, N_("NPS at least"), N_("Lower end of the interval that holds the NPS of all customers.")),
    Column("nps_high", Unit.NUMBER, N_("NPS at most"), N_("Upper end of the interval that holds the NPS of all customers.")),
    Column("nps_answers", Unit.COUNT, N_("NPS answers"), N_("Answers on which the net promoter score rests.")),
    Column("promoters", Unit.SHARE, N_("Promoters"), N_("Gave 9 or 10 of 10, as a share of the NPS answers.")),
    Column("passives", Unit.SHARE, N_("Passives"), N_("Gave 7 or 8 of 10, as a share of the NPS answers.")),
    Column("detractors", Unit.SHARE, N_("Detractors"), N_("Gave 0 to 6 of 10, as a share of the NPS answers.")),
    Column("csat", Unit.SHARE, N_("Satisfied"), N_("Gave 4 or 5 of 5, as a share of the answers on satisfaction (CSAT).")),
    Column("ces", Unit.NUMBER, N_("Effort score"), N_("Mean of the answers on effort (CES): 1 very hard, 7 very easy.")),
    Column("reviews", Unit.COUNT, N_("Reviews"), N_("Reviews written, of products and of the shop.")),
    Column("stars", Unit.NUMBER, N_("Stars"), N_("Average stars of the reviews, 1 to 5.")),
    Column("returns", Unit.COUNT, N_("Returns asked for"), N_("How often somebody asked to send goods back.")),
    Column("returned", Unit.COUNT, N_("Returns completed"), N_("How often returned goods arrived at the shop.")),
    Column("complaints", Unit.COUNT, N_("Complaints"), N_("Matters at the support with the topic complaint.")),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a kind of survey; beside it the same by day, by week and by stage, single scores, and reviews by stars."""
    amounts = counters.read_amounts(db, shop, query, "satisfaction")
    complaints = counters.read_amounts(db, shop, query, "support")["opened:complaint"]
    by_kind = {kind: summarize(kind, given(amounts, kind)) for kind in KINDS}
    stars = Counter({int(n): times for n, times in counters.by_metric(amounts, "review").items()})
    sample = sum(summary.answers for summary in by_kind.values())
    rows: list[Row] = [
        {"type": kind, "shown": amounts[f"shown:{kind}"], **_cells(summary)} for kind, summary in by_kind.items()
    ]
    days = {counters.day_from_number(day): Counter(found) for day, found in counters.every_day(db, shop, query, "satisfaction")}
    weeks: dict[date, Counter[str]] = defaultdict(Counter)
    for day, found in days.items():
        weeks[day - timedelta(days=day.weekday())].update(found)
    return ReportTable(
        columns=COLUMNS,
        rows=rows,
        sample=sample,
        figures=FIGURES,
        totals=_totals(amounts, by_kind, stars, complaints),
        notes=_notes(by_kind),
        beside={
            "days": ReportTable((_DAY, _TYPE, *_SCORE), list(_by_day(days, "day")), sample),
            "weeks": ReportTable((_WEEK, _TYPE, *_SCORE), list(_by_day(weeks, "week")), sample),
            "stages": ReportTable((_STAGE, _TYPE, *_SCORE), list(_by_stage(amounts, query)), sample),
            "scores": ReportTable(SCORE_COLUMNS, list(_by_score(amounts, by_kind)), sample),
            "stars": ReportTable(
                STAR_COLUMNS,
                [{"stars": n, "reviews": stars[n], "share": Share(stars[n], stars.total())} for n in range(5, 0, -1)],
                stars.total(),
            ),
        },
    )


def _cells(summary: Summary) -> dict[str, int | float | None]:
    return {
        "answers": summary.answers,
        "score": summary.value,
        "low": summary.low,
        "high": summary.high,
        "good": summary.good,
        "middle": summary.middle,
        "bad": summary.bad,
    }


def _by_day(days: dict[date, Counter[str]], name: str) -> Iterator[Row]:
    """Without days on which nobody answered."""
    for day, amounts in sorted(days.items()):
        for kind in KINDS:
            summary = summarize(kind, given(amounts, kind))
            if summary.answers:
                yield {name: day, "type": kind, **_cells(summary)}


def _by_stage(amounts: Counter[str], query: Query) -> Iterator[Row]:
    """Stages of the view in which somebody answered."""
    found = {kind: given_at(amounts, kind) for kind in KINDS}
    for stage in query.view.stages:
        for kind in KINDS:
            scores = sum((found[kind].get(member, Counter()) for member in stage.members), Counter[int]())
            if scores:
                yield {"stage": stage.key, "type": kind, **_cells(summarize(kind, scores))}


def _by_score(amounts: Counter[str], by_kind: dict[str, Summary]) -> Iterator[Row]:
    for kind in KINDS:
        for score, times in sorted(given(amounts, kind).items()):
            yield {"type": kind, "given": score, "answers": times, "share": Share(times, by_kind[kind].answers)}


def _totals(amounts: Counter[str], by_kind: dict[str, Summary], stars: Counter[int], complaints: int) -> Row:
    nps, csat, ces = (by_kind[kind] for kind in KINDS)
    reviews = stars.total()
    return {
        "nps": nps.value,
        "nps_low": nps.low,
        "nps_high": nps.high,
        "nps_answers": nps.answers,
        "promoters": Share(nps.good, nps.answers),
        "passives": Share(nps.middle, nps.answers),
        "detractors": Share(nps.bad, nps.answers),
        "csat": Share(csat.good, csat.answers),
        "ces": ces.value,
        "reviews": reviews,
        "stars": sum(n * times for n, times in stars.items()) / reviews if reviews else None,
        "returns": amounts["return_requested"],
        "returned": amounts["return_completed"],
        "complaints": complaints,
    }


def _notes(by_kind: dict[str, Summary]) -> tuple[Sentence, ...]:
    nps = by_kind["nps"]
    if not nps.answers:
        return ()
    text = N_("With %(answers)s answers the net promoter score of all customers lies between %(low)s and %(high)s (95%% sure).")
    return (Sentence(text, {"answers": nps.answers, "low": round(nps.low or 0), "high": round(nps.high or 0)}),)
