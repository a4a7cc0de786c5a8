"""Convergence clubs: clustering, merging, stability of membership and its link to other groupings."""
