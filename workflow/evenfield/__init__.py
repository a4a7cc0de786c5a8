"""evenfield: does growth spread? A reproducible pipeline for regional panels, and its
estimators for other data.
"""

from importlib import import_module
from warnings import warn

# The only place of the version but CITATION.cff and CHANGELOG.md; a test holds them
# together.
__version__ = "2.0.0"

# The public names by module: imported at first use, so that `import evenfield` stays
# quick.
_NAMES = {
    "api.beta_changes": "beta_changes",
    "api.beta_windows": "beta_break beta_windows",
    "api.border": "border_difference",
    "api.curves": "label_curve specification_curve",
    "api.data": "weights",
    "api.event_study": "event_study",
    "api.inequality": "growth_contributions inequality",
    "api.join_count": "join_count",
    "api.kernels": "stochastic_kernel",
    "api.labels": "label_permutation",
    "api.maps": "map",
    "api.list_error": "list_agreement list_shrinkage",
    "api.moran": "bivariate_moran moran",
    "api.nearby": "nearby",
    "api.clubs": "clubs log_t",
    "api.panels": "dynamic_fe dynamic_gmm markov",
    "api.placement": "placement",
    "api.regression": "beta_convergence contrasts ols",
    "api.comparison": "Comparison compare",
    "api.results": "Fit",
    "api.rings": "rings",
    "api.samples": "ols_by",
    "api.sigma": "sigma sigma_path",
    "api.support": "common_support",
    "api.synthetic_control": "synthetic_control",
    "api.spatial": (
        "spatial_cross_section spatial_dynamic spatial_model_probabilities spatial_panel"
    ),
    "api.spatial_fit": "SpatialFit",
    "api.spatial_regimes": "spatial_regimes",
    "numerics.errors": "NumericsError",
    "opened.study": "open_study",
    "study.errors": "EstimateError WeightsError",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}
_EVERY = ["__version__", "kernels", *_MODULES]
# A star import leaves Python's own ``map`` in its place.
__all__ = [name for name in _EVERY if name != "map"]


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name in _MODULES:
        return getattr(import_module(f"evenfield.{_MODULES[name]}"), name)
    kernels = import_module("evenfield.kernels")
    if name == "kernels":
        return kernels
    if name in kernels.__all__:
        place = f"evenfield.{name} is evenfield.kernels.{name} now"
        warn(f"{place}; the old name goes in 3.0.0", DeprecationWarning, stacklevel=2)
        return getattr(kernels, name)
    from evenfield.study.errors import nearest

    expected = nearest(name, _EVERY, "see dir(evenfield) for its names")
    raise AttributeError(f"module 'evenfield' has no attribute {name!r}; {expected}")


def __dir__() -> list[str]:
    """List the public names."""
    return _EVERY
