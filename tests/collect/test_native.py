"""A long reckoning beside requests."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tracker.collect.native import aside

# The reckoning ends only once another greenlet has gone on: if it stopped the process's requests, it would never end.
UNDER_GEVENT = """
from gevent import monkey
monkey.patch_all()
import gevent
from tracker.collect import native

went_on = native.held()

def reckon():
    went_on.acquire()
    return 7

gevent.spawn(went_on.release)
assert native.aside(reckon) == 7
try:
    native.aside(lambda: 1 // 0)
except ZeroDivisionError:
    print("both")
"""


def test_a_reckoning_answers_or_raises() -> None:
    assert aside(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        aside(lambda: 1 // 0)


def test_under_gevent_other_requests_go_on_meanwhile() -> None:
    done = subprocess.run([sys.executable, "-c", UNDER_GEVENT], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("both\n", 0), done.stderr
