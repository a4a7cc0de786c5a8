"""What figures of a topic are drawn with: panels, lines over years, names and the style of the
house.
"""

from evenfield.shared.figures.labels import label_points
from evenfield.shared.figures.panels import (
    cell_key,
    key_below,
    line_key,
    names_for_rows,
    padded,
    panels,
    proxy_sentence,
    ratio_axis,
    ratio_ticks,
    tick_key,
)
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import (
    ACCENT,
    FAINT,
    INK,
    MARKS,
    PALE,
    REFERENCE,
    SERIES,
    SOFT,
    WIDTH,
    Mark,
    series_mark,
    use_style,
)
from evenfield.shared.figures.timeline import (
    Ending,
    draw_line,
    draw_path,
    name_endings,
    shade_proxy,
    stretches,
    with_basis,
    year_axis,
)

__all__ = [
    "ACCENT",
    "FAINT",
    "INK",
    "MARKS",
    "PALE",
    "REFERENCE",
    "SERIES",
    "SOFT",
    "WIDTH",
    "Artwork",
    "Ending",
    "Mark",
    "cell_key",
    "draw_line",
    "draw_path",
    "key_below",
    "label_points",
    "line_key",
    "name_endings",
    "names_for_rows",
    "padded",
    "panels",
    "proxy_sentence",
    "ratio_axis",
    "ratio_ticks",
    "series_mark",
    "shade_proxy",
    "stretches",
    "tick_key",
    "use_style",
    "with_basis",
    "year_axis",
]
