"""What became of mails: sent, opened, clicked, come back, reported, by what they were for.

As the mail platform tells it, on the day on which it happened; a mail sent on the last day may be clicked on the next.  Each
telling counts: a mail that was opened three times is three openings if the platform says so.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, ReportTable, Row, Share, Unit
from tracker.shops import Shop

TITLE = N_("Mail")
QUESTION = N_("Which mails are opened and clicked, and which annoy?")
PARAMETERS = ("period", "since", "until")
FILTERS: tuple[str, ...] = ()

METRICS = ("sent", "opened", "clicked", "bounced", "complained")

_COUNTS = (
    Column("sent", Unit.COUNT, N_("Sent"), N_("Mails that left for their address.")),
    Column("opened", Unit.COUNT, N_("Opened"), N_("Openings, as far as they can be told: some mail programs open every mail.")),
    Column("clicked", Unit.COUNT, N_("Clicked"), N_("Links followed.")),
    Column("bounced", Unit.COUNT, N_("Bounced"), N_("Mails that could not be delivered.")),
    Column("complained", Unit.COUNT, N_("Reported as spam"), N_("Mails that somebody reported as spam.")),
)
_SHARES = (
    Column("open_rate", Unit.SHARE, N_("Open rate"), N_("Opened, as a share of the mails sent that did not bounce.")),
    Column("click_rate", Unit.SHARE, N_("Click rate"), N_("Clicked, as a share of the mails sent that did not bounce.")),
    Column("bounce_rate", Unit.SHARE, N_("Bounce rate"), N_("Bounced, as a share of the mails sent.")),
    Column(
        "complaint_rate",
        Unit.SHARE,
        N_("Spam rate"),
        N_("Reported as spam, as a share of the mails sent that did not bounce."),
    ),
)
_PURPOSE = Column("purpose", Unit.TEXT, N_("Purpose"), N_("What the mail was for."), vocabulary="purpose")

COLUMNS = (_PURPOSE, *_COUNTS, *_SHARES)
CAMPAIGN_COLUMNS = (
    _PURPOSE,
    Column("campaign", Unit.TEXT, N_("Campaign"), N_("The campaign or flow to which the mail belongs.")),
    *_COUNTS,
    *_SHARES,
)
DAY_COLUMNS = (
    Column("day", Unit.DAY, N_("Day"), N_("The day on which it happened, in the shop's time zone.")),
    *_COUNTS,
    Column("subscribed", Unit.COUNT, N_("Newsletter sign-up"), N_("How often somebody signed up for the newsletter.")),
    Column("unsubscribed", Unit.COUNT, N_("Newsletter cancelled"), N_("How often somebody cancelled the newsletter.")),
)
FIGURES = (*_COUNTS, *_SHARES, *DAY_COLUMNS[-2:])

_MOST_CAMPAIGNS = 500


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a purpose, most sent first; beside it campaigns and single days."""
    amounts = counters.read_amounts(db, shop, query, "mail")
    campaigns = {key: Counter(counts) for key, counts in counters.by_key(amounts).items()}
    purposes: dict[str, Counter[str]] = {}
    for key, counts in campaigns.items():
        purposes.setdefault(key.partition("|")[0], Counter()).update(counts)
    sums = _sums(amounts)
    sent = sums["sent"]
    campaign_rows: list[Row] = [
        {"purpose": key.partition("|")[0], "campaign": key.partition("|")[2], **_cells(counts)}
        for key, counts in _most_first(campaigns)[:_MOST_CAMPAIGNS]
    ]
    day_rows: list[Row] = [
        {"day": counters.day_from_number(day), **_sums(Counter(found))}
        for day, found in counters.every_day(db, shop, query, "mail")
    ]
    return ReportTable(
        COLUMNS,
        [{"purpose": purpose, **_cells(counts)} for purpose, counts in _most_first(purposes)],
        sent,
        FIGURES,
        {**_cells(sums), "subscribed": sums["subscribed"], "unsubscribed": sums["unsubscribed"]},
        beside={
            "campaigns": ReportTable(CAMPAIGN_COLUMNS, campaign_rows, sent),
            "days": ReportTable(DAY_COLUMNS, day_rows, sent),
        },
    )


def _most_first(rows: dict[str, Counter[str]]) -> list[tuple[str, Counter[str]]]:
    return sorted(rows.items(), key=lambda entry: (-entry[1]["sent"], -entry[1]["clicked"], entry[0]))


def _sums(amounts: Counter[str]) -> Counter[str]:
    found = Counter({name: amounts[name] for name in ("subscribed", "unsubscribed")})
    for name, count in amounts.items():
        metric, colon, _ = name.partition(":")
        if colon:
            found[metric] += count
    return Counter({name: found[name] for name in (*METRICS, "subscribed", "unsubscribed")})


def _cells(counts: Counter[str]) -> dict[str, int | Share]:
    sent = counts["sent"]
    delivered = max(0, sent - counts["bounced"])
    return {
        **{metric: counts[metric] for metric in METRICS},
        "open_rate": Share(counts["opened"], delivered),
        "click_rate": Share(counts["clicked"], delivered),
        "bounce_rate": Share(counts["bounced"], sent),
        "complaint_rate": Share(counts["complained"], delivered),
    }
