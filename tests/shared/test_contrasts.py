"""Group contrasts: every rung of the ladder, few treated units, alignment, leave-out
rows, refusals.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.random import default_rng
from scipy.stats import norm
from statsmodels.regression.linear_model import OLS

from evenfield.numerics.inference import design as designs
from evenfield.numerics.inference.leave_out import LeaveOut
from evenfield.numerics.inference.methods import METHODS, Method
from evenfield.numerics.ols import fit_ols, t_quantile
from evenfield.shared.contrasts import contrasts
from evenfield.shared.contrasts.contrasts import contrast_rows, step_down_rows
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.study.errors import EstimateError
from evenfield.study.study_config import InferenceSettings
from made_study import grid, unit_names
from numerics.inference.test_families import step_down
from refusals import fails
from shared.toy_contrasts import toy_contrast
from tolerances import close

N = 30
NAMES = unit_names(N, "u")
INFERENCE = InferenceSettings(
    permutations=199, seed=7, pairs=(("u00", "u01"), ("u00", "zz"))
)
UNITS, LINKS = grid(NAMES)
UNITS["coastal"] = (np.arange(N) < 12).astype(int)


def _table(treated=5, effect=0.0):
    rng = default_rng(11)
    i = np.arange(N)
    table = pd.DataFrame(
        {"cluster": (i < treated) * 1.0, "sez": ((i > 1) & (i < treated + 3)) * 1.0}
    )
    table["x"] = rng.normal(size=N)
    table["y"] = effect * table["cluster"] + rng.normal(size=N)
    table["z"] = rng.normal(size=N)
    return table.set_index(pd.Index(NAMES, name="unit"))


def _contrast(table, role="primary", outcome="y"):
    asked = {"hypothesis": "H3", "sesoi": 0.5, "unit_of_measure": "s.d."}
    row = {"family": "toy", "role": role, "outcome": outcome, **asked}
    return toy_contrast(table, {"cluster": 1.0, "sez": -1.0}, **row)


def _geographies(units=None):
    return Geographies(UNITS if units is None else units, LINKS, INFERENCE)


def _rows(table, role="primary"):
    rows = contrast_rows(_contrast(table, role), _geographies())
    return {f"{row.estimator}:{row.effect_type}": row for row in rows}


def test_the_whole_ladder_stands_on_one_estimate():
    rows = _rows(_table(effect=3.0))
    coef = {
        name.split(":")[0]: row for name, row in rows.items() if name.endswith(":coef")
    }
    methods = "scpc_06 cr2 cr3 conley_400 conley_800 conley_1200 wcr33 hc1".split()
    methods += ["permutation", "permutation_stratified", "permutation_connected"]
    assert set(coef) == {"ols", *(f"ols_{name}" for name in methods)}
    table = _table(effect=3.0)
    X = np.column_stack([table["cluster"], table["sez"], np.ones(N), table["x"]])
    expected = fit_ols(table["y"].to_numpy(), X).beta @ np.array([1.0, -1.0, 0.0, 0.0])
    close([row.estimate for row in coef.values()], [expected] * len(coef), rtol=1e-9)
    assert [name for name, row in coef.items() if row.role == "primary"] == ["ols"]
    assert all(0 < row.p_value <= 1 for row in coef.values())
    assert coef["ols"].n_treated == 5
    seen = [row for row in coef.values() if np.isfinite(row.mde)]
    reach = [
        (row.conf_high - row.conf_low) / 2 + norm.ppf(0.8) * row.std_error
        for row in seen
    ]
    assert len(seen) == 8
    close([row.mde for row in seen], reach)


def test_leave_out_rows_are_refits():
    rows = _rows(_table(effect=3.0))
    table = _table(effect=3.0)
    singles = []
    for unit in NAMES:
        retained = table.drop(index=unit)
        X = np.column_stack(
            [retained["cluster"], retained["sez"], np.ones(N - 1), retained["x"]]
        )
        singles.append(
            fit_ols(retained["y"].to_numpy(), X).beta @ np.array([1.0, -1.0, 0.0, 0.0])
        )
    close(rows["leave_one_out:stat_low"].estimate, min(singles))
    close(rows["leave_one_out:stat_high"].estimate, max(singles))
    assert (
        rows["leave_one_out:stat_low"].max_leverage_unit
        == NAMES[int(np.argmin(singles))]
    )
    assert rows["leave_pair_out:stat_pair"].sample_id == "all without u00 u01"


def test_few_treated_are_permuted_and_other_roles_get_the_primary_method_alone():
    rows = _rows(_table(treated=3))
    coef = {name: row for name, row in rows.items() if name.endswith(":coef")}
    assert set(coef) == {
        "ols:coef",
        "ols_permutation_stratified:coef",
        "ols_permutation_connected:coef",
    }
    assert rows["ols:coef"].p_type.startswith("free permutation")
    assert np.isnan(rows["ols:coef"].std_error)
    assert set(_rows(_table(), "robustness")) == {"ols:coef"}
    table = _table(treated=3)
    fit = OLS(table["y"], table[["cluster", "sez", "x"]].assign(constant=1.0)).fit()
    error = fit.t_test([1, -1, 0, 0]).sd.item()
    close(
        rows["ols:coef"].mde, (t_quantile(0.975, fit.df_resid) + norm.ppf(0.8)) * error
    )


def test_step_down_never_lowers_a_p_value():
    table = _table(effect=1.0)
    several = [_contrast(table), _contrast(table, outcome="z")]
    result = step_down_rows(several, _geographies())
    alone = [_rows(table)["ols_permutation:coef"].p_value, np.nan]
    assert [row.estimator for row in result] == ["ols_romano_wolf"] * 2
    assert result[0].p_value >= alone[0] - 1e-12
    fails(
        EstimateError,
        "different units",
        step_down_rows,
        [_contrast(table), _contrast(table.iloc[1:], outcome="z")],
        _geographies(),
    )


def test_what_is_not_defined_says_why():
    constant = contrast_rows(_contrast(_table().assign(y=1.0)), _geographies())
    assert [row.warning for row in constant] == ["not defined: the outcome is constant"]
    dependent = contrast_rows(_contrast(_table().assign(sez=0.0)), _geographies())
    assert "does not vary or is collinear" in dependent[0].warning
    fails(
        EstimateError,
        r"1 unit lacks a value \(u03\)",
        _rows,
        _table().assign(x=lambda f: f["x"].mask(f.index == "u03")),
    )
    nowhere = contrast_rows(_contrast(_table()), _geographies(UNITS.assign(lat=np.nan)))
    assert nowhere[0].se_type == "CR3"
    assert "no coordinates" in nowhere[0].warning
    assert nowhere[0].conf_low < 0
    assert {"ols_scpc", "ols_scpc_06"} <= {
        row.estimator for row in nowhere if "no coordinates" in row.warning
    }


def test_step_down_compares_with_the_largest_of_all_outcomes_draw_by_draw():
    table = _table(effect=0.8)
    several = [_contrast(table, outcome=name) for name in ("y", "z")]
    positions = _geographies()
    rows = step_down_rows(several, positions)
    labels = table[["cluster", "sez"]].to_numpy()
    c = np.array([1.0, -1.0, 0.0, 0.0])

    def statistic(outcome, order):
        X = np.column_stack([labels[order], np.ones(N), table["x"]])
        fit = fit_ols(table[outcome].to_numpy(), X)
        return abs(c @ fit.beta) / np.sqrt(fit.sigma2 * c @ fit.bread @ c)

    row = _contrast(table).row
    draw_id = f"{row.unit_scheme}:{row.sample_id}"
    source = positions.draws("free", np.array(NAMES), labels, draw_id).source
    observed = [statistic(name, np.arange(N)) for name in ("y", "z")]
    draws = [[statistic(name, order) for name in ("y", "z")] for order in source]
    expected = step_down(observed, np.array(draws))
    close([row.p_value for row in rows], expected, rtol=1e-12)
    alone = [(1 + sum(d[s] >= observed[s] for d in draws)) / 200 for s in (0, 1)]
    assert max(p - q for p, q in zip(expected, alone, strict=True)) > 0.05


def test_of_two_ends_that_differ_by_rounding_alone_the_first_is_named():
    singles = LeaveOut(
        estimate=2.0,
        left_out=(("a",), ("b",), ("c",)),
        estimates=np.array([1 + 4e-11, 1.0, 3.0]),
        sign_flips=0,
        undefined=0,
        most_influential=("c",),
        largest_change=1.0,
    )
    low, high = contrasts._ends(_contrast(_table()).row, singles)
    assert (low.max_leverage_unit, high.max_leverage_unit) == ("a", "c")
    assert (low.effect_type, high.effect_type) == ("stat_low", "stat_high")


def test_a_specification_prints_the_methods_it_asks_for_the_first_one_decides():
    contrast = _contrast(_table(), "robustness")
    asked = replace(contrast, methods=("CR3", "wild33", "SCPC"))
    rows = contrast_rows(asked, _geographies())
    assert [row.estimator for row in rows] == ["ols", "ols_wcr33", "ols_scpc"]
    assert [row.role for row in rows] == ["robustness", "ladder", "ladder"]
    assert [row.se_type for row in rows] == ["CR3", "CR3", "SCPC avc 0.03"]
    assert not any("coordinates" in row.warning for row in rows)


def test_permutations_are_drawn_once_and_connected_ones_for_each_group():
    geographies = _geographies()
    i = np.arange(N)
    labels = np.column_stack([i < 3, (i > 7) & (i < 12)]) * 1.0
    units = np.array(NAMES)

    def drawn(scheme, labels):
        return geographies.draws(scheme, units, labels, "a")

    assert drawn("free", labels) is drawn("free", labels[:, ::-1])
    for group in (labels, labels[:, ::-1]):
        moved = group[drawn("connected", group).source, 0]
        assert (moved.sum(axis=1) == group[:, 0].sum()).all()
        touching = geographies.touching(units).toarray()
        # A group of several units hangs together: each of them touches another one.
        assert ((moved @ touching)[moved == 1] > 0).all()


def test_a_new_method_is_one_function_and_one_record_for_a_contrast(monkeypatch):
    def sign_only(design, c, level):
        """Half a p-value, as an example."""
        return designs.Tested(
            estimate=float(c @ design.fit.beta), p_value=0.5, p_type="sign"
        )

    record = Method(test=sign_only, assumes="signs are fair")
    monkeypatch.setitem(METHODS, "sign_only", record)
    asked = replace(_contrast(_table()), methods=("SCPC", "sign_only"))
    row = contrast_rows(asked, _geographies())[1]
    assert (row.estimator, row.p_value, row.p_type) == ("ols_sign_only", 0.5, "sign")
