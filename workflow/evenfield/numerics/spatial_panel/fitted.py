"""What effects need to know of a fitted spatial panel, whatever estimated it."""

from typing import Protocol

from evenfield.numerics.arrays import Array
from evenfield.numerics.spatial_panel.network import Network


class FittedPanel(Protocol):
    """A fit with named parameters, the last of which is ``sigma2``, and their full
    covariance.
    """

    @property
    def network(self) -> Network:
        """Weights."""

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters; ``rho`` first where the model has it."""

    @property
    def estimates(self) -> Array:
        """Estimates in the order of ``names``."""

    @property
    def regressors(self) -> tuple[str, ...]:
        """Regressors; they stand together in ``names``, followed by their spatial lags."""

    @property
    def lagged(self) -> tuple[str, ...]:
        """Regressors whose spatial lag enters."""

    @property
    def rho(self) -> float:
        """Parameter of the spatial lag of the outcome; 0 where the model has none."""

    def __getitem__(self, name: str) -> float:
        """Return one estimate by the name of its parameter."""

    def covariance(self, kind: str = "observed") -> Array:
        """Return the covariance of all estimates."""
