"""CSV files in every dress: the separators, encodings and faults of exports and spreadsheets.

Customers are imported, whose lines are the shortest.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.imports.importing import Installation, faults
from tracker.imports import FileRefused

HEAD = "customer_key,email\n"


def emails(here: Installation) -> list[str | None]:
    return [event.email for event in here.events()]


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_the_separator_is_found(here: Installation, separator: str, end: str) -> None:
    text = end.join([f"customer_key{separator}Email", f"318{separator}a@example.com", f"319{separator}b@example.com"])
    assert here.bring("customers", text).accepted == 2
    assert [(event.customer_key, event.email) for event in here.events()] == [
        ("318", "a@example.com"),
        ("319", "b@example.com"),
    ]


def test_a_comma_in_a_title_is_no_separator(here: Installation) -> None:
    assert here.bring("customers", "customer_key;email;last, first\n318;a@example.com;Holm, Freja\n").accepted == 1


def test_excels_own_line_names_the_separator(here: Installation) -> None:
    report = here.bring("customers", "sep=|\r\ncustomer_key|email\r\n318|a@example.com\r\n|nobody\r\n")
    assert report.accepted == 1
    assert faults(report) == [(4, "email", "is no e-mail address")]


def test_a_byte_order_mark_is_no_part_of_the_first_title(here: Installation) -> None:
    assert here.bring("customers", b"\xef\xbb\xbf" + b'"customer_key",email\n318,a@example.com\n').accepted == 1
    assert emails(here) == ["a@example.com"]


def test_titles_are_found_in_any_case_and_by_the_names_of_exports(here: Installation) -> None:
    report = here.bring("customers", "CUSTOMER ID,Mail,Email (Billing),Phone\n318,x,a@example.com,12\n")
    assert emails(here) == ["a@example.com"]
    assert report.unused == ["Mail", "Phone"]


def test_of_several_columns_for_one_thing_the_first_that_is_filled_in_counts(here: Installation) -> None:
    here.bring("customers", "customer_id,billing_email,email\n1,a@example.com,b@example.com\n2,c@example.com,\n")
    assert emails(here) == ["b@example.com", "c@example.com"]


def test_a_quoted_line_break_belongs_to_its_cell(here: Installation) -> None:
    report = here.bring("customers", 'customer_key,note,email\n318,"a\nlong, ""quoted"" note\n",a@example.com\nx,y\n')
    assert (report.lines, report.accepted) == (2, 1)
    assert faults(report) == [(5, "", "has 2 cells where the header has 3: is it cut off, or a quote missing?")]


def test_a_quote_that_is_never_closed_costs_its_own_line(here: Installation) -> None:
    report = here.bring("customers", HEAD + '1,"a@example.com\n2,b@example.com\n3,c@example.com\n')
    assert faults(report) == [(2, "", "has a quote that is never closed")]
    assert emails(here) == ["b@example.com", "c@example.com"]


def test_a_quote_that_the_next_one_closes_costs_its_own_line(here: Installation) -> None:
    report = here.bring("customers", HEAD + '1,"a@example.com\n2,"b@example.com"\n3,c@example.com\n')
    assert faults(report) == [(2, "", "has text after a closing quote; write a quote within quotes twice")]
    assert emails(here) == ["b@example.com", "c@example.com"]


def test_a_quote_that_swallows_more_than_a_cell_may_hold_is_no_burden(here: Installation) -> None:
    rest = "".join(f"{i},c{i}@example.com\n" for i in range(20_000))
    report = here.bring("customers", HEAD + '1,"a@example.com\n' + rest)
    assert (report.accepted, faults(report)) == (20_000, [(2, "", "has a quote that is never closed")])


def test_a_last_line_that_is_cut_off_is_refused(here: Installation) -> None:
    report = here.bring("customers", "customer_key,email,note\n1,a@example.com,x\n2,b@exam")
    assert faults(report) == [(3, "", "has 2 cells where the header has 3: is it cut off, or a quote missing?")]


def test_empty_cells_beyond_the_header_are_no_fault_and_others_are(here: Installation) -> None:
    report = here.bring("customers", HEAD + "1,a@example.com,,\n2,b@example.com,x\n")
    assert report.accepted == 1
    assert faults(report) == [(3, "", "has 3 cells where the header has 2: put a cell with the separator in it into quotes")]


def test_empty_lines_are_passed_over(here: Installation) -> None:
    report = here.bring("customers", f"\n\n{HEAD}\n1,a@example.com\n,\n  \n")
    assert (report.lines, report.accepted) == (1, 1)


def test_a_line_that_is_not_utf_8_is_read_as_windows_1252_and_told(here: Installation) -> None:
    text = "dato;type;email;sted\n2026-01-01;messe;a@example.com;Sæby – øst\n2026-01-02;messe;b@example.com;Ribe\n"
    report = here.bring("contacts", text.encode("cp1252"))
    assert [event.data["location"] for event in here.events()] == ["Sæby – øst", "Ribe"]
    assert "1 lines are not UTF-8 and were read as Windows-1252" in report.text()


def test_one_broken_byte_does_not_change_the_other_lines(here: Installation) -> None:
    text = "date,type,email,place\n2026-01-01,fair,a@example.com,Sæby\n2026-01-02,fair,b@example.com,@\n"
    here.bring("contacts", text.encode().replace(b"@\n", b"\x8d\n"))
    assert [event.data["location"] for event in here.events()] == ["Sæby", "\ufffd"]


def test_a_nul_is_no_part_of_a_key_and_a_space_in_a_text(here: Installation) -> None:
    report = here.bring("contacts", "date,type,customer_id,place\n2026-01-01,fair,3\x0018,x\n2026-01-01,fair,318,Her\x00ning\n")
    assert faults(report) == [(2, "customer_id", "contains a control character or half a surrogate pair")]
    assert here.event().data["location"] == "Herning"


def test_a_line_longer_than_a_request_is_refused_and_the_next_is_read(here: Installation) -> None:
    report = here.bring("customers", HEAD + f"1,{'a' * 5_000_000}@example.com\n2,b@example.com\n")
    assert [(line, text.split(":")[0]) for line, _, text in faults(report)] == [
        (2, "is longer than 1048576 bytes; it is not in the file of refused lines")
    ]
    assert report.refused == {"too_big": 1}
    assert emails(here) == ["b@example.com"]


def test_a_line_too_long_within_quotes_ends_its_cell(here: Installation) -> None:
    report = here.bring("customers", HEAD + f'1,"a\n{"x" * 2_000_000}\n2,b@example.com\n')
    assert [(line, reason) for line, reason, _, _ in report.findings] == [(2, "invalid"), (3, "too_big")]
    assert emails(here) == ["b@example.com"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "The file is empty."),
        (b"\n \n", "no line that could be its header"),
        (HEAD.encode(), "no line that says something below its header"),
        (HEAD.encode() + b"\n,\n", "no line that says something below its header"),
        (b"\xff\xfec\x00u\x00", "is UTF-16: save it as"),
        (b"PK\x03\x04rest", "is an Excel workbook or a zip file"),
        (b"\xd0\xcf\x11\xe0rest", "is an old Excel workbook"),
        (b"\x1f\x8b\x08rest", "is compressed: unpack it first"),
        (b"customer_key,email\r1,a@example.com\r", "end with CR alone"),
        (b"x" * 2_000_000, "The header, line 1, is longer than 1048576 bytes"),
        (b'"customer_key,email\n1,a@example.com\n', "The header, line 1, has a quote that is never closed"),
    ],
    ids=["empty", "blank", "header alone", "header and blanks", "UTF-16", "xlsx", "xls", "gzip", "CR", "endless", "open quote"],
)
def test_a_file_of_which_nothing_can_be_read_is_refused_in_words(here: Installation, content: bytes, text: str) -> None:
    with pytest.raises(FileRefused, match=text):
        here.bring("customers", content)
    assert here.bodies() == []


def test_a_missing_column_is_named_with_its_other_names_and_those_that_are_there(here: Installation) -> None:
    with pytest.raises(FileRefused) as error:
        here.bring("contacts", "date,phone,email\n2026-01-01,1,a@example.com\n")
    assert str(error.value) == (
        "A column is missing: kind (also called type, contact, art, typ). Found: date, phone, email. "
        "Columns are separated by comma, semicolon or tab."
    )


def test_the_titles_of_a_wide_file_are_not_all_told(here: Installation) -> None:
    with pytest.raises(FileRefused, match=r"Found: t0, t1, .*, t19 …"):
        here.bring("customers", ",".join(f"t{i}" for i in range(70)) + "\n")


# --- the file of refused lines


def test_refused_lines_can_be_corrected_and_imported(here: Installation) -> None:
    text = 'customer_key;email;note\n1;a@example.com;x\n;;"two\nlines; ""quoted"""\n2;b@;Søren\n3;c@example.com\n'
    report = here.bring("customers", text)
    assert (report.accepted, report.refused_lines, report.refused_file) == (1, 3, str(here.refused))
    refused = here.refused.read_text("utf-8-sig")
    assert refused.splitlines() == [
        'refused_line;"refused_why";customer_key;email;note',
        '3;"customer_key is missing, and so is email: one of them must say who it is";;;"two',
        'lines; ""quoted"""',
        '5;"email is no e-mail address";2;b@;Søren',
        '6;"has 2 cells where the header has 3: is it cut off, or a quote missing?";3;c@example.com',
    ]
    corrected = refused.replace(";;;", ";9;;").replace("b@;", "b@example.com;").replace("c@example.com", "c@example.com;")
    again = here.bring("customers", corrected)
    assert (again.accepted, again.refused_lines, again.unused) == (3, 0, ["note"])
    assert sorted(event.customer_key or "" for event in here.events()) == ["1", "2", "3", "9"]


def test_a_line_refused_twice_tells_only_what_is_wrong_now(here: Installation) -> None:
    here.bring("customers", HEAD + "1,a;b\n")
    once = here.refused.read_text("utf-8-sig").replace("a;b", "a b")
    here.bring("customers", once)
    assert here.refused.read_text("utf-8-sig").splitlines() == [
        'refused_line,"refused_why",customer_key,email',
        '2,"email is no e-mail address",1,a b',
    ]


def test_without_a_refused_line_there_is_no_file(here: Installation) -> None:
    assert here.bring("customers", HEAD + "1,a@example.com\n").refused_file is None
    assert not here.refused.exists()


def test_a_folder_that_takes_no_file_of_refused_lines_is_told(here: Installation) -> None:
    with pytest.raises(OSError, match="nowhere"):
        here.bring("customers", HEAD + "1,nobody\n", refused_file=Path("/nowhere/x.csv"))


def test_an_order_that_never_ends_is_refused_in_parts(here: Installation) -> None:
    rows = "".join(f"1,2025-11-03,paid,5,A{i}\n" for i in range(2_500))
    report = here.bring("orders", "transaction_id,occurred_at,status,value,item_id\n" + rows + "2,2025-11-03,paid,5,B\n")
    assert report.refused == {"invalid": 2_500}
    assert {text for _, _, text in faults(report)} == {"has more than 200 items"}
    assert here.event().order_key == "2"
