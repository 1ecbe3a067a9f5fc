"""Settings: ``[marketing]`` in ``crmkit.toml``."""

from __future__ import annotations

from typing import Any

import attrs

from crmkit import InvalidValueError, Money


def _share(_: object, field: attrs.Attribute[Any], value: float) -> None:
    if not 0 <= value < 1:
        raise InvalidValueError(field.name, value, "a share such as 0.1 for 10 %, below 1")


def _margin(_: object, field: attrs.Attribute[Any], value: float) -> None:
    if not 0 < value <= 1:
        raise InvalidValueError(field.name, value, "a share such as 0.4 for 40 %")


def _currency(_: object, field: attrs.Attribute[Any], value: str) -> None:
    Money(0, value)


def _seconds(_: object, field: attrs.Attribute[Any], value: int) -> None:
    if type(value) is not int or not 0 <= value <= 86_400:
        raise InvalidValueError(field.name, value, "0 to 86400 seconds")


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        currency: Of budgets and results; amounts in others do not count.
        holdout_share: Of each campaign, where it does not say; held out for good.
        global_holdout_share: Of all customers, who get no campaign at all.
        global_holdout: A word that draws them; another word draws others.
        margin_share: What is left of a sale when the goods are paid.
        stratify_by: A score by whose labels arms are balanced; empty for none.
        fewest: People of each arm that a result needs.
        human_after_seconds: An answer sooner after the message went out is a machine's.
        machine_words: In the name of a browser, that tell a machine.
    """

    currency: str = attrs.field(default="EUR", validator=_currency)
    holdout_share: float = attrs.field(default=0.1, validator=_share)
    global_holdout_share: float = attrs.field(default=0.0, validator=_share)
    global_holdout: str = "global"
    margin_share: float = attrs.field(default=1.0, validator=_margin)
    stratify_by: str = ""
    fewest: int = 50
    human_after_seconds: int = attrs.field(default=3, validator=_seconds)
    machine_words: tuple[str, ...] = (
        "bot", "crawler", "spider", "preview", "scanner", "safelinks", "proofpoint", "mimecast",
        "barracuda", "googleimageproxy", "yahoomailproxy", "headless", "curl", "python", "wget",
    )  # fmt: skip
