import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit import Money
from crmkit.cli.text import cell, clipped, harmless, json_escapes, plain, visible, width


def test_control_bytes_of_a_terminal_are_shown_as_escapes():
    assert visible("\x1b]0;pwned\x07\x1b[2J") == r"\x1b]0;pwned\x07\x1b[2J"
    assert visible("tab\there\nnext") == r"tab\there\nnext"
    assert visible("right \u202eto left") == r"right \u202eto left"
    assert visible("half \udc80") == r"half \udc80"


def test_ordinary_text_of_any_script_stays_as_it_is():
    for text in ("Łucja", "東京", "no\u00a0break", "👩‍👩‍👧"):
        assert visible(text) == text


def test_width_counts_columns_not_characters():
    assert width("東京") == 4
    assert width("e\u0301") == 1
    assert clipped("東京タワー", 5) == "東京…"
    assert clipped("short", 5) == "short"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "＝1+1",
        "=cmd|'/c calc'!A1",
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    (row,) = csv.reader(io.StringIO(harmless(text) + "\n", newline=""))
    assert row == ["'" + text]


@pytest.mark.parametrize("text", ["+48221234567", "+48 22 123 45 67", "+1 (212) 555-0123"])
def test_telephone_numbers_survive(text):
    assert harmless(text) == text


def test_numbers_survive_negative_ones_too():
    assert [harmless(each) for each in ("-5.00", -5, -2.5, Money(-500, "EUR"))] == [
        "-5.00",
        "-5",
        "-2.5",
        "-5.00 EUR",
    ]


def test_a_cell_with_another_delimiter_is_quoted_so_that_it_stays_one():
    assert harmless("x;=1+1") == '"x;=1+1"'


@given(st.text())
@settings(max_examples=50)
def test_csv_reads_back_what_was_written(text):
    (row,) = csv.reader(io.StringIO(harmless(text) + ",\n", newline=""), strict=True)
    assert row[0] in (text, "'" + text)


@given(st.text())
@settings(max_examples=50)
def test_json_reads_back_what_was_written_and_holds_no_control_character(text):
    document = json_escapes(json.dumps(plain({"x": text}), ensure_ascii=False))
    assert json.loads(document) == {"x": text}
    assert visible(document) == document


def test_values_have_one_form_for_people_and_one_for_machines():
    at = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    assert cell(at) == "2026-01-05 09:30"
    assert plain(at) == "2026-01-05T09:30:00Z"
    assert cell(None) == ""
    assert plain(float("nan")) is None
    assert plain(Money(1290, "EUR")) == "12.90 EUR"
    assert cell({"kind": "email", "label": ""}) == "kind=email"
    assert [cell(True), cell(2 / 3), cell([1, "a"])] == ["yes", "0.666667", "1, a"]
