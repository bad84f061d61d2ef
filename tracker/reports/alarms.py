"""What is wrong with what arrives, said so that somebody can mend it.

In:  what data health knows of each day.
Out: one row an alarm: whether it is on, since when, and what to do.

An alarm looks at each day by itself: it is on when the last day of which something is known is bad, and to be watched when an
earlier one was.  To add one: a line in ALARMS, its words in words.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from tracker.reports.table import N_, Column, Row, Sentence, Share, Unit

OK, WATCH, ON, UNKNOWN = "ok", "watch", "on", "unknown"

COLUMNS = (
    Column("alarm", Unit.TEXT, N_("Alarm"), N_("What is looked at."), vocabulary="alarm"),
    Column(
        "state",
        Unit.TEXT,
        N_("State"),
        N_("On: so on the last day of which something is known. Watch: so on an earlier day of the period."),
        vocabulary="alarm_state",
    ),
    Column("since", Unit.DAY, N_("Since"), N_("The first of the days in a row on which it was so.")),
    Column("days", Unit.COUNT, N_("Days"), N_("On how many days of the period it was so.")),
    Column("advice", Unit.TEXT, N_("What to do"), N_("What helps.")),
)


NOTHING = Share(0, 0)


@dataclass
class Day:
    """What is known of one day."""

    is_over: bool = True
    accepted: int = 0
    refused: int = 0
    failed: int = 0
    signatures: int = 0  # refused for their signature
    late: Share = NOTHING  # more than an hour from happening to arriving
    corrected: int = 0
    tag_twice: int = 0  # pages seen with the tag twice
    consented: Share = NOTHING  # of pages that people saw
    lost: Share = NOTHING
    captured: Share = NOTHING  # of the list's orders
    silent_hours: int = 0  # with two orders of the list or more, none of which is here
    unrated: int = 0  # orders in a currency without a rate


@dataclass(frozen=True)
class Alarm:
    """`is_bad` answers None where nothing can be said of the day."""

    is_bad: Callable[[Day], bool | None]
    advice: str


def _above(share: Callable[[Day], Share], most: float) -> Callable[[Day], bool | None]:
    def is_bad(day: Day) -> bool | None:
        found = share(day)
        return found.part > most * found.whole if found.enough else None

    return is_bad


def _arrived(day: Day) -> int:
    return day.accepted + day.refused


ALARMS: dict[str, Alarm] = {
    "nothing_arrives": Alarm(
        lambda day: day.accepted == 0 if day.is_over else None,
        N_("Is the tag on the pages, and do the front door and a worker run? `tracker doctor` says more."),
    ),
    "orders_missing": Alarm(
        lambda day: day.captured.part < 0.95 * day.captured.whole if day.captured.whole and day.is_over else None,
        N_("The report “Captured orders” says which and why, and fills them in."),
    ),
    "silent_hours": Alarm(
        lambda day: day.silent_hours > 0 if day.captured.whole else None,
        N_("In these hours the shop had orders and none arrived: look at the shop's queue of jobs, and fill them in."),
    ),
    "signatures": Alarm(
        lambda day: day.signatures > 0 if _arrived(day) else None,
        N_("Check the secret in the shop's plugin and the clock of its server: signed events are refused."),
    ),
    "refused": Alarm(
        _above(lambda day: Share(day.refused, _arrived(day)), 0.05),
        N_("The reasons are in the table below: the sender must change something."),
    ),
    "failed": Alarm(
        lambda day: day.failed > 0 if _arrived(day) else None,
        N_("Our fault: the events are kept. The log has the error; `tracker replay` tries again."),
    ),
    "late": Alarm(
        _above(lambda day: day.late, 0.1),
        N_("Events arrive hours late: is the shop's queue of jobs behind, or the door's answer slow?"),
    ),
    "clocks": Alarm(
        _above(lambda day: Share(day.corrected, day.accepted), 0.05),
        N_("Many clocks are wrong. Times are corrected; look first at the clock of this server."),
    ),
    "tag_twice": Alarm(
        lambda day: day.tag_twice > 0 if _arrived(day) or day.tag_twice else None,
        N_(
            "Take one of the two tags away: look in the theme, in the plugin and in the tag manager. "
            "Nothing counts twice meanwhile."
        ),
    ),
    "lost": Alarm(
        _above(lambda day: day.lost, 0.05),
        N_("Browsers sent events that never arrived: is the front door blocked, slow, or answering 503?"),
    ),
    "no_consent": Alarm(
        lambda day: day.consented.part == 0 if day.consented.enough else None,
        N_("Nobody's consent arrives: is the consent platform connected to the tag?"),
    ),
    "unrated": Alarm(
        lambda day: day.unrated > 0 if day.accepted or day.unrated else None,
        N_("Orders in a currency without a rate are not in the revenue: add the rate to the shop's settings."),
    ),
}


def rows(days: Mapping[date, Day]) -> Iterator[Row]:
    """One an alarm; those that are on first."""
    found = [_row(name, alarm, days) for name, alarm in ALARMS.items()]
    order = (ON, WATCH, OK, UNKNOWN)
    yield from sorted(found, key=lambda row: order.index(str(row["state"])))


def _row(name: str, alarm: Alarm, days: Mapping[date, Day]) -> Row:
    state, since, count = UNKNOWN, None, 0
    was_bad = False
    for day in sorted(days):
        is_bad = alarm.is_bad(days[day])
        if is_bad is None:
            continue
        if is_bad:
            count += 1
            if not was_bad:
                since = day
        was_bad = is_bad
        state = ON if is_bad else WATCH if count else OK
    advice = Sentence(alarm.advice, {}) if state in (ON, WATCH) else None
    return {"alarm": name, "state": state, "since": since, "days": count, "advice": advice}
