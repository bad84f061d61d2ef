"""The words for a reader whom no request tells us about, such as the one of a mail."""

from __future__ import annotations

from tracker.reports.words import say
from tracker.shops import Shop
from tracker.stages import VIEWS, StageView
from tracker.telling.cells import Writer
from tracker.texts import catalogue


def writer(locale: str, shop: Shop, view: StageView = VIEWS["twelve"]) -> Writer:
    """Writes in that language, with times in the shop's zone."""

    def translate(text: str) -> str:
        return catalogue(locale).gettext(text) if text else ""

    return Writer(locale, shop.settings.tz, translate, lambda vocabulary, key: say(vocabulary, key, locale, translate, view))
