"""Signatures: made and checked, in their window, once."""

from __future__ import annotations

import pytest

from tracker.clock import SECOND
from tracker.collect.signature import Replays, Signature, sign, verify
from tracker.errors import Refused

NOW = 1_760_000_000
BODY = b'{"key":"pk_1"}'


def check(header: str, secrets: tuple[str, ...] = ("new", "old"), body: bytes = BODY, now: int = NOW) -> Signature:
    return verify(header, body, secrets, now * SECOND, window_seconds=300)


def test_is_what_the_wire_format_says() -> None:
    """Computed apart: printf '1760000000.{"key":"pk_1"}' | openssl dgst -sha256 -hmac new"""
    assert sign("new", BODY, NOW) == "t=1760000000,v1=4c78b5133dcf73e6fd50111e0f0bdc7c673db63c68ca62015602134d13f2b9f5"


@pytest.mark.parametrize("secret", ["new", "old"])
def test_both_secrets_of_a_rotation_sign(secret: str) -> None:
    assert check(sign(secret, BODY, NOW)).at_seconds == NOW


def test_one_of_several_may_be_right() -> None:
    """A sender in the middle of a rotation may sign with both."""
    assert check(sign("gone", BODY, NOW) + "," + sign("new", BODY, NOW).partition(",")[2])


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        pytest.param(sign("other shop", BODY, NOW), "bad_signature", id="another shop's secret"),
        pytest.param(sign("new", BODY + b" ", NOW), "bad_signature", id="another body"),
        pytest.param(sign("new", BODY, NOW).replace(f"t={NOW}", f"t={NOW + 1}"), "bad_signature", id="another time"),
        pytest.param("", "bad_signature", id="empty"),
        pytest.param("t=,v1=", "bad_signature", id="without values"),
        pytest.param("v1=" + "a" * 64, "bad_signature", id="without a time"),
        pytest.param(f"t={NOW},t={NOW},v1=aa", "bad_signature", id="two times"),
        pytest.param(f"t={'9' * 5000},v1=aa", "bad_signature", id="an endless time"),
        pytest.param("t=١٢,v1=aa", "bad_signature", id="digits of another script"),
        pytest.param(f"t={NOW},v1=ø\udcff", "bad_signature", id="not ASCII"),
        pytest.param(sign("new", BODY, NOW - 300), None, id="exactly as old as the window"),
        pytest.param(sign("new", BODY, NOW - 301), "stale_signature", id="a second older than the window"),
        pytest.param(sign("new", BODY, NOW + 300), None, id="exactly as far ahead as the window"),
        pytest.param(sign("new", BODY, NOW + 301), "stale_signature", id="a second further ahead"),
    ],
)
def test_refuses(header: str, reason: str | None) -> None:
    if reason is None:
        assert check(header)
    else:
        with pytest.raises(Refused) as refusal:
            check(header)
        assert refusal.value.reason == reason


def test_a_signature_is_used_once_for_as_long_as_it_is_good() -> None:
    replays = Replays(window_seconds=300)
    signature = check(sign("new", BODY, NOW + 300))
    replays.claim(1, signature, NOW * SECOND)
    replays.claim(2, signature, NOW * SECOND)  # another shop's memory is another
    for later in (0, 1, 299, 300, 599):
        replays.claim(9, check(sign(f"{later}", BODY, NOW + later), (f"{later}",), now=NOW + later), (NOW + later) * SECOND)
        with pytest.raises(Refused) as refusal:
            replays.claim(1, signature, (NOW + later) * SECOND)
        assert refusal.value.reason == "stale_signature"


def test_a_signature_that_was_given_back_may_be_used_again() -> None:
    replays = Replays(window_seconds=300)
    signature = check(sign("new", BODY, NOW))
    replays.claim(1, signature, NOW * SECOND)
    replays.release(1, signature)
    replays.claim(1, signature, NOW * SECOND)


def test_memory_of_signatures_is_given_up_after_the_window() -> None:
    replays = Replays(window_seconds=1)
    for second in range(100):
        replays.claim(1, Signature(second, str(second)), second * SECOND)
    assert len(replays._now) + len(replays._before) <= 4
