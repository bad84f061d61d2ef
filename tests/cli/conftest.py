"""`tracker(...)`: the command line as a shop's owner types it, with the test's own folder and database."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import fields

import pytest
from click.testing import CliRunner, Result

from tracker.cli import cli
from tracker.config import PREFIX, Config

Tracker = Callable[..., Result]


def settings_of(config: Config) -> dict[str, str]:
    return {PREFIX + f.name.upper(): str(getattr(config, f.name)) for f in fields(Config)}


@pytest.fixture
def tracker(config: Config) -> Iterator[Tracker]:
    """Called with the words of a command line; settings by name in lower case change the environment."""

    def call(*words: str, typed: str | None = None, **settings: str) -> Result:
        environ = settings_of(config) | {PREFIX + name.upper(): value for name, value in settings.items()}
        return CliRunner().invoke(cli, list(words), input=typed, env=environ)

    before = logging.root.handlers[:]
    yield call
    logging.root.handlers[:] = before
