"""What communities refuse."""

from crmkit import InvalidValueError, RefusedError
from crmkit.plugins.foundation.scoring import TooThinError


class TooFewCustomersError(TooThinError):
    """There are not enough customers who bought enough."""

    def __init__(self, found: int, wanted: int, min_products: int) -> None:
        super().__init__(
            f"{found} customers bought at least {min_products} of the products; communities need "
            f"{wanted} (settings min_customers and min_products)"
        )


class NoStructureError(TooThinError):
    """Customers are no more alike in groups than chance would have it."""

    def __init__(self, modularity: float, chance: float) -> None:
        super().__init__(
            f"no structure: modularity {modularity:.3f}, and {chance:.3f} by chance with the same "
            "baskets and products shuffled"
        )


class OnlySmallError(TooThinError):
    """No group is large enough."""

    def __init__(self, largest: int, min_size: int) -> None:
        super().__init__(
            f"the largest group has {largest} customers; a community needs {min_size} (setting "
            "min_size)"
        )


class NameTakenError(RefusedError):
    """Two communities cannot have one name, even if one of them has ended."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is or was a community {name!r} already; choose another name")


class CommunityNameError(InvalidValueError):
    """A name cannot be that of a segment."""

    def __init__(self, name: str) -> None:
        accepted = "lower-case letters, digits and _ after a letter, such as garden_party"
        super().__init__("name", name, accepted)
