"""Synthetic control: a planted effect found, nothing where nothing happened,
invariance, what is refused.
"""

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.random import default_rng
from numpy.testing import assert_array_equal

from evenfield.models import synthetic_control
from evenfield.shared.estimates import estimates_frame
from evenfield.shared.figures import ACCENT
from evenfield.study.errors import EvenfieldError
from evenfield.topics.synthetic_control.estimate import estimate
from evenfield.topics.synthetic_control.figure import _panel
from made_study import (
    NUMBERS,
    one_line,
    order_and_names_do_not_matter,
    row,
    topic_study,
    unit_names,
    yearly,
)
from tolerances import close
from yaml_text import from_yaml

YEARS = list(range(1980, 2000))
UNITS = unit_names(24)
CASE = from_yaml("""
    id: c
    unit: U00
    fit: [1980, 1989]
    effect: [1990, 1999]
    placebo: 1986
    role: primary
    """)


def make_study(*specs, effect=0.0, seed=7, change=None, noise=0.02):
    rng = default_rng(seed)
    n = len(UNITS)
    T = len(YEARS)
    factors = rng.normal(0, 0.05, (2, T)).cumsum(axis=1) + 0.05 * np.arange(T)
    y = (
        rng.normal(8, 0.4, (n, 1))
        + rng.uniform(0.2, 1.0, (n, 2)) @ factors
        + noise * rng.normal(size=(n, T))
    )
    y[0] += effect * (np.array(YEARS) >= 1990)
    panel = yearly(UNITS, YEARS, log_income=y)
    zoned = np.isin(UNITS, ["U00", "U23"])[:, None] & (np.array(YEARS) >= 1990)
    doses = yearly(UNITS, YEARS, zones=1 * zoned, zones_dated=1 * zoned)
    doses["zone_type"] = "sez_seed"
    return topic_study(
        "synthetic_control",
        list(specs) or [CASE],
        {"panel": change(panel) if change else panel, "doses": doses},
        UNITS,
        samples={"few": UNITS[:4]},
        basis_years={"official": [1980, 1999]},
    )


def run(*specs, **estimates):
    return estimate(make_study(*specs, **estimates))


@pytest.mark.parametrize("effect", [0.4, -0.4])
def test_a_planted_effect_is_found_with_the_smallest_p(effect):
    results = run(effect=effect)
    main = row(results, estimator="synthetic_control", effect_type="coef")
    close(main.estimate, effect, atol=0.08)
    assert main.role == "primary"
    assert main.p_value == pytest.approx(1 / 23)
    assert main.n_units == 23
    assert main.conf_low < effect < main.conf_high
    assert main.conf_low * main.conf_high > 0
    close(row(results, estimator="synthetic_control_ratio").p_value, 1 / 23)
    assert row(results, estimator="synthetic_control_in_time").p_value > 0.1
    low, high = (
        row(results, effect_type=name).estimate for name in ("stat_low", "stat_high")
    )
    assert low <= high
    assert abs(high - effect) < 0.2
    close(row(results, effect_type="stat_end").estimate, effect, atol=0.1)


def test_the_conformal_test_sees_a_late_effect_and_half_the_years_hide_it():
    def step(panel):
        return panel.assign(
            log_income=panel["log_income"]
            + 0.4 * (panel["unit"].eq("U00") & panel["year"].ge(1996))
        )

    late = {
        **CASE,
        "id": "late",
        "fit": [1980, 1995],
        "effect": [1996, 1999],
    }
    assert (
        row(run(late, change=step), estimator="synthetic_control_conformal").p_value
        == 1 / 20
    )
    assert row(run(effect=0.4), estimator="synthetic_control_conformal").p_value > 0.1


def test_weights_are_on_the_simplex_and_paths_are_complete():
    results = run(CASE, {**CASE, "id": "levels", "demeaned": False})
    weights = results.series["weights"]
    series = results.series["series"]
    assert (weights["weight"] > 0).all()
    assert not weights["unit"].isin(["U00", "U23"]).any()
    close(weights.groupby("spec_id")["weight"].sum(), 1, atol=1e-5)
    assert series.groupby(["spec_id", "kind"])["unit"].nunique().to_dict() == {
        (spec, kind): n
        for spec in ("c", "levels")
        for kind, n in (("treated", 1), ("placebo", 22))
    }
    close(series["actual"] - series["synthetic"], series["gap"], atol=1e-12)
    selected = series[
        series["kind"].eq("treated")
        & series["spec_id"].eq("c")
        & series["year"].lt(1990)
    ]
    close(selected["gap"].mean(), 0, atol=1e-12)
    before = row(results, effect_type="stat_pre_rmspe", spec_id="c").estimate
    close(before, np.sqrt((selected["gap"] ** 2).mean()))


def test_order_and_names_of_units_change_nothing():
    order_and_names_do_not_matter(estimate, make_study(CASE, effect=0.1))


def test_a_level_that_is_common_drops_out_and_a_poor_fit_is_named():
    moved = run(
        change=lambda p: p.assign(log_income=p["log_income"] + 3 * p["unit"].eq("U00"))
    )
    here, there = (
        estimates_frame(r.estimates)[NUMBERS].to_numpy(float) for r in (run(), moved)
    )
    close(here, there, atol=1e-9)
    wild = run(
        change=lambda p: p.assign(
            log_income=p["log_income"] - p["unit"].eq("U00") * 0.2 * (p["year"] - 1980)
        )
    )
    assert (
        "POOR FIT"
        in row(wild, estimator="synthetic_control", effect_type="coef").warning
    )


def test_few_donors_give_no_interval():
    main = row(
        run({**CASE, "sample": "few", "placebo": None}),
        estimator="synthetic_control",
        effect_type="coef",
    )
    assert np.isnan(main.conf_low)
    assert "too few donors for an interval" in main.warning


def gap_at(panel):
    return panel.assign(
        log_income=panel["log_income"].mask(
            panel["unit"].eq("U05") & panel["year"].eq(1984)
        )
    )


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"unit": "U99"}, "unknown (U99)"),
        ({"exclude": ["U77"]}, "unknown (U77)"),
        ({"fit": [1970, 1989]}, "10 of its years are not in the panel (1970"),
        ({"effect": [1990, 2005]}, "6 of its years are not in the panel (2000"),
        ({"fit": [1987, 1989], "placebo": None}, "has 3 dates to fit; expected 5"),
        ({"placebo": 1983}, "has 3 dates to fit; expected 5"),
        ({"placebo": 1995}, "the placebo date 1995 of c lies outside 1981-1989"),
        ({"effect": [1988, 1999]}, "the fit ends before the effect begins"),
        ({"zones": "port"}, "unknown (port)"),
        ({"exclude": UNITS[3:]}, "has 2 donors"),
    ],
)
def test_a_wrong_case_is_refused_in_one_line(change, text):
    with one_line(EvenfieldError, text):
        run({**CASE, **change})


def test_a_donor_without_data_is_refused():
    with one_line(
        EvenfieldError, "log_income is missing or infinite for 1 unit-years (U05 1984)"
    ):
        run(change=gap_at)
    run({**CASE, "exclude": ["U05"]}, change=gap_at)


def test_the_placebo_in_time_is_the_case_that_ends_before_the_real_date():
    early = {
        **CASE,
        "fit": [1980, 1985],
        "effect": [1986, 1989],
        "placebo": None,
    }
    beside = row(run(effect=0.4), estimator="synthetic_control_in_time")
    alone = row(
        run(early, effect=0.4), estimator="synthetic_control", effect_type="coef"
    )
    for name in NUMBERS:
        assert getattr(beside, name) == pytest.approx(
            getattr(alone, name), abs=1e-9, nan_ok=True
        ), name
    assert (beside.contrast, beside.period) == ("mean gap 1986-1989", "1980-1989")


def paths_of(results, spec="c"):
    """Return the gaps of the treated unit and of the donors by year."""
    series = results.series["series"].query(f"spec_id == '{spec}'")
    wide = series.pivot(index="unit", columns="year", values="gap")
    return wide.loc["U00"], wide.drop(index="U00")


def test_ranks_ratios_and_ends_are_those_of_the_gaps():
    results = run(effect=0.05)
    own, others = paths_of(results)

    def rmspe(gaps, first, last):
        return np.sqrt((gaps.T.loc[first:last] ** 2).mean())

    main = row(results, estimator="synthetic_control", effect_type="coef")
    means = others.loc[:, 1990:].mean(axis=1).abs()
    assert main.estimate == main.statistic == pytest.approx(own.loc[1990:].mean())
    assert main.p_value == (1 + (means >= abs(main.estimate)).sum()) / 23
    half = means.sort_values().iloc[-1]  # floor(.05 x 23) = 1
    close((main.conf_low, main.conf_high), (main.estimate - half, main.estimate + half))
    assert (main.n_obs, main.n_units, main.n_periods) == (20 * 23, 23, 20)
    assert "among 23 units" in main.p_type
    ratio = row(results, estimator="synthetic_control_ratio")
    own_ratio = rmspe(own, 1990, 1999) / rmspe(own, 1980, 1989)
    ratios = rmspe(others, 1990, 1999) / rmspe(others, 1980, 1989)
    close(ratio.statistic, own_ratio)
    assert ratio.p_value == (1 + (ratios >= own_ratio).sum()) / 23
    end = row(results, effect_type="stat_end")
    close(end.estimate, own[1999])
    assert end.contrast == "gap in 1999"


def test_a_fit_is_poor_where_fewer_than_a_tenth_of_the_donors_fit_worse():
    seen = set()
    for steepness in (0, 0.004, 0.02):

        def steeper(panel, by=steepness):
            away = by * (panel["year"] - 1980) * panel["unit"].eq("U00")
            return panel.assign(log_income=panel["log_income"] - away)

        results = run({**CASE, "placebo": None}, change=steeper)
        own, others = paths_of(results)
        worse = (
            (others.loc[:, :1989] ** 2).mean(axis=1) >= (own.loc[:1989] ** 2).mean()
        ).sum()
        main = row(results, estimator="synthetic_control", effect_type="coef")
        assert ("POOR FIT" in main.warning) == (worse < 2.2)
        seen.add(int(worse))
    assert min(seen) < 2.2 < max(seen)


def test_five_years_are_enough_to_fit_and_four_are_not():
    fewest = {**CASE, "fit": [1985, 1989], "placebo": None}
    main = row(run(fewest), estimator="synthetic_control", effect_type="coef")
    assert np.isfinite(main.estimate)
    assert main.n_periods == 15
    with one_line(EvenfieldError, "has 4 dates to fit; expected 5"):
        run({**fewest, "fit": [1986, 1989]})
    early = {**CASE, "fit": [1980, 1985], "placebo": 1985}
    assert row(run(early), estimator="synthetic_control_in_time").period == "1980-1985"


def test_output_of_the_first_year_alone_is_noted():
    def proxy(panel):
        return panel.assign(
            basis=panel["year"].eq(1980).map({True: "proxy", False: "official"})
        )

    main = row(run(change=proxy), estimator="synthetic_control", effect_type="coef")
    assert main.output_basis == "spliced"
    assert "PROXY" in main.warning


def test_leaving_a_donor_out_is_the_case_that_excludes_it():
    results = run(effect=0.2)
    for effect in ("stat_low", "stat_high"):
        result = row(results, effect_type=effect)
        unit = result.max_leverage_unit
        one = run({**CASE, "exclude": [unit], "placebo": None}, effect=0.2)
        alone = row(one, estimator="synthetic_control", effect_type="coef")
        close(result.estimate, alone.estimate, atol=1e-9)
        assert result.n_units == 22
        assert unit in set(results.series["weights"]["unit"])
    low, high = (
        row(results, effect_type=name).estimate for name in ("stat_low", "stat_high")
    )
    main = row(results, estimator="synthetic_control", effect_type="coef").estimate
    assert low < main < high


def test_a_fit_at_the_bound_itself_is_not_poor(monkeypatch):
    results = run({**CASE, "placebo": None})
    own, others = paths_of(results)
    errors = (others.loc[:, :1989] ** 2).mean(axis=1)
    worse = int((errors >= (own.loc[:1989] ** 2).mean()).sum())
    monkeypatch.setattr(synthetic_control, "POOR", worse / len(others))
    assert 0 < worse == synthetic_control.POOR * len(others)
    main = row(
        run({**CASE, "placebo": None}),
        estimator="synthetic_control",
        effect_type="coef",
    )
    assert "POOR FIT" not in main.warning


def every_fifth_year(change=None):
    """The same panel, observed every fifth year from 1900 to 1995."""
    made = make_study({**CASE, **(change or FIFTHS)}, effect=0.4)
    tables = {
        name: table.assign(year=1900 + 5 * (table["year"] - 1980))
        for name, table in made.tables.items()
    }
    described = {**made.described, "step": 5, "basis_years": {"official": [1900, 1995]}}
    return type(made)(made.written, tables, **described)


FIFTHS = {"fit": [1900, 1945], "effect": [1950, 1995], "placebo": 1930}


def test_dates_five_years_apart_give_the_numbers_of_as_many_years():
    one, other = (
        estimates_frame(estimate(study).estimates)
        for study in (make_study(CASE, effect=0.4), every_fifth_year())
    )
    assert_array_equal(other[[*NUMBERS]], one[[*NUMBERS]])
    main = other.iloc[0]
    assert (main["contrast"], main["period"]) == ("mean gap 1950-1995", "1900-1995")
    assert main["n_periods"] == 20


@pytest.mark.parametrize(
    ("change", "text"),
    [
        # Sixteen years, and four dates.
        ({"fit": [1930, 1945], "placebo": None}, "has 4 dates to fit; expected 5"),
        ({"placebo": 1915}, "has 3 dates to fit; expected 5"),
        (
            {"effect": [1946, 1949]},
            "no date of the panel in 1946-1949, the years of the e",
        ),
        (
            {"fit": [1900, 1948], "placebo": 1946},
            "no date of the panel in 1946-1948, the years of the placebo",
        ),
    ],
)
def test_too_few_dates_are_refused_in_one_line_however_many_years_they_span(
    change, text
):
    with one_line(EvenfieldError, text):
        estimate(every_fifth_year({**FIFTHS, **change}))


@pytest.mark.parametrize(
    ("since", "stands"), [(None, 1989.5), (1950, 1947.5), (1949, 1947.5)]
)
def test_the_date_of_a_policy_is_drawn_between_two_dates(since, stands):
    study = make_study(CASE)
    if since:
        study = every_fifth_year({**FIFTHS, "effect": [since, 1995]})
    (spec,) = study.config.estimates["synthetic_control"]
    axes = Figure().subplots()
    _panel(axes, spec, estimate(study).series["series"], {"p_value": 0.5})
    (line,) = (line for line in axes.lines if line.get_color() == ACCENT)
    assert line.get_xdata()[0] == stands
