"""Writes: runs with their scores, memberships in segments, and the rules that define some."""

from .memberships import refresh_segments
from .running import forget, mark_changed, run
from .segments import define_segment, drop_segment

__all__ = [
    "define_segment",
    "drop_segment",
    "forget",
    "mark_changed",
    "refresh_segments",
    "run",
]
