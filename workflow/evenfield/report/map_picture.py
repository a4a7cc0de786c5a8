"""The map as a picture of its own, for the paper: income in the last year, and growth."""

from html import escape
from typing import Any

COLOURS = ("#f6f4ee", "#d3e6ea", "#a5cbd3", "#6ea6b4", "#387f90", "#12525f")
MOST_MAPS = 2
BETWEEN = 40.0
LINE = 26.0  # height of a line of the key
NO_MAP = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>\n'


def map_picture(view: dict[str, Any]) -> str:
    """Return the first layers of a map beside each other, each with its key; an empty
    picture where there is no map.
    """
    if not view:
        return NO_MAP
    width, height = map(float, view["size"].split())
    layers = _layers(view)
    key = LINE * (1.5 + max(len(layer["keys"]) for _, layer in layers))
    whole = len(layers) * width + (len(layers) - 1) * BETWEEN
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg"'
        f' viewBox="0 0 {whole:g} {height + key:g}" font-size="20"'
        ' font-family="Libertinus Serif">\n'
    ]
    for place, (number, layer) in enumerate(layers):
        left = place * (width + BETWEEN)
        parts.append(f'<g transform="translate({left:g} 0)">\n')
        parts.append(_drawn(view, number))
        parts += _key(view, layer, height)
        parts.append("</g>\n")
    return "".join([*parts, "</svg>\n"])


def _layers(view: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """Return the layers of shades, whose classes are in an order, with their numbers."""
    layers = [
        (number, {"name": layer.name, "keys": dict(layer.keys)})
        for number, layer in enumerate(view["layers"])
        if all(key.startswith("m") for key in layer.keys)
    ]
    return layers[:MOST_MAPS]


def _drawn(view: dict[str, Any], number: int) -> str:
    coast = view["coast"]
    style = 'fill="none" stroke="#63605a" stroke-width=".8"'
    parts = [f'<path {style} d="{coast}"/>\n'] if coast else []
    for unit in view["units"]:
        digits = unit["codes"][number]
        colour = COLOURS[int(digits[min(view["last"], len(digits) - 1)])]
        parts.append(
            f'<path fill="{colour}" stroke="#63605a" stroke-width=".8"'
            f' d="{unit["path"]}"/>\n'
        )
    return "".join(parts)


def _key(view: dict[str, Any], layer: dict[str, Any], height: float) -> list[str]:
    year = view["years"][view["last"]]
    # A name with years in it, as growth since the first, ends with the last.
    name = f"{layer['name']}, {year}"
    parts = [f'<text x="0" y="{height + LINE:g}">{escape(name)}</text>\n']
    for line, (key, words) in enumerate(layer["keys"].items(), 2):
        y = height + LINE * line
        parts.append(
            f'<rect x="0" y="{y - 15:g}" width="18" height="18"'
            f' fill="{COLOURS[int(key[1:])]}" stroke="#63605a" stroke-width=".6"/>'
            f'<text x="28" y="{y:g}">{escape(words)}</text>\n'
        )
    return parts
