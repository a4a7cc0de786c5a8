"""How often nominal 5 % tests of a treated-group contrast reject a true null: the table
of section 4.2, by simulation.

The default number of samples is a fast subset. ``EVENFIELD_SIZE_SAMPLES=4000
.venv/bin/python -m pytest tests/recovery/test_inference_size.py`` runs the full table
in three minutes. Intervals: three standard errors of the difference between our share
and the reference's, which is taken to come from 1,000 samples (it does not say).
"""

import os
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from china_design import CLUSTERS, DATA, ZONES, read_design, weights_of
from evenfield.numerics.inference import randomisation as ri
from evenfield.numerics.inference.cluster_robust import cr2_inference
from evenfield.numerics.inference.randomisation import path_panel
from evenfield.numerics.inference.wild_bootstrap import wild_bootstrap, wild_draws
from evenfield.numerics.label_permutation import (
    LabelDesign,
    connected_label_draws,
    expected_regressors,
    stratified_label_draws,
)
from evenfield.numerics.ols import contrast_inference, cov_cr3, cov_hc1, fit_ols
from evenfield.numerics.power import exponential_covariance, sar_covariance
from evenfield.numerics.random import generator_for
from evenfield.study.spatial_weights import row_standardised
from tolerances import close

pytestmark = pytest.mark.gate
SAMPLES = int(os.environ.get("EVENFIELD_SIZE_SAMPLES", "300"))
DRAWS = 399
LEVEL = 0.05
REFERENCE_SAMPLES = 1000
GROUPS = {"cluster": CLUSTERS, "sez": ZONES, "pair": ["CN-JS", "CN-ZJ"]}
# Section 4.2: group, errors, then CR1, CR2 + BM, CR3, WCR-11, WCR-33, permutation,
# connected permutation.
NAMES = ("cr1", "cr2", "cr3", "wcr11", "wcr33", "free", "connected")
TABLE = {
    ("cluster", "iid"): (0.105, 0.046, 0.079, 0.059, 0.059, 0.047, 0.06),
    ("cluster", "sar"): (0.282, 0.185, 0.233, 0.194, 0.194, 0.200, 0.125),
    ("cluster", "exp"): (0.330, 0.217, 0.275, 0.223, 0.225, 0.209, 0.120),
    ("sez", "sar"): (0.172, 0.098, 0.137, 0.104, 0.105, 0.127, None),
    ("sez", "exp"): (0.141, 0.064, 0.098, 0.074, 0.072, 0.091, None),
    ("pair", "iid"): (0.277, 0.002, 0.159, 0.000, 0.000, 0.053, None),
    ("pair", "sar"): (0.435, 0.006, 0.269, 0.000, 0.000, 0.101, None),
}


def p_values(y, D, units, draws, free, connected):
    fit = fit_ols(y, np.column_stack([np.ones(len(y)), D]))
    c = np.array([0.0, 1.0])
    panel = path_panel(y, D, units, np.zeros(len(y)))
    yield contrast_inference(fit, cov_hc1(fit), c, len(y) - 1).p_value
    yield cr2_inference(fit, c, units).p_value
    yield contrast_inference(fit, cov_cr3(fit, units), c, len(y) - 1).p_value
    for kind in ("11", "33"):
        yield wild_bootstrap(fit, c, units, draws, kind).p_value()
    for drawn in (free, connected):
        yield ri.path_randomisation(panel, drawn, "time").p_value() if drawn else np.nan


@cache
def rejections(group, errors, coast_sd=1.0):
    units, A, distance, *_ = read_design()
    D = np.isin(units, GROUPS[group]).astype(float)
    units = np.array(units)
    covariance = {
        "iid": lambda: np.eye(31),
        "sar": lambda: sar_covariance(row_standardised(A), 0.6),
        "exp": lambda: exponential_covariance(distance, 800.0),
    }[errors]()
    coast = (
        pd.read_csv(DATA / "units.csv")
        .set_index("unit")
        .loc[units, "coastal"]
        .to_numpy(bool)
    )
    root = np.linalg.cholesky(covariance) * np.where(coast, coast_sd, 1.0)[:, None]
    rng = generator_for(2011, f"size:{group}:{errors}")
    draws = wild_draws(units, "rademacher", DRAWS, rng)
    panel = path_panel(np.zeros(31), D, units, np.zeros(31))
    free = ri.free_assignments(panel, 999, rng)
    connected = None
    if TABLE[group, errors][-1]:
        stream = generator_for(2011, f"size:connected:{group}")
        moved = connected_label_draws(D == 1, A, 999, stream)
        connected = ri.Assignments(panel.units, moved.source, 2281, False, "connected")
    outcomes = (root @ rng.normal(size=31) for _ in range(SAMPLES))
    p = np.array(
        [list(p_values(y, D, units, draws, free, connected)) for y in outcomes]
    )
    return dict(zip(NAMES, (p <= LEVEL + 1e-12).mean(axis=0), strict=True))


def interval(expected):
    return 3 * np.sqrt(
        max(expected, 0.005) * (1 - expected) * (1 / SAMPLES + 1 / REFERENCE_SAMPLES)
    )


@pytest.mark.parametrize(("group", "errors"), TABLE)
def test_rejection_rates_of_section_4_2(group, errors):
    result = rejections(group, errors)
    for name, expected in zip(NAMES, TABLE[group, errors], strict=True):
        if expected is not None:
            assert result[name] == pytest.approx(expected, abs=interval(expected)), name


def test_doubled_errors_on_the_coast_move_the_permutation_but_not_cr2_and_the_wild_bootstrap():
    result = rejections("cluster", "iid", 2.0)
    close(result["free"], 0.135, atol=interval(0.135))
    close(result["connected"], 0.18, atol=interval(0.18))
    for name in ("cr2", "wcr11", "wcr33"):
        close(result[name], 0.06, atol=interval(0.06))


UNITS, A, DISTANCE, C, S = read_design()
W = weights_of(A, DISTANCE)["contiguity"]
LABELS = np.column_stack([C, S])
SAMPLED = 400
G = (2.0, 0.5)


def difference(y, matrix):
    beta = fit_ols(y, np.column_stack([LABELS, matrix @ LABELS, np.ones(31)])).beta
    return float(beta[2] - beta[3])


def test_recentring_frees_the_exposure_from_a_coastal_trend():
    """Growth rises with the coastal share of the neighbourhood, lists are random within
    the coast (Borusyak-Hull).
    """
    strata = (
        pd.read_csv(DATA / "units.csv")
        .set_index("unit")
        .loc[UNITS, "coastal"]
        .to_numpy(str)
    )
    near = W @ (strata == "1").astype(float)
    draws = stratified_label_draws(strata, 2000, default_rng(22))
    standard_deviation = LabelDesign(W)
    expected = expected_regressors(LABELS, draws, standard_deviation)
    plain = []
    recentred = []
    rng = default_rng(23)
    for source in draws.source[:SAMPLED]:
        seen = standard_deviation.regressors(LABELS[source])
        y = 3 * near + 0.5 * rng.normal(size=31)
        plain.append(fit_ols(y, np.column_stack([seen, np.ones(31)])).beta[2])
        recentred.append(
            fit_ols(y, np.column_stack([seen - expected, np.ones(31)])).beta[2]
        )
    margin = 4 * np.std(recentred) / np.sqrt(SAMPLED)
    assert abs(np.mean(recentred)) < margin
    assert np.mean(plain) > 2 * margin
