"""A sentence: English as it is, and of which msgid and parameters it is made."""

from __future__ import annotations

import logging
from typing import Any

import orjson
import pytest

from tracker.errors import Mistake
from tracker.reports.words import tell
from tracker.texts import Sentence, together

LINE = Sentence("line %(line)s: %(what)s", {"line": 3, "what": Sentence("is missing")})
DANISH = {"line %(line)s: %(what)s": "linje %(line)s: %(what)s", "is missing": "mangler"}


def danish(msgid: str) -> str:
    return DANISH.get(msgid, msgid)


def test_as_a_text_it_is_english() -> None:
    assert LINE == "line 3: is missing"
    assert orjson.loads(orjson.dumps({"why": LINE})) == {"why": "line 3: is missing"}
    assert Sentence(LINE) is LINE


def test_it_is_told_in_another_language_with_the_sentences_in_it() -> None:
    assert tell(LINE, danish) == "linje 3: mangler"


def test_several_are_told_together_and_foreign_text_stays_as_it_is() -> None:
    both = together(("is missing", Sentence("is missing")), ": ")
    assert (both, tell(both, danish)) == ("is missing: is missing", "is missing: mangler")


def test_a_percent_sign_that_came_from_somebody_is_no_parameter() -> None:
    assert tell(together(("100 %", "%(line)s", LINE)), danish) == "100 %; %(line)s; linje 3: mangler"


@pytest.mark.parametrize("sentence", [LINE, Sentence("is missing"), together(("x", LINE))])
def test_it_comes_back_from_json_with_all_that_is_in_it(sentence: Sentence) -> None:
    kept = Sentence.load(orjson.loads(orjson.dumps(sentence.dump())))
    assert (kept, tell(kept, danish)) == (sentence, tell(sentence, danish))


@pytest.mark.parametrize(("text", "params"), [("%(a)s", {"b": 1}), ("100 % %(x", {"x": 1}), ("40 % of all", {})])
def test_a_template_without_its_parameters_stands_for_itself(text: str, params: dict[str, Any]) -> None:
    assert Sentence(text, params) == text


def test_a_mistake_says_in_english_what_its_sentence_says(caplog: pytest.LogCaptureFixture) -> None:
    mistake = Mistake("line %(line)s: %(what)s", line=3, what=Sentence("is missing"))
    logging.error("%s", mistake)
    assert (str(mistake), tell(mistake.said, danish)) == ("line 3: is missing", "linje 3: mangler")
    assert "line 3: is missing" in caplog.text
