"""What the demo says, in plain words."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from crmkit import CRM, Money
from crmkit.plugins.analytical import effect
from crmkit.plugins.foundation import decisions, exchange, scoring

from . import story

_REASONS = 3


def title(phase: str, what: str) -> str:
    return f"\n{phase:<8}{what}"


def imported(planned: exchange.Report, done: exchange.Report) -> str:
    """The plan's counts, the run's, and why rows were rejected."""
    if done.already is not None:
        return f"  {done.path.name}: these rows were imported before; nothing to do"
    told = [f"  plan: {_counts(planned)}", f"  done: {_counts(done)}"]
    told += [
        f"    {each.count:>7,} x {each.text}, first in line {each.line:,}"
        for each in done.reasons[:_REASONS]
    ]
    return "\n".join(told)


def _counts(report: exchange.Report) -> str:
    return (
        f"{report.rows:,} rows = {report.created:,} new + {report.unchanged:,} known + "
        f"{report.rejected:,} rejected + {report.outside:,} outside the time asked for; "
        f"{report.customers:,} customers, {report.interactions:,} interactions"
    )


def bought(counts: Mapping[str, int]) -> str:
    orders, returns = counts.get("purchase.order", 0), counts.get("purchase.return", 0)
    return f"  {orders:,} orders and {returns:,} cancellations, taken as returns, are known now"


def segments(crm: CRM) -> str:
    with crm.unit(write=False) as unit:
        sizes = scoring.sizes(unit)
    told = [f"{name.removeprefix('rfm.')} {size:,}" for name, size in sizes.items() if size]
    return "  " + ", ".join(told)


def decided(result: decisions.Decided) -> str:
    return f"  {result}"


def learned(accepted: int, revenue: effect.Measurement, buyers: effect.Measurement) -> str:
    """The effect with its interval, and whether it passes the check."""
    arms = (
        ("offered ", revenue.treated, revenue.treated_total, buyers.treated_total),
        ("held out", revenue.held_out, revenue.held_out_total, buyers.held_out_total),
    )
    told = [f"  {accepted:,} offers newly answered by a purchase within their window"]
    told += [
        f"  {name} {n:>5,} customers, {_money(minor / n if n else 0, revenue.currency)} each, "
        f"{bought / n if n else 0:.1%} bought"
        for name, n, minor, bought in arms
    ]
    money = revenue.difference
    if money is None:
        return "\n".join([*told, "  effect: not enough data to say"])
    is_zero = money.low <= 0 <= money.high
    told += [
        f"  effect: {_money(money.value, revenue.currency)} per customer, 95 % interval "
        f"{_money(money.low, revenue.currency)} to {_money(money.high, revenue.currency)}",
        "  check: nobody ever received these offers, so zero must lie inside the interval: "
        + ("it does" if is_zero else "IT DOES NOT"),
    ]
    return "\n".join(told)


def _money(minor: float, currency: str) -> str:
    return str(Money(round(minor), currency))


def next_commands(crm: CRM, stage: story.Stage) -> str:
    offer = story.an_answered_offer(crm)
    if offer is None:
        return ""
    told = [
        f"customer show {offer.customer_id}",
        f"score explain {offer.customer_id}",
        f"cycle explain interaction:{offer.answered_by}",
    ]
    return commands(stage.folder, told)


def commands(folder: Path, told: Sequence[str]) -> str:
    config = f"{_program()} --config {folder / 'crmkit.toml'}"
    return "\n".join(["\nTry next:", *(f"  {config} {each}" for each in told)])


def _program() -> str:
    """How crmkit was called: by its path where the shell would not find it by name."""
    called, found = Path(sys.argv[0]), shutil.which("crmkit")
    is_known = found is not None and called.exists() and called.samefile(found)
    return "crmkit" if is_known or called.name != "crmkit" else str(called)
