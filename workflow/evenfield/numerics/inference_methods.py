"""The inference ladder of one contrast in a cross-section of units: every method that
applies, side by side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Literal, NamedTuple

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import cr2_inference, cr3_inference
from evenfield.numerics.inference.conley import conley_inference, spatial_kernel
from evenfield.numerics.inference.wild_bootstrap import (
    wild_bootstrap,
    wild_draws,
    wild_inference,
)
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.label_permutation import (
    LABELS_ALONE,
    LabelDesign,
    LabelDraws,
    label_permutation,
)
from evenfield.numerics.ols import (
    OlsFit,
    contrast_inference,
    cov_hc1,
    fit_ols,
    t_quantile,
)
from evenfield.numerics.power import smallest_visible
from evenfield.numerics.scpc import SpatialComponents, scpc_inference

FEWEST_TREATED = 4
FEW_CLUSTERS = 12
CONLEY_KM = (400, 800, 1200)
# ASSUME: the average pairwise correlation of shocks is at most 0.03 (primary SCPC) or
# 0.06 (printed beside it).
AVERAGE_CORRELATIONS = {"scpc": 0.03, "scpc_06": 0.06}
NAN = float("nan")
TESTED = (
    "estimate",
    "std_error",
    "statistic",
    "df",
    "p_value",
    "conf_low",
    "conf_high",
)


@dataclass(frozen=True)
class Geography:
    """Where the units are and what does not depend on the outcome."""

    lat: np.ndarray  # (N,) degrees, in the order of the units of a ``Section``
    lon: np.ndarray
    components: Mapping[
        str, SpatialComponents
    ]  # by method, ``"scpc"`` and ``"scpc_06"``; empty without coordinates
    draws: Mapping[
        str, LabelDraws
    ]  # by scheme; a scheme that does not exist for these labels is left out
    reasons: Mapping[str, str] = field(default_factory=dict)  # why a scheme is left out


@dataclass(frozen=True)
class Section:
    """One regression on group labels and one combination of their coefficients."""

    units: np.ndarray  # (N,) names, sorted
    y: np.ndarray  # (N,) outcome
    labels: np.ndarray  # (N, L) group labels, or anything that moves with them
    controls: np.ndarray  # (N, K) constant and controls
    c: np.ndarray  # (R,) weights of the combination of the labels' coefficients
    treated: int  # units in the smaller of the groups that the combination compares
    # how the L labels become R regressors: the labels alone by default
    label_design: LabelDesign = LABELS_ALONE

    @cached_property
    def X(self) -> np.ndarray:
        """Regressors of the labels, then controls, shape (N, R + K)."""
        return np.column_stack(
            [self.label_design.regressors(self.labels), self.controls]
        )

    @property
    def contrast(self) -> np.ndarray:
        """Weights over all regressors, shape (R + K,)."""
        return np.concatenate([self.c, np.zeros(self.controls.shape[1])])

    @property
    def few(self) -> bool:
        """Whether too few units are treated for anything but permutation."""
        return self.treated < FEWEST_TREATED


class MethodSettings(NamedTuple):
    """What all ladders share."""

    level: float = 0.95  # level of intervals, power of minimum detectable effects
    power: float = 0.8
    bootstrap_draws: int = 9999  # draws of the wild bootstrap


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One method's numbers; missing where the method does not give them."""

    method: str  # for example ``"scpc"``, ``"cr3"``, ``"permutation"``
    se_type: str = ""  # as printed
    p_type: str = ""
    # the usual numbers; the minimum detectable effect is that of this row's own test
    estimate: float = NAN
    std_error: float = NAN
    statistic: float = NAN
    df: float = NAN
    p_value: float = NAN
    conf_low: float = NAN
    conf_high: float = NAN
    mde: float = NAN
    note: str = ""  # why numbers are missing


SCPC_LAW = "SCPC, largest over the correlations allowed"


# ASSUME: without coordinates CR3 decides, which takes the units' shocks as independent.
NO_COORDINATES = "no coordinates: dependence between neighbours is not allowed for"


def primary_method(section: Section, geography: Geography) -> str:
    """Return the method that decides, by the written rule."""
    return "permutation" if section.few else "scpc" if geography.components else "cr3"


def every_method(
    section: Section,
    geography: Geography,
    settings: MethodSettings,
    rng: np.random.Generator,
) -> list[MethodResult]:
    """Return every rung that applies, the primary one first."""
    fit = fit_ols(section.y, section.X)
    permutations = [
        permutation_result(section, geography, scheme) for scheme in SCHEMES
    ]
    if section.few:
        return [
            replace(permutations[0], mde=_classical_mde(section, fit, settings)),
            *permutations[1:],
        ]
    return [*_all_results(section, fit, geography, settings, rng), *permutations]


def primary_result(
    section: Section, geography: Geography, settings: MethodSettings
) -> MethodResult:
    """Return the deciding rung alone, for robustness rows."""
    fit = fit_ols(section.y, section.X)
    if section.few:
        return replace(
            permutation_result(section, geography, "free"),
            mde=_classical_mde(section, fit, settings),
        )
    if geography.components:
        return _guarded(
            "scpc", lambda: _scpc(section, fit, geography, settings, "scpc")
        )
    return replace(
        _guarded("cr3", lambda: _cr3(section, fit, settings)), note=NO_COORDINATES
    )


def _all_results(
    section: Section,
    fit: OlsFit,
    geography: Geography,
    settings: MethodSettings,
    rng: np.random.Generator,
) -> list[MethodResult]:
    makers: dict[str, Callable[[], MethodResult]] = {
        **{
            name: partial(_scpc, section, fit, geography, settings, name)
            for name in AVERAGE_CORRELATIONS
        },
        "cr2": partial(_cr2, section, fit, settings),
        "cr3": partial(_cr3, section, fit, settings),
        **{
            f"conley_{km}": partial(_conley, section, fit, geography, settings, km)
            for km in CONLEY_KM
        },
        "wcr33": partial(_wild, section, fit, settings, rng),
        "hc1": partial(_hc1, section, fit, settings),
    }
    results = [_guarded(method, make) for method, make in makers.items()]
    if geography.components:
        return results
    return [
        primary_result(section, geography, settings),
        *(method_result for method_result in results if method_result.method != "cr3"),
    ]


def _guarded(method: str, make: Callable[[], MethodResult]) -> MethodResult:
    try:
        return make()
    except NumericsError as error:
        return MethodResult(method, note=f"not defined: {error}")


def _scpc(
    section: Section,
    fit: OlsFit,
    geography: Geography,
    settings: MethodSettings,
    method: str,
) -> MethodResult:
    if method not in geography.components:
        raise NumericsError("the units have no coordinates")
    space = geography.components[method]
    inference = scpc_inference(fit, section.contrast, space)
    return _method_result(
        method,
        f"SCPC avc {space.average_correlation:.2f}",
        SCPC_LAW,
        inference,
        settings,
    )


def _cr2(section: Section, fit: OlsFit, settings: MethodSettings) -> MethodResult:
    inference = cr2_inference(fit, section.contrast, section.units, settings.level)
    return _method_result("cr2", "CR2", "t, Bell-McCaffrey df", inference, settings)


def _cr3(section: Section, fit: OlsFit, settings: MethodSettings) -> MethodResult:
    freedom = effective_clusters(fit.X, section.units, section.contrast) - 1
    inference = cr3_inference(
        fit, section.contrast, section.units, freedom, settings.level
    )
    return _method_result("cr3", "CR3", "t(G* - 1)", inference, settings)


def _conley(
    section: Section,
    fit: OlsFit,
    geography: Geography,
    settings: MethodSettings,
    km: int,
) -> MethodResult:
    kernel = spatial_kernel(section.units, geography.lat, geography.lon, km)
    inference = conley_inference(
        fit, section.contrast, section.units, kernel, "N/(N-K)", settings.level
    )
    return _method_result(
        f"conley_{km}", f"Conley {km} km", "t(N - K)", inference, settings
    )


def _method_result(
    method: str,
    se_type: str,
    p_type: str,
    inference: Any,
    settings: MethodSettings | None = None,
) -> MethodResult:
    """Return the numbers of a test, with its minimum detectable effect where there are
    settings for it.
    """
    numbers: dict[str, Any] = {name: getattr(inference, name, NAN) for name in TESTED}
    if settings is not None:
        ends = inference.conf_low, inference.conf_high, inference.std_error
        numbers["mde"] = smallest_visible(*ends, settings.power, settings.level)
    return MethodResult(method, se_type, p_type, **numbers)


def _wild(
    section: Section, fit: OlsFit, settings: MethodSettings, rng: np.random.Generator
) -> MethodResult:
    kind: Literal["webb", "rademacher"] = (
        "webb" if len(section.units) <= FEW_CLUSTERS else "rademacher"
    )
    rows = np.arange(len(section.units))
    weights = wild_draws(rows, kind, settings.bootstrap_draws, rng)
    inference = wild_inference(
        wild_bootstrap(fit, section.contrast, rows, weights, "33"), settings.level
    )
    return _method_result("wcr33", "CR3", f"wild bootstrap 33, {kind}", inference)


def _hc1(section: Section, fit: OlsFit, settings: MethodSettings) -> MethodResult:
    inference = contrast_inference(
        fit, cov_hc1(fit), section.contrast, fit.df, settings.level
    )
    return _method_result("hc1", "HC1", "t(N - K)", inference, settings)


def _classical_mde(section: Section, fit: OlsFit, settings: MethodSettings) -> float:
    # ASSUME: a permutation has no standard error; it sees about what a t test with
    # equal variances sees.
    std_error = float(
        np.sqrt(fit.sigma2 * section.contrast @ fit.bread @ section.contrast)
    )
    half = t_quantile(0.5 + settings.level / 2, fit.df) * std_error
    return smallest_visible(-half, half, std_error, settings.power, settings.level)


NAMES = {
    "free": "permutation",
    "stratified": "permutation_stratified",
    "connected": "permutation_connected",
}
SCHEMES = tuple(NAMES)


def permutation_result(
    section: Section, geography: Geography, scheme: str
) -> MethodResult:
    """Return the permutation test of one scheme."""
    method = NAMES[scheme]
    if scheme not in geography.draws:
        return MethodResult(
            method,
            note=f"not defined: {geography.reasons.get(scheme, 'no such permutation')}",
        )
    try:
        inference = label_permutation(
            section.y,
            section.labels,
            section.controls,
            section.c,
            geography.draws[scheme],
            section.label_design,
        )
    except NumericsError as error:
        return MethodResult(method, note=f"not defined: {error}")
    return MethodResult(
        method,
        "",
        f"{scheme} permutation of labels, {inference.distinct} patterns",
        inference.estimate,
        p_value=inference.p_value,
    )
