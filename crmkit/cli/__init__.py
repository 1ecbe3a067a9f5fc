"""
The command line, and what a plugin's ``cli.py`` is written with.

Data goes to stdout in the format that was asked for, talk to stderr. Core's commands load no plugin
unless they need one; a plugin's commands are imported when they are called.
"""

from .invocation import (
    customer_argument,
    dry_run_option,
    pass_crm,
    plot_option,
    save_plot,
    writing,
)
from .output import emit, emit_one, emit_screen, examples, progress, say
from .root import main

__all__ = [
    "customer_argument",
    "dry_run_option",
    "emit",
    "emit_one",
    "emit_screen",
    "examples",
    "main",
    "pass_crm",
    "plot_option",
    "progress",
    "save_plot",
    "say",
    "writing",
]
