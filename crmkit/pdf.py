"""
Business papers as PDF: a letterhead, an address for a window envelope, a table, totals.

Pure: equal papers give equal bytes. Needs the extra ``pdf``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from crmkit import InvalidValueError, MissingExtraError

if TYPE_CHECKING:
    from fpdf import FPDF

__all__ = ["Column", "Paper", "printed"]

LEFT_MM: Final = 25
ADDRESS_MM: Final = 62.7
BODY_MM: Final = 100


@attrs.frozen(kw_only=True)
class Column:
    """
    One column of the table.

    Attributes:
        share: Of the width, beside those of the others.
    """

    head: str
    share: int
    align: Literal["LEFT", "RIGHT"] = "LEFT"


@attrs.frozen(kw_only=True)
class Paper:
    """
    What stands on a paper.

    Attributes:
        at: When it was made; stands in the file's own data.
        sender, receiver: Lines of the letterhead and of the address.
        facts: What is said beside the address: label and value.
        totals: Below the table, label and value; the last is set in bold where the font can.
        notes: Paragraphs at the end.
    """

    title: str
    at: datetime
    sender: Sequence[str]
    receiver: Sequence[str]
    facts: Sequence[tuple[str, str]] = ()
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[str]] = ()
    totals: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()


def printed(paper: Paper, *, font: Path | None = None) -> bytes:
    """
    The PDF, on A4 pages.

    Args:
        font: A TrueType file that has all the characters; default Helvetica, which every reader
            has and which knows those of western Europe.

    Raises:
        InvalidValueError: If the font lacks a character, or is none.
        MissingExtraError: Without fpdf2.
    """
    try:
        import fpdf
    except ModuleNotFoundError as exc:
        raise MissingExtraError("Printing", "pdf") from exc
    page = _Page(fpdf, paper, font)
    page.head()
    page.table()
    page.end()
    return bytes(page.pdf.output())


class _Page:
    def __init__(self, fpdf: Any, paper: Paper, font: Path | None) -> None:
        self._fpdf = fpdf
        self._paper = paper
        self._bold = "" if font else "B"
        self.pdf: FPDF = fpdf.FPDF(format="A4")
        self.pdf.set_creation_date(paper.at)
        self.pdf.set_title(_line(paper.title))
        self.pdf.set_margins(LEFT_MM, 20, 20)
        self.pdf.set_auto_page_break(True, 25)
        self._family = self._load(font)
        self.pdf.add_page()

    def _load(self, font: Path | None) -> str:
        if font is None:
            _refuse_missing(self._paper, _western)
            return "helvetica"
        has = _characters(font)
        _refuse_missing(self._paper, lambda text: "".join(c for c in text if ord(c) in has))
        self.pdf.add_font("own", fname=font)
        return "own"

    def head(self) -> None:
        pdf, paper = self.pdf, self._paper
        self._font(9)
        for line in paper.sender:
            self._right(line)
        pdf.set_xy(LEFT_MM, ADDRESS_MM)
        self._font(10)
        for line in paper.receiver:
            pdf.cell(85, 5, _line(line), new_x="LEFT", new_y="NEXT")
        pdf.set_y(ADDRESS_MM)
        for label, value in paper.facts:
            pdf.set_x(120)
            pdf.cell(35, 5, _line(label))
            pdf.cell(35, 5, _line(value), new_x="LMARGIN", new_y="NEXT", align="R")
        pdf.set_y(max(BODY_MM, pdf.get_y() + 8))
        self._font(15, self._bold)
        pdf.multi_cell(0, 8, _line(paper.title), new_x="LMARGIN", new_y="NEXT")
        pdf.ln(3)

    def table(self) -> None:
        columns = self._paper.columns
        if not columns:
            return
        self._font(9)
        with self.pdf.table(
            align="LEFT",
            borders_layout="HORIZONTAL_LINES",
            col_widths=tuple(each.share for each in columns),
            text_align=tuple(each.align for each in columns),
            headings_style=self._fpdf.FontFace(emphasis=self._bold or None),
            line_height=5,
        ) as table:
            table.row([_line(each.head) for each in columns])
            for row in self._paper.rows:
                table.row([_line(cell) for cell in row])
        self.pdf.ln(4)

    def end(self) -> None:
        pdf, totals = self.pdf, self._paper.totals
        with pdf.unbreakable() as block:
            for place, (label, value) in enumerate(totals):
                self._font(10, self._bold if place == len(totals) - 1 else "")
                block.set_x(95)
                block.cell(60, 6, _line(label))
                block.cell(35, 6, _line(value), new_x="LMARGIN", new_y="NEXT", align="R")
        self._font(10)
        for note in self._paper.notes:
            pdf.ln(4)
            pdf.multi_cell(0, 5, "\n".join(map(_line, note.splitlines())), align="L")

    def _font(self, size: int, style: str = "") -> None:
        self.pdf.set_font(self._family, style, size)

    def _right(self, line: str) -> None:
        self.pdf.cell(0, 4.5, _line(line), new_x="LMARGIN", new_y="NEXT", align="R")


def _western(text: str) -> str:
    return text.encode("latin-1", "ignore").decode("latin-1")


def _characters(font: Path) -> Collection[int]:
    from fontTools.ttLib import TTFont

    try:
        with TTFont(BytesIO(font.read_bytes())) as own:
            return frozenset(own.getBestCmap())
    except Exception as exc:  # fontTools says in many ways that a file is no font
        raise InvalidValueError("font", str(font), "a TrueType file") from exc


def _line(text: str) -> str:
    """*text* on one line, without what no printer shows."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _texts(paper: Paper) -> Iterator[str]:
    yield paper.title
    yield from (*paper.sender, *paper.receiver, *paper.notes)
    yield from (text for pair in (*paper.facts, *paper.totals) for text in pair)
    yield from (each.head for each in paper.columns)
    yield from (cell for row in paper.rows for cell in row)


def _refuse_missing(paper: Paper, shown: Callable[[str], str]) -> None:
    for text in map(_line, _texts(paper)):
        if shown(text) != text:
            missing = "".join(sorted(set(text) - set(shown(text))))[:10]
            accepted = f"a TrueType file that has {missing!r}, which {text[:40]!r} needs"
            raise InvalidValueError("font", "the one set", accepted)
