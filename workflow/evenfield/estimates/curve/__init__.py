"""Specification curve: every defensible specification of a question at once, with joint permutation inference."""
