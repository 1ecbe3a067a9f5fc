"""What ``crmkit doctor`` is told about scores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from crmkit import Finding, Scorer, Unit

from .config import Settings
from .queries import chosen_scorers, last_full_run, last_run


def findings(unit: Unit) -> Iterator[Finding]:
    for scorer in chosen_scorers(unit, ()):
        yield _of(unit, scorer)


def _of(unit: Unit, scorer: Scorer) -> Finding:
    subject, mend = f"score {scorer.name}", f"crmkit score run {scorer.name}"
    run, full = last_run(unit, scorer.name), last_full_run(unit, scorer)
    if run is None:
        return Finding(level="warn", subject=subject, text="never run", mend=mend)
    if run.state == "refused":
        return Finding(level="warn", subject=subject, text=f"last run refused: {run.reason}")
    if full is None:
        told = f"the stored scores are not of version {scorer.version}"
        return Finding(level="warn", subject=subject, text=told, mend=mend)
    age = unit.now - full.as_of
    if age >= timedelta(days=unit.settings(Settings).full_after_days):
        told = f"the last full run looked from {full.as_of:%Y-%m-%d}, {age.days} days ago"
        return Finding(level="warn", subject=subject, text=told, mend=mend)
    return Finding(level="ok", subject=subject, text=f"full run as of {full.as_of:%Y-%m-%d}")
