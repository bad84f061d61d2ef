"""What the measurements run on, and what processes use.

In:  process ids.   Out: seconds of processor time, bytes of memory; a free port; the machine in one line.
"""

from __future__ import annotations

import os
import platform
import socket
import sqlite3
import sys
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def describe() -> str:
    """The processor, how busy it already was, and the versions that matter."""
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), ": unknown")
    calibrated = _calibrate()
    versions = [f"{name} {version(name)}" for name in ("flask", "gunicorn", "gevent", "sqlalchemy", "orjson")]
    return (
        f"{cpu.split(':', 1)[1].strip()}, {os.cpu_count()} cores, load {load():.1f} before the run, "
        f"a fixed calculation takes {calibrated:.0f} ms; {platform.system()} "
        f"{platform.release()}; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {', '.join(versions)}"
    )


def load() -> float:
    """Processes that want a core, ours included, over the last minute: on a quiet machine 0 before a run."""
    return os.getloadavg()[0]


def _calibrate() -> float:
    """Milliseconds of processor time for the same plain Python each time: tells a slow or shared machine from a fast one."""
    started = time.process_time()
    total = 0
    for number in range(2_000_000):
        total += number % 7
    return (time.process_time() - started) * 1000


def family(pid: int) -> list[int]:
    """The process and all its descendants that live now."""
    found = [pid]
    for task in _tasks(pid):
        for child in task.joinpath("children").read_text().split():
            found += family(int(child))
    return found


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except FileNotFoundError:
        return []


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time so far, of these processes alone."""
    return sum(_cpu_ticks(pid) for pid in pids) / _TICK


def _cpu_ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0
    return int(fields[11]) + int(fields[12])


def pss_bytes(pid: int) -> int:
    """Memory that is the process's own, and its share of what it shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def name_of(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return " ".join(word.decode() for word in words[1:4] if word)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def log(text: str) -> None:
    """Progress; the table alone goes to standard output."""
    print(text, file=sys.stderr, flush=True)
