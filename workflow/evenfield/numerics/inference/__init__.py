"""Inference for few units: tests and intervals that hold their size with 31 provinces,
or say that they do not.
"""
