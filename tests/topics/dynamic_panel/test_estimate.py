"""Dynamic panel convergence: least squares with effects, flags, units by id, what is
not defined, what is refused.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from pandas.testing import assert_frame_equal

from evenfield.models.dynamic_panel import HEADLINE
from evenfield.numerics.dynamic_panel.bias_corrected import (
    bias_corrected_root,
)
from evenfield.numerics.dynamic_panel.gmm import dynamic_gmm
from evenfield.numerics.dynamic_panel.instruments import Equations, GmmSpec
from evenfield.numerics.dynamic_panel.within import residual_check
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EvenfieldError
from evenfield.topics.dynamic_panel.estimate import GMM_TESTS, estimate
from made_study import one_line, row, same_results, topic_study, unit_names
from tolerances import ITERATIVE, close
from yaml_text import from_yaml

UNITS = unit_names(20, "u")
PERIODS = from_yaml("""
    - {period: S, label: 1980-2000, start: 1980, end: 2000, role: span}
    - {period: P, label: 1990-92, start: 1990, end: 1992, role: main}
    """)
ANNUAL = {"id": "annual", "role": "primary", "draws": 199}
FIVE = {
    "id": "five",
    "span": 5,
    "periods": ["S"],
    "draws": 99,
}


def panel(units=UNITS, years=range(1980, 2001)):
    rng = default_rng(1)
    y = rng.normal(7, 0.4, len(units))
    steady = rng.normal(7, 0.3, len(units))
    rows = []
    for year in years:
        basis = "proxy" if year < 1990 else "official"
        rows += [
            (unit, year, basis, value) for unit, value in zip(units, y, strict=True)
        ]
        y = 0.85 * y + 0.15 * steady + 0.05 + rng.normal(0, 0.03, len(units))
    return pd.DataFrame(rows, columns=["unit", "year", "basis", "log_income"])


def wide(years=slice(None)):
    return (
        panel()
        .pivot(index="unit", columns="year", values="log_income")
        .loc[:, years]
        .to_numpy()
    )


def make_study(*specs, frame=None, periods=PERIODS, step=1):
    frame = panel() if frame is None else frame
    return topic_study(
        "dynamic_panel",
        list(specs),
        {"panel": frame},
        UNITS,
        samples={"few": UNITS[:2]},
        periods=periods,
        step=step,
        basis_years={"official": [1990, 2000]},
    )


def run(*specs, **estimates):
    return estimate(make_study(*specs, **estimates))


@pytest.fixture(scope="module")
def fitted():
    return run(ANNUAL, FIVE)


def test_headline_row_and_its_description(fitted):
    speed = row(
        fitted,
        spec_id="annual",
        period="S",
        estimator=HEADLINE,
        term="speed",
    )
    close(speed.estimate, -100 * np.log(bias_corrected_root(wide()).rho))
    assert (speed.role, speed.family, speed.unit_of_measure) == (
        "primary",
        "dynamic_panel",
        "% per year",
    )
    assert speed.conf_low < speed.estimate < speed.conf_high
    assert (speed.sesoi, speed.n_obs, speed.n_units, speed.n_periods) == (
        1.0,
        400,
        20,
        20,
    )
    assert speed.output_basis == "spliced"
    assert speed.warning.startswith("PROXY output before 1990")
    life = row(
        fitted, spec_id="annual", period="S", estimator=HEADLINE, term="half_life"
    )
    close(life.estimate, np.log(2) / (speed.estimate / 100))
    root = row(
        fitted, spec_id="annual", period="S", estimator=HEADLINE, term="log_income_lag"
    )
    close(speed.conf_high, -100 * np.log(root.conf_low))
    assert (
        2
        < row(
            fitted, spec_id="annual", period="S", term="residual_sd_first_half"
        ).estimate
        < 4
    )
    low, high = (
        row(fitted, term=f"speed_other_offsets_{end}").estimate
        for end in ("low", "high")
    )
    roots = [
        bias_corrected_root(wide(range(1980 + first, 2001, 5))).rho
        for first in range(1, 5)
    ]
    speeds = -20 * np.log(roots)
    close((low, high), (speeds.min(), speeds.max()))


def test_the_grid_of_five_years_ends_in_the_last_year_and_ten_are_the_step_of_a_study(
    fitted,
):
    root = row(
        fitted,
        spec_id="five",
        estimator="fe",
        term="log_income_lag",
    )
    close(root.estimate, bias_corrected_root(wide(range(1980, 2001, 5))).fixed_effects)
    later = run(FIVE, periods=[{**PERIODS[0], "start": 1982}])
    assert later.fit["windows"][0]["dates"] == [1985, 1990, 1995, 2000]
    frame = panel(years=range(1940, 2001, 10))
    results = run(
        {"id": "a", "draws": 99},
        frame=frame,
        step=10,
        periods=[{**PERIODS[0], "start": 1940}],
    )
    levels = frame.pivot(index="unit", columns="year", values="log_income").to_numpy()
    speed = row(results, estimator="fe", term="speed").estimate
    close(speed, -10 * np.log(bias_corrected_root(levels).fixed_effects))


def test_what_is_not_defined_says_why(fitted):
    for name in (HEADLINE, "half_panel_jackknife"):
        speed = row(
            fitted,
            period="P",
            estimator=name,
            term="speed",
        )
        assert np.isnan(speed.estimate)
        assert "not defined: 3 dates" in speed.warning
        assert not speed.converged
    assert np.isfinite(
        row(
            fitted,
            period="P",
            estimator="pooled",
            term="speed",
        ).estimate
    )
    assert np.isnan(row(fitted, period="P", term="bracket").estimate)
    few = [e for e in run({**ANNUAL, "sample": "few"}).estimates if e.term == "speed"]
    assert all(np.isnan(e.estimate) and "2 units" in e.warning for e in few)
    flat = run(ANNUAL, frame=panel().assign(log_income=7.0)).estimates
    assert all(np.isnan(e.estimate) and "not defined" in e.warning for e in flat)


def test_order_names_money_and_other_specifications_change_nothing(fitted):
    study = make_study(ANNUAL, FIVE)
    same_results(estimate(study.shuffled(3)), fitted)
    names = {unit: f"{(7 * i) % 20:02d}-{unit}" for i, unit in enumerate(UNITS)}
    frames = [
        estimates_frame(r.estimates).drop(columns="data_hash")
        for r in (estimate(study.renamed(names)), fitted)
    ]
    assert_frame_equal(*frames)
    cents = run(
        ANNUAL,
        FIVE,
        frame=panel().assign(log_income=lambda f: f["log_income"] + np.log(100)),
    )
    one, two = (
        estimates_frame(r.estimates)["estimate"].to_numpy(float)
        for r in (cents, fitted)
    )
    close(one, two, ITERATIVE)
    retained = [e for e in fitted.estimates if e.spec_id == "annual"]
    assert estimates_frame(run(ANNUAL).estimates).equals(estimates_frame(retained))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda f: f.assign(
                log_income=f["log_income"].where(
                    ~f["unit"].eq("u03") | f["year"].ne(1991)
                )
            ),
            "(u03 1991)",
        ),
        (
            lambda f: f[(f["unit"] != "u05") | (f["year"] == 1980)],
            "missing or infinite for 20 unit-years",
        ),
    ],
)
def test_refuses_panels_that_are_not_balanced(change, text):
    with one_line(EvenfieldError, text):
        run(ANNUAL, frame=change(panel()))


@pytest.mark.parametrize(
    ("item", "text"),
    from_yaml("""
    - [{span: 3}, expected a multiple of the step]
    """),
)
def test_a_wrong_specification_is_named(item, text):
    with one_line(EvenfieldError, text):
        run({"id": "a", **item}, step=2)


def test_diagnostics_of_the_headline_are_those_of_its_residuals(fitted):
    same = {"spec_id": "annual", "period": "S"}
    check = residual_check(wide(), bias_corrected_root(wide()).rho)
    for term, value in {
        "residual_ar1": check.autocorrelation,
        "residual_ar1_net": check.net_autocorrelation,
        "residual_sd_first_half": 100 * check.sd_first,
        "residual_sd_second_half": 100 * check.sd_second,
    }.items():
        close(row(fitted, **same, term=term).estimate, value)
    roots = [
        row(fitted, **same, estimator=name, term="log_income_lag").estimate
        for name in ("fe", HEADLINE, "pooled")
    ]
    bracket = row(fitted, **same, term="bracket")
    assert bracket.estimate == (roots == sorted(roots)) == 1
    assert bracket.warning == "PROXY output before 1990, joined with official output"


def test_shocks_that_return_or_persist_are_marked_as_serial():
    rng = default_rng(3)
    years = range(1980, 2001)
    for planted, marked in ((-0.6, True), (0.0, False), (0.5, True)):
        shock = np.zeros(20)
        y = rng.normal(7, 0.4, 20)
        rows = []
        for year in years:
            rows += list(zip(UNITS, [year] * 20, ["official"] * 20, y, strict=True))
            shock = planted * shock + rng.normal(0, 0.03, 20)
            y = 0.8 * y + 1.4 + shock
        frame = pd.DataFrame(rows, columns=["unit", "year", "basis", "log_income"])
        results = run({**ANNUAL, "periods": ["S"], "draws": 99}, frame=frame)
        head = row(results, estimator=HEADLINE, term="log_income_lag")
        assert ("serial:" in head.warning) == marked, planted


def test_rows_of_gmm_hold_its_tests_and_counts(fitted):
    levels = wide()
    spec = GmmSpec(1, 2, 3, Equations.DIFFERENCE)
    fit = dynamic_gmm(levels - levels.mean(axis=0), spec)
    same = {"spec_id": "annual", "period": "S", "estimator": "gmm_difference"}
    root = row(fitted, **same, term="log_income_lag")
    close((root.estimate, root.std_error), (fit.beta[0], fit.std_errors[0]))
    tests = zip(GMM_TESTS, (fit.hansen, fit.sargan, *fit.serial[:2]), strict=True)
    for term, test in tests:
        found_row = row(fitted, **same, term=term)
        close((found_row.estimate, found_row.p_value), (test.statistic, test.p_value))
        assert "not defined" not in found_row.warning
    count = row(fitted, **same, term="instruments")
    assert (count.estimate, count.n_obs) == (fit.n_instruments, fit.n_rows)
    assert "level rows" not in count.warning
    system = row(
        fitted, spec_id="annual", period="S", estimator="gmm_system", term="instruments"
    )
    assert "level rows: " in system.warning


def test_periods_come_in_the_order_of_their_years():
    results = run({**ANNUAL, "draws": 99}, periods=PERIODS[::-1])
    assert [item["period"] for item in results.fit["windows"]] == ["S", "P"]
