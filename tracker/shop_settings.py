"""What a shop's owner decides: the settings, their limits, and which of them change figures of the past.

In:  the JSON of the shop's row, or what somebody typed.
Out: ShopSettings, or BadSettings with what is wrong in words, by field.
To add a setting: a field of ShopSettings and its line in SettingsSchema; in CHANGES_PAST when counters depend on it.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from marshmallow import RAISE, Schema, ValidationError, validate
from marshmallow import fields as m

from tracker.checks import characters, entries, faults, one_of, said
from tracker.clock import DAY, MONTH, Instant, day_of
from tracker.enrich import CHANNELS
from tracker.errors import Mistake
from tracker.events.types import Consent, PageKind
from tracker.stages import PURCHASE, STAGES, VIEWS, StageView, own_view
from tracker.stages.tagging import TABLES
from tracker.texts import N_, Sentence, together

LOCALES = ("da", "en", "sv")
SETTLED = 2 * DAY  # a rate that holds from less than this before now changes no figure of the past

# Settings by which what was counted would have been counted otherwise: a change builds the counters anew.
CHANGES_PAST = (
    "zone", "currency", "idle_minutes", "journey_window_days", "lapse_days", "cart_expiry_days", "counted_states",
    "revenue_includes", "page_kinds", "channel_overrides", "rates",
)  # fmt: skip


class BadSettings(Mistake):
    """What somebody typed is no setting; `wrong` says what to write, by field."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        self.wrong = {name: Sentence(text) for name, text in wrong.items()}
        super().__init__(together(together(told, ": ") for told in self.wrong.items()))
        self.field = next(iter(wrong))


@dataclass(frozen=True)
class ShopSettings:
    """What a shop's owner decides.  Days in the shop's zone, money reports in its currency."""

    zone: str = "Europe/Copenhagen"
    currency: str = "DKK"
    locale: str = "da"
    languages: tuple[str, ...] = ("da",)  # that the shop speaks to its customers
    stage_view: str = "twelve"
    stage_views: Mapping[str, Any] = field(default_factory=dict)  # the shop's own, by key: what stages.own_view takes
    idle_minutes: int = 30  # a session's longest gap; exactly this long continues
    journey_window_days: int = 30  # without an own act for longer, a journey lapses; 90 is usual between companies
    lapse_days: int = 180  # a customer silent for longer who comes back is reactivated
    cart_expiry_days: int = 30  # a cart untouched for longer is not bought any more
    abandon_minutes: int = 60  # a filled cart idle for longer is called abandoned
    counted_states: tuple[str, ...] = ("paid", "placed_cod", "completed", "processing")  # order states that count
    revenue_includes: tuple[str, ...] = ()  # beside goods after discounts: tax, shipping
    consent_unknown: str = "anonymous"  # the level of a browser that no consent platform speaks for
    page_kinds: Mapping[str, str] = field(default_factory=dict)  # path prefix -> PageKind, before the guesses
    stage_versions: tuple[Mapping[str, Any], ...] = ({"since_at": 0, "table": 1, "own": []},)  # of the tagging rules
    channel_overrides: tuple[Mapping[str, str], ...] = ()  # {source|host|medium|campaign: value, channel}; first match wins
    rates: Mapping[str, Any] = field(default_factory=dict)  # currency -> [[YYYY-MM-DD, what one unit is worth], …]
    excluded_emails: tuple[str, ...] = ()  # addresses, or @domains, that say nothing of who somebody is
    excluded_networks: tuple[str, ...] = ()  # of the shop's own people: their browsers count as staff
    events_months: int = 25  # events older than this are folded away; 0: kept
    people_months: int = 37  # who did nothing for longer is forgotten; totals stay; 0: kept
    b2b: bool = False  # journeys are those of companies
    two_factor: bool = False  # members see the shop only with a second factor at their login

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def events_since(self, now: Instant) -> Instant | None:
        """Events older than this are not kept any more; None: all are."""
        return now - self.events_months * MONTH if self.events_months else None

    @cached_property
    def views(self) -> dict[str, StageView]:
        """The stage views that this shop's reports can be seen through, by key."""
        return VIEWS | {key: own_view(key, told) for key, told in self.stage_views.items()}

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> ShopSettings:
        """From the shop's row; fields that this release does not know are left alone there."""
        known = {f.name: f for f in fields(cls)}
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in stored.items() if name in known}
        return cls(**values)

    def dump(self) -> dict[str, Any]:
        """For the shop's row."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def rate_on(self, currency: str, day: date) -> Decimal | None:
        """What one unit of a currency was worth in the shop's own on a day; None when the table has no rate from that early."""
        if currency == self.currency:
            return Decimal(1)
        table = self.rates.get(currency, ())
        return next((Decimal(worth) for since, worth in reversed(table) if since <= day.isoformat()), None)

    def override_channel(self, **told: str) -> str | None:
        """The owner's own word for where an arrival with this source, host, medium and campaign comes from; the first that
        matches."""
        for override in self.channel_overrides:
            if all(told[name].lower() == value.lower() for name, value in override.items() if name != "channel"):
                return override["channel"]
        return None

    def changed(self, told: Mapping[str, Any]) -> ShopSettings:
        """With what somebody typed instead.  Raises BadSettings."""
        try:
            given = SettingsSchema().load(told)
        except ValidationError as error:
            raise BadSettings(faults(error)) from error
        after = ShopSettings.load({**self.dump(), **given})
        if after.stage_view not in after.views:
            raise BadSettings({"stage_view": N_("is none of the stage views")})
        return after

    def changes_past(self, after: ShopSettings, now: Instant) -> bool:
        """Whether figures of the past would come out otherwise with the other settings."""
        names = [name for name in CHANGES_PAST if name != "rates"]
        if any(getattr(self, name) != getattr(after, name) for name in names):
            return True
        return _settled(self, now) != _settled(after, now)


def check_rules(own: Any) -> None:
    """A shop's own stage rules, as somebody typed them.  Raises BadSettings."""
    try:
        _own_rules.deserialize(own)
    except ValidationError as error:
        raise BadSettings({"own": said(error.messages)}) from error


def _settled(settings: ShopSettings, now: Instant) -> dict[str, list[Any]]:
    last = day_of(now - SETTLED, settings.tz).isoformat()
    return {c: kept for c, rates in settings.rates.items() if (kept := [list(rate) for rate in rates if rate[0] <= last])}


# --- what may be typed

_months = validate.Range(0, 240, error=N_("write a number of months from 0 to 240"))
_days = validate.Range(1, 3_650, error=N_("write a number of days from 1 to 3650"))


class _OwnRule(Schema):
    stage = m.String(
        required=True, validate=validate.OneOf([stage.key for stage in STAGES], error=N_("is none of the twelve stages"))
    )
    path = m.String(validate=characters(200))
    type = m.String(validate=characters(64))
    property = m.String(validate=characters(64))
    value = m.String(validate=characters(200))


def _check_rule(rule: dict[str, str]) -> None:
    if not (rule.get("path") or rule.get("type") or rule.get("property")):
        raise ValidationError(N_("an own stage rule needs a path, a type or a property"))


_own_rules = m.List(m.Nested(_OwnRule, validate=_check_rule), validate=entries(200), load_default=list)


class _StageVersion(Schema):
    since_at = m.Integer(required=True)
    table = m.Integer(required=True, validate=one_of(list(TABLES)))
    own = _own_rules


_names = m.Dict(
    keys=m.String(validate=one_of(LOCALES)),
    values=m.String(validate=characters(60, 1)),
    validate=validate.Length(min=1, error=N_("give a name in at least one language")),
    required=True,
)
_is_key = validate.Regexp(r"\A[a-z][a-z0-9_]{0,29}\Z", error=N_("write a key in small letters, digits and _"))


class _OwnViewStage(Schema):
    key = m.String(required=True, validate=_is_key)
    names = _names
    holds = m.List(
        m.String(validate=validate.OneOf([stage.key for stage in STAGES], error=N_("is none of the twelve stages"))),
        required=True,
        validate=entries(len(STAGES), 1),
    )


class _OwnView(Schema):
    names = _names
    stages = m.List(m.Nested(_OwnViewStage), required=True, validate=entries(12, 2))
    ordered = m.Boolean()


class _ChannelOverride(Schema):
    source = m.String(validate=characters(100))
    host = m.String(validate=characters(253))
    medium = m.String(validate=characters(100))
    campaign = m.String(validate=characters(200))
    channel = m.String(required=True, validate=validate.OneOf(list(CHANNELS), error=N_("is none of the channels")))


def _check_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(N_("is no time zone: write one like Europe/Copenhagen"))


def _check_rates(rates: dict[str, list[list[str]]]) -> None:
    for currency, table in rates.items():
        if len(currency) != 3 or not currency.isascii() or not currency.isupper():
            raise _wrong(N_("%(currency)s is no currency: write three capital letters"), currency=currency)
        for rate in table:
            try:
                day, worth = date.fromisoformat(rate[0]), Decimal(rate[1])
            except (ValueError, IndexError, InvalidOperation, TypeError):
                text = N_('%(currency)s: write ["2026-01-31", "7.46"]: a day, and what one %(currency)s is worth')
                raise _wrong(text, currency=currency) from None
            if not (worth.is_finite() and 0 < worth < 10**6) or day.year < 1990:
                raise _wrong(N_("%(currency)s: %(worth)s is no rate"), currency=currency, worth=rate[1])
        if [rate[0] for rate in table] != sorted({rate[0] for rate in table}):
            raise _wrong(N_("%(currency)s: write the days in order, each once"), currency=currency)


def _wrong(text: str, /, **params: Any) -> ValidationError:
    return ValidationError(Sentence(text, params))


def _check_network(text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise _wrong(N_("%(text)s is no network: write one like 192.0.2.0/24"), text=text) from error


def _check_view_key(key: str) -> None:
    _is_key(key)
    if key in VIEWS:
        raise _wrong(N_("%(key)s is one of the views that are always there: choose another key"), key=key)


def _check_view(told: dict[str, Any]) -> None:
    """Each of the twelve in exactly one stage, and those up to the purchase not after it."""
    keys = [stage["key"] for stage in told["stages"]]
    if len(set(keys)) < len(keys):
        raise ValidationError(N_("give each stage of the view a key of its own"))
    held = Counter(name for stage in told["stages"] for name in stage["holds"])
    for stage in STAGES:
        if not held[stage.key]:
            raise _wrong(N_("%(key)s lies in no stage of the view: put each of the twelve in exactly one"), key=stage.key)
        if held[stage.key] > 1:
            raise _wrong(N_("%(key)s lies in several stages of the view: put each of the twelve in exactly one"), key=stage.key)
    view = own_view("", told)
    late = [stage.key for stage in STAGES[:PURCHASE] if view.position_of[stage.number] > view.approach]
    if late:
        raise _wrong(N_("%(keys)s: stages up to the purchase cannot lie after it"), keys=", ".join(late))


def _check_override(override: dict[str, str]) -> None:
    if set(override) <= {"channel"}:
        raise ValidationError(N_("say which source, host, medium or campaign"))


class SettingsSchema(Schema):
    """Checks what somebody typed."""

    class Meta:
        unknown = RAISE

    zone = m.String(validate=_check_zone)
    currency = m.String(validate=validate.Regexp(r"\A[A-Z]{3}\Z", error=N_("write three capital letters, such as DKK")))
    locale = m.String(validate=one_of(LOCALES))
    languages = m.List(m.String(validate=one_of(LOCALES)), validate=entries(len(LOCALES), 1))
    stage_view = m.String()
    stage_views = m.Dict(keys=m.String(validate=_check_view_key), values=m.Nested(_OwnView, validate=_check_view),
                         validate=entries(20))  # fmt: skip
    idle_minutes = m.Integer(validate=validate.Range(1, 240, error=N_("write a number of minutes from 1 to 240")))
    journey_window_days = m.Integer(validate=_days)
    lapse_days = m.Integer(validate=_days)
    cart_expiry_days = m.Integer(validate=_days)
    abandon_minutes = m.Integer(validate=validate.Range(5, 10_080, error=N_("write a number of minutes from 5 to 10080")))
    counted_states = m.List(m.String(validate=characters(40, 1)), validate=entries(30, 1))
    revenue_includes = m.List(m.String(validate=one_of(("tax", "shipping"))))
    consent_unknown = m.String(validate=one_of([level.name.lower() for level in Consent]))
    page_kinds = m.Dict(keys=m.String(validate=validate.Regexp(r"\A/", error=N_("a path begins with /"))),
                        values=m.String(validate=one_of([kind.value for kind in PageKind])))  # fmt: skip
    stage_versions = m.List(m.Nested(_StageVersion), validate=entries(200, 1))
    channel_overrides = m.List(m.Nested(_ChannelOverride, validate=_check_override), validate=entries(500))
    rates = m.Dict(keys=m.String(), values=m.List(m.List(m.String())), validate=_check_rates)
    excluded_emails = m.List(m.String(validate=characters(254, 3)), validate=entries(1_000))
    excluded_networks = m.List(m.String(validate=_check_network), validate=entries(200))
    events_months = m.Integer(validate=_months)
    people_months = m.Integer(validate=_months)
    b2b = m.Boolean()
    two_factor = m.Boolean()
