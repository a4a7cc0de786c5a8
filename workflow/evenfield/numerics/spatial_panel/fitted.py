"""What every fitted static spatial panel carries, whatever estimated it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from evenfield.numerics.arrays import Array
from evenfield.numerics.spatial_panel.network import Network


@dataclass(frozen=True)
class FittedPanel(ABC):
    """A fit with named parameters, the last of which is ``sigma2``, and their full
    covariance.
    """

    network: Network  # weights
    # ``rho`` first where the model has it; the regressors stand together, followed by
    # their spatial lags
    names: tuple[str, ...]
    estimates: Array  # (p,) in the order of ``names``
    regressors: tuple[str, ...]
    lagged: tuple[str, ...]  # regressors whose spatial lag enters
    log_likelihood: float  # at the optimum
    # whether a variance or a spatial parameter is at the edge of its range: standard
    # errors then mean nothing
    at_bound: bool

    def __getitem__(self, name: str) -> float:
        """Return one estimate by the name of its parameter."""
        return float(self.estimates[self.names.index(name)])

    @property
    def rho(self) -> float:
        """Parameter of the spatial lag of the outcome; 0 where the model has none."""
        return self["rho"] if self.names[0] == "rho" else 0.0

    @abstractmethod
    def covariance(self, kind: str = "observed") -> Array:
        """Return the full covariance of the estimates; shape (p, p)."""
