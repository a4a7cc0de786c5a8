"""SCPC against the exact sizes of section 6 of the design, an unconditional oracle, and
an independent quadrature.
"""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.spatial.distance import cdist
from scipy.special import gamma
from scipy.stats import ncx2, norm
from scipy.stats import t as student

from china_design import read_design, weights_of
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.power import (
    contrast_weights,
    exponential_covariance,
    sar_covariance,
)
from evenfield.numerics.quadratic import (
    ratio_probability,
    shifted_probability,
    square_root_factors,
)
from evenfield.numerics.scpc import (
    _products,
    _score_weights,
    scpc_critical_value,
    scpc_inference,
    scpc_power_point,
    scpc_quantile,
    scpc_rejection,
    scpc_rejects_conditionally,
    scpc_statistics,
    spatial_components,
)
from evenfield.numerics.scpc_evidence import scpc_equivalence, simulated_reach
from numerics.refusals import refused
from tolerances import CLOSED_FORM, ITERATIVE, MACHINE, close
from yaml_text import from_yaml

UNITS, A, DISTANCE, C, S = read_design()
W = weights_of(A, DISTANCE)["contiguity"]
ONE = np.ones(31)
X_OWN = np.column_stack([ONE, C])
SLOPE = np.array([0.0, 1.0])
X_EXPOSURE = np.column_stack([ONE, C, S, W @ C, W @ S])
DIFFERENCE = np.array([0, 0, 0, 1.0, -1.0])
ERRORS = {
    "iid": np.eye(31),
    "sar": sar_covariance(W, 0.6),
    "exponential": exponential_covariance(DISTANCE, 800.0),
}


def scpc_size(X, c, space, covariance, critical_value):
    """Return the exact probability of rejecting a true null under a given covariance of
    normal errors.
    """
    x = len(X) * contrast_weights(X, c)
    sides = np.column_stack([x, _score_weights(fit_ols(x, X), x, space)])
    return ratio_probability(
        square_root_factors((sides.T @ covariance @ sides)[None]), critical_value
    )[0]


@pytest.fixture(scope="module")
def weak():
    return spatial_components(DISTANCE, 0.03)


@pytest.fixture(scope="module")
def strong():
    return spatial_components(DISTANCE, 0.06)


def imhof(form, covariance):
    """P(e'A e > 0) of normal errors by Imhof's (1961) oscillating integral, which the
    code does not use.
    """
    half = np.linalg.cholesky(covariance)
    roots = np.linalg.eigvalsh(half.T @ form @ half)
    roots = roots[np.abs(roots) > 1e-12 * np.abs(roots).max()]

    def integrand(u):
        angle = 0.5 * np.arctan(roots * u).sum()
        return np.sin(angle) / (u * np.prod((1 + (roots * u) ** 2) ** 0.25))

    scale = 1 / np.abs(roots).max()
    area = quad(lambda v: integrand(scale * v), 0, np.inf, limit=2000, epsabs=1e-11)
    return 0.5 + area[0] * scale / np.pi


def slow_critical_value(factors, high=900):
    """The value that the worst of the covariances exceeds in 5 percent of draws."""
    return brentq(
        lambda cv: ratio_probability(factors, cv).max() - 0.05, 1, high, xtol=1e-13
    )


def residual_maker(X):
    return np.eye(len(X)) - X @ np.linalg.pinv(X)


@pytest.mark.parametrize(
    ("errors", "conditional", "unconditional", "at_006"),
    from_yaml("""
    - [iid, 0.032, 0.103, 0.031]
    - [sar, 0.074, 0.198, 0.048]
    - [exponential, 0.064, 0.19, 0.034]
    """),
)
def test_exact_sizes_at_003_and_006(
    weak, strong, errors, conditional, unconditional, at_006
):
    cv = scpc_critical_value(X_OWN, SLOPE, weak)
    close(scpc_size(X_OWN, SLOPE, weak, ERRORS[errors], cv), conditional, atol=0.0005)
    # The unconditional test of 2022 shows here why it is not the primary one.
    without = scpc_size(X_OWN, SLOPE, weak, ERRORS[errors], weak.critical_value)
    close(without, unconditional, atol=0.0005)
    cv = scpc_critical_value(X_OWN, SLOPE, strong)
    close(scpc_size(X_OWN, SLOPE, strong, ERRORS[errors], cv), at_006, atol=0.0005)


def test_components_and_critical_values(weak, strong):
    assert (weak.q, strong.q) == (8, 6)
    close(scpc_critical_value(X_OWN, SLOPE, weak), 3.81, atol=0.005)
    close(scpc_critical_value(X_OWN, SLOPE, strong), 4.64, atol=0.005)
    between = ~np.eye(31, dtype=bool)
    covariances = np.exp(-weak.decays[:, None, None] * weak.distance)
    averages = [covariance[between].mean() for covariance in covariances]
    close(averages[0], 0.03)
    assert averages[-1] <= 1e-5 < averages[-2]
    close(weak.decays[1:] / weak.decays[:-1], np.full(13, 1.2))


def test_the_test_of_a_mean_has_its_size_under_the_worst_covariance(weak):
    X = np.ones((31, 1))
    cv = weak.critical_value
    close(scpc_critical_value(X, np.ones(1), weak), cv, MACHINE)
    covariances = np.exp(-weak.decays[:, None, None] * weak.distance)
    sizes = [scpc_size(X, np.ones(1), weak, V, cv) for V in covariances]
    close(max(sizes), 0.05)
    factors = weak.factors(np.full(31, 31**-0.5), weak.vectors)
    close(cv, slow_critical_value(factors))


def test_without_correlation_the_ratio_is_student_t():
    factors = square_root_factors(np.eye(6)[None])
    close(ratio_probability(factors, student.ppf(0.975, 5))[0], 0.05)


def test_products_leave_out_nothing_but_what_a_strong_decay_makes_zero():
    rng = default_rng(2)
    position = rng.random((700, 2))
    sides = rng.normal(size=(700, 3))
    decays = np.array([2.0, 60.0, 400.0])
    distance = cdist(position, position)
    dense = [sides.T @ np.exp(-decay * distance) @ sides for decay in decays]
    close(_products(sides, distance, decays), dense, atol=1e-9)


def test_size_equals_imhof(weak):
    x = 31 * np.linalg.pinv(X_OWN)[1]
    V = residual_maker(X_OWN) @ (x[:, None] * weak.vectors)
    form = np.outer(x, x) / 31**2 - 3.5**2 * V @ V.T / 31 / weak.q
    size = scpc_size(X_OWN, SLOPE, weak, ERRORS["sar"], 3.5)
    close(size, imhof(form, ERRORS["sar"]), ITERATIVE)


def test_inference_by_hand_and_at_the_end_of_its_interval(weak):
    y = default_rng(4).normal(size=31) + C
    fit = fit_ols(y, X_OWN)
    result = scpc_inference(fit, SLOPE, weak)
    x = 31 * X_OWN @ fit.bread @ SLOPE
    se = np.sqrt(np.mean(((x * fit.u_hat) @ weak.vectors) ** 2) / 31)
    close((result.estimate, result.std_error), (fit.beta[1], se), MACHINE)
    close(result.critical_value, scpc_critical_value(X_OWN, SLOPE, weak), MACHINE)
    half = result.critical_value * se
    ends = (result.estimate - half, result.estimate + half)
    close((result.conf_low, result.conf_high), ends, MACHINE)
    close(result.statistic, result.estimate / se)
    assert result.q == weak.q == 8
    at_the_end = scpc_inference(fit_ols(y - result.conf_low * C, X_OWN), SLOPE, weak)
    close(at_the_end.p_value, 0.05, ITERATIVE)
    close(at_the_end.conf_low, 0.0, atol=CLOSED_FORM)


@pytest.mark.parametrize("mu", [0.3, 2.0, 4.0])
@pytest.mark.parametrize("eta", [0.05, 1.0, 9.0])
def test_shifted_probability_equals_a_double_integral(mu, eta):
    def density(w):
        return 2 * norm.pdf(w) * ncx2.sf(eta * w * w, 1, mu * mu)

    direct = quad(density, 0, 12, epsabs=1e-13)[0]
    close(shifted_probability(mu, np.array([eta])), direct, atol=CLOSED_FORM)


SHORT = fit_ols(C[:30], X_OWN[:30])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda _: spatial_components(np.zeros((5, 5))), "same place"),
        (lambda _: spatial_components(DISTANCE[:3, :3]), "at least four places"),
        (lambda _: spatial_components(DISTANCE, 1.5), "between 0 and 1, not 1.5"),
        (
            lambda space: scpc_critical_value(X_OWN[:30], SLOPE, space),
            "30 observations",
        ),
        (lambda space: scpc_inference(SHORT, SLOPE, space), "components of 31 units"),
        (
            lambda space: scpc_critical_value(X_OWN[:, [0, 0]], SLOPE, space),
            "collinear",
        ),
    ],
)
def test_bad_input_is_one_line(weak, call, message):
    refused(message, call, weak)


def cluster_of_places():
    """Return distances of twenty groups of five places each."""
    number = np.arange(100)
    centre = np.column_stack(
        [np.sin(12.9 * (number // 5)), np.cos(78.2 * (number // 5))]
    )
    within = np.column_stack([np.sin(3.1 * number), np.cos(5.3 * number)])
    position = centre + 0.01 * within
    return cdist(position, position)


def six_places():
    """Return distances of six places."""
    position = np.column_stack([np.arange(6.0), [0, 2, 1, 5, 3, 4]])
    return cdist(position, position)


@pytest.mark.parametrize(
    ("distance", "correlation", "number", "critical_value"),
    [(six_places(), 0.03, 5, 2.802027), (cluster_of_places(), 0.01, 22, 2.074850)],
)
def test_number_of_components_is_that_of_scpc_python(
    distance, correlation, number, critical_value
):
    """scpc-python 0.1.2 searches up to N - 1, and further when its bound is reached."""
    space = spatial_components(distance, correlation)
    assert space.q == number
    close(space.critical_value, critical_value, atol=0.001)


X_BOTH = np.column_stack([ONE, C, S])
C_LESS_S = np.array([0.0, 1.0, -1.0])


def test_a_unit_of_weight_zero_takes_no_sign_from_rounding(weak):
    """Clusters less zones: two units a side, and exactly no weight on the other 27.

    scpc-python 0.1.2 gives them the sign of what rounding leaves of zero: 4.01, 4.15,
    4.36 or 4.37, by the order of the rows (docs/decisions/0016-sign-of-no-weight.md).
    """
    rng = default_rng(3)
    for _ in range(12):
        order = rng.permutation(31)
        space = spatial_components(DISTANCE[np.ix_(order, order)], 0.03)
        value = scpc_critical_value(X_BOTH[order], C_LESS_S, space)
        close(value, 4.305886, atol=1e-6)


def test_critical_value_with_units_of_no_weight_equals_exact_signs_and_imhof(weak):
    weights = 31 * (C - S) / 4  # exact: the least squares of two against two
    signed = np.sign(C - S)[:, None] * weak.vectors
    denominators = weights[:, None] * (residual_maker(X_BOTH) @ signed)
    value = scpc_critical_value(X_BOTH, C_LESS_S, weak)
    numerator = np.abs(weights) / np.sqrt(31)
    form = np.outer(numerator, numerator)
    form -= value**2 * denominators @ denominators.T / weak.q
    sizes = [imhof(form, np.exp(-decay * weak.distance)) for decay in weak.decays]
    close(max(sizes), 0.05, ITERATIVE)


SPACE = spatial_components(DISTANCE, 0.03)
DRAWN = default_rng(8).standard_normal((3000, 31))


EXPOSURES = X_EXPOSURE, DIFFERENCE, SPACE


def equivalence(y, bound):
    return scpc_equivalence(fit_ols(y, X_EXPOSURE), DIFFERENCE, SPACE, bound)


def test_statistics_of_many_outcomes_are_those_of_each():
    b, se = scpc_statistics(*EXPOSURES, DRAWN[:5])
    for i, y in enumerate(DRAWN[:5]):
        result = scpc_inference(fit_ols(y, X_EXPOSURE), DIFFERENCE, SPACE)
        close((b[i], se[i]), (result.estimate, result.std_error))


def test_the_quantile_of_five_percent_is_the_critical_value():
    cv = scpc_quantile(*EXPOSURES, 0.05)
    close(cv, scpc_critical_value(*EXPOSURES))
    close(scpc_rejection(*EXPOSURES, cv), 0.05, atol=1e-8)


def test_equivalent_exactly_when_the_interval_is_inside():
    plain = equivalence(DRAWN[0], 1.0)
    reach = max(abs(plain.conf_low), abs(plain.conf_high))
    assert equivalence(DRAWN[0], reach * 1.001).equivalent
    assert not equivalence(DRAWN[0], reach * 0.999).equivalent
    close(equivalence(DRAWN[0], reach).p_value, 0.05, atol=1e-6)
    assert plain.p_value == max(plain.p_above_low, plain.p_below_high)
    shifted = equivalence(DRAWN[0] + 100 * X_EXPOSURE[:, 3], 1.0)
    assert shifted.outside
    assert shifted.p_value > 0.99
    refused("no equivalence test with bound 0", equivalence, DRAWN[0], 0.0)
    refused("standard error 0", equivalence, np.zeros(31), 1.0)


def test_simulated_reach_is_the_power_point_and_the_bound_that_most_pass():
    reach = simulated_reach(*EXPOSURES, DRAWN, 0.8)
    close(reach.detectable, scpc_power_point(*EXPOSURES), rtol=0.04)
    bound = simulated_reach(*EXPOSURES, DRAWN[:60], 0.8).equivalence
    passed = [equivalence(y, bound * 1.0001).equivalent for y in DRAWN[:60]]
    close(np.mean(passed), 0.8, atol=0.018)


def test_the_critical_value_is_never_below_that_of_the_test_of_a_mean():
    # Mueller and Watson (2023): a regressor that has nothing to do with the map needs
    # less than the unconditional test of a mean; the larger of the two holds.
    space = spatial_components(DISTANCE, 0.3)
    X = np.column_stack([ONE, default_rng(17).normal(size=31)])
    x = 31 * contrast_weights(X, SLOPE)
    signed = residual_maker(X) @ (np.sign(x)[:, None] * space.vectors)
    factors = space.factors(np.abs(x) / np.sqrt(31), x[:, None] * signed)
    assert slow_critical_value(factors, 20) < space.critical_value - 0.5
    result = scpc_inference(fit_ols(DRAWN[0], X), SLOPE, space)
    assert result.critical_value == space.critical_value
    p_values = ratio_probability(space.unconditional, abs(result.statistic))
    assert result.p_value == p_values.max()
    close(scpc_quantile(X, SLOPE, space, 0.05), space.critical_value)


def test_components_may_be_as_many_as_units_less_one():
    # Without correlation the test of a mean is Student's, and all N - 1 components are
    # the shortest interval: t(N - 1) of the sample mean.
    distance = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    result = spatial_components(distance, 2e-5, most=20)
    assert result.q == 5
    close(result.critical_value, 2.5706, rtol=1e-3)
    assert spatial_components(distance, 2e-5).q == 5
    assert spatial_components(distance, 2e-5, most=4).q == 4


@pytest.mark.parametrize("most", [None, 5])
def test_components_of_many_units_are_those_of_few(monkeypatch, most):
    few = spatial_components(DISTANCE, 0.03, most=most)
    monkeypatch.setattr("evenfield.numerics.scpc.LARGEST_FOR_EIGENVALUES", 30)
    monkeypatch.setattr("evenfield.numerics.scpc.BLOCK_CELLS", 100)
    many = spatial_components(DISTANCE, 0.03, most=most)
    close(np.abs((many.vectors * few.vectors).sum(axis=0)), 1)
    close(many.critical_value, few.critical_value)
    assert many.q == few.q == spatial_components(7 * DISTANCE, 0.03, most=many.q).q


def test_the_expected_length_decides_the_number_of_components(weak):
    # Mueller and Watson (2022): cv_q sqrt(2/q) Gamma((q+1)/2) / Gamma(q/2).
    factors = weak.factors(np.full(31, 31**-0.5), weak.vectors)
    lengths = []
    for q in range(1, 9):
        some = factors[:, :, : q + 1]
        part = square_root_factors(some.transpose(0, 2, 1) @ some)
        cv = slow_critical_value(part)
        lengths.append(cv * np.sqrt(2 / q) * gamma((q + 1) / 2) / gamma(q / 2))
    assert int(np.argmin(lengths)) + 1 == 8


def test_many_conditional_tests_at_once_are_those_of_each_design():
    rng = default_rng(0)
    places = rng.uniform(size=(30, 2))
    apart = cdist(places, places)
    space = spatial_components(apart)
    strongest = space._replace(
        decays=space.decays[:1],
        unconditional=space.unconditional[:1],
        covariances=space.covariances[:1],
        tests={},
    )
    c = np.array([1.0, 0.0])
    # Indicators of a place and what lies near it.
    designs = [
        np.column_stack([apart[i] < reach, np.ones(30)]).astype(float)
        for i in range(30)
        for reach in (0.15, 0.25, 0.4)
    ]
    Q = np.array([np.linalg.qr(X)[0] for X in designs])
    x = np.array([30 * np.linalg.pinv(X)[0] for X in designs])
    threshold = 1.05 * space.critical_value  # the test of a mean rejects
    thresholds = np.full(len(designs), threshold)
    largest = np.array([scpc_rejection(X, c, space, threshold) for X in designs])
    first = np.array([scpc_rejection(X, c, strongest, threshold) for X in designs])
    undecided = 0
    for size in (0.05, 0.2, 0.3, 0.4):
        found = scpc_rejects_conditionally(Q, x, thresholds, space, size)
        assert (found == (largest <= size)).all()
        # Designs that a weaker correlation than the strongest one decides.
        undecided += ((first <= size) & (largest > size)).sum()
    assert undecided > 0
    # Many units have no covariances at hand.
    bare = space._replace(covariances=None)
    assert (scpc_rejects_conditionally(Q, x, thresholds, bare, 0.4) == found).all()
