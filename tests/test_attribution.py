"""Who gets the credit: numbers worked by hand, and what holds for any journey."""

from __future__ import annotations

import random
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import START as BEGAN
from tracker.attribution import (
    HALF_LIFE,
    LOOK_BACKS,
    MODELS,
    NONE,
    NULL,
    ORDER,
    START,
    Touchpoint,
    credit,
    removal_effects,
    share_out,
    taking_part,
    time_decay,
    transitions,
)
from tracker.clock import DAY, HOUR

MAX_AMOUNT = 10**12


def days(number: float) -> int:
    return BEGAN + round(number * DAY)


def path(*steps: tuple[float, str]) -> list[Touchpoint]:
    """(day, key); `direct` is direct."""
    return [Touchpoint(days(day), key, key == "direct") for day, key in steps]


def alike(shares: dict[str, int], *models: str) -> dict[str, dict[str, int]]:
    """These models, or all of them, give the same."""
    return dict.fromkeys(models or MODELS, shares)


# A film on day 1, a search on day 3, a price portal on day 5, an advert on day 6; ordered 6 days and 5 hours after the film.
SOFA = path((0, "paid_video"), (2, "organic_search"), (4, "organic_shopping"), (5, "paid_social"))
SOFA_ORDERED = BEGAN + 6 * DAY + 5 * HOUR

# What came before, when it was ordered, the amount, and what each model makes of it.
JOURNEYS = {
    "the sofa": (
        SOFA,
        SOFA_ORDERED,
        89_900,
        {
            "first": {"paid_video": 89_900},
            "last": {"paid_social": 89_900},
            "last_non_direct": {"paid_social": 89_900},
            "linear": {"paid_video": 22_475, "organic_search": 22_475, "organic_shopping": 22_475, "paid_social": 22_475},
            "position": {"paid_video": 35_960, "organic_search": 8_990, "organic_shopping": 8_990, "paid_social": 35_960},
            # 149, 101, 53 and 29 hours before: 2 ** (-hours / 168) = 0.5408, 0.6592, 0.8036 and 0.8872 of 2.8908
            "time_decay": {"paid_video": 16_817, "organic_search": 20_501, "organic_shopping": 24_990, "paid_social": 27_592},
        },
    ),
    "one touchpoint has it all": (
        path((0, "email")),
        days(1),
        100,
        alike({"email": 100}),
    ),
    "of two, each has a half, and the odd unit is the earlier one's": (
        path((0, "email"), (0, "affiliate")),
        days(0),
        101,
        {
            "first": {"email": 101},
            "last": {"affiliate": 101},
            "last_non_direct": {"affiliate": 101},
            **alike({"email": 51, "affiliate": 50}, "linear", "position", "time_decay"),
        },
    ),
    "the same key twice sums": (
        path((0, "email"), (0, "display"), (0, "email")),
        days(0),
        300,
        {
            **alike({"email": 300}, "first", "last", "last_non_direct"),
            **alike({"email": 200, "display": 100}, "linear", "time_decay"),
            "position": {"email": 240, "display": 60},
        },
    ),
    "typed in at last": (
        path((0, "paid_search"), (7, "email"), (14, "direct")),
        days(14),
        70_000,
        {
            "first": {"paid_search": 70_000},
            "last": {"direct": 70_000},
            "last_non_direct": {"email": 70_000},
            "linear": {"paid_search": 23_334, "email": 23_333, "direct": 23_333},
            "position": {"paid_search": 28_000, "email": 14_000, "direct": 28_000},
            "time_decay": {"paid_search": 10_000, "email": 20_000, "direct": 40_000},  # 1 : 2 : 4
        },
    ),
    "typed in each time": (
        path((0, "direct"), (1, "direct")),
        days(1),
        500,
        alike({"direct": 500}),
    ),
    "five touchpoints: the three between have a third of 20 % each": (
        path((0, "a"), (0, "b"), (0, "c"), (0, "d"), (0, "e")),
        days(0),
        1_000,
        {
            "first": {"a": 1_000},
            **alike({"e": 1_000}, "last", "last_non_direct"),
            **alike({"a": 200, "b": 200, "c": 200, "d": 200, "e": 200}, "linear", "time_decay"),
            "position": {"a": 400, "b": 67, "c": 67, "d": 66, "e": 400},
        },
    ),
    "nothing led to it": ([], days(0), 100, alike({NONE: 100})),
    "all too long ago": (path((0, "email")), days(30) + 1, 100, alike({NONE: 100})),
    "exactly as long ago as the look-back": (path((0, "email")), days(30), 100, alike({"email": 100})),
    "what came after the order has no part in it": (
        [*path((0, "email")), Touchpoint(days(1) + 1, "display")],
        days(1),
        100,
        alike({"email": 100}),
    ),
    "told out of order": (
        path((2, "last"), (0, "first")),
        days(2),
        100,
        {
            "first": {"first": 100},
            **alike({"last": 100}, "last", "last_non_direct"),
            **alike({"first": 50, "last": 50}, "linear", "position"),
            "time_decay": {"first": 45, "last": 55},  # 0.8203 : 1
        },
    ),
    "a refund larger than the order": (
        path((0, "a"), (0, "b"), (0, "c")),
        days(0),
        -100,
        {
            "first": {"a": -100},
            **alike({"c": -100}, "last", "last_non_direct"),
            **alike({"a": -34, "b": -33, "c": -33}, "linear", "time_decay"),
            "position": {"a": -40, "b": -20, "c": -40},
        },
    ),
    "an order of nothing": (
        path((0, "a"), (0, "b")),
        days(0),
        0,
        {
            "first": {"a": 0},
            **alike({"b": 0}, "last", "last_non_direct"),
            **alike({"a": 0, "b": 0}, "linear", "position", "time_decay"),
        },
    ),
}


@pytest.mark.parametrize(("touchpoints", "ordered_at", "amount", "expected"), JOURNEYS.values(), ids=JOURNEYS)
def test_credit(touchpoints: list[Touchpoint], ordered_at: int, amount: int, expected: dict[str, dict[str, int]]) -> None:
    assert credit(touchpoints, ordered_at, 30, amount) == expected


def test_models_stand_in_the_order_of_the_reports() -> None:
    assert list(MODELS) == ["first", "last", "last_non_direct", "linear", "position", "time_decay"]


@pytest.mark.parametrize(("look_back", "left"), [(7, "paid_social"), (30, "email"), (90, "display")])
def test_a_look_back_leaves_out_what_is_older(look_back: int, left: str) -> None:
    touchpoints = path((-60, "display"), (-20, "email"), (-5, "paid_social"))
    assert credit(touchpoints, days(0), look_back, 100)["first"] == {left: 100}


@pytest.mark.parametrize("look_back", [0, 8, 365, -7])
def test_another_look_back_is_refused_in_words(look_back: int) -> None:
    with pytest.raises(ValueError, match="choose one of 7, 30, 90 days"):
        credit([], days(0), look_back, 100)


# --- what holds for any journey

touches = st.builds(
    Touchpoint,
    at=st.integers(BEGAN - 100 * DAY, BEGAN + DAY),
    key=st.sampled_from(["paid_social|sommer", "paid_social", "email", "direct", "Ærø\x00"]),
    is_direct=st.booleans(),
)
journeys = st.lists(touches, max_size=60)
amounts = st.integers(-MAX_AMOUNT, MAX_AMOUNT)


@given(journeys, amounts, st.sampled_from(LOOK_BACKS))
def test_every_model_adds_up_to_the_amount(touchpoints: list[Touchpoint], amount: int, look_back: int) -> None:
    found = credit(touchpoints, BEGAN, look_back, amount)
    keys = {touch.key for touch in taking_part(touchpoints, BEGAN, look_back)} or {NONE}
    for shares in found.values():
        assert sum(shares.values()) == amount
        assert shares.keys() <= keys
        assert all(share * amount >= 0 for share in shares.values())


@given(journeys, amounts)
def test_a_refund_takes_back_just_what_the_order_gave(touchpoints: list[Touchpoint], amount: int) -> None:
    given_, taken = credit(touchpoints, BEGAN, 90, amount), credit(touchpoints, BEGAN, 90, -amount)
    assert taken == {model: {key: -share for key, share in shares.items()} for model, shares in given_.items()}


@given(st.lists(st.integers(0, 90 * DAY), min_size=1, max_size=50))
def test_decay_halves_every_seven_days_and_never_rises_with_age(ages: list[int]) -> None:
    ages = sorted(ages)
    weights = time_decay([Touchpoint(BEGAN - age, "a") for age in ages], BEGAN)
    assert weights == sorted(weights, reverse=True)
    with localcontext(prec=40):
        for age, weight in zip(ages, weights, strict=True):
            exact = Decimal(2) ** (64 - Decimal(age) / HALF_LIFE)
            assert abs(weight - exact) < exact * Decimal("1e-9")


# --- sharing out


@given(amounts, st.dictionaries(st.text(max_size=3), st.one_of(st.integers(0, 10**6), st.floats(0, 1e6)), max_size=20))
def test_shares_add_up_and_are_less_than_one_unit_off(amount: int, weights: dict[str, float]) -> None:
    shares = share_out(amount, weights)
    assert sum(shares.values()) == amount
    whole = sum(Fraction(weight) for weight in weights.values())
    for key in weights if whole else ():
        assert abs(shares.get(key, 0) - amount * Fraction(weights[key]) / whole) < 1


@pytest.mark.parametrize(
    ("amount", "weights", "shares"),
    [
        (100, {"b": 1, "a": 1, "c": 1}, {"b": 34, "a": 33, "c": 33}),  # equals by order, not by name
        (2, {"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 1, "c": 0}),
        (10, {"a": 1, "b": 4}, {"a": 2, "b": 8}),
        (1, {"a": 1, "b": 4}, {"a": 0, "b": 1}),  # the largest remainder
        (7, {"a": 0.5, "b": 0.25, "c": 0}, {"a": 5, "b": 2}),
        (5, {"a": 1e-300, "b": 1e300}, {"a": 0, "b": 5}),
        (9, {}, {NONE: 9}),
        (9, {"a": 0, "b": 0.0}, {NONE: 9}),
        (0, {}, {NONE: 0}),
    ],
)
def test_shares(amount: int, weights: dict[str, float], shares: dict[str, int]) -> None:
    found = share_out(amount, weights)
    assert found == shares
    assert list(found) == list(shares)


@pytest.mark.parametrize("weight", [-1, -0.5, float("nan"), float("inf"), float("-inf")])
def test_a_weight_that_is_none_is_refused_in_words(weight: float) -> None:
    with pytest.raises(ValueError, match="the weight of 'x' is"):
        share_out(1, {"a": 1, "x": weight})


# --- the removal effect


@pytest.mark.parametrize(
    ("keys", "ordered", "steps"),
    [
        ("ab", True, [(START, "a"), ("a", "b"), ("b", ORDER)]),
        ("aabbba", False, [(START, "a"), ("a", "b"), ("b", "a"), ("a", NULL)]),
        ("a", True, [(START, "a"), ("a", ORDER)]),
        ("", True, [(START, NONE), (NONE, ORDER)]),
        ("", False, [(START, NONE), (NONE, NULL)]),
    ],
)
def test_transitions(keys: str, ordered: bool, steps: list[tuple[str, str]]) -> None:
    assert transitions(keys, ordered) == steps


Counts = dict[tuple[str, str], int]


def counted(*walks: tuple[str, bool, int]) -> Counts:
    """(keys, ordered, how many such journeys)."""
    counts: Counts = {}
    for keys, ordered, times in walks:
        for step in transitions(keys, ordered):
            counts[step] = counts.get(step, 0) + times
    return counts


# The journeys, and the effects by hand.
CHAINS = {
    # Of 4 that start, a leads 3/3 on to b; b orders 2 of 4.  Without a only the 1/4 that starts at b is left: 1/8 of 1/2.
    "one after the other": (counted(("ab", True, 2), ("ab", False, 1), ("b", False, 1)), {"a": 3 / 4, "b": 1.0}),
    "the example of docs/attribution.md": (
        counted(("ab", True, 2), ("b", True, 1), ("a", False, 3), ("b", False, 2)),
        {"a": 0.4, "b": 1.0},
    ),
    "either way": (counted(("a", True, 3), ("b", True, 1), ("a", False, 4)), {"a": 0.75, "b": 0.25}),
    # a <-> b in circles: a orders 1 of 3, else b; b always goes back to a.  Without b only the first try at a is left.
    "in circles": ({(START, "a"): 1, ("a", ORDER): 1, ("a", "b"): 2, ("b", "a"): 2}, {"a": 1.0, "b": 2 / 3}),
    "never an order": (counted(("ab", False, 5), ("c", False, 2)), {"a": 0.0, "b": 0.0, "c": 0.0}),
    "a key that never leads to an order": (counted(("a", True, 1), ("x", False, 9)), {"a": 1.0, "x": 0.0}),
    "an order that nobody led to": (counted(("", True, 1), ("a", True, 1)), {NONE: 0.5, "a": 0.5}),
    "no journeys at all": ({}, {}),
    "a way that ends nowhere": ({(START, "a"): 1, (START, "b"): 1, ("b", ORDER): 1}, {"a": 0.0, "b": 1.0}),
    "two keys that only lead to each other": (
        {(START, "a"): 3, ("a", "b"): 3, ("b", "a"): 3, (START, "c"): 1, ("c", ORDER): 1},
        {"a": 0.0, "b": 0.0, "c": 1.0},
    ),
    "counts that came to nothing again": ({**counted(("a", True, 1)), (START, "b"): 0, ("b", ORDER): 0}, {"a": 1.0, "b": 0.0}),
}


@pytest.mark.parametrize(("counts", "effects"), CHAINS.values(), ids=CHAINS)
def test_removal_effects(counts: Counts, effects: dict[str, float]) -> None:
    assert removal_effects(counts) == pytest.approx(effects, abs=1e-12)


def test_a_negative_count_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="the count of 'a' -> 'b' is -1"):
        removal_effects({("a", "b"): -1})


def probability_of_order(counts: Counts, removed: str | None) -> Fraction:
    """By definition and exactly: the linear equations of the chain without the key, solved in fractions."""
    keys = sorted({name for step in counts for name in step} - {ORDER, NULL, removed})
    totals = {key: sum(times for (source, _), times in counts.items() if source == key) for key in keys}
    share = {step: Fraction(times, totals[step[0]]) for step, times in counts.items() if times and step[0] in totals}
    # Only who can still come to an order has a chance above 0; for them the equations have one solution.
    hopeful: set[str] = set()
    while more := {source for source, target in share if target in hopeful | {ORDER}} - hopeful:
        hopeful |= more
    names = sorted(hopeful)
    rows = [
        [Fraction(int(a == b)) - share.get((a, b), Fraction(0)) for b in names] + [share.get((a, ORDER), Fraction(0))]
        for a in names
    ]
    for i in range(len(rows)):
        pivot = next(j for j in range(i, len(rows)) if rows[j][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for j in range(len(rows)):
            if j != i:
                rows[j] = [x - rows[j][i] * y for x, y in zip(rows[j], rows[i], strict=True)]
    return rows[names.index(START)][-1] if START in names else Fraction(0)


names = st.sampled_from(["a", "b", "c", "d", "e", "f"])
chains = st.dictionaries(
    st.tuples(st.one_of(st.just(START), names), st.one_of(names, st.sampled_from([ORDER, NULL]))),
    st.integers(0, 9),
    max_size=25,
)


@given(chains)
def test_the_effect_is_what_is_lost_without_the_key(counts: Counts) -> None:
    whole = probability_of_order(counts, None)
    for key, effect in removal_effects(counts).items():
        lost = 1 - probability_of_order(counts, key) / whole if whole else Fraction(0)
        assert effect == pytest.approx(float(lost), abs=1e-9)


def test_the_effect_is_what_walking_the_chain_shows() -> None:
    """A second way to the same number: 20,000 walkers of whom those who come to the key are sent away."""
    counts = counted(("abc", True, 30), ("acb", False, 60), ("cbc", True, 10), ("b", False, 50), ("ac", True, 20))
    onwards: dict[str, tuple[list[str], list[int]]] = {}
    for (source, target), times in counts.items():
        targets, weights = onwards.setdefault(source, ([], []))
        targets.append(target)
        weights.append(times)
    chance = random.Random(1)

    def orders(removed: str) -> int:
        arrived = 0
        for _ in range(20_000):
            at = START
            while at not in (ORDER, NULL, removed):
                at = chance.choices(*onwards[at])[0]
            arrived += at == ORDER
        return arrived

    whole = orders("nobody")
    for key, effect in removal_effects(counts).items():
        assert effect == pytest.approx(1 - orders(key) / whole, abs=0.03)


def test_effects_become_shares_that_add_up() -> None:
    counts = counted(("ab", True, 3), ("b", True, 2), ("", True, 1), ("a", False, 10))
    shares = share_out(89_900, removal_effects(counts))
    assert sum(shares.values()) == 89_900
    assert shares.keys() == {"a", "b", NONE}


def test_many_keys_in_circles_lose_nothing_to_rounding() -> None:
    """40 keys, each leading to each, one order in a million steps: every effect lies within 0…1, and equals get equal ones."""
    keys = [f"k{i}" for i in range(40)]
    counts: Counts = {(START, key): 1 for key in keys}
    counts |= {(a, b): 1_000 for a in keys for b in keys if a != b}
    counts |= {(key, ORDER): 1 for key in keys} | {(key, NULL): 1 for key in keys}
    effects = removal_effects(counts)
    assert min(effects.values()) == pytest.approx(max(effects.values()), rel=1e-9)
    # By symmetry: the walker sees about 39,000 / 2 keys before an end, so nearly every walk passes each key.
    assert effects["k0"] == pytest.approx(1 - float(probability_of_order(counts, "k0")) / 0.5, rel=1e-9)
