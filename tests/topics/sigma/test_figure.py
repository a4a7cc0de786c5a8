"""The picture of dispersion and speeds: bands without an upper end."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.topics.sigma.figure import _draw_speeds, f5
from section_cases import made


def test_a_band_without_an_end_runs_off_the_axis():
    years = np.arange(2000, 2004)
    windows = pd.DataFrame(
        {
            "span": 10,
            "start_year": years - 10,
            "end_year": years,
            "basis": "official",
            "speed": [1.0, 2.0, 3.0, 2.0],
            "band_low": [0.5, 1.0, 2.0, 1.0],
            "band_high": [2.0, np.nan, 4.0, 3.0],
            "pointwise_low": [0.8, 1.5, 2.5, 1.5],
            "pointwise_high": [1.5, 3.0, np.nan, 2.5],
        }
    )
    figure, axes = plt.subplots()
    _draw_speeds(axes, windows)
    tops = [band.get_paths()[0].vertices[:, 1].max() for band in axes.collections]
    plt.close(figure)
    assert tops == [1e3, 1e3]


@pytest.mark.parametrize("has_windows", [True, False])
def test_speeds_have_a_panel_of_their_own_where_there_are_some(has_windows):
    years = [2000, 2004, 2010]
    path = pd.DataFrame(
        {
            "spec_id": "plain",
            "unit_scheme": "all",
            "sample_id": "all",
            "year": years,
            "sigma": [0.4, 0.5, 0.3],
            "sigma_low": [0.3, 0.4, 0.2],
            "sigma_high": [0.5, 0.6, 0.4],
            "sigma_population_weighted": np.nan,
            "unit_low": "u3",
            "n_units": 12,
            "basis": "official",
        }
    )
    windows = pd.DataFrame({"spec_id": "plain", "kind": "window", "end_year": years})
    ends = "speed band_low band_high pointwise_low pointwise_high".split()
    windows = windows.assign(span=5, start_year=1995, basis="official")
    windows = windows.assign(**{name: [1.0, 2.0, 3.0] for name in ends})
    without = windows.assign(speed=np.nan)
    results = made("sigma", "below")
    results.series = lambda topic="": (
        path if topic != "rolling" else windows if has_windows else without
    )
    artwork = f5(results)
    plt.close(artwork.figure)
    panels = ["sigma", "speed"] if has_windows else ["sigma"]
    assert len(artwork.figure.axes) == len(panels)
    assert artwork.data["panel"].unique().tolist() == panels
    assert artwork.drawn.startswith("Below: speed") == has_windows
    assert ("Speed of convergence in windows" in artwork.alt) == has_windows
