"""evenfield: does growth spread? A reproducible pipeline for regional panels, and its estimators for other data."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# The public names and their modules: imported at first use, so that `import evenfield` stays quick.
_MODULES = {
    "PanelModel": "models",
    "bsk_tests": "lm_tests",
    "clustered_impacts": "impacts",
    "delta_impacts": "impacts",
    "drawn_impacts": "impacts",
    "fit_random_effects": "random_effects",
    "fit_spatial_panel": "models",
    "fit_with_factors": "factors",
    "lm_tests": "lm_tests",
    "model_probabilities": "selection",
    "network": "network",
    "panel_from_rows": "panel",
    "partition": "reach",
    "reach": "reach",
    "unit_bootstrap": "bootstrap",
    "wald_tests": "selection",
    "year_bootstrap": "bootstrap",
}
__all__ = ["__version__", *_MODULES]  # noqa: PLE0604 - all are strings


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module 'evenfield' has no attribute {name!r}; expected one of {', '.join(_MODULES)}")
    return getattr(import_module(f"evenfield.numerics.spatial_panel.{_MODULES[name]}"), name)
