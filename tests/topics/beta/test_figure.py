"""F4: words of its axis that fit below it."""

from matplotlib import pyplot as plt

from evenfield.shared.figures import WIDTH
from evenfield.topics.beta.figure import _axis_words

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
