"""Origins that belong to a shop."""

from __future__ import annotations

import pytest

from tracker.collect.authenticate import is_own


@pytest.mark.parametrize(
    ("origin", "is_accepted"),
    [
        pytest.param("https://shop.dk", True, id="the shop"),
        pytest.param("https://SHOP.dk:8443", True, id="its port and case do not matter"),
        pytest.param("https://shop.dk.", True, id="with the root's dot"),
        pytest.param("https://www.shop.dk", True, id="below the shop"),
        pytest.param("https://xn--l-4ga.dk", True, id="a host with letters beyond ASCII"),
        pytest.param("null", True, id="a sandboxed pixel"),
        pytest.param("https://notshop.dk", False, id="only ends the same"),
        pytest.param("https://shop.dk.evil.example", False, id="only begins the same"),
        pytest.param("https://evil.example/shop.dk", False, id="in the path"),
        pytest.param("https://shop.dk@evil.example", False, id="as a user's name"),
        pytest.param("https://[::1", False, id="no address"),
        pytest.param("", False, id="empty"),
    ],
)
def test_origin(origin: str, is_accepted: bool) -> None:
    assert is_own(origin, ("shop.dk", "øl.dk", "")) is is_accepted


def test_a_shop_without_hosts_is_being_set_up() -> None:
    assert is_own("https://anything.example", ())
