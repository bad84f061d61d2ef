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

from tracker.clock import to_datetime

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


def build(row: Row[Any], sender: str, public_url: str) -> EmailMessage:
    """The Message-ID stays the same however often it is tried."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(addr_spec=row.to)
    message["Subject"] = " ".join(row.subject.split())
    message["Date"] = format_datetime(to_datetime(row.created_at))
    message["Message-ID"] = f"<{row.mail_id}.{row.shop_id}@{urlsplit(public_url).hostname or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    if row.unsubscribe:
        message["List-Unsubscribe"] = f"<{row.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(row.text)
    message.add_alternative(row.html, subtype="html")
    return message
