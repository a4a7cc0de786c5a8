"""Markov and spatial Markov chains of 48 US states, against giddy."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics import markov as mk
from evenfield.numerics.hp_filter import hp_trend
from evenfield.numerics.logt import fit_logt, regression_periods, transition_variance

HERE = Path(__file__).parent
EXPECTED = json.loads((HERE / "expected.json").read_text())


@pytest.fixture(scope="module")
def income():
    data = pd.read_csv(HERE.parent / "us_states" / "data.csv")
    return data.pivot(index="state", columns="year", values="income_per_head_usd").astype(float)


@pytest.fixture(scope="module")
def weights(income):
    pairs = pd.read_csv(HERE / "contiguity.csv")
    matrix = pd.DataFrame(0.0, index=income.index, columns=income.index)
    for a, b in pairs.itertuples(index=False):
        matrix.loc[a, b] = matrix.loc[b, a] = 1.0
    return matrix.div(matrix.sum(axis=1), axis=0).to_numpy()


def test_ergodic_distribution_of_yearly_quintiles(income):
    P = mk.transition_matrix(mk.transition_counts(mk.yearly_classes(income.to_numpy(), 5), 5).sum(axis=0))
    assert mk.ergodic_distribution(P) == pytest.approx(EXPECTED["ergodic_yearly_quintiles"], abs=5e-5)


def test_spatial_chain(income, weights):
    want, relative = EXPECTED["spatial"], (income / income.mean()).to_numpy()
    classes, rng = mk.classes_of(relative, mk.quantile_cutoffs(relative, 5)), np.random.default_rng(1)
    test = mk.spatial_markov_test(relative, classes, weights, k=want["k"], m=want["m"], rng=rng, draws=999)
    assert test.q == pytest.approx(want["q"], abs=5e-3) and test.lr == pytest.approx(want["lr"], abs=5e-3)
    assert test.df == want["df"] and test.q_p < 0.02


def test_log_t_of_the_states_depends_on_the_currency_unless_in_levels(income):
    y = np.log(income.loc[:, 1949:2009].to_numpy())
    for smoothing, dollars, cents in EXPECTED["log_t"]["t"]:
        trend = hp_trend(y, smoothing)
        periods = regression_periods(trend.shape[1], EXPECTED["log_t"]["discard"])
        found = [fit_logt(transition_variance(trend + shift), periods).t[0] for shift in (0.0, np.log(100))]
        assert found == pytest.approx([dollars, cents], abs=6e-3)
