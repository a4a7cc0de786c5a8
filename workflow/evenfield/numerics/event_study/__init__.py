"""Event studies of policies with dates: imputation, leads, permutation, rings."""
