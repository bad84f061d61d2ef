"""The three ways to a mail server, each against a real one: without encryption is test_outbox.py."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.outbox.server import MailBox, mail_server
from tracker.config import Config
from tracker.outbox.smtp import DeliveryError, MailServer, send
from tracker.outbox.smtp import mail_server as mail_server_of

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # see asks_for_login

SENDER, USER, PASSWORD = "shop@shop.example", "ida@shop", "p:w"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of 127.0.0.1, signed by nobody else; key and all."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail of the test")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
    path = tmp_path / "mail.pem"
    path.write_bytes(written)
    return path


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


def context_of(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def knows(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    is_right = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


def asks_for_login(certificate: Path, scheme: str) -> Iterator[tuple[MailBox, MailServer]]:
    """A server that takes mails from who has logged in, and logins only where nobody can listen."""
    context = context_of(certificate)
    tls = {"ssl_context": context} if scheme == "smtps" else {"tls_context": context, "require_starttls": True}
    # aiosmtpd does not know that a connection that was encrypted from the start is encrypted.
    login = {"authenticator": knows, "auth_required": True, "auth_require_tls": scheme != "smtps"}
    with mail_server(**tls, **login) as (box, url):
        yield box, server_at(url.replace("smtp:", f"{scheme}:"))


def server_at(url: str, login: str = "ida%40shop:p%3Aw") -> MailServer:
    return mail_server_of(Config(mail_from=SENDER, smtp_url=url.replace("//", f"//{login}@" if login else "//")))


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, "mia@shop.example", "Ugens rejser"
    message.set_content("Grøn")
    return message


@pytest.fixture(params=["smtp+starttls", "smtps"])
def given(request: pytest.FixtureRequest, certificate: Path) -> Iterator[tuple[MailBox, MailServer]]:
    yield from asks_for_login(certificate, request.param)


@pytest.mark.usefixtures("trusted")
def test_a_mail_goes_encrypted_to_a_server_that_asks_for_a_login(given: tuple[MailBox, MailServer]) -> None:
    box, server = given
    send(server, mail())
    assert [(one["Subject"], one.get_content().strip()) for one in box.mails] == [("Ugens rejser", "Grøn")]


def test_a_server_that_nobody_vouches_for_gets_neither_mail_nor_password(given: tuple[MailBox, MailServer]) -> None:
    box, server = given
    with pytest.raises(DeliveryError, match="certificate verify failed") as caught:
        send(server, mail())
    assert not caught.value.permanent  # a setting or the certificate is wrong, which somebody will mend
    assert box.mails == []


@pytest.mark.usefixtures("trusted")
def test_a_wrong_password_is_said_and_tried_again_later(given: tuple[MailBox, MailServer]) -> None:
    box, server = given
    with pytest.raises(DeliveryError, match="535") as caught:
        send(MailServer(server.scheme, server.host, server.port, server.user, "wrong"), mail())
    assert not caught.value.permanent
    assert box.mails == []


def test_a_server_without_encryption_is_not_told_the_password() -> None:
    with mail_server() as (box, url), pytest.raises(DeliveryError, match="STARTTLS"):
        send(server_at(url.replace("smtp:", "smtp+starttls:")), mail())
    assert box.mails == []
