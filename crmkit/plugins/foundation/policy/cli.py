"""``crmkit policy``."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from crmkit import CRM, ConfigError, InvalidValueError, Money, Unit
from crmkit.cli import dry_run_option, emit, emit_one, examples, pass_crm, say, writing

from . import actions, queries
from .config import Settings
from .model import Policy
from .reading import parse

_FILE = click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)


@click.group(epilog=examples("crmkit policy show", "crmkit policy check policy.toml"))
def policy() -> None:
    """The relationship policy: what we may turn to customers for, how often and when."""


@policy.command(epilog=examples("crmkit policy show", "crmkit policy show 1"))
@click.argument("version", type=int, required=False)
@pass_crm
def show(crm: CRM, version: int | None) -> None:
    """Show the policy in force, or the one of VERSION."""
    with crm.unit(write=False) as unit:
        found = queries.version(unit, version) if version else queries.current(unit)
    emit_one(_told(found))


@policy.command(
    epilog=examples("crmkit policy adopt policy.toml --dry-run", "crmkit policy adopt policy.toml")
)
@_FILE
@dry_run_option
@pass_crm
def adopt(crm: CRM, file: Path | None, dry_run: bool) -> None:
    """Put the policy in FILE into force; without FILE, the one that crmkit.toml names."""
    text = _read(crm, file)
    with writing(crm, dry_run) as unit:
        last = _last_version(unit)
        adopted = actions.adopt(unit, text)
    told = "is now in force" if adopted.version > last else "was in force already"
    say(f"Version {adopted.version} of {adopted.name!r} {told}.")
    emit_one({"version": adopted.version, "name": adopted.name, "new": adopted.version > last})


@policy.command(epilog=examples("crmkit policy check policy.toml"))
@_FILE
@pass_crm
def check(crm: CRM, file: Path | None) -> None:
    """Say all that is wrong with the policy in FILE; change nothing."""
    found = parse(_read(crm, file))
    say(f"{found.name!r} can be adopted.")
    emit_one(_told(found))


@policy.command(epilog=examples("crmkit policy history"))
@pass_crm
def history(crm: CRM) -> None:
    """List every version, oldest first."""
    with crm.unit(write=False) as unit:
        adoptions = queries.history(unit)
    emit([attrs.asdict(each) for each in adoptions], columns=_HISTORY)


@policy.command(epilog=examples("crmkit policy diff 1 1"))
@click.argument("before", type=int)
@click.argument("after", type=int)
@pass_crm
def diff(crm: CRM, before: int, after: int) -> None:
    """Show what changed from version BEFORE to version AFTER."""
    with crm.unit(write=False) as unit:
        lines = queries.diff(unit, before, after)
    emit([{"line": line} for line in lines])


_HISTORY = ("version", "name", "adopted_at", "adopted_by", "sha256")


def _last_version(unit: Unit) -> int:
    return max((each.version for each in queries.history(unit)), default=0)


def _read(crm: CRM, file: Path | None) -> str:
    named = crm.settings(Settings).file
    if file is None and not named:
        raise ConfigError('name a FILE, or set file = "policy.toml" under [policy] in crmkit.toml')
    path = file or crm.folder / named
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidValueError("FILE", str(path), "UTF-8 text") from None
    except OSError as exc:
        raise ConfigError(f"[policy] file: {exc}") from exc


def _told(policy: Policy) -> dict[str, object]:
    quiet = policy.quiet_hours
    return {
        "version": policy.version,
        "name": policy.name,
        "currency": policy.currency,
        "promises": list(policy.promises),
        "purposes": [
            f"{each.name} ({each.kind}, by {', '.join(each.channels)}, "
            f"on {' or '.join(each.lawful_bases)}): {each.summary}"
            for each in policy.purposes.values()
        ],
        "limits": [str(each) for each in policy.limits],
        "quiet_hours": f"{quiet.since:%H:%M} to {quiet.until:%H:%M}" if quiet else "",
        "directions": [
            f"{each.direction} {each.for_whom}: {each.objective}" for each in policy.directions
        ],
        "offers": [f"{each.what} to {each.segment}" for each in policy.offers],
        "holdout_share": policy.holdout_share,
        "offer_window_days": policy.offer_window_days,
        "max_offer_cost": None
        if policy.max_offer_cost_minor is None
        else str(Money(policy.max_offer_cost_minor, policy.currency)),
    }
