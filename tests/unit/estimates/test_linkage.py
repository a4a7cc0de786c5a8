"""The linkage regressions: planted interactions found, same numbers in any order, honest rows, named errors."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.ols import cov_cr3, fit_ols, t_quantile
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EstimateError, WeightsError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.linkages.estimate import estimate_linkage
from evenfield.topics.linkages.estimate_bins import SERIES_COLUMNS, bin_members
from evenfield.topics.linkages.estimate_data import NEIGHBOURS_X, linkage_panel
from evenfield.topics.linkages.estimate_fit import fit_panel
from evenfield.topics.linkages.estimate_inference import permuted_estimates
from evenfield.topics.linkages.estimate_spec import LinkageSettings, parse_linkage_settings, parse_linkage_specs
from tolerances import CLOSED_FORM
from unit.china_design import make_units, read_design, weights_of

UNITS, A, DISTANCE, _, _ = read_design()
W = {"contiguity": SpatialWeights(tuple(UNITS), weights_of(A, DISTANCE)["contiguity"])}
YEARS = list(range(2000, 2010))
DESCRIPTION = {
    "unit_scheme": "31",
    "data_hash": "abc",
    "basis_years": {"official": [1999, 2019], "proxy": [1978, 1998]},
}
SETTINGS = LinkageSettings(permutations=199, draws=99, sesoi=0.05, hypothesis="H9")
SECTION = {
    "years": [2000, 2009], "weights": "contiguity",
    "intensities": {
        "stock": {"kind": "log_ratio", "numerator": "stock", "denominator": "gdp", "label": "stock over output"},
        "zones": {"kind": "zones", "zone_type": "state", "label": "zones"},
        "level": {"kind": "log", "column": "stock", "label": "stock"},
    },
    "moderators": {
        "industry": {"kind": "ratio", "numerator": "va", "denominator": "gdp", "years": [1990, 1992],
                     "label": "industry", "note": "late"},
        "school": {"kind": "column", "column": "school", "years": [2001, 2002], "label": "school"},
    },
    "specs": [
        {"id": "main", "intensity": "stock", "moderator": "industry", "role": "primary"},
        {"id": "trends", "intensity": "stock", "moderator": "industry", "trends": "moderator"},
        {"id": "rival", "intensity": "stock", "moderator": "industry", "rival": "school"},
        {"id": "zones", "intensity": "zones", "moderator": "industry"},
        {"id": "growth", "outcome": "growth_pct", "intensity": "stock", "moderator": "industry"},
    ],
}  # fmt: skip
TRUE = {"own": 0.1, "neighbours": 0.2, "own_x": -0.05, "psi": 0.15}


def make_panel(noise: float = 0.02, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n, early = len(UNITS), [1990, 1991, 1992]
    share = rng.uniform(0.15, 0.65, n)
    rows = pd.MultiIndex.from_product([UNITS, [*early, *YEARS]], names=["unit", "year"]).to_frame(index=False)
    place = rows["unit"].map({unit: i for i, unit in enumerate(UNITS)}).to_numpy()
    rows["gdp"] = np.exp(rng.normal(6, 0.3, n))[place] * np.exp(0.08 * (rows["year"] - 1990))
    rows["va"] = share[place] * rows["gdp"]
    rows["school"] = rng.normal(8, 1, n)[place]
    F = rng.normal(0, 0.3, (n, len(YEARS))).cumsum(axis=1) + 0.1 * np.arange(len(YEARS))
    L = (share - share.mean()) / share.std(ddof=1)
    G = F - F.mean(axis=0)
    WG = W["contiguity"].matrix @ G
    y = (TRUE["own"] + TRUE["own_x"] * L[:, None]) * G + (TRUE["neighbours"] + TRUE["psi"] * L[:, None]) * WG
    y = y + rng.normal(9, 0.5, (n, 1)) + 0.07 * np.arange(len(YEARS)) + noise * rng.normal(size=y.shape)
    rows["stock"], rows["log_income"], rows["growth_pct"] = np.nan, np.nan, np.nan
    late = rows["year"].ge(2000)
    rows.loc[late, "stock"] = np.exp(F).ravel() * rows.loc[late, "gdp"]
    rows.loc[late, "log_income"] = y.ravel()
    rows.loc[late, "growth_pct"] = 100 * (y - y.mean(axis=0)).ravel()
    return rows


def make_doses() -> pd.DataFrame:
    rows = pd.MultiIndex.from_product([UNITS, YEARS], names=["unit", "year"]).to_frame(index=False)
    zones = np.random.default_rng(2).poisson(0.3, len(rows)).reshape(len(UNITS), -1).cumsum(axis=1).ravel()
    return rows.assign(zone_type="state", zones=zones, zones_dated=zones)


def run(panel=None, weights=W, section=SECTION, units=None, settings=SETTINGS, doses=None):
    return estimate_linkage(
        make_panel() if panel is None else panel, make_doses() if doses is None else doses,
        make_units() if units is None else units, weights, DESCRIPTION, parse_linkage_specs(section), settings,
    )  # fmt: skip


def one(results, **where):
    rows = estimates_frame(results.estimates)
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.fixture(scope="module")
def results():
    return run()


def test_planted_coefficients_are_found_exactly_without_noise():
    found = run(make_panel(noise=0.0), settings=replace(SETTINGS, permutations=99))
    expected = {"own": "own", "neighbours": "neighbours", "own_x_moderator": "own_x", NEIGHBOURS_X: "psi"}
    for term, name in expected.items():
        row = one(found, estimator="linkage_fe", spec_id="main", term=term)
        assert row["estimate"] == pytest.approx(TRUE[name], abs=1e-9)
    long = one(found, estimator="linkage_fe_long_difference_scpc")
    assert long["estimate"] == pytest.approx(TRUE["psi"], abs=1e-9)


def test_line_and_terciles_agree_when_the_interaction_is_linear():
    series = run(make_panel(noise=0.0), settings=replace(SETTINGS, permutations=99)).series
    mine = series[series["spec_id"].eq("main")]
    for _, row in mine[mine["kind"].ne("unit")].iterrows():
        assert row["estimate"] == pytest.approx(TRUE["neighbours"] + TRUE["psi"] * row["moderator"], abs=1e-8)
    assert list(series.columns) == SERIES_COLUMNS
    assert mine["kind"].value_counts().to_dict() == {"unit": 31, "line": 21, "bin": 3}
    assert mine.loc[mine["kind"].eq("bin"), "n_units"].sum() == 31


def test_primary_row_is_cr3_with_effective_clusters(results):
    spec = parse_linkage_specs(SECTION)[0]
    panel = linkage_panel(make_panel(), make_doses(), W["contiguity"], spec)
    fit = fit_panel(panel)
    # The same regression with unit dummies written out.
    dummies = (panel.members[:, None] == np.unique(panel.members)[None, :]).astype(float)
    y = panel.y.ravel()
    terms = [panel.F, panel.WF, panel.F * panel.L[:, None], panel.WF * panel.L[:, None]]
    years = (panel.dates[:, None] == np.array(YEARS[1:])[None, :]).astype(float)
    full = fit_ols(y, np.column_stack([*(t.ravel() for t in terms), years, dummies]))
    row = one(results, estimator="linkage_fe", spec_id="main", term=NEIGHBOURS_X)
    assert row["estimate"] == pytest.approx(full.beta[3], rel=CLOSED_FORM)
    assert row["std_error"] == pytest.approx(np.sqrt(cov_cr3(fit, panel.members)[3, 3]), rel=CLOSED_FORM)
    g_star = effective_clusters(fit.X, panel.members, np.eye(fit.X.shape[1])[3])
    assert row["df"] == pytest.approx(g_star - 1)
    assert row["mde"] == pytest.approx((t_quantile(0.975, g_star - 1) + t_quantile(0.8, g_star - 1)) * row["std_error"])


def test_one_deciding_row_and_its_evidence(results):
    rows = estimates_frame(results.estimates)
    primary = rows[rows["role"].eq("primary")]
    assert primary[["hypothesis", "term", "spec_id"]].to_numpy().tolist() == [["H9", NEIGHBOURS_X, "main"]]
    ladder = rows[rows["role"].eq("ladder")]
    assert len(ladder) == 6
    assert ladder["p_value"].between(0, 1).all()
    assert set(rows["effect_type"]) == {"coef", "share", "stat_sign_flips", "stat_low", "stat_high", "stat_pair"}
    low, high = one(results, effect_type="stat_low"), one(results, effect_type="stat_high")
    assert low["estimate"] <= primary["estimate"].iloc[0] <= high["estimate"]
    share = one(results, effect_type="share")
    assert 0 < share["estimate"] <= 1
    assert 0 < share["p_value"] <= 1


def test_placebo_has_the_earlier_change_as_outcome():
    panel = make_panel()
    place = panel["unit"].map({unit: i for i, unit in enumerate(UNITS)})
    early = panel["year"].lt(2000)
    path = np.random.default_rng(9).normal(0, 0.1, len(UNITS))
    panel.loc[early, "log_income"] = 8 + path[place[early]] * (panel.loc[early, "year"] - 1990)
    row = one(run(panel, settings=replace(SETTINGS, placebo=(1990, 1992))), role="placebo")
    spec = parse_linkage_specs(SECTION)[0]
    arrays = linkage_panel(panel, make_doses(), W["contiguity"], spec)
    dF, dWF = arrays.F[:, -1] - arrays.F[:, 0], arrays.WF[:, -1] - arrays.WF[:, 0]
    X = np.column_stack([dF, dWF, dF * arrays.L, dWF * arrays.L, np.ones(31)])
    order = [UNITS.index(unit) for unit in arrays.units]
    expected = fit_ols(2 * path[order], X).beta[3]
    assert row["estimate"] == pytest.approx(expected, rel=CLOSED_FORM)
    assert (row["estimator"], row["period"], row["output_basis"]) == ("linkage_fe_placebo_before", "1990-1992", "proxy")
    assert "PROXY" in row["warning"]


def test_warnings_say_what_limits_a_row(results):
    main = one(results, estimator="linkage_fe", spec_id="main", term=NEIGHBOURS_X)
    assert "ENDOGENOUS" in main["warning"]
    assert "MODERATOR: industry, late" in main["warning"]
    rival = one(results, estimator="linkage_fe", spec_id="rival", term="neighbours_x_rival")
    assert "NOT PREDETERMINED: school lies inside the sample" in rival["warning"]
    assert (rival["hypothesis"], rival["role"]) == ("", "mechanism")
    assert np.isnan(one(results, estimator="linkage_fe", spec_id="zones", term=NEIGHBOURS_X)["sesoi"])


def test_order_names_and_permuted_weights_do_not_matter(results):
    rng = np.random.default_rng(8)
    names = {unit: f"Z{place:02d}" for place, unit in enumerate(UNITS)}  # the same order by name
    panel = make_panel().assign(unit=lambda d: d["unit"].map(names)).sample(frac=1, random_state=1)
    doses = make_doses().assign(unit=lambda d: d["unit"].map(names)).sample(frac=1, random_state=2)
    units = make_units().assign(unit=lambda d: d["unit"].map(names)).sample(frac=1, random_state=3)
    order = rng.permutation(31)
    mixed = SpatialWeights(tuple(names[UNITS[i]] for i in order), W["contiguity"].matrix[np.ix_(order, order)])
    again = run(panel, {"contiguity": mixed}, units=units, doses=doses)
    columns = ["estimate", "std_error", "p_value", "conf_low", "conf_high", "g_star", "mde"]
    one_way = estimates_frame(results.estimates).set_index("estimate_id")[columns]
    other = estimates_frame(again.estimates)
    stable = other["estimator"].ne("leave_pair_out")  # its sample holds the names
    for _, row in other[stable].iterrows():
        assert row[columns].to_numpy(float) == pytest.approx(
            one_way.loc[row["estimate_id"]].to_numpy(float), rel=1e-7, abs=1e-9, nan_ok=True
        )


def test_exchange_rate_does_not_matter(results):
    panel = make_panel()
    rate = {year: 1 + 0.1 * (year - 1990) for year in panel["year"].unique()}
    again = run(panel.assign(stock=panel["stock"] * panel["year"].map(rate)))
    for spec in ("main", "trends"):
        where = {"estimator": "linkage_fe", "spec_id": spec, "term": NEIGHBOURS_X}
        assert one(again, **where)["estimate"] == pytest.approx(one(results, **where)["estimate"], rel=1e-8)


def test_quick_permutations_equal_refitted_ones():
    specs = parse_linkage_specs(SECTION)
    panel = linkage_panel(make_panel(), make_doses(), W["contiguity"], specs[0])
    quick = permuted_estimates({"a": panel}, SETTINGS, "x")["a"]
    rng = generator_for(SETTINGS.seed, "x")
    for draw in quick[:4]:
        order = rng.permutation(31)
        again = fit_panel(replace(panel, L=panel.L[order]))
        assert draw == pytest.approx(again.beta[3], rel=CLOSED_FORM)


def test_terciles_keep_equal_values_together():
    member = bin_members(np.array([1.0, 1.0, 1.0, 2.0, 2.0, 3.0]))
    assert len(set(member[:3])) == 1
    assert len(set(member[3:5])) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"specs": [{"id": "a", "intensity": "gold", "moderator": "industry"}]}, "names gold"),
        ({"specs": [{"id": "a", "intensity": "stock", "moderator": "gold"}]}, "names gold"),
        ({"specs": [{"id": "a", "intensity": "stock", "moderator": "industry", "years": [2005, 2001]}]}, "run from"),
        ({"specs": SECTION["specs"][:1] * 2}, "used twice"),
        ({"weights": "nowhere"}, "names weights nowhere"),
        ({"years": [1995, 2009]}, "values of log_income are missing in 1995-2009"),
    ],
)  # fmt: skip
def test_bad_config_is_named(change, message):
    with pytest.raises(EstimateError, match=message):
        run(section={**SECTION, **change})


def test_bad_data_is_named():
    panel = make_panel()
    hole = panel.assign(log_income=panel["log_income"].where(~(panel["unit"].eq("CN-GD") & panel["year"].eq(2003))))
    with pytest.raises(EstimateError, match=r"1 values of log_income are missing .*CN-GD 2003"):
        run(hole)
    with pytest.raises(EstimateError, match="value of zero or less"):
        run(panel.assign(stock=panel["stock"].where(panel["year"].ne(2004), 0.0)))
    with pytest.raises(EstimateError, match="moderator industry is"):
        run(panel.assign(va=panel["gdp"] * 0.5))
    with pytest.raises(EstimateError, match="1 units have no industry"):
        run(panel.assign(va=panel["va"].where(panel["unit"].ne("CN-XZ"))))
    with pytest.raises(EstimateError, match="no zones of type state"):
        run(doses=make_doses().assign(zone_type="port"))
    with pytest.raises(WeightsError, match="not in"):
        run(weights={"contiguity": SpatialWeights(tuple(UNITS[:-1]), np.eye(30))})


def test_settings_read_the_config():
    found = parse_linkage_settings({"hypothesis": "H9"}, {"linkage_elasticity": 0.1},
                                   {"conf_level": 0.9, "seed": 3, "permutations": 99}, 0.7)  # fmt: skip
    assert (found.level, found.power, found.seed, found.permutations, found.draws) == (0.9, 0.7, 3, 99, 999)
    assert (found.sesoi, found.hypothesis) == (0.1, "H9")
    assert np.isnan(parse_linkage_settings({}, None, {"conf_level": 0.9, "seed": 3, "permutations": 99}, 0.7).sesoi)
