"""The style of all figures: same fonts, ink and marks, and the same bytes on every
machine.
"""

import logging
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager

WIDTH = 6.2  # inches: the text of a paper
# Inches of a figure that a phone shows whole: its letters are wider in its width.
NARROW = 4.6
# Points of the letters of headings, in figures of both widths. Those of ticks, keys and
# names, `SMALL`, are 5/6 of it: 7.5 points or more, so that print can be read.
LETTERS = 9.0
LETTERS_OF_NARROW = 11.5
SMALL = "small"
LARGE = "medium"
INK = "#22262B"
SOFT = "#6B7178"
FAINT = "#C9CDD2"
PALE = "#EEF0F2"
ACCENT = "#B5392F"
# A line to read others by, such as zero or an average.
REFERENCE: Any = {"color": FAINT, "linewidth": 0.8, "zorder": 1}
CELLS = ("both", "cluster only", "SEZ only", "neither")


@dataclass(frozen=True, slots=True)
class Mark:
    """How one group looks: colour never stands alone, each has its own marker, line and
    hatch.

    ``colour`` is for lines and points, ``fill`` for areas, ``ink`` for text on the
    fill.
    """

    colour: str
    fill: str
    marker: str
    line: str | tuple[int, tuple[float, ...]]
    hatch: str
    ink: str


# Lightness differs from group to group, so the palette also holds in grey and for
# colour-blind readers.
MARKS = {
    "both": Mark(
        colour="#3A2357",
        fill="#3A2357",
        marker="o",
        line="-",
        hatch="",
        ink="white",
    ),
    "cluster only": Mark(
        colour="#1F7A8C",
        fill="#1F7A8C",
        marker="s",
        line=(0, (5.0, 1.6)),
        hatch="////",
        ink="white",
    ),
    "SEZ only": Mark(
        colour="#A96500",
        fill="#EBA945",
        marker="^",
        line=(0, (4.0, 1.4, 1.0, 1.4)),
        hatch="\\\\\\\\",
        ink=INK,
    ),
    "neither": Mark(
        colour="#6D747D",
        fill="#D8DBDF",
        marker="D",
        line=(0, (1.2, 1.2)),
        hatch="",
        ink=INK,
    ),
}
# Marks of series that are not cells; the first three look like cells.
SERIES = (
    *(MARKS[cell] for cell in CELLS[:3]),
    Mark(
        colour="#B5392F",
        fill="#B5392F",
        marker="D",
        line=(0, (1.2, 1.2)),
        hatch="xxxx",
        ink="white",
    ),
    Mark(
        colour="#687684",
        fill="#7C8894",
        marker="v",
        line=(0, (7.0, 1.5, 1.5, 1.5)),
        hatch="",
        ink=INK,
    ),
)
SETTINGS: Any = {
    # The same bytes on every machine: names inside an SVG, letters as outlines.
    "svg.hashsalt": "evenfield",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "path.simplify": False,
    # Letters
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    # Letters have one width at every size of the picture, so that what is measured holds.
    "text.hinting": "none",
    "font.size": LETTERS,
    "axes.titlesize": LARGE,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 6.0,
    "axes.labelsize": SMALL,
    **dict.fromkeys(("xtick.labelsize", "ytick.labelsize"), SMALL),
    **dict.fromkeys(("legend.fontsize", "legend.title_fontsize"), SMALL),
    "legend.frameon": False,
    "axes.unicode_minus": True,
    # Ink: text dark, axes soft
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    **dict.fromkeys(("xtick.labelcolor", "ytick.labelcolor"), INK),
    "axes.edgecolor": SOFT,
    **dict.fromkeys(("xtick.color", "ytick.color"), SOFT),
    "grid.color": PALE,
    "figure.facecolor": "white",
    # Lines
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    **dict.fromkeys(("xtick.major.width", "ytick.major.width"), 0.6),
    **dict.fromkeys(("xtick.major.size", "ytick.major.size"), 2.5),
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "lines.markersize": 3.5,
    "patch.linewidth": 0.5,
    "hatch.linewidth": 0.5,
    # Pixels of an inch, on the screen and in a PNG
    "figure.dpi": 100,
    "savefig.dpi": 200,
}


def use_style(width: float = WIDTH) -> None:
    """Start from Matplotlib's defaults and set the style of figures of a width in inches.

    Notes
    -----
    Only fonts that ship with Matplotlib are left to choose from: a machine's own copy
    of the same family may have other outlines.
    """
    mpl.use("Agg")
    mpl.rcdefaults()
    mpl.rcParams.update(SETTINGS)
    if width <= NARROW:
        mpl.rcParams["font.size"] = LETTERS_OF_NARROW
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    bundled = [
        font
        for font in font_manager.fontManager.ttflist
        if font.fname.startswith(mpl.get_data_path())
    ]
    font_manager.fontManager.ttflist = bundled


def series_mark(number: int) -> Mark:
    """Return the mark of a series that is not a cell."""
    return SERIES[number % len(SERIES)]


def in_points(size: str) -> float:
    """Return the points of letters of a size, in the style that is in use."""
    return float(font_manager.FontProperties(size=size).get_size_in_points())
