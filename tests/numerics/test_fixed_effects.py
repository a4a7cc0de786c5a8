"""Effects that are taken out of a regression: their rank and leverages are those of all
dummies, however effects nest and cross.
"""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.linalg import orth

from evenfield.numerics import fixed_effects
from evenfield.numerics.fixed_effects import effect_span, without_effects
from numerics.refusals import refused
from tolerances import close
from yaml_text import from_yaml

UNITS = 9
DATES = 6
UNIT = np.repeat(np.arange(UNITS), DATES)
YEAR = np.tile(np.arange(DATES), UNITS)
REGION = UNIT // 3
REGION_YEAR = REGION * DATES + YEAR
DRAWN = default_rng(3).permutation(len(UNIT))[: len(UNIT) - 11]
ROWS = np.sort(DRAWN)  # an unbalanced panel
SETS = {
    "unit": [UNIT],
    "unit and year": [UNIT, YEAR],
    "year and unit": [YEAR, UNIT],
    "unit and region by year": [UNIT, REGION_YEAR],
    "unit and region, which nest": [UNIT, REGION],
    "four that nest and cross": [REGION, YEAR, UNIT, REGION_YEAR],
}


def codes_of(effects, rows):
    return {
        str(i): np.unique(codes[rows], return_inverse=True)[1]
        for i, codes in enumerate(effects)
    }


def dummies_of(effects):
    return np.column_stack([np.eye(codes.max() + 1)[codes] for codes in effects])


@pytest.mark.parametrize("dense_cells", [0, 4])
@pytest.mark.parametrize("rows", [np.arange(len(UNIT)), ROWS], ids=["full", "holes"])
@pytest.mark.parametrize("effects", SETS.values(), ids=SETS)
def test_rank_residuals_and_leverages_are_those_of_all_dummies(
    effects, rows, dense_cells, monkeypatch
):
    monkeypatch.setattr(fixed_effects, "DENSE_CELLS", dense_cells)
    codes = codes_of(effects, rows)
    span = effect_span(codes)
    basis = orth(dummies_of(codes.values()), rcond=1e-10)
    values = default_rng(1).normal(size=(2, len(rows))) + 5
    residuals = values - (values @ basis) @ basis.T
    span.take_out(values)
    assert span.rank == basis.shape[1]
    close(values, residuals, atol=1e-12)
    close(span.leverage(), (basis**2).sum(axis=1), atol=1e-12)


@pytest.mark.parametrize("dummies", ["none", "crossed", "all"])
@pytest.mark.parametrize("effects", SETS.values(), ids=SETS)
def test_regressors_and_what_was_taken_out_span_all_dummies(effects, dummies):
    codes = codes_of(effects, ROWS)
    values = default_rng(2).normal(size=(3, len(ROWS)))
    X = values[1:].T.copy()
    left = without_effects(
        values,
        ["x", "z"],
        codes,
        codes_of([UNIT], ROWS)["0"],
        dummies=dummies,
    )
    whole = orth(np.column_stack([X, dummies_of(codes.values())]), rcond=1e-10)
    own = np.einsum("ij,ij->i", left.X, left.X @ np.linalg.inv(left.X.T @ left.X))
    taken = 0.0 if left.taken is None else left.taken.leverage()
    close(own + taken, (whole**2).sum(axis=1), atol=1e-10)
    assert left.rank == whole.shape[1] - 2


def test_effects_nested_in_the_clusters_are_counted_by_their_rank_less_the_constant():
    codes = codes_of([UNIT, REGION, REGION_YEAR], np.arange(len(UNIT)))
    values = default_rng(2).normal(size=(2, len(UNIT)))
    left = without_effects(values, ["x"], codes, REGION, dummies="none")
    assert (left.nested, left.rank) == (23, 24)
    values = default_rng(2).normal(size=(2, len(UNIT)))
    left = without_effects(values, ["x"], codes, UNIT, dummies="none")
    assert (left.nested, left.rank) == (8, 24)


@pytest.mark.parametrize("dummies", ["none", "crossed", "all"])
def test_regressors_that_effects_absorb_are_named(dummies):
    codes = codes_of([UNIT, REGION_YEAR], np.arange(len(UNIT)))
    free = default_rng(2).normal(size=len(UNIT))
    values = np.array([free, free**2, UNIT**2 + 3.0 * REGION_YEAR, 1e6 + YEAR])
    refused(
        r"^b, c do not vary beside",
        without_effects,
        values,
        ["a", "b", "c"],
        codes,
        UNIT,
        dummies=dummies,
    )


def test_an_outcome_that_effects_absorb_is_refused():
    values = np.array([UNIT**2.0, np.sin(np.arange(len(UNIT)))])
    codes = codes_of([UNIT], np.arange(len(UNIT)))
    refused(
        "outcome does not vary within 0",
        without_effects,
        values,
        ["x"],
        codes,
        UNIT,
        dummies="none",
    )


@pytest.mark.parametrize(
    ("dummies", "limit", "words"),
    from_yaml("""
    - [none, MOST_LEVELS, 18 levels of effects beside the largest]
    - [crossed, MOST_LEVELS, 18 dummies of 54 rows are too many]
    - [crossed, MOST_CELLS, 18 dummies of 54 rows are too many]
    """),
)
def test_effects_too_many_for_the_memory_are_refused(
    dummies, limit, words, monkeypatch
):
    monkeypatch.setattr(fixed_effects, limit, 10)
    cells = np.arange(len(UNIT))
    codes = {"pair": cells // 2, "region^year": REGION_YEAR}
    values = default_rng(2).normal(size=(2, len(UNIT)))
    refused(words, without_effects, values, ["x"], codes, cells // 2, dummies=dummies)


def test_a_column_that_is_constant_but_for_its_last_bit_is_absorbed():
    x = np.full(len(UNIT), 1e6 / 3)
    x[::7] = np.nextafter(x[0], np.inf)
    values = np.vstack([default_rng(1).normal(size=len(UNIT)), x])
    refused(
        r"^x does not vary",
        without_effects,
        values,
        ["x"],
        {"unit": UNIT},
        UNIT,
        dummies="none",
    )
