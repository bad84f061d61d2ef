"""`tracker run` and `tracker work` as processes: what they start, keep running and take with them."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.builders import START, add_shop, intake_row, look
from tests.cli.conftest import Tracker
from tests.faults.processes import free_port, wait_for
from tests.worker.intake import accept, stored
from tracker import run as run_module
from tracker import shops
from tracker.config import Config, from_env
from tracker.run import RESTART_SECONDS, Child, environment_of, web_command, worker_command


@contextmanager
def command(config: Config, log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        command = [sys.executable, "-m", "tracker", *words]
        process = subprocess.Popen(command, env=environment_of(config), stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_run_serves_everything_restarts_what_dies_and_takes_it_all_with_it(
    config: Config, engine: Engine, tmp_path: Path
) -> None:
    port, log = free_port(), tmp_path / "log"
    address = f"http://127.0.0.1:{port}"
    with command(replace(config, demo_days=1), log, "run", "--demo", "--port", str(port), "--processes", "1") as process:
        wait_for(lambda: process.poll() is not None or answers(f"{address}/health"), 60, "the pages are served")
        assert process.poll() is None, log.read_text()
        assert all(answers(address + path) for path in ("/k.js", "/demo/", "/login"))
        told = log.read_text()
        assert f"Reports    {address}/" in told and f"Demo shop  {address}/demo/" in told
        found = re.search(r"Log in     owner@example.com  password (\S+)", told)
        assert found is not None and found[1] == (tmp_path / "demo-password").read_text()
        assert (tmp_path / "demo-password").stat().st_mode & 0o777 == 0o600
        with engine.connect() as db:
            [shop] = shops.all_shops(db)
        assert len(stored(engine, shop)) > 10

        web, worker = children(process.pid)
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: len(children(process.pid)) == 2 and worker not in children(process.pid), 20, "a worker is there again")
        accept(config, intake_row(shop, look("dress", START, event_id="after")))
        wait_for(lambda: "after" in stored(engine, shop), 30, "the new worker works")

        now_running = children(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0, log.read_text()
        assert web in now_running and not any(Path(f"/proc/{pid}").exists() for pid in now_running)


def test_work_goes_on_until_it_is_told_to_stop(config: Config, engine: Engine, tmp_path: Path) -> None:
    shop = add_shop(engine)
    with command(config, tmp_path / "log", "work") as process:
        accept(config, intake_row(shop, look("dress", event_id="e")))
        wait_for(lambda: stored(engine, shop) == ["e"], 30, "the event is worked in")
        process.terminate()
        assert process.wait(20) == 0, (tmp_path / "log").read_text()


def test_run_refuses_a_port_in_use(tracker: Tracker) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = tracker("run", "--port", str(port))
    assert result.exit_code == 1
    assert f"Error: 127.0.0.1:{port} cannot be used (Address already in use); choose another: --port 8001" in result.output


@pytest.fixture
def child() -> Iterator[Child]:
    one = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], {})
    yield one
    if one.process is not None and one.process.poll() is None:
        one.process.kill()
        one.process.wait()


def pid_of(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_a_child_that_dies_is_started_again_but_not_at_once(child: Child, caplog: pytest.LogCaptureFixture) -> None:
    child.keep_running()
    first = pid_of(child)
    child.keep_running()
    assert pid_of(child) == first
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    child.keep_running()
    assert pid_of(child) == first  # one that dies as soon as it starts must not be started in a loop
    child.started_at -= RESTART_SECONDS
    child.keep_running()
    assert pid_of(child) != first and child.process.poll() is None
    assert "sleeper ended with -9 and is started again" in caplog.text


def test_a_child_is_asked_to_end(child: Child) -> None:
    child.stop()  # before it was started
    child.keep_running()
    child.stop()
    assert child.process is not None and child.process.returncode == -signal.SIGTERM
    child.stop()


def test_a_child_that_does_not_listen_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "STOP_SECONDS", 0.2)
    deaf = (
        "import pathlib, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
    )
    child = Child("deaf", [sys.executable, "-c", deaf, str(tmp_path / "ready")], {})
    child.keep_running()
    wait_for((tmp_path / "ready").exists, 20, "it has stopped listening")
    child.stop()
    assert child.process is not None and child.process.returncode == -signal.SIGKILL


def test_children_get_exactly_our_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUNDEREJSE_MAX_EVENTS_FILE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("SOMETHING_ELSE", "stays")
    ours = Config(data_dir=str(tmp_path), secret_key="a b=c\"'$", demo=True, max_events=7)
    assert from_env(environment_of(ours)) == ours
    assert environment_of(ours)["SOMETHING_ELSE"] == "stays"


def test_the_commands_are_our_own_interpreters() -> None:
    web = web_command("127.0.0.1", 8123, 3)
    assert web[0] == worker_command()[0] == sys.executable
    assert web[web.index("--workers") + 1] == "3" and web[web.index("--bind") + 1] == "127.0.0.1:8123"
