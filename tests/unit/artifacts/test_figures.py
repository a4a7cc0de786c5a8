from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.shared.figures.labels import label_points, spread
from evenfield.shared.figures.save import Artwork, save_figure
from evenfield.shared.figures.style import MARKS, use_style
from evenfield.shared.figures.timeline import stretches
from evenfield.shared.tables.units import cells_of
from evenfield.study.errors import ArtifactError
from evenfield.topics.beta.figure import draw_beta
from evenfield.topics.exposure.figure import coefficient_rows, draw_exposure
from evenfield.topics.groups.figure import draw_tile_map
from evenfield.topics.groups.figure_outlines import draw_outline_map
from evenfield.topics.groups.figure_rollout import draw_rollout, support_by_year
from evenfield.topics.relative_income.figure import cell_paths, draw_relative_income
from evenfield.topics.sigma.figure import draw_sigma

ENDINGS = ("pdf", "svg", "png", "csv", "alt.txt")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def tile_map(cells, units, cases, study) -> Artwork:
    return draw_tile_map(cells_of(cells, "t", "P2"), units, cases, study)


def square(x: float, y: float) -> list[list[float]]:
    return [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]


@pytest.fixture
def outline_map(cells, units, cases, study) -> Artwork:
    features = [
        {"properties": {"iso": row.unit}, "geometry": {"type": "Polygon", "coordinates": [square(row.lon, row.lat)]}}
        for row in units.itertuples()
    ]
    return draw_outline_map(cells_of(cells, "t", "P2"), units, cases, {"features": features}, study)


EXPOSURE_SPEC = {"id": "main", "taxonomy": "t", "weights": "contiguity"}


@pytest.fixture
def all_artworks(
    tile_map, outline_map, doses, design_series, profile_series, beta_frames, cells, periods, sigma_series,
    exposure_series, study,
) -> dict[str, Artwork]:  # fmt: skip
    shown = ["P1", "P2"]
    return {
        "F1": tile_map,
        "F1b": outline_map,
        "F2": draw_rollout(doses, support_by_year(design_series), study),
        "F3": draw_relative_income(cell_paths(profile_series, "t", "all"), study),
        "F4": draw_beta(*beta_frames, cells, spec="absolute", shown=shown, periods=periods, income_unit="money"),
        "F5": draw_sigma(sigma_series, "all", study),
        "F13": draw_exposure(coefficient_rows(exposure_series, EXPOSURE_SPEC, shown), shown, periods, 0.8),
    }


def test_every_figure_has_data_and_plain_words_with_numbers(all_artworks) -> None:
    for name, artwork in all_artworks.items():
        assert len(artwork.data), name
        assert artwork.alt.endswith("."), name
        assert any(letter.isdigit() for letter in artwork.alt), name
        assert "nan" not in artwork.alt.lower().replace("nanjing", ""), name


def test_no_text_leaves_the_figure(all_artworks) -> None:
    for name, artwork in all_artworks.items():
        artwork.figure.canvas.draw()
        frame = artwork.figure.bbox
        for text in drawn_texts(artwork.figure):
            box = text.get_window_extent()
            inside = box.x0 >= -1 and box.x1 <= frame.x1 + 1 and box.y0 >= -1 and box.y1 <= frame.y1 + 1
            assert inside, (name, text.get_text(), box)


def drawn_texts(figure: mpl.figure.Figure) -> list[mpl.text.Text]:
    found = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        found += [*axes.texts, axes.title, axes._left_title]
        found += axes.get_legend().get_texts() if axes.get_legend() else []
        for axis in (axes.xaxis, axes.yaxis) if axes.axison else ():
            low, high = sorted(axis.get_view_interval())
            found += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [text for text in found if text.get_text() and text.get_visible()]


def test_lines_never_cross_the_joint(sigma_series, study) -> None:
    artwork = draw_sigma(sigma_series, "all", study)
    lines = [line for line in artwork.figure.axes[0].lines if len(line.get_xdata()) > 2]
    assert len(lines) == 4
    for line in lines:
        years = np.asarray(line.get_xdata(), float)
        assert years.max() < 1990 or years.min() >= 1990
    assert [len(part) for part in stretches(sigma_series)] == [10, 11]


def test_cells_differ_in_colour_marker_line_and_ink_stays_readable() -> None:
    for attribute in ("colour", "marker", "line"):
        assert len({str(getattr(mark, attribute)) for mark in MARKS.values()}) == len(MARKS)
    for mark in MARKS.values():
        assert contrast(mark.fill, mark.ink) >= 4.5


def contrast(one: str, two: str) -> float:
    light = sorted(luminance(mpl.colors.to_rgb(colour)) for colour in (one, two))
    return (light[1] + 0.05) / (light[0] + 0.05)


def luminance(rgb: tuple[float, float, float]) -> float:
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_point_labels_stay_inside_and_apart() -> None:
    use_style()
    _, axes = plt.subplots(figsize=(4, 3))
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=31), rng.normal(size=31)
    axes.set(xlim=(x.min() - 0.2, x.max() + 0.2), ylim=(y.min() - 0.2, y.max() + 0.2))
    boxes = [text.get_window_extent() for text in label_points(axes, x, y, [f"U{i}" for i in range(31)])]
    frame = axes.bbox
    assert all(frame.x0 <= b.x0 and b.x1 <= frame.x1 and frame.y0 <= b.y0 and b.y1 <= frame.y1 for b in boxes)
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    assert len(pairs) <= 1


def test_spread_moves_labels_apart_and_keeps_their_order() -> None:
    placed = spread([1.0, 1.1, 5.0, 1.05], 1.0)
    assert np.all(np.diff(np.sort(placed)) >= 1.0 - 1e-12)
    assert np.argsort(placed).tolist() == [0, 3, 1, 2]
    assert placed[2] == 5.0
    assert np.mean(placed[:2] + placed[3:]) == pytest.approx(1.05)
    assert spread([], 1.0) == []


def test_a_letter_that_the_font_lacks_is_an_error(tmp_path: Path) -> None:
    use_style()
    figure = plt.figure()
    figure.text(0.5, 0.5, "\u4e2d")
    artwork = Artwork(figure, pd.DataFrame({"a": [1]}), "Words 1.")
    with pytest.raises(ArtifactError, match="Glyph"):
        save_figure(artwork, [str(tmp_path / "F.png")])


def test_a_figure_without_words_is_an_error(tmp_path: Path) -> None:
    use_style()
    with pytest.raises(ArtifactError, match="no description"):
        save_figure(Artwork(plt.figure(), pd.DataFrame(), " "), [str(tmp_path / "F.png")])


def test_shared_tiles_are_refused(cells, units, cases, study) -> None:
    with pytest.raises(ArtifactError, match="0 units without a tile, 7 on a tile already taken"):
        draw_tile_map(cells_of(cells, "t", "P2"), units.assign(tile_row=1, tile_col=1), cases, study)


def test_another_study_draws(sigma_series, study, periods, tmp_path: Path) -> None:
    """48 units, no clusters, no zones, no proxy, ten-year steps."""
    helpers = next(module for name, module in sys.modules.items() if name.endswith("artifacts.conftest"))
    cells, units = helpers.made_cells(48, ("neither",)), helpers.made_units(48)
    none = pd.DataFrame(columns=["case", "place", "unit", "industry", "lat", "lon"])
    first = draw_tile_map(cells_of(cells, "t", "P1"), units, none, study)
    assert "48 neither" in first.alt
    decades = sigma_series[sigma_series["year"] % 10 == 0].assign(basis="official", sigma_population_weighted=np.nan)
    fifth = draw_sigma(decades, "all", study)
    assert "PROXY" not in fifth.alt
    series, estimates = helpers.made_beta(48)
    fourth = draw_beta(series, estimates.assign(output_basis="official"), cells, spec="absolute", shown=["P1"],
                       periods=periods, income_unit="dollars")  # fmt: skip
    assert fourth.figure.legends == []
    assert "PROXY" not in fourth.figure.axes[0].get_title(loc="left")
    for name, artwork in (("F1", first), ("F4", fourth), ("F5", fifth)):
        save_figure(artwork, [str(tmp_path / f"{name}.{ending}") for ending in ENDINGS])
        assert all((tmp_path / f"{name}.{ending}").stat().st_size for ending in ENDINGS)


PROGRAM = """
import sys
import numpy as np, pandas as pd
from evenfield.shared.figures.save import save_figure
from evenfield.topics.sigma.figure import draw_sigma
from evenfield.topics.groups.figure import draw_tile_map
years = np.arange(1980, 2001)
path = 0.5 - 0.004 * (years - 1980)
series = pd.DataFrame({"spec_id": "a", "sample_id": "all", "unit_scheme": "all", "year": years, "basis": "official",
    "n_units": 8, "sigma": path, "sigma_low": path - .04, "unit_low": "X-A", "sigma_high": path + .01,
    "unit_high": "X-B", "sigma_population_weighted": path - .1})
study = {"unit_name": "region", "units_name": "regions"}
cells = pd.DataFrame({"unit": ["X-A", "X-B", "X-C"], "cell": ["cluster only", "SEZ only", "neither"]})
units = pd.DataFrame({"unit": cells["unit"], "name": cells["unit"], "tile_row": 0, "tile_col": range(3)})
cases = pd.DataFrame({"case": ["c"], "unit": ["X-A"], "place": ["P"], "industry": ["tiles"]})
for name, art in (("F5", draw_sigma(series, "all", study)), ("F1", draw_tile_map(cells, units, cases, study))):
    save_figure(art, [f"{sys.argv[1]}/{name}.{e}" for e in ("pdf", "svg", "png", "csv", "alt.txt")])
"""


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    runs = []
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        folder = tmp_path / seed
        folder.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "SOURCE_DATE_EPOCH": ""}
        environment.pop("SOURCE_DATE_EPOCH")
        subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], check=True, env=environment)
        runs.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert len(runs[0]) == 10
    assert runs[0] == runs[1]
    assert b"matplotlib" not in runs[0]["F5.png"][:4000].lower()
