"""Reading decisions, and the purchases that could answer them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import id_list, interaction, offer, one_of

from .model import Arm, Considered, Decision
from .tables import decisions_assignment, decisions_decision

ORDER = "purchase.order"
_D = decisions_decision.c
_ALL = sa.select(decisions_decision).order_by(_D.id)
_RUNS = sa.select(_D.run).group_by(_D.run).order_by(sa.func.min(_D.at), _D.run)


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
