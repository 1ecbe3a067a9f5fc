"""A verb writes all or nothing, also for who catches its refusal and goes on."""

import pytest

from crmkit import Customer, RefusedError, atomic


@atomic
def add_two(unit, first, second):
    """Add two customers, unless the second has no name."""
    added = unit.customers.add(Customer(name=first))
    if not second:
        raise RefusedError("the second has no name")
    return added, unit.customers.add(Customer(name=second))


def names(crm):
    with crm.unit(write=False) as unit:
        return [each.name for each in unit.customers.page()]


def test_what_was_begun_is_undone_and_what_follows_stays(make_crm):
    crm = make_crm()
    with crm.unit() as unit:
        with pytest.raises(RefusedError):
            add_two(unit, "Ana", "")
        add_two(unit, first="Bo", second="Cy")
        told = [each.name for changes in unit.changes for each in changes.after]
    assert names(crm) == told == ["Bo", "Cy"]


def test_it_keeps_its_name_and_words():
    assert add_two.__name__ == "add_two"
    assert add_two.__doc__.startswith("Add two customers")
