"""The tidy layout: an id that labels do not move, one row for one number, and a stack
that refuses doubles.
"""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from evenfield.shared.estimates import (
    ESTIMATE_COLUMNS,
    ID_FIELDS,
    Estimate,
    estimate_id,
    estimates_frame,
    finite_or_nan,
    read_estimates,
    stacked_estimates,
    write_estimates,
    write_stacked,
)
from refusals import fails

ROW = Estimate(
    estimator="ols",
    spec_id="absolute",
    outcome="growth",
    term="y0",
    period="P1",
    estimate=0.25,
)


def changed(name):
    kind = {
        str: "other",
        float: 9.0,
        int: 9,
        bool: False,
        int | None: 9,
    }
    return replace(
        ROW, **{name: kind[next(f.type for f in fields(Estimate) if f.name == name)]}
    )


@pytest.mark.parametrize(
    "name", [name for name in ESTIMATE_COLUMNS[1:] if name not in ID_FIELDS]
)
def test_labels_and_numbers_do_not_move_the_id(name):
    assert estimate_id(changed(name)) == estimate_id(ROW)


@pytest.mark.parametrize("name", ID_FIELDS)
def test_every_identifying_field_moves_the_id(name):
    assert estimate_id(changed(name)) != estimate_id(ROW)


def test_rows_are_sorted_with_stable_ids_and_doubles_refused():
    assert estimate_id(ROW) == "9b11270c55dc"
    assert estimate_id(replace(ROW, outcome="gro", term="wthy0")) != estimate_id(ROW)
    rows = [replace(ROW, period=period) for period in ("P3", "P1", "P2")]
    assert_frame_equal(estimates_frame(rows), estimates_frame(reversed(rows)))
    assert estimates_frame(rows)["period"].tolist() == ["P1", "P2", "P3"]
    fails(
        ValueError,
        "two estimates share an id",
        estimates_frame,
        [ROW, replace(ROW, role="primary", estimate=0.5)],
    )
    assert finite_or_nan(1.5) == 1.5
    assert np.isnan([finite_or_nan(x) for x in (np.inf, -np.inf, np.nan)]).all()


def test_what_is_written_is_read_back(tmp_path):
    rows = [
        replace(ROW, n_treated=None),
        replace(
            ROW,
            period="P2",
            n_treated=3,
            w_id="none",
            std_error=1 / 3,
        ),
    ]
    write_estimates(rows, tmp_path / "e.csv")
    back = read_estimates(tmp_path / "e.csv")
    assert list(back.columns) == list(ESTIMATE_COLUMNS)
    assert back["w_id"].tolist() == ["", "none"]
    assert back["n_treated"].isna().tolist() == [True, False]
    assert back["std_error"].iloc[1] == 0.333333
    assert np.isnan(back["p_value"]).all()
    write_estimates([], tmp_path / "e.csv")
    assert list(read_estimates(tmp_path / "e.csv").columns) == list(ESTIMATE_COLUMNS)


def test_stack_is_sorted_and_refuses_doubles(tmp_path):
    paths = [str(tmp_path / topic / "estimates.csv") for topic in "ab"]
    write_estimates([replace(ROW, estimator="z", n_treated=2)], paths[0])
    write_estimates([ROW], paths[1])
    write_stacked(stacked_estimates(paths), tmp_path / "all.csv")
    stack = read_estimates(tmp_path / "all.csv")
    assert stack["estimator"].tolist() == ["ols", "z"]
    assert stack["topic"].tolist() == ["b", "a"]
    lines = (tmp_path / "all.csv").read_text(encoding="utf-8").splitlines()
    for line, path in zip(lines[1:], reversed(paths), strict=True):
        row = Path(path).read_text(encoding="utf-8").splitlines()[1]
        assert line.rpartition(",")[0] == row
    fails(ValueError, "two estimates share an id", stacked_estimates, [paths[1]] * 2)


def test_an_estimate_has_converged_unless_it_says_otherwise():
    assert ROW.converged
