import json
import time

import pytest


def data(done):
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def offered(shop):
    shop("offer", "new", "1", "Ten off", "--kind", "discount", "--cost", "4 EUR", "--days", "14",
         "--why", "you bought knives")  # fmt: skip
    return shop


def test_new_stores_what_it_is_given(offered):
    found = data(offered("offer", "show", "1", "--format", "json"))
    assert (found["what"], found["kind"], found["cost"], found["why"], found["status"]) == (
        "Ten off",
        "discount",
        "4.00 EUR",
        "you bought knives",
        "proposed",
    )
    assert found["valid_until"] > found["valid_from"]


def test_new_is_an_open_ended_product_unless_told_otherwise(shop):
    (row,) = data(shop("offer", "new", "1", "A knife", "--format", "json"))
    assert (row["kind"], row["valid_until"], row["cost"]) == ("product", None, None)


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["99", "X"], 3, "no customer 99"),
        (["1", ""], 2, "what: '' is not accepted"),
        (["1", "X", "--until", "2020-01-01"], 2, "an instant after valid_from"),
        (["1", "X", "--until", "2099-01-01", "--days", "3"], 2, "give one of them"),
        (["1", "X", "--days", "0"], 2, "0.0 is not in the range"),
        (["1", "X", "--kind", "Big Thing"], 2, "kind: 'Big Thing' is not accepted"),
    ],
)
def test_new_refuses_what_does_not_fit_and_writes_nothing(shop, options, code, told):
    done = shop("offer", "new", *options)
    assert done.exit_code == code
    assert told in done.stderr
    assert data(shop("offer", "list", "--format", "json")) == []


def test_new_dry_run_writes_nothing(shop):
    assert shop("offer", "new", "1", "X", "--dry-run").exit_code == 0
    assert data(shop("offer", "list", "--format", "json")) == []


def test_list_is_latest_first_and_filters(offered):
    offered("offer", "new", "2", "Sharpening")
    offered("offer", "withdraw", "1")
    ids = lambda *options: [  # noqa: E731
        row["id"] for row in data(offered("offer", "list", *options, "--format", "json"))
    ]
    assert ids() == [2, 1]
    assert ids("--customer", "shop:42") == [1]
    assert ids("--status", "proposed") == [2]
    assert ids("--before", "2") == [1]


@pytest.mark.parametrize(
    ("command", "status"),
    [("accept", "accepted"), ("decline", "declined"), ("withdraw", "withdrawn")],
)
def test_an_answer_changes_the_status_once(offered, command, status):
    assert offered("offer", command, "1", "--dry-run").exit_code == 0
    assert data(offered("offer", "show", "1", "--format", "json"))["status"] == "proposed"
    (row,) = data(offered("offer", command, "1", "--format", "json"))
    assert row["status"] == status
    again = offered("offer", command, "1")
    assert (again.exit_code, again.stderr) == (5, f"Error: offer 1 is {status} already\n")


def test_an_answer_names_the_interaction_that_gave_it(offered):
    offered("interaction", "log", "1", "contact.message", "--text", "yes please")
    (row,) = data(offered("offer", "accept", "1", "--interaction", "1", "--format", "json"))
    assert row["answered_by"] == 1


def test_an_answer_of_somebody_else_is_refused(offered):
    offered("interaction", "log", "2", "contact.message", "--text", "yes please")
    done = offered("offer", "accept", "1", "--interaction", "1")
    assert done.exit_code == 5
    assert "interaction 1 is customer 2's" in done.stderr
    assert offered("offer", "accept", "1", "--interaction", "9").exit_code == 3


def test_an_offer_that_has_ended_cannot_be_accepted(shop):
    shop("offer", "new", "1", "Now", "--days", "0.0000001")
    time.sleep(0.05)
    done = shop("offer", "accept", "1")
    assert done.exit_code == 5
    assert "offer 1 was valid until" in done.stderr
    assert shop("offer", "decline", "1").exit_code == 0


def test_an_unknown_offer_is_not_found(shop):
    for command in ("show", "accept", "decline", "withdraw"):
        done = shop("offer", command, "7")
        assert (done.exit_code, done.stderr) == (3, "Error: no offer 7\n")
