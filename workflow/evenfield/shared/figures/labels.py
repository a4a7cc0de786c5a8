"""Labels that do not overlap: two small deterministic placements, along a line and
around points.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from evenfield.study.figure_style import SMALL, SOFT, in_points
from evenfield.study.latin import in_latin

# Sixteen directions, plain ones first; each also tried further out.
DIRECTIONS = (
    (1, 0),
    (0, 1),
    (-1, 0),
    (0, -1),
    (1, 1),
    (-1, 1),
    (-1, -1),
    (1, -1),
    (1, 0.5),
    (0.5, 1),
    (-0.5, 1),
    (-1, 0.5),
    (-1, -0.5),
    (-0.5, -1),
    (0.5, -1),
    (1, -0.5),
)
DISTANCES = (3.0, 6.0, 9.5, 13.5, 18.0)  # in points
# Costs: a name outside the axes, on a point, and on another name (more by its area).
OUTSIDE = 1e6
LETTER = 0.6  # of its height, the width of a letter on average
LONGEST_SHARE = 0.4  # of the width of the axes
ON_A_POINT = 5.0
ON_A_NAME = 10.0
HALO = {
    "facecolor": "white",
    "alpha": 0.7,
    "linewidth": 0,
    "pad": 0.2,
}
PLAIN: dict[str, Any] = {
    "fontsize": SMALL,
    "ha": "center",
    "va": "center",
    "zorder": 6,
}


def spaced(
    wanted: Sequence[float], gap: float, low: float = -np.inf, high: float = np.inf
) -> list[float]:
    """Move positions on a line apart, as little as possible in least squares, and into
    its bounds; where there is no room, past the upper one.
    """
    # Positions less their ranks' gaps must not fall: isotonic regression by pooling
    # adjacent violators (Ayer and others 1955), each block a mean and its number.
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    blocks: list[tuple[float, int]] = []
    for rank, i in enumerate(order):
        value = wanted[i] - rank * gap
        size = 1
        while blocks and blocks[-1][0] >= value:
            before, count = blocks.pop()
            value = (before * count + value * size) / (count + size)
            size += count
        blocks.append((value, size))
    means = [[value] * size for value, size in blocks]
    placed = [0.0] * len(wanted)
    for rank, value in enumerate(chain.from_iterable(means)):
        # Bounds that are a gap apart for each rank leave the gaps as they are.
        below_high = min(value + rank * gap, high - (len(wanted) - 1 - rank) * gap)
        placed[order[rank]] = max(below_high, low + rank * gap)
    return placed


def short_names(names: Sequence[str], longest: int) -> dict[str, str]:
    """Return names of so many letters at most: a longer one ends before its comma, or is
    cut at its end or its start, the first of these that no other name shares.
    """
    own = {name: in_latin(name) for name in names}
    bare = {name: words.partition(",")[0] for name, words in own.items()}
    ways = [
        own,
        bare,
        {name: _cut_end(words, longest) for name, words in bare.items()},
        {name: _cut_end(words, longest) for name, words in own.items()},
        {name: _cut_start(words, longest) for name, words in bare.items()},
        {name: _cut_start(words, longest) for name, words in own.items()},
    ]
    counts = [Counter(way.values()) for way in ways]
    return {
        name: next(
            (
                way[name]
                for way, count in zip(ways, counts, strict=True)
                if len(way[name]) <= longest and count[way[name]] == 1
            ),
            ways[2][name],
        )
        for name in names
    }


def _cut_end(words: str, longest: int) -> str:
    if len(words) <= longest:
        return words
    return f"{words[: longest - 1].rstrip()}\u2026"


def _cut_start(words: str, longest: int) -> str:
    if len(words) <= longest:
        return words
    return f"\u2026{words[1 - longest :].lstrip()}"


def label_points(
    axes: Axes,
    x: np.ndarray,
    y: np.ndarray,
    names: Sequence[str],
    *,
    avoid: Sequence[Bbox] = (),
    **style: object,
) -> list[Text]:
    """Write a name beside each point where it covers no other point; a name that would
    lie on another or leave the axes is left out, a long one cut; x, y (n,).
    """
    points = axes.transData.transform(np.column_stack([x, y]))
    scale = axes.figure.dpi / 72
    taken: list[Bbox] = list(avoid)
    texts: dict[int, Text] = {}
    letters = 72 * axes.bbox.width / axes.figure.dpi / (LETTER * in_points(SMALL))
    # As they are drawn, so that their widths are known.
    short = short_names(names, max(int(LONGEST_SHARE * letters), 8))
    to_data = axes.transData.inverted().transform
    for i in _crowded_first(points):
        text = axes.text(
            x[i],
            y[i],
            short[names[i]],
            **{**PLAIN, "bbox": HALO, **style},
        )
        box = text.get_window_extent().padded(0.6 * scale)
        shifts = _shifts(box, scale)
        boxes = box.get_points() + shifts[:, None]
        others = np.delete(points, i, axis=0)
        costs = _costs(boxes, axes.bbox, others, taken, 2.4 * scale)
        # Among alike ones the nearer and plainer position wins.
        best = int(np.argmin(costs + 1e-3 * np.arange(len(costs))))
        placed = box.translated(*shifts[best])
        if costs[best] >= OUTSIDE or any(map(placed.overlaps, taken)):
            text.remove()
            continue
        text.set_position(to_data(points[i] + shifts[best]).tolist())
        taken.append(placed)
        if best >= len(DIRECTIONS):
            _draw_leader(axes, points[i], taken[-1])
        texts[i] = text
    return [texts[i] for i in sorted(texts)]


def _draw_leader(axes: Axes, point: np.ndarray, box: Bbox) -> None:
    near = np.clip(point, box.min, box.max)
    ends = axes.transData.inverted().transform(np.vstack([point, near]))
    axes.plot(ends[:, 0], ends[:, 1], color=SOFT, linewidth=0.4, zorder=3)


def _crowded_first(points: np.ndarray) -> list[int]:
    gaps = np.linalg.norm(points[:, None, :] - points[None, :, :], axis=2)
    crowd = np.round(np.exp(-gaps / 20.0).sum(axis=1), 6)
    return sorted(range(len(points)), key=lambda i: (-crowd[i], i))


def _shifts(box: Bbox, scale: float) -> np.ndarray:
    half = np.array([box.width, box.height]) / 2
    reach = half + np.array(DISTANCES)[:, None, None] * scale
    return np.reshape(np.array(DIRECTIONS) * reach, (-1, 2))


def _costs(
    boxes: np.ndarray,
    frame: Bbox,
    points: np.ndarray,
    taken: Sequence[Bbox],
    reach: float,
) -> np.ndarray:
    """Return what each position costs; boxes (S, 2, 2) of lower left and upper right
    corners, points (P, 2) -> (S,).
    """
    low = boxes[:, :1]
    high = boxes[:, 1:]
    inside = ((low >= frame.min) & (high <= frame.max)).all(axis=(1, 2))
    near = ((points > low - reach) & (points < high + reach)).all(axis=2)
    used = np.array([box.get_points() for box in taken]).reshape(-1, 2, 2)
    common = np.minimum(high, used[:, 1]) - np.maximum(low, used[:, 0])
    overlaps = (common > 0).all(axis=2)
    covered = np.where(overlaps, ON_A_NAME + common.prod(axis=2), 0.0).sum(axis=1)
    outside = np.where(inside, 0.0, OUTSIDE)
    return np.asarray(outside + ON_A_POINT * near.sum(axis=1) + covered)
