"""What a mail says.

In:  its kind – a file of templates/mail –, the reader's language, and the facts that the file names.
Out: Letter.  A kind's file says subject, paragraphs, button and small print once; frame.html and frame.txt give them form.
To add a mail: its file, and its line in KINDS.

A file may say more: `preheader` (what mail programs show beside the subject), `blocks` (blocks.py), and `leave`, the words and
the address by which the reader gets no more such mails.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from tracker.texts import catalogue

_PACKAGE = Path(__file__).resolve().parent.parent

# kind -> the facts that it tells
KINDS: dict[str, frozenset[str]] = {
    "invitation": frozenset({"shop", "role", "invited_by", "link", "days"}),
    "password": frozenset({"link"}),
    "password_changed": frozenset({"link"}),
    "trial": frozenset({"address"}),
    "weekly": frozenset({"shop", "span", "sentences", "blocks", "link", "profile", "leave"}),
    "alarm": frozenset({"shop", "alarm", "since", "advice", "also", "link", "profile", "leave"}),
    "alarm_over": frozenset({"shop", "alarm", "link", "profile", "leave"}),
}

_SAID: dict[str, Any] = {"preheader": "", "blocks": (), "leave": None}  # of a file that does not say it


@dataclass(frozen=True)
class Letter:
    """A mail without its envelope."""

    subject: str
    text: str
    html: str


def compose(kind: str, locale: str, **facts: Any) -> Letter:
    """Raises KeyError for a kind that there is not, TypeError when it is told other facts than it has."""
    if KINDS[kind] != facts.keys():
        raise TypeError(f"{kind} tells {sorted(KINDS[kind])}, not {sorted(facts)}")
    words, frames = _environments(locale)
    said: Any = words.get_template(f"{kind}.html").make_module(facts)
    parts = {
        "locale": locale,
        "subject": said.subject,
        "paragraphs": said.paragraphs,
        "button": said.button,
        "small": said.small,
        **{name: getattr(said, name, default) for name, default in _SAID.items()},
    }
    text, html = (frames.get_template(name).render(parts) for name in ("frame.txt", "frame.html"))
    return Letter(" ".join(said.subject.split()), text, html)


@lru_cache
def _environments(locale: str) -> tuple[Environment, Environment]:
    """That of the words, which are plain text, and that of the frames, where HTML escapes them."""
    found = []
    for autoescape in (False, select_autoescape(["html"], default=False)):
        env = Environment(
            loader=FileSystemLoader(_PACKAGE / "templates" / "mail"),
            autoescape=autoescape,  # noqa: S701
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        env.install_gettext_translations(catalogue(locale), newstyle=True)  # type: ignore[attr-defined]
        found.append(env)
    return found[0], found[1]
