"""`post`: see mailing.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.subscriptions.mailing import Mailing, mailing
from tracker.clock import Instant
from tracker.config import Config


@pytest.fixture
def post(engine: Engine, config: Config, now: Instant) -> Iterator[Mailing]:
    with mailing(engine, config, now) as given:
        yield given
