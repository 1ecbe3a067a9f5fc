"""``crmkit demo``"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from crmkit import CRM
from crmkit.cli import dry_run_option, examples, say

from . import report, scenarios, story

SHOP = "shop"


@click.command(
    epilog=examples(
        "crmkit demo --dry-run", "crmkit demo --folder tour", "crmkit demo --scenario service"
    )
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the configuration, the database and the outbox go; default: crmkit-demo, and for "
    "another scenario crmkit-demo-SCENARIO.",
)
@click.option(
    "--scenario",
    type=click.Choice([SHOP, *scenarios.NAMES]),
    default=SHOP,
    show_default=True,
    help="Whose tables: a gift shop's book, or those of a help desk, two sales teams, a web shop.",
)
@click.option(
    "--tables",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="For the other scenarios: a folder of your own, with one folder of CSV files a system.",
)
@click.option(
    "--hillstrom",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="For marketing: the file of MineThatData's e-mail experiment.",
)
@click.option(
    "--book",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="For the shop: another file in the layout of Online Retail.",
)
@click.option(
    "--cut",
    type=click.DateTime(["%Y-%m-%d"]),
    default=story.default_cut().strftime("%Y-%m-%d"),
    show_default=True,
    help="For the shop: the morning on which we decide.",
)
@dry_run_option
def demo(
    folder: Path | None,
    scenario: str,
    tables: Path | None,
    hillstrom: Path | None,
    book: Path | None,
    cut: datetime,
    dry_run: bool,
) -> None:
    """
    Take a real shop's book through one full turn of the cycle.

    Purchases up to the cut are imported, customers scored and segmented, offers decided under a
    policy, a random tenth held out, messages delivered into a folder. Then the remaining months
    happen, and the effect is measured. Nobody ever received these offers, so the effect must be
    indistinguishable from zero: that is the check. Run it twice and the second adds nothing.

    With --scenario the tables of another system move in: service takes Zendesk's tickets, sales
    HubSpot's and Salesforce's deals, marketing Shopify's orders and a campaign.
    """
    _refuse_strangers(scenario, tables=tables, hillstrom=hillstrom, book=book)
    there = folder or Path("crmkit-demo" if scenario == SHOP else f"crmkit-demo-{scenario}")
    morning = story.morning(cut.replace(tzinfo=UTC))

    def play(where: Path) -> str:
        if scenario == SHOP:
            return _play(story.Stage(folder=where, book=book or story.BOOK, cut=morning))
        scene = scenarios.Scene(folder=where, tables=tables or scenarios.TABLES)
        return _play_scenario(scenario, scene, hillstrom)

    if not dry_run:
        click.echo(play(there))
        return
    with TemporaryDirectory() as scratch:
        play(Path(scratch) / "demo")
    say("Dry run: it was played in a temporary folder, which is gone.")


_GOES_WITH: Final = {"tables": scenarios.NAMES, "hillstrom": ("marketing",), "book": (SHOP,)}


def _refuse_strangers(scenario: str, **given: Path | None) -> None:
    """Options that the scenario does not look at."""
    for name, value in given.items():
        if value is not None and scenario not in _GOES_WITH[name]:
            goes_with = " or ".join(_GOES_WITH[name])
            raise click.UsageError(f"--{name} goes with --scenario {goes_with}, not {scenario}")


def _play_scenario(name: str, scene: scenarios.Scene, hillstrom: Path | None) -> str:
    for line in scenarios.play(name, scene, hillstrom):
        click.echo(line)
    told = report.commands(scene.folder, scenarios.next_commands(name, scene))
    scene.crm.close()
    return told


def _play(stage: story.Stage) -> str:
    """The whole story; returns what to try next."""
    story.prepare(stage)
    crm = stage.crm(stage.cut)
    for line in crm.upgrade():
        say(f"database: {line}")
    _until_the_cut(crm, stage)
    crm.close()
    crm = stage.crm(story.END)
    _after_the_cut(crm, stage)
    try_next = report.next_commands(crm, stage)
    crm.close()
    return try_next


def _until_the_cut(crm: CRM, stage: story.Stage) -> None:
    click.echo(report.title("listen", f"purchases before {stage.cut:%Y-%m-%d}"))
    planned, done = story.listen(crm, stage, until=stage.cut)
    click.echo(report.imported(planned, done))
    click.echo(report.bought(story.counts(crm)))
    click.echo(report.title("know", "addresses and consents, made up for the demo"))
    click.echo(f"  {story.know(crm):,} customers were given an address and consents")
    click.echo(report.title("value", "recency, frequency, monetary value"))
    was_decided = story.was_decided(crm)
    if not was_decided:
        story.value(crm, stage)
    click.echo(report.segments(crm))
    click.echo(report.title("decide", "offers under the policy, a tenth held out"))
    click.echo("  decided before" if was_decided else report.decided(story.decide(crm)))
    click.echo(report.title("act", f"delivery into {stage.folder / 'outbox'}"))
    click.echo(f"  {story.act(crm, stage)}")


def _after_the_cut(crm: CRM, stage: story.Stage) -> None:
    click.echo(report.title("learn", "what really happened since"))
    planned, done = story.listen(crm, stage, since=stage.cut)
    click.echo(report.imported(planned, done))
    click.echo(report.bought(story.counts(crm)))
    click.echo(f"  {story.know(crm):,} newcomers were given an address and consents")
    accepted, revenue, buyers = story.learn(crm)
    click.echo(report.learned(accepted, revenue, buyers))
