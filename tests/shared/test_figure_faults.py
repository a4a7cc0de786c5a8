"""What is measured of a figure (tests/figure_faults.py), and that the house's own parts
pass it whatever a study calls things.
"""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.shared.figures import (
    NARROW,
    WIDTH,
    Ending,
    heading,
    label_points,
    letters_in,
    name_endings,
    panels,
    ratio_axis,
    shade_proxy,
    short_names,
    year_axis,
)
from figure_faults import faults

EDGES = {"left": 0.15, "right": 0.7, "top": 0.85, "bottom": 0.15}
LONG = "Municipality of Saint Bartholomew-on-the-Upper River"


@pytest.fixture(params=[WIDTH, NARROW])
def axes(request):
    with mpl.rc_context():
        figure, grid = panels(1, 1, (request.param, 3.0), EDGES)
        yield grid[0, 0]
    plt.close(figure)


def test_each_fault_is_found_by_itself(axes):
    figure = axes.figure
    axes.set_xlim(0, 1)
    assert faults(figure) == []
    cases = {
        "pt in print": {"s": "small", "fontsize": 6.5},
        "beyond the edge": {"s": LONG * 2},
        "an id": {"s": "cluster_list"},
    }
    for words, text in cases.items():
        own = axes.text(0.1, 0.5, **text)
        assert [words in found for found in faults(figure)] == [True]
        own.remove()
    own = [axes.text(0.1, place, "one of two names") for place in (0.5, 0.52)]
    assert len(faults(figure)) == 1
    own[0].remove()
    own[1].set_text("no early zone, whole")
    assert len(faults(figure, raw={"no early zone"})) == 1
    own[1].remove()
    axes.set_xticks(np.linspace(0, 1, 30), [f"{year}" for year in range(1990, 2020)])
    assert any(found.startswith("ticks") for found in faults(figure))


def test_headings_years_names_and_shade_keep_their_room(axes):
    years = np.arange(1952, 2020)
    axes.plot(years, np.linspace(0, 1, len(years)))
    year_axis(axes, years.tolist())
    heading(axes, "Standard deviation of log income per head, all")
    frame = pd.DataFrame({"year": years, "basis": "official"})
    frame.loc[frame["year"].lt(1990), "basis"] = "proxy"
    shade_proxy(axes, frame)
    words = ["population-weighted", "27 provinces,\nno municipalities", "all"]
    endings = [Ending(0.1 * i, word, "k") for i, word in enumerate(words)]
    name_endings(axes, 2019.0, endings, lines=2)
    assert faults(axes.figure) == []


def test_names_of_points_stay_in_the_axes_and_apart_from_each_other(axes):
    random = np.random.default_rng(5)
    x, y = random.uniform(0, 1, (2, 25))
    axes.set(xlim=(-0.1, 1.1), ylim=(-0.1, 1.1))
    names = [f"{LONG} {i}, {'North' if i % 2 else 'South'}" for i in range(25)]
    texts = label_points(axes, x, y, names)
    assert len(texts) > 3
    assert len({text.get_text() for text in texts}) == len(texts)
    box = axes.bbox
    for text in texts:
        own = text.get_window_extent()
        assert box.x0 <= own.x0 and own.x1 <= box.x1
    assert faults(axes.figure) == []


@pytest.mark.parametrize("ratio", [1.2, 3.0, 30.0, 4000.0])
def test_percentages_of_an_average_have_room(axes, ratio):
    axes.set_xscale("log")
    low, high = ratio**-0.4, ratio**0.6
    axes.set_xlim(low, high)
    ratio_axis(axes, "x", low, high)
    assert "100" in [label.get_text() for label in axes.get_xticklabels()]
    assert faults(axes.figure) == []


def test_letters_are_as_wide_at_every_size_of_the_picture(axes):
    text = axes.text(0, 0.5, "speed 0.3% a year [−0.6, 1.2]")
    wide = text.get_window_extent().width
    axes.figure.set_dpi(200)
    axes.figure.canvas.draw()
    assert text.get_window_extent().width / 2 == pytest.approx(wide, rel=0.01)


def test_a_narrow_figure_shows_small_letters_of_eleven_pixels_on_a_phone():
    with mpl.rc_context():
        figure, grid = panels(1, 1, (NARROW, 2.0), EDGES)
    size = grid[0, 0].get_xticklabels()[0].get_fontsize()
    plt.close(figure)
    assert 390 * size / (72 * NARROW) >= 11


def test_names_that_are_cut_differ():
    names = [f"{LONG} {i}, North" for i in range(3)] + [
        "Ulm, Stadt",
        "Ulm, Land",
        "Hof",
    ]
    short = short_names(names, 16)
    assert max(map(len, short.values())) <= 16
    assert len(set(short.values())) == len(names)
    assert short["Hof"] == "Hof" and short["Ulm, Stadt"] == "Ulm, Stadt"


def test_letters_in_a_width_fit_it(axes):
    number = letters_in(axes, axes.bbox.width)
    text = axes.text(0, 0.5, ("average words of a label " * 9)[:number])
    assert text.get_window_extent().width <= 1.25 * axes.bbox.width
