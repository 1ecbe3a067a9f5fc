"""Likelihoods and predictions of the lifetime-value models: arrays in, arrays out."""
