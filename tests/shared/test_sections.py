"""Which methods a contrast prints, the one that decides first, and permutations of labels."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.numerics.inference.methods import METHODS, Locations, infer
from evenfield.numerics.label_permutation import free_label_draws, label_permutation
from evenfield.numerics.ols import fit_ols
from evenfield.shared.contrasts.sections import (
    PRINTED,
    SAMPLED,
    ContrastDesign,
    Geography,
    Section,
    method_results,
    printed_methods,
)

N = 16
STRATA = np.array(["coast"] * 9 + ["inland"] * 7)
DRAWS = free_label_draws(N, 499, np.random.default_rng(2))


def make_section(treated=6):
    rng = np.random.default_rng(6)
    i = np.arange(N)
    labels = np.column_stack([i < treated, (i > 3) & (i < 9)]) * 1.0
    return Section(
        units=np.array([f"u{k:02d}" for k in i]),
        y=0.5 * labels[:, 0] + (1 + labels[:, 1]) * rng.normal(size=N),
        labels=labels,
        controls=np.column_stack([np.ones(N), rng.normal(size=N)]),
        c=np.array([1.0, -1.0]),
        treated=treated,
    )


def only_free(scheme):
    if scheme != "free":
        raise NumericsError("no such permutation")
    return DRAWS


def make_design(section, lat=None):
    rng = np.random.default_rng(1)
    lat = rng.uniform(30, 40, N) if lat is None else lat
    locations = Locations(section.units, lat, rng.uniform(100, 110, N))
    return ContrastDesign(
        fit=fit_ols(section.y, section.X),
        units=in_order(section.units),
        locations=locations,
        draws=199,
        effective_df=True,
        power=0.7,
        section=section,
        geography=Geography(
            locations, only_free, strata=lambda: STRATA, lists=lambda _: DRAWS
        ),
    )


def printed(section, role="primary", asked=(), lat=None):
    geography = make_design(section, lat).geography
    return printed_methods(section, geography, role, asked)


def test_scpc_decides_and_the_others_stand_beside_it_where_a_row_decides():
    section = make_section()
    assert printed(section) == PRINTED and PRINTED[0] == "SCPC"
    assert printed(section, "robustness") == ("SCPC",)
    assert {*PRINTED} <= {*METHODS}


def test_without_coordinates_cr3_decides():
    nowhere = printed(make_section(), lat=np.full(N, np.nan))
    assert nowhere[0] == "CR3" and {*nowhere} == {*PRINTED}


def test_methods_that_are_asked_for_are_printed_in_their_order():
    asked = ("wild33", "HC3")
    assert printed(make_section(), "robustness", asked) == asked


@pytest.mark.parametrize(("treated", "few"), [(3, True), (4, False)])
def test_three_treated_units_are_permuted_whatever_is_asked_and_four_are_not(
    treated, few
):
    section = make_section(treated)
    assert (printed(section) == tuple(SAMPLED)) is few
    assert (printed(section, "robustness", ("CR2",)) == ("randomisation",)) is few


def test_permutation_holds_the_p_value_of_its_draws_and_says_what_is_missing():
    section = make_section()
    design = make_design(section)
    expected = label_permutation(
        section.y, section.labels, section.controls, section.c, DRAWS
    )
    test = infer("randomisation", design, section.contrast)
    assert test.p_value == expected.p_value and np.isnan(test.std_error)
    other = infer("randomisation_connected", design, section.contrast)
    assert other.reason == "no such permutation"


def test_every_relabelling_within_strata_is_counted_once_that_of_the_data_included():
    section = make_section()
    alone = replace(section, labels=section.labels[:, :1], c=np.ones(1))
    test = infer("randomisation_exact", make_design(alone), alone.contrast)
    # Six of the nine units of the coast have the label, and none inland.
    statistics = []
    for chosen in combinations(range(9), 6):
        permuted_labels = np.isin(np.arange(N), chosen) * 1.0
        X = np.column_stack([permuted_labels, section.controls])
        statistics.append(OLS(section.y, X).fit().tvalues[0])
    extreme = np.abs(statistics) >= abs(statistics[0]) - 1e-9
    assert test.p_value == pytest.approx(extreme.mean())
    assert test.p_type == "exact permutation of labels, 84 patterns"


def test_few_treated_units_reach_what_a_t_test_with_equal_variances_sees():
    section = make_section(3)
    design = make_design(section)
    free = method_results(design, ("randomisation",), 0.9)["randomisation"]
    fit = OLS(section.y, section.X).fit()
    reach = student.ppf(0.95, N - 4) + norm.ppf(0.7)
    assert free.mde == pytest.approx(reach * fit.t_test(section.contrast).sd.item())
    many = replace(section, treated=6)
    results = method_results(make_design(many), ("randomisation",), 0.9)
    assert np.isnan(results["randomisation"].mde)
