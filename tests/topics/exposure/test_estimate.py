"""Spillovers by group: planted coefficients, equivalence, what cannot be said, and what
is refused.
"""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy.stats import chi2

from china_design import (
    DATA,
    PERIODS,
    make_cells,
    make_exposures,
    make_periods,
    make_units,
    read_design,
    weights_of,
)
from evenfield.numerics.ols import cov_hc1, fit_ols
from evenfield.numerics.power import smallest_visible
from evenfield.numerics.scpc import scpc_inference, scpc_power_point, spatial_components
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.topics.exposure import estimate_two_regime
from evenfield.topics.exposure.estimate import estimate
from made_study import MadeStudy, order_and_names_do_not_matter, row, weights_named
from refusals import fails
from tolerances import close
from yaml_text import from_yaml

UNITS, A, DISTANCE, C, S = read_design()
W = {name: weights_of(A, DISTANCE)[name] for name in ("contiguity", "nearest_4")}
COASTAL = pd.read_csv(DATA / "units.csv")[["unit", "coastal"]]
LINKS = pd.read_csv(DATA / "adjacency.csv")[["unit_i", "unit_j"]]
REGIMES = make_exposures(make_cells("seed", C, S), W)
PANEL = pd.DataFrame(
    {
        "unit": UNITS * 2,
        "year": [1978] * 31 + [2001] * 31,
        "population": [*range(100, 317, 7)] * 2,
    }
)
PRIMARY = {
    "id": "main",
    "taxonomy": "seed",
    "weights": "contiguity",
    "role": "primary",
}
PRIMARY |= {"hypothesis": "H8", "zones_hypothesis": "H7"}
OTHER = {"id": "again", "taxonomy": "seed", "weights": "nearest_4"}
SETTINGS = from_yaml("""
    sesoi: {growth_premium_pp: 0.5, spillover_difference_pp: 1.0, spillover_per_sd_pp: 0.25}
    weights:
      primary: contiguity
      families: {contiguity: {kind: contiguity}, nearest_4: {kind: nearest}}
      join: [[CN-HI, CN-GD]]
    inference:
      conf_level: 0.95
      permutations: 199
      placebo_lists: 99
      seed: 5
      pairs: [[CN-JS, CN-ZJ]]
    """)
DIFFERENCE = "exposure_cluster - exposure_sez"
PULLS = {"term": "rho_cluster", "contrast": "rho_cluster - rho_other"}
C_DIFFERENCE = np.array([0, 0, 1.0, -1.0, 0, 0])


def make_study(*specs, **tables):
    weights = {}
    for name, matrix in W.items():
        weights |= weights_named(name, UNITS, matrix)
    units = make_units().merge(COASTAL, on="unit")
    base = {
        "periods": make_periods(),
        "exposures": REGIMES,
        "units": units,
        "adjacency": LINKS,
        "panel": PANEL,
    }
    config = {"estimates": {"exposure": list(specs) or [PRIMARY]}}
    return MadeStudy(
        config | SETTINGS,
        {**base, **tables},
        weights,
        data_hash="abc",
        periods=PERIODS,
        samples={},
    )


def run(*specs, **tables):
    return estimate(make_study(*specs, **tables))


def one(results, **wanted):
    usual = from_yaml("""
        sample_id: all
        contrast: ''
        estimator: slx
        effect_type: coef
        w_id: contiguity
        """)
    return row(results, **{**usual, **wanted})


@pytest.fixture(scope="module", autouse=True)
def _few_simulated_samples():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(estimate_two_regime, "SAMPLES", 2)
        yield


@pytest.fixture(scope="module")
def results():
    return run()


def arrays(matrix=W["contiguity"]):
    rows = make_periods().query("period == 'P2'").set_index("unit").loc[UNITS]
    X = np.column_stack(
        [C, S, matrix @ C, matrix @ S, np.ones(31), rows["log_income_start"]]
    )
    return rows["growth_pct_per_year"].to_numpy(), X


def planted(noise, b=(0.4, -0.3), g=(2.0, 0.5)):
    near = W["contiguity"]
    own = C * b[0] + S * b[1]
    around = near @ C * g[0] + near @ S * g[1]
    shape = dict(zip(UNITS, own + around, strict=True))
    periods = make_periods(sd=noise)
    effect = periods["unit"].map(shape) - 0.9 * (periods["log_income_start"] - 8)
    return periods.assign(growth_pct_per_year=periods["growth_pct_per_year"] + effect)


def test_planted_coefficients_are_found():
    result = run(periods=planted(1e-7))
    for term, value in {
        "own_cluster": 0.4,
        "own_sez": -0.3,
        "exposure_cluster": 2.0,
        "exposure_sez": 0.5,
    }.items():
        close(one(result, period="P1", term=term).estimate, value, atol=1e-5)
    for which in (
        {"estimator": "slx"},
        {"estimator": "slx_expected_control"},
        {"sample_id": "outsiders"},
    ):
        close(
            one(
                result,
                period="P1",
                contrast=DIFFERENCE,
                **which,
            ).estimate,
            1.5,
            atol=1e-5,
        )
    noisy = one(run(periods=planted(0.3)), period="P2", contrast=DIFFERENCE)
    assert noisy.conf_low < 1.5 < noisy.conf_high


def test_numbers_equal_the_numerics(results):
    y, X = arrays()
    fit = fit_ols(y, X)
    space = spatial_components(DISTANCE, 0.03)
    expected = scpc_inference(fit, C_DIFFERENCE, space)
    result = one(results, period="P2", contrast=DIFFERENCE)
    close(result.estimate, expected.estimate)
    close(result.conf_high, expected.conf_high)
    close(
        result.mde,
        smallest_visible(result.conf_low, result.conf_high, result.std_error),
    )
    hc1 = one(
        results,
        estimator="slx_hc1",
        period="P2",
        contrast=DIFFERENCE,
    )
    close(hc1.std_error, np.sqrt(C_DIFFERENCE @ cov_hc1(fit) @ C_DIFFERENCE))
    kinds = {"estimator": "simulated_power_independent", "effect_type": "mde_simulated"}
    exact = fit_ols(y, X[:, [4, 5]]).sigma2 ** 0.5 * scpc_power_point(
        X, C_DIFFERENCE, space
    )
    close(
        one(
            results,
            period="P2",
            contrast=DIFFERENCE,
            **kinds,
        ).estimate,
        exact,
        rtol=0.04,
    )


def test_deciding_rows_their_evidence_and_their_words(results):
    rows = estimates_frame(results.estimates)
    primary = rows[rows["role"] == "primary"]
    assert set(
        zip(primary["hypothesis"], primary["term"], primary["period"], strict=True)
    ) == {
        (h, term, period)
        for h, term in (("H7", "own_sez"), ("H8", "exposure_cluster"))
        for period in ("P1", "P2")
    }
    assert (
        primary["estimate std_error p_value conf_low mde sesoi g_star".split()]
        .notna()
        .all(axis=None)
    )
    warnings = {
        period: one(results, period=period, contrast=DIFFERENCE).warning
        for period in ("P1", "P2", "S0")
    }
    assert warnings["P1"].startswith("PROXY: uses proxy output; UNDERPOWERED: mde")
    assert warnings["P2"].startswith("UNDERPOWERED: mde")
    assert warnings["S0"].startswith("SPLICED")
    assert one(results, period="P2", contrast=DIFFERENCE).n_treated == 10
    assert one(results, period="P2", term="own_sez").n_treated == 5
    outside = rows[rows["sample_id"] == "outsiders"]
    assert set(outside["n_units"]) == {24}
    assert not outside["term"].str.startswith("own").any()


def test_equivalence_is_per_standard_deviation(results):
    kind = {"estimator": "equivalence", "effect_type": "tost", "term": "exposure_sez"}
    result = one(results, period="P2", **kind)
    plain = one(results, period="P2", term="exposure_sez")
    standard_deviation = (W["contiguity"] @ S).std()
    close(result.estimate, plain.estimate * standard_deviation)
    close(result.conf_level, 0.9)
    assert (result.p_value < 0.05) == (
        result.conf_low > -0.25 and result.conf_high < 0.25
    )
    assert f"one s.d. of the exposure is {standard_deviation:.3g}" in result.warning
    half = (result.conf_high - result.conf_low) / 2
    close(result.mde, half + 1.2815516 * result.std_error)
    assert result.mde > 0.25
    nothing = planted(0.01, b=(0, 0), g=(0, 0))
    quiet = one(run(periods=nothing), period="P1", **kind)
    assert quiet.p_value < 0.05
    assert "UNDERPOWERED" not in quiet.warning


def test_recentred_rows_carry_the_randomisation_p_of_the_same_draws(results):
    result = one(
        results,
        period="P2",
        contrast=DIFFERENCE,
        estimator="slx_recentred_permutation_stratified",
    )
    assert 1 / 200 <= result.p_value <= 1
    residuals = results.series["residuals"].query("period == 'P2'").set_index("unit")
    seen = residuals[residuals["regressor"] == "exposure_cluster"].loc[UNITS]
    close(seen["value"], W["contiguity"] @ C)
    coast = COASTAL.set_index("unit").loc[UNITS, "coastal"].to_numpy(float)
    share = W["contiguity"] @ (coast * C.sum() / coast.sum())
    close(seen["expected"], share, atol=1e-12)
    own = residuals[residuals["regressor"] == "own_cluster"].loc[UNITS, "expected"]
    assert own[coast == 0].eq(0).all()
    y, X = arrays()
    mean = [
        pd.Series(label).groupby(coast).transform("mean").to_numpy() for label in (C, S)
    ]
    left = residuals[residuals["regressor"] == "residual"].loc[UNITS, "value"]
    close(left, fit_ols(y, X).u_hat, atol=1e-6)
    X[:, :4] -= np.column_stack([*mean, *(W["contiguity"] @ label for label in mean)])
    recentred = one(
        results, period="P2", contrast=DIFFERENCE, estimator="slx_recentred"
    )
    close(recentred.estimate, C_DIFFERENCE @ fit_ols(y, X).beta)


def test_regimes_that_cannot_be_told_apart_or_are_few_are_rows_with_a_reason():
    full = make_exposures(make_cells("seed", C, [S, np.ones(31), S]), W)
    saturated = one(run(exposures=full), period="P2", contrast=DIFFERENCE)
    assert np.isnan(saturated.estimate)
    assert "not defined: own_sez does not vary or is collinear" in saturated.warning
    same = run(exposures=make_exposures(make_cells("seed", C, C), W))
    assert (
        "does not vary or is collinear"
        in one(same, period="P2", contrast=DIFFERENCE).warning
    )
    none = run(exposures=make_exposures(make_cells("seed", 0 * C, 0 * S), W))
    assert np.isnan([e.estimate for e in none.estimates]).all()
    three = np.isin(UNITS, ["CN-FJ", "CN-GD", "CN-HI"]).astype(float)
    result = run(exposures=make_exposures(make_cells("seed", C, three), W))
    own = one(result, period="P2", term="own_sez")
    assert np.isfinite(own.estimate)
    assert np.isnan(own.std_error)
    assert own.p_type.startswith("free permutation")
    assert np.isfinite(one(result, period="P2", contrast=DIFFERENCE).std_error)


def test_shuffled_rows_permuted_weights_and_a_further_specification_change_nothing(
    results,
):
    order_and_names_do_not_matter(estimate, make_study(), results)
    more = run(PRIMARY, OTHER)
    retained = [e for e in more.estimates if e.spec_id == "main"]
    assert_frame_equal(estimates_frame(retained), estimates_frame(results.estimates))
    assert {e.estimator for e in more.estimates if e.spec_id == "again"} == {"slx"}


def test_methods_that_a_specification_asks_for_are_those_of_its_rows():
    results = run({**OTHER, "inference": ["HC1", "CR3"]})
    assert {(e.estimator, e.se_type) for e in results.estimates} == {
        ("slx", "HC1"),
        ("slx_cr3", "CR3"),
    }


def test_neighbours_by_population_and_zones_by_number():
    spec = {
        **PRIMARY,
        "id": "pop",
        "role": "robustness",
        "neighbours": "population",
    }
    people = (
        PANEL.query("year == 2001")
        .set_index("unit")
        .loc[UNITS, "population"]
        .to_numpy()
    )
    pulled = W["contiguity"] * people
    y, X = arrays(pulled / pulled.sum(axis=1, keepdims=True))
    result = one(
        run(spec), period="P2", contrast=DIFFERENCE, w_id="contiguity by population"
    )
    close(result.estimate, C_DIFFERENCE @ fit_ols(y, X).beta)
    fails(
        EstimateError,
        "31 units have no population in 1978",
        run,
        spec,
        panel=PANEL.assign(population=np.nan),
    )
    numbers = REGIMES.assign(
        own_zones_sez=REGIMES["own_sez"] * 3.0, own_zones_hidz=REGIMES["own_sez"] * 0.6
    )
    many = {
        **OTHER,
        "id": "many",
        "weights": "contiguity",
        "zones": "number",
    }
    parks = {
        **OTHER,
        "id": "parks",
        "weights": "contiguity",
        "regimes": ["cluster", "park"],
    }
    result = run(many, parks, exposures=numbers)
    y, X = arrays()
    beta = fit_ols(y, X).beta
    standard_deviation = (X[:, 2].std(), X[:, 3].std())
    per_sd = one(
        result,
        period="P2",
        contrast=DIFFERENCE,
        spec_id="many",
    )
    close(
        per_sd.estimate,
        beta[2] * standard_deviation[0] - beta[3] * standard_deviation[1],
    )
    assert (per_sd.unit_of_measure, per_sd.sesoi) == (
        "pp/yr per s.d. of exposure",
        0.25,
    )
    listed = one(
        result,
        period="P2",
        contrast="exposure_cluster - exposure_park",
        spec_id="parks",
    )
    close(listed.estimate, beta[2] - beta[3])
    assert listed.hypothesis == ""


@pytest.mark.parametrize(
    ("specs", "tables", "text"),
    [
        (
            [],
            {"periods": make_periods().query("unit != 'CN-XZ'")},
            "1 unit has no growth or no exposure in P1",
        ),
        ([], {"exposures": REGIMES.query("unit != 'CN-BJ'")}, "CN-BJ"),
        ([{**PRIMARY, "taxonomy": "other"}], {}, "taxonomy other, weights contiguity"),
    ],
)
def test_bad_input_is_one_line(specs, tables, text):
    fails(EstimateError, rf"\A.*{text}.*\Z", run, *specs, **tables)


def test_single_terms_and_the_difference_of_own_labels_are_least_squares(results):
    y, X = arrays()
    beta = fit_ols(y, X).beta
    names = ("own_cluster", "own_sez", "exposure_cluster", "exposure_sez")
    for term, value in zip(names, beta, strict=False):
        result = one(results, period="P2", term=term)
        close(result.estimate, value)
        wanted = {"own_sez": "H7", "exposure_sez": "H7"}.get(term, "")
        assert result.hypothesis == wanted
    own = one(results, period="P2", contrast="own_cluster - own_sez")
    close(own.estimate, beta[0] - beta[1])
    assert own.hypothesis == ""
    assert one(results, period="P2", contrast=DIFFERENCE).hypothesis == "H8"


def test_the_series_by_period_hold_the_rows_and_the_spread_of_exposures(results):
    path = results.series["series"]
    for period in ("P1", "P2", "S0"):
        result = one(results, period=period, contrast=DIFFERENCE)
        line = path[
            path["period"].eq(period)
            & path["contrast"].eq(DIFFERENCE)
            & path["effect_type"].eq("coef")
            & path["estimator"].eq("slx")
            & path["sample_id"].eq("all")
            & path["w_id"].eq("contiguity")
        ]
        assert line["estimate"].tolist() == [result.estimate]
        assert line["std_error"].tolist() == [result.std_error]
        assert line["conf_low"].tolist() == [result.conf_low]


def test_the_order_of_specifications_does_not_move_the_series_by_period():
    first, second = ({**OTHER, "id": name} for name in ("first", "second"))
    forward = run(first, second).series["series"]
    assert_frame_equal(run(second, first).series["series"], forward)


@pytest.mark.parametrize("period", ["P1", "P2"])
def test_two_regimes_of_pull_differ_by_one_restriction(results, period):
    result = one(results, period=period, estimator="sdm_two_regime", **PULLS)
    assert result.df == 1
    close(result.p_value, chi2.sf(result.statistic, result.df))
