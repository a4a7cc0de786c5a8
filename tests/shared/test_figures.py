import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.report.exhibits import read_exhibits
from evenfield.shared.figures.panels import ratio_axis
from evenfield.shared.figures.save import Artwork, save_figure
from evenfield.study.errors import ArtifactError
from evenfield.study.figure_style import MARKS, use_style
from refusals import fails


@pytest.fixture(autouse=True)
def close_figures():
    with mpl.rc_context():
        yield
    plt.close("all")


def test_cells_differ_in_colour_marker_line_and_ink_stays_readable():
    for attribute in ("colour", "marker", "line"):
        assert len({str(getattr(mark, attribute)) for mark in MARKS.values()}) == len(
            MARKS
        )
    for mark in MARKS.values():
        assert contrast(mark.fill, mark.ink) >= 4.5


def contrast(one, two):
    light = sorted(luminance(mpl.colors.to_rgb(colour)) for colour in (one, two))
    return (light[1] + 0.05) / (light[0] + 0.05)


def luminance(rgb):
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_letter_that_the_font_lacks_or_no_words_are_an_error(tmp_path):
    use_style()
    figure = plt.figure()
    figure.text(0.5, 0.5, "\U0001f33e")
    artwork = Artwork(figure, pd.DataFrame({"a": [1]}), "Words 1.")
    fails(ArtifactError, "Glyph", save_figure, artwork, [str(tmp_path / "F.png")])
    use_style()
    fails(
        ArtifactError,
        "no description",
        save_figure,
        Artwork(plt.figure(), pd.DataFrame(), " "),
        [str(tmp_path / "F.png")],
    )


def test_the_caption_says_what_a_figure_has_drawn(tmp_path):
    figure = plt.figure()
    artwork = Artwork(figure, pd.DataFrame({"x": [1]}), "A description.", "One mark.")
    endings = (".alt.txt", ".svg", ".pdf", ".csv")
    files = [str(tmp_path / f"F4{ending}") for ending in endings]
    save_figure(artwork, files)
    words = {"F4": {"title": "Growth", "caption": "{{drawn}} A line."}}
    (exhibit,) = read_exhibits(files, {}, {}, words)
    assert exhibit.alt == "A description."
    assert exhibit.caption == "One mark. A line."


def test_ratios_are_written_as_percentages_with_the_average_among_them():
    _, axes = plt.subplots()
    axes.set_xscale("log")
    axes.set_xlim(0.5, 2.5)
    ratio_axis(axes, "x", 0.5, 2.5)
    words = [label.get_text() for label in axes.get_xticklabels()]
    assert "100" in words
    assert list(map(int, words)) == [round(100 * at) for at in axes.get_xticks()]
    assert list(axes.get_xticks(minor=True)) == []
    plt.close()


def test_a_label_that_a_longer_word_makes_leave_the_picture_widens_it(tmp_path):
    use_style()

    def width_of(word):
        figure, axes = plt.subplots(figsize=(3, 2))
        axes.text(0.6, 0.5, "income", transform=axes.transAxes)
        artwork = Artwork(figure, pd.DataFrame({"x": [1]}), "One label.")
        path = tmp_path / f"{len(word)}.png"
        save_figure(artwork, [str(path)], lambda text: text.replace("income", word))
        return plt.imread(path).shape[1]

    usual = width_of("income")
    assert width_of("wages") == usual
    assert width_of("median household income of all") > usual
