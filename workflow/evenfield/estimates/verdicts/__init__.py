"""Verdicts: what the estimates say about each hypothesis and each claim, by one rule that stands in the config."""
