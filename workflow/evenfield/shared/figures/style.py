"""The style of all figures: same fonts, ink and marks, and the same bytes on every
machine.
"""

import logging
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager

WIDTH = 7.0
INK = "#22262B"
SOFT = "#6B7178"
FAINT = "#C9CDD2"
PALE = "#EEF0F2"
ACCENT = "#B5392F"
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
    "both": Mark("#3A2357", "#3A2357", "o", "-", "", "white"),
    "cluster only": Mark("#1F7A8C", "#1F7A8C", "s", (0, (5.0, 1.6)), "////", "white"),
    "SEZ only": Mark(
        "#E2952B", "#E2952B", "^", (0, (4.0, 1.4, 1.0, 1.4)), "\\\\\\\\", INK
    ),
    "neither": Mark("#767D86", "#D8DBDF", "D", (0, (1.2, 1.2)), "", INK),
}
SERIES = (
    *(MARKS[cell] for cell in CELLS[:3]),
    Mark("#B5392F", "#B5392F", "D", (0, (1.2, 1.2)), "xxxx", "white"),
    Mark("#7C8894", "#7C8894", "v", (0, (7.0, 1.5, 1.5, 1.5)), "", INK),
)

SETTINGS: Any = {
    "svg.hashsalt": "evenfield", "svg.fonttype": "path", "pdf.fonttype": 42, "path.simplify": False,
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "mathtext.fontset": "dejavusans",
    "font.size": 7.5, "axes.titlesize": 8.0, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.titlepad": 6.0, "axes.labelsize": 7.5, "xtick.labelsize": 7.0, "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0, "legend.frameon": False, "legend.title_fontsize": 7.0,
    "text.color": INK, "axes.labelcolor": INK, "axes.titlecolor": INK, "axes.edgecolor": SOFT, "xtick.color": SOFT,
    "ytick.color": SOFT, "xtick.labelcolor": INK, "ytick.labelcolor": INK, "axes.linewidth": 0.6,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.major.size": 2.5, "ytick.major.size": 2.5,
    "grid.color": PALE, "grid.linewidth": 0.6, "lines.linewidth": 1.4, "lines.markersize": 3.5,
    "patch.linewidth": 0.5, "hatch.linewidth": 0.5, "figure.dpi": 100, "savefig.dpi": 200,
    "axes.unicode_minus": True, "figure.facecolor": "white",
}  # fmt: skip


def use_style() -> None:
    """Start from Matplotlib's defaults and set the style.

    Notes
    -----
    Only fonts that ship with Matplotlib are left to choose from: a machine's own copy
    of the same family may have other outlines.
    """
    mpl.use("Agg")
    mpl.rcdefaults()
    mpl.rcParams.update(SETTINGS)
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
