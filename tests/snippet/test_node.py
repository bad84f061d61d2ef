"""The snippet's own tests, run by node; and everything they made it send, read by the door."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.snippet.reading import read

ROOT = Path(__file__).parents[2]
FEWEST = 133  # tests; fewer means that some were not found


@pytest.fixture(scope="module")
def node() -> str:
    found = subprocess.run([ROOT / "scripts" / "node-folder"], capture_output=True, text=True, check=False)
    if found.returncode:
        if os.environ.get("CI"):
            pytest.fail(found.stderr)
        pytest.skip(found.stderr.strip())
    return f"{found.stdout.strip()}/node"


@pytest.fixture(scope="module")
def run(node: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What node said, and the file of the bodies."""
    bodies = tmp_path_factory.mktemp("snippet") / "bodies"
    tests = sorted(str(path) for path in (ROOT / "snippet" / "test").glob("*.test.mjs"))
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", *tests],
        env={**os.environ, "KR_BODIES": str(bodies)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr, bodies


def test_all_pass(run: tuple[str, Path]) -> None:
    said, _ = run
    counts = {name: int(count) for name, count in re.findall(r"^# (tests|pass|fail|cancelled|skipped|todo) (\d+)$", said, re.M)}
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    assert counts["pass"] == counts["tests"] >= FEWEST, said


def test_the_door_understands_everything_that_was_sent(run: tuple[str, Path]) -> None:
    """The tests tell events whose data is made up; what the snippet itself adds must be right on each of them."""
    bodies = [json.loads(line) for line in run[1].read_text("utf-8").splitlines()]
    assert len(bodies) > 150
    got = read(bodies)
    own = {"page_view", "page_engaged", "consent_update"}
    assert len(got.events) > 500
    assert own <= {event.type for event in got.events}
    for item, refused in got.refused:
        assert item.get("type") not in own, (item, refused.detail)
        fields: Any = (refused.detail or {}).get("fields", {})
        assert {name.split(".")[0] for name in fields} <= {"data", "type"}, (item, refused.detail)
    assert {name for name in got.ignored if not name.startswith("data.")} == set()
