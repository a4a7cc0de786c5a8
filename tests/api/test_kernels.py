"""Moves of income without classes, on incomes whose law is known."""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from scipy.stats import gaussian_kde, norm

import evenfield as ef
from made_panel import KEYS, long, refused
from tolerances import close


def moved(units=150, dates=12, middle=(0.0,), seed=1):
    """Logs that return to one of some values: y' = m + 0.5 (y - m) + e."""
    rng = default_rng(seed)
    m = np.array(middle)[np.arange(units) % len(middle)][:, None]
    y = np.empty((units, dates))
    y[:, :1] = m + 0.2 * rng.normal(size=(units, 1)) / np.sqrt(0.75)
    for t in range(1, dates):
        y[:, [t]] = m + 0.5 * (y[:, [t - 1]] - m) + 0.2 * rng.normal(size=(units, 1))
    return long([f"u{i:03d}" for i in range(units)], np.arange(dates), y=np.exp(y))


ONE = moved()
TWO = moved(middle=(-1.0, 1.0))


def fitted(data, **options):
    return ef.stochastic_kernel("y", data, **{"draws": 99, **KEYS, **options})


def test_the_ergodic_density_is_that_of_the_autoregression():
    density = fitted(ONE).tables["ergodic"]["density"]
    grid = density.index.to_numpy()
    step = grid[1] - grid[0]
    close(density.sum() * step, 1)
    # y is normal with the variance s2 / (1 - r2).
    sd = 0.2 / np.sqrt(0.75)
    assert grid @ density * step == pytest.approx(0, abs=0.03)
    assert np.abs(density - norm.pdf(grid, 0, sd)).max() < 0.25
    kernel = fitted(ONE).tables["kernel"]
    close(kernel.sum(axis=1) * step, 1)
    means = kernel.to_numpy() @ grid * step
    inner = np.abs(grid) < 0.3
    slope = np.polyfit(grid[inner], means[inner], 1)[0]
    assert slope == pytest.approx(0.5, abs=0.12)
    # It is the density that the kernel keeps.
    close(density @ kernel.to_numpy() * step, density, atol=1e-6)


def test_modes_are_counted_and_one_mode_is_refused_where_there_are_two():
    one, two = fitted(ONE), fitted(TWO)
    assert one.params["modes, long run"] == 1
    assert two.params["modes, long run"] == 2
    assert two.pvalues["one mode, 0"] < 0.05 < one.pvalues["one mode, 0"]


def test_the_critical_bandwidth_is_the_smallest_with_one_mode():
    found = fitted(TWO).params["one mode, 11"]
    logs = np.log(TWO.loc[TWO["year"] == 11, "y"].to_numpy())

    def modes(h):
        grid = np.linspace(-4, 4, 4000)
        curve = gaussian_kde(logs, h / logs.std(ddof=1))(grid)
        return int((np.diff(np.sign(np.diff(curve))) < 0).sum())

    assert modes(found * 1.01) == 1 and modes(found * 0.99) == 2


def test_names_and_the_unit_of_income_move_no_number():
    want = fitted(ONE).to_frame()
    names = ONE["unit"].map(lambda name: name[::-1])
    other = ONE.assign(unit=names).sample(frac=1, random_state=4)
    pd.testing.assert_frame_equal(fitted(other).to_frame(), want)


def test_of_many_moves_it_is_said_how_many_the_kernel_has():
    many = fitted(moved(units=400), points=9, draws=9)
    assert (many.nobs, many.notes["moves of the kernel"]) == (4000, "4000 of 4400")
    few = fitted(ONE, points=9, draws=9)
    assert (few.nobs, few.notes["moves of the kernel"]) == (1650, "")


def test_a_date_with_one_income_is_refused_wherever_it_is_used():
    for year in (0, 5, 11):
        alike = ONE.assign(y=ONE["y"].mask(ONE["year"] == year, 0.1 + 0.2))
        refused(f"all incomes of {year} alike", fitted, alike)
    middle = ONE.assign(y=ONE["y"].mask(ONE["year"] == 5, 1.0))
    assert fitted(middle, step=9, points=9, draws=9).nobs == 450


def test_what_has_no_kernel_is_refused():
    few = ONE[ONE["unit"] < "u005"]
    for words, data, options in [
        ("5 values are too few for a test of modes", few, {}),
        ("12 dates hold no move over 12", ONE, {"step": 12}),
        ("1 date is missing", ONE[ONE["year"] != 3], {}),
        ("step=0", ONE, {"step": 0}),
    ]:
        refused(words, fitted, data, **options)


def test_what_is_counted_has_no_inference_and_no_law():
    fit = fitted(ONE)
    rows = fit.to_frame().set_index("term")
    modes = rows.loc["modes, long run"]
    assert (modes["inference"], modes["law"]) == ("", "")
    assert rows.loc["one mode, 0", ["inference", "law"]].tolist() == [
        "smoothed bootstrap",
        "99 smoothed samples",
    ]
    assert str(fit).endswith("inference: smoothed bootstrap, 99 smoothed samples")
    assert "smoothed bootstrap" not in str(fit.interpret("modes, long run"))
    refused("no inference ''", fit.vcov, "")
