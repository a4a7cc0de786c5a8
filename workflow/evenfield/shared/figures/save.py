"""Saving a figure: three pictures, the data drawn, and a sentence for those who cannot
see it.
"""

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.text import Text

from evenfield.shared.figures.dark import dark_aware
from evenfield.study.errors import ArtifactError
from evenfield.study.figure_style import ACCENT, SMALL, WIDTH
from evenfield.study.files import beside, write_text
from evenfield.study.latin import in_latin
from evenfield.study.simulated import watermark_for
from evenfield.study.table_files import write_results

METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
ALT_ENDING = ".alt.txt"
# Places of an SVG that hold coordinates; a scale keeps its digits.
COORDINATES = re.compile(r'(?: (?:d|x|y)="|translate\()[^")]*')
DIGITS = re.compile(r"-?\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Artwork:
    """A drawn figure with its two twins."""

    figure: Figure  # the picture
    data: pd.DataFrame  # what was drawn, one row per mark
    alt: str  # one or two plain sentences with the main numbers
    drawn: str = ""  # what its caption says in place of {{drawn}}


def empty_figure(why: str) -> Artwork:
    """Return a figure that says why it has nothing to show."""
    figure = plt.figure(figsize=(WIDTH, 1.0))
    sentence = f"Nothing to show: {why}."
    figure.text(0.5, 0.5, sentence, ha="center", va="center", fontsize=SMALL)
    return Artwork(figure, pd.DataFrame({"said": [sentence]}), sentence)


def save_figure(
    artwork: Artwork, paths: Sequence[str], words: Callable[[str], str] = str
) -> None:
    """Write a figure, its texts in the words of a study, in the form that each path's
    ending asks for.
    """
    wider = False
    for text in artwork.figure.findobj(Text):
        # Setting a text anew would lay the figure out again.
        if words(text.get_text()) != text.get_text():
            text.set_text(words(text.get_text()))
            wider |= not _is_inside(text, artwork.figure)
    artwork = replace(artwork, alt=words(artwork.alt), drawn=words(artwork.drawn))
    if not artwork.alt.strip():
        raise ArtifactError(
            "a figure has no description",
            "one or two plain sentences",
            "add them to the function that draws it",
        )
    marked = _marked(artwork, watermark_for(paths[0]) if paths else "")
    for path in paths:
        wider = _save(marked, path, wider)
    plt.close(artwork.figure)


def _is_inside(text: Text, figure: Figure) -> bool:
    """Say whether a text lies within the picture from left to right."""
    box = text.get_window_extent()
    return bool(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1)


def _marked(artwork: Artwork, mark: str) -> Artwork:
    if not mark:
        return artwork
    artwork.figure.text(
        0.5,
        0.5,
        mark,
        ha="center",
        va="center",
        rotation=18,
        fontsize=20,
        color=ACCENT,
        alpha=0.45,
        zorder=99,
    )
    return replace(artwork, alt=f"{mark}. {artwork.alt}")


def _save(artwork: Artwork, path: str, wider: bool) -> bool:
    """Write one form; return whether the picture is wider than its margins."""
    if path.endswith(ALT_ENDING):
        lines = [" ".join(text.split()) for text in (artwork.alt, artwork.drawn)]
        write_text("\n".join(filter(None, lines)) + "\n", path)
    elif path.endswith(".csv"):
        write_results(artwork.data, path)
    else:
        return save_picture(artwork.figure, Path(path), wider)
    return wider


def _rounded(coordinates: re.Match[str]) -> str:
    return DIGITS.sub(
        lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), coordinates[0]
    )


def save_picture(figure: Figure, path: Path, wider: bool = False) -> bool:
    """Write a picture, in Latin letters where its font lacks others; return whether
    these made it wider than the margins were made for.
    """
    with beside(path) as part, warnings.catch_warnings():
        # a letter would be a box
        warnings.filterwarnings("error", message=".*[Gg]lyph.*")
        try:
            _write(figure, part, path.suffix, wider)
        except UserWarning:
            wider = True
            _write_in_latin(figure)
            try:
                _write(figure, part, path.suffix, wider)
            except UserWarning as warning:
                raise ArtifactError(
                    f"{path.name}: {warning}",
                    "letters that DejaVu Sans has",
                    "use another name in the data table",
                ) from None
        if path.suffix == ".svg":
            text = part.read_text(encoding="utf-8")
            write_text(dark_aware(COORDINATES.sub(_rounded, text)), part)
    return wider


def _write(figure: Figure, part: Path, ending: str, wider: bool) -> None:
    box = "tight" if wider else None
    figure.savefig(part, metadata=METADATA[ending], bbox_inches=box)


def _write_in_latin(figure: Figure) -> None:
    """Write every text of a figure in letters that its font has."""
    for text in figure.findobj(Text):
        text.set_text(in_latin(text.get_text()))
    # Labels of ticks are written anew at each drawing.
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            labels = [label.get_text() for label in axis.get_ticklabels()]
            if any(in_latin(label) != label for label in labels):
                axis.set_ticks(axis.get_ticklocs(), list(map(in_latin, labels)))
