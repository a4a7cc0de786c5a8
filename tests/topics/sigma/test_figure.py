"""The picture of dispersion and speeds: bands without an upper end."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from evenfield.topics.sigma.figure import _draw_speeds


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
