"""The command ``crmkit``: options that hold for every command, and how failures end."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from crmkit import __version__

from .catalog import CORE, Catalog, enabled_in
from .failure import told_plainly
from .invocation import Invocation
from .output import FORMATS, Format, begin_talk, examples, talk

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Root(click.Group):
    """Commands are looked up by name and imported when they run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_catalog(ctx).summaries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = _core_catalog.load(cmd_name) or _catalog(ctx).load(cmd_name)
        if command is not None:
            _accept_format(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            _refuse_unknown(ctx, name)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with told_plainly(traceback=bool(ctx.params.get("traceback"))):
            result = super().invoke(ctx)
            sys.stdout.flush()  # a closed pipe shows here, not while the interpreter shuts down
            return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        summaries = _catalog(ctx).summaries()
        with formatter.section("Commands"):
            formatter.write_dl([(name, summaries[name]) for name in CORE])
        if others := [(name, told) for name, told in summaries.items() if name not in CORE]:
            with formatter.section("Commands of plugins"):
                formatter.write_dl(others)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=told)
            for name, told in _catalog(ctx).summaries().items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)


_core_catalog = Catalog(())


def _catalog(ctx: click.Context) -> Catalog:
    """Core's commands and those of the enabled plugins; only core's when that cannot be told."""
    found = ctx.meta.get(__name__)
    if found is None:
        named = ctx.params.get("config_file") or os.environ.get("CRMKIT_CONFIG")
        path = Invocation(config_file=Path(named) if named else None).path()
        try:
            enabled = () if ctx.params.get("safe_mode") else enabled_in(path)
        except (OSError, ValueError):
            enabled = ()
        found = ctx.meta[__name__] = Catalog(enabled)
    return cast(Catalog, found)


def _refuse_unknown(ctx: click.Context, name: str) -> None:
    """Say whether the command belongs to a plugin that is not enabled."""
    from difflib import get_close_matches

    from .catalog import owner_of

    close = get_close_matches(name, _catalog(ctx).summaries(), n=1)
    hint = f", did you mean {close[0]!r}?" if close else "; see `crmkit --help`"
    if plugin := owner_of(name):
        mend = f"run `crmkit plugins enable {plugin}`"
        if ctx.params.get("safe_mode"):
            mend = "and --safe-mode runs no plugins; leave it out"
        hint = f"; it belongs to plugin {plugin}, {mend}"
    raise click.UsageError(f"there is no command {name!r}{hint}", ctx)


def _accept_format(command: click.Command) -> None:
    """Let ``--format`` also stand behind the command."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _accept_format(each)
    elif not any("--format" in parameter.opts for parameter in command.params):
        command.params.append(
            click.Option(
                ["--format"],
                type=click.Choice(FORMATS),
                expose_value=False,
                callback=_set_format,
                help="How to write data, as before the command.",
            )
        )


def _set_format(ctx: click.Context, parameter: click.Parameter, value: Format | None) -> None:
    if value is not None:
        talk().format = value


def _without_colour() -> bool:
    return "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"


@click.group(
    cls=Root,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
    epilog=examples(
        "crmkit init",
        "crmkit status",
        "crmkit --format json customer find ana",
        "crmkit help exit-codes",
    ),
)
@click.option("--db", metavar="URL", envvar="CRMKIT_DB", help="Database, before crmkit.toml's.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    envvar="CRMKIT_CONFIG",
    is_eager=True,
    help="Configuration; default crmkit.toml, here or in a folder above.",
)
@click.option("--as", "actor", metavar="ACTOR", envvar="CRMKIT_ACTOR", help="Who does it.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="table",
    envvar="CRMKIT_FORMAT",
    show_default=True,
    help="How to write data.",
)
@click.option("--no-color", is_flag=True, help="No colours; also with NO_COLOR or TERM=dumb.")
@click.option("--safe-mode", is_flag=True, is_eager=True, help="Run without any plugin.")
@click.option("--strict", is_flag=True, help="Stop when any plugin fails to load.")
@click.option("-q", "--quiet", is_flag=True, help="Only data, warnings and errors.")
@click.option("--traceback", is_flag=True, help="Show where an unexpected failure comes from.")
@click.version_option(__version__, message="crmkit %(version)s")
@click.pass_context
def main(
    ctx: click.Context,
    *,
    db: str | None,
    config_file: Path | None,
    actor: str | None,
    format_: Format,
    no_color: bool,
    safe_mode: bool,
    strict: bool,
    quiet: bool,
    traceback: bool,
) -> None:
    """
    A CRM that developers embed.

    A customer is named by id, e-mail address or namespace:external_id. CRMKIT_DB, CRMKIT_CONFIG,
    CRMKIT_ACTOR and CRMKIT_FORMAT in the environment stand for options that are not given.
    """
    if no_color or _without_colour():
        ctx.color = False
    begin_talk(ctx, format_, quiet=quiet)
    ctx.obj = Invocation(
        db=db,
        config_file=config_file,
        actor=actor,
        safe_mode=safe_mode,
        strict=strict,
        traceback=traceback,
    )
