"""Labels that do not overlap: two small deterministic placements, along a line and
around points.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from evenfield.shared.figures.style import SOFT

# Sixteen directions, plain ones first; each also tried further out.
NEAR = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1))
DIRECTIONS = (
    *NEAR,
    (1, 0.5),
    (0.5, 1),
    (-0.5, 1),
    (-1, 0.5),
    (-1, -0.5),
    (-0.5, -1),
    (0.5, -1),
    (1, -0.5),
)
DISTANCES = (3.0, 6.0, 9.5, 13.5, 18.0)
OUTSIDE = 1e6
HALO = {"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.2}
PLAIN: dict[str, Any] = {"fontsize": 5.5, "ha": "center", "va": "center", "zorder": 6}


def spaced(wanted: Sequence[float], gap: float) -> list[float]:
    """Move positions on a line apart, as little as possible in least squares."""
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    blocks: list[list[float]] = []
    for rank, i in enumerate(order):
        blocks.append([wanted[i] - rank * gap, 1.0])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            value, weight = blocks.pop()
            mean = (blocks[-1][0] * blocks[-1][1] + value * weight) / (
                blocks[-1][1] + weight
            )
            blocks[-1] = [mean, blocks[-1][1] + weight]
    base = [value for value, weight in blocks for _ in range(round(weight))]
    placed = {i: base[rank] + rank * gap for rank, i in enumerate(order)}
    return [placed[i] for i in range(len(wanted))]


def label_points(
    axes: Axes,
    x: np.ndarray,
    y: np.ndarray,
    names: Sequence[str],
    *,
    avoid: Sequence[Bbox] = (),
    **style: Any,
) -> list[Text]:
    """Write a name beside each point where it covers no other point or name and stays
    inside the axes; x, y (n,).
    """
    points = axes.transData.transform(np.column_stack([x, y]))
    scale = axes.figure.dpi / 72
    taken: list[Bbox] = list(avoid)
    texts: dict[int, Text] = {}
    for i in _crowded_first(points):
        text = axes.text(x[i], y[i], names[i], **{**PLAIN, "bbox": HALO, **style})
        box = text.get_window_extent().padded(0.6 * scale)
        shifts = _shifts(box, scale)
        others = np.delete(points, i, axis=0)
        costs = _costs(
            box.get_points() + shifts[:, None], axes.bbox, others, taken, 2.4 * scale
        )
        best = int(np.argmin(costs + 1e-3 * np.arange(len(costs))))
        text_position = axes.transData.inverted().transform(points[i] + shifts[best])
        text.set_position((float(text_position[0]), float(text_position[1])))
        taken.append(box.translated(*shifts[best]))
        if best >= len(DIRECTIONS):
            _draw_leader(axes, points[i], taken[-1])
        texts[i] = text
    return [texts[i] for i in range(len(names))]


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
    return np.array(
        [
            np.array(way) * (half + far * scale)
            for far in DISTANCES
            for way in DIRECTIONS
        ]
    )


def _costs(
    boxes: np.ndarray,
    frame: Bbox,
    points: np.ndarray,
    taken: Sequence[Bbox],
    reach: float,
) -> np.ndarray:
    """Return what each place costs; boxes (S, 2, 2) of lower left and upper right
    corners, points (P, 2) -> (S,).
    """
    low = boxes[:, :1]
    high = boxes[:, 1:]
    inside = ((low >= frame.min) & (high <= frame.max)).all(axis=(1, 2))
    near = ((points > low - reach) & (points < high + reach)).all(axis=2).sum(axis=1)
    used = np.array([box.get_points() for box in taken]).reshape(-1, 2, 2)
    common = np.minimum(high, used[:, 1]) - np.maximum(low, used[:, 0])
    covered = np.where((common > 0).all(axis=2), 10.0 + common.prod(axis=2), 0.0).sum(
        axis=1
    )
    return np.asarray(np.where(inside, 0.0, OUTSIDE) + 5.0 * near + covered)
