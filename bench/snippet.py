"""What every page of a shop loads: the snippet, beside those of others.

Sizes are those of the built file, compressed by Node's zlib at its best: gzip 9, brotli 11.  The peers' sizes were measured the
same way, on the files named, in November 2026; they are constants here because their files are not ours to pass on.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

from bench.table import Figure

BUILT = Path(__file__).parent.parent / "tracker" / "static" / "snippet"
MOST_BYTES = 1_900
_NODE = """
const z = require("zlib"), raw = require("fs").readFileSync(process.argv[1]);
const best = {params: {[z.constants.BROTLI_PARAM_QUALITY]: 11, [z.constants.BROTLI_PARAM_SIZE_HINT]: raw.length}};
console.log(JSON.stringify([raw.length, z.gzipSync(raw, {level: 9}).length, z.brotliCompressSync(raw, best).length]));
"""


class Sizes(NamedTuple):
    raw: int
    gzip: int
    brotli: int


PEERS = {  # measured
    "Shynet 0.13.1": Sizes(1_896, 842, 655),
    "Umami 3.1": Sizes(4_595, 2_229, 1_963),
    "Plausible (npm 0.4.6)": Sizes(6_434, 2_681, 2_355),
    "GoatCounter": Sizes(9_213, 3_319, 2_795),
    "Snowplow 4.10": Sizes(51_358, 17_394, 15_642),
    "Matomo 5.2": Sizes(67_474, 21_909, 19_064),
    "RudderStack v3": Sizes(116_678, 34_451, 30_466),
    "Countly": Sizes(131_668, 36_852, 31_470),
    "PostHog": Sizes(379_782, 121_924, 102_457),
}


def measure() -> list[Figure]:
    figures = []
    for path in sorted(BUILT.glob("*.js"), key=lambda path: len(path.name)):
        sizes = of_file(path)
        is_first = path.name == "k.js"
        what = f"snippet, {path.name}" + ("" if is_first else ", when needed")
        note = f"raw {sizes.raw:,}, gzip {sizes.gzip:,}"
        figures.append(Figure(what, sizes.brotli, "bytes brotli", most=MOST_BYTES if is_first else None, note=note))
    ours = figures[0].value
    return figures + [
        Figure(f"snippet of {name}", sizes.brotli, "bytes brotli", floor=ours, floor_name="ours")
        for name, sizes in PEERS.items()
    ]


def of_file(path: Path) -> Sizes:
    told = subprocess.run(["node", "-e", _NODE, str(path)], capture_output=True, text=True, check=True)
    return Sizes(*json.loads(told.stdout))
