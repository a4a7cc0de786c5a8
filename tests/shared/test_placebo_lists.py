"""Placebo lists: sizes and corrected p by hand, a planted null, other orders and names,
what has no lists.
"""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse.csgraph import connected_components
from scipy.stats import kstest
from statsmodels.regression.linear_model import OLS

from evenfield.numerics.ols import fit_ols
from evenfield.numerics.scpc import scpc_inference
from evenfield.shared.contrasts.contrasts import contrast_rows
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.study.study_config import InferenceSettings
from made_study import grid, unit_names
from shared.toy_contrasts import toy_contrast
from tolerances import close

SIDE = 4
N = SIDE**2
NAMES = unit_names(N, "u")
TREATED = (5, 6, 9, 10)
INFERENCE = InferenceSettings(permutations=999, seed=7)


def made_table(seed=3, treated=TREATED, names=NAMES):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "cluster": np.isin(np.arange(N), treated) * 1.0,
            "x": rng.normal(size=N),
            "y": rng.normal(size=N),
        },
        index=pd.Index(names, name="unit"),
    )


def tried(table, methods, lists, units=None, links=None):
    """Return the rows on placebo lists of a contrast, by what follows the estimator."""
    rows = estimated(table, methods, lists, units, links)
    return {
        row.estimator.removeprefix("ols_placebo").removeprefix("_"): row
        for row in rows
        if row.estimator.startswith("ols_placebo")
    }


def estimated(table, methods, lists, units=None, links=None, labels=("cluster",)):
    """Return all rows of a contrast."""
    more = {"methods": methods, "placebo_lists": True}
    contrast = toy_contrast(table, {"cluster": 1.0}, labels, more, role="robustness")
    inference = INFERENCE.model_copy(update={"placebo_lists": lists})
    on_grid = grid(sorted(table.index), SIDE)
    units = on_grid[0] if units is None else units
    links = on_grid[1] if links is None else links
    return contrast_rows(contrast, Geographies(units, links, inference))


@pytest.fixture(scope="module")
def every_list():
    """All sets of four units that hang together on the grid, found one by one."""
    links = grid(NAMES, SIDE)[1]
    touching = np.zeros((N, N))
    ends = links.replace(dict(zip(NAMES, range(N), strict=True))).to_numpy(int)
    touching[ends[:, 0], ends[:, 1]] = 1
    return [
        members
        for members in combinations(range(N), 4)
        if connected_components(touching[np.ix_(members, members)])[0] == 1
    ]


def test_size_and_corrected_p_are_shares_of_all_lists_by_other_programs(every_list):
    table = made_table()
    y = table["y"].to_numpy()
    controls = np.column_stack([np.ones(N), table["x"]])
    units, links = grid(NAMES, SIDE)
    locations = Geographies(units, links, INFERENCE).locations(np.array(NAMES))
    components = locations.components(0.03, 0.95)
    tests = {"hc1": [], "scpc": []}
    for members in [TREATED, *every_list]:
        X = np.column_stack([np.isin(np.arange(N), members) * 1.0, controls])
        robust = OLS(y, X).fit(cov_type="HC1", use_t=True)
        tests["hc1"].append((robust.tvalues[0], robust.pvalues[0]))
        spatial = scpc_inference(fit_ols(y, X), np.eye(3)[0], components)
        tests["scpc"].append((spatial.statistic, spatial.p_value))
    count = len(every_list)
    # Every list is tried, however many would be drawn.
    rows = tried(table, ("HC1", "SCPC"), 20)
    assert rows[""].p_type == "all placebo lists"
    assert (rows[""].estimate, rows[""].n_obs) == (count, count)
    for name, results in tests.items():
        statistics, p_values = np.abs(results).T
        size = (p_values[1:] <= 0.05).mean()
        extreme = (statistics[1:] >= statistics[0] - 1e-9).sum()
        assert 0 < size < 0.5
        close(rows[name].estimate, size, rtol=1e-12)
        assert np.isnan(rows[name].std_error)
        # The data are one of the lists and not one more.
        close(rows[name].p_value, extreme / count, rtol=1e-12)
        assert rows[name].p_type == "rank of |t| among all placebo lists"
        assert rows[name].role == "design"


def test_where_there_are_too_many_lists_some_are_drawn():
    # Six of the other twelve units have a second label: each set of four has 924 lists.
    table = made_table().assign(other=0.0)
    table.iloc[[0, 2, 4, 8, 12, 14], table.columns.get_loc("other")] = 1.0
    labels = ("cluster", "other")
    rows = {
        row.estimator: row
        for row in estimated(table, ("HC1", "CR3"), 99, labels=labels)
    }
    lists = rows["ols_placebo"]
    assert (lists.estimate, lists.n_obs) == (99, 99)
    assert lists.p_type == "placebo lists drawn"
    for name in ("hc1", "cr3"):
        row = rows[f"ols_placebo_{name}"]
        error = np.sqrt(row.estimate * (1 - row.estimate) / 99)
        close(row.std_error, error, rtol=1e-12)
        assert row.p_type == "rank of |t| among placebo lists"
        close(row.p_value * 100, round(row.p_value * 100), rtol=1e-12)


def test_methods_agree_by_their_corrected_p_with_the_others_beside():
    # A lead that robust errors find and that lists of neighbours often have, too.
    table = made_table(8)
    methods = ("HC1", "CR3", "conley_400", "randomisation")
    names = ("hc1", "cr3", "conley_400", "permutation")
    differ = False
    for lead in np.linspace(0.0, 2.0, 6):
        moved = table.assign(y=table["y"] + lead * table["cluster"])
        rows = {row.estimator: row for row in estimated(moved, methods, 99)}
        own = [rows["ols"].p_value]
        own += [rows[f"ols_{name}"].p_value for name in names[1:]]
        corrected = [rows[f"ols_placebo_{name}"].p_value for name in names]
        agreed = rows["ols_methods"]
        stated = rows["ols_methods_uncorrected"]
        assert (agreed.n_obs, stated.n_obs) == (4, 4)
        assert agreed.estimate == sum(p <= 0.05 for p in corrected)
        assert stated.estimate == sum(p <= 0.05 for p in own)
        differ |= agreed.estimate != stated.estimate
    assert differ
    assert agreed.p_type == "p corrected by placebo lists"


def test_methods_without_lists_count_by_their_own_p():
    table = made_table(treated=(0, 2, 8, 10))
    rows = {row.estimator: row for row in estimated(table, ("HC1", "CR3"), 99)}
    agreed = rows["ols_methods"]
    assert agreed.estimate == rows["ols_methods_uncorrected"].estimate
    assert (agreed.n_obs, agreed.p_type) == (2, "p of each method")


def test_where_nothing_is_to_be_found_sizes_are_nominal_and_corrected_p_uniform():
    methods = ("CR3", "randomisation", "randomisation_connected")
    outcomes = [tried(made_table(seed), methods, 99) for seed in range(60)]
    sizes = {
        name: np.mean([rows[name].estimate for rows in outcomes])
        for name in ("cr3", "permutation", "permutation_connected")
    }
    # Sixty outcomes with as many placebo lists: a standard error of about half a point.
    assert sizes["permutation"] == pytest.approx(0.05, abs=0.015)
    assert sizes["permutation_connected"] == pytest.approx(0.05, abs=0.015)
    assert 0.02 < sizes["cr3"] < 0.11
    corrected = [rows["permutation_connected"].p_value for rows in outcomes]
    assert kstest(corrected, "uniform").pvalue > 0.01


def test_strata_compare_a_list_with_those_of_as_many_units_in_each_stratum():
    table = made_table(5)
    units, links = grid(NAMES, SIDE)
    strata = units.assign(coastal=(np.arange(N) < 8).astype(int))
    methods = ("randomisation", "randomisation_stratified")
    rows = tried(table, methods, 60, strata, links)
    assert rows["permutation_stratified"].estimate != rows["permutation"].estimate
    assert rows["permutation_stratified"].p_value == rows["permutation"].p_value
    # Without a column of strata there is no such permutation for any list.
    none = tried(table, methods, 60)["permutation_stratified"]
    assert np.isnan(none.estimate) and "not defined for these labels" in none.warning


def test_shuffled_rows_and_other_names_give_the_same_and_so_does_a_second_call():
    methods = ("SCPC", "wild33", "randomisation")
    first = tried(made_table(), methods, 60)
    shuffled = made_table().sample(frac=1, random_state=2)
    renamed = made_table(names=[f"r{i:02d}" for i in range(N)])
    for table in (made_table(), shuffled, renamed):
        assert tried(table, methods, 60) == first


@pytest.mark.parametrize(
    ("treated", "words"),
    [
        ((0, 2, 4, 6), "the 4 units are not contiguous"),
        ((0, 1, 2, 3), "only 13 different ones exist"),
    ],
)
def test_labels_without_enough_lists_say_why(treated, words):
    # A path: units in a row, each with one neighbour on either side.
    path = pd.DataFrame({"unit_i": NAMES[:-1], "unit_j": NAMES[1:]})
    rows = tried(made_table(treated=treated), ("HC1",), 99, grid(NAMES, SIDE)[0], path)
    assert set(rows) == {""}
    assert "no placebo lists" in rows[""].warning and np.isnan(rows[""].estimate)


def test_a_label_that_is_a_share_has_no_lists():
    table = made_table().assign(cluster=lambda frame: frame["cluster"] / 2)
    rows = tried(table, ("HC1",), 99)
    assert "no indicator" in rows[""].warning
