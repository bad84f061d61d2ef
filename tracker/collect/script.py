"""The snippet and its lazily loaded parts, as browsers fetch them.

In:  the files that the snippet's build left in tracker/static/snippet/, the paths of this installation.
Out: Script for each path; held in memory, plain and gzipped.

The built k.js holds its default endpoint exactly once, as the literal "/k"; here it becomes the configured one.  The parts'
address the snippet derives from its own (k.js → k.layer.js), so they lie beside it under whatever name it has.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tracker.config import ConfigError

BUILT = Path(__file__).parent.parent / "static" / "snippet"
DEFAULT_ENDPOINT = b'"/k"'


@dataclass(frozen=True)
class Script:
    """One file.  `etag` as in the header, with its quotes."""

    body: bytes
    gzipped: bytes
    etag: str


def scripts(script_path: str, collect_path: str, built: Path = BUILT) -> Mapping[str, Script]:
    """By path.  Raises ConfigError when the endpoint cannot be put in."""
    stem = script_path.removesuffix(".js")
    found: dict[str, Script] = {}
    for file in sorted(built.glob("k*.js")):
        body = file.read_bytes()
        if file.name == "k.js":
            body = _with_endpoint(body, collect_path)
        # k.layer.js beside /assets/a.js is /assets/a.layer.js
        path = script_path if file.name == "k.js" else stem + file.name.removeprefix("k")
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        found[path] = Script(body, gzip.compress(body, 9, mtime=0), etag)
    return found


def _with_endpoint(body: bytes, collect_path: str) -> bytes:
    endpoint = json.dumps(collect_path).encode()
    if endpoint == DEFAULT_ENDPOINT:
        return body
    if body.count(DEFAULT_ENDPOINT) != 1:
        raise ConfigError('KUNDEREJSE_COLLECT_PATH: the built snippet does not hold "/k" once; build it anew, or use /k')
    return body.replace(DEFAULT_ENDPOINT, endpoint)
