"""Verdicts: what the rows of the estimates say about each hypothesis and each claim, by a rule fixed in advance."""
