"""A mail's row as it goes over the wire: multipart, text first, in the order of RFC 2046.

Nobody writes a header of their own: names with line breaks lose them, and an address that is none is refused.
"""

from __future__ import annotations

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row

from tracker.clock import Instant, to_datetime
from tracker.config import Config
from tracker.outbox.compose import Letter, compose

LONGEST_ADDRESS = 254  # RFC 5321


class BadAddress(ValueError):
    """This is no e-mail address that we can send to."""


def clean_address(text: str) -> str:
    """In lower case and without spaces around it; the host in ASCII.  Raises BadAddress."""
    name, _, host = text.strip().lower().rpartition("@")
    try:
        email = f"{name}@{host.encode('idna').decode()}" if host else ""
        parsed = Address(addr_spec=email)
    except (HeaderParseError, UnicodeError, ValueError, IndexError) as error:
        raise BadAddress(f"{text!r} is no e-mail address") from error
    whole = (
        parsed.username and "." in parsed.domain and email.isascii() and email.isprintable() and len(email) <= LONGEST_ADDRESS
    )
    if not whole or parsed.addr_spec != email or any(sign in email for sign in ' "<>()[],;:\\'):
        raise BadAddress(f"{text!r} is no e-mail address")
    return email


def build(row: Row[Any], config: Config) -> EmailMessage:
    """The Message-ID stays the same however often it is tried."""
    letter = Letter(row.subject, row.text, row.html)
    message = _build(row.to, letter, f"{row.mail_id}.{row.shop_id}", row.created_at, config)
    if row.unsubscribe:
        message["List-Unsubscribe"] = f"<{row.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def build_trial(address: str, config: Config, now: Instant) -> EmailMessage:
    """To see whether mail works.  Raises BadAddress."""
    letter = compose("trial", "en", address=config.public_url)
    return _build(clean_address(address), letter, f"trial.{now}", now, config)


def _build(to: str, letter: Letter, message_id: str, at: Instant, config: Config) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = config.mail_from
    message["To"] = Address(addr_spec=to)
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = format_datetime(to_datetime(at))
    message["Message-ID"] = f"<{message_id}@{urlsplit(config.public_url).hostname or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message
