"""The change of a group contrast from one span to another: its rows, its numbers against
the two spans alone, and where it is not defined.
"""

from dataclasses import replace

import numpy as np
from numpy.random import default_rng

from evenfield.numerics.ols import fit_ols
from evenfield.shared.contrasts.changes import change_rows
from evenfield.shared.contrasts.contrasts import contrast_rows
from shared.test_contrasts import NAMES, N, _contrast, _geographies, _table
from tolerances import close

METHODS = ["wcr33", "conley", "permutation", "permutation_stratified"]


def _two(treated=5, effect=3.0):
    """A contrast in two spans: the same labels, other outcomes and other covariates."""
    parts = []
    rng = default_rng(5)
    for period, size in (("A", effect), ("B", 0.0)):
        table = _table(treated, size).assign(x=rng.normal(size=N))
        table["y"] += rng.normal(size=N)
        contrast = _contrast(table)
        parts.append(replace(contrast, row=replace(contrast.row, period=period)))
    return parts


def _changed(first, later):
    rows = change_rows(first, later, _geographies())
    return {row.estimator: row for row in rows}


def test_the_change_is_the_later_estimate_less_the_earlier_one():
    first, later = _two()
    rows = _changed(first, later)
    assert list(rows) == ["ols_change", *(f"ols_change_{name}" for name in METHODS)]
    alone = [contrast_rows(one, _geographies())[0] for one in (first, later)]
    change = alone[1].estimate - alone[0].estimate
    close([row.estimate for row in rows.values()], [change] * len(rows), rtol=1e-9)
    main = rows["ols_change"]
    assert (main.role, main.period, main.n_obs, main.n_units) == (
        "robustness",
        "A to B",
        2 * N,
        N,
    )
    assert main.se_type == "CR3"
    assert [row.role for row in rows.values()][1:] == ["ladder"] * len(METHODS)
    assert all(0 < row.p_value <= 1 for row in rows.values())


def test_its_error_leaves_a_unit_out_of_both_spans():
    first, later = _two()
    main = _changed(first, later)["ols_change"]

    def estimate(one, names):
        kept = one.table.loc[names]
        X = np.column_stack([kept["cluster"], kept["sez"], np.ones(N - 1), kept["x"]])
        return fit_ols(kept["y"].to_numpy(), X).beta @ [1.0, -1.0, 0.0, 0.0]

    moved = []
    for unit in NAMES:
        names = [name for name in NAMES if name != unit]
        moved.append(estimate(later, names) - estimate(first, names))
    variance = (N - 1) / N * ((np.array(moved) - main.estimate) ** 2).sum()
    close(main.std_error, np.sqrt(variance), rtol=1e-8)


def test_the_order_of_rows_moves_nothing():
    first, later = _two()
    order = default_rng(2).permutation(N)
    back = replace(later, table=later.table.iloc[order])
    one, two = (_changed(first, span) for span in (later, back))
    assert [row.p_value for row in one.values()] == [
        row.p_value for row in two.values()
    ]


def test_few_treated_units_leave_relabelling_alone():
    rows = _changed(*_two(treated=3))
    assert list(rows) == ["ols_change", "ols_change_permutation_stratified"]
    assert rows["ols_change"].p_type.startswith("free permutation of labels")
    assert np.isnan(rows["ols_change"].conf_low)


def test_a_span_with_few_treated_units_is_enough_to_relabel_both():
    for sizes in ((3, 5), (5, 3)):
        first, later = (_two(treated)[k] for k, treated in enumerate(sizes))
        row = _changed(first, later)["ols_change"]
        assert row.p_type.startswith("free permutation of labels")
        assert row.n_treated == 3


def test_spans_of_different_units_have_no_change():
    first, later = _two()
    rows = _changed(first, replace(later, table=later.table.drop(index=NAMES[-1])))
    assert list(rows) == ["ols_change"]
    assert np.isnan(rows["ols_change"].estimate)
    assert "different units" in rows["ols_change"].warning


def test_a_span_that_is_not_defined_has_no_change():
    first, later = _two()
    flat = replace(later, table=later.table.assign(y=1.0))
    assert "outcome is constant" in _changed(first, flat)["ols_change"].warning
