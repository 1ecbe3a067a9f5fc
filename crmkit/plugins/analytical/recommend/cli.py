"""``crmkit recommend``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import attrs
import click

from crmkit import CRM
from crmkit.cli import (
    customer_argument,
    dry_run_option,
    emit,
    emit_one,
    examples,
    pass_crm,
    say,
    writing,
)

from . import actions, queries
from .config import MODELS, PLAIN

DAY = click.DateTime(["%Y-%m-%d"])


@click.group(
    epilog=examples("crmkit recommend fit --dry-run", "crmkit recommend for ana@example.com")
)
def recommend() -> None:
    """What customers might like next, and why."""


@recommend.command(epilog=examples("crmkit recommend fit --dry-run", "crmkit recommend fit"))
@dry_run_option
@pass_crm
def fit(crm: CRM, dry_run: bool) -> None:
    """Learn which items go together, in place of what was learnt before."""
    with writing(crm, dry_run) as unit:
        made = actions.fit(unit)
    say(f"{made.model} learnt {made.items:,} items from {made.customers:,} customers.")
    emit_one(attrs.asdict(made))


@recommend.command("for", epilog=examples("crmkit recommend for ana@example.com -n 3"))
@customer_argument
@click.option("-n", "count", default=5, show_default=True, help="How many items.")
@pass_crm
def for_customer(crm: CRM, customer: str, count: int) -> None:
    """List what CUSTOMER might like next, with what speaks for it."""
    from .advising import recommendations

    with crm.unit(write=False) as unit:
        customer_id = unit.customers.find(customer).id
        found = recommendations(unit, [customer_id], n=count)[customer_id]
    emit(
        {
            "sku": each.item.sku,
            "name": each.item.name,
            "score": each.score,
            "chance": each.chance,
            "why": each.why,
        }
        for each in found
    )


@recommend.command(epilog=examples("crmkit recommend like B-00"))
@click.argument("sku")
@pass_crm
def like(crm: CRM, sku: str) -> None:
    """List the items that go with item SKU."""
    with crm.unit(write=False) as unit:
        queries.item(unit, sku)
        found = queries.neighbours(unit, [sku])[sku]
        known = queries.items(unit, [each.other for each in found])
    emit(
        {
            "sku": each.other,
            "name": known[each.other].name,
            "likeness": each.likeness,
            "together": each.together,
        }
        for each in found
    )


@recommend.command(
    epilog=examples("crmkit recommend rules --min-support 0.05 --min-confidence 0.3")
)
@click.option("--min-support", default="0.01", show_default=True, help="Share of the orders.")
@click.option("--min-confidence", default="0.5", show_default=True, help="Of those with the left.")
@click.option("--top", default=50, show_default=True, help="How many rules.")
@pass_crm
def rules(crm: CRM, min_support: str, min_confidence: str, top: int) -> None:
    """List which items come with which in one order. Counts and thresholds are exact."""
    from .learning import rules as found_in

    with crm.unit(write=False) as unit:
        found = found_in(
            unit, min_support=_share(min_support), min_confidence=_share(min_confidence)
        )
    emit(
        {
            "given": " + ".join(each.given),
            "then": each.then,
            "orders": each.both,
            "support": float(each.support),
            "confidence": float(each.confidence),
            "lift": float(each.lift),
        }
        for each in found[:top]
    )


def _share(given: str) -> str:
    from fractions import Fraction

    try:
        share = Fraction(given)
    except (ValueError, ZeroDivisionError):
        share = Fraction(0)
    if not 0 < share <= 1:
        raise click.BadParameter(f"{given!r} is no share; write for example 0.05")
    return given


@recommend.command(epilog=examples("crmkit recommend evaluate --cut 2025-07-01"))
@click.option("--cut", type=DAY, required=True, help="Learn from what was bought before (UTC).")
@click.option("-n", "count", default=10, show_default=True, help="How many items for each.")
@click.option(
    "--model", "models", multiple=True, type=click.Choice(MODELS), help="Default all but als."
)
@pass_crm
def evaluate(crm: CRM, cut: datetime, count: int, models: tuple[str, ...]) -> None:
    """Compare the models with each other: what would they have foretold of what was bought?"""
    from .learning import evaluated

    with crm.unit(write=False) as unit:
        found = evaluated(unit, cut=cut.replace(tzinfo=UTC), n=count, names=models or PLAIN)
    emit(attrs.asdict(each) for each in found)


@recommend.command(epilog=examples("crmkit recommend items", "crmkit recommend items --top 5"))
@click.option("--top", default=50, show_default=True, help="How many items.")
@pass_crm
def items(crm: CRM, top: int) -> None:
    """List the items, the most bought first."""
    with crm.unit(write=False) as unit:
        found = list(queries.items(unit).values())[:top]
    emit(attrs.asdict(each) for each in found)


@recommend.command(
    "import-items", epilog=examples("crmkit recommend import-items items.csv --dry-run")
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@dry_run_option
@pass_crm
def import_items(crm: CRM, file: Path, dry_run: bool) -> None:
    """Read FILE, a CSV of sku, name, active, stock and tags: all of it, or nothing."""
    from .sheets import read_items

    told = read_items(file)
    with writing(crm, dry_run) as unit:
        changed = actions.tell(unit, told)
    say(f"{len(told):,} items told, {changed:,} of them new or changed.")


@recommend.command(
    epilog=examples("crmkit recommend avoid ana@example.com meat --source 'told at the counter'")
)
@customer_argument
@click.argument("tag")
@click.option("--source", default="", help="Where we have it from.")
@dry_run_option
@pass_crm
def avoid(crm: CRM, customer: str, tag: str, source: str, dry_run: bool) -> None:
    """Never offer CUSTOMER anything that carries TAG."""
    with writing(crm, dry_run) as unit:
        found = unit.customers.find(customer)
        actions.avoid(unit, found.id, tag, source=source)
    say(f"{found.name} is offered no {tag} any more.")


@recommend.command(epilog=examples("crmkit recommend allow ana@example.com meat --dry-run"))
@customer_argument
@click.argument("tag")
@dry_run_option
@pass_crm
def allow(crm: CRM, customer: str, tag: str, dry_run: bool) -> None:
    """Take back that CUSTOMER avoids TAG."""
    with writing(crm, dry_run) as unit:
        found = unit.customers.find(customer)
        was_avoided = actions.allow(unit, found.id, tag)
    say(f"{found.name} may be offered {tag}." if was_avoided else "Nothing to take back.")
