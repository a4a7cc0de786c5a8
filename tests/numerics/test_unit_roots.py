"""CIPS against statsmodels' regressions and Pesaran's tables; spatial unit roots
against spur-python.
"""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from evenfield.numerics import spatial_unit_root as su
from evenfield.numerics import unit_roots as ur
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import haversine_km
from evenfield.numerics.unit_roots import cadf_ratios, cips_null, cips_test
from numerics.refusals import refused
from tolerances import CLOSED_FORM, MACHINE

# Pesaran 2007, tables II(b) and II(c): N, T, terms, 1, 5 and 10 percent points.
TABLE = [
    (30, 30, "constant", (-2.30, -2.15, -2.07)),
    (30, 30, "trend", (-2.81, -2.66, -2.58)),
    (10, 50, "trend", (-3.06, -2.84, -2.73)),
    (30, 50, "constant", (-2.30, -2.16, -2.08)),
]
# spur-python 0.1.0b1 (MIT), 200,000, 50,000 and 5,000 draws: LFUR statistic and p, LFST
# p, low half-life / largest distance. Its alternatives are calibrated by simulation to
# a power of .49-.51, ours to .5 by quadrature.
SPUR = {"smooth": (1.837, 0.9896, 0.0, 0.4349), "rough": (5.927, 0.2314, 0.1322, 0.0615),
        "trend": (1.214, 1.0, 0.0, 0.5156)}  # fmt: skip


def walks(n=12, dates=40, seed=1):
    return np.cumsum(np.random.default_rng(seed).standard_normal((n, dates)), axis=1)


@pytest.mark.parametrize(("lags", "terms"), [(0, "constant"), (2, "trend")])
def test_ratios_equal_statsmodels(lags, terms):
    y = walks()
    mean = y.mean(axis=0)
    found = cadf_ratios(y, lags, terms)
    d = np.diff(y, axis=1)
    dm = np.diff(mean)
    rows = np.arange(lags, 39)
    for i in range(3):
        parts = [y[i, rows], np.ones(len(rows)), mean[rows], *(dm[rows - j] for j in range(lags + 1)),
                 *(d[i, rows - j] for j in range(1, lags + 1))]  # fmt: skip
        parts += [rows.astype(float)] if terms == "trend" else []
        fit = sm.OLS(d[i, rows], np.column_stack(parts)).fit()
        assert found[i] == pytest.approx(fit.tvalues[0], rel=CLOSED_FORM)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "dates", "terms", "points"), TABLE)
def test_simulated_null_reproduces_the_tables(n, dates, terms, points):
    drawn = cips_null(
        (n, dates), 0, terms, generator_for(1, f"{n}{dates}{terms}"), 3000
    )
    np.testing.assert_allclose(np.quantile(drawn, (0.01, 0.05, 0.1)), points, atol=0.05)


def test_roots_half_lives_order_and_noise(space):
    rng = np.random.default_rng(4)
    factor = rng.standard_normal(60).cumsum()
    loads = 1 + rng.uniform(size=(20, 1))
    root = cips_test(
        loads * factor + walks(20, 60), 1, "constant", generator_for(1, "c"), 399
    )
    still = cips_test(
        loads * factor * 0.1 + rng.standard_normal((20, 60)),
        1,
        "constant",
        generator_for(1, "c"),
        399,
    )
    assert (
        root.p_value > 0.05
        and still.p_value == 1 / 400
        and root.critical_value == still.critical_value
    )
    y = walks()
    order = np.random.default_rng(2).permutation(12)
    one, two = (
        cips_test(v, 1, "trend", generator_for(1, "c"), 99)
        for v in (y, 100 * y[order] + 5)
    )
    assert (
        one.statistic == pytest.approx(two.statistic, rel=CLOSED_FORM)
        and one.p_value == two.p_value
    )
    case = np.tile(walks(1), (5, 1)), 1, "constant", generator_for(1, "c"), 9
    refused("exactly with the cross-section mean", cips_test, *case)
    tests = su.half_life_tests(space, generator_for(1, "h"), 1999)
    for name, values in spatial_maps().items():
        found = su.half_life_set(values, tests)
        assert found.unbounded and np.isnan(found.high)
        assert found.low / space.largest == pytest.approx(SPUR[name][3], rel=0.15)
    z = np.linalg.cholesky(space.brownian) @ np.random.default_rng(6).standard_normal(
        (space.q, 40000)
    )
    forms = [
        (z * np.linalg.solve(m, z)).sum(axis=0)
        for m in (space.brownian, space.near_brownian)
    ]
    share = (forms[0] / forms[1] > 7.0).mean()
    assert su.ratio_tail(
        space.brownian, space.near_brownian, space.brownian, 7.0
    ) == pytest.approx(share, abs=0.01)
    y = spatial_maps()["rough"]
    order = np.random.default_rng(1).permutation(36)
    lat, lon = places()
    other = su.spatial_persistence(haversine_km(lat[order], lon[order]))
    one = su.spatial_unit_root_test(y, space)
    two = su.spatial_unit_root_test(3 * y[order] + 1, other)
    assert one.p_value == pytest.approx(two.p_value, abs=1e-7)
    p = [
        su.spatial_unit_root_test(
            np.random.default_rng(i).standard_normal(36), space
        ).p_value
        for i in range(40)
    ]
    assert np.mean(np.array(p) < 0.05) > 0.5
    weak = [
        su.weak_dependence_test(
            np.random.default_rng(i).standard_normal(36), space
        ).p_value
        for i in range(40)
    ]
    assert np.mean(np.array(weak) < 0.05) < 0.15
    refused("six different", su.spatial_persistence, np.zeros((8, 8)))
    refused("do not fit", su.spatial_unit_root_test, np.arange(5.0), space)
    refused("constant", su.weak_dependence_test, np.ones(36), space)
    refused("draws", su.half_life_tests, space, generator_for(1, "h"), 5)


@pytest.mark.parametrize(
    ("y", "terms", "words"),
    [
        (walks(2), "trend", "2 units"),
        (walks(5, 6), "trend", "too few"),
        (walks(), "none", "constant or trend"),
    ],
)
def test_bad_input(y, terms, words):
    refused(words, cips_test, y, 1, terms, generator_for(1, "c"), 9)


def places():
    g = np.arange(36)
    return (
        30 + (g // 6) * 2.0 + (g * 7 % 5) * 0.1,
        100 + (g % 6) * 2.5 + (g * 3 % 7) * 0.1,
    )


def spatial_maps():
    lat, lon = places()
    g = np.arange(36)
    return {"smooth": np.sin(lat / 3) + np.cos(lon / 4), "rough": ((g * 37) % 17) / 17,
            "trend": lat * 0.3 + lon * 0.1 + ((g * 11) % 7) / 10}  # fmt: skip


@pytest.fixture(scope="module")
def space():
    return su.spatial_persistence(haversine_km(*places()))


@pytest.mark.parametrize("name", SPUR)
def test_spatial_tests_equal_spur(space, name):
    statistic, p_root, p_weak, _ = SPUR[name]
    root, weak = (
        test(spatial_maps()[name], space)
        for test in (su.spatial_unit_root_test, su.weak_dependence_test)
    )
    assert root.statistic == pytest.approx(
        statistic, rel=0.01
    ) and root.p_value == pytest.approx(p_root, abs=0.005)
    assert weak.p_value == pytest.approx(p_weak, abs=0.005)


def factor_panel(n=31, dates=40, load=1.0, seed=0):
    rng = np.random.default_rng(seed)
    loads = load * (0.5 + rng.uniform(size=(n, 1)))
    return loads * rng.standard_normal(dates) + rng.standard_normal((n, dates))


def test_tests_and_exponents_written_out():
    e = factor_panel()
    np.testing.assert_allclose(
        ur.pair_correlations(e), np.corrcoef(e), rtol=1e-9, atol=1e-12
    )
    e = factor_panel(n=6, dates=12)
    rho = np.corrcoef(e)
    expected = np.sqrt(2 * 12 / (6 * 5)) * sum(
        rho[i, j] for i in range(6) for j in range(i)
    )
    assert ur.cd_test(e).statistic == pytest.approx(expected, rel=MACHINE)
    e = factor_panel()
    signs = generator_for(1, "s").integers(0, 2, (1, 31))[0] * 2.0 - 1.0
    found = ur.weighted_cd_test(e, generator_for(1, "s"), draws=1)
    assert found.statistic == pytest.approx(
        ur.cd_test(signs[:, None] * e).statistic, rel=MACHINE
    )
    e = factor_panel(load=0)
    assert ur.enhanced_cd_test(e, generator_for(1, "s")) == ur.weighted_cd_test(
        e, generator_for(1, "s")
    )
    assert (
        ur.enhanced_cd_test(factor_panel(load=1), generator_for(1, "s")).statistic > 30
    )
    none = factor_panel(load=0, dates=60)
    strong = factor_panel(load=3, dates=60)
    assert (
        ur.exponent_of_residuals(none) < 0.6 and ur.exponent_of_residuals(strong) > 0.95
    )
    assert ur.exponent_of_means(strong) == pytest.approx(1, abs=0.05)
    same = (
        np.tile(np.random.default_rng(1).standard_normal(40), (31, 1))
        * np.arange(1, 32)[:, None]
    )
    assert ur.exponent_of_residuals(same) == pytest.approx(1, rel=MACHINE)
    rng = np.random.default_rng(2)
    values = []
    for loaded in (100, 30, 10):
        loads = np.r_[np.full(loaded, 1.5), np.zeros(100 - loaded)]
        common = loads[:, None] * rng.standard_normal(200)
        values.append(
            ur.exponent_of_residuals(common + rng.standard_normal((100, 200)))
        )
    assert values[0] > values[1] > values[2] >= 0.5
    refused("factors", ur.exponent_of_means, factor_panel(dates=6))


@pytest.mark.parametrize(("e", "words"), [(np.ones((2, 20)), "2 units"), (np.ones((5, 3)), "3 dates"),
                                          (np.ones((5, 20)), "not vary")])  # fmt: skip
def test_dependence_of_bad_input(e, words):
    refused(words, ur.cd_test, e)


@pytest.mark.parametrize(
    ("terms", "low", "high"), [("constant", -6.19, 2.61), ("trend", -6.42, 1.70)]
)
def test_ratios_are_truncated_at_the_bounds_of_pesaran(terms, low, high):
    # Pesaran (2007), equations 34 and 35: one unit is noise, one explodes.
    rng = np.random.default_rng(3)
    y = walks(8, 80)
    y[0] = rng.standard_normal(80)
    y[1] = 1.1 ** np.arange(80) + 0.01 * rng.standard_normal(80).cumsum()
    plain = cadf_ratios(y, 0, terms)
    assert plain[0] < -6.5 and plain[1] > 3
    found = cips_test(y, 0, terms, generator_for(1, "a"), 39)
    assert (found.t_ratios[0], found.t_ratios[1]) == (low, high)
    assert found.statistic == pytest.approx(found.t_ratios.mean())


def test_cips_counts_the_data_as_one_draw_and_takes_the_lower_tail():
    y = walks(5, 25)
    found = cips_test(y, 1, "trend", generator_for(1, "a"), 99)
    null = cips_null((5, 25), 1, "trend", generator_for(1, "a"), 99)
    below = sum(value <= found.statistic for value in null)
    assert found.p_value == (1 + below) / 100
    assert found.critical_value == np.quantile(null, 0.05)


def test_ratios_have_the_degrees_of_freedom_that_are_left_and_need_one():
    # 10 dates, 1 lag, constant: 8 rows, 6 coefficients; with 9 dates 7 rows, with a
    # trend none is left.
    y = walks(4, 10)
    mean = y.mean(axis=0)
    d = np.diff(y, axis=1)
    dm = np.diff(mean)
    rows = np.arange(1, 9)
    X = np.column_stack(
        [y[0, rows], np.ones(8), mean[rows], dm[rows], dm[rows - 1], d[0, rows - 1]]
    )
    fit = sm.OLS(d[0, rows], X).fit()
    assert cadf_ratios(y, 1, "constant")[0] == pytest.approx(fit.tvalues[0])
    assert fit.df_resid == 2
    assert np.isfinite(cadf_ratios(walks(4, 9), 1, "constant")).all()
    refused("8 dates are too few", cadf_ratios, walks(4, 8), 1, "constant")
    refused("9 dates are too few", cadf_ratios, walks(4, 9), 1, "trend")


def test_the_simulated_null_is_sorted_and_drawn_in_blocks():
    whole = cips_null((4, 20), 0, "constant", generator_for(1, "n"), 90)
    assert len(whole) == 90 and (np.diff(whole) >= 0).all()
    rng = generator_for(1, "n")
    blocks = [rng.standard_normal((size, 4, 20)) for size in (40, 40, 10)]
    ratios = [cadf_ratios(b.cumsum(axis=-1), 0, "constant") for b in blocks]
    expected = np.concatenate(ratios).clip(-6.19, 2.61).mean(axis=1)
    np.testing.assert_allclose(whole, np.sort(expected))


def exponent_of_means_by_hand(x, factors=4, size=0.1):
    """Bailey, Kapetanios and Pesaran (2016): 1 + ln s2 / (2 ln N) - c / (2 N ln N s2)
    - ln mu2 / (2 ln N), mu2 over the units that load by Holm's order.
    """
    n = len(x)
    z = np.array([(row - row.mean()) / row.std(ddof=1) for row in x])
    mean = z.mean(axis=0)
    s2 = mean.var(ddof=1)
    ratios = [abs(sm.OLS(row, sm.add_constant(mean)).fit().tvalues[1]) for row in z]
    loaded = []
    for place, unit in enumerate(sorted(range(n), key=lambda i: -ratios[i])):
        if ratios[unit] < stats.norm.ppf(1 - size / (2 * (n - place))):
            break
        loaded.append(unit)
    mu2 = z[loaded].mean(axis=0).var() if loaded else 1.0
    vectors = np.linalg.eigh(z.T @ z)[1][:, -factors:]
    left = (z - z @ vectors @ vectors.T).mean(axis=0)
    noise = n * left.var(ddof=1) / (2 * n * np.log(n) * s2)
    return 1 + np.log(s2) / (2 * np.log(n)) - noise - np.log(mu2) / (2 * np.log(n))


@pytest.mark.parametrize("load", [0.3, 0.6, 1.5])
def test_the_exponent_of_means_is_that_of_its_formula(load):
    x = factor_panel(n=20, dates=30, load=load, seed=4)
    x[12:] -= x[12:].mean(axis=0) * 0.9
    assert ur.exponent_of_means(x) == pytest.approx(exponent_of_means_by_hand(x))
    assert ur.exponent_of_means(x, 0.3, 2) == pytest.approx(
        exponent_of_means_by_hand(x, 2, 0.3)
    )


def test_the_exponent_of_residuals_counts_correlations_above_a_normal_quantile():
    e = factor_panel(n=20, dates=30, load=0.6, seed=5)
    rho = np.abs(np.corrcoef(e))
    limit = stats.norm.ppf(1 - 0.1 / 2 / np.sqrt(190)) / np.sqrt(30)
    kept = rho[rho > limit].sum()  # the diagonal is one and above it
    found = ur.exponent_of_residuals(e)
    assert found == pytest.approx(np.log(kept) / (2 * np.log(20)))
    assert 0.5 < found < 1


def test_enhanced_dependence_adds_correlations_that_are_too_large_to_be_chance():
    e = factor_panel(n=10, dates=30, load=0.8)
    rho = np.corrcoef(e)
    large = [
        abs(rho[i, j])
        for i in range(10)
        for j in range(i)
        if abs(rho[i, j]) > 2 * np.sqrt(np.log(10) / 30)
    ]
    plain = ur.weighted_cd_test(e, generator_for(1, "s"))
    found = ur.enhanced_cd_test(e, generator_for(1, "s"))
    assert found.statistic == pytest.approx(plain.statistic + sum(large))
    assert 0 < len(large) < 45
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(found.statistic)))
    signs = generator_for(1, "s").integers(0, 2, (30, 10)) * 2.0 - 1.0
    each = [ur.cd_test(sign[:, None] * e).statistic for sign in signs]
    assert plain.statistic == pytest.approx(sum(each) / np.sqrt(30))


def test_one_unit_that_does_not_move_is_refused():
    e = factor_panel(n=5, dates=12)
    e[3] = 2.0
    refused("does not vary", ur.pair_correlations, e)
