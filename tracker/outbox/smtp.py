"""One conversation with the mail server.

KUNDEREJSE_SMTP_URL: smtp://host (no encryption: the same machine, or a network that you trust), smtp+starttls://user:password@host
(port 587), smtps://user:password@host (port 465).  Signs in a password that an address cannot hold are written as %40.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from tracker.config import Config, ConfigError

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
TIMEOUT_SECONDS = 20


class DeliveryError(Exception):
    """It was not taken; `permanent`: nor will it be, however often we try."""

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        super().__init__(text)
        self.permanent = permanent


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed in."""

    scheme: str
    host: str
    port: int
    user: str
    password: str


def mail_server(config: Config) -> MailServer:
    """As the settings say.  Raises ConfigError in words that say what to write."""
    if not parseaddr(config.mail_from)[1]:
        raise ConfigError("KUNDEREJSE_MAIL_FROM must say who our mails are from, such as Kunderejse <journeys@example.com>")
    try:
        parts = urlsplit(config.smtp_url)
        port = parts.port or PORTS[parts.scheme]
        host = parts.hostname or ""
    except (KeyError, ValueError) as error:
        raise ConfigError(_ADVICE) from error
    if not host:
        raise ConfigError(_ADVICE)
    return MailServer(parts.scheme, host, port, unquote(parts.username or ""), unquote(parts.password or ""))


_ADVICE = f"KUNDEREJSE_SMTP_URL must be like {', '.join(f'{scheme}://host:{port}' for scheme, port in PORTS.items())}"


def send(server: MailServer, message: EmailMessage) -> None:
    """Hand it in.  Raises DeliveryError; once the server has taken it, nothing that follows is an error."""
    try:
        client = _connect(server)
        try:
            client.sendmail(parseaddr(str(message["From"]))[1], [str(message["To"])], message.as_bytes())
        finally:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                client.quit()
    except smtplib.SMTPRecipientsRefused as error:
        raise DeliveryError(
            _refusals(error.recipients), permanent=all(code >= 500 for code, _ in error.recipients.values())
        ) from error
    except smtplib.SMTPDataError as error:
        raise DeliveryError(_said(error.smtp_code, error.smtp_error), permanent=error.smtp_code >= 500) from error
    except smtplib.SMTPResponseException as error:  # login or sender refused: a setting is wrong, which somebody will mend
        raise DeliveryError(_said(error.smtp_code, error.smtp_error)) from error
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise DeliveryError(f"{server.host}:{server.port}: {error or type(error).__name__}") from error


def _connect(server: MailServer) -> smtplib.SMTP:
    tls = ssl.create_default_context()
    client: smtplib.SMTP
    if server.scheme == "smtps":
        client = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=tls)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        if server.scheme == "smtp+starttls":
            client.starttls(context=tls)
        if server.user:
            client.login(server.user, server.password)
    except BaseException:
        client.close()
        raise
    return client


def _refusals(recipients: Mapping[str, tuple[int, bytes]]) -> str:
    return "; ".join(_said(code, text) for code, text in recipients.values())


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}"[:500]
