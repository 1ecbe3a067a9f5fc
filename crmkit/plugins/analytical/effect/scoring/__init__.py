"""Causal effects from arrays. Knows no database and no clock."""
