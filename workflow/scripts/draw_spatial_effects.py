"""Draw F11: direct and indirect effects of the spatial panels by weights and model."""

from evenfield.shared.estimates import read_estimates
from evenfield.shared.figures.save import save_figure
from evenfield.study.files import read_json
from evenfield.topics.spatial_panel.figure import draw_spatial_effects, effect_marks


def main(*, estimates: str, fit: str, figure: list[str]) -> None:
    """Read the spatial panel family and write the five files of the figure."""
    summary = read_json(fit)
    save_figure(draw_spatial_effects(effect_marks(read_estimates(estimates), summary), summary), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
