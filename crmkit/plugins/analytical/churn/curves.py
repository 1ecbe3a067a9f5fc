"""What is drawn: the retention curve of contracts, and cohorts by month."""

from __future__ import annotations

from crmkit import Scope, Unit

from .asking import contracts_of_all
from .errors import NothingKnownError
from .features import cohorts
from .model import Cohort, Curve

_DAY = 86_400


def retention(unit: Unit) -> Curve:
    """
    How long customers stay under contract, in days; who is still there counts as far as seen.

    Raises:
        NothingKnownError: If nobody has, or had, a contract.
    """
    from .scoring import kaplan_meier

    found = contracts_of_all(unit)
    if not found:
        raise NothingKnownError(
            "nobody has a contract: record interactions contract.start, contract.renewal and "
            "contract.end"
        )
    ends = [each.until or unit.now for each in found]
    days = [
        (end - each.since).total_seconds() / _DAY for each, end in zip(found, ends, strict=True)
    ]
    return kaplan_meier(days, [each.until is not None for each in found])


def by_month(unit: Unit) -> list[Cohort]:
    """
    Customers by the month of their first order, and how many of them ordered in each month since.

    Raises:
        NothingKnownError: If nobody has ordered.
    """
    rows = unit.connection.execute(cohorts(Scope(as_of=unit.now))).all()
    if not rows:
        raise NothingKnownError("nobody has ordered yet")
    last = _number(unit.now.year * 100 + unit.now.month)
    counted: dict[int, dict[int, int]] = {}
    for born, month, customers in rows:
        counted.setdefault(born, {})[_number(month) - _number(born)] = customers
    return [
        Cohort(
            month=born,
            active=tuple(told.get(age, 0) for age in range(last - _number(born) + 1)),
        )
        for born, told in sorted(counted.items())
    ]


def _number(month: int) -> int:
    """Months since the year 0."""
    return month // 100 * 12 + month % 100 - 1
