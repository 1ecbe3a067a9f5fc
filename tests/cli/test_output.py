import io
import json
import os
import sys

import click
import pytest
from click.testing import CliRunner

from crmkit.cli import emit, emit_one, output, progress, say

ROWS = [{"id": 1, "name": "Ana", "more": [1, 2]}, {"id": 22, "name": "東京", "more": None}]


def written(format_, rows=ROWS, **how):
    @click.command()
    @click.pass_context
    def command(ctx):
        output.begin_talk(ctx, format_, quiet=False)
        emit(rows, **how)

    done = CliRunner().invoke(command)
    assert done.exit_code == 0, done.output
    return done


def test_a_table_aligns_numbers_right_and_text_by_its_width():
    assert written("table").stdout == "id  name  more\n 1  Ana   1, 2\n22  東京\n"


def test_columns_choose_what_a_table_and_csv_show_and_json_holds_whole_rows():
    assert written("table", columns=("name",)).stdout == "name\nAna\n東京\n"
    assert written("csv", columns=("name", "id")).stdout == "name,id\nAna,1\n東京,22\n"
    assert json.loads(written("json", columns=("name",)).stdout) == ROWS
    lines = written("jsonl", columns=("name",)).stdout.splitlines()
    assert [json.loads(line) for line in lines] == ROWS


def test_no_rows_are_an_empty_document_and_a_header():
    assert written("json", []).stdout == "[]\n"
    assert written("jsonl", []).stdout == ""
    assert written("csv", [], columns=("id", "name")).stdout == "id,name\n"
    empty = written("table", [], columns=("id",))
    assert (empty.stdout, empty.stderr) == ("", "(nothing)\n")


def test_json_and_csv_are_written_as_the_rows_come(monkeypatch):
    def rows():
        yield {"id": 1}
        raise RuntimeError("the cable was cut")

    for format_, start in (
        ("json", '[\n  {"id": 1}'),
        ("jsonl", '{"id": 1}\n'),
        ("csv", "id\n1\n"),
    ):
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(output, "talk", lambda f=format_: output.Talk(f))
        with pytest.raises(RuntimeError):
            emit(rows())
        assert stream.getvalue() == start


def test_one_thing_is_its_fields_one_below_the_other():
    @click.command()
    def command():
        emit_one({"name": "Ana", "more_words": ["one", "two"], "text": "a\nb\x1b"})

    assert CliRunner().invoke(command).stdout == (
        "name        Ana\nmore words  one\n            two\ntext        a\n            b\\x1b\n"
    )


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_table_fits_the_terminal_by_cutting_its_widest_column(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(output.shutil, "get_terminal_size", lambda: os.terminal_size((20, 24)))
    emit([{"id": 1, "text": "a long sentence about tea", "name": "Ana"}])
    (line,) = stream.getvalue().splitlines()[1:]
    assert line == " 1  a long se…  Ana"


def test_talk_cannot_move_the_cursor():
    @click.command()
    def command():
        say("done \x1b[2J\nnext")

    assert CliRunner().invoke(command).stderr == "done \\x1b[2J\nnext\n"


def test_progress_without_a_terminal_is_a_line_now_and_then(monkeypatch):
    moments = iter([0.0, 1.0, 6.0, 7.0, 12.0])
    monkeypatch.setattr(output.time, "monotonic", lambda: next(moments))

    @click.command()
    def command():
        with progress(4000, "Importing") as step:
            for _ in range(3):
                step(1000)

    assert CliRunner().invoke(command).stderr == "Importing: 2,000 of 4,000\n"
