"""Spatial panels by arrays, for specialists: what stands behind `spatial_panel` and its
fits, without formulas, ids and words. docs/library/arrays.md says how they go together.
"""

from evenfield.numerics.spatial_panel.bootstrap import unit_bootstrap, year_bootstrap
from evenfield.numerics.spatial_panel.factors import fit_with_factors
from evenfield.numerics.spatial_panel.impacts import (
    clustered_impacts,
    delta_impacts,
    drawn_impacts,
)
from evenfield.numerics.spatial_panel.lm_tests import bsk_tests, lm_tests
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_rows
from evenfield.numerics.spatial_panel.probabilities import model_probabilities
from evenfield.numerics.spatial_panel.random_effects import fit_random_effects
from evenfield.numerics.spatial_panel.reach import partition, reach
from evenfield.numerics.spatial_panel.selection import wald_tests

__all__ = [
    "PanelModel",
    "bsk_tests",
    "clustered_impacts",
    "delta_impacts",
    "drawn_impacts",
    "fit_random_effects",
    "fit_spatial_panel",
    "fit_with_factors",
    "lm_tests",
    "model_probabilities",
    "network",
    "panel_from_rows",
    "partition",
    "reach",
    "unit_bootstrap",
    "wald_tests",
    "year_bootstrap",
]
