"""``crmkit campaign``, ``crmkit journey`` and ``crmkit referral``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import attrs
import click

from crmkit import CRM, InvalidValueError, Money
from crmkit.cli import dry_run_option, emit, emit_one, examples, pass_crm, progress, say, writing

from . import actions, measuring, queries, turning
from .model import Campaign, Journey, Programme, Referral, Reward, Step, Variant

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHOWN = ("name", "status", "segment", "purpose", "channel", "goal", "launched_at")


@click.group(epilog=examples("crmkit campaign list", "crmkit campaign results spring"))
def campaign() -> None:
    """Say something to a segment, beside people to whom it is not said, and see what it changed."""


@campaign.command(epilog=examples("crmkit campaign draft campaign.toml --dry-run"))
@click.argument("file", type=FILE)
@dry_run_option
@pass_crm
def draft(crm: CRM, file: Path, dry_run: bool) -> None:
    """Store the campaign that FILE (TOML) describes, or change a draft."""
    told = _read(file)
    with writing(crm, dry_run) as unit:
        known = {each.name: each.version for each in queries.campaigns(unit)}
        made = _campaign(told, known.get(str(told.get("name")), 0))
        saved = actions.save_campaign(unit, made)
    emit_one(queries.plain(saved))


@campaign.command("list", epilog=examples("crmkit campaign list"))
@pass_crm
def list_(crm: CRM) -> None:
    """List campaigns, latest first."""
    with crm.unit(write=False) as unit:
        found = queries.campaigns(unit)
    emit([queries.plain(each) for each in found], columns=_SHOWN)


@campaign.command(epilog=examples("crmkit campaign show spring"))
@click.argument("name")
@pass_crm
def show(crm: CRM, name: str) -> None:
    """Show a campaign and how far its launch is."""
    with crm.unit(write=False) as unit:
        found = queries.campaign(unit, name)
        left = queries.progress(unit, found)
    emit_one(queries.plain(found) | {"progress": str(left)})


@campaign.command(epilog=examples("crmkit campaign launch summer --dry-run"))
@click.argument("name")
@dry_run_option
@pass_crm
def launch(crm: CRM, name: str, dry_run: bool) -> None:
    """Freeze the audience, draw the holdout, and write the messages; goes on where it ended."""
    with writing(crm, dry_run) as unit:
        found = queries.campaign(unit, name)
        if found.status == "draft":
            found = actions.launch(unit, name)
        size = found.audience.get("customers", 0)
        if dry_run:
            actions.fill(unit, name, size=size)
        left = queries.progress(unit, found)
    if not dry_run:
        with progress(left.members, name) as step:
            while left.left:
                before = left.left
                with crm.unit() as unit:
                    left = actions.fill(unit, name)
                step(before - left.left)
    say(f"{left}.")
    emit_one(attrs.asdict(left))


@campaign.command(epilog=examples("crmkit campaign stop spring --dry-run"))
@click.argument("name")
@dry_run_option
@pass_crm
def stop(crm: CRM, name: str, dry_run: bool) -> None:
    """Let nobody further get an arm; messages on their way stay."""
    with writing(crm, dry_run) as unit:
        found = actions.stop_campaign(unit, name)
    emit_one(queries.plain(found))


@campaign.command(epilog=examples("crmkit campaign results spring"))
@click.argument("name")
@pass_crm
def results(crm: CRM, name: str) -> None:
    """Show what a campaign changed, against those held out, as profit with its interval."""
    with crm.unit(write=False) as unit:
        found = measuring.results(unit, name)
    say(f"{name}: {found.verdict}.")
    for each in found.flags:
        say(f"Note: {each}.")
    told = {k: v for k, v in attrs.asdict(found).items() if k not in ("arms", "flags")}
    arms = [
        f"{e.name}: {e.people:,} people, {e.reached:,} reached, {e.opened:,} opened, "
        f"{e.clicked:,} clicked, {e.reached_goal:,} reached the goal"
        for e in found.arms
    ]
    emit_one(_numbers(told) | {"arms": arms})


@campaign.command(epilog=examples("crmkit campaign variants spring"))
@click.argument("name")
@pass_crm
def variants(crm: CRM, name: str) -> None:
    """Compare variants with the first one; look as often as you like."""
    with crm.unit(write=False) as unit:
        found = measuring.leads(unit, name)
    emit(_numbers(attrs.asdict(each)) for each in found)


@campaign.command(epilog=examples("crmkit campaign redeem --help"))
@click.argument("code")
@click.argument("customer")
@dry_run_option
@pass_crm
def redeem(crm: CRM, code: str, customer: str, dry_run: bool) -> None:
    """Take the CODE of CUSTOMER, once."""
    with writing(crm, dry_run) as unit:
        name = actions.redeem(unit, code, unit.customers.find(customer).id)
    say(f"Taken: a code of {name}.")


@click.group(epilog=examples("crmkit journey list"))
def journey() -> None:
    """What is done with each customer who comes, step by step."""


@journey.command(epilog=examples("crmkit journey save journey.toml --dry-run"))
@click.argument("file", type=FILE)
@click.option("--moved", multiple=True, help="OLD=NEW: where people go whose step is gone.")
@dry_run_option
@pass_crm
def save(crm: CRM, file: Path, moved: tuple[str, ...], dry_run: bool) -> None:
    """Store the journey that FILE (TOML) describes, as a new version if there is one."""
    told = _read(file)
    ways = dict(each.partition("=")[::2] for each in moved)
    with writing(crm, dry_run) as unit:
        known = {each.name: each.version for each in queries.journeys(unit)}
        steps = [_made(Step, each, "step") for each in told.pop("steps", [])]
        version = known.get(str(told.get("name")), 0)
        made = _made(Journey, {**told, "steps": steps, "version": version}, "journey")
        saved = actions.save_journey(unit, made, moved=ways)
    say(f"Version {saved.version} of the journey {saved.name!r}.")
    emit_one({"name": saved.name, "version": saved.version, "steps": [e.name for e in saved.steps]})


@journey.command("list", epilog=examples("crmkit journey list"))
@pass_crm
def list_journeys(crm: CRM) -> None:
    """List journeys."""
    with crm.unit(write=False) as unit:
        found = queries.journeys(unit)
    emit(
        {"name": e.name, "version": e.version, "status": e.status, "segment": e.segment}
        for e in found
    )


@journey.command("show", epilog=examples("crmkit journey show welcome"))
@click.argument("name")
@pass_crm
def show_journey(crm: CRM, name: str) -> None:
    """Show how many people are in each step of a journey, and ended there."""
    with crm.unit(write=False) as unit:
        found = queries.journey(unit, name)
        there = {each.step: each for each in queries.standing(unit, name)}
    emit(
        {
            "step": each.name,
            "kind": each.kind,
            "next": found.after(each),
            "underway": there[each.name].underway if each.name in there else 0,
            "ended": there[each.name].ended if each.name in there else 0,
        }
        for each in found.steps
    )


@journey.command(epilog=examples("crmkit journey walk welcome --dry-run"))
@click.argument("name")
@dry_run_option
@pass_crm
def walk(crm: CRM, name: str, dry_run: bool) -> None:
    """Let people set out and go on until all of them wait or have ended."""
    if dry_run:
        with writing(crm, dry_run) as unit:
            say(f"{actions.step_on(unit, name)}.")
        return
    with crm.unit(write=False) as unit:
        queries.journey(unit, name)
    say(f"{turning.walk_all(crm, name):,} messages.")


@journey.command("stop", epilog=examples("crmkit journey stop welcome --dry-run"))
@click.argument("name")
@dry_run_option
@pass_crm
def stop_journey(crm: CRM, name: str, dry_run: bool) -> None:
    """Let nobody set out or go on until a new version is saved."""
    with writing(crm, dry_run) as unit:
        found = actions.stop_journey(unit, name)
    say(f"The journey {found.name!r} stands still.")


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise click.UsageError(f"{file} is not TOML: {exc}") from exc


def _campaign(told: dict[str, Any], version: int) -> Campaign:
    given = dict(told)
    given["variants"] = [_made(Variant, each, "variant") for each in told.get("variants", [])]
    for name in ("budget", "fixed_cost"):
        if name in given:
            given[name] = Money.parse(str(given[name]))
    made: Campaign = _made(Campaign, {**given, "version": version}, "campaign")
    return made


def _made(cls: Any, given: dict[str, Any], what: str) -> Any:
    known = [each.name for each in attrs.fields(cls)]
    for name in given:
        if name not in known:
            raise InvalidValueError(what, name, f"one of {', '.join(known)}")
    needed = [e.name for e in attrs.fields(cls) if e.default is attrs.NOTHING]
    for name in needed:
        if name not in given:
            raise InvalidValueError(f"{what}.{name}", "", "something: it is not in the file")
    return cls(**given)


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    """What is no number stays empty."""
    return {name: None if each != each else each for name, each in row.items()}


@click.group(epilog=examples("crmkit referral list", "crmkit referral show ana@example.com"))
def referral() -> None:
    """Customers who send others: programmes, their codes, and what it earned them."""


@referral.command("save", epilog=examples("crmkit referral save referral.toml --dry-run"))
@click.argument("file", type=FILE)
@dry_run_option
@pass_crm
def save_programme(crm: CRM, file: Path, dry_run: bool) -> None:
    """Store the programme that FILE (TOML) describes, or change it for referrals to come."""
    told = _read(file)
    with writing(crm, dry_run) as unit:
        known = {each.name: each.version for each in queries.programmes(unit)}
        made = _programme(told, known.get(str(told.get("name")), 0))
        saved = actions.save_programme(unit, made)
    emit_one(queries.plain(saved))


def _programme(told: dict[str, Any], version: int) -> Programme:
    given = dict(told)
    for side in ("referrer", "referred"):
        if side in given:
            if not isinstance(given[side], dict):
                raise InvalidValueError(side, given[side], f"a table such as [{side}]")
            given[side] = _made(Reward, given[side], side)
    if "least" in given:
        given["least"] = Money.parse(str(given["least"]))
    made: Programme = _made(Programme, {**given, "version": version}, "programme")
    return made


@referral.command("list", epilog=examples("crmkit referral list"))
@pass_crm
def list_programmes(crm: CRM) -> None:
    """List programmes, with how many referrals are where."""
    with crm.unit(write=False) as unit:
        found = {e.name: queries.referrals_of(unit, e.id) for e in queries.programmes(unit)}
        status = {each.name: each.status for each in queries.programmes(unit)}
    emit(
        {"name": name, "status": status[name]}
        | {
            told.replace(" ", "_"): sum(each.status == told for each in those)
            for told in ("waiting", "granted", "refused", "taken back")
        }
        for name, those in found.items()
    )


@referral.command(epilog=examples("crmkit referral code friends ana@example.com --dry-run"))
@click.argument("programme")
@click.argument("customer")
@dry_run_option
@pass_crm
def code(crm: CRM, programme: str, customer: str, dry_run: bool) -> None:
    """Show the code that CUSTOMER passes on in PROGRAMME; make it if there is none."""
    with writing(crm, dry_run) as unit:
        found = unit.customers.find(customer)
        told = actions.referral_code(unit, programme, found.id)
    emit_one({"programme": programme, "customer_id": found.id, "code": told})


@referral.command(epilog=examples("crmkit referral record --help"))
@click.argument("code")
@click.argument("customer")
@dry_run_option
@pass_crm
def record(crm: CRM, code: str, customer: str, dry_run: bool) -> None:
    """Note that CUSTOMER came with the CODE of another; twice is once."""
    with writing(crm, dry_run) as unit:
        made = actions.refer_by_code(unit, code, unit.customers.find(customer).id)
    emit_one(_told(made))


@referral.command(epilog=examples("crmkit referral settle --dry-run"))
@dry_run_option
@pass_crm
def settle(crm: CRM, dry_run: bool) -> None:
    """Reward what was earned, refuse what cannot be any more, take back what went back."""
    if dry_run:
        with writing(crm, dry_run) as unit:
            done = actions.settle_referrals(unit)
            while done.last:
                done += actions.settle_referrals(unit, after=done.last)
    else:
        done = turning.settle_all(crm)
    say(f"{done}.")
    emit_one({k: v for k, v in attrs.asdict(done).items() if k != "last"})


@referral.command("show", epilog=examples("crmkit referral show ana@example.com"))
@click.argument("customer")
@pass_crm
def show_referrals(crm: CRM, customer: str) -> None:
    """Show whom CUSTOMER sent, and who sent them."""
    with crm.unit(write=False) as unit:
        found = queries.referrals_about(unit, [unit.customers.find(customer).id])
    emit(map(_told, found))


def _told(made: Referral) -> dict[str, Any]:
    return {**queries.plain(made), "terms": made.terms.name}
