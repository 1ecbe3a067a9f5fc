"""``crmkit demo``"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from crmkit import CRM
from crmkit.cli import dry_run_option, examples, say

from . import report, story


@click.command(epilog=examples("crmkit demo --dry-run", "crmkit demo --folder tour"))
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("crmkit-demo"),
    show_default=True,
    help="Where the configuration, the database and the outbox go.",
)
@click.option(
    "--book",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=story.BOOK,
    help="Another file in the layout of Online Retail; default: the quarter in the box.",
)
@click.option(
    "--cut",
    type=click.DateTime(["%Y-%m-%d"]),
    default=story.default_cut().strftime("%Y-%m-%d"),
    show_default=True,
    help="The morning on which we decide.",
)
@dry_run_option
def demo(folder: Path, book: Path, cut: datetime, dry_run: bool) -> None:
    """
    Take a real shop's book through one full turn of the cycle.

    Purchases up to the cut are imported, customers scored and segmented, offers decided under a
    policy, a random tenth held out, messages delivered into a folder. Then the remaining months
    happen, and the effect is measured. Nobody ever received these offers, so the effect must be
    indistinguishable from zero: that is the check. Run it twice and the second adds nothing.
    """
    morning = story.morning(cut.replace(tzinfo=UTC))
    if not dry_run:
        click.echo(_play(story.Stage(folder=folder, book=book, cut=morning)))
        return
    with TemporaryDirectory() as scratch:
        _play(story.Stage(folder=Path(scratch) / "demo", book=book, cut=morning))
    say("Dry run: it was played in a temporary folder, which is gone.")


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
