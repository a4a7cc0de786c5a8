"""Convergence by regime: planted speeds, least squares by hand, what is description
only, bad input.
"""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from scipy.stats import norm

from evenfield.numerics.dynamic_panel.regime_scores import regime_roots
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.ols import contrast_inference, cov_cr3, cov_hc1, fit_ols
from evenfield.numerics.scpc import scpc_inference, spatial_components
from evenfield.numerics.spatial import haversine_km
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EvenfieldError
from evenfield.topics.regime import estimate as regime
from evenfield.topics.regime.estimate import estimate
from evenfield.topics.regime.estimate_panel import DIFFERENCE
from evenfield.topics.regime.estimate_section import (
    INTERACTIONS,
)
from made_study import (
    NUMBERS,
    MadeStudy,
    of_units,
    one_line,
    row,
    same_results,
    topic_study,
    unit_names,
    yearly,
)
from tolerances import ITERATIVE, close
from yaml_text import from_yaml

N = 24
UNITS = unit_names(N, "u")
PERIODS = from_yaml("""
    - {period: P1, label: 1980-90, start: 1980, end: 1990, role: main, basis: proxy}
    - period: P2
      label: 1992-2002
      start: 1992
      end: 2002
      role: main
      basis: official
    - {period: S, label: 1980-2002, start: 1980, end: 2002, role: span, basis: spliced}
    """)
SPEC = from_yaml("""
    id: seed
    taxonomy: seed
    weights: near
    split: 1992
    role: primary
    hypothesis: H11
    """)
KEY = {
    "estimator": "regime",
    "effect_type": "coef",
    "term": INTERACTIONS[0],
    "contrast": DIFFERENCE,
}


def make_study(spec=SPEC, noise=0.5, described=PERIODS, **changed):
    """Growth whose speed is 1 + 4 E^C + E^S, exposures given beforehand; a yearly panel
    with roots by regime.
    """
    rng = default_rng(0)
    lat, lon = rng.uniform(20, 45, N), rng.uniform(80, 120, N)
    i = np.arange(N)
    near = {
        "exposure_cluster": rng.uniform(0, 1, N),
        "exposure_sez": rng.uniform(0, 1, N),
    }
    own = {
        "own_cluster": (i < 5) * 1.0,
        "own_sez": ((i > 2) & (i < 8)) * 1.0,
        "weights": "near",
        "taxonomy": "seed",
    }
    rows = []
    exposures = []
    for item in described:
        start = rng.normal(7, 0.5, N)
        slope = 1 + 4 * near["exposure_cluster"] + near["exposure_sez"]
        growth = (
            6
            - slope * (start - start.mean())
            + noise * (near["exposure_cluster"] + rng.normal(0, 1, N))
        )
        own["period"] = item["period"]
        numbers = {"growth_pct_per_year": growth, "log_income_start": start}
        rows.append(of_units(UNITS, period=item["period"], **numbers))
        exposures.append(of_units(UNITS, **own, **near))
    root = 0.8 - 0.2 * near["exposure_cluster"] + 0.1 * near["exposure_sez"]
    y = rng.normal(8, 0.4, N)
    path = []
    for _ in range(1980, 2003):
        path.append(y)
        y = 8 + root * (y - 8) + rng.normal(0, 0.05, N)
    tables = {
        "periods": pd.concat(rows),
        "exposures": pd.concat(exposures),
        "units": of_units(UNITS, lat=lat, lon=lon),
        "panel": yearly(UNITS, range(1980, 2003), log_income=np.transpose(path)),
    }
    return topic_study(
        "regime",
        [spec],
        tables,
        UNITS,
        changes=changed,
        periods=described,
    )


def run(spec=SPEC, **estimates):
    return estimate(make_study(spec, **estimates))


@pytest.fixture(scope="module")
def fitted():
    return run()


def test_planted_speeds_are_found_with_their_sign():
    results = run(noise=0)
    for period in ("P1", "P2", "S"):
        close(row(results, period=period, **KEY).estimate, 3)
        for term, speed in {
            "initial_income": 1,
            INTERACTIONS[0]: 4,
            INTERACTIONS[1]: 1,
        }.items():
            close(
                row(
                    results, period=period, **{**KEY, "term": term, "contrast": ""}
                ).estimate,
                speed,
            )


def test_deciding_row_and_what_is_described_only(fitted):
    deciding = row(fitted, period="P2", **KEY)
    assert (deciding.hypothesis, deciding.family, deciding.role) == (
        "H11",
        "regime",
        "primary",
    )
    assert (deciding.sesoi, deciding.se_type, deciding.n_treated) == (
        1,
        "SCPC avc 0.03",
        N,
    )
    assert deciding.conf_low < deciding.estimate < deciding.conf_high
    assert row(fitted, period="S", **KEY).role == "robustness"
    single = row(fitted, period="P2", **{**KEY, "contrast": ""})
    assert (single.hypothesis, single.family, single.role) == (
        "",
        "regime",
        "exploratory",
    )
    assert "PROXY" in row(fitted, period="P1", **KEY).warning
    assert "SPLICED" in row(fitted, period="S", **KEY).warning
    weak = row(run(noise=3), period="P2", **KEY)
    assert weak.mde > weak.sesoi
    assert "UNDERPOWERED" in weak.warning
    for group, n in (("cluster", 5), ("sez", 5), ("neither", N - 8)):
        within = row(
            fitted,
            period="P2",
            estimator="within_group",
            contrast=group,
        )
        assert within.n_units == n
        assert f"description only: {n} units" in within.warning
        assert within.role == "description"
        assert np.isnan([within.std_error, within.p_value]).all()


def test_speeds_within_groups_are_those_of_their_slopes_over_the_years_of_the_period(
    fitted,
):
    tables = make_study().tables
    both = tables["periods"].merge(tables["exposures"], on=["unit", "period"])
    for period, years in (("P1", 10), ("P2", 10), ("S", 22)):
        one = both[both["period"] == period]
        inside = {
            "cluster": one["own_cluster"] > 0,
            "sez": one["own_sez"] > 0,
            "neither": (one["own_cluster"] == 0) & (one["own_sez"] == 0),
        }
        for group, members in inside.items():
            part = one[members]
            slope = np.polyfit(
                part["log_income_start"], part["growth_pct_per_year"], 1
            )[0]
            speed = -100 * np.log(1 + slope * years / 100) / years
            within = row(
                fitted, period=period, estimator="within_group", contrast=group
            )
            close(within.estimate, speed)


def test_equals_least_squares_by_hand_with_every_covariance(fitted):
    _, _, fit = one_period()
    c = np.array([0, 0, 0, 0, -1.0, 1.0])
    for method, cov in (("cr3", cov_cr3(fit, np.arange(N))), ("hc1", cov_hc1(fit))):
        found_row = row(fitted, period="P2", **{**KEY, "estimator": f"regime_{method}"})
        df = found_row.g_star - 1 if method == "cr3" else N - 6
        test = contrast_inference(fit, cov, c, df, 0.95)
        assert found_row.role == "ladder"
        close(
            (found_row.estimate, found_row.std_error), (test.estimate, test.std_error)
        )
        close((found_row.df, found_row.p_value), (df, test.p_value))


def test_the_level_of_initial_income_does_not_matter_and_own_terms_enter_on_request(
    fitted,
):
    moved = run(periods=lambda f: f.assign(log_income_start=f["log_income_start"] + 3))
    close(
        row(moved, period="P2", **KEY).estimate,
        row(fitted, period="P2", **KEY).estimate,
    )
    results = run({**SPEC, "own": "added", "role": "robustness"})
    deciding = row(results, period="P2", **KEY)
    assert (deciding.controls_id, deciding.role) == ("own status", "robustness")
    assert not [e for e in results.estimates if e.estimator == "regime_hc1"]


def test_files_are_complete_and_the_split_compares_later_with_earlier(fitted):
    split = row(fitted, estimator="regime_split_cr3")
    assert (split.period, split.n_obs) == ("P2 less P1", 2 * N)
    gaps = [row(fitted, period=period, **KEY).estimate for period in ("P2", "P1")]
    close(split.estimate, gaps[0] - gaps[1])
    assert split.std_error > 0
    late = row(run({**SPEC, "split": 2005}), estimator="regime_split_cr3")
    assert np.isnan(late.estimate)
    assert "no main period on one side of 2005" in late.warning
    points = fitted.series["points"]
    frame = estimates_frame(fitted.estimates)
    close(points["fitted"] + points["residual"], points["growth_pct_per_year"])
    assert (
        frame.loc[frame["estimate"].isna(), "warning"].str.contains("not defined").all()
    )
    json.dumps(fitted.fit, allow_nan=False)


def test_shuffled_rows_and_renamed_units_change_nothing():
    study = make_study({**SPEC, "draws": 49})
    same_results(estimate(study), estimate(study.shuffled(3)))
    names = {unit: f"{(7 * i) % N:02d}" for i, unit in enumerate(UNITS)}
    one, two = (
        estimates_frame(estimate(s).estimates) for s in (study, study.renamed(names))
    )
    close(one[NUMBERS].to_numpy(float), two[NUMBERS].to_numpy(float), ITERATIVE)
    assert (
        one["max_leverage_unit"].map(names).fillna("").equals(two["max_leverage_unit"])
    )


def test_the_panel_beside_is_in_percentage_points_of_speed_and_may_be_too_short(fitted):
    study = make_study({**SPEC, "draws": 49})
    results = estimate(study)
    tables = study.tables
    wide = tables["panel"].pivot(index="unit", columns="year", values="log_income")
    near = tables["exposures"].query("period == 'S'")[
        ["exposure_cluster", "exposure_sez"]
    ]
    theta = regime_roots(wide.to_numpy(), np.column_stack([np.ones(N), near])).theta[0]
    beside = {"period": "S", "estimator": "regime_bc_fe"}
    cluster, sez = (
        row(
            results,
            **beside,
            term=term,
            contrast="",
        )
        for term in INTERACTIONS
    )
    gap = row(results, **beside, contrast=DIFFERENCE)
    close(cluster.estimate, -100 * theta[1], ITERATIVE)
    close(gap.estimate, cluster.estimate - sez.estimate)
    assert (gap.hypothesis, gap.role, gap.conf_level) == ("H11", "robustness", 0.95)
    assert gap.conf_low < gap.estimate < gap.conf_high
    short = [{**PERIODS[1], "end": 1994}]
    rows = [
        e
        for e in run({**SPEC, "draws": 49}, described=short).estimates
        if e.estimator == "regime_bc_fe"
    ]
    assert len(rows) == 3
    assert all("this estimator needs at least 4" in e.warning for e in rows)
    assert not [e for e in fitted.estimates if e.estimator == "regime_bc_fe"]


def test_regimes_units_and_growth_that_cannot_be_told_are_not_defined():
    names = ["own_cluster", "own_sez", "exposure_cluster", "exposure_sez"]
    results = run(exposures=lambda f: f.assign(**dict.fromkeys(names, 0.0)))
    deciding = row(results, period="P2", **KEY)
    assert np.isnan(deciding.estimate)
    assert "exposure_cluster, exposure_sez" in deciding.warning
    assert np.isnan(
        row(
            results,
            period="P2",
            estimator="within_group",
            contrast="cluster",
        ).estimate
    )
    assert np.isfinite(
        row(
            results,
            period="P2",
            estimator="within_group",
            contrast="neither",
        ).estimate
    )
    few = run(
        exposures=lambda f: f.assign(
            exposure_sez=f["exposure_sez"].where(f["unit"].isin(UNITS[:3]), 0.0)
        )
    )
    deciding = row(few, period="P2", **KEY)
    assert np.isfinite(deciding.estimate)
    assert np.isnan(deciding.std_error)
    assert "fewer than 4 exposed" in deciding.warning
    assert deciding.se_type == ""
    names = ("periods", "exposures", "units", "panel")
    few = run(**dict.fromkeys(names, lambda f: f[f["unit"].isin(UNITS[:5])]))
    assert "5 units for 6 coefficients" in row(few, period="P2", **KEY).warning
    flat = run(periods=lambda f: f.assign(growth_pct_per_year=5.0))
    assert "growth is the same" in row(flat, period="P2", **KEY).warning


@pytest.mark.parametrize(
    ("name", "change", "text"),
    [
        (
            "periods",
            lambda f: f.assign(
                log_income_start=f["log_income_start"].where(f["unit"] != "u03")
            ),
            "(u03)",
        ),
        ("exposures", lambda f: f[f["period"] != "P2"], "24 units have no growth"),
        ("panel", lambda f: f.iloc[1:], "log_income is missing"),
    ],
)
def test_refuses_tables_that_cannot_be_right(name, change, text):
    with one_line(EvenfieldError, text):
        run({**SPEC, "draws": 49}, **{name: change})


def one_period(period="P2"):
    """Return the regression of one period by hand: table, design and fit."""
    tables = make_study().tables
    both = tables["periods"].merge(tables["exposures"], on=["unit", "period"])
    one = both[both["period"] == period].sort_values("unit", ignore_index=True)
    r = (one["log_income_start"] - one["log_income_start"].mean()).to_numpy()
    near = one[["exposure_cluster", "exposure_sez"]].to_numpy()
    X = np.column_stack([np.ones(N), r, near, near * r[:, None]])
    return one, X, fit_ols(one["growth_pct_per_year"], X)


def test_every_row_has_its_unit_and_the_reach_of_its_own_test(fitted):
    for method in ("regime", "regime_cr3", "regime_hc1"):
        for term, unit in (
            ("initial_income", "% per year"),
            (INTERACTIONS[0], "pp/yr of speed per exposure 0 to 1"),
            (INTERACTIONS[1], "pp/yr of speed per exposure 0 to 1"),
        ):
            one = row(
                fitted,
                period="P2",
                **{
                    **KEY,
                    "term": term,
                    "contrast": "",
                    "estimator": method,
                },
            )
            assert one.unit_of_measure == unit
            half = (one.conf_high - one.conf_low) / 2
            close(one.mde, half + norm.ppf(0.8) * one.std_error)


def test_scpc_rows_are_those_of_the_kernel(fitted):
    _one, _, fit = one_period()
    position = make_study().tables["units"].sort_values("unit")
    distance = haversine_km(position["lat"].to_numpy(), position["lon"].to_numpy())
    c = np.array([0, 0, 0, 0, -1.0, 1.0])
    for estimator, bound in (("regime", 0.03), ("regime_scpc_06", 0.06)):
        test = scpc_inference(fit, c, spatial_components(distance, bound))
        ours = row(fitted, period="P2", **{**KEY, "estimator": estimator})
        numbers = ("estimate", "std_error", "p_value", "conf_low", "conf_high")
        close(
            [getattr(ours, name) for name in numbers],
            [getattr(test, name) for name in numbers],
        )


def test_the_gap_of_speeds_is_the_transform_of_the_slopes_at_exposure_one(fitted):
    for period, years in (("P1", 10), ("P2", 10)):
        _, _, fit = one_period(period)
        near = [
            -100 * np.log(1 + years * (fit.beta[1] + b) / 100) / years
            for b in fit.beta[4:]
        ]
        gap = row(
            fitted,
            period=period,
            estimator="regime",
            effect_type="lambda",
            contrast=DIFFERENCE,
        )
        close(gap.estimate, near[0] - near[1])


def test_the_split_is_least_squares_of_both_periods_clustered_by_unit(fitted):
    one, X1, _ = one_period("P1")
    two, X2, _ = one_period("P2")
    zero = np.zeros_like(X1)
    X = np.block([[X1, zero], [zero, X2]])
    y = np.concatenate([one["growth_pct_per_year"], two["growth_pct_per_year"]])
    c = np.zeros(12)
    c[[4, 5, 10, 11]] = 1, -1, -1, 1
    units = np.tile(np.arange(N), 2)
    estimate_of = {
        left: c @ fit_ols(y[units != left], X[units != left]).beta for left in range(N)
    }
    whole = c @ fit_ols(y, X).beta
    changes = np.array(list(estimate_of.values())) - whole
    split = row(fitted, estimator="regime_split_cr3")
    close(split.estimate, whole)
    close(split.std_error, np.sqrt((N - 1) / N * (changes**2).sum()), rtol=1e-6)
    df = effective_clusters(X, units, c) - 1
    close(split.df, df)
    assert split.output_basis == "official+proxy"
    assert split.n_periods == 2


def test_thirds_of_an_exposure_and_the_incomes_they_share(fitted):
    one, X, _ = one_period()
    for name in ("exposure_cluster", "exposure_sez"):
        support = fitted.series["support"].query(
            f"period == 'P2' and exposure == '{name}'"
        )
        bounds = np.quantile(one[name], [1 / 3, 2 / 3])
        third = 1 + (one[name] > bounds[0]) + (one[name] > bounds[1])
        income = pd.Series(X[:, 1])
        expected = pd.DataFrame(
            {
                "units": third.value_counts(),
                "exposure_low": one[name].groupby(third).min(),
                "exposure_high": one[name].groupby(third).max(),
                "income_low": income.groupby(third).min(),
                "income_mean": income.groupby(third).mean(),
                "income_high": income.groupby(third).max(),
            }
        ).sort_index()
        close(support[list(expected)], expected)
        low = expected["income_low"].max()
        high = expected["income_high"].min()
        same = {"period": "P2", "estimator": "common_support", "contrast": name}
        for term, value in {
            "initial_income_low": low,
            "initial_income_high": high,
            "initial_income_share": income.between(low, high).mean(),
        }.items():
            ours = row(fitted, **same, term=term)
            close(ours.estimate, value)
            assert ours.warning == ""


def test_series_hold_the_deciding_rows_and_the_residuals(fitted):
    _one, X, fit = one_period()
    points = fitted.series["points"].query("period == 'P2'").sort_values("unit")
    close(points["residual"], fit.u_hat, atol=1e-9)
    close(points["fitted"], X @ fit.beta)
    path = fitted.series["series"].query("period == 'P2'")
    gap = path[path["contrast"].eq(DIFFERENCE) & path["term"].eq(INTERACTIONS[0])]
    assert gap["estimate"].tolist() == [row(fitted, period="P2", **KEY).estimate]
    assert (path["start_year"].iloc[0], path["end_year"].iloc[0]) == (1992, 2002)


def test_rows_name_the_largest_leverage_and_hash_their_data(fitted):
    _, X, _ = one_period()
    others = np.delete(X, 4, axis=1)
    residual = X[:, 4] - others @ np.linalg.lstsq(others, X[:, 4], rcond=None)[0]
    one = row(fitted, period="P2", **{**KEY, "contrast": ""})
    assert one.max_leverage_unit == UNITS[int(np.argmax(residual**2))]
    deciding = row(fitted, period="P2", **KEY)
    assert deciding.output_basis == "official"
    hashes = {row(fitted, period=name, **KEY).data_hash for name in ("P1", "P2", "S")}
    assert len(hashes) == 3
    assert "" not in hashes


def test_what_the_output_of_a_comparison_rests_on_is_in_alphabetical_order(monkeypatch):
    monkeypatch.setattr(regime, "decides", lambda *_: {})
    monkeypatch.setattr(regime, "sesoi_of", lambda _: 1.0)
    sections = [
        SimpleNamespace(
            period={"role": "main", "start": 1990 + position, "basis": basis},
            name=f"P{position}",
            spec=SimpleNamespace(split=1993),
            shared={"spec_id": "s", "outcome": "y"},
            table=[0],
            note="",
            undefined="too few units",
        )
        for position, basis in enumerate("hcafbgde")
    ]
    study = MadeStudy({}, {})
    (row_of_split,) = regime._split_rows(sections, study)
    assert row_of_split.output_basis == "a+b+c+d+e+f+g+h"


def test_a_specification_prints_the_methods_it_asks_for_the_first_one_decides(fitted):
    results = run({**SPEC, "inference": ["CR3", "wild33", "conley_800"]})
    deciding = row(results, period="P2", **KEY)
    by_default = row(fitted, period="P2", **{**KEY, "estimator": "regime_cr3"})
    assert (deciding.role, deciding.se_type) == ("primary", "CR3")
    assert deciding.p_value == by_default.p_value
    for name, words in (("wild33", "CR3"), ("conley_800", "Conley 800 km")):
        beside = row(results, period="P2", **{**KEY, "estimator": f"regime_{name}"})
        assert (beside.role, beside.se_type) == ("ladder", words)
