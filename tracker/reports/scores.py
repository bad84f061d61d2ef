"""Answers to surveys, summed up: net promoter score, satisfaction, effort, each with how far it can be trusted.

In:  how often each score was given.
Out: Summary.  `value` is on the survey's own measure: nps −100 … 100, csat 0 … 100 (per cent), ces 1 … 7 (mean).

The interval holds the value that all customers together would give with 95 % likelihood, were those who answered a fair sample.
nps: Wald's, adjusted by three answers (Rocks 2016), since few answers often agree by chance; csat: Wilson's; ces: the mean's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

KINDS = ("nps", "csat", "ces")
MIDDLE = {"nps": (7, 8), "csat": (3, 3), "ces": (4, 4)}  # scores neither good nor bad; above them is good, below is bad
_Z = 1.96  # 95 % of a normal distribution lie within


@dataclass(frozen=True)
class Summary:
    """What some answers come to; nothing can be said of none."""

    good: int
    middle: int
    bad: int
    value: float | None
    low: float | None
    high: float | None

    @property
    def answers(self) -> int:
        return self.good + self.middle + self.bad


def summarize(kind: str, scores: Mapping[int, int]) -> Summary:
    """Of a survey of this kind: score → times given."""
    first, last = MIDDLE[kind]
    good = sum(times for score, times in scores.items() if score > last)
    bad = sum(times for score, times in scores.items() if score < first)
    middle = sum(scores.values()) - good - bad
    if not good + middle + bad:
        return Summary(0, 0, 0, None, None, None)
    value, low, high = _MEASURES[kind](good, middle, bad, scores)
    return Summary(good, middle, bad, value, low, high)


def given(amounts: Counter[str], kind: str) -> Counter[int]:
    """score → times, of the counters `<kind>:<score>`."""
    start = f"{kind}:"
    return Counter({int(name[len(start) :]): times for name, times in amounts.items() if name.startswith(start)})


def given_at(amounts: Counter[str], kind: str) -> dict[int, Counter[int]]:
    """stage → score → times, of the counters `<kind>_at:<stage>.<score>`."""
    found: dict[int, Counter[int]] = {}
    start = f"{kind}_at:"
    for name, times in amounts.items():
        if name.startswith(start):
            stage, _, score = name[len(start) :].partition(".")
            found.setdefault(int(stage), Counter())[int(score)] += times
    return found


_Measured = tuple[float, float | None, float | None]


def _nps(good: int, middle: int, bad: int, _: Mapping[int, int]) -> _Measured:
    answers = good + middle + bad
    value = (good - bad) / answers
    n = answers + 3
    promoters, detractors = (good + 0.75) / n, (bad + 0.75) / n
    middle_of = promoters - detractors
    error = _Z * sqrt((promoters + detractors - middle_of**2) / n)
    low, high = min(value, max(-1.0, middle_of - error)), max(value, min(1.0, middle_of + error))
    return 100 * value, 100 * low, 100 * high


def _csat(good: int, middle: int, bad: int, _: Mapping[int, int]) -> _Measured:
    n = good + middle + bad
    share = good / n
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    error = _Z / (1 + _Z**2 / n) * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return 100 * share, 100 * max(0.0, centre - error), 100 * min(1.0, centre + error)


def _ces(_good: int, _middle: int, _bad: int, scores: Mapping[int, int]) -> _Measured:
    n = sum(scores.values())
    mean = sum(score * times for score, times in scores.items()) / n
    if n < 2:
        return mean, None, None
    error = _Z * sqrt(sum(times * (score - mean) ** 2 for score, times in scores.items()) / (n - 1) / n)
    return mean, max(1.0, mean - error), min(7.0, mean + error)


_MEASURES = {"nps": _nps, "csat": _csat, "ces": _ces}
