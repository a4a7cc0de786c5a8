"""The urban-rural comparison: planted differences, windows kept apart, alignment, what is missing is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.topics.balance.estimate import SERIES_COLUMNS, estimate_balance
from evenfield.topics.balance.estimate_spec import parse_balance_specs
from unit.estimates.group_design import CLUSTER, NAMES, SEZ, YEARS, N, make_study, renamed, shuffled

WINDOWS = ((1990, 2000), (2001, 2010))
T = np.array(list(YEARS))
SPEC = {"id": "gap", "urban": "urban", "rural": "rural", "windows": [list(w) for w in WINDOWS], "given": [],
        "sample": "all", "role": "primary"}  # fmt: skip


def planted(cluster: float = -0.02, sez: float = 0.01, break_at: float = 5.0):
    """Gap grows by `cluster` or `sez` a year through urban income; a jump of the level lies between the windows."""
    rng = np.random.default_rng(5)
    trend = 0.003 * rng.normal(size=N) + cluster * CLUSTER + sez * SEZ
    rural = np.exp((0.05 + 0.002 * rng.normal(size=N)[:, None]) * (T - 1990))
    gap = 0.9 + trend[:, None] * (T - 1990) + break_at * (T >= 2001)
    return make_study(urban=rural * np.exp(gap), rural=rural)


def run(study, **changes):
    return estimate_balance(study, parse_balance_specs([{**SPEC, **changes}]), 5.0)


def rows(results, **where):
    frame = estimates_frame(results.estimates)
    for name, value in where.items():
        frame = frame[frame[name].eq(value)]
    return frame


def test_the_planted_difference_is_found_in_each_window_and_the_break_is_never_crossed() -> None:
    found = rows(run(planted()), role="primary", effect_type="coef")
    assert list(found["period"]) == ["1990-2000", "2001-2010"]
    assert found["estimate"].to_numpy() == pytest.approx([-3.0, -3.0], abs=0.4)
    assert (found["conf_high"] < 0).all()
    assert found["sesoi"].to_numpy() == pytest.approx([100 * np.log(1.05) / 10, 100 * np.log(1.05) / 9])
    assert set(found["hypothesis"]) == {"H10"}


def test_parts_add_up_and_other_lists_are_robustness() -> None:
    results = run(planted())
    parts = {name: rows(results, outcome=name, treatment_def="main", contrast="cluster - sez",
                        estimator="long_difference", effect_type="coef").set_index("period")["estimate"]
             for name in ("gap_growth", "urban_growth", "rural_growth")}  # fmt: skip
    together = parts["urban_growth"] - parts["rural_growth"]
    assert together.to_numpy() == pytest.approx(parts["gap_growth"].to_numpy())
    other = rows(results, treatment_def="other", estimator="long_difference")
    assert set(other["role"]) == {"robustness"} and len(other) == len(WINDOWS)
    singles = {name: rows(results, term=name, contrast="", outcome="gap_growth")["estimate"].iloc[0]
               for name in ("cluster", "sez")}  # fmt: skip
    assert singles["cluster"] - singles["sez"] == pytest.approx(parts["gap_growth"].iloc[0])


def test_shuffled_and_renamed_units_give_the_same_numbers() -> None:
    study = planted()
    expected = rows(run(study))
    pd.testing.assert_frame_equal(rows(run(shuffled(study))), expected)
    keys = ["estimator", "outcome", "term", "contrast", "effect_type", "period", "treatment_def"]
    columns = [*keys, "estimate", "std_error", "p_value"]
    kept = expected[expected["estimator"].ne("leave_pair_out")]
    other = rows(run(renamed(study)))
    pd.testing.assert_frame_equal(other[columns].sort_values(keys, ignore_index=True),
                                  kept[columns].sort_values(keys, ignore_index=True), rtol=1e-8)  # fmt: skip


def test_the_series_is_the_mean_log_gap_of_a_cell() -> None:
    study = planted()
    series = run(study).series
    assert list(series) == SERIES_COLUMNS
    first = series[series["cell"].eq("both") & series["year"].eq(1990)].iloc[0]
    assert (first["n_units"], first["ratio"]) == (3, pytest.approx(np.exp(0.9)))
    assert set(series["window"]) == {"1990-2000", "2001-2010"}


def test_what_is_missing_is_said_and_nothing_breaks() -> None:
    nothing = run(make_study(urban=np.ones((N, len(T)))))
    assert nothing.estimates == [] and list(nothing.series) == SERIES_COLUMNS
    assert nothing.summary["left_out"][1] == {"part": "gap", "reason": "no figures of rural in the panel"}
    assert nothing.summary["left_out"][0]["part"] == "within_units"
    study = planted()
    study.panel.loc[study.panel["unit"].eq("u29"), "rural"] = np.nan
    found = rows(run(study), role="primary", effect_type="coef")
    assert set(found["n_units"]) == {N - 1}
    assert found["warning"].str.contains("left out for want of figures: u29").all()
    few = rows(run(planted(), sample="few"), effect_type="coef", role="primary")
    assert few["std_error"].isna().all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"windows": [[2000, 1990]]}, "ends too early or overlaps"),
        ({"windows": [[1990, 2000], [1999, 2010]]}, "ends too early or overlaps"),
        ({"given": ["altitude"]}, "no control altitude"),
        ({"sample": "moon"}, "no sample moon"),
    ],
)
def test_bad_input_is_one_line(changes, message) -> None:
    with pytest.raises(EstimateError, match=message):
        run(planted(), **changes)


def test_unknown_taxonomy_is_refused() -> None:
    with pytest.raises(EstimateError, match="no cells of taxonomy moon"):
        planted().groups("moon", 1990)
    assert NAMES[0] in planted().groups("main", 1980).index
