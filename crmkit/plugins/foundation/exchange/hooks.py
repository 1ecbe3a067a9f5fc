"""What exchange does when it is asked."""

from collections.abc import Iterable

from crmkit import Finding, Unit, hookimpl

from .queries import unfinished


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    for each in unfinished(unit):
        yield Finding(
            level="warn",
            subject="exchange",
            text=f"the import of {each.path} is not complete ({each.rows:,} rows done)",
            mend="import the file again; it goes on where it stopped",
        )
