"""``crmkit billing``: what it prints, what it refuses, and with which exit code."""

import json

import pytest

TOML = """
[billing]
currency = "EUR"
[billing.seller]
name = "Corner Shop"
country = "DE"
[[billing.dunning]]
days = 1
"""


@pytest.fixture
def shop(cli, tmp_path):
    cli("init")
    cli("plugins", "enable", "billing")
    with (tmp_path / "crmkit.toml").open("a") as file:
        file.write(TOML)
    cli("db", "upgrade")
    cli("customer", "add", "Ana", "--email", "ana@example.com")
    for words in (
        ("product", "CUP", "--name", "A cup"),
        ("price", "CUP", "9.90 EUR"),
        ("account", "1", "--country", "DE"),
    ):
        done = cli("billing", *words)
        assert done.exit_code == 0, done.output
    return lambda *words: cli("--format", "json", "billing", *words)


def told(done):
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_from_order_to_refund(shop):
    order = told(shop("order", "1", "--item", "CUP,3", "--reference", "PO 1"))
    bill = told(shop("invoice", "--order", order["number"], "--line", "1=2"))
    paid = told(shop("pay", "ana@example.com", "20.00 EUR", "--key", "x1"))
    note = told(shop("credit", bill["number"], "--line", "1=1"))
    back = told(shop("refund", note["number"]))
    assert [each["number"] for each in (order, bill, paid, note, back)] == [
        "O000001", "R000001", "P000001", "C000001", "B000001",
    ]  # fmt: skip
    assert (order["gross"], bill["gross"], paid["open"], back["gross"]) == (
        "29.70 EUR", "19.80 EUR", "0.20 EUR", "9.90 EUR",
    )  # fmt: skip
    assert told(shop("pay", "1", "20.00 EUR", "--key", "x1"))["number"] == "P000001"
    assert told(shop("cancel", "O000001"))["status"] == "cancelled"


def test_a_dry_run_writes_nothing(shop):
    assert told(shop("order", "1", "--item", "CUP", "--dry-run"))["number"] == "O000001"
    assert told(shop("list")) == []


def test_an_invoice_as_a_file(shop, tmp_path):
    shop("invoice", "--customer", "1", "--item", "CUP")
    assert shop("ubl", "R000001", "--to", "bill.xml").exit_code == 0
    assert "A cup" in (tmp_path / "bill.xml").read_text()


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["show", "R9"], 3, "no document 'R9'"),
        (["invoice", "--customer", "1", "--item", "CAP"], 3, "no product 'CAP'"),
        (["invoice", "--customer", "1", "--item", "CUP,0"], 2, "credit note"),
        (["invoice", "--customer", "1", "--item", "CUP,1,2,3"], 2, "SKU[,QUANTITY[,PRICE]]"),
        (["invoice", "--customer", "1"], 2, "one item or more"),
        (["invoice"], 2, "give either --order NUMBER or --customer WHO"),
        (["invoice", "--order", "O000001", "--line", "x"], 2, "LINE=QUANTITY"),
        (["invoice", "--order", "O000001", "--line", "1=4"], 5, "4 asked for, 3 left"),
        (["pay", "1", "nothing"], 2, "129.90 EUR"),
        (["pay", "1", "1 USD", "--for", "R000001"], 5, "a document has one currency"),
        (["credit", "O000001"], 5, "name an invoice"),
        (["refund", "R000001"], 5, "only what is open of a payment"),
        (["price", "CUPS", "1 EUR"], 3, "did you mean 'CUP'?"),
        (["account", "1", "--country", "Germany"], 2, "ISO 3166"),
        (["points", "1", "--redeem", "5"], 5, "redeem at most 0"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(shop, words, code, text):
    shop("order", "1", "--item", "CUP,3")
    shop("invoice", "--customer", "1", "--item", "CUP")
    before = told(shop("list"))
    done = shop(*words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert text in done.stderr
    assert told(shop("list")) == before
