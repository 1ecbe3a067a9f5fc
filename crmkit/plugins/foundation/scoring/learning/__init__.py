"""Chances from what is known of somebody: logistic regression, calibration, leak checks."""
