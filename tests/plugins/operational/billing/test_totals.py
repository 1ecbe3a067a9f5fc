"""What lines add up to, by hand and for all numbers there are."""

from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import InvalidValueError, Money
from crmkit.plugins.operational.billing import DocumentLine, Draft, Item
from crmkit.plugins.operational.billing.totals import discounted, half_up, part, part_of, taxed

amounts = st.integers(0, 10_000_000)
rates = st.sampled_from([0, 550, 700, 1_900, 2_000, 2_550])


def line(net, rate_bp=1_900, quantity=1, **given):
    told = {"position": 1, "sku": "X", "name": "X", "unit": "C62", "price_minor": net, "per": 1}
    told |= {"discount_minor": 0, "tax_minor": 0, "cost_minor": 0, "category": "S"}
    return DocumentLine(
        quantity=Decimal(quantity), net_minor=net, rate_bp=rate_bp, **(told | given)
    )


def test_halves_go_away_from_zero():
    assert [half_up(Decimal(each)) for each in ("0.5", "1.5", "2.5", "-0.5", "0.49")] == [
        1, 2, 3, -1, 0,
    ]  # fmt: skip


def test_tax_is_rounded_once_for_each_rate():
    # Three lines of 0.33 at 19 %: 0.99 x 19 % is 0.1881, where line by line it were 3 x 0.06.
    found = taxed([line(33), line(33), line(33), line(100, 700)], "EUR", included=False)
    assert [each.tax_minor for each in found] == [7, 6, 6, 7]


def test_tax_within_a_price():
    (found,) = taxed([line(11_900)], "EUR", included=True)
    assert (found.net_minor, found.tax_minor) == (10_000, 1_900)


@given(st.lists(st.tuples(amounts, rates), min_size=1, max_size=20), st.booleans())
def test_lines_and_groups_always_agree(given_lines, included):
    lines = [line(net, rate) for net, rate in given_lines]
    found = taxed(lines, "EUR", included=included)
    for rate in {each.rate_bp for each in found}:
        group = [each for each in found if each.rate_bp == rate]
        net, tax = sum(e.net_minor for e in group), sum(e.tax_minor for e in group)
        whole = sum(e.net_minor for e in lines if e.rate_bp == rate)
        assert abs(net * rate - tax * 10_000) <= 5_000 * (10_000 + rate * included) // 10_000 + 1
        assert (net + tax if included else net) == whole
        assert all(each.net_minor >= 0 and each.tax_minor >= 0 for each in group)


@given(amounts, st.lists(st.integers(1, 1_000_000), min_size=1, max_size=10))
def test_parts_that_follow_each_other_are_the_whole(whole, sizes):
    of, before, found = sum(sizes), 0, []
    for size in sizes:
        found.append(part(whole, of, before, before + size))
        before += size
    assert sum(found) == whole
    assert all(each >= 0 for each in found)


@given(amounts, amounts, st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_parts_of_a_line_are_the_line(net, tax, quantities):
    whole = line(net, quantity=sum(quantities), tax_minor=tax, discount_minor=tax, cost_minor=net)
    left, parts = whole, []
    for each in quantities:
        parts.append(part_of(left, each * 1_000_000, 1))
        left = attrs.evolve(left, done_micro=left.done_micro + each * 1_000_000)
    for name in ("net_minor", "tax_minor", "discount_minor", "cost_minor", "quantity"):
        assert sum(getattr(each, name) for each in parts) == getattr(whole, name)


def draft(*discounts, whole=None):
    items = [
        Item(name="x", price=Money(100, "EUR"), discount=each and Money(each, "EUR"))
        for each in discounts
    ]
    return Draft(customer_id=1, items=items, discount=whole and Money(whole, "EUR"))


def test_a_discount_on_the_whole_is_shared_out_to_the_cent():
    assert discounted(draft(None, None, None, whole=100), [100, 100, 100], "EUR") == [34, 33, 33]
    assert discounted(draft(40, None, whole=16), [100, 100], "EUR") == [46, 10]


@pytest.mark.parametrize("given_draft", [draft(101), draft(50, whole=51)])
def test_no_more_is_taken_off_than_there_is(given_draft):
    with pytest.raises(InvalidValueError, match="discount"):
        discounted(given_draft, [100], "EUR")
