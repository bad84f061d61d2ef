"""Bodies and headers as hostile as they come."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tracker.collect.receive import MAX_DEPTH, Facts, Receipt, facts, is_within, network, rate_key, receive
from tracker.errors import Refused

KIB = 1024


def take(raw: bytes, **environ: Any) -> Receipt:
    given = {"wsgi.input": io.BytesIO(raw), "CONTENT_LENGTH": str(len(raw)), **environ}
    return receive(given, max_body_bytes=KIB, max_events=3)


def nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b" \n", "empty", id="only spaces"),
        pytest.param(b'{"events":[]}', "empty", id="no events"),
        pytest.param(b'{"events":{}}', "invalid", id="events are no list"),
        pytest.param(b'{"events":null}', "invalid", id="events are null"),
        pytest.param(b'{"events":[1,2,3,4]}', "too_many", id="one event too many"),
        pytest.param(b'"' + b"a" * (KIB - 1) + b'"', "too_big", id="one byte too many"),
        pytest.param(b"[]", "not_json", id="a list"),
        pytest.param(b"null", "not_json", id="null"),
        pytest.param(b"{", "not_json", id="cut off"),
        pytest.param(b"a=1&b=2", "not_json", id="a form"),
        pytest.param(b'{"a":NaN}', "not_json", id="NaN"),
        pytest.param(b'{"a":1e999}', "not_json", id="a number that is infinite"),
        pytest.param(b'{"a":"\xff"}', "not_json", id="not UTF-8"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', "not_json", id="a surrogate in UTF-8"),
        pytest.param(b'{"a":"\\ud800"}', "not_json", id="a lone surrogate"),
        pytest.param(b'{"a":"\x00"}', "not_json", id="a raw NUL"),
        pytest.param(b"\xef\xbb\xbf{}", "not_json", id="a byte order mark"),
        pytest.param(nested(MAX_DEPTH + 1), "not_json", id="a level too deep"),
        pytest.param(nested(500), "not_json", id="as deep as the size allows"),
    ],
)
def test_refuses(raw: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        take(raw)
    assert refusal.value.reason == reason


def test_refuses_what_only_the_parser_can_count() -> None:
    with pytest.raises(Refused) as refusal:
        receive({"wsgi.input": io.BytesIO(nested(200_000)), "CONTENT_LENGTH": "399999"}, 10**6, 3)
    assert refusal.value.reason == "not_json"


def test_takes_a_body_of_exactly_the_limits() -> None:
    raw = b'{"events":[1,2,3],"pad":"' + b"a" * (KIB - 27) + b'"}'
    assert len(raw) == KIB
    assert len(take(raw).items) == 3
    assert take(nested(MAX_DEPTH)).envelope["a"]


def test_one_event_is_its_own_envelope() -> None:
    receipt = take(b'{"key":"k","type":"page_view"}')
    assert receipt.items == [receipt.envelope]
    assert not receipt.is_batch


def test_a_compressed_body_is_refused_in_words() -> None:
    with pytest.raises(Refused) as refusal:
        take(b"{}", HTTP_CONTENT_ENCODING="gzip")
    assert "Content-Encoding" in refusal.value.detail


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "²"])
def test_refuses_a_length_that_is_no_number(length: str) -> None:
    with pytest.raises(Refused):
        take(b"{}", CONTENT_LENGTH=length)


def test_a_body_that_was_cut_on_its_way_is_refused_though_it_parses() -> None:
    with pytest.raises(Refused) as refusal:
        take(b'{"key":"k"}', CONTENT_LENGTH="12")
    assert refusal.value.reason == "not_json"


def test_a_chunked_body_is_read_to_its_end_or_to_the_limit() -> None:
    chunked = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    assert take(b'{"key":"k"}', **chunked).envelope == {"key": "k"}
    with pytest.raises(Refused) as refusal:
        take(b" " * (KIB + 1), **chunked)
    assert refusal.value.reason == "too_big"
    with pytest.raises(Refused, match="empty"):
        take(b'{"key":"k"}', CONTENT_LENGTH="")  # a server that does not say where a body ends would wait for ever


def told(trusted_proxies: int = 0, **environ: str) -> Facts:
    return facts({"REMOTE_ADDR": "192.0.2.1", **environ}, "HTTP_CF_IPCOUNTRY", trusted_proxies)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        pytest.param(0, "198.51.100.7", "192.0.2.1", id="nobody is trusted: the header is anybody's"),
        pytest.param(1, "198.51.100.7", "198.51.100.7", id="one proxy"),
        pytest.param(1, "203.0.113.9, 198.51.100.7", "198.51.100.7", id="the sender wrote one itself"),
        pytest.param(2, "203.0.113.9, 198.51.100.7, 10.0.0.1", "198.51.100.7", id="two proxies"),
        pytest.param(2, "198.51.100.7", "192.0.2.1", id="fewer hops than proxies"),
    ],
)
def test_address(proxies: int, forwarded: str, address: str) -> None:
    assert told(proxies, HTTP_X_FORWARDED_FOR=forwarded).address == address


@pytest.mark.parametrize(
    ("header", "country"), [("DK", "DK"), ("se", "SE"), ("XX", None), ("T1", None), ("", None), ("ØÆ", None), ("DNK", None)]
)
def test_country(header: str, country: str | None) -> None:
    assert told(HTTP_CF_IPCOUNTRY=header).country == country


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1:2::1", "2001:db8:1:ffff::9", True),
        ("2001:db8:1::", "2001:db8:2::", False),
        ("::ffff:192.0.2.1", "192.0.2.7", True),
        ("", "unix:", True),
    ],
)
def test_network_is_cut_below_a_household(one: str, other: str, is_same: bool) -> None:
    assert (network(one) == network(other)) is is_same


def test_a_rate_counts_an_ipv4_address_or_a_household_of_ipv6() -> None:
    assert rate_key("192.0.2.1") != rate_key("192.0.2.2")
    assert rate_key("2001:db8:1:2::1") == rate_key("2001:db8:1:2:ffff::9")
    assert rate_key("2001:db8:1:2::1") != rate_key("2001:db8:1:3::1")


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("192.0.2.77", True),
        ("::ffff:192.0.2.77", True),
        ("192.0.3.1", False),
        ("2001:db8:1::5", True),
        ("2001:db8:2::5", False),
        ("", False),
        ("unix:", False),
    ],
)
def test_an_address_lies_in_one_of_the_networks_or_not(address: str, inside: bool) -> None:
    assert is_within(address, ("192.0.2.0/24", "2001:db8:1::/48")) is inside


def test_a_network_that_is_none_holds_nobody_and_hinders_none() -> None:
    assert is_within("192.0.2.77", ("the office", "192.0.2.0/24"))
    assert not is_within("192.0.2.77", ("the office", "192.0.2.1/24", ""))
