"""Channels: adapters to the places where customers and we talk."""
