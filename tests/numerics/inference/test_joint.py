"""Hotelling's test against statsmodels' test of a mean of several variables."""

import numpy as np
import pytest
from numpy.random import default_rng
from statsmodels.stats.multivariate import test_mvmean as mean_test

from evenfield.numerics.inference.joint import hotelling_test
from numerics.refusals import refused


@pytest.mark.parametrize(("rows", "K"), [(6, 4), (12, 3), (40, 2)])
def test_of_means_of_normal_rows_it_is_that_of_statsmodels(rows, K):
    draws = default_rng(rows).normal(0.3, 1, (rows, K))
    mean = draws.mean(axis=0)
    V = np.cov(draws, rowvar=False) / rows
    test = hotelling_test(float(mean @ np.linalg.solve(V, mean)), K, rows - 1)
    other = mean_test(draws, np.zeros(K))
    assert test.statistic == pytest.approx(other.statistic)
    assert (test.df, test.df_denominator) == other.df
    assert test.p_value == pytest.approx(other.pvalue)


@pytest.mark.parametrize("df", [3.0, 2.5])
def test_without_degrees_of_freedom_it_is_refused(df):
    words = f"4 effects cannot be tested at once with {df:g} degrees of freedom"
    refused(words, hotelling_test, 9.0, 4, df)
