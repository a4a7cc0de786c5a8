"""What an inference is given and what it says: a fit with all that stands around it
(``Design``), and a combination of coefficients that was tested (``Tested``).
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import (
    ClusterProducts,
    Clusters,
    cluster_products,
)
from evenfield.numerics.inference.conley import (
    ConleyFactor,
    SpatialKernel,
    spatial_kernel,
)
from evenfield.numerics.inference.driscoll_kraay import default_lags
from evenfield.numerics.inference.wild_bootstrap import (
    WebbOrRademacher,
    WildDraws,
    wild_draws,
)
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.ols import OlsFit, t_quantile
from evenfield.numerics.power import mde_multiplier, smallest_visible
from evenfield.numerics.random import generator_for
from evenfield.numerics.scpc import (
    AVERAGE_CORRELATION,
    SpatialComponents,
    spatial_components,
)
from evenfield.numerics.spatial import haversine_km

FEW_CLUSTERS = 12
MANY = 1e6  # degrees of freedom that stand for infinitely many
NAN = float("nan")
NUMBERS = (
    "estimate",
    "std_error",
    "statistic",
    "df",
    "p_value",
    "conf_low",
    "conf_high",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A combination of coefficients tested against zero, or why it cannot be tested."""

    estimate: float
    std_error: float = NAN
    statistic: float = NAN
    df: float = NAN  # infinite where another law than Student's t was used
    p_value: float = NAN
    p_adjusted: float = NAN  # for looking at several tests at once
    conf_low: float = NAN
    conf_high: float = NAN
    mde: float = NAN  # what this test detects with the power of the design
    se_type: str = ""  # as tables print it, for example ``"CR3"``
    p_type: str = ""  # the law by its rule, for example ``"t(G* - 1)"``
    law: str = ""  # the law in numbers, for example ``"t(11.3)"``
    reason: str = ""  # why there is no test; then only ``estimate`` is a number


@dataclass(frozen=True)
class Locations:
    """Where units are; spatial components are found once for each correlation and level."""

    units: np.ndarray  # (N,) names
    lat: np.ndarray  # (N,) degrees, not a number where unknown
    lon: np.ndarray
    most_components: int | None = None  # of SCPC; chosen by its rule otherwise
    _components: dict[tuple[float, float], SpatialComponents] = field(
        default_factory=dict, compare=False
    )
    _kernels: dict[float, SpatialKernel] = field(default_factory=dict, compare=False)

    @property
    def known(self) -> bool:
        """Whether every unit has coordinates."""
        return bool(np.isfinite(self.lat + self.lon).all())

    def components(self, average_correlation: float, level: float) -> SpatialComponents:
        """Return the spatial principal components for a bound of the average correlation."""
        if not self.known:
            raise NumericsError("the units have no coordinates")
        key = (average_correlation, level)
        if key not in self._components:
            distance = haversine_km(self.lat, self.lon)
            self._components[key] = spatial_components(
                distance, average_correlation, level, self.most_components
            )
        return self._components[key]

    def kernel(self, cutoff_km: float) -> SpatialKernel:
        """Return the weights of Conley's kernel between units."""
        if cutoff_km not in self._kernels:
            self._kernels[cutoff_km] = spatial_kernel(
                self.units, self.lat, self.lon, cutoff_km
            )
        return self._kernels[cutoff_km]


@dataclass(frozen=True, kw_only=True)
class Design:
    """A fit and what inferences need beside it; a subclass says where the rest is from."""

    fit: OlsFit
    units: Clusters  # unit of each row
    groups: Clusters | None = None  # clusters of errors, where they are not the units
    dates: Clusters | None = None  # date of each row
    locations: Locations | None = None  # of the units, in the order of ``units.names``
    draws: int = 9999  # of the wild bootstrap
    seed: int = 0
    stream: str = ""  # name of the random stream; the seed alone where empty
    wild_weights: WebbOrRademacher = "rademacher"
    common_draws: WildDraws | None = None  # of several designs; each its own otherwise
    # degrees of freedom of CR3: of all clusters, or of those that carry the combination
    effective_df: bool = False
    least_df: float = 0.0  # bound of the effective degrees of freedom
    absorbed: int = 0  # effects that were taken out of outcome and regressors
    nested: int = 0  # those of them that are nested in the clusters
    average_correlation: float = AVERAGE_CORRELATION  # bound of SCPC
    cutoff_km: float | None = None  # of Conley's kernel
    conley_factor: ConleyFactor = "none"
    lags: int | None = None  # serial lags, Newey and West's rule by default
    # whether tests give intervals; SCPC and the wild bootstrap search for theirs
    intervals: bool = True
    power: float | None = None  # of the minimum detectable effects
    power_law: Literal["normal", "t"] = "normal"

    @property
    def clusters(self) -> Clusters:
        """Clusters of errors."""
        return self.units if self.groups is None else self.groups

    @property
    def several(self) -> bool:
        """Whether a unit has several rows."""
        return len(self.units.names) < len(self.units.codes)

    @property
    def df(self) -> int:
        """Rows less coefficients, effects that were taken out counted."""
        return self.fit.df - self.absorbed

    @property
    def crossed(self) -> int:
        """Effects that were taken out and are not nested in the clusters."""
        return self.absorbed - self.nested

    @property
    def serial_lags(self) -> int:
        """Serial lags, by Newey and West's rule where none are given."""
        if self.lags is not None:
            return self.lags
        return default_lags(len(self.observed_dates.names))

    @cached_property
    def products(self) -> ClusterProducts:
        """Cross-products by cluster, formed once for all combinations."""
        first = np.eye(len(self.fit.beta))[0]
        return cluster_products(self.fit, first, self.clusters)

    @cached_property
    def _products_of(self) -> dict[bytes, ClusterProducts]:
        return {}

    def products_of(self, c: np.ndarray) -> ClusterProducts:
        """Return the cross-products with a combination, the same ones for all methods:
        what leaving a cluster out changes is found once; c (K,).
        """
        key = c.tobytes()
        if key not in self._products_of:
            found = cluster_products(self.fit, c, self.products)
            self._products_of[key] = found
        return self._products_of[key]

    @cached_property
    def bootstrap_weights(self) -> WildDraws:
        """Weights of the wild bootstrap."""
        if self.common_draws is not None:
            return self.common_draws
        stream = (
            generator_for(self.seed, self.stream)
            if self.stream
            else np.random.default_rng(self.seed)
        )
        return wild_draws(self.clusters, self.wild_weights, self.draws, stream)

    def cluster_df(self, c: np.ndarray) -> float:
        """Return the degrees of freedom of CR3: G - 1, or G* - 1; c (K,)."""
        if not self.effective_df:
            return len(self.clusters.names) - 1
        X = self.fit.X
        effective = effective_clusters(X, self.clusters.codes, c, bread=self.fit.bread)
        return max(effective - 1, self.least_df)

    @property
    def observed_dates(self) -> Clusters:
        """Date of each row."""
        if self.dates is None:
            raise NumericsError("the rows have no dates")
        return self.dates

    def dated(self, lags: int) -> Clusters:  # noqa: ARG002 - a library checks gaps
        """Return the date of each row, with those that no unit has where lags need them."""
        return self.observed_dates

    def located(self) -> Locations:
        """Return where the units are."""
        if self.locations is None:
            raise NumericsError("the units have no coordinates")
        return self.locations

    def kernel(self, cutoff_km: float | None) -> SpatialKernel:
        """Return Conley's kernel for a cut-off, that of the design by default."""
        cutoff = self.cutoff_km if cutoff_km is None else cutoff_km
        if cutoff is None:
            raise NumericsError("Conley errors need a cut-off in km")
        return self.located().kernel(cutoff)

    def components(
        self, average_correlation: float | None, level: float
    ) -> SpatialComponents:
        """Return spatial components for a bound, that of the design by default."""
        if self.several:
            raise NumericsError("SCPC needs one row a unit: take long differences")
        bound = average_correlation or self.average_correlation
        return self.located().components(bound, level)

    def permuted(  # one signature for all designs
        self,
        c: np.ndarray,  # noqa: ARG002
        level: float,  # noqa: ARG002
        scheme: str,
    ) -> Tested:
        """Test by reassigning the treatment at random, for designs that know who could have it."""
        raise NumericsError(
            f"no {scheme} permutation: nothing says which units may be treated"
        )

    def detectable(self, inference: Any, level: float) -> float:
        """Return the minimum detectable effect of a test, for laws that have one.

        Notes
        -----
        (critical value + quantile of the power) times the standard error, Bloom (1995).
        The quantile is Student's where ``power_law`` says so and the law is his.
        """
        names = getattr(inference, "_fields", ())
        if self.power is None or not {"df", "critical_value"}.intersection(names):
            return NAN
        df = getattr(inference, "df", NAN)
        error: float = inference.std_error
        if self.power_law == "normal" or np.isnan(df):
            ends = inference.conf_low, inference.conf_high
            return smallest_visible(*ends, error, self.power, level)
        if np.isfinite(df):
            return mde_multiplier(df, self.power, level) * error
        multiple: float = inference.critical_value + t_quantile(self.power, MANY)
        return multiple * error

    def result(
        self, inference: object, level: float, se_type: str, p_type: str, law: str = ""
    ) -> Tested:
        """Return an inference of any kind with its reach and the words for it."""
        numbers: dict[str, Any] = {
            name: getattr(inference, name, NAN) for name in NUMBERS
        }
        return Tested(
            **numbers,
            mde=self.detectable(inference, level),
            se_type=se_type,
            p_type=p_type,
            law=law or getattr(inference, "law", f"t({numbers['df']:g})"),
        )


def few_cluster_weights(count: int) -> WebbOrRademacher:
    """Return Webb's weights for a dozen clusters or fewer, else Rademacher's."""
    return "webb" if count <= FEW_CLUSTERS else "rademacher"
