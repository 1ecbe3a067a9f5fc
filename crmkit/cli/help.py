"""``crmkit help``: what holds for all commands."""

from __future__ import annotations

import click

from .output import emit, examples


@click.group("help", epilog=examples("crmkit help exit-codes"))
def help_() -> None:
    """Explain things that hold for all commands."""


@help_.command("exit-codes", epilog=examples("crmkit help exit-codes"))
def exit_codes() -> None:
    """What the exit code of a command means."""
    from crmkit.admin import EXIT_CODES

    emit({"code": code, "meaning": meaning} for code, meaning in EXIT_CODES.items())
