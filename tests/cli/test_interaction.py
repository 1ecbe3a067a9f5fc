import json

import pytest


def data(done):
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_log_stores_what_it_is_given(shop):
    shop("offer", "new", "1", "Ten off")
    done = shop(
        "interaction", "log", "shop:42", "purchase.order", "--at", "2026-01-05T09:30+01:00",
        "--channel", "shop", "--amount", "39.80 EUR", "--line", "A-7,2,30.00 EUR",
        "--line", "B-1,1,9.80 EUR", "--text", "gift wrap", "--thread", "t1", "--offer", "1",
        "--source", "till", "--key", "1001", "--format", "json",
    )  # fmt: skip
    (row,) = data(done)
    assert row["at"] == "2026-01-05T08:30:00Z"
    assert row["amount"] == "39.80 EUR"
    assert [(each["sku"], each["quantity"], each["amount"]) for each in row["lines"]] == [
        ("A-7", 2, "30.00 EUR"),
        ("B-1", 1, "9.80 EUR"),
    ]
    assert data(shop("interaction", "show", str(row["id"]), "--format", "json")) == row


def test_log_is_inbound_human_and_now_unless_told_otherwise(shop):
    (row,) = data(shop("interaction", "log", "1", "note.heard", "--format", "json"))
    assert (row["direction"], row["machine"], row["channel"], row["offer"]) == (
        "inbound",
        False,
        "",
        None,
    )


def test_the_same_source_and_key_is_stored_once(shop):
    first = ["interaction", "log", "1", "note.heard", "--source", "till", "--key", "7"]
    shop(*first)
    done = shop(*first)
    assert done.exit_code == 0
    assert done.stderr == "It was there already: till 7.\n"
    assert len(data(shop("interaction", "list", "--format", "json"))) == 1


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["99", "note.heard"], 3, "no customer 99"),
        (["1", "note.herd"], 2, "did you mean 'note.heard'?"),
        (["1", "note.heard", "--at", "03/04/2026"], 2, "expected a date (midnight UTC)"),
        (["1", "note.heard", "--at", "2026-01-05T09:30"], 2, "has no offset from UTC"),
        (["1", "note.heard", "--amount", "NaN EUR"], 2, "amount: 'NaN EUR' is not accepted"),
        (["1", "note.heard", "--amount", "5 EURO"], 2, "amount: '5 EURO' is not accepted"),
        (["1", "note.heard", "--amount", "5 EUX"], 2, "an ISO 4217 code"),
        (["1", "note.heard", "--amount", "5.001 EUR"], 2, "at most 2 digits for EUR"),
        (["1", "note.heard", "--line", "A-7"], 2, "is not SKU,QUANTITY,AMOUNT"),
        (["1", "note.heard", "--line", "A-7,two,5 EUR"], 2, "quantity 'two' is not a number"),
        (["1", "note.heard", "--line", "A-7,1,5 EUR"], 2, "in the one currency of the amount"),
        (["1", "note.heard", "--payload", "[1]"], 2, "is not a JSON object"),
        (["1", "note.heard", "--payload", "{"], 2, "is not JSON"),
        (["1", "note.heard", "--payload", '{"a": 1}'], 2, "nothing for kind note.heard"),
        (["1", "note.heard", "--direction", "up"], 2, "'up' is not one of"),
        (["1", "note.heard", "--offer", "9"], None, "9"),
    ],
)
def test_log_refuses_what_does_not_fit_and_writes_nothing(shop, options, code, told):
    done = shop("interaction", "log", *options)
    assert done.exit_code in ((code,) if code else (2, 3))
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert data(shop("interaction", "list", "--format", "json")) == []


def test_log_dry_run_writes_nothing(shop):
    done = shop("interaction", "log", "1", "note.heard", "--dry-run")
    assert done.stderr == "Dry run: nothing was written.\n"
    assert data(shop("interaction", "list", "--format", "json")) == []


def test_list_is_last_recorded_first_and_filters(shop):
    for who, kind in (("1", "note.heard"), ("2", "note.heard"), ("1", "contact.visit")):
        shop("interaction", "log", who, kind)
    ids = lambda *options: [  # noqa: E731
        row["id"] for row in data(shop("interaction", "list", *options, "--format", "json"))
    ]
    assert ids() == [3, 2, 1]
    assert ids("--customer", "ana@example.com") == [3, 1]
    assert ids("--kind", "note.heard") == [2, 1]
    assert ids("--before", "3", "--size", "1") == [2]
    assert shop("interaction", "list", "--size", "2").stderr == "Older ones: add --before 2\n"


def test_search_finds_what_was_just_written(shop):
    shop("interaction", "log", "1", "note.heard", "--text", "prefers mornings")
    (row,) = data(shop("interaction", "search", "morn", "--format", "json"))
    assert row["text"] == "prefers mornings"


def test_a_text_of_several_lines_is_shown_as_such_and_escaped_in_a_table(shop):
    shop("interaction", "log", "1", "note.heard", "--text", "one\ntwo")
    assert "text        one\n            two\n" in shop("interaction", "show", "1").stdout
    assert r"one\ntwo" in shop("interaction", "list").stdout


def test_show_of_an_unknown_interaction_is_not_found(shop):
    done = shop("interaction", "show", "7")
    assert (done.exit_code, done.stderr) == (3, "Error: no interaction 7\n")
