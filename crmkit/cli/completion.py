"""``crmkit completion``: the script that teaches a shell our commands."""

from __future__ import annotations

import click

from .output import examples


@click.command(
    epilog=examples("crmkit completion bash", "crmkit completion zsh", "crmkit completion fish")
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """
    Print the completion script of a shell.

    bash: put eval "$(crmkit completion bash)" into ~/.bashrc; zsh: the same with zsh into ~/.zshrc;
    fish: write the script to ~/.config/fish/completions/crmkit.fish.
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    script = found(ctx.find_root().command, {}, "crmkit", "_CRMKIT_COMPLETE")
    variables = script.source_vars()
    click.echo(script.source_template % variables)
