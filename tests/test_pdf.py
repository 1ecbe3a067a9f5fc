"""What a reader of the file finds in it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from crmkit import InvalidValueError
from crmkit.pdf import Column, Paper, printed

DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
PAPER = Paper(
    title="Invoice R000001",
    at=datetime(2026, 1, 5, 9, tzinfo=UTC),
    sender=["Corner Shop GmbH", "10115 Berlin"],
    receiver=["Zoë Müller", "50667 Köln"],
    facts=[("Date", "2026-01-05")],
    columns=[Column(head="What", share=3), Column(head="Net", share=1, align="RIGHT")],
    rows=[["A cup", "2.50 EUR"]],
    totals=[("Net", "2.50 EUR"), ("Total", "2.98 EUR")],
    notes=["Thank you.\nCome again."],
)


def pages(content):
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def test_everything_stands_on_it():
    (text,) = pages(printed(PAPER))
    for told in ("Invoice R000001", "Zoë Müller", "50667 Köln", "A cup", "2.98 EUR", "Come again."):
        assert told in text


def test_equal_papers_are_equal_files():
    assert printed(PAPER) == printed(attrs.evolve(PAPER))


def test_a_long_table_goes_on_with_its_head_and_loses_no_row():
    rows = [[f"Cup number {n}", f"{n}.00 EUR"] for n in range(200)]
    found = pages(printed(attrs.evolve(PAPER, rows=rows)))
    assert len(found) > 3
    assert all("Net" in each for each in found[:-1])
    text = "\n".join(found)
    assert all(f"Cup number {n}\n" in text or f"Cup number {n} " in text for n in range(200))


def test_a_character_the_font_lacks_is_named_and_nothing_is_guessed():
    with pytest.raises(InvalidValueError, match="'Łź'"):
        printed(attrs.evolve(PAPER, receiver=["Łódź"]))


@pytest.mark.skipif(not DEJAVU.exists(), reason="DejaVu Sans is not installed")
def test_a_font_of_ones_own_prints_what_it_has():
    (text,) = pages(printed(attrs.evolve(PAPER, receiver=["Łódź", "Αθήνα"]), font=DEJAVU))
    assert "Łódź" in text
    assert "Αθήνα" in text
    with pytest.raises(InvalidValueError, match="'東'"):
        printed(attrs.evolve(PAPER, title="東"), font=DEJAVU)


def test_a_font_that_is_none_is_refused(tmp_path):
    path = tmp_path / "no.ttf"
    path.write_bytes(b"no font")
    for each in (path, tmp_path / "absent.ttf"):
        with pytest.raises(InvalidValueError, match="a TrueType file"):
            printed(PAPER, font=each)


@given(st.text(max_size=300), st.text(max_size=60))
@settings(max_examples=50, deadline=None)
def test_any_text_is_printed_or_refused(note, name):
    try:
        content = printed(attrs.evolve(PAPER, notes=[note], rows=[[name, "1"]]))
    except InvalidValueError:
        return
    assert content.startswith(b"%PDF-")
