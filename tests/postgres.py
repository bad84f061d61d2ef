"""A PostgreSQL server for the length of a test run: its own folder, its own free port on the loopback.

    with Postgres() as server:
        server.url("postgres")     an address for Config(database_url=…)
        server.stop()              away, in order; `kill()` for the power cut
        server.start()             back, on the same port with the same data

Nothing is fsynced: a killed server keeps what it committed all the same, only a machine without power would not.  Its
programs refuse to run as root, so root hands them to the machine's user `postgres`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}
WAIT_SECONDS = 30


def programs() -> Path | None:
    """The folder of initdb and postgres: the newest that Debian has put away, else what the PATH finds."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = str(debian[-1]) if debian else shutil.which("initdb")
    return Path(found).parent if found else None


class Postgres:
    """One server.  As a context manager it is stopped and its folder removed at the end."""

    def __init__(self) -> None:
        folder = programs()
        if folder is None:
            raise FileNotFoundError("PostgreSQL's initdb is not on this machine (Debian: apt-get install postgresql)")
        self._programs = folder
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="kunderejse-postgres-"))
        self.port = _free_port()

    def __enter__(self) -> Self:
        try:
            self._make_cluster()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.remove()

    def url(self, database: str) -> str:
        """Its address, as a setting has it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements: str) -> None:
        """Each outside a transaction, as CREATE DATABASE wants it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def start(self) -> None:
        """Returns when it answers."""
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self.port), "-k", "", *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as_user, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True
            )
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")) from error
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Open connections are closed, then it ends."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """At once: nothing is said to anybody, nothing more is written."""
        self._signal(signal.SIGQUIT)

    def remove(self) -> None:
        """End it and leave nothing."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _make_cluster(self) -> None:
        if self._as_user:
            shutil.chown(self.folder, "postgres")
        command = [
            str(self._programs / "initdb"),
            "-D",
            str(self._data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run(
            [*self._as_user, *command, "--locale=C"], check=True, stdin=subprocess.DEVNULL, capture_output=True, cwd="/"
        )

    def _signal(self, number: int) -> None:
        """To the server itself: its pid is the first line of its own file, since root started `runuser` in between."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            os.kill(int((self._data / "postmaster.pid").read_text().split()[0]), number)
        except (OSError, IndexError):  # it has ended by itself
            process.kill()
        process.wait(WAIT_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
