"""Broken off, repeated, twice at once, on a full disk: a file is imported once, and nothing of it is lost."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.imports.importing import Installation, faults, lines
from tests.worker.intake import stored
from tracker.errors import Unavailable
from tracker.imports import FileRefused, ImportReport, import_file, importer
from tracker.imports.progress import hold
from tracker.imports.report import MAX_FINDINGS, REASONS
from tracker.shops import Shop

COUNT = 10_000


def past(count: int = COUNT, bad_every: int = 0) -> bytes:
    """So many events, each of a visitor of its own."""
    told = []
    for i in range(count):
        at = None if bad_every and i % bad_every == 0 else 1_760_000_000_000 + i * 1_000
        told.append({"event_id": f"e{i}", "type": "sign_up", "occurred_at": at, "customer_key": str(i)})
    return lines(*told).encode()


class PowerCut(Exception):
    """Ends an import as a kill does: nothing after it runs."""


class Cut(io.BytesIO):
    """A file in which the power fails at a byte, once it is read for the second time: the first walk is for its digest."""

    def __init__(self, content: bytes, at: int) -> None:
        super().__init__(content)
        self.at = at

    def readline(self, size: int | None = -1, /) -> bytes:
        if self.tell() > self.at:
            raise PowerCut
        return super().readline(size)


def cut_off(here: Installation, content: bytes, at: int, **options: Any) -> None:
    with pytest.raises(PowerCut):
        import_file("events", Cut(content, at), here.shop, config=here.config, engine=here.engine, now=here.now, **options)


def ids(here: Installation) -> list[str]:
    return [event.event_id for event in here.events()]


def progress_files(here: Installation) -> list[Path]:
    return sorted((Path(here.config.data_dir) / "imports").iterdir())


def test_an_import_that_was_broken_off_goes_on_where_it_was(here: Installation) -> None:
    content = past(bad_every=100)
    cut_off(here, content, at=len(content) // 2)
    before = ids(here)
    assert 0 < len(before) < COUNT * 0.6
    report = here.bring("events", content)
    assert (report.lines, report.accepted, report.refused_lines) == (COUNT, COUNT - 100, 100)
    assert sorted(ids(here)) == sorted(f"e{i}" for i in range(COUNT) if i % 100)  # none missing, none twice
    assert here.refused.read_bytes().count(b"# line") == 100


def test_what_was_appended_after_the_last_word_on_it_is_appended_again_and_no_more(here: Installation) -> None:
    content = past()
    cut_off(here, content, at=len(content) - 1_000)
    [path] = progress_files(here)
    told = orjson.loads(path.read_bytes())
    path.write_bytes(orjson.dumps({**told, "done_bytes": 0}))  # killed before it was written
    here.bring("events", content)
    assert set(ids(here)) == {f"e{i}" for i in range(COUNT)}
    here.work_in()
    assert here.events() == []


@pytest.mark.parametrize("left", [b"", b'{"done_by', b"[]", b'{"done_bytes": "x"}', b'{"done_bytes": 5, "report": {"new": 1}}'])
def test_a_progress_file_that_says_nothing_costs_time_alone(here: Installation, left: bytes) -> None:
    content = past(10)
    here.bring("events", content)
    [path] = progress_files(here)
    path.write_bytes(left)
    assert here.bring("events", content).is_repeat is False
    assert len(ids(here)) in (19, 20)


def test_a_file_imported_before_adds_nothing_and_says_what_came_of_it_then(here: Installation) -> None:
    content = past(100, bad_every=10)
    first = here.bring("events", content)
    again = here.bring("events", content, now=here.now + 1)
    assert len(ids(here)) == 90
    assert again.is_repeat and "has been imported before, and nothing was added" in again.text()
    assert again.text().split("\n", 1)[1] == first.text()
    assert faults(again) == faults(first) and again.refused == first.refused
    third = here.bring("events", content, again=True)
    assert (third.is_repeat, len(ids(here))) == (False, 180)


def test_the_same_content_of_another_kind_or_shop_is_another_import(here: Installation) -> None:
    text = "customer_id,email,date,type,order_id,status,value\n1,a@example.com,2025-11-03,phone,7,paid,5\n"
    for kind in ("customers", "contacts", "orders"):
        assert here.bring(kind, text).is_repeat is False
    assert here.bring("orders", text, order_key="customer_id").is_repeat is False
    assert [event.type for event in here.events()].count("purchase") == 2
    other = Shop(**{**vars(here.shop), "shop_id": 2})
    assert not Installation(here.config, here.engine, other, here.now).bring("customers", text).is_repeat


def test_only_looking_adds_nothing_and_tells_the_same(here: Installation) -> None:
    content = past(100, bad_every=10)
    looked = here.bring("events", content, dry_run=True)
    assert here.bodies() == [] and not (Path(here.config.data_dir) / "imports").exists()
    assert here.refused.exists()
    done = here.bring("events", content)
    assert looked.is_dry_run and not done.is_dry_run
    assert looked.text().replace("would be accepted", "accepted") == done.text()


def test_a_file_that_another_process_imports_is_left_to_it(here: Installation) -> None:
    content = past(10)
    here.bring("events", content)
    name = progress_files(here)[0].stem
    with hold(Path(here.config.data_dir) / "imports", name), pytest.raises(FileRefused, match="Another process is importing"):
        here.bring("events", content, again=True)


def test_a_disk_that_takes_nothing_is_told_and_the_import_goes_on_later(here: Installation) -> None:
    content = past()
    here.config.intake_dir.parent.mkdir(exist_ok=True)
    here.config.intake_dir.write_bytes(b"a file where the folder should be")
    with pytest.raises(Unavailable):
        here.bring("events", content)
    here.config.intake_dir.unlink()
    assert here.bring("events", content).accepted == COUNT
    assert sorted(ids(here)) == sorted(f"e{i}" for i in range(COUNT))


def test_a_disk_that_fails_in_the_middle_loses_nothing(here: Installation) -> None:
    content, told = past(), []

    def fail_once(done: int) -> None:
        told.append(done)
        if len(told) == 5:  # after the first rows were kept
            shutil.move(here.config.intake_dir, f"{here.config.intake_dir}.aside")
            here.config.intake_dir.write_bytes(b"")

    with pytest.raises(Unavailable):
        here.bring("events", content, on_progress=fail_once)
    here.config.intake_dir.unlink()
    shutil.move(f"{here.config.intake_dir}.aside", here.config.intake_dir)
    here.bring("events", content)
    assert set(ids(here)) == {f"e{i}" for i in range(COUNT)}


def test_the_progress_is_told_in_bytes(here: Installation) -> None:
    content, told = past(), []
    here.bring("events", content, on_progress=told.append)
    assert told == sorted(told) and len(told) == COUNT // importer.ENTRIES_A_WORD
    assert told[-1] == len(content)


def test_overlapping_files_are_worked_in_once(here: Installation) -> None:
    content = past(200)
    middle = content.index(b'{"event_id":"e100"')
    end = content.index(b'{"event_id":"e150"')
    here.bring("events", content[:end])
    here.bring("events", content[middle:])
    here.work_in()
    assert len(stored(here.engine, here.shop)) == 200


def test_a_report_tells_all_there_is_to_tell(here: Installation) -> None:
    text = "order_id;date;status;value;more\n7;2025-11-03;Sendt;5;x\n7;2025-11-03;Sendt;5;x\n8;2025-11-03;paid;;æ\n"
    report = here.bring("orders", text.encode("latin-1"))
    assert (
        report.text()
        == f"""\
CSV, separated by semicolon: 3 lines read, 2 accepted (1 events), 1 refused
  line 4: value is missing: give it, or both total_value and tax
Refused, by reason: invalid 1
All refused lines, with what is wrong: {here.refused}. Correct them there and import that file.
1 lines or orders stand in the file twice and count once.
1 lines are not UTF-8 and were read as Windows-1252: see that ø and å are right, or save it as “CSV UTF-8”.
States of the orders: Sendt 1; not counted by this shop: Sendt
Not used: more"""
    )


def test_a_report_can_be_kept_as_json(here: Installation) -> None:
    report = here.bring("orders", "order_id,date,status,value,more\n7,2025-11-03,Sendt,5,x\n8,,,,\n")
    assert ImportReport.load(orjson.loads(orjson.dumps(report.dump()))) == report
    assert ImportReport.load({"of another": "release"}) is ImportReport.load(None) is None


def test_every_reason_that_a_line_can_have_is_told() -> None:
    assert {reason.value for reason in REASONS} == {"invalid", "not_json", "too_big", "not_from_browser", "in_future"}
    assert MAX_FINDINGS < 100
