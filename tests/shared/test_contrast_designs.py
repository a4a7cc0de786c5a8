"""The regression behind a contrast: which methods it prints, the one that decides first,
and permutations of its labels.
"""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS

from evenfield.models.placebo_lists import SAMPLED
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import METHODS, infer
from evenfield.numerics.label_permutation import label_permutation
from evenfield.shared.contrasts.contrasts import PRINTED, printed_methods
from evenfield.shared.contrasts.designs import (
    Expectation,
    contrast_design,
)
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.estimates import NAN
from evenfield.study.study_config import InferenceSettings
from refusals import fails
from shared.toy_contrasts import toy_contrast
from tolerances import close

N = 16
NAMES = [f"u{k:02d}" for k in range(N)]


def make_contrast(treated=6, role="primary"):
    rng = np.random.default_rng(6)
    i = np.arange(N)
    a = (i < treated) * 1.0
    b = ((i > 3) & (i < 9)) * 1.0
    y = 0.5 * a + (1 + b) * rng.normal(size=N)
    table = pd.DataFrame({"a": a, "b": b, "y": y, "x": rng.normal(size=N)}, NAMES)
    return toy_contrast(table, {"a": 1.0, "b": -1.0}, ("a", "b"), role=role)


def make_design(contrast, *, located=True):
    rng = np.random.default_rng(1)
    units = pd.DataFrame({"unit": NAMES, "coastal": ["coast"] * 9 + ["inland"] * 7})
    lat = rng.uniform(30, 40, N) if located else NAN
    units = units.assign(lat=lat, lon=rng.uniform(100, 110, N))
    links = pd.DataFrame([NAMES[-2:]], columns=["unit_i", "unit_j"])
    inference = InferenceSettings(permutations=499).model_copy(update={"power": 0.7})
    return contrast_design(contrast, Geographies(units, links, inference))


def printed(contrast, *, located=True):
    return printed_methods(make_design(contrast, located=located))


def test_scpc_decides_and_the_others_stand_beside_it_where_a_row_decides():
    assert printed(make_contrast()) == PRINTED and PRINTED[0] == "SCPC"
    other = make_contrast(role="robustness")
    assert printed(other) == ("SCPC",)
    assert printed(replace(other, every_method=True)) == PRINTED
    assert {*PRINTED} <= {*METHODS}


def test_without_coordinates_cr3_decides():
    nowhere = printed(make_contrast(), located=False)
    assert nowhere[0] == "CR3" and {*nowhere} == {*PRINTED}


def test_methods_that_are_asked_for_are_printed_in_their_order():
    asked = replace(make_contrast(role="robustness"), methods=("wild33", "HC3"))
    assert printed(asked) == ("wild33", "HC3")


def test_placebo_lists_and_expectations_bring_their_permutations():
    other = make_contrast(role="robustness")
    tried = replace(other, placebo_lists=True)
    assert printed(tried) == (*PRINTED, "randomisation_exact")
    assert printed(replace(tried, methods=("CR2",))) == ("CR2",)
    recentred = replace(other, expected=Expectation("stratified", "subtract"))
    assert printed(recentred) == ("SCPC", "randomisation_stratified")


@pytest.mark.parametrize(("treated", "few"), [(3, True), (4, False)])
def test_three_treated_units_are_permuted_whatever_is_asked_and_four_are_not(
    treated, few
):
    assert (printed(make_contrast(treated)) == tuple(SAMPLED)) is few
    asked = replace(make_contrast(treated, "robustness"), methods=("CR2",))
    assert (printed(asked) == ("randomisation",)) is few


def test_treated_are_the_units_of_the_smallest_group_compared():
    assert make_design(make_contrast(13)).treated == 3
    # Of shares those above zero count, of other numbers all units.
    contrast = replace(make_contrast(), weights={"b": 1.0})
    assert make_design(contrast).treated == 5
    share = contrast.table.assign(b=contrast.table["b"] * np.linspace(0.1, 0.9, N))
    assert make_design(replace(contrast, table=share)).treated == 5
    number = contrast.table.assign(b=np.linspace(-1, 1, N))
    assert make_design(replace(contrast, table=number)).treated == N


def test_a_contrast_that_is_not_defined_says_why():
    contrast = make_contrast()
    flat = replace(contrast, table=contrast.table.assign(y=1.0))
    fails(NumericsError, "the outcome is constant", make_design, flat)
    none = replace(contrast, table=contrast.table.assign(b=0.0))
    fails(NumericsError, "b does not vary or is collinear", make_design, none)
    few = replace(contrast, table=contrast.table.iloc[:5])
    fails(NumericsError, "5 units for 4 coefficients", make_design, few)


def test_labels_that_permutations_let_expect_are_subtracted_or_controlled_for():
    # Within strata every unit of the coast expects a share of six in nine.
    alone = replace(make_contrast(), labels=("a",), weights={"a": 1.0})
    subtracted = replace(alone, expected=Expectation("stratified", "subtract"))
    coast = (np.arange(N) < 9) * 1.0
    regressor = alone.table["a"] - coast * 6 / 9
    close(make_design(subtracted).fit.X[:, 0], regressor)
    controlled = replace(alone, expected=Expectation("stratified", "control"))
    close(make_design(controlled).fit.X[:, 3], coast * 6 / 9)
    # Among all units everyone expects the same, which the constant already holds.
    free = replace(alone, expected=Expectation("free", "control"))
    assert make_design(free).fit.X.shape[1] == 3
    assert make_design(subtracted).treated == make_design(alone).treated == 6


def test_permutation_holds_the_p_value_of_its_draws_and_says_what_is_missing():
    design = make_design(make_contrast())
    c = design.regression.combination
    expected = label_permutation(design.regression, design.label_draws("free"))
    test = infer("randomisation", design, c)
    assert test.p_value == expected.p_value and np.isnan(test.std_error)
    other = infer("randomisation_connected", design, c)
    assert "are not contiguous" in other.reason


def test_every_relabelling_within_strata_is_counted_once_that_of_the_data_included():
    alone = replace(make_contrast(), labels=("a",), weights={"a": 1.0})
    design = make_design(alone)
    test = infer("randomisation_exact", design, design.regression.combination)
    # Six of the nine units of the coast have the label, and none inland.
    statistics = []
    for chosen in combinations(range(9), 6):
        permuted_labels = np.isin(np.arange(N), chosen) * 1.0
        X = np.column_stack([permuted_labels, design.regression.controls])
        statistics.append(OLS(design.fit.y, X).fit().tvalues[0])
    extreme = np.abs(statistics) >= abs(statistics[0]) - 1e-9
    assert test.p_value == pytest.approx(extreme.mean())
    assert test.p_type == "exact permutation of labels, 84 patterns"


def test_few_treated_units_reach_what_a_t_test_with_equal_variances_sees():
    design = make_design(make_contrast(3))
    c = design.regression.combination
    free = infer("randomisation", design, c, 0.9)
    fit = OLS(design.fit.y, design.fit.X).fit()
    reach = student.ppf(0.95, N - 4) + norm.ppf(0.7)
    assert free.mde == pytest.approx(reach * fit.t_test(c).sd.item())
    assert np.isnan(infer("randomisation_stratified", design, c, 0.9).mde)
    many = make_design(make_contrast(4))
    assert np.isnan(infer("randomisation", many, c, 0.9).mde)
