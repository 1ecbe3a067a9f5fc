"""``crmkit lead``, ``crmkit deal`` and ``crmkit sales``."""

from __future__ import annotations

from .deals import deal
from .figures import sales
from .leads import lead

__all__ = ["deal", "lead", "sales"]
