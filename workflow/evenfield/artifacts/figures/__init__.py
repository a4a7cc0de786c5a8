"""Figures: one file, one picture."""
