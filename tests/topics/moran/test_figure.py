"""F10: the strip of local Moran only where some unit is told apart from chance, and a
caption of what is drawn.
"""

from types import SimpleNamespace

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.topics.moran.figure import f10

YEARS = [2000, 2005, 2010]
UNITS = [f"u{number}" for number in range(70)]
PATH = {
    "spec_id": "plain",
    "kind": "moran",
    "variable": "log_income",
    "controls": "none",
    "year": YEARS,
    "value": 0.1,
    "band_low": -0.2,
    "band_high": 0.2,
    "expected": 0.0,
    "basis": "official",
}


def results_of(apart):
    """Facts of a study in which so many units are told apart from chance."""
    local = [
        {"spec_id": "plain", "kind": "local", "variable": "log_income", "unit": unit}
        | {"year": year, "quadrant": "HH", "q_value": 0.01 if i < apart else 0.9}
        for i, unit in enumerate(UNITS)
        for year in YEARS
    ]
    net = {**PATH, "controls": "region4"}
    series = pd.concat(map(pd.DataFrame, (PATH, net, local)), ignore_index=True)
    return SimpleNamespace(
        primary=lambda: {"id": "plain"},
        series=lambda **_: series,
        label=str,
        words={"unit_name": "state", "units_name": "states"},
    )


@pytest.mark.parametrize(
    ("apart", "panels", "words"),
    [
        (0, 1, "No local Moran is distinguishable from chance."),
        (3, 2, "Below: local Moran by year of the states that are distinguishable"),
        (65, 2, "Below: how many states are distinguishable"),
    ],
)
def test_the_strip_and_the_caption_are_of_what_is_told_apart(apart, panels, words):
    artwork = f10(results_of(apart))
    assert len(artwork.figure.axes) == panels
    assert len(artwork.figure.legends) == panels - 1
    assert "Moran's I of income and of income net of region means" in artwork.drawn
    assert words in artwork.drawn
    plt.close(artwork.figure)


def test_names_beneath_the_years_are_drawn_whole():
    results = results_of(3)
    results.label = lambda unit: f"Comunidad de {unit}"
    figure = f10(results).figure
    figure.canvas.draw()
    labels = [text for axes in figure.axes for text in axes.get_yticklabels()]
    ends = [text.get_window_extent().x0 for text in labels if "de" in text.get_text()]
    plt.close(figure)
    assert len(ends) == 3
    assert min(ends) >= 0
