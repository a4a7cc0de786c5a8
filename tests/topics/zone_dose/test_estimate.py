"""Zone dose: least squares with dummies, a planted effect, the placebo of later zones,
invariance, what is refused.
"""

import numpy as np
import pytest
import statsmodels.formula.api as smf
from numpy.random import default_rng
from scipy import stats

from evenfield.numerics.ols import fit_ols
from evenfield.shared.few_units import PANEL, few_unit_design
from evenfield.shared.spec import read
from evenfield.study.errors import EvenfieldError
from evenfield.topics.zone_dose import estimate as zone_dose
from evenfield.topics.zone_dose.estimate import (
    DoseSpec,
    Section,
    _joint,
    check_data,
    estimate,
)
from fits_of_rows import assert_rows_are_fits
from made_study import (
    of_units,
    one_line,
    order_and_names_do_not_matter,
    row,
    topic_study,
    unit_names,
    yearly,
)
from tolerances import close
from yaml_text import from_yaml

pytestmark = pytest.mark.filterwarnings(
    "ignore:The design matrix is rank-deficient"
)  # of the dummies
UNITS = unit_names(24)
YEARS = list(range(1996, 2013))
REGIONS = ("east", "west", "north")
SECTION = from_yaml("""
    hypothesis: H6
    years: [2000, 2009]
    beside: region
    leads: [1, 2, 3]
    doses: {zones: {expression: log(1 + zones_state), label: zones}}
    outcomes:
      capital: {expression: log(stock), label: capital, unit: log points, sesoi: 0.1}
    specs: [{id: main, outcome: capital, dose: zones, role: primary}]
    """)
MAIN = SECTION["specs"][0]


def make_study(
    section=SECTION, effect=0.3, ahead=0, noise=0.05, change=None, units=None
):
    """``effect`` of the dose ``ahead`` years later on the logarithm of the stock, with
    shocks by region and year.
    """
    rng = default_rng(3)
    n = len(UNITS)
    T = len(YEARS)
    zones = rng.poisson(0.25, (n, T)).cumsum(axis=1)
    dose = np.log1p(zones[:, np.minimum(np.arange(T) + ahead, T - 1)])
    shocks = rng.normal(0, 0.3, (len(REGIONS), T))[np.arange(n) % len(REGIONS)]
    y = (
        effect * dose
        + shocks
        + rng.normal(5, 1, (n, 1))
        + noise * rng.normal(size=(n, T))
    )
    panel = yearly(UNITS, YEARS, stock=np.exp(y))
    dated = np.maximum(zones - 1, 0)
    doses = yearly(UNITS, YEARS, zones=zones, zones_dated=dated)
    doses = doses.assign(zone_type="state").drop(columns="basis")
    named = of_units(UNITS, region=np.resize(REGIONS, n))
    tables = {
        "panel": change(panel) if change else panel,
        "doses": doses,
        "units": named if units is None else units,
    }
    return topic_study(
        "zone_dose",
        section,
        tables,
        UNITS,
        basis_years={"official": [1996, 2012]},
    )


def run(section=SECTION, **estimates):
    return estimate(make_study(section, **estimates))


def check(section=SECTION):
    study = make_study(section)
    read_section = read(Section, study.config, "zone_dose")
    for spec in read_section.specs:
        check_data(study, read_section, spec)


def main_row(results, **wanted):
    return row(
        results,
        **{
            "estimator": "zone_dose_fe",
            "spec_id": "main",
            "term": "dose",
            **wanted,
        },
    )


def with_dummies(study, terms, years, without=()):
    """Fit by statsmodels with a dummy for each unit and for each year of each region."""
    frame = (
        study.tables["panel"]
        .merge(study.tables["doses"])
        .merge(study.tables["units"], on="unit")
    )
    frame = frame.sort_values(["unit", "year"])
    frame = frame.assign(dose=np.log1p(frame["zones"]), y=np.log(frame["stock"]))
    for name, later in terms.items():
        frame[name] = frame.groupby("unit")["dose"].shift(-later)
    frame = frame[frame["year"].between(*years) & ~frame["unit"].isin(without)]
    return smf.ols(
        f"y ~ {' + '.join(terms)} + C(unit) + C(region):C(year)", frame
    ).fit()


def test_a_filled_config_keeps_the_groups_of_the_section():
    default = DoseSpec.model_fields["beside"].default
    filled = [{**spec, "beside": default} for spec in SECTION["specs"]]
    section = Section.model_validate({**SECTION, "specs": filled})
    assert {spec.beside for spec in section.specs} == {"region"}


def test_years_of_all_units_are_the_plain_two_way_effects():
    section = {key: value for key, value in SECTION.items() if key != "beside"}
    study = make_study(section)
    result = main_row(estimate(study))
    assert result.fe_id == "unit + year"
    frame = study.tables["panel"].merge(study.tables["doses"])
    frame = frame[frame["year"].between(2000, 2009)]
    frame = frame.assign(dose=np.log1p(frame["zones"]), y=np.log(frame["stock"]))
    fit = smf.ols("y ~ dose + C(unit) + C(year)", frame).fit()
    close(result.estimate, fit.params["dose"])


def cr3(study, terms, years):
    """Return coefficients and their cluster jackknife, each unit left out and all
    dummies fitted again.
    """
    full = with_dummies(study, terms, years)
    names = list(terms)
    moved = [
        with_dummies(study, terms, years, [unit]).params[names] - full.params[names]
        for unit in UNITS
    ]
    G = len(UNITS)
    changes = np.array(moved)
    return (
        full.params[names].to_numpy(),
        (G - 1) / G * changes.T @ changes,
        changes + full.params[names].to_numpy(),
    )


@pytest.mark.parametrize("lag", [0, 2])
def test_numbers_are_those_of_least_squares_with_dummies_refitted_without_each_unit(
    lag,
):
    study = make_study({**SECTION, "specs": [{**MAIN, "lag": lag}]})
    results = estimate(study)
    result = main_row(results, term="dose_lag2" if lag else "dose")
    beta, V, without = cr3(study, {"x": -lag}, (2000, 2009))
    close(result.estimate, beta[0])
    close(result.std_error, np.sqrt(V[0, 0]))
    law = stats.t(result.g_star - 1)
    close(result.p_value, 2 * law.sf(abs(result.statistic)))
    assert result.df == result.g_star - 1
    close(result.conf_high, beta[0] + law.ppf(0.975) * result.std_error)
    close(result.mde, (law.ppf(0.975) + law.ppf(0.8)) * result.std_error)
    ends = [
        row(results, estimator="leave_one_out", effect_type=name).estimate
        for name in ("stat_low", "stat_high")
    ]
    close(ends, [without.min(), without.max()])
    assert (result.n_units, result.n_periods, result.n_obs, result.hypothesis) == (
        24,
        10,
        240,
        "H6",
    )


def test_later_zones_beside_those_in_force_are_the_placebo():
    study = make_study()
    results = estimate(study)
    beta, V, _ = cr3(study, {"lead": 3, "x": 0}, (2000, 2009))
    one = main_row(results, term="dose_lead3")
    close((one.estimate, one.std_error), (beta[0], np.sqrt(V[0, 0])))
    beta, V, _ = cr3(
        study,
        {
            "a": 1,
            "b": 2,
            "c": 3,
            "x": 0,
        },
        (2000, 2009),
    )
    joint = row(results, effect_type="joint")
    # Hotelling: F(q, df - q + 1) with df = G* - 1.
    F = beta[:3] @ np.linalg.solve(V[:3, :3], beta[:3]) / 3
    F *= (joint.g_star - 3) / (joint.g_star - 1)
    close((joint.estimate, joint.df), (F, joint.g_star - 3))
    close(joint.p_value, stats.f(3, joint.df).sf(F))
    assert {one.role, joint.role} == {"placebo"}
    assert one.p_value > 0.05
    assert joint.p_value > 0.05
    early = run(ahead=3)
    assert (
        main_row(early, term="dose_lead3").p_value
        < 0.001
        > row(early, effect_type="joint").p_value
    )
    short = main_row(run({**SECTION, "years": [2000, 2012]}), term="dose_lead3")
    assert short.period == "2000-2009"  # later years have no zones three years on


def test_a_planted_effect_is_found_by_every_inference_and_none_where_there_is_none():
    results = run()
    rows = [e for e in results.estimates if e.role in ("primary", "ladder")]
    assert {e.estimator for e in rows} == {
        "zone_dose_fe",
        "zone_dose_fe_cr2",
        "zone_dose_fe_wild_33",
    }
    assert all(
        e.conf_low < 0.3 < e.conf_high and e.conf_low > 0 and e.p_value < 0.05
        for e in rows
    )
    assert "ENDOGENOUS" in rows[0].warning
    assert "GRADE C" in rows[0].warning
    assert rows[0].sesoi == 0.1
    assert main_row(run(effect=0.0)).p_value > 0.05
    close(main_row(run(noise=0.0)).estimate, 0.3, atol=1e-9)


def test_order_and_names_of_units_and_shocks_of_a_region_change_nothing():
    results, _ = order_and_names_do_not_matter(estimate, make_study())

    def shocked(panel):
        east = panel["unit"].isin(UNITS[::3])
        return panel.assign(
            stock=panel["stock"] * np.exp(0.2 * east * (panel["year"] - 1996) ** 2 / 10)
        )

    close(main_row(run(change=shocked)).estimate, main_row(results).estimate, rtol=1e-8)


@pytest.mark.parametrize(
    ("revised", "basis"), [(2010, "official"), (2005, "spliced")], ids=["one", "two"]
)
def test_an_outcome_of_output_names_the_basis_of_its_years(revised, basis):
    income = {"expression": "log_income", "label": "income", "unit": "log points"}
    section = {**SECTION, "outcomes": {"capital": income}}

    def with_income(panel):
        early = panel["year"] < revised
        return panel.assign(
            log_income=np.log(panel["stock"]),
            basis=panel["basis"].where(early, "revised"),
        )

    assert main_row(run(section, change=with_income)).output_basis == basis


def test_a_unit_alone_in_its_region_is_left_out():
    units = make_study().tables["units"]
    alone = units.assign(region=units["region"].mask(units["unit"].eq("U05"), "island"))
    result = main_row(run(units=alone))
    study = make_study()
    assert result.n_units == 23
    assert np.isfinite(result.std_error)
    expected = with_dummies(study, {"x": 0}, (2000, 2009), ["U05"]).params["x"]
    close(result.estimate, expected)
    with one_line(EvenfieldError, "no group of region has two units"):
        run(units=units.assign(region=units["unit"]))


@pytest.mark.parametrize(
    ("change", "text"),
    from_yaml("""
    - [{specs: [{id: main, outcome: gold, dose: zones}]}, 'main names gold, not one of capital']
    - [{specs: [{id: main, outcome: capital, dose: gold}]}, 'main names gold, not one of zones']
    - - {specs: [{id: main, outcome: capital, dose: zones, years: [2009, 2000]}]}
      - the years of main run from 2009 to 2000
    - [{beside: coast}, compares within coast]
    - [{years: [1990, 2009]}, capital is blank 144 times in zone dose main (U00 1990]
    - - {specs: [{id: main, outcome: capital, dose: zones, lag: 5}]}
      - zones is blank 24 times in zone dose main (U00 1995
    - [{doses: {zones: {expression: zones_port, label: x}}}, column 'zones_port']
    - [{doses: {zones: {expression: 0 * zones_state, label: x}}}, zones does not vary]
    # Zones that grow as a line: those of later years repeat those in force.
    - - {doses: {zones: {expression: "year * mean(zones_state, 2000, 2001)", label: x}}}
      - zones does not vary
    """),
)
@pytest.mark.parametrize("do", [run, check])
def test_run_and_check_refuse_a_wrong_section_in_one_line(do, change, text):
    with one_line(EvenfieldError, text):
        do({**SECTION, **change})


def test_a_check_fits_nothing(monkeypatch):
    monkeypatch.setattr(zone_dose, "fit_ols", None)
    check()


def test_what_a_dose_is_counted_in_does_not_decide_whether_it_varies():
    tiny = {"zones": {"expression": "log(1 + zones_state) / 1e12", "label": "zones"}}
    huge = {"zones": {"expression": "log(1 + zones_state) * 1e12", "label": "zones"}}
    effects = [
        main_row(run({**SECTION, "doses": doses})).estimate for doses in (tiny, huge)
    ]
    close(effects[0] / 1e12, effects[1] * 1e12)


def test_a_gap_in_the_data_or_a_unit_without_region_is_named():
    with one_line(
        EvenfieldError, "capital is blank 1 times in zone dose main (U03 2004)"
    ):
        run(
            change=lambda p: p.assign(
                stock=p["stock"].mask(p["unit"].eq("U03") & p["year"].eq(2004))
            )
        )
    units = make_study().tables["units"]
    with one_line(EvenfieldError, "1 unit has no region (U07)"):
        run(units=units.assign(region=units["region"].mask(units["unit"].eq("U07"))))


def test_no_joint_test_where_its_covariance_is_not_defined():
    X = np.column_stack([np.ones(6), np.arange(6.0)])
    fit = fit_ols(np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0]), X)
    study = make_study()
    for units, words in (
        (np.repeat("one", 6), ""),
        # A unit for each of two coefficients: no degree of freedom is left.
        (np.repeat(["one", "two", "three"], 2), "2 effects cannot be tested at once"),
    ):
        design = few_unit_design(fit, units, study.config.inference, "", **PANEL)
        fields = _joint(design, 2)
        assert np.isnan(fields["estimate"])
        assert fields["warning"].startswith(f"no joint test: {words}")


def test_a_specification_prints_the_methods_it_asks_for_the_first_one_decides():
    asked = {**MAIN, "inference": ["CR2", "two_way", "SCPC"]}
    results = run({**SECTION, "specs": [asked]})
    by_default = row(run(), estimator="zone_dose_fe_cr2")
    deciding = row(results, estimator="zone_dose_fe", role="primary")
    assert (deciding.p_value, deciding.se_type) == (by_default.p_value, "CR2 by unit")
    assert row(results, estimator="zone_dose_fe_two_way").role == "ladder"
    refused = row(results, estimator="zone_dose_fe_scpc")
    assert "no interval: SCPC needs one row a unit" in refused.warning


def test_a_method_that_does_not_exist_is_named():
    unknown = {**MAIN, "inference": ["CR9"]}
    with one_line(EvenfieldError, "CR9 is no method: classical, HC1"):
        run({**SECTION, "specs": [unknown]})


@pytest.mark.parametrize("beside", ["region", "year"])
def test_rows_are_fits_of_the_library(beside):
    specs = [MAIN, {**MAIN, "id": "later", "role": "robustness", "lag": 2}]
    study = make_study({**SECTION, "beside": beside, "specs": specs})
    counts = assert_rows_are_fits(study, "zone_dose", estimate(study).estimates)
    # Two specifications, and the lead of the latest year of the one without a lag.
    assert counts["zone_dose_fe", "coef"] == 3
    assert counts["zone_dose_fe", "joint"] == 1
    for name in ("cr2", "wild_33"):
        assert counts[f"zone_dose_fe_{name}", "coef"] == 1
    assert (
        counts["leave_one_out", "stat_low"] == counts["leave_one_out", "stat_high"] == 1
    )


def test_a_row_has_the_inference_that_its_specification_asks_for():
    asked = {**MAIN, "inference": ["CR2", "two_way", "driscoll_kraay"]}
    study = make_study({**SECTION, "specs": [asked]})
    counts = assert_rows_are_fits(study, "zone_dose", estimate(study).estimates)
    for name in ("two_way", "driscoll_kraay"):
        assert counts[f"zone_dose_fe_{name}", "coef"] == 1
