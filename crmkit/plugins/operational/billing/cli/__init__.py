"""``crmkit billing``."""

from __future__ import annotations

from . import catalogue, documents, money, reports
from .group import billing

__all__ = ["billing", "catalogue", "documents", "money", "reports"]
