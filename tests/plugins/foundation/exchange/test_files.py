"""Files as they come: encodings, delimiters, quotes, and things that are no tables."""

import gzip
import os

import pytest

from crmkit.plugins.foundation import exchange

ZOE = "id,name,email\n1,Zoë,zoe@example.com\n"


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (ZOE.encode(), "csv, comma, utf-8"),
        (b"\xef\xbb\xbf" + ZOE.encode(), "csv, comma, utf-8-sig"),
        (ZOE.encode("utf-16"), "csv, comma, utf-16"),
        (b"\xfe\xff" + ZOE.encode("utf-16-be"), "csv, comma, utf-16"),
        (ZOE.replace(",", ";").encode(), "csv, semicolon, utf-8"),
        (ZOE.replace(",", "\t").encode(), "csv, tab, utf-8"),
        (ZOE.replace(",", "|").encode(), "csv, bar, utf-8"),
        (ZOE.replace("\n", "\r\n").encode(), "csv, comma, utf-8"),
        (ZOE.replace("\n", "\r").encode(), "csv, comma, utf-8"),
        (ZOE.strip().encode(), "csv, comma, utf-8"),
        (gzip.compress(ZOE.encode(), mtime=0), "csv, comma, utf-8"),
        ('{"id": 1, "name": "Zoë", "email": "zoe@example.com"}\n'.encode(), "jsonl, utf-8"),
        (b'{"id": 1, "name": "Zo\\u00eb", "email": "zoe@example.com"}', "jsonl, utf-8"),
    ],
)
def test_the_same_customer_is_read_from_every_kind_of_file(shop, people, content, format):
    report = shop.run(shop.file(content), people)
    assert report.format == format
    assert shop.counts(report) == {"created": 1}
    (zoe,) = shop.customers()
    assert (zoe.name, zoe.contact("email")) == ("Zoë", "zoe@example.com")


def test_a_stated_encoding_is_used(shop, people):
    path = shop.file(ZOE.encode("cp1252"))
    shop.run(path, 'encoding = "cp1252"\n' + people)
    assert shop.customers()[0].name == "Zoë"


def test_bytes_of_another_encoding_reject_their_row_only(shop, people):
    path = shop.file(b"id,name,email\n1,Ana,\n2,Zo\xeb,\n3,Bo,\n")
    report = shop.run(path, people)
    assert shop.counts(report) == {"created": 2, "rejected": 1}
    assert [each.line for each in report.reasons] == [3]
    assert "state --encoding, such as cp1252" in report.reasons[0].text
    assert [each.name for each in shop.customers()] == ["Ana", "Bo"]


@pytest.mark.parametrize(
    "row", ["2,Zo\ufffd,", "2,a\x00b,", "2,\x1b]0;x\x07,", "2," + "x" * 131_073 + ",", '2,"a"b,']
)
def test_a_row_that_is_no_text_is_rejected_and_the_file_goes_on(shop, people, row):
    report = shop.run(shop.rows(people, "1,Ana,", row, "3,Bo,"), people)
    assert shop.counts(report) == {"created": 2, "rejected": 1}
    assert report.reasons[0].line == 3


def test_a_line_of_two_megabytes_is_rejected_and_the_file_goes_on(shop, people):
    report = shop.run(shop.rows(people, "1,Ana,", "2," + "x" * 2_000_000, "3,Bo,"), people)
    assert shop.counts(report) == {"created": 2, "rejected": 1}
    assert shop.reasons(report) == ["the line is longer than 1,000,000 characters"]


def test_an_unclosed_quote_swallows_no_row(shop, people):
    rows = [f"{n},Name {n},n{n}@example.com" for n in range(3, 1_003)]
    report = shop.plan(shop.rows(people, "1,Ana,", '2,"Bo,bo@example.com', *rows), people)
    assert shop.counts(report) == {"created": 1_001, "rejected": 1}
    assert (report.reasons[0].text, report.reasons[0].line) == (
        "a quote is opened in this row and not closed",
        3,
    )


@pytest.mark.parametrize("after", ['3,Bo,"bo@example.com"', '3,"Bo",b@example.com', '3,"Bo,x'])
def test_an_unclosed_quote_is_found_although_another_one_follows(shop, people, after):
    report = shop.run(shop.rows(people, '2,"Ana,', after, "4,Cy,"), people)
    lines = [each.line for each in report.reasons]
    assert 2 in lines
    assert report.rows == 3
    assert "Cy" in [each.name for each in shop.customers()]


def test_a_quote_that_closes_in_another_row_is_reported_unless_stated(shop, people):
    path = shop.rows(people, '1,Ana,"x', '2,Bo,"', "3,Cy,")
    report = shop.plan(path, people)
    assert [each.line for each in report.reasons] == [2, 3]
    assert "state multiline = true" in report.reasons[0].text


def test_cells_may_hold_delimiters_quotes_and_line_breaks(shop, people):
    shop.run(shop.rows(people, '1,"Ana ""A"", of', 'two lines",', "2,Bo,"), people)
    assert [each.name for each in shop.customers()] == ['Ana "A", of\ntwo lines', "Bo"]


def test_line_numbers_are_those_of_the_file(shop, people):
    path = shop.rows(people, '1,"A', 'B",', "", "2,Bo,bad address", "", "3,Cy,worse")
    report = shop.run(path, people)
    (reason,) = report.reasons
    assert (reason.count, reason.line) == (2, 5)
    told = path.with_name("in.rejects.csv").read_text().splitlines()
    assert told[1].startswith("2,Bo,bad address,line 5: email: expected an address")


def test_a_row_of_another_width_is_rejected_and_never_shifts(shop, people):
    path = shop.rows(people, "1,Ana,a@example.com,extra", "2,Bo", "3,Cy,")
    report = shop.run(path, people)
    assert shop.counts(report) == {"created": 1, "rejected": 2}
    report = shop.run(path, 'short_rows = "empty"\n' + people)
    assert shop.counts(report) == {"created": 1, "unchanged": 1, "rejected": 1}


def test_rows_of_empty_cells_and_blank_lines_are_no_customers(shop, people):
    report = shop.run(shop.rows(people, "", ",,", "1,Ana,", "   "), people)
    assert shop.counts(report) == {"created": 1, "skipped": 1}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"id,name,name\n1,a,b\n", "the headers name 'name' twice"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "not text (it holds zero bytes)"),
        (b"PK\x03\x04abc", "an Excel or zip file; save the sheet as CSV"),
        (b"\x1f\x8b\x08\x00broken", "the gzip file is damaged"),
        (gzip.compress(ZOE.encode(), mtime=0)[:-6], "the gzip file is damaged"),
        (b"id,na\xebme\n1,a\n", "line 1: not utf-8 text (byte 0xeb)"),
        (b"id^name^email\n1^a^b\n", "the mapping names 3; state --delimiter"),
        (b"<html><body>id</body></html>\n", "the mapping names 3; state --delimiter"),
        (
            b"id,nmae,email\n1,Ana,\n",
            "no column 'name', did you mean 'nmae'?; it has id ('1'), nmae",
        ),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_line(shop, people, content, told):
    with pytest.raises((exchange.FileRefusedError, exchange.MappingError)) as caught:
        shop.run(shop.file(content), people)
    assert caught.value.exit_code == 2
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert shop.dump() == []


def test_only_regular_files_are_read(shop, people, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(shop.file(ZOE))
    for name, told in (
        ("pipe", "a device or pipe"),
        ("link", "a symbolic link; name the file itself"),
        (".", "a folder"),
        ("none.csv", "no such file"),
    ):
        with pytest.raises(exchange.FileRefusedError, match=told):
            shop.run(tmp_path / name, people)
    with pytest.raises(exchange.FileRefusedError, match="a device or pipe"):
        shop.run("/dev/zero", people)


@pytest.mark.parametrize("name", ["-rf.csv", "$(touch pwned).csv", ";rm x.csv", "a\nb.csv"])
def test_file_names_are_taken_literally(shop, people, name):
    report = shop.run(shop.file(ZOE.replace("zoe@", "@"), name), people)
    assert report.rejected == 1
    assert sorted(each.name for each in shop.folder.iterdir()) == sorted(
        [name, name.replace(".csv", ".rejects.csv")]
    )


def test_a_gzip_bomb_is_refused(shop, people, monkeypatch):
    from crmkit.plugins.foundation.exchange import source

    monkeypatch.setattr(source, "FREE_SIZE", 1 << 20)
    path = shop.file(gzip.compress(b"id,name,email\n" + b"," * 5_000_000))
    with pytest.raises(exchange.FileRefusedError, match="unpacks to more than"):
        shop.run(path, people)


def test_a_text_decoded_twice_is_told_but_taken(shop, people):
    report = shop.run(shop.rows(people, "1,ZoÃ«,"), people)
    assert report.warnings == ("line 2 looks as if its encoding was mistaken once already",)
    assert shop.customers()[0].name == "ZoÃ«"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ('{"id": "2", "id": "3"}', "'id' is named twice"),
        ("[1]", "not a JSON object"),
        ('{"id": "2", "name": ["x"]}', "name holds a list or an object"),
        ('{"id": "2", "name": "a\\u0000b"}', "a character that is not text (U+0000)"),
        ('{"id": "2", "name": "\\ud800"}', "a character that is not text (U+D800)"),
        ('{"id": "2", "name": ' + "[" * 100_000, "nested too deeply"),
        ('{"id": "2"', "not JSON"),
    ],
)
def test_a_bad_line_of_jsonl_is_rejected(shop, people, row, told):
    good = '{"id": "1", "name": "Ana", "email": null, "other": 5}'
    report = shop.run(shop.file(f"{good}\n{row}\n", "in.jsonl"), people)
    assert shop.counts(report) == {"created": 1, "rejected": 1}
    assert told in shop.reasons(report)[0]
    assert report.rejects == shop.folder / "in.rejects.jsonl"
    assert '"crmkit_error": "line 2: ' in report.rejects.read_text()
