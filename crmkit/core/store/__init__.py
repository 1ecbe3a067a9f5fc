"""Reading and writing the three nouns: SQL in, frozen records out."""

from .customers import Customers
from .interactions import Interactions
from .offers import Offers

__all__ = ["Customers", "Interactions", "Offers"]
