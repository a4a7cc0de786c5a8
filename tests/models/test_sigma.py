"""Sigma convergence against closed forms and statsmodels; what is not defined."""

from functools import partial

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng

from evenfield.models.sigma import dispersion, dispersion_breaks, fall
from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.numerics.inference.design import Design
from tolerances import MACHINE, close

N = 12
UNITS = np.array([f"u{i:02d}" for i in range(N)])
RNG = default_rng(23)
START = RNG.normal(9, 0.5, N)
END = 9.5 + 0.8 * (START - 9) + RNG.normal(0, 0.05, N)
Y = np.column_stack([START, END])


def compared(start, end, units=UNITS, methods=("HC3",), level=0.95):
    design_of = partial(Design, units=in_order(units[: len(start)]))
    rows = fall(start, end, lambda fit: design_of(fit=fit), methods).rows(level)
    return {(row.term, row.method): row.test for row in rows}


def test_dispersion_by_date_is_that_of_numpy():
    people = np.arange(1.0, N + 1)[:, None] * [1, 2]
    path = dispersion(Y, UNITS, people)
    income = np.exp(Y)
    close(path.sigma, Y.std(axis=0, ddof=1), MACHINE)
    close(path.cv, income.std(axis=0, ddof=1) / income.mean(axis=0), MACHINE)
    high, low = np.percentile(income, [90, 10], axis=0)
    close(path.p90_p10, high / low, MACHINE)
    close(path.iqr, np.subtract(*np.percentile(Y, [75, 25], axis=0)), MACHINE)
    for t, weights in enumerate(people.T):
        variance = np.cov(Y[:, t], aweights=weights, ddof=0)
        close(path.sigma_population_weighted[t] ** 2, variance)
    assert np.isnan(dispersion(Y, UNITS).sigma_population_weighted).all()


def test_the_band_names_the_unit_that_carries_it():
    path = dispersion(Y, UNITS)
    for t in (0, 1):
        for end in ("low", "high"):
            unit = getattr(path, f"unit_{end}")[t]
            without = Y[unit != UNITS, t].std(ddof=1)
            close(getattr(path, f"sigma_{end}")[t], without, MACHINE)
    assert (path.sigma_low < path.sigma).all()
    assert (path.sigma < path.sigma_high).all()
    few = dispersion(Y[:2], UNITS[:2])
    assert np.isnan(few.sigma_low).all()
    assert list(few.unit_high) == ["", ""]


def test_the_slope_is_that_of_pitman_and_morgan_with_hc3_errors():
    test = compared(START, END, level=0.9)["slope", "HC3"]
    want = sm.OLS(START - END, sm.add_constant(START + END)).fit(
        cov_type="HC3", use_t=True
    )
    close(test.estimate, want.params[1])
    close(test.estimate, (START.var() - END.var()) / (START + END).var())
    close((test.std_error, test.p_value), (want.bse[1], want.pvalues[1]))
    close((test.conf_low, test.conf_high), want.conf_int(alpha=0.1)[1])
    assert test.df == N - 2
    assert test.estimate > 0


def test_every_method_that_is_asked_for_tests_the_slope_and_one_says_why_it_cannot():
    rows = compared(START, END, methods=("CR3", "SCPC", "HC3"))
    tests = {method: test for (term, method), test in rows.items() if term == "slope"}
    assert list(tests) == ["CR3", "SCPC", "HC3"]
    assert "no coordinates" in tests["SCPC"].reason
    # The two least squares may differ by the last bit, on some processors.
    close(tests["CR3"].estimate, tests["HC3"].estimate)
    assert tests["SCPC"].estimate == tests["HC3"].estimate


def test_units_in_another_order_give_the_same_rows():
    order = default_rng(1).permutation(N)
    one = compared(START, END, methods=("HC3", "CR3"))
    two = compared(START[order], END[order], UNITS[order], ("HC3", "CR3"))
    for key, test in one.items():
        close(two[key].estimate, test.estimate)
        close(two[key].p_value, test.p_value)


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (START[:1], END[:1], "1 unit"),
        (START[:2], END[:2], "2 units"),
        (START, np.full(N, 9.0), "income is the same in every unit"),
        (START, START + 0.7, "every unit grew by the same amount"),
    ],
)
def test_what_has_no_test_says_why(start, end, reason):
    rows = compared(start, end)
    for term in ("slope", "t2", "t3"):
        assert reason in rows[term, ""].reason
        assert np.isnan(rows[term, ""].estimate)
    few = "fewer than two units" if len(start) < 2 else ""
    assert rows["sigma_start", ""].reason == few


def test_a_segment_has_no_more_dates_than_its_share():
    # 0.07 * 100 is 7.000000000000001: the seventh date is late enough.
    years = np.arange(100.0)
    spread = np.where(years < 7, 0.8, 0.3) + 0.001 * default_rng(3).normal(size=100)
    z = (START - START.mean()) / START.std(ddof=1)
    found = dispersion_breaks(np.outer(z, spread), years, 1, 0.07)
    assert found.segments == [(0, 6), (7, 99)]
