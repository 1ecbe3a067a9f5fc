"""Writes: runs with their scores, memberships in segments, and the rules that define some."""

from .running import forget, mark_changed, run
from .segments import define_segment, drop_segment, refresh_segments

__all__ = [
    "define_segment",
    "drop_segment",
    "forget",
    "mark_changed",
    "refresh_segments",
    "run",
]
