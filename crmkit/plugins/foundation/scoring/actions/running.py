"""Writes: who has to be scored again, and runs with their scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

import attrs
import sqlalchemy as sa

from crmkit import (
    Changes,
    Customer,
    InvalidValueError,
    MissingExtraError,
    Scope,
    Scorer,
    Unit,
)
from crmkit.sql import (
    Count,
    count_again,
    customer,
    delete_where,
    id_list,
    insert_many,
    interaction,
    one_of,
    take_turns,
    transaction_number,
    update_rows,
)

from ..errors import TooThinError
from ..model import Mode, Run
from ..queries import (
    chosen_scorers,
    due,
    followed_run,
    stored_scores,
)
from ..tables import (
    scoring_due,
    scoring_inbox,
    scoring_membership,
    scoring_run,
    scoring_score,
)
from .memberships import refresh_segments

if TYPE_CHECKING:
    from ..computing import Computed, LastRead


def mark_changed(unit: Unit, changes: Changes) -> None:
    """Put the customers of a batch into the inbox, each once per transaction."""
    if changes.noun == "interaction":
        ids: Iterable[int] = {each.customer_id for each in changes.after}  # type: ignore[union-attr]
    elif changes.noun == "customer":
        after: Sequence[Customer] = changes.after  # type: ignore[assignment]
        ids = [i for i, each in zip(changes.ids, after, strict=True) if each.status != "erased"]
    else:
        return
    batch = transaction_number()
    already = sa.exists().where(
        scoring_inbox.c.customer_id == customer.c.id, scoring_inbox.c.batch == batch
    )
    fresh = sa.select(customer.c.id, batch, sa.literal(0, Count)).where(
        one_of(customer.c.id), ~already
    )
    unit.connection.execute(
        sa.insert(scoring_inbox).from_select(["customer_id", "batch", "taken"], fresh),
        {"ids": id_list(unit.connection, ids)},
    )


def run(
    unit: Unit,
    names: Iterable[str] = (),
    *,
    mode: Mode | None = None,
    as_of: datetime | None = None,
) -> list[Run]:
    """
    Score customers, then bring the segments up to date.

    An incremental run scores only customers something changed about, with the parameters of the
    last full run of the same version; what merely aged waits for the next full run. Changes are
    kept for the scorers that do not run now.

    Args:
        names: Scorers; default all.
        mode: Default: incremental if a full run of the same version looked from less than
            ``full_after_days`` ago, else full.
        as_of: Only facts before this instant count; default now.

    Raises:
        NoFullRunError: If *mode* is incremental and there is no full run to follow.
        ScorerError: If a scorer breaks its contract.
        MissingExtraError: Without NumPy.
    """
    if find_spec("numpy") is None:
        raise MissingExtraError("Scoring", "analytics")
    if as_of is not None and as_of.tzinfo is None:
        raise InvalidValueError("as of", as_of, "an instant with a time zone")
    as_of = as_of or unit.now
    from ..computing import LastRead

    take_turns(unit.connection, "scoring")
    scorers = chosen_scorers(unit, names)
    followed = [followed_run(unit, scorer, mode, as_of) for scorer in scorers]
    _distribute(unit)
    read = LastRead(unit)
    done = [
        _run_one(unit, read, scorer, base, as_of)
        for scorer, base in zip(scorers, followed, strict=True)
    ]
    _refresh_after(unit, done, as_of)
    for each in done:
        _forget_due(unit, each)
    return done


def _distribute(unit: Unit) -> None:
    """
    Move the inbox to every scorer that ever made a full run, also those that do not run now.

    Rows are taken first, so that exactly those are moved and deleted that this run has seen.
    """
    inbox = scoring_inbox.c
    taken = unit.connection.execute(
        sa.update(scoring_inbox).where(inbox.taken == 0).values(taken=1)
    )
    if not taken.rowcount:
        return
    known = sa.select(scoring_run.c.scorer).where(
        scoring_run.c.mode == "full", scoring_run.c.state == "done"
    )
    for (name,) in unit.connection.execute(known.distinct()).all():
        already = sa.exists().where(
            scoring_due.c.scorer == name, scoring_due.c.customer_id == inbox.customer_id
        )
        moved = (
            sa.select(sa.literal(name), inbox.customer_id)
            .where(inbox.taken == 1, ~already)
            .distinct()
        )
        unit.connection.execute(
            sa.insert(scoring_due).from_select(["scorer", "customer_id"], moved)
        )
    unit.connection.execute(sa.delete(scoring_inbox).where(inbox.taken == 1))


def _run_one(unit: Unit, read: LastRead, scorer: Scorer, base: Run | None, as_of: datetime) -> Run:
    from ..computing import compute

    run = Run(
        scorer=scorer.name,
        version=scorer.version,
        mode="full" if base is None else "incremental",
        as_of=as_of,
        horizon_days=scorer.horizon_days,
        started_at=unit.now,
        finished_at=unit.now,
        actor=unit.actor,
    )
    customers = None if base is None else due(scorer.name)
    if customers is not None and unit.connection.execute(customers.limit(1)).first() is None:
        return run
    (run_id,) = unit.new_ids(scoring_run, 1)
    run = attrs.evolve(run, id=run_id, fitted_by=run_id if base is None else base.id)
    parameters = None if base is None else base.parameters
    try:
        found = compute(read, scorer, Scope(as_of=as_of, customers=customers), parameters)
    except TooThinError as exc:
        return _record(unit, attrs.evolve(run, state="refused", reason=str(exc)))
    if base is None:
        run = attrs.evolve(run, parameters=found.parameters)
    return _store(unit, run, found, customers)


def _store(unit: Unit, run: Run, found: Computed, customers: sa.Select[tuple[int]] | None) -> Run:
    """Record the run and write only what differs from the stored scores, in key order."""
    from ..columns import read_columns
    from ..outcome import OUTCOME, stored_outcome

    stored = stored_outcome(
        read_columns(unit.connection, run.scorer, stored_scores(run.scorer, customers))
    )
    fresh, replaced, gone = found.outcome.unlike(stored)
    run = _record(
        unit,
        attrs.evolve(
            run,
            base=found.base,
            customers=len(found.outcome.ids),
            changed=len(fresh) + len(replaced) + len(gone),
            finished_at=unit.crm.clock(),
        ),
    )
    fields = [*OUTCOME, "run_id", "scorer", "customer_id"]
    rows = found.outcome.rows(run.id, run.scorer, fresh)
    insert_many(unit.connection, scoring_score, rows, fields)
    update_rows(
        unit.connection,
        scoring_score,
        list(found.outcome.rows(run.id, run.scorer, replaced)),
        values=fields[:-2],
        key=fields[-2:],
    )
    _delete_scores(unit, run.scorer, gone.tolist())
    return run


def _record(unit: Unit, run: Run) -> Run:
    unit.connection.execute(sa.insert(scoring_run).values(attrs.asdict(run, recurse=False)))
    return run


def _delete_scores(unit: Unit, scorer: str, customer_ids: Sequence[int]) -> None:
    if customer_ids:
        unit.connection.execute(
            sa.delete(scoring_score).where(
                scoring_score.c.scorer == scorer, one_of(scoring_score.c.customer_id)
            ),
            {"ids": id_list(unit.connection, customer_ids)},
        )


def _forget_due(unit: Unit, run: Run) -> None:
    """
    Strike off who was scored. Customers with facts still to come stay due: nothing will announce
    those facts again. A refused run strikes off nobody.
    """
    if not run.id or run.state == "refused":
        return
    ahead = sa.exists().where(
        interaction.c.customer_id == scoring_due.c.customer_id, interaction.c.at >= run.as_of
    )
    unit.connection.execute(
        sa.delete(scoring_due).where(scoring_due.c.scorer == run.scorer, ~ahead)
    )


def _refresh_after(unit: Unit, done: Sequence[Run], as_of: datetime) -> None:
    """Segments of everybody after a full run or without scorers, else of who was due."""
    made = [each for each in done if each.id]
    if not done or any(each.mode == "full" for each in made):
        count_again(unit.connection, scoring_score)
        refresh_segments(unit, as_of)
        count_again(unit.connection, scoring_membership)
    elif made:
        names = [each.scorer for each in made]
        concerned = sa.select(scoring_due.c.customer_id).where(scoring_due.c.scorer.in_(names))
        refresh_segments(unit, as_of, concerned)


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    """Delete everything about these customers; returns rows."""
    tables = (scoring_score, scoring_membership, scoring_due, scoring_inbox)
    return sum(delete_where(unit.connection, each, "customer_id", customer_ids) for each in tables)
