"""F4: words of its axes that fit beside it."""

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.shared.figures import WIDTH
from evenfield.topics.beta.figure import LEFT, LEFT_OF_SIGNS, _axis_words, _left_edge

LABEL = "Personal income of households and non-profit institutions serving households "


def test_a_long_unit_is_cut_at_its_end_and_not_at_both_edges_of_the_figure():
    figure = plt.figure(figsize=(WIDTH, 2))
    words = figure.supxlabel(_axis_words(LABEL * 2), fontsize=7.5)
    box = words.get_window_extent(figure.canvas.get_renderer())
    plt.close(figure)
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1
    assert "Personal income of households" in words.get_text()
    assert words.get_text().endswith("ratio scale")


def test_a_unit_that_fits_stays_whole():
    assert _axis_words("constant pesos per head") == (
        "income in the first year, constant pesos per head, ratio scale"
    )


def test_a_longer_unit_stands_in_two_lines():
    unit = (
        "rand per head, constant 2015 prices, seasonally adjusted, mean of quarters of a"
        " year"
    )
    words = _axis_words(unit)
    assert words.count("\n") == 1
    assert unit in words.replace("\n", " ")


@pytest.mark.parametrize(
    ("growth", "left"),
    [([0.1, 0.9], LEFT), ([-3.0, 4.0], LEFT), ([-1.2, 0.8], LEFT_OF_SIGNS)],
)
def test_numbers_with_sign_and_decimal_leave_room_for_the_words_beside(growth, left):
    data = pd.DataFrame({"period": "P1", "kind": "unit", "growth_pct_per_year": growth})
    assert _left_edge(data, ["P1"]) == left
