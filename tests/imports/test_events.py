"""Past events: NDJSON in the wire format, of the server and of browsers, of any age."""

from __future__ import annotations

from typing import Any

import pytest

from tests.imports.importing import Installation, faults, lines
from tracker.clock import DAY, isoformat, parse
from tracker.events.types import Consent, Source
from tracker.imports import FileRefused

AT = "2024-03-01T10:00:00+01:00"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)
PAGE = {"url": "https://shop.example/kjoler", "referrer": "https://www.google.com/"}


def signed(**fields: Any) -> dict[str, Any]:
    return {"event_id": "e1", "type": "sign_up", "occurred_at": AT, "customer_key": "318", **fields}


def seen(**fields: Any) -> dict[str, Any]:
    told = {"source": "browser", "event_id": "b1", "type": "page_view", "occurred_at": AT, "page": PAGE}
    return {**told, "visitor_key": "v1", "consent": "statistics", **fields}


def test_an_event_of_the_server_is_kept_at_the_time_it_happened(here: Installation) -> None:
    report = here.bring("events", lines(signed()))
    assert (report.lines, report.accepted, report.events, report.form) == (1, 1, 1, "NDJSON")
    event = here.event()
    assert (event.event_id, event.source, event.customer_key) == ("e1", Source.SERVER, "318")
    assert (event.occurred_at, event.received_at) == (parse(AT), here.now)


def test_bodies_are_marked_as_imported_and_begin_as_readers_sort(here: Installation) -> None:
    here.bring("events", lines(*(signed(event_id=f"e{i}") for i in range(120))))
    bodies = here.bodies()
    assert [len(body["events"]) for body in bodies] == [50, 50, 20]
    assert all(body["imported"] is True and next(iter(body)) == "received_at" for body in bodies)
    assert all("imported" not in packed for body in bodies for packed in body["events"])


def test_a_browsers_event_keeps_its_visitor_consent_and_page(here: Installation) -> None:
    here.bring("events", lines(seen(user_agent=PHONE, country="dk", consent="marketing")))
    event = here.event()
    assert (event.source, event.visitor_key, event.consent) == (Source.BROWSER, "v1", Consent.MARKETING)
    assert event.page is not None and event.page.referrer == PAGE["referrer"]
    assert (event.user_agent, event.country, event.bot) == (PHONE, "DK", None)
    assert event.occurred_at < here.now - 30 * DAY  # older than a browser may send it


def test_a_machine_of_the_past_is_one(here: Installation) -> None:
    here.bring("events", lines(seen(user_agent="Googlebot/2.1 (+http://www.google.com/bot.html)")))
    assert here.event().bot is not None


def test_an_anonymous_event_joins_nobody_and_its_visitor_is_one_session_of_a_day(here: Installation) -> None:
    told = [seen(event_id=f"b{i}", consent="anonymous", customer_key="318", occurred_at=at) for i, at in enumerate(
        [AT, "2024-03-01T10:05:00+01:00", "2024-03-02T10:00:00+01:00"])]  # fmt: skip
    told.append(seen(event_id="b9", consent="anonymous", visitor_key="v2"))
    here.bring("events", lines(*told))
    first, second, tomorrow, other = here.events()
    assert first.visitor_key is first.customer_key is None
    assert first.anonymous_key == second.anonymous_key
    assert len({first.anonymous_key, tomorrow.anonymous_key, other.anonymous_key}) == 3


def test_a_browser_that_names_no_level_has_the_shops(here: Installation) -> None:
    here.bring("events", lines(seen(consent=None)))
    assert here.event().consent is Consent.ANONYMOUS


def test_without_consent_nothing_is_kept_and_that_is_told(here: Installation) -> None:
    report = here.bring("events", lines(seen(consent="none"), signed()))
    assert (report.accepted, report.events, report.notes) == (2, 1, {"no_consent": 1})
    assert [body.get("counted") for body in here.bodies()] == [None]


def test_a_line_without_an_id_is_the_same_event_every_time(here: Installation) -> None:
    told = signed(event_id=None, data={"method": "email"})
    here.bring("events", lines(told, told, signed(event_id="", customer_key="319")))
    first, again, other = here.events()
    assert first.event_id == again.event_id != other.event_id
    assert first.event_id.startswith("import:") and len(first.event_id) <= 64


def test_when_it_was_sent_does_not_move_an_event_to_today(here: Installation) -> None:
    here.bring("events", lines(signed(sent_at="2024-03-01T10:00:01+01:00", v=1, key="pk_1")))
    assert here.event().occurred_at == parse(AT)


def test_an_unknown_type_is_kept_as_the_wire_keeps_it(here: Installation) -> None:
    here.bring("events", lines(signed(type="gift_wrapped", data={"paper": "red"})))
    assert (here.event().type, here.event().data) == ("custom", {"name": "gift_wrapped", "paper": "red"})


def test_what_a_browser_may_not_say_more_than_it_knows_is_named(here: Installation) -> None:
    report = here.bring("events", lines(seen(data={"theme": "dark"})))
    assert (report.accepted, report.unused) == (1, ["data.theme"])


@pytest.mark.parametrize(
    ("line", "reason", "field", "text"),
    [
        ("not JSON", "not_json", "", "is no JSON"),
        ('{"type": "sign_up", ', "not_json", "", "is no JSON"),
        ("[1, 2]", "not_json", "", "is no JSON object"),
        ("5", "not_json", "", "is no JSON object"),
        ('{"a": NaN}', "not_json", "", "is no JSON"),
        ("[" * 5_000, "not_json", "", "is no JSON"),
        (lines(signed(occurred_at=None)), "invalid", "occurred_at", "is missing: an imported event must say when"),
        (lines(signed(occurred_at="2024-03-01 10:00")), "invalid", "occurred_at", "is neither epoch milliseconds nor ISO"),
        (lines(signed(occurred_at=1_709_283_600)), "invalid", "occurred_at", "is before 1973; is it in seconds?"),
        (lines(signed(occurred_at="2036-01-01T00:00:00Z")), "in_future", "occurred_at", "lies in the future: 2036-01-01"),
        (lines(signed(type=None)), "invalid", "type", "is missing"),
        (lines(signed(type=[])), "invalid", "type", "is no text"),
        (lines(signed(event_id="a b")), "invalid", "event_id", "is not 1–64 characters"),
        (lines(signed(source="robot")), "invalid", "source", "is neither server nor browser"),
        (lines(signed(source=["browser"])), "invalid", "source", "is neither server nor browser"),
        (lines(signed(customer_key={"a": 1})), "invalid", "customer_key", "is no text"),
        (lines(signed(shoe_size=39)), "invalid", "shoe_size", "is unknown"),
        (lines(signed(events=[])), "invalid", "events", "is unknown"),
        (lines(seen(type="refund", data={"transaction_id": "1"})), "not_from_browser", "type", "refund is told by the shop's"),
        (lines(seen(user_agent=5)), "invalid", "user_agent", "is no text"),
        (lines(seen(country="Danmark")), "invalid", "country", "is no country of two letters"),
        (lines(signed(type="purchase", data={"transaction_id": "1", "value": -1})), "invalid", "value", "is not between 0"),
        (lines(signed(type="purchase", data={"transaction_id": "1", "value": 1, "currency": "kr"})), "invalid", "currency",
         "is no currency of three letters"),
    ],
)  # fmt: skip
def test_a_bad_line_is_refused_in_words_and_the_others_are_kept(
    here: Installation, line: str, reason: str, field: str, text: str
) -> None:
    report = here.bring("events", lines(signed()) + line.rstrip("\n") + "\n" + lines(signed(event_id="e2")))
    assert (report.lines, report.accepted, report.refused) == (3, 2, {reason: 1})
    [(number, found, words)] = faults(report)
    assert (number, found) == (2, field)
    assert words.startswith(text), words
    assert [event.event_id for event in here.events()] == ["e1", "e2"]


def test_lines_that_are_not_utf_8_are_refused_by_name(here: Installation) -> None:
    report = here.bring("events", lines(signed(data={"method": "på"})).encode("latin-1"))
    assert faults(report) == [(1, "", "is not UTF-8: save the file as UTF-8")]


def test_a_raw_nul_a_byte_order_mark_and_blank_lines(here: Installation) -> None:
    content = b"\xef\xbb\xbf" + lines(signed()).encode() + b"\n  \r\n" + b'{"a": "\x00"}\n'
    report = here.bring("events", content)
    assert (report.accepted, report.refused) == (1, {"not_json": 1})


def test_a_line_of_five_megabytes_is_refused_and_the_next_is_read(here: Installation) -> None:
    report = here.bring("events", lines(signed(data={"method": "x" * 5_000_000}), signed(event_id="e2")))
    assert (report.refused, here.event().event_id) == ({"too_big": 1}, "e2")


def test_only_ndjson_holds_events(here: Installation) -> None:
    report = here.bring("events", "event_id,type\n1,page_view\n")
    assert report.refused == {"not_json": 2}
    with pytest.raises(FileRefused, match="Only a CSV file of orders"):
        here.bring("events", lines(signed()), order_key="id")


def test_refused_lines_can_be_corrected_and_imported(here: Installation) -> None:
    bad = lines(signed(event_id="e2", occurred_at=None))
    report = here.bring("events", lines(signed()) + bad + "{broken")
    assert here.refused.read_text() == (
        "# line 2: occurred_at is missing: an imported event must say when it happened\n" + bad
        + f"# {report.findings[1]}\n" + "{broken\n"
    )  # fmt: skip
    corrected = here.refused.read_text().replace("null", f'"{AT}"').replace("{broken\n", "")
    again = here.bring("events", corrected)
    assert (again.lines, again.accepted) == (1, 1)
    assert sorted(event.event_id for event in here.events()) == ["e1", "e2"]


def test_hostile_names_are_told_without_what_could_harm_a_terminal(here: Installation) -> None:
    report = here.bring("events", lines(signed(**{"\x1b[2Jname\u202e": 1})))
    assert "\x1b" not in report.text() and "\u202e" not in report.text()
    assert "\x1b" not in here.refused.read_text().splitlines()[0]


def test_no_more_than_some_faults_are_told_and_all_are_in_the_file(here: Installation) -> None:
    report = here.bring("events", "".join(lines(signed(event_id=" ")) for _ in range(50)))
    assert (len(report.findings), report.refused_lines) == (20, 50)
    assert here.refused.read_text().count("# line") == 50


def test_the_future_begins_a_few_minutes_from_now(here: Installation) -> None:
    told = [signed(event_id="e1", occurred_at=here.now + 200_000), signed(event_id="e2", occurred_at=here.now + 400_000)]
    report = here.bring("events", lines(*told))
    assert here.event().event_id == "e1"
    assert faults(report) == [(2, "occurred_at", f"lies in the future: {isoformat(here.now + 400_000)}")]


def test_crawlers_in_a_log_of_the_past_are_taken_in_and_people_in_it_refused(here: Installation) -> None:
    visit = {"type": "crawler_visit", "occurred_at": isoformat(here.now - 90 * DAY), "page": PAGE}
    told = [{**visit, "event_id": "v1", "user_agent": "GPTBot/1.2"}, {**visit, "event_id": "v2", "user_agent": PHONE}]
    report = here.bring("events", lines(*told))
    assert faults(report) == [(2, "user_agent", "names no crawler or other machine that we know")]
    assert (here.event().bot, here.event().user_agent) == ("ai:GPTBot", None)
