"""Plugins that compute: lifetime value, segments, measured effect."""
