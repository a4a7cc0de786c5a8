"""A group contrast as a call of `ols`: each method and each combination of coefficients
gives the row that the study's own code makes.
"""

import re
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

import evenfield as ef
from evenfield.shared.calls import NUMBERS, NoCallError
from evenfield.shared.contrasts.calls import as_coefficient, contrast_call
from evenfield.shared.contrasts.contrasts import contrast_rows
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.estimates import NAN, Estimate
from evenfield.study.study_config import InferenceSettings
from tolerances import close

N = 24
NAMES = [f"u{i:02d}" for i in range(N)]
INFERENCE = InferenceSettings(permutations=499, seed=7)
WEIGHTS = [
    {"cluster": 1.0},
    {"cluster": 1.0, "sez": -1.0},
    {"sez": 1.0, "cluster": -1.0},
    {"cluster": 0.4, "sez": -2.5},
    {"cluster": -0.5},
]


def made(weights):
    rng = np.random.default_rng(4)
    table = pd.DataFrame(
        {
            "cluster": (np.arange(N) % 3 == 0) * 1.0,
            "sez": (np.arange(N) % 4 == 1) * 1.0,
            "x": rng.normal(size=N),
            "y": rng.normal(size=N),
        },
        index=pd.Index(NAMES, name="unit"),
    )
    first, *others = weights
    row = Estimate(
        estimator="ols",
        spec_id="toy",
        outcome="y",
        term=first,
        contrast=" - ".join(weights) if others else "",
        role="primary",
        estimate=NAN,
    )
    contrast = GroupContrast(
        row=row,
        table=table.sample(frac=1, random_state=1),
        outcome="y",
        labels=("cluster", "sez"),
        controls=("x",),
        weights=weights,
    )
    units = pd.DataFrame(
        {
            "unit": NAMES,
            "lat": 30 + np.arange(N) // 5,
            "lon": 100 + np.arange(N) % 5 * 1.1,
            "coastal": np.arange(N) % 2,
        }
    )
    links = pd.DataFrame({"unit_i": NAMES[:-1], "unit_j": NAMES[1:]})
    return contrast, Geographies(units, links, INFERENCE)


@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
def test_every_method_of_a_contrast_is_ols_of_the_library(weights):
    contrast, geographies = made(weights)
    rows = contrast_rows(contrast, geographies)
    fitted = 0
    for row in map(asdict, rows):
        try:
            call = contrast_call(row, [contrast], geographies)
        except NoCallError as error:
            assert re.search("permutation|leave", row["estimator"]), error
            continue
        fit = ef.ols(data=call.data, **call.arguments)
        numbers = call.numbers(fit, 0.95)
        for name in NUMBERS:
            if np.isfinite(row[name]):
                close(numbers[name], row[name], rtol=1e-8)
        fitted += 1
    assert fitted == 9


def test_a_combination_is_a_coefficient_of_the_same_fit():
    rng = np.random.default_rng(2)
    columns = {name: rng.normal(size=30) for name in "abc"}
    y = rng.normal(size=30)
    X = np.column_stack([np.ones(30), *columns.values()])
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    changed, name, _ = as_coefficient(columns, {"b": 2.0, "c": -0.5})
    Z = np.column_stack([np.ones(30), *changed.values()])
    other = np.linalg.lstsq(Z, y, rcond=None)[0]
    close(other[1 + list(changed).index(name)], 2.0 * beta[2] - 0.5 * beta[3])
    close(Z @ other, X @ beta)


def test_a_row_of_no_contrast_is_refused():
    contrast, geographies = made({"cluster": 1.0})
    row = asdict(contrast_rows(contrast, geographies)[0])
    with pytest.raises(NoCallError, match="no single regression"):
        contrast_call({**row, "period": "P9"}, [contrast], geographies)
