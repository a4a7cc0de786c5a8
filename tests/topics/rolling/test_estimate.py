"""Rolling windows: speeds and bands, the spatial form, contrasts and breaks, invariance
and refusals.
"""

import numpy as np
import pandas as pd
import pytest
import spreg
import statsmodels.api as sm
from libpysal.weights import full2W
from numpy.random import default_rng
from pandas.testing import assert_frame_equal
from scipy.stats import chi2

from evenfield.models.speeds import ImpliedSpeed
from evenfield.numerics.convergence import Bounds
from evenfield.numerics.random import generator_for
from evenfield.numerics.rolling.segments import least_squares_breaks
from evenfield.numerics.rolling.slope_break import slope_break_test
from evenfield.numerics.rolling.speeds import speed_contrasts
from evenfield.numerics.rolling.weak_sigma import weak_sigma_test
from evenfield.numerics.rolling.windows import (
    fit_windows,
    sup_t_critical_value,
    sup_t_draws,
)
from evenfield.shared.estimates import estimates_frame
from evenfield.study.spatial_weights import row_standardised
from evenfield.topics.rolling.estimate import estimate
from evenfield.topics.rolling.estimate_breaks import _rounded
from evenfield.topics.rolling.estimate_windows import _words
from made_study import (
    MadeStudy,
    of_units,
    row,
    same_results,
    unit_names,
    weights_named,
    yearly,
)
from tolerances import ITERATIVE, close
from yaml_text import from_yaml

SPEC = {"id": "c", "windows": [6]}
INFERENCE = {"conf_level": 0.95, "permutations": 99, "seed": 2011}
SPANS = (("B", 9, 16), ("A", 0, 8), ("C", 17, 24))
NUMBERS = "estimate std_error statistic p_value p_adjusted conf_low conf_high".split()


def make_study(
    *specs,
    years=range(2000, 2025),
    spans=SPANS,
    shift=0.0,
    change=None,
    first_official=2000,
):
    rng = default_rng(3)
    units = unit_names(16)
    years = [*years]
    y = np.empty((16, len(years)))
    y[:, 0] = rng.normal(9, 0.5, 16)
    for t in range(1, len(years)):
        y[:, t] = (
            y[:, t - 1]
            + 0.05
            - 0.03 * (y[:, t - 1] - y[:, t - 1].mean())
            + rng.normal(0, 0.02, 16)
        )
    panel = yearly(units, years, log_income=y + shift)
    parts = [
        of_units(
            units,
            period=name,
            start_year=years[a],
            end_year=years[b],
            basis="official",
            log_income_start=y[:, a] + shift,
            log_income_end=y[:, b] + shift,
            growth_pct_per_year=100 * (y[:, b] - y[:, a]) / (years[b] - years[a]),
        )
        for name, a, b in spans
    ]
    links = sum(np.roll(np.eye(16), k, axis=1) for k in (1, -1, 2))
    described = [
        {
            "period": name,
            "start": years[a],
            "end": years[b],
            "role": "main",
        }
        for name, a, b in spans
    ]
    tables = {"panel": change(panel) if change else panel, "periods": pd.concat(parts)}
    config = {"estimates": {"rolling": list(specs) or [SPEC]}, "inference": INFERENCE}
    span = {
        "period": "S",
        "start": years[0],
        "end": years[-1],
        "role": "span",
    }
    return MadeStudy(
        config,
        tables,
        weights_named("ring", units, row_standardised(links)),
        samples={
            "all": units,
            "small": units[3:],
            "two": units[:2],
            "one": units[:1],
        },
        step=years[1] - years[0],
        basis_years={"official": [first_official, 2024]},
        periods=[*described, span],
    )


def run(*specs, **estimates):
    return estimate(make_study(*specs, **estimates))


def numbers(results):
    return estimates_frame(results.estimates)[NUMBERS]


def test_spatial_form_equals_spreg():
    study = make_study()
    results = estimate(study)
    weights = study.weights()
    frame = (
        study.table("periods")
        .query("period == 'A'")
        .set_index("unit")
        .loc[list(weights.units)]
    )
    w = full2W(weights.matrix.toarray())
    w.transform = "r"
    y, x = (
        frame[name].to_numpy()[:, None]
        for name in ("growth_pct_per_year", "log_income_start")
    )
    theirs = spreg.ML_Lag(y / 100, x, w, slx_lags=1, method="full")
    plain = spreg.OLS(y / 100, x)
    _, b, theta, rho = theirs.betas.ravel()
    ratio = row(
        results, estimator="sdm_ml", period="A", contrast="against no neighbours"
    )
    close(ratio.estimate, 2 * (theirs.logll - plain.logll), rtol=1e-4)
    close(ratio.p_value, chi2(2).sf(ratio.estimate))
    terms = {
        "neighbours_growth": rho,
        "log_income_start": b,
        "neighbours_log_income_start": theta,
    }
    same = {"estimator": "sdm_ml", "period": "A"}
    for term, value in terms.items():
        close(
            row(
                results,
                **same,
                term=term,
                effect_type="coef",
            ).estimate,
            value,
            atol=ITERATIVE,
        )
    assert "not a spillover" in row(results, **same, term="neighbours_growth").warning
    M = np.linalg.solve(
        np.eye(16) - rho * weights.matrix, b * np.eye(16) + theta * weights.matrix
    )
    effect = {
        kind: row(results, **same, effect_type=kind).estimate
        for kind in ("direct", "indirect", "total")
    }
    close(effect["direct"], np.trace(M) / 16, rtol=1e-4)
    close(effect["total"], M.sum() / 16, rtol=1e-4)
    close(effect["indirect"], effect["total"] - effect["direct"], rtol=1e-7)
    speed = row(results, **same, effect_type="lambda").estimate
    close(speed, -100 * np.log1p(8 * effect["total"]) / 8, rtol=1e-7)


def test_shuffled_rows_renamed_units_and_another_unit_of_income_change_nothing():
    study = make_study(SPEC, {**SPEC, "id": "d", "sample": "small"})
    same_results(estimate(study), estimate(study.shuffled(2)))
    one = make_study()
    for other in (one.renamed(), make_study(shift=np.log(100))):
        assert_frame_equal(
            numbers(estimate(one)), numbers(estimate(other)), rtol=1e-6, atol=1e-9
        )


def test_decennial_panels():
    results = run(
        {**SPEC, "windows": [10, 20, 15]},
        years=range(1940, 2001, 10),
        spans=(("A", 0, 3), ("B", 3, 6)),
    )
    assert len([e for e in results.estimates if e.estimator == "rolling_ols"]) == 6 + 5
    none = row(results, estimator="rolling_sup_t", contrast="15 years")
    assert np.isnan(none.estimate)
    assert "no two dates are 15 years apart" in none.warning
    assert np.isfinite(row(results, estimator="period_contrast").estimate)
    assert np.isfinite(
        row(
            results,
            estimator="sdm_ml",
            period="A",
            effect_type="total",
        ).estimate
    )


def test_two_units_short_panels_and_equal_incomes_are_not_defined():
    named = [
        e
        for e in run({**SPEC, "sample": "two"}).estimates
        if e.estimator != "sigma_breaks"
    ]
    assert named
    assert all(np.isnan(e.estimate) and "not defined" in e.warning for e in named)
    alone = row(run({**SPEC, "sample": "one"}), estimator="sigma_breaks", term="breaks")
    assert np.isnan(alone.estimate) and "sigma needs two units" in alone.warning
    short = run(years=range(2000, 2003), spans=(("A", 0, 2),))
    assert all(
        np.isnan(e.estimate)
        for e in short.estimates
        if not e.estimator.startswith("sdm_ml")
    )
    assert short.series["series"].empty
    assert np.isnan(
        row(
            run(change=lambda f: f.assign(log_income=9.0)), estimator="rolling_sup_t"
        ).estimate
    )


def incomes(**estimates):
    """Return log incomes by unit and year, units in the order of the first year."""
    wide = make_study(**estimates).wide("log_income")
    return wide.sort_values(wide.columns[0])


def drawn_with(what):
    return generator_for(2011, f"clock:c:s:all:{what}")


def test_windows_have_hc3_intervals_bands_and_adjusted_p_values():
    results = run()
    wide = incomes()
    starts = [year for year in wide if year + 6 in wide]
    fits = [
        sm.OLS((wide[year + 6] - wide[year]) / 6, sm.add_constant(wide[year])).fit(
            cov_type="HC3", use_t=True
        )
        for year in starts
    ]
    X = wide[starts].to_numpy()
    fit = fit_windows((wide[[y + 6 for y in starts]].to_numpy() - X) / 6, X)
    largest = sup_t_draws(fit, drawn_with("6:sup_t"), 99)
    critical = row(results, estimator="rolling_sup_t").estimate
    close(critical, sup_t_critical_value(largest, 0.95))

    def speed(slope):
        return -100 * np.log(1 + 6 * slope) / 6

    windows = results.series["series"].query("kind == 'window'").set_index("start_year")
    for year, theirs in zip(starts, fits, strict=True):
        slope = theirs.params[year]
        error = theirs.bse[year]
        one = row(results, estimator="rolling_ols", period=f"{year}-{year + 6}")
        close(one.estimate, speed(slope))
        low, high = theirs.conf_int(0.05).loc[year]
        close((one.conf_low, one.conf_high), (speed(high), speed(low)))
        close(
            (one.df, one.statistic, one.p_value),
            (14, slope / error, theirs.pvalues[year]),
        )
        beyond = (largest >= abs(one.statistic)).sum()
        assert one.p_adjusted == (1 + beyond) / 100
        line = windows.loc[year]
        pointwise = (line["pointwise_low"], line["pointwise_high"])
        close(pointwise, (one.conf_low, one.conf_high))
        close(
            (line["band_low"], line["band_high"]),
            (speed(slope + critical * error), speed(slope - critical * error)),
        )
        close(line["half_life"], 100 * np.log(2) / one.estimate)


def test_periods_are_compared_with_the_first_of_them():
    study = make_study()
    results = estimate(study)
    table = study.table("periods")
    first = table[table["period"] == "A"].sort_values("log_income_start")["unit"]
    wide = {
        name: frame.set_index("unit").loc[first]
        for name, frame in table.groupby("period")
    }
    names = ["A", "B", "C"]
    years = np.array([8, 7, 7])
    y = np.column_stack([wide[n]["growth_pct_per_year"] / 100 for n in names])
    X = np.column_stack([wide[n]["log_income_start"] for n in names])
    seed = row(results, estimator="period_contrast_wald").seed
    rng = generator_for(2011, seed.removeprefix("2011:"))
    test = speed_contrasts(fit_windows(y, X), years, rng, 99, 0.95)
    for k, name in enumerate(("B - A", "C - A")):
        result = row(results, estimator="period_contrast", contrast=name)
        one = test.contrasts[k]
        close(
            (result.estimate, result.std_error),
            (100 * one.estimate, 100 * one.std_error),
        )
        close(
            (result.conf_low, result.conf_high),
            (100 * one.conf_low, 100 * one.conf_high),
        )
        close((result.statistic, result.p_value), (one.statistic, test.p_bootstrap[k]))
    equal = row(results, estimator="period_contrast_wald")
    close((equal.estimate, equal.p_value, equal.df), (test.wald, test.wald_p, 2))


def test_a_break_is_dated_by_the_last_year_of_the_growth_before_it():
    results = run()
    y = incomes().to_numpy()
    test = slope_break_test(
        y[:, :-1], np.diff(y), drawn_with("2000-2024:slope_break"), 99, 0.15
    )
    result = row(results, term="sup_wald")
    close((result.estimate, result.p_value), (test.statistic, test.p_value))
    # Growth number k is that from 2000 + k to 2001 + k.
    assert result.contrast == f"break after {2001 + test.break_position}"
    for term, slope in (("speed_before", test.before), ("speed_after", test.after)):
        close(row(results, term=term).estimate, -100 * np.log(1 + slope))
    walds = results.series["series"].query("kind == 'slope_break'")
    most = walds.loc[walds["wald"].idxmax()]
    assert (most["start_year"], most["end_year"]) == (
        2000 + test.break_position,
        2001 + test.break_position,
    )


@pytest.mark.parametrize(
    ("years", "step"),
    from_yaml("""
    - [[2000, 2025, 1], 1]
    - [[1900, 2025, 5], 5]
    """),
)
def test_the_variance_falls_by_year_whatever_the_step(years, step):
    estimates = {"years": range(*years), "spans": (("A", 0, 8), ("B", 9, 16))}
    results = run({**SPEC, "windows": [10]}, **estimates)
    y = incomes(**estimates).to_numpy()
    result = next(e for e in results.estimates if e.estimator == "weak_sigma")
    rng = drawn_with(f"{result.period}:weak_sigma")
    test = weak_sigma_test(y, rng, 99)
    close(
        (result.estimate, result.std_error, result.p_value),
        (test.slope / step, test.std_error / step, test.p_constant_variance),
    )


def test_segments_of_sigma_are_those_of_the_smallest_criterion():
    results = run()
    wide = incomes()
    years = wide.columns.to_numpy(float)
    path = wide.std().to_numpy()
    X = np.column_stack([np.ones(25), years - 2000])
    fits = least_squares_breaks(path, X, 3, 5)
    best = min(fits, key=lambda fit: fit.lwz)
    count = row(results, estimator="sigma_breaks", term="breaks").estimate
    assert count == len(best.last)
    segments = results.series["series"].query("kind == 'sigma_segment'")
    ends = [*(2000 + last for last in best.last), 2024]
    assert segments.sort_values("start_year")["end_year"].tolist() == ends
    first = segments.sort_values("start_year").iloc[0]
    inside = years <= ends[0]
    line = np.polyfit(years[inside], path[inside], 1)
    close(first["fitted_end"], np.polyval(line, ends[0]))


@pytest.mark.parametrize(
    ("low", "unbounded"),
    from_yaml("""
    - [0.0, true]
    - [-0.01, true]
    - [1, false]
    """),
)
def test_a_half_life_is_unbounded_from_a_speed_of_zero(low, unbounded):
    words = _words(ImpliedSpeed(0.02, Bounds(low, 2.0)))
    assert ("half-life unbounded" in words) == unbounded


@pytest.mark.parametrize(
    ("value", "written"),
    [(np.nan, None), (-np.inf, None), (1.23456789, 1.23457), (0.0, 0.0)],
)
def test_a_number_that_is_none_is_written_as_none(value, written):
    assert _rounded(value) == written
