"""What a figure may not have: small letters, texts beyond its edge or on each other, ids
of a config in place of words.
"""

from importlib import import_module
from itertools import combinations, pairwise

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.text import Text

from evenfield.shared.study_results import StudyResults
from evenfield.shared.topics import read_topics, settings

PAPER = 442.0  # points: the width at which the paper sets a figure, A4 less its margins
TALLEST = 504.0  # points: a taller picture is made smaller
LEAST_IN_PRINT = 7.0  # points
TOUCH = 1.0  # pixels by which boxes of two texts may overlap: they hold empty space
EDGE = 0.6  # pixels
CROWDED = 0.3  # of their height, the least gap of ticks


def faults(figure, raw=()):
    """Return what is wrong with a figure as it is drawn, in words; ``raw`` are texts
    that name something of the config by its id.
    """
    figure.canvas.draw()
    texts = shown(figure)
    return [
        *_small(figure, texts),
        *_cut(figure, texts),
        *_on_each_other(texts),
        *_crowded(figure),
        *_raw(texts, raw),
    ]


def drawn_figures(plan, results_folder):
    """Yield each figure that a finished study shows with its id: the style is that of
    the last one, so that each is measured before the next is drawn.
    """
    topics = read_topics()
    for topic, names in plan.exhibits.items():
        results = StudyResults(
            settings(plan.config, topic, topics[topic].render), results_folder
        )
        results.topic = topic
        for name in names:
            if name.startswith("F"):
                module = import_module(f"evenfield.topics.{topic}.figure")
                figure = module.FIGURES[name](results).figure
                yield name, figure
                plt.close(figure)


def shown(figure):
    """Return the texts that a reader sees."""
    texts = []
    for part in figure.findobj(Axes):
        if not part.axison:
            axis_texts = set()
            for axis in (part.xaxis, part.yaxis):
                axis_texts |= set(axis.findobj(Text))
            texts += [text for text in part.findobj(Text) if text not in axis_texts]
            continue
        hidden = set()
        for axis in (part.xaxis, part.yaxis):
            drawn = set()
            for tick in axis._update_ticks():
                drawn |= {
                    label
                    for label in (tick.label1, tick.label2)
                    if label.get_visible() and tick.get_visible()
                }
            drawn |= {axis.label, axis.offsetText}
            hidden |= set(axis.findobj(Text)) - drawn
        texts += [text for text in part.findobj(Text) if text not in hidden]
    in_axes = {text for part in figure.axes for text in part.findobj(Text)}
    texts += [text for text in figure.findobj(Text) if text not in in_axes]
    return [
        text
        for text in dict.fromkeys(texts)
        if text.get_visible() and text.get_text().strip()
    ]


def raw_words(config):
    """Return how samples, columns and kinds of policies would read by their ids, those
    that `study.names` calls something else.
    """
    ids = set(config["panel"].get("samples", {}))

    def walk(value, key=""):
        if isinstance(value, dict):
            for name, item in value.items():
                walk(item, str(name))
        elif isinstance(value, (list, tuple)):
            for item in value:
                walk(item, key)
        elif key in NAMED:
            ids.add(str(value))

    walk(config["estimates"])
    words = {name.replace("_", " ") for name in ids if "_" in name}
    return words - set(config["study"].get("names", {}).values())


# Keys of specifications whose values are ids.
NAMED = {"kinds", "ignored", "held", "groupings", "parents", "marked", "sample"}


def _small(figure, texts):
    wide, high = 72 * figure.get_size_inches()
    scale = min(1.0, PAPER / wide, TALLEST / high)
    return [
        f"{size:.1f} pt in print: {text.get_text()!r}"
        for text in texts
        if (size := scale * text.get_fontsize()) < LEAST_IN_PRINT
    ]


def _cut(figure, texts):
    box = figure.bbox.padded(EDGE)
    out = []
    for text in texts:
        own = text.get_window_extent()
        if own.x0 < box.x0 or own.x1 > box.x1 or own.y0 < box.y0 or own.y1 > box.y1:
            out.append(f"beyond the edge: {text.get_text()!r}")
    return out


def _on_each_other(texts):
    boxes = [(text, text.get_window_extent().padded(-TOUCH)) for text in texts]
    return [
        f"{one.get_text()!r} on {other.get_text()!r}"
        for (one, box), (other, beside) in combinations(boxes, 2)
        if box.overlaps(beside)
    ]


def _crowded(figure):
    """Say which ticks of an axis below run into each other."""
    out = []
    for part in figure.findobj(Axes):
        ticks = part.xaxis._update_ticks() if part.axison else []
        labels = [tick.label1 for tick in ticks if tick.label1.get_visible()]
        labels = [label for label in labels if label.get_text().strip()]
        boxes = sorted((label.get_window_extent() for label in labels), key=_left)
        gaps = [right.x0 - left.x1 for left, right in pairwise(boxes)]
        if gaps and min(gaps) < CROWDED * labels[0].get_fontsize():
            out.append(f"ticks {min(gaps):.1f} px apart: {labels[0].get_text()!r} ...")
    return out


def _left(box):
    return box.x0


def _raw(texts, raw):
    out = []
    for text in texts:
        words = text.get_text()
        parts = {part.strip() for part in words.replace("\n", ",").split(",")}
        if "_" in words or parts & set(raw):
            out.append(f"an id: {words!r}")
    return out
