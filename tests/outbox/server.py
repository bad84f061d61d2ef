"""A real mail server on this machine, that takes mails or refuses them as the test says."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class MailBox:
    """What arrived.  `answers` are given first, one a mail; then all are taken."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.answers: list[str] = []
        self.on_taken: Any = None  # called once a mail is in the box, before the sender hears of it

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        if self.on_taken is not None:
            self.on_taken()
        return "250 OK"


@contextmanager
def mail_server(**more: Any) -> Iterator[tuple[MailBox, str]]:
    """The box, and the KUNDEREJSE_SMTP_URL that fills it; `more`: what aiosmtpd is to ask for."""
    box = MailBox()
    port = _free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        yield box, f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
