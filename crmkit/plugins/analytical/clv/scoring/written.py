"""Fitted models as JSON-ready documents, and back."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan, nan
from typing import Any, Final

import attrs

from ..model import BgNbd, Estimate, GammaGamma, ParetoNbd

KINDS: Final[Mapping[str, Any]] = {each.__name__: each for each in (BgNbd, ParetoNbd, GammaGamma)}


def written(model: Estimate) -> dict[str, object]:
    """JSON has no nan: an undetermined standard error is None."""
    errors = [None if isnan(error) else error for error in model.standard_errors]
    return {"kind": type(model).__name__, **attrs.asdict(model), "standard_errors": errors}


def read_model(document: Mapping[str, Any]) -> Any:
    """The record that :func:`written` was given."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list | tuple) else value
        for name, value in document.items()
        if name != "kind"
    }
    fields["standard_errors"] = tuple(nan if e is None else e for e in document["standard_errors"])
    fields["covariance"] = tuple(tuple(row) for row in document["covariance"])
    return KINDS[document["kind"]](**fields)
