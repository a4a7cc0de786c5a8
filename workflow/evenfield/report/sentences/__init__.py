"""Sentences that quote numbers, built from the rounded estimates with words chosen by rule."""
