"""The snippet's files under this installation's paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.collect.script import scripts
from tracker.config import ConfigError


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "k.js").write_text('(function(){var to="/k";fetch(to)})()')
    (tmp_path / "k.layer.js").write_text('layer("/k")')
    (tmp_path / "k.js.map").write_text("{}")
    return tmp_path


def test_the_parts_lie_beside_the_script(built: Path) -> None:
    assert set(scripts("/k.js", "/k", built)) == {"/k.js", "/k.layer.js"}
    assert set(scripts("/assets/a.js", "/k", built)) == {"/assets/a.js", "/assets/a.layer.js"}


def test_the_script_knows_the_collecting_path(built: Path) -> None:
    plain = scripts("/k.js", "/k", built)["/k.js"]
    moved = scripts("/k.js", "/from/here", built)["/k.js"]
    assert plain.body == (built / "k.js").read_bytes()
    assert moved.body == b'(function(){var to="/from/here";fetch(to)})()'
    assert moved.etag != plain.etag


def test_a_build_without_the_placeholder_stops_the_start(built: Path) -> None:
    (built / "k.js").write_text('"/k"+"/k"')
    assert scripts("/k.js", "/k", built)
    with pytest.raises(ConfigError, match="KUNDEREJSE_COLLECT_PATH"):
        scripts("/k.js", "/other", built)
