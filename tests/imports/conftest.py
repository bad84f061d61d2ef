"""`here`: an installation with one shop, to which files are handed in."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.builders import add_shop
from tests.imports.importing import Installation
from tracker.clock import Instant
from tracker.config import Config


@pytest.fixture
def here(config: Config, engine: Engine, now: Instant) -> Installation:
    return Installation(config, engine, add_shop(engine, now), now)
