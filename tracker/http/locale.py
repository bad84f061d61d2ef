"""The reader's language: as chosen on the profile or the login page, else what the browser asks for, else English."""

from __future__ import annotations

from flask import request, session
from flask_babel import get_locale as babel_locale
from flask_babel import gettext

from tracker import audit
from tracker.errors import Mistake
from tracker.http.accounts import LOCALES
from tracker.reports.export import Say
from tracker.reports.words import say, tell
from tracker.stages import VIEWS, StageView


def select_locale() -> str:
    """Asks the session and not the database, so that error pages have a language while it is away."""
    chosen = session.get("locale")
    return chosen if chosen in LOCALES else request.accept_languages.best_match(list(LOCALES), "en")


def choose_locale(locale: str | None) -> None:
    """None: whatever the browser asks for."""
    if locale in LOCALES:
        session["locale"] = locale
    else:
        session.pop("locale", None)


def locale() -> str:
    return str(babel_locale() or "en")


def translate(text: str) -> str:
    """Of a msgid that stands in a table; an empty one would give the catalogue's header."""
    return gettext(text) if text else ""


def explain(mistake: Mistake) -> str:
    """What is wrong, and what to write instead, in the reader's language."""
    return tell(mistake.said, translate)


def name_of(who: str) -> str:
    """Of whoever did something: a person's address, or a program in the reader's language."""
    return translate(who) if who in (audit.COMMAND_LINE, audit.SHOPS_SERVER) else who


def sayer(view: StageView = VIEWS["twelve"]) -> Say:
    """Names of keys in the reader's language."""
    return lambda vocabulary, key: say(vocabulary, key, locale(), translate, view)
