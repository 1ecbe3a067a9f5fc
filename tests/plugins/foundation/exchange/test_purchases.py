"""What becomes of rows that are purchases, or lines of purchases."""

from datetime import UTC, datetime

import pytest

from crmkit import Money
from crmkit.plugins.foundation import exchange


def test_rows_with_one_number_are_the_lines_of_one_purchase(shop, lines):
    path = shop.rows(
        lines,
        "9,42,2026-01-02 10:00,TEA,2,3.50",
        "9,42,2026-01-02 10:01,CUP,1,0.99",
        "10,43,2026-01-03 10:00,TEA,1,3.50",
    )
    report = shop.run(path, lines)
    assert shop.counts(report) == {"created": 3}
    assert (report.interactions, report.customers) == (2, 2)
    (bought,) = shop.timeline("shop:42")
    assert (bought.kind, bought.amount, bought.source_key) == (
        "purchase.order",
        Money(799, "EUR"),
        "9",
    )
    assert bought.at == datetime(2026, 1, 2, 10, tzinfo=UTC)
    assert [(line.sku, line.quantity, line.amount) for line in bought.lines] == [
        ("TEA", 2, Money(700, "EUR")),
        ("CUP", 1, Money(99, "EUR")),
    ]
    assert [each.name for each in shop.customers()] == ["Customer 42", "Customer 43"]


def test_a_negative_quantity_is_a_return(shop, lines):
    shop.run(shop.rows(lines, "C9,42,2026-01-02,TEA,-2,3.50"), lines)
    (back,) = shop.timeline("shop:42")
    assert (back.kind, back.amount) == ("purchase.return", Money(-700, "EUR"))
    assert (back.lines[0].quantity, back.lines[0].amount) == (-2, Money(-700, "EUR"))


def test_a_rule_says_what_is_a_return(shop, lines):
    rule = '[[kind_when]]\ncolumn = "invoice"\nstarts_with = "C"\nkind = "purchase.return"\n'
    path = shop.rows(lines, "C9,42,2026-01-02,TEA,2,3.50")
    report = shop.run(path, lines + rule)
    assert shop.reasons(report) == [
        'amount: expected a negative amount for purchase.return; or state returns = "positive"'
    ]
    report = shop.run(path, 'returns = "positive"' + lines + rule)
    assert shop.counts(report) == {"created": 1}
    (back,) = shop.timeline("shop:42")
    assert (back.amount, back.lines[0].quantity) == (Money(-700, "EUR"), -2)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("9,42,2026-01-02,TEA,1,-3.50", "line.price: expected a price of 0 or more"),
        ("9,42,2026-01-02,TEA,1,NaN", "line.price: expected a number such as 1234.50"),
        ("9,42,2026-01-02,TEA,1,1e400", "line.price: expected a number such as 1234.50"),
        ("9,42,2026-01-02,TEA,1,", "line.price: expected a number such as 1234.50"),
        ("9,42,2026-01-02,TEA,1,3.505", "line: expected an amount of at most 2 decimals"),
        ('9,42,2026-01-02,TEA,1,"3,50"', 'state decimal = "," or "."'),
        ("9,42,2026-01-02,TEA,1,٣", "line.price: expected a number"),
        ("9,42,2026-01-02,TEA,many,3.50", "line.quantity: expected a number"),
        ("9,42,2026-01-02,,1,3.50", "sku: expected non-empty text"),
        ("9,42,2026-02-30,TEA,1,3.50", "at: expected a time like 2026-04-03 14:05"),
        ("9,42,0000-00-00,TEA,1,3.50", "at: expected a time like"),
        ("9,42,60,TEA,1,3.50", "at: expected a time like"),
        ("9,42,99999-01-01,TEA,1,3.50", "at: expected a time like"),
        ("9,42,,TEA,1,3.50", "at: expected a time like"),
        ("9,,2026-01-02,TEA,1,3.50", "customer: the cell is empty"),
        (",42,2026-01-02,TEA,1,3.50", "source_key: expected the source's own number"),
        ("9,42,2026-01-02,TEA,1,99999999999999999999", "amount_minor"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason_and_changes_nothing(shop, lines, row, told):
    report = shop.run(shop.rows(lines, row), lines)
    assert shop.counts(report) == {"rejected": 1}
    assert told in shop.reasons(report)[0]
    assert shop.dump() == []


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("9,42,2026-01-02,-3.50", "amount: expected 0 or more for purchase.order"),
        ("9,42,2026-01-02,12.345", "amount: expected an amount of at most 2 decimals"),
        ("9,42,2026-01-02,nan", "amount: expected a number"),
    ],
)
def test_a_bad_amount_is_rejected(shop, sales, row, told):
    report = shop.run(shop.rows(sales, row), sales)
    assert told in shop.reasons(report)[0]
    assert shop.dump() == []


def test_an_unknown_currency_is_rejected(shop, sales):
    mapping = sales.replace('amount = "amount"', 'amount = "amount"\ncur = "currency"')
    mapping = mapping.replace('[constants]\ncurrency = "EUR"', "")
    path = shop.file("id,who,at,amount,cur\n1,42,2026-01-02,5,EURO\n2,42,2026-01-02,500,JPY\n")
    report = shop.run(path, mapping)
    assert shop.counts(report) == {"created": 1, "rejected": 1}
    assert "currency: expected an ISO 4217 code" in shop.reasons(report)[0]
    assert shop.timeline("shop:42")[0].amount == Money(500, "JPY")


@pytest.mark.parametrize(
    ("decimal", "text", "minor"),
    [
        (",", "1.234,56", 123456),
        (",", "1 234,56", 123456),
        (",", "12,5", 1250),
        (".", "1,234.56", 123456),
        (".", "1'234.5", 123450),
        (".", "-0", 0),
    ],
)
def test_numbers_are_read_in_the_stated_notation(shop, sales, decimal, text, minor):
    path = shop.rows(sales, f'9,42,2026-01-02,"{text}"')
    shop.run(path, f'decimal = "{decimal}"' + sales)
    assert shop.timeline("shop:42")[0].amount == Money(minor, "EUR")


@pytest.mark.parametrize("text", ["1.234.56", "1,23,4", "12,345.6,7"])
def test_odd_groups_of_digits_are_rejected(shop, sales, text):
    report = shop.run(shop.rows(sales, f'9,42,2026-01-02,"{text}"'), 'decimal = "."' + sales)
    assert shop.counts(report) == {"rejected": 1}


def test_rounding_is_half_even_when_it_is_asked_for(shop, lines):
    path = shop.rows(
        lines, "9,42,2026-01-02,A,1,0.125", "9,42,2026-01-02,B,1,0.135", "9,42,2026-01-02,C,3,0.335"
    )
    shop.run(path, 'rounding = "half_even"' + lines)
    (bought,) = shop.timeline("shop:42")
    assert [line.amount.amount_minor for line in bought.lines] == [12, 14, 100]
    assert bought.amount.amount_minor == 126


@pytest.mark.parametrize("text", ["03/04/2026", "3.4.2026 14:05", "13-04-2026"])
def test_a_date_without_a_stated_order_is_refused_with_the_mend(shop, sales, text):
    with pytest.raises(exchange.MappingError, match='state dates = "dmy" or "mdy"') as caught:
        shop.run(shop.rows(sales, f"9,42,{text},5"), sales)
    assert "line 2" in str(caught.value)
    assert shop.dump() == []


@pytest.mark.parametrize(
    ("order", "text", "at"),
    [
        ("dmy", "03/04/2026", datetime(2026, 4, 3, tzinfo=UTC)),
        ("mdy", "03/04/2026", datetime(2026, 3, 4, tzinfo=UTC)),
        ("mdy", "12/1/2010 8:26", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("mdy", "12/1/2010 12:26 AM", datetime(2010, 12, 1, 0, 26, tzinfo=UTC)),
        ("dmy", "2026-04-03T14:05:00+02:00", datetime(2026, 4, 3, 12, 5, tzinfo=UTC)),
        ("%d %b %Y", "3 Apr 2026", datetime(2026, 4, 3, tzinfo=UTC)),
        ("iso", "2026-04-03T14:05:00Z", datetime(2026, 4, 3, 14, 5, tzinfo=UTC)),
    ],
)
def test_dates_are_read_in_the_stated_order(shop, sales, order, text, at):
    shop.run(shop.rows(sales, f"9,42,{text},5"), f'dates = "{order}"' + sales)
    assert shop.timeline("shop:42")[0].at == at


def test_times_without_a_zone_need_a_stated_one(shop, sales):
    path = shop.rows(sales, "9,42,2026-07-02 10:00,5")
    with pytest.raises(exchange.MappingError, match='state time_zone = "Europe/London"'):
        shop.run(path, sales.replace('time_zone = "UTC"', ""))
    shop.run(path, sales.replace("UTC", "Europe/Warsaw"))
    assert shop.timeline("shop:42")[0].at == datetime(2026, 7, 2, 8, tzinfo=UTC)


def test_a_bad_line_rejects_its_whole_purchase_which_can_be_mended(shop, lines):
    path = shop.rows(
        lines,
        "9,42,2026-01-02,TEA,2,3.50",
        "9,42,2026-01-02,CUP,1,NaN",
        "10,42,2026-01-02,TEA,1,3.50",
        '11,42,2026-01-02,"TEA,1,3.50',
        "11,42,2026-01-02,CUP,1,3.50",
    )
    report = shop.run(path, lines)
    assert shop.counts(report) == {"created": 1, "rejected": 4}
    assert [each.source_key for each in shop.timeline("shop:42")] == ["10"]
    text = report.rejects.read_text()
    assert "another row of the same interaction was rejected (line 3)" in text
    shop.file(text.replace("NaN", "0.99"), "mended.csv")
    mended = shop.run(shop.folder / "mended.csv", lines)
    assert shop.counts(mended) == {"created": 2, "rejected": 2}
    assert shop.timeline("shop:42")[0].amount == Money(799, "EUR")


def test_rows_of_one_purchase_must_name_one_customer(shop, lines):
    path = shop.rows(lines, "9,42,2026-01-02,TEA,2,3.50", "9,43,2026-01-02,CUP,1,1")
    report = shop.run(path, lines)
    assert shop.counts(report) == {"rejected": 2}
    assert "customer: rows of one interaction disagree" in shop.reasons(report)


@pytest.mark.parametrize("size", [1, 3, 5_000])
def test_rows_of_one_purchase_need_not_stand_together(shop, lines, size):
    rows = [
        "9,42,2026-01-02,TEA,2,3.50",
        "10,43,2026-01-02,TEA,1,3.50",
        "11,43,2026-01-02,TEA,1,3.50",
        "9,42,2026-01-02,CUP,1,0.99",
        "12,43,2026-01-02,TEA,1,3.50",
    ]
    report = shop.run(shop.rows(lines, *rows), lines, rows_per_unit=size)
    assert shop.counts(report) == {"created": 5}
    assert shop.timeline("shop:42")[0].amount == Money(799, "EUR")
    report = shop.run(shop.rows(lines, *reversed(rows)), lines, rows_per_unit=size)
    assert shop.counts(report) == {"unchanged": 5}


def test_a_purchase_is_never_changed_by_another_file(shop, lines):
    shop.run(shop.rows(lines, "9,42,2026-01-02,TEA,2,3.50"), lines)
    report = shop.run(shop.rows(lines, "9,42,2026-01-02,TEA,3,3.50"), lines)
    assert shop.counts(report) == {"rejected": 1}
    assert "an interaction is never changed" in shop.reasons(report)[0]
    assert shop.timeline("shop:42")[0].amount == Money(700, "EUR")


def test_one_number_twice_without_group_by_is_the_same_or_rejected(shop, sales):
    rows = ("9,42,2026-01-02,5", "9,42,2026-01-02,5", "9,42,2026-01-02,6")
    report = shop.run(shop.rows(sales, *rows), sales)
    assert shop.counts(report) == {"created": 1, "unchanged": 1, "rejected": 1}
    report = shop.run(shop.rows(sales, *rows), sales, rows_per_unit=1)
    assert shop.counts(report) == {"unchanged": 2, "rejected": 1}


def test_customers_nobody_knows_are_rejected_unless_the_mapping_makes_them(shop, sales, people):
    strict = sales.partition("[customer]")[0]
    path = shop.rows(sales, "9,42,2026-01-02,5")
    report = shop.run(path, strict)
    assert "import the customers first" in shop.reasons(report)[0]
    shop.run(shop.file("id,name,email\n42,Ana,\n", "people.csv"), people)
    assert shop.counts(shop.run(path, strict)) == {"created": 1}
    assert [each.name for each in shop.customers()] == ["Ana"]


def test_a_window_takes_what_is_in_it_and_the_rest_later(shop, sales):
    cut = datetime(2026, 1, 3, tzinfo=UTC)
    path = shop.rows(sales, "1,42,2026-01-02,5", "2,42,2026-01-03,5", "3,43,2026-01-04,5")
    before = shop.run(path, sales, until=cut)
    assert shop.counts(before) == {"created": 1, "outside": 2}
    assert [each.name for each in shop.customers()] == ["Customer 42"]
    after = shop.run(path, sales, since=cut)
    assert shop.counts(after) == {"created": 2, "outside": 1}
    assert shop.run(path, sales, until=cut).already is not None


def test_skipped_rows_give_the_stated_reason(shop, lines):
    skip = '[[skip]]\ncolumn = "who"\nempty = true\nreason = "sold at the door"\n'
    skip += '[[skip]]\ncolumn = "price"\nat_most = 0\nreason = "free"\n'
    path = shop.rows(
        lines, "9,,2026-01-02,TEA,1,1", "10,42,2026-01-02,TEA,1,0.0", "10,42,2026-01-02,CUP,1,1"
    )
    report = shop.run(path, lines + skip)
    assert shop.counts(report) == {"created": 1, "skipped": 2}
    assert shop.reasons(report, "skipped") == ["sold at the door", "free"]


def test_whole_numbers_of_a_spreadsheet_are_whole_again(shop, sales):
    path = shop.rows(sales, "9,17850.0,2026-01-02,5", "10,1.5,2026-01-02,5")
    report = shop.run(path, 'whole_numbers = ["who"]' + sales)
    assert shop.counts(report) == {"created": 1, "rejected": 1}
    assert shop.timeline("shop:17850")


def test_messages_are_interactions_too(shop):
    mapping = """
kind = "interactions"
source = "desk"
namespace = "shop"
[columns]
id = "source_key"
who = "customer"
at = "at"
text = "text"
way = "direction"
[constants]
kind = "contact.message"
channel = "email"
[customer]
name = "{who}"
"""
    path = shop.file(
        'id,who,at,text,way\n1,42,2026-01-02T10:00Z,"Hello,\nplease",inbound\n'
        "2,42,2026-01-02T11:00Z,Yes,sideways\n"
    )
    report = shop.run(path, mapping)
    assert shop.counts(report) == {"created": 1, "rejected": 1}
    assert shop.reasons(report) == ["direction: expected one of inbound, outbound, internal"]
    assert shop.timeline("shop:42")[0].text == "Hello,\nplease"
