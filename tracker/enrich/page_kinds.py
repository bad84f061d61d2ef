"""Guess what a page is for from its path.

In:  the page's address; the shop's own prefixes (path prefix -> kind), which go before all guessing.
Out: a PageKind; `other` when nothing tells.
The last path segment that is a known word decides: /blogs/news/size-guide is a size guide.  What stands after a word for
one product is a free name (/product/golf-cart).  A language in front (/da/, /en-gb/) is not looked at.
List: data/page_words.csv, written as people write them; `storrelsesguide`, `stoerrelsesguide` and `størrelses_guide` are
found by `størrelses-guide`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from itertools import product
from urllib.parse import unquote

from tracker.enrich.address import MAX_ADDRESS, clean, read_address, read_labels
from tracker.enrich.lists import read_list
from tracker.events.types import PageKind

# How a letter is written where only ASCII is at hand.
_SPELLED: Mapping[str, tuple[str, ...]] = {
    "æ": ("æ", "ae", "a", "e"),
    "ø": ("ø", "oe", "o"),
    "å": ("å", "aa", "a"),
    "ä": ("ä", "ae", "a"),
    "ö": ("ö", "oe", "o"),
    "ü": ("ü", "ue", "u"),
    "ß": ("ß", "ss"),
    "é": ("é", "e"),
    "-": ("-", ""),
}
_LANGUAGE = re.compile(
    r"(?:da|dk|sv|se|no|nb|nn|de|at|ch|en|gb|uk|us|ie|eu|int|fi|nl|be|fr|es|it|pl|pt|cs|is|fo|global)"
    r"(?:-(?:da|dk|sv|se|no|nb|nn|de|at|ch|en|gb|uk|us|ie|eu|int|fi|nl|be|fr|es|it|pl|pt|cz|is|fo))?"
)
_FILE = re.compile(r"\.(?:html?|php|aspx?|jsp)$")
_INDEX = frozenset({"index", "default"})
_SEARCH_LABELS = frozenset({"s", "q"})  # WordPress searches from the front page: /?s=kjole


def page_kind(url: str, overrides: Mapping[str, str]) -> PageKind:
    """An override whose kind does not exist is passed over."""
    url = url[:MAX_ADDRESS]
    return (_override(url, overrides) if overrides else None) or _guess(url)


def _override(url: str, overrides: Mapping[str, str]) -> PageKind | None:
    """The longest prefix wins; /kampagne is a prefix of /kampagne/maj but not of /kampagner."""
    path = _path(url)
    best: tuple[int, PageKind] | None = None
    for prefix, kind in overrides.items():
        wanted = _readable(prefix).rstrip("/")
        fits = path == wanted or path.startswith(wanted + "/") if wanted else path == ""
        if fits and kind in _KINDS and (best is None or len(wanted) > best[0]):
            best = (len(wanted), _KINDS[kind])
    return best[1] if best else None


_KINDS = {kind.value: kind for kind in PageKind}


@lru_cache(maxsize=8_192)
def _guess(url: str) -> PageKind:
    segments = [segment for segment in map(_plain, _path(url).split("/")) if segment]
    if segments and _LANGUAGE.fullmatch(segments[0]):
        segments = segments[1:]
    segments = [segment for segment in segments if segment not in _INDEX]
    if not segments:
        return PageKind.SEARCH if read_labels(read_address(url).query, _SEARCH_LABELS) else PageKind.HOME
    return _by_words(segments)


def _by_words(segments: list[str]) -> PageKind:
    words = _words()
    kind = PageKind.OTHER
    for position, segment in enumerate(segments):
        found = words.get(segment)
        if found is PageKind.PRODUCT:
            # /products alone is the list of them
            return found if position + 1 < len(segments) else PageKind.CATEGORY
        kind = found or kind
    return kind


@lru_cache(maxsize=8_192)
def _path(url: str) -> str:
    """Readable, without the final slash."""
    return _readable(read_address(url).path).rstrip("/")


@lru_cache(maxsize=1_024)
def _readable(path: str) -> str:
    text = unicodedata.normalize("NFC", clean(unquote(path), MAX_ADDRESS)).lower()
    return text if not text or text.startswith("/") else "/" + text


def _plain(segment: str) -> str:
    return re.sub(r"[\s_+]+", "-", _FILE.sub("", segment)).strip("-")


@cache
def _words() -> dict[str, PageKind]:
    """By every spelling.  Where two words share one, the word as written in the list wins over a respelled one."""
    rows = [(row["word"], PageKind(row["kind"])) for row in read_list("page_words")]
    respelled = {spelling: kind for word, kind in rows for spelling in spellings(word)}
    return respelled | dict(rows)


def spellings(word: str) -> set[str]:
    """All ways in which a path may write it."""
    return {"".join(letters) for letters in product(*(_SPELLED.get(letter, (letter,)) for letter in word))}
