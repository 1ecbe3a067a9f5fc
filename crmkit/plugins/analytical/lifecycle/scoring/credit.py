"""Who is owed the worth of whom: second-order value that is moved, never made."""

from __future__ import annotations

from typing import Any, TypeAlias

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ReferralCircleError

Array: TypeAlias = NDArray[Any]


@attrs.frozen(eq=False)
class Credit:
    """
    Value by customer, in the order of the ids; shapes (n,).

    Attributes:
        own: What each is worth by what they buy themselves.
        received: What they are owed for those they sent, and those these sent.
        passed: What of it and of their own is owed to who sent them.
    """

    own: Array
    received: Array
    passed: Array

    @property
    def credited(self) -> Array:
        """Own plus received less passed on; over all customers it adds up to *own*."""
        credited: Array = self.own + self.received - self.passed
        return credited


def credit(own: ArrayLike, sent_by: ArrayLike, share: float) -> Credit:
    """
    Move *share* of every referred customer's worth, and of what is owed to them, to who sent them.

    Nothing is counted twice: the total stays what it was. A chain gives the first in it share, then
    share squared, and so on.

    Args:
        own: Worth of each customer, shape (n,), any unit.
        sent_by: Position of who sent each, shape (n,); -1 where nobody did.
        share: In [0, 1).

    Raises:
        ReferralCircleError: If some customers sent each other in a circle.
    """
    worth = np.asarray(own, np.float64)
    sender = np.asarray(sent_by, np.int64)
    received = np.zeros_like(worth)
    passed = np.zeros_like(worth)
    for each in _leaves_first(sender):
        passed[each] = share * (worth[each] + received[each])
        np.add.at(received, sender[each], passed[each])
    return Credit(worth, received, passed)


def _leaves_first(sender: Array) -> list[Array]:
    """Those with a sender, in layers: nobody comes before a customer they sent."""
    waiting = np.bincount(sender[sender >= 0], minlength=len(sender))
    layer = np.flatnonzero((waiting == 0) & (sender >= 0))
    layers, left = [], int((sender >= 0).sum())
    while layer.size:
        layers.append(layer)
        left -= layer.size
        above, counts = np.unique(sender[layer], return_counts=True)
        waiting[above] -= counts
        layer = above[(waiting[above] == 0) & (sender[above] >= 0)]
    if left:
        raise ReferralCircleError(left)
    return layers
