"""Who is held out: the same people at every run, by a hash and not by a die."""

from __future__ import annotations

from hashlib import sha256

from .model import Arm


def arm_of(experiment: str, customer_id: int, holdout_share: float) -> Arm:
    """
    The arm of a customer nobody assigned yet.

    A larger share keeps everybody a smaller one held out; another experiment draws anew.
    """
    drawn = sha256(f"{experiment}\0{customer_id}".encode()).digest()
    position = int.from_bytes(drawn[:8], "big") / 2**64
    return "control" if position < holdout_share else "treatment"
