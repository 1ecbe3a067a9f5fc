"""Reading decisions and what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmkit import RecordNotFoundError, Unit
from crmkit.sql import id_list, interaction, offer, one_of

from .model import Arm, ArmResult, Considered, Decision, Effect
from .tables import decisions_assignment, decisions_decision
from .welch import difference

ORDER, RETURN = "purchase.order", "purchase.return"
_D = decisions_decision.c
_ALL = sa.select(decisions_decision).order_by(_D.id)
_RUNS = sa.select(_D.run).group_by(_D.run).order_by(sa.func.min(_D.at), _D.run)
_BOUGHT = (
    sa.select(
        _D.id,
        _D.arm,
        _D.window_until,
        _D.currency,
        sa.func.coalesce(sa.func.sum(interaction.c.amount_minor), 0).label("revenue_minor"),
        sa.func.count(sa.case((interaction.c.kind == ORDER, 1))).label("orders"),
    )
    .select_from(
        sa.outerjoin(
            decisions_decision,
            interaction,
            sa.and_(
                interaction.c.customer_id == _D.customer_id,
                interaction.c.kind.in_((ORDER, RETURN)),
                interaction.c.currency == _D.currency,
                interaction.c.machine.is_(sa.false()),
                interaction.c.at >= _D.at,
                interaction.c.at < _D.window_until,
                interaction.c.at < sa.bindparam("until"),
            ),
        )
    )
    .where(_D.run == sa.bindparam("run"), _D.arm.in_(("treatment", "control")))
    .group_by(_D.id, _D.arm, _D.window_until, _D.currency)
)


def decisions_of(unit: Unit, customer_id: int) -> list[Decision]:
    """Everything decided for one customer, oldest first."""
    return _load(unit, _ALL.where(_D.customer_id == customer_id))


def decisions(unit: Unit, ids: Iterable[int]) -> list[Decision]:
    """Those of *ids* that exist."""
    return _load(unit, _ALL.where(one_of(_D.id)), ids)


def decisions_behind(unit: Unit, offer_ids: Iterable[int]) -> list[Decision]:
    """The decisions that made these offers."""
    return _load(unit, _ALL.where(one_of(_D.offer_id)), offer_ids)


def decisions_about(unit: Unit, customer_ids: Iterable[int]) -> list[Decision]:
    """Everything decided for these customers."""
    return _load(unit, _ALL.where(one_of(_D.customer_id)), customer_ids)


def runs(unit: Unit) -> list[str]:
    """The keys of all runs, oldest first."""
    return list(unit.connection.scalars(_RUNS))


def decided(unit: Unit, run: str, customer_ids: Iterable[int]) -> set[int]:
    """Those of the customers for whom *run* has decided."""
    query = sa.select(_D.customer_id).where(_D.run == run, one_of(_D.customer_id))
    return set(unit.connection.scalars(query, {"ids": id_list(unit.connection, customer_ids)}))


def assigned(unit: Unit, experiment: str, customer_ids: Iterable[int]) -> dict[int, Arm]:
    """The arms that were assigned before."""
    columns = decisions_assignment.c
    query = sa.select(columns.customer_id, columns.arm).where(
        columns.experiment == experiment, one_of(columns.customer_id)
    )
    wanted = {"ids": id_list(unit.connection, customer_ids)}
    return {row.customer_id: row.arm for row in unit.connection.execute(query, wanted)}


def effect(unit: Unit, run: str, *, until: datetime | None = None) -> Effect:
    """
    What the offers of *run* changed: treatment against control, whoever got to see them or not.

    Orders less returns of people (not machines) count, in the policy's currency, from the decision
    to the end of its window or *until* (default: now).

    Raises:
        RecordNotFoundError: If there is no such run.
    """
    until = until or unit.now
    rows = unit.connection.execute(_BOUGHT, {"run": run, "until": until}).all()
    if not rows and run not in runs(unit):
        raise RecordNotFoundError("run", run)
    treated = [row for row in rows if row.arm == "treatment"]
    control = [row for row in rows if row.arm == "control"]
    return Effect(
        run=run,
        currency=rows[0].currency if rows else "",
        treatment=_result(treated),
        control=_result(control),
        revenue_minor=difference(_revenue(treated), _revenue(control)),
        buyer_share=difference(_bought(treated), _bought(control)),
        until=until,
        is_complete=all(row.window_until <= until for row in rows),
    )


def answers(unit: Unit, until: datetime) -> list[Any]:
    """
    Offers and purchases that could answer them, as rows.

    The offer reached its customer and is not answered; the purchase came after that, within the
    window, from a person. Oldest purchase first, of each the offer that arrived last first.
    """
    carrier, purchase = interaction.alias("carrier"), interaction.alias("purchase")
    query = (
        sa.select(
            offer.c.id.label("offer_id"),
            purchase.c.id.label("purchase_id"),
            purchase.c.offer_id.label("named_offer_id"),
            purchase.c.customer_id,
        )
        .join(decisions_decision, _D.offer_id == offer.c.id)
        .join(carrier, carrier.c.id == offer.c.carried_by)
        .join(
            purchase,
            sa.and_(
                purchase.c.kind == ORDER,
                purchase.c.customer_id == offer.c.customer_id,
                purchase.c.machine.is_(sa.false()),
                purchase.c.at >= carrier.c.at,
                purchase.c.at < _D.window_until,
                purchase.c.at < sa.bindparam("until"),
            ),
        )
        .where(offer.c.status == "carried", offer.c.answered_by.is_(None))
        .order_by(purchase.c.at, purchase.c.id, carrier.c.at.desc(), offer.c.id.desc())
    )
    return list(unit.connection.execute(query, {"until": until}))


def answering(unit: Unit, customer_ids: Iterable[int]) -> set[int]:
    """Interactions that already answer an offer of these customers."""
    query = sa.select(offer.c.answered_by).where(
        one_of(offer.c.customer_id), offer.c.answered_by.is_not(None)
    )
    return set(unit.connection.scalars(query, {"ids": id_list(unit.connection, customer_ids)}))


def _load(unit: Unit, query: sa.Select[Any], ids: Iterable[int] | None = None) -> list[Decision]:
    wanted = {} if ids is None else {"ids": id_list(unit.connection, ids)}
    return [_decision(**row) for row in unit.connection.execute(query, wanted).mappings()]


def _decision(*, because: list[str], considered: list[dict[str, Any]], **fields: Any) -> Decision:
    return Decision(
        because=tuple(because), considered=tuple(map(_considered, considered)), **fields
    )


def _considered(stored: dict[str, Any]) -> Considered:
    return Considered(**{**stored, "vetoes": tuple(stored["vetoes"])})


def _result(rows: Sequence[Any]) -> ArmResult:
    return ArmResult(
        n=len(rows),
        revenue_minor=sum(int(row.revenue_minor) for row in rows),
        buyers=sum(1 for row in rows if row.orders),
    )


def _revenue(rows: Sequence[Any]) -> list[float]:
    return [float(row.revenue_minor) for row in rows]


def _bought(rows: Sequence[Any]) -> list[float]:
    return [float(bool(row.orders)) for row in rows]
