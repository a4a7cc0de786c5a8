"""Labels that do not overlap: two small deterministic placements, along a line and around points."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from evenfield.shared.figures.style import SOFT

# Sixteen directions, plain ones first; each also tried further out.
NEAR = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1))
DIRECTIONS = (*NEAR, (1, 0.5), (0.5, 1), (-0.5, 1), (-1, 0.5), (-1, -0.5), (-0.5, -1), (0.5, -1), (1, -0.5))
DISTANCES = (3.0, 6.0, 9.5, 13.5, 18.0)
OUTSIDE = 1e6
HALO = {"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.2}
PLAIN: dict[str, Any] = {"fontsize": 5.5, "ha": "center", "va": "center", "zorder": 6}


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Move positions on a line apart, as little as possible in least squares."""
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    blocks: list[list[float]] = []
    for rank, i in enumerate(order):
        blocks.append([wanted[i] - rank * gap, 1.0])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            value, weight = blocks.pop()
            mean = (blocks[-1][0] * blocks[-1][1] + value * weight) / (blocks[-1][1] + weight)
            blocks[-1] = [mean, blocks[-1][1] + weight]
    base = [value for value, weight in blocks for _ in range(round(weight))]
    placed = {i: base[rank] + rank * gap for rank, i in enumerate(order)}
    return [placed[i] for i in range(len(wanted))]


def label_points(
    axes: Axes, x: np.ndarray, y: np.ndarray, names: Sequence[str], *, avoid: Sequence[Bbox] = (), **style: Any
) -> list[Text]:
    """Write a name beside each point where it covers no other point or name and stays inside the axes; x, y (n,)."""
    points = axes.transData.transform(np.column_stack([x, y]))
    scale = axes.figure.dpi / 72
    taken: list[Bbox] = list(avoid)
    texts: dict[int, Text] = {}
    for i in _crowded_first(points):
        text = axes.text(x[i], y[i], names[i], **{**PLAIN, "bbox": HALO, **style})
        box = text.get_window_extent().padded(0.6 * scale)
        shifts = _shifts(box, scale)
        others = np.delete(points, i, axis=0)
        costs = [_cost(box.translated(*shift), axes.bbox, others, taken, scale) for shift in shifts]
        best = int(np.argmin(np.asarray(costs) + 1e-3 * np.arange(len(costs))))
        place = axes.transData.inverted().transform(points[i] + shifts[best])
        text.set_position((float(place[0]), float(place[1])))
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


def _shifts(box: Bbox, scale: float) -> list[np.ndarray]:
    half = np.array([box.width, box.height]) / 2
    return [np.array(way) * (half + far * scale) for far in DISTANCES for way in DIRECTIONS]


def _cost(box: Bbox, frame: Bbox, points: np.ndarray, taken: Sequence[Bbox], scale: float) -> float:
    inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
    reach = 2.4 * scale
    near = ((points > [box.x0 - reach, box.y0 - reach]) & (points < [box.x1 + reach, box.y1 + reach])).all(axis=1)
    covered = sum(_overlap(box, other) for other in taken)
    return (0.0 if inside else OUTSIDE) + 5.0 * float(near.sum()) + covered


def _overlap(one: Bbox, two: Bbox) -> float:
    wide = min(one.x1, two.x1) - max(one.x0, two.x0)
    high = min(one.y1, two.y1) - max(one.y0, two.y0)
    return float(10.0 + wide * high) if wide > 0 and high > 0 else 0.0
