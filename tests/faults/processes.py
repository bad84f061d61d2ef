"""Real collector and worker processes for fault tests, and senders that note what was acknowledged."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tracker.config import Config
from tracker.run import environment_of, web_command, worker_command
from tracker.shops import Shop


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Fails with `what` when it does not become true in time."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.05)


@dataclass
class Installation(AbstractContextManager["Installation"]):
    """A collector on a port of its own and a worker, each in its own process group, so that a kill takes all of it."""

    config: Config
    port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str) -> None:
        command = (
            web_command("127.0.0.1", self.port, 2, "tracker.app:create_door()") if name == "collector" else worker_command()
        )
        self.running[name] = subprocess.Popen(
            command,
            env=environment_of(self.config),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self, name: str) -> None:
        """As a power cut would: the whole group, at once."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.address + self.config.script_path, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def __exit__(self, *_: object) -> None:
        for name in list(self.running):
            self.kill(name)


PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


def post(address: str, body: object, timeout: float = 5) -> tuple[int, dict[str, object]]:
    """Status and answer; status 0 when there was none."""
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "text/plain", "User-Agent": PHONE})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError):  # killed before, or in the middle of, the answer
        return 0, {}


class Sender(threading.Thread):
    """Sends one event after the other, each of a visitor of its own, and each until it is acknowledged, like the snippet."""

    def __init__(self, installation: Installation, shop: Shop, name: str) -> None:
        super().__init__(daemon=True)
        self.installation, self.shop, self.prefix = installation, shop, name
        self.acknowledged: list[str] = []
        self.statuses: set[int] = set()
        self.stopping = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set():
            number += 1
            key = f"{self.prefix}-{number}"
            body = {
                "key": self.shop.site_key,
                "event_id": key,
                "visitor_key": key,
                "consent": "statistics",
                "type": "page_view",
                "page": {"url": f"https://{self.shop.hosts[0]}/"},
            }
            while True:
                status, answer = post(self.installation.address + self.installation.config.collect_path, body)
                self.statuses.add(status)
                if status == 202 and answer["accepted"] == 1:
                    self.acknowledged.append(key)
                    break
                if self.stopping.is_set():
                    return
                time.sleep(0.05)

    def stop(self) -> None:
        self.stopping.set()
        self.join(10)
