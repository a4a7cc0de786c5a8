"""F23: every claim of the ledger as a tile in the row of its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import FAINT, INK, SOFT, WIDTH, use_style
from evenfield.shared.tables.rows import records

# Fill, edge and hatch by what a word says: dark for, pale open, hatched against; never by colour alone.
LOOKS = {
    "SUPPORTED": ("#1F7A8C", "white", ""), "LEANS SUPPORT": ("#BFDDE3", INK, ""),
    "INCONCLUSIVE": ("#FFFFFF", INK, ""), "INCONCLUSIVE (UNDERPOWERED)": ("#FFFFFF", INK, "...."),
    "LEANS AGAINST": ("#F3D9B4", INK, "////"), "CONTRADICTED": ("#B5392F", "white", ""),
    "CONSISTENT": ("#1F7A8C", "white", ""), "MIXED": ("#FFFFFF", INK, ""), "NOT CONSISTENT": ("#B5392F", "white", ""),
}  # fmt: skip
PLAIN = ("#EEF0F2", SOFT, "")
PER_LINE, TILE, STEP = 16, 0.86, 1.0


def draw_dashboard(verdicts: pd.DataFrame, content: Mapping[str, Any]) -> Artwork:
    """Draw every claim as a tile in the row of its verdict."""
    use_style()
    words = [word for word in content["words"] if content["counts"][word]]
    tiles = _placed(verdicts, words)
    lines = int(tiles["line"].max()) + 1 if len(tiles) else 1
    figure, axes = plt.subplots(figsize=(WIDTH, 0.30 + 0.31 * lines))
    figure.subplots_adjust(left=0.01, right=0.99, top=0.99, bottom=0.01)
    for row in records(tiles):
        _draw_tile(axes, row)
    for word, group in tiles.groupby("verdict", sort=False):
        first = group["line"].min()
        axes.text(-0.25, first + TILE / 2, f"{word}  {len(group)}", ha="right", va="center", color=INK, fontsize=7.2)
        axes.axhline(first - 0.07, color=FAINT, linewidth=0.5)
    axes.set_xlim(-7.2, PER_LINE + 0.1)
    axes.set_ylim(lines + 0.1, -0.2)
    axes.axis("off")
    parts = [f"{word} {', '.join(tiles.loc[tiles['verdict'].eq(word), 'claim_id'])}" for word in words]
    return Artwork(figure, tiles, f"Claims by verdict. {'; '.join(parts)}." if parts else "No claims.")


def _placed(verdicts: pd.DataFrame, words: list[str]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    line = 0
    for word in words:
        mine = records(verdicts[verdicts["verdict"].eq(word)])
        rows += [{"verdict": word, "claim_id": row["claim_id"], "class": row["class"], "hypotheses": row["hypotheses"],
                  "line": line + i // PER_LINE, "place": i % PER_LINE} for i, row in enumerate(mine)]  # fmt: skip
        line = line + (len(mine) - 1) // PER_LINE + 1
    return pd.DataFrame(rows, columns=["verdict", "claim_id", "class", "hypotheses", "line", "place"])


def _draw_tile(axes: Axes, row: Mapping[str, Any]) -> None:
    fill, ink, hatch = LOOKS.get(row["verdict"], PLAIN)
    corner = (row["place"] * STEP, row["line"] * STEP)
    edge = FAINT if row["verdict"] not in LOOKS else INK
    axes.add_patch(Rectangle(corner, TILE, TILE, facecolor=fill, edgecolor=edge, linewidth=0.6))
    if hatch:
        axes.add_patch(Rectangle(corner, TILE, TILE, facecolor="none", edgecolor=FAINT, linewidth=0, hatch=hatch))
    middle = corner[0] + TILE / 2
    axes.text(middle, corner[1] + 0.34, row["claim_id"], ha="center", va="center", color=ink, fontsize=6.8)
    axes.text(middle, corner[1] + 0.68, row["class"], ha="center", va="center", color=ink, fontsize=4.8)
