"""Names and ticks of figures: they stay apart, inside the axes and at round years."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib import pyplot as plt

from evenfield.shared.figures.labels import label_points, spaced
from evenfield.shared.figures.timeline import Ending, name_endings, year_axis
from evenfield.topics.beta.figure import _money_ticks, money_labels


@pytest.fixture
def axes():
    with plt.style.context("default"):  # whatever was drawn before in this process
        figure, axes = plt.subplots(figsize=(4, 2))
        yield axes
        plt.close(figure)


def test_positions_stay_a_gap_apart_within_their_bounds():
    placed = spaced([0.0, 0.1, 5.0, 9.9], 1.0, 0.5, 9.5)
    assert min(np.diff(placed)) >= 1.0
    assert placed[0] >= 0.5
    assert placed[-1] <= 9.5


def test_positions_without_room_stay_above_the_lower_bound():
    assert spaced([0.0, 0.0, 0.0], 1.0, 0.0, 1.0) == [0.0, 1.0, 2.0]


def test_names_of_thin_layers_stay_above_the_years(axes):
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    name_endings(axes, 1.0, [Ending(0.0, "between\ngroups", "k")], lines=2)
    (name,) = axes.texts
    assert name.get_window_extent().y0 >= axes.bbox.y0


def test_no_name_lies_on_another(axes):
    random = np.random.default_rng(1)
    x, y = random.uniform(0.3, 0.5, (2, 40))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    texts = label_points(axes, x, y, [f"Unit of a long name {i}" for i in range(40)])
    boxes = [text.get_window_extent() for text in texts]
    assert 3 < len(texts) < 40
    numbers = [int(text.get_text().split()[-1]) for text in texts]
    assert numbers == sorted(numbers)  # whichever was placed first
    assert not any(
        one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i]
    )


def test_names_are_placed_with_the_letters_in_which_they_are_drawn(axes):
    (text,) = label_points(axes, np.array([0.5]), np.array([0.5]), ["黑龙江省"])
    assert text.get_text() == "Heilongjiang"


@pytest.mark.parametrize(
    ("years", "ticks"),
    [
        (range(2000, 2021), [2000, 2005, 2010, 2015, 2020]),
        (range(1940, 2001, 10), [1940, 1950, 1960, 1970, 1980, 1990, 2000]),
    ],
)
def test_ticks_stand_at_round_years(axes, years, ticks):
    year_axis(axes, years)
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == ticks


def test_ticks_of_small_sums_keep_their_decimals():
    assert money_labels([0.15, 0.5, 2.0, 1500.0, 2e6]) == [
        "0.15",
        "0.5",
        "2",
        "1,500",
        "2,000,000",
    ]


def test_no_sum_stands_where_the_axis_would_cut_it_off():
    low, high = np.log([5_000.0, 70_500.0])
    assert max(_money_ticks(low, high)) < 70_000


@pytest.mark.parametrize("smallest", [3.0, 4e2, 7e4, 2e6, 5e8, 1e12])
@pytest.mark.parametrize("ratio", [2.0, 8.0, 60.0, 4000.0])
def test_sums_of_money_of_any_length_do_not_lie_upon_each_other(smallest, ratio):
    figure, axes = plt.subplots(figsize=(3.2, 2))  # a panel of F4
    low, high = np.log(smallest), np.log(smallest * ratio)
    axes.set_xlim(low, high)
    ticks = _money_ticks(low, high)
    axes.set_xticks(np.log(ticks), money_labels(ticks), fontsize=6.5)
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    plt.close(figure)
    for left, right in pairwise(boxes):
        assert left.x1 < right.x0
