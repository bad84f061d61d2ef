"""Settings from an environment: every kind of value, files of values, what is refused and in which words."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tracker.config import PREFIX, Config, ConfigError, from_env, inherited_environment

KEY = {PREFIX + "SECRET_KEY": "given"}


def read(environ: Mapping[str, str]) -> Config:
    return from_env(KEY | dict(environ))


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read({}) == Config(secret_key="given")


@pytest.mark.parametrize("name", [f.name for f in fields(Config)])
def test_every_setting_has_a_name_in_the_environment(name: str) -> None:
    default = getattr(Config, name)
    given: object = not default if isinstance(default, bool) else default + 1 if isinstance(default, int) else "other"
    assert getattr(read({PREFIX + name.upper(): str(given)}), name) == given


def test_every_setting_is_explained() -> None:
    assert all(f.metadata["sentence"].strip() for f in fields(Config))


@pytest.mark.parametrize(("text", "value"), [("True", True), ("true", True), ("FALSE", False), ("False", False)])
def test_a_switch_is_true_or_false(text: str, value: bool) -> None:
    assert read({PREFIX + "DEMO": text}).demo is value


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("DEMO", "yes", "KUNDEREJSE_DEMO must be True or False, not 'yes'"),
        ("DEMO", "", "KUNDEREJSE_DEMO must be True or False, not ''"),
        ("MAX_EVENTS", "many", "KUNDEREJSE_MAX_EVENTS must be a whole number, not 'many'"),
        ("MAX_EVENTS", "1.5", "KUNDEREJSE_MAX_EVENTS must be a whole number, not '1.5'"),
        ("MAX_EVENTS", "", "KUNDEREJSE_MAX_EVENTS must be a whole number, not ''"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read({PREFIX + name: text})
    assert str(refused.value) == words


def test_a_value_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" from the file\n", encoding="utf-8")
    (tmp_path / "events").write_text("7\n", encoding="utf-8")
    config = read({PREFIX + "SECRET_KEY_FILE": str(tmp_path / "key"), PREFIX + "MAX_EVENTS_FILE": str(tmp_path / "events")})
    assert (config.secret_key, config.max_events) == ("from the file", 7)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="KUNDEREJSE_SECRET_KEY_FILE names a file that cannot be read: No such file"):
        read({PREFIX + "SECRET_KEY_FILE": str(tmp_path / "nowhere")})


def test_a_secret_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    environ = {PREFIX + "DATA_DIR": str(tmp_path / "new")}
    made = from_env(environ).secret_key
    assert len(made) >= 40
    assert from_env(environ).secret_key == made
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o777 == 0o600
    assert from_env({PREFIX + "DATA_DIR": str(tmp_path / "other")}).secret_key != made
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret"]


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    """Each goes through the same many new folders, so that some meet at the moment in which a secret is made."""
    program = (
        "import sys; from tracker.config import from_env\n"
        "sys.stdin.read()\n"
        "for i in range(100): print(repr(from_env({'KUNDEREJSE_DATA_DIR': f'{sys.argv[1]}/{i}'}).secret_key))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
    told = [process.stdout.read().splitlines() for process in started if process.stdout is not None]
    assert [process.wait() for process in started] == [0, 0, 0, 0]
    assert len(told[0]) == 100
    assert told[1:] == [told[0]] * 3


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="KUNDEREJSE_DATA_DIR"):
        from_env({PREFIX + "DATA_DIR": str(tmp_path / "file" / "below")})


def test_without_an_address_the_database_is_embedded_in_the_data_folder(tmp_path: Path) -> None:
    config = Config(data_dir=str(tmp_path))
    assert config.resolved_database_url == f"sqlite:///{tmp_path}/kunderejse.db"
    assert config.is_embedded
    assert config.intake_dir == tmp_path / "intake"
    assert not replace(config, database_url="postgresql://db/kunderejse").is_embedded


def test_the_process_environment_is_read_and_handed_on_less_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "SECRET_KEY", "of the process")
    monkeypatch.setenv("SOMETHING_ELSE", "stays")
    assert from_env().secret_key == "of the process"
    handed_on = inherited_environment()
    assert handed_on["SOMETHING_ELSE"] == "stays"
    assert handed_on == {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
