"""Danish and Swedish are complete, fit their English sentences, and are compiled."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

import tracker
from tracker.http.accounts import LOCALES

PACKAGE = Path(tracker.__file__).parent
FOLDER = PACKAGE / "translations"
TRANSLATED = sorted(set(LOCALES) - {"en"})
PARAMETER = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def sentences() -> set[str]:
    """Every msgid that stands in code and templates."""
    with (FOLDER / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {**DEFAULT_KEYWORDS, "N_": None, "translate": None}
    found = extract_from_dir(PACKAGE, methods, options, keywords)  # type: ignore[arg-type]
    return {str(message[2]) for message in found}


def read(language: str) -> Catalog:
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def test_sentences_are_found_in_code_templates_and_reasons(sentences: set[str]) -> None:
    assert {"Where do customers go on, and where are they lost?", "Log in", "Read the size guide", "Paid search"} <= sentences


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_and_none_is_left_over(language: str, sentences: set[str]) -> None:
    translated = {str(message.id) for message in read(language) if message.id and message.string and not message.fuzzy}
    assert translated == sentences


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_parameters_of_its_sentence(language: str) -> None:
    wrong = [m.id for m in read(language) if sorted(PARAMETER.findall(str(m.id))) != sorted(PARAMETER.findall(str(m.string)))]
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    fresh = io.BytesIO()
    write_mo(fresh, read(language))
    fresh.seek(0)
    with (FOLDER / language / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        compiled = read_mo(file)
    assert {str(m.id): m.string for m in compiled if m.id} == {str(m.id): m.string for m in read_mo(fresh) if m.id}
