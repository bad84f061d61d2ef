"""Settings of an installation, read once from the environment.  What a shop owner sets is in the shop's row, not here.

To add a setting: one field with `setting(...)`.  The README's table is made from these fields.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

PREFIX = "KUNDEREJSE_"


def setting(default: Any, sentence: str) -> Any:
    """A field of Config: its environment name is PREFIX + the field's name in capitals."""
    return field(default=default, metadata={"sentence": sentence})


class ConfigError(ValueError):
    """A setting is missing or wrong; the text says which and what to write."""


@dataclass(frozen=True)
class Config:
    """All settings.  Every name may also be given as NAME_FILE, the path of a file that holds the value."""

    database_url: str = setting("", "SQLAlchemy address of the database; empty: SQLite in `data_dir`")
    data_dir: str = setting("var", "folder of the intake files, the embedded database and the generated secret")
    secret_key: str = setting("", "signs logins and keyed hashes; empty: made once and kept in `data_dir`")
    public_url: str = setting("http://127.0.0.1:8000", "address under which browsers reach this installation")
    collect_path: str = setting("/k", "path of the front door; neutral, since ad blockers match paths")
    script_path: str = setting("/k.js", "path of the snippet; its lazily loaded parts lie beside it")
    survey_path: str = setting("/q", "path of the survey links in mails")
    max_body_bytes: int = setting(1_048_576, "bytes of one request body")
    max_events: int = setting(500, "events in one body")
    max_age_days: int = setting(30, "age of a browser's event in days beyond which it is refused; servers may send any age")
    max_future_seconds: int = setting(300, "seconds an event may lie in the future after clock correction")
    signature_window_seconds: int = setting(300, "seconds for which a signature is valid")
    rate_per_key: int = setting(60_000, "requests a minute for one shop's key, for each collector process")
    rate_per_address: int = setting(1_200, "requests a minute from one address, for each collector process")
    trusted_proxies: int = setting(0, "how many proxies in front of us set X-Forwarded-For")
    country_header: str = setting("CF-IPCountry", "request header in which a proxy names the visitor's country")
    commit_linger_ms: int = setting(2, "milliseconds the front door gathers requests for one commit")
    batch_events: int = setting(2_000, "events the worker takes at once for one shop")
    lease_seconds: int = setting(30, "seconds for which a worker holds a shop")
    smtp_url: str = setting("", "mail server, such as `smtp+starttls://user:password@host:587`; empty: no mail is sent")
    mail_from: str = setting("", "sender of our mails, such as `Kunderejse <journeys@example.com>`; needed with `smtp_url`")
    demo: bool = setting(False, "serve the demo shop at /demo")
    demo_days: int = setting(90, "days of journeys with which `tracker run --demo` fills an empty database")

    @property
    def intake_dir(self) -> Path:
        """Where each collector process keeps its intake file."""
        return Path(self.data_dir) / "intake"

    @property
    def survey_url(self) -> str:
        """Where survey links are answered; the token comes after a slash."""
        return self.public_url.rstrip("/") + self.survey_path

    @property
    def sends_mail(self) -> bool:
        """Else pages show the links that a mail would carry, to be handed over by hand."""
        return bool(self.smtp_url)

    @property
    def resolved_database_url(self) -> str:
        """`database_url`, or the embedded SQLite file."""
        return self.database_url or f"sqlite:///{Path(self.data_dir).resolve() / 'kunderejse.db'}"

    @property
    def is_embedded(self) -> bool:
        """Whether the database is a SQLite file in the same process tree."""
        return self.resolved_database_url.startswith("sqlite")


def from_env(environ: Mapping[str, str] | None = None) -> Config:
    """The settings of this process.  Raises ConfigError in words that say what to write."""
    import os

    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for f in fields(Config):
        text = _lookup(environ, PREFIX + f.name.upper())
        if text is not None:
            values[f.name] = _parse(PREFIX + f.name.upper(), text, type(f.default))
    config = Config(**values)
    if not config.secret_key:
        config = Config(**{**values, "secret_key": _kept_secret(Path(config.data_dir))})
    return config


def _lookup(environ: Mapping[str, str], name: str) -> str | None:
    if name + "_FILE" in environ:
        try:
            return Path(environ[name + "_FILE"]).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(f"{name}_FILE names a file that cannot be read: {error.strerror}") from error
    return environ.get(name)


def _parse(name: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ConfigError(f"{name} must be True or False, not {text!r}")
        return text.lower() == "true"
    if kind is int:
        try:
            return int(text)
        except ValueError as error:
            raise ConfigError(f"{name} must be a whole number, not {text!r}") from error
    return text


def _kept_secret(data_dir: Path) -> str:
    """Made once with 256 random bits and kept readable for the owner alone.

    Complete before it has its name: of several processes that start together, all read the one that came first.
    """
    path, draft = data_dir / "secret", data_dir / f"secret.{secrets.token_hex(8)}"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(32), encoding="utf-8")
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{PREFIX}DATA_DIR names a folder that cannot be used: {path}: {error.strerror}") from error


def inherited_environment() -> dict[str, str]:
    """For a child process: our environment less our own settings, which are given anew."""
    import os

    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
