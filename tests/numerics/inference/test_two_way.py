"""Two-way clustering: closed form, no order, bad input."""

import numpy as np
import pytest

from evenfield.numerics.inference.cluster_robust import two_way_inference
from evenfield.numerics.ols import fit_ols
from numerics.refusals import refused
from tolerances import CLOSED_FORM, MACHINE


def panel(common: float, seed: int = 1, units: int = 8, dates: int = 6):
    rng = np.random.default_rng(seed)
    unit, date = np.repeat(np.arange(units), dates), np.tile(np.arange(dates), units)
    x = rng.normal(size=units * dates) + rng.normal(size=dates)[date]
    u = rng.normal(size=units * dates) + common * (rng.normal(size=dates)[date] + rng.normal(size=units)[unit])
    return fit_ols(x + u, np.column_stack([np.ones_like(x), x])), unit, date


def test_two_way_variance_order_and_bad_input():
    fit, unit, date = panel(2.0)
    c = np.array([0.0, 1.0])
    s = fit.X @ fit.bread @ c * fit.u_hat
    ways = [sum(s[way == g].sum() ** 2 for g in np.unique(way)) for way in (unit, date)]
    expected, found = 6 / 5 * max(sum(ways) - s @ s, *ways), two_way_inference(fit, c, unit, date)
    assert found.std_error**2 == pytest.approx(expected, rel=CLOSED_FORM)
    assert (found.df, found.factor) == (5, pytest.approx(1.2))
    fit, unit, date = panel(0.0, seed=3)
    s = fit.X @ fit.bread @ c * fit.u_hat
    one = sum(s[unit == g].sum() ** 2 for g in np.unique(unit))
    assert two_way_inference(fit, c, unit, date).std_error ** 2 >= 1.2 * one * (1 - MACHINE)
    fit, unit, date = panel(1.0)
    order = np.random.default_rng(5).permutation(len(unit))
    mixed, c = fit_ols(fit.y[order], fit.X[order]), np.array([0.0, 1.0])
    one, two = two_way_inference(fit, c, unit, date), two_way_inference(mixed, c, unit[order] * 7 + 1, date[order])
    assert two.std_error == pytest.approx(one.std_error, rel=CLOSED_FORM)
    c = np.array([0.0, 1.0])
    refused("do not fit 48 observations", two_way_inference, fit, c, unit[:5], date)
    refused("at least two clusters", two_way_inference, fit, c, unit, np.zeros_like(date))
    refused("more than one observation", two_way_inference, fit, c, unit, date // 2)
