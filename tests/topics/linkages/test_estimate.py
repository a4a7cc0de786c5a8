"""Linkage regressions: planted interactions found, same numbers in any order, honest
rows, named errors.
"""

from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.random import default_rng

from china_design import make_units, read_design, weights_of
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.ols import cov_cr3, fit_ols, t_quantile
from evenfield.numerics.random import generator_for
from evenfield.shared.calls import NoCallError, no_call
from evenfield.study.errors import ConfigError, EvenfieldError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.linkages import estimate as linkages
from evenfield.topics.linkages import estimate_inference
from evenfield.topics.linkages.call import call
from evenfield.topics.linkages.estimate import Linkages, estimate
from evenfield.topics.linkages.estimate_marginal import bin_members
from evenfield.topics.linkages.estimate_panel import NEIGHBOURS_X, fit_panel
from evenfield.topics.linkages.estimate_permutation import permuted_estimates
from fits_of_rows import assert_rows_are_fits
from made_study import MadeStudy, row, same_numbers, same_results, yearly
from refusals import fails
from tolerances import close
from yaml_text import from_yaml

UNITS, A, DISTANCE, _, _ = read_design()
W = SpatialWeights(tuple(UNITS), weights_of(A, DISTANCE)["contiguity"])
YEARS = list(range(2000, 2010))
MAIN = {
    "id": "main",
    "intensity": "stock",
    "moderator": "industry",
    "role": "primary",
}
OTHERS = [
    {**MAIN, "id": "trends", "role": "robustness", "trends": "moderator"},
    {**MAIN, "id": "rival", "role": "robustness", "rival": "school"},
    {"id": "zones", "intensity": "zones", "moderator": "industry"},
    {
        "id": "growth",
        "outcome": "growth_pct",
        "intensity": "stock",
        "moderator": "industry",
    },
]
INTENSITIES = from_yaml("""
    stock: {expression: log(stock / gdp), label: stock over output}
    zones: {expression: log(1 + zones_state), label: zones}
    """)
MODERATORS = from_yaml("""
    industry: {expression: va / gdp, years: [1990, 1992], label: industry, note: late}
    school: {expression: school, years: [2001, 2002], label: school}
    """)
GOLD = {"expression": "log(gold)", "label": "gold"}
SECTION = from_yaml("""
    {hypothesis: H9, years: [2000, 2009], weights: contiguity, draws: 99}
    """)
SECTION |= {
    "intensities": INTENSITIES,
    "moderators": MODERATORS,
    "specs": [MAIN, *OTHERS],
}
TRUE = {
    "own": 0.1,
    "neighbours": 0.2,
    "own_x_moderator": -0.05,
    NEIGHBOURS_X: 0.15,
}


def make_panel(noise=0.02):
    rng = default_rng(4)
    n = len(UNITS)
    T = len(YEARS)
    share = rng.uniform(0.15, 0.65, n)
    rows = yearly(UNITS, [1990, 1991, 1992, *YEARS])
    at = rows["unit"].map(UNITS.index).to_numpy()
    rows["gdp"] = np.exp(rng.normal(6, 0.3, n))[at] * np.exp(
        0.08 * (rows["year"] - 1990)
    )
    rows["va"], rows["school"] = share[at] * rows["gdp"], rng.normal(8, 1, n)[at]
    F = rng.normal(0, 0.3, (n, T)).cumsum(axis=1) + 0.1 * np.arange(T)
    L = ((share - share.mean()) / share.std(ddof=1))[:, None]
    G = F - F.mean(axis=0)
    own, near, own_x, psi = TRUE.values()
    y = (own + own_x * L) * G + (near + psi * L) * (W.matrix @ G)
    y = (
        y
        + rng.normal(9, 0.5, (n, 1))
        + 0.07 * np.arange(T)
        + noise * rng.normal(size=(n, T))
    )
    late = rows["year"].ge(2000)
    rows.loc[late, "stock"] = np.exp(F).ravel() * rows.loc[late, "gdp"]
    rows.loc[late, "log_income"] = y.ravel()
    rows.loc[late, "growth_pct"] = 100 * (y - y.mean(axis=0)).ravel()
    return rows


def make_study(section=SECTION, weights=W, **tables):
    zones = default_rng(2).poisson(0.3, (len(UNITS), len(YEARS))).cumsum(axis=1)
    doses = yearly(UNITS, YEARS, zones=zones, zones_dated=zones)
    doses["zone_type"] = "state"
    config = {"estimates": {"linkages": section}, "sesoi": {"linkage_elasticity": 0.05}}
    base = {"panel": make_panel(), "doses": doses, "units": make_units()}
    return MadeStudy(
        config,
        base | tables,
        {"contiguity": weights},
        data_hash="abc",
        basis_years={"official": [1999, 2019], "proxy": [1978, 1998]},
        samples={},
    )


def run(section=SECTION, **tables):
    return estimate(make_study(section, **tables))


@pytest.fixture(scope="module")
def results():
    return run()


def main_row(results, term=NEIGHBOURS_X, **wanted):
    return row(
        results,
        **{
            "estimator": "linkage_fe",
            "spec_id": "main",
            "term": term,
            **wanted,
        },
    )


def test_an_outcome_may_be_an_expression(results):
    doubled = {**MAIN, "outcome": "2 * log_income"}
    outcome = main_row(run({**SECTION, "specs": [doubled]}))
    close(outcome.estimate, 2 * main_row(results).estimate, atol=1e-12)
    assert outcome.unit_of_measure.startswith("outcome per log point")


def test_planted_coefficients_are_found_without_noise_in_the_line_and_in_the_terciles():
    result = run({**SECTION, "specs": [MAIN]}, panel=make_panel(noise=0.0))
    for term, value in TRUE.items():
        close(main_row(result, term).estimate, value, atol=1e-9)
    long = main_row(result, estimator="linkage_fe_long_difference_scpc")
    close(long.estimate, TRUE[NEIGHBOURS_X], atol=1e-9)
    series = result.series["series"]
    assert series["kind"].value_counts().to_dict() == {"unit": 31, "line": 21, "bin": 3}
    assert series.loc[series["kind"].eq("bin"), "n_units"].sum() == 31
    drawn = series[series["kind"].ne("unit")]
    linear = TRUE["neighbours"] + TRUE[NEIGHBOURS_X] * drawn["moderator"]
    close(drawn["estimate"], linear, atol=1e-8)


def test_the_fit_is_least_squares_with_dummies_and_its_interval_cr3(results):
    work = Linkages(make_study())
    panel = work.panels["main"]
    fit = work.fits["main"]
    units = (panel.members[:, None] == np.unique(panel.members)).astype(float)
    years = (panel.dates[:, None] == np.array(YEARS[1:])).astype(float)
    full = fit_ols(
        panel.y.ravel(),
        np.column_stack([*(x.ravel() for x in panel.columns.values()), years, units]),
    )
    result = main_row(results)
    close(result.estimate, full.beta[3])
    close(fit.u_hat, full.u_hat, atol=1e-9)
    close(result.std_error, np.sqrt(cov_cr3(fit, panel.members)[3, 3]))
    g_star = effective_clusters(fit.X, panel.members, np.eye(fit.X.shape[1])[3])
    close(result.df, g_star - 1)
    both = t_quantile(0.975, g_star - 1) + t_quantile(0.8, g_star - 1)
    close(result.mde, both * result.std_error)


def test_placebo_has_the_earlier_change_as_outcome():
    panel = make_panel()
    path = default_rng(9).normal(0, 0.1, len(UNITS))
    early = panel["year"].lt(2000)
    past = path[panel["unit"].map(UNITS.index)[early]] * (
        panel.loc[early, "year"] - 1990
    )
    panel.loc[early, "log_income"] = 8 + past
    study = make_study(
        {**SECTION, "placebo_years": [1990, 1992], "specs": [MAIN]}, panel=panel
    )
    result = row(estimate(study), role="placebo")
    columns = [
        x[:, -1] - x[:, 0] for x in Linkages(study).panels["main"].columns.values()
    ]
    expected = fit_ols(2 * path, np.column_stack([*columns, np.ones(31)])).beta[3]
    close(result.estimate, expected)
    assert (result.estimator, result.period, result.output_basis) == (
        "linkage_fe_placebo_before",
        "1990-1992",
        "proxy",
    )
    assert "PROXY" in result.warning


def test_order_names_and_the_exchange_rate_change_nothing(results):
    study = make_study()
    same_results(estimate(study.shuffled(3)), results)
    renamed = estimate(study.renamed())
    for estimates in (renamed, results):  # a pair left out is named in the sample
        estimates.estimates[:] = [
            e for e in estimates.estimates if e.estimator != "leave_pair_out"
        ]
    same_numbers(renamed, results)
    panel = make_panel()
    again = run(
        panel=panel.assign(stock=panel["stock"] * (1 + 0.1 * (panel["year"] - 1990)))
    )
    for spec in ("main", "trends"):
        here = main_row(results, spec_id=spec).estimate
        there = main_row(again, spec_id=spec).estimate
        close(there, here, rtol=1e-8)


def test_terciles_keep_ties_and_quick_permutations_equal_refitted_ones():
    for trends in (False, True):
        panel = replace(Linkages(make_study()).panels["main"], trends=trends)
        rng = generator_for(5, "x")
        for draw in permuted_estimates({"a": panel}, 4, 5, "x")["a"]:
            beta = fit_panel(replace(panel, L=panel.L[rng.permutation(31)])).beta
            close(draw, beta[list(panel.columns).index(NEIGHBOURS_X)])
    member = bin_members(np.array([1.0, 1.0, 1.0, 2.0, 2.0, 3.0]))
    assert len(set(member[:3])) == 1
    assert len(set(member[3:5])) == 1


def test_one_intensity_and_one_moderator_are_enough():
    alone = {
        "intensities": {"zones": INTENSITIES["zones"]},
        "moderators": {"industry": MODERATORS["industry"]},
        "specs": [{"id": "zones", "intensity": "zones", "moderator": "industry"}],
    }
    results = run({**SECTION, **alone})
    assert {item.spec_id for item in results.estimates} == {"zones"}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"specs": [{**MAIN, "intensity": "gold"}]}, "main names gold"),
        ({"specs": [{**MAIN, "moderator": "gold"}]}, "main names gold"),
        ({"specs": [{**MAIN, "years": [2005, 2001]}]}, "run from 2005 to 2001"),
        (
            {"intensities": dict.fromkeys(INTENSITIES, GOLD)},
            "linkage specification main: .* names the column 'gold'",
        ),
        ({"years": [1995, 2009]}, "155 values of .* missing in 1995-2009"),
        (
            {
                "moderators": {
                    **MODERATORS,
                    "industry": {**MODERATORS["industry"], "expression": "vaa"},
                }
            },
            "column 'vaa'",
        ),
    ],
)
def test_a_wrong_config_is_named(change, text):
    fails(EvenfieldError, rf"\A.*{text}.*\Z", run, {**SECTION, **change})


def test_bad_data_moderators_zones_and_weights_are_named():
    panel = make_panel()
    cells = {
        "log_income": ("CN-GD", 2003, np.nan, "log_income"),
        "stock": ("CN-BJ", 2004, 0.0, r"log\(stock / gdp\)"),
    }
    for column, (unit, year, value, name) in cells.items():
        broken = panel.assign(
            **{
                column: (
                    panel[column].mask(
                        panel["unit"].eq(unit) & panel["year"].eq(year), value
                    )
                )
            }
        )
        with pytest.raises(
            EvenfieldError, match=rf"1 value of {name} missing .*{unit} {year}"
        ) as caught:
            run(panel=broken)
        assert ("above zero" in str(caught.value)) or column != "stock"
    fails(
        EvenfieldError,
        "moderator industry is",
        run,
        panel=panel.assign(va=panel["gdp"] * 0.5),
    )
    fails(
        EvenfieldError,
        "1 unit has no industry",
        run,
        panel=panel.assign(va=panel["va"].where(panel["unit"].ne("CN-XZ"))),
    )
    fails(
        ConfigError,
        "did you mean 'zones_port",
        run,
        doses=make_study().table("doses").assign(zone_type="port"),
    )
    fails(
        EvenfieldError,
        "not in",
        run,
        weights=SpatialWeights(tuple(UNITS[:-1]), np.eye(30)),
    )


def test_the_panel_is_looked_at_once_with_the_first_specification(monkeypatch):
    built = []
    monkeypatch.setattr(linkages, "Linkages", built.append)
    section = SimpleNamespace(specs=["first", "second"])
    for spec in section.specs:
        linkages.check_data(spec, section, spec)
    assert built == ["first"]


def test_a_specification_prints_the_methods_it_asks_for_the_first_one_decides(results):
    asked = {**MAIN, "inference": ["two_way", "CR3"]}
    ours = run({**SECTION, "specs": [asked, *OTHERS]})
    by_default = main_row(results, estimator="linkage_fe_two_way")
    assert main_row(ours).p_value == by_default.p_value
    beside = main_row(ours, estimator="linkage_fe_cr3")
    assert (beside.p_value, beside.role) == (main_row(results).p_value, "ladder")


def test_the_difference_of_terciles_is_the_highest_minus_the_lowest(results):
    series = results.series["series"].query("spec_id == 'main' and kind == 'bin'")
    effect = series.set_index("label")["estimate"]
    result = main_row(results, "neighbours", estimator="linkage_fe_bins")
    close(result.estimate, effect["high"] - effect["low"])


def test_the_p_value_of_the_curve_is_the_share_of_deals_that_agree_as_often(
    monkeypatch,
):
    # Four deals; the deciding sign is shared by all specifications in two of them.
    three = [MAIN, *OTHERS[:2]]
    main, other = np.array([1.0, -1, 1, 1]), np.array([1.0, -1, -1, -1])
    monkeypatch.setattr(
        linkages,
        "permuted_estimates",
        lambda panels, *_: {name: main if name == "main" else other for name in panels},
    )
    result = Linkages(make_study({**SECTION, "specs": three})).curve_row()
    assert (result.estimate, result.n_obs) == (1.0, 3)
    close(result.p_value, (1 + 2) / (1 + 4))


def test_rows_are_fits_of_the_library():
    panel = make_panel()
    early = panel["year"].lt(2000)
    panel.loc[early, "log_income"] = default_rng(9).normal(8, 0.1, early.sum())
    study = make_study({**SECTION, "placebo_years": [1990, 1992]}, panel=panel)
    counts = assert_rows_are_fits(study, "linkages", estimate(study).estimates)
    # The terms of the main specification, the rival's two, one of each other.
    assert counts["linkage_fe", "coef"] == len(TRUE) + 1 + len(OTHERS)
    assert counts["linkage_fe_bins", "coef"] == 1 + len(OTHERS)
    others = "wild_33 driscoll_kraay conley two_way long_difference_scpc placebo_before"
    for name in others.split():
        assert counts[f"linkage_fe_{name}", "coef"] == 1, name
    for name in ("stat_low", "stat_high", "stat_sign_flips"):
        assert counts["leave_one_out", name] == 1
    assert counts["leave_pair_out", "stat_pair"] == 1
    # The moderator dealt out at random is no fit of the library.
    assert {"linkage_fe_permutation", "specification_curve"}.isdisjoint(dict(counts))
    assert len(counts) == 12


def test_the_last_year_minus_the_first_has_the_moderator_where_it_trends():
    trends = {**OTHERS[0], "role": "primary"}
    study = make_study({**SECTION, "specs": [trends]})
    counts = assert_rows_are_fits(study, "linkages", estimate(study).estimates)
    assert counts["linkage_fe_long_difference_scpc", "coef"] == 1


def test_a_pair_is_left_out_whose_ids_have_blanks():
    study = make_study().renamed({unit: f"unit {unit}" for unit in UNITS})
    pairs = [e for e in estimate(study).estimates if e.estimator == "leave_pair_out"]
    counts = assert_rows_are_fits(study, "linkages", pairs)
    assert counts == {("leave_pair_out", "stat_pair"): 1}


def test_a_row_without_an_inference_of_the_library_is_no_call():
    study = make_study(SECTION)
    row = {"spec_id": "main", "estimator": "linkage_fe_permutation"}
    with pytest.raises(NoCallError, match="no inference of the library"):
        call(study, {**row, "term": NEIGHBOURS_X, "asked": ""})


def test_an_interaction_is_measured_by_the_moderator_and_nothing_else_is(results):
    units = {term: main_row(results, term).unit_of_measure for term in TRUE}
    by_moderator = "elasticity per s.d. of the moderator"
    assert units["own"] == units["neighbours"] == "elasticity"
    assert units["own_x_moderator"] == units[NEIGHBOURS_X] == by_moderator


def test_differences_that_cannot_be_tested_or_fitted_say_why_and_nothing_else_changes():
    one_place = make_units().assign(lat=30.0, lon=110.0)
    nowhere = make_units().assign(lat=np.nan, lon=np.nan)
    section = {**SECTION, "specs": [MAIN], "placebo_years": [1990, 1992]}
    panel = make_panel()
    early = panel["year"].lt(2000)
    panel.loc[early, "log_income"] = default_rng(9).normal(8, 0.1, early.sum())
    usual = run(section, panel=panel)
    for units in (one_place, nowhere):
        study = make_study(section, panel=panel, units=units)
        rows = estimate(study)
        for name in ("long_difference_scpc", "placebo_before"):
            found = main_row(rows, estimator=f"linkage_fe_{name}")
            whole = main_row(usual, estimator=f"linkage_fe_{name}")
            close(found.estimate, whole.estimate)
            assert np.isnan([found.std_error, found.p_value, found.conf_low]).all()
            assert "no interval: " in found.warning
            assert (found.n_obs, found.n_periods) == (31, 2)
            assert "no interval" not in whole.warning
        assert main_row(rows).conf_low == main_row(usual).conf_low
        # What cannot be tested is no call of the library, which would refuse it.
        assert no_call({**asdict(found), "topic": "linkages"}).startswith("it has no ")
        assert assert_rows_are_fits(study, "linkages", rows.estimates)


def test_differences_whose_regressors_are_collinear_say_so():
    panel = make_panel()
    ends = panel["year"].isin([2000, 2009])
    # Each unit ends where it began, as all others do: nothing is left in differences.
    panel.loc[ends, "stock"] = panel.loc[ends, "gdp"]
    rows = run({**SECTION, "specs": [MAIN]}, panel=panel)
    found = main_row(rows, estimator="linkage_fe_long_difference_scpc")
    assert np.isnan(found.estimate)
    assert "long differences not estimated: " in found.warning
    assert np.isfinite(main_row(rows).conf_low)


@pytest.mark.parametrize(
    ("draws", "extreme"),
    [
        ([0.5, -0.5, 0.4, 0.6], 3),  # as far on either side counts
        ([0.5 * (1 - 1e-12), 0.1, 0.2, 0.3], 1),  # and as far but for rounding
        ([0.49, -0.49, 0.0, 0.0], 0),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_draws_that_are_as_far_as_the_estimate_count(monkeypatch, draws, extreme, sign):
    given = {"": np.array(draws)}
    monkeypatch.setattr(estimate_inference, "permuted_estimates", lambda *_: given)
    settings = SimpleNamespace(seed=1)
    setting = SimpleNamespace(
        panel=None, inference=settings, draws=4, draw_id="d", estimate=sign * 0.5
    )
    close(estimate_inference._permutation(setting)["p_value"], (1 + extreme) / 5)
