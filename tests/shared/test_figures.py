import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.shared.figures.labels import label_points, spread
from evenfield.shared.figures.save import Artwork, save_figure
from evenfield.shared.figures.style import MARKS, use_style
from evenfield.study.errors import ArtifactError


@pytest.fixture(autouse=True)
def close_figures():
    with mpl.rc_context():
        yield
    plt.close("all")


def test_cells_differ_in_colour_marker_line_and_ink_stays_readable():
    for attribute in ("colour", "marker", "line"):
        assert len({str(getattr(mark, attribute)) for mark in MARKS.values()}) == len(MARKS)
    for mark in MARKS.values():
        assert contrast(mark.fill, mark.ink) >= 4.5


def contrast(one, two):
    light = sorted(luminance(mpl.colors.to_rgb(colour)) for colour in (one, two))
    return (light[1] + 0.05) / (light[0] + 0.05)


def luminance(rgb):
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_labels_stay_inside_and_apart():
    use_style()
    _, axes = plt.subplots(figsize=(4, 3))
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=31), rng.normal(size=31)
    axes.set(xlim=(x.min() - 0.2, x.max() + 0.2), ylim=(y.min() - 0.2, y.max() + 0.2))
    boxes = [text.get_window_extent() for text in label_points(axes, x, y, [f"U{i}" for i in range(31)])]
    frame = axes.bbox
    assert all(frame.x0 <= b.x0 and b.x1 <= frame.x1 and frame.y0 <= b.y0 and b.y1 <= frame.y1 for b in boxes)
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    assert len(pairs) <= 1
    placed = spread([1.0, 1.1, 5.0, 1.05], 1.0)
    assert np.all(np.diff(np.sort(placed)) >= 1.0 - 1e-12) and np.argsort(placed).tolist() == [0, 3, 1, 2]
    assert placed[2] == 5.0 and np.mean(placed[:2] + placed[3:]) == pytest.approx(1.05) and spread([], 1.0) == []


def test_a_letter_that_the_font_lacks_or_no_words_are_an_error(tmp_path):
    use_style()
    figure = plt.figure()
    figure.text(0.5, 0.5, "\u4e2d")
    artwork = Artwork(figure, pd.DataFrame({"a": [1]}), "Words 1.")
    with pytest.raises(ArtifactError, match="Glyph"):
        save_figure(artwork, [str(tmp_path / "F.png")])
    use_style()
    with pytest.raises(ArtifactError, match="no description"):
        save_figure(Artwork(plt.figure(), pd.DataFrame(), " "), [str(tmp_path / "F.png")])
