"""Relative income by cell, summaries by cell and period, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.estimates import estimates_frame
from evenfield.shared.settings import SchemeInfo
from evenfield.study.errors import EstimateError
from evenfield.topics.relative_income.estimate import estimate_profile, parse_profile_specs
from evenfield.topics.relative_income.estimate_paths import PROFILE_SERIES, ProfileSpec, last_period
from tolerances import MACHINE

UNITS = ["A", "B", "C", "D"]
NO_DOSES = pd.DataFrame({"unit": [], "year": [], "zone_type": [], "zones": [], "zones_dated": []})


def make_study():
    panel = pd.DataFrame({
        "unit": UNITS * 2, "year": [2000] * 4 + [2010] * 4, "basis": ["proxy"] * 4 + ["official"] * 4,
        "relative_log_income": [0.4, 0.2, -0.2, -0.4, 0.3, 0.1, -0.1, -0.3],
        "relative_log_income_unweighted": [0.5, 0.3, -0.3, -0.5, 0.2, 0.0, 0.0, -0.2],
        "population": [1.0, 3.0, 1.0, 1.0] * 2,
    })  # fmt: skip
    periods = pd.DataFrame({
        "unit": UNITS * 2, "period": ["P1"] * 4 + ["S"] * 4, "start_year": [2005] * 4 + [2000] * 4, "end_year": 2010,
        "basis": ["official"] * 4 + ["spliced"] * 4, "log_income_start": np.arange(8.0), "log_income_end": 9.0,
        "growth_pct_per_year": [8.0, 6.0, 4.0, 2.0] * 2, "population_growth_per_year": 0.01,
        "control_coast": [1.0, 0.0, 1.0, 0.0] * 2, "control_trade": [0.1, 0.2, 0.3, 0.4] + [np.nan] * 4,
    })  # fmt: skip
    cells = pd.DataFrame({
        "taxonomy": "t", "unit": UNITS * 2, "period": ["P1"] * 4 + ["S"] * 4,
        "cell": ["both", "both", "neither", "SEZ only", "both", "both", "neither", "neither"],
    })  # fmt: skip
    doses = pd.DataFrame({
        "unit": ["A", "A", "B", "B", *UNITS], "year": [2000, 2010, 2000, 2010, 2010, 2010, 2010, 2010],
        "zone_type": ["etdz"] * 4 + ["undated"] * 4, "zones": [1, 3, 0, 2, 0, 0, 0, 0], "zones_dated": 0,
    })  # fmt: skip
    return panel, periods, cells, doses


SCHEME = SchemeInfo("s", {"all": tuple(UNITS)}, 10, 2010)


def run(panel, periods, cells, doses, *specs):
    frames = [{"s": frame} for frame in (panel, periods, cells, doses)]
    return estimate_profile(*frames, schemes={"s": SCHEME}, specs=specs or (ProfileSpec("t"),))


def test_paths_by_cell():
    series = run(*make_study()).series
    assert list(series.columns) == list(PROFILE_SERIES)
    path = series[(series["kind"] == "path") & (series["variable"] == "relative_log_income")]
    both = path[path["cell"] == "both"].set_index("year")
    assert both.loc[2000, "mean"] == pytest.approx(0.3, rel=MACHINE)
    assert both.loc[2000, "mean_population_weighted"] == pytest.approx((0.4 + 3 * 0.2) / 4, rel=MACHINE)
    assert both.loc[2000, "n_units"] == 2
    assert list(both["basis"]) == ["proxy", "official"]
    plain = series[series["variable"] == "relative_log_income_unweighted"].set_index(["year", "cell"])
    assert plain.loc[(2000, "both"), "mean"] == pytest.approx(0.4, rel=MACHINE)


def test_a_path_keeps_the_cells_of_the_last_and_shortest_period():
    panel, periods, cells, doses = make_study()
    assert last_period(periods) == "P1"
    series = run(panel, periods, cells, doses).series
    path = series[(series["kind"] == "path") & (series["cell"] == "SEZ only")]
    assert set(path["year"]) == {2000, 2010}
    assert set(path["n_units"]) == {1}
    assert path["sd"].isna().all()


def test_summaries_by_cell_and_period():
    results = run(*make_study())
    table = results.series[results.series["kind"] == "summary"].set_index(["period", "variable", "cell"])
    assert table.loc[("S", "growth_pct_per_year", "neither"), "mean"] == pytest.approx(3.0)
    assert table.loc[("S", "growth_pct_per_year", "neither"), "sd"] == pytest.approx(np.sqrt(2))
    assert table.loc[("P1", "growth_pct_per_year", "all"), "mean"] == pytest.approx(5.0)
    assert table.loc[("P1", "growth_pct_per_year", "all"), "n_units"] == 4
    assert ("P1", "control_trade", "all") in table.index
    assert ("S", "control_trade", "all") not in table.index


def test_zones_are_the_mean_over_the_years_of_the_period():
    series = run(*make_study()).series
    table = series[series["variable"] == "zones_etdz"].set_index(["period", "cell"])
    assert table.loc[("S", "both"), "mean"] == pytest.approx((2 + 1) / 2)
    assert table.loc[("P1", "both"), "mean"] == pytest.approx((3 + 2) / 2)
    assert table.loc[("P1", "neither"), "mean"] == 0
    assert "zones_undated" not in set(series["variable"])


def test_means_are_descriptive_rows_without_any_test():
    results = run(*make_study())
    frame = estimates_frame(results.estimates)
    assert set(frame["role"]) == {"description"}
    assert frame[["p_value", "std_error", "conf_low"]].isna().all(axis=None)
    chosen = frame[(frame["period"] == "S") & (frame["outcome"] == "growth_pct_per_year")].set_index("term")
    assert chosen.loc["both", "estimate"] == pytest.approx(7.0)
    assert chosen.loc["both", "n_units"] == 2
    assert "PROXY output before 2010, joined" in chosen.loc["both", "warning"]
    assert set(frame["unit_of_measure"]) == {"% per year", "log points", "log per year", "zones", ""}


def test_shuffled_rows_change_nothing():
    study = make_study()
    one = run(*study)
    two = run(*[frame.sample(frac=1, random_state=i) for i, frame in enumerate(study)])
    pd.testing.assert_frame_equal(estimates_frame(one.estimates), estimates_frame(two.estimates))
    pd.testing.assert_frame_equal(one.series, two.series)


def test_renamed_units_change_no_number():
    names = dict(zip(UNITS, "ZYXW", strict=True))
    study = make_study()
    other = [frame.assign(unit=frame["unit"].map(names)) for frame in study]
    scheme = SchemeInfo("s", {"all": ("W", "X", "Y", "Z")}, 10, 2010)
    frames = [{"s": frame} for frame in other]
    two = estimate_profile(*frames, schemes={"s": scheme}, specs=(ProfileSpec("t"),))
    pd.testing.assert_frame_equal(run(*study).series, two.series, rtol=MACHINE)


def test_a_study_without_policy_tables_or_population():
    panel, periods, cells, _ = make_study()
    none = cells.assign(taxonomy="none", cell="neither")
    bare = periods.assign(population_growth_per_year=np.nan).drop(columns=["control_coast", "control_trade"])
    specs = parse_profile_specs({"taxonomies": ["none"]}, {"s": none})
    results = run(panel.assign(population=np.nan), bare, none, NO_DOSES, *specs)
    assert set(results.series["cell"]) == {"neither", "all"}
    assert results.series["mean_population_weighted"].isna().all()
    assert set(results.series["variable"]) == {
        "relative_log_income", "relative_log_income_unweighted", "growth_pct_per_year", "log_income_start",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("which", "break_it", "text"),
    [
        (0, lambda f: f.drop(index=2), "estimates.profile t 2000: 2 values are missing"),
        (1, lambda f: f.assign(growth_pct_per_year=f["growth_pct_per_year"].where(f.index != 5)),
         "estimates.profile S: 1 values are missing or infinite (B growth_pct_per_year)"),
        (1, lambda f: f.assign(control_coast=f["control_coast"].where(f.index != 0)), "A control_coast"),
        (2, lambda f: f.drop(index=7), "taxonomy t S: 1 units have no cell or two (D)"),
        (2, lambda f: pd.concat([f, f.head(1)]), "1 units have no cell or two (A)"),
    ],
)  # fmt: skip
def test_refuses_gaps_in_one_line(which, break_it, text):
    study = list(make_study())
    study[which] = break_it(study[which])
    with pytest.raises(EstimateError) as error:
        run(*study)
    assert text in str(error.value)
    assert "\n" not in str(error.value)


def test_reader():
    cells = {"s": pd.DataFrame({"taxonomy": ["b", "a", "a"]})}
    assert parse_profile_specs({}, cells) == (ProfileSpec("a"), ProfileSpec("b"))
    assert parse_profile_specs({"taxonomies": ["b"]}, cells) == (ProfileSpec("b"),)


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ({"taxonomy": ["a"]}, "unknown key in estimates.profile (taxonomy)"),
        ({"taxonomies": ["c"]}, "estimates.profile.taxonomies names 1 that is unknown (c)"),
        ({"taxonomies": "a"}, "holds the text 'a'"),
        ([], "estimates.profile holds []"),
    ],
)
def test_reader_refuses_in_one_line(section, text):
    with pytest.raises(EstimateError) as error:
        parse_profile_specs(section, {"s": pd.DataFrame({"taxonomy": ["a"]})})
    assert text in str(error.value)
    assert "\n" not in str(error.value)
