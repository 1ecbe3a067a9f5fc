"""What a plugin needs to own tables and to write features."""

from .core.columns import Count, Flag, Id, Instant, Json, Real, Text
from .core.dialect import delete_where, id_list, insert_many, one_of
from .core.schema import (
    STRICT,
    contact_point,
    customer,
    customer_ref,
    identity,
    interaction,
    interaction_ref,
    line,
    offer,
    offer_ref,
    plugin_metadata,
    table,
)

__all__ = [
    "STRICT",
    "Count",
    "Flag",
    "Id",
    "Instant",
    "Json",
    "Real",
    "Text",
    "contact_point",
    "customer",
    "customer_ref",
    "delete_where",
    "id_list",
    "identity",
    "insert_many",
    "interaction",
    "interaction_ref",
    "line",
    "offer",
    "offer_ref",
    "one_of",
    "plugin_metadata",
    "table",
]
