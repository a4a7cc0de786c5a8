"""One registry of inferences for the library and all topics: ``METHODS``, a record by name.

A record says how a combination of coefficients is tested and all that callers have to
know of the method. A new one is a function and a record; from then on ``ef.ols``, every
specification, placebo lists and ``explain`` accept its name.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.fixed_effects import Dummies
from evenfield.numerics.inference import many_designs as at_once
from evenfield.numerics.inference.cluster_robust import (
    cr1_inference,
    cr2_inference,
    cr3_inference,
    two_way_inference,
)
from evenfield.numerics.inference.conley import (
    conley_inference,
    conley_panel_inference,
)
from evenfield.numerics.inference.design import Design, Tested
from evenfield.numerics.inference.driscoll_kraay import driscoll_kraay_inference
from evenfield.numerics.inference.many_designs import ManyFits, Verdicts
from evenfield.numerics.inference.wild_bootstrap import (
    BootstrapType,
    wild_bootstrap,
    wild_inference,
)
from evenfield.numerics.ols import (
    OlsFit,
    contrast_inference,
    cov_classical,
    cov_hc1,
    fit_ols,
    leverage_variance,
    t_inference,
)
from evenfield.numerics.scpc import (
    LARGER_CORRELATION,
    SpatialComponents,
    scpc_inference,
)

SCPC_LAW = "SCPC, largest over the correlations allowed"


def _by_covariance(
    design: Design,
    c: np.ndarray,
    level: float,
    covariance: Callable[[OlsFit], np.ndarray],
    name: str,
) -> Tested:
    """Test with Student's t and a covariance that divides by N - K of the fit."""
    scaled = design.fit.df / design.df * covariance(design.fit)
    inference = contrast_inference(design.fit, scaled, c, design.df, level)
    return design.result(inference, level, name, "t(N - K)")


def _hc3(design: Design, c: np.ndarray, level: float) -> Tested:
    """Test with Student's t and HC3, which has no factor of its own."""
    std_error = float(np.sqrt(leverage_variance(design.fit, c)))
    estimate = float(c @ design.fit.beta)
    inference = t_inference(estimate, std_error, design.df, level)
    return design.result(inference, level, "HC3", "t(N - K)")


def _cr1(design: Design, c: np.ndarray, level: float) -> Tested:
    inference = cr1_inference(design.fit, c, design.clusters, design.crossed, level)
    return design.result(inference, level, "CR1", "t(G - 1)")


def _cr2(design: Design, c: np.ndarray, level: float) -> Tested:
    inference = cr2_inference(design.fit, c, design.products_of(c), level)
    return design.result(inference, level, "CR2", "t, Bell-McCaffrey df")


def _cr3(design: Design, c: np.ndarray, level: float) -> Tested:
    df = design.cluster_df(c)
    inference = cr3_inference(design.fit, c, design.products_of(c), df, level)
    law = "t(G* - 1)" if design.effective_df else "t(G - 1)"
    return design.result(inference, level, "CR3", law)


def _two_way(design: Design, c: np.ndarray, level: float) -> Tested:
    ways = design.clusters, design.observed_dates
    inference = two_way_inference(design.fit, c, *ways, level)
    words = "clustered by unit and year"
    return design.result(inference, level, words, "t(min(G, T) - 1)")


def _wild(design: Design, c: np.ndarray, level: float, kind: BootstrapType) -> Tested:
    """Test by the wild cluster bootstrap; its interval inverts the test."""
    drawn = design.bootstrap_weights
    crossed = design.crossed
    boot = wild_bootstrap(design.fit, c, design.products_of(c), drawn, kind, crossed)
    se_type = {"11": "CR1", "33": "CR3"}[kind]
    law = f"wild bootstrap {kind}, {drawn.kind}"
    inference = wild_inference(boot, level, interval=design.intervals)
    return design.result(inference, level, se_type, law, "wild bootstrap")


def _scpc(
    design: Design,
    c: np.ndarray,
    level: float,
    average_correlation: float | None = None,
) -> Tested:
    """Test by SCPC, with errors correlated over space."""
    space = design.components(average_correlation, level)
    inference = scpc_inference(design.fit, c, space, interval=design.intervals)
    words = f"SCPC avc {space.average_correlation:.2f}"
    return design.result(inference, level, words, SCPC_LAW, "SCPC")


def _conley(
    design: Design,
    c: np.ndarray,
    level: float,
    cutoff_km: float | None = None,
    *,
    all_dates: bool = False,
) -> Tested:
    """Test with Conley's kernel, of a cross-section or of a panel."""
    kernel = design.kernel(cutoff_km)
    words = f"Conley {kernel.cutoff_km:g} km"
    one = (design.fit, c, design.units)
    factor = design.conley_factor
    if not design.several:
        inference = conley_inference(*one, kernel, factor, level)
        return design.result(inference, level, words, "t(N - K)")
    lags = design.serial_lags
    dates = design.dated(0 if all_dates else lags)
    inference = conley_panel_inference(
        *one, dates, kernel, lags, factor, level=level, all_dates=all_dates
    )
    return design.result(inference, level, f"{words}, {lags} lags", "t(G - 1)")


def _driscoll_kraay(design: Design, c: np.ndarray, level: float) -> Tested:
    lags = design.serial_lags
    dates = design.dated(lags)
    inference = driscoll_kraay_inference(design.fit, c, dates, lags, level=level)
    return design.result(inference, level, f"Driscoll-Kraay, {lags} lags", "fixed-b")


def _randomisation(
    design: Design, c: np.ndarray, level: float, scheme: str = "free"
) -> Tested:
    return design.permuted(c, level, scheme)


SingleTest = Callable[[Design, Array, float], Tested]  # of c'beta, c (K,), at a level
ManyTest = Callable[[ManyFits, Design, float], Verdicts]


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method of inference: its test, and what callers have to know of it. Each default
    is the choice that is safe for every method.
    """

    test: SingleTest
    assumes: str  # a clause without a full stop, for ``explain``
    at_once: ManyTest | None = None  # of many designs; each is tested alone without
    options: frozenset[str] = frozenset()  # of ``ols``, that it reads
    # Fixed effects that stay dummies of the fit: all where the test reads the regressors
    # themselves, those that cross the clusters where it reads leverages of clusters,
    # none where scores and leverages of rows are enough.
    dummies: Dummies = "all"
    # Data without ids of units: all are taken where errors are of rows, those of one
    # date where each row may be a unit, or none.
    without_units: Literal["all", "one date", "none"] = "one date"
    dated: bool = False  # reads dates: not for one row a unit
    law: Literal["t", "bootstrap", "SCPC", "permutation"] = "t"
    average_correlation: float | None = (
        None  # bound of SCPC; that of the design if None
    )
    errors_of: str = ""  # the method whose errors a bootstrap studentises by
    has_covariance: bool = True  # of all coefficients, positive definite
    hotelling: bool = (
        False  # joint tests by Hotelling's law with its degrees of freedom
    )
    scheme: str = ""  # of a permutation: who can have whose treatment


CLUSTER = frozenset({"cluster"})
FEW = frozenset({"few_units"})
PLACES = frozenset({"coords"})
COMPONENTS = PLACES | {"most_components"}
# Conley's kernel of a panel reaches over serial lags.
KERNEL = PLACES | FEW | {"lags"}


def _conley_within(cutoff_km: int) -> Method:
    """Return Conley's inference with a cut-off of its own."""
    return Method(
        test=partial(_conley, cutoff_km=cutoff_km),
        assumes=f"no dependence beyond {cutoff_km:,} km",
        at_once=partial(at_once.conley, cutoff_km=cutoff_km),
        options=KERNEL,
        dummies="crossed",
    )


def _permutation(scheme: str, assumes: str, *options: str) -> Method:
    """Return randomisation by a scheme."""
    return Method(
        test=partial(_randomisation, scheme=scheme),
        assumes=assumes,
        options=frozenset(options),
        dummies="crossed",
        law="permutation",
        has_covariance=False,
        scheme=scheme,
    )


METHODS: dict[str, Method] = {
    "classical": Method(
        test=partial(_by_covariance, covariance=cov_classical, name="classical"),
        assumes="errors are independent with one variance",
        at_once=at_once.classical,
        dummies="none",
        without_units="all",
    ),
    "HC1": Method(
        test=partial(_by_covariance, covariance=cov_hc1, name="HC1"),
        assumes="errors are independent; their variances may differ",
        at_once=at_once.hc1,
        dummies="none",
        without_units="all",
    ),
    "HC3": Method(
        test=_hc3,
        assumes="errors are independent; their variances may differ, rows of large"
        " leverage are allowed for",
        at_once=at_once.hc3,
        dummies="none",
        without_units="all",
    ),
    "CR1": Method(
        test=_cr1,
        assumes="clusters are independent, and there are many",
        at_once=at_once.cr1,
        options=CLUSTER,
        dummies="none",
        without_units="none",
        hotelling=True,
    ),
    "CR2": Method(
        test=_cr2,
        assumes="clusters are independent; few of them are allowed for by degrees of"
        " freedom",
        at_once=at_once.cr2,
        options=CLUSTER,
        dummies="crossed",
        without_units="none",
        hotelling=True,
    ),
    "CR3": Method(
        test=_cr3,
        assumes="clusters are independent; each is left out in turn",
        at_once=at_once.cr3,
        options=CLUSTER | FEW,
        dummies="crossed",
        without_units="none",
        hotelling=True,
    ),
    "two_way": Method(
        test=_two_way,
        assumes="rows that share neither cluster nor date are independent",
        options=CLUSTER,
        dummies="none",
        without_units="none",
        dated=True,
        has_covariance=False,
    ),
    "wild": Method(
        test=partial(_wild, kind="11"),
        assumes="clusters are independent; the law comes from signs changed cluster by"
        " cluster",
        at_once=partial(at_once.wild, kind="11"),
        options=CLUSTER | FEW,
        dummies="crossed",
        law="bootstrap",
        errors_of="CR1",
    ),
    "wild33": Method(
        test=partial(_wild, kind="33"),
        assumes="clusters are independent; as wild, on errors by leaving out clusters",
        at_once=partial(at_once.wild, kind="33"),
        options=CLUSTER | FEW,
        dummies="crossed",
        law="bootstrap",
        errors_of="CR3",
    ),
    "SCPC": Method(
        test=_scpc,
        assumes="dependence fades with distance, with an average correlation of .03 at"
        " most unless set",
        at_once=at_once.scpc,
        options=COMPONENTS | {"average_correlation"},
        dummies="crossed",
        law="SCPC",
    ),
    "SCPC_06": Method(
        test=partial(_scpc, average_correlation=LARGER_CORRELATION),
        assumes="dependence fades with distance, with an average correlation of .06 at"
        " most",
        at_once=partial(at_once.scpc, average_correlation=LARGER_CORRELATION),
        options=COMPONENTS,
        dummies="crossed",
        law="SCPC",
        average_correlation=LARGER_CORRELATION,
    ),
    "conley": Method(
        test=_conley,
        assumes="no dependence beyond the cut-off in km",
        at_once=at_once.conley,
        options=KERNEL | {"cutoff_km"},
        dummies="crossed",
    ),
    "conley_400": _conley_within(400),
    "conley_800": _conley_within(800),
    "conley_1200": _conley_within(1200),
    "conley_all_dates": Method(
        test=partial(_conley, all_dates=True),
        assumes="no dependence beyond the cut-off in km, at whatever dates",
        options=PLACES | FEW | {"cutoff_km"},
        dummies="crossed",
        dated=True,
    ),
    "driscoll_kraay": Method(
        test=_driscoll_kraay,
        assumes="dates are many, and dependence fades over them; units may depend on"
        " each other",
        options=frozenset({"lags"}),
        dummies="none",
        without_units="all",
        dated=True,
    ),
    "randomisation": _permutation(
        "free",
        "who got the treatment is as good as randomly assigned among all units",
        "strata",
    ),
    "randomisation_stratified": _permutation(
        "stratified",
        "who got the treatment is as good as randomly assigned within the strata",
        "strata",
    ),
    "randomisation_connected": _permutation(
        "connected",
        "any contiguous group of as many units could have had the treatment",
    ),
    "randomisation_exact": _permutation(
        "exact",
        "every way to assign the treatment within the strata is equally likely",
    ),
}


def infer(name: str, design: Design, c: Array, level: float = 0.95) -> Tested:
    """Test c'beta by a method of the registry; where it cannot be, the result says why."""
    try:
        return METHODS[name].test(design, c, level)
    except NumericsError as error:
        return Tested(estimate=float(c @ design.fit.beta), reason=str(error))


def components_of(name: str, design: Design, level: float) -> SpatialComponents | None:
    """Return the spatial components of a method by SCPC, nothing of another one."""
    method = METHODS[name]
    if method.law != "SCPC":
        return None
    return design.components(method.average_correlation, level)


def verdicts(name: str, fits: ManyFits, design: Design, level: float) -> Verdicts:
    """Test c'beta of each fit by a method of the registry; ``design`` holds what the
    fits share.
    """
    test = METHODS[name].at_once
    if test is None:
        return _one_by_one(name, fits, design, level)
    try:
        return test(fits, design, level)
    except NumericsError:  # what the fits share does not allow it
        nothing = np.full(fits.count, np.nan)
        return Verdicts.of(nothing, nothing, level)


def _one_by_one(name: str, fits: ManyFits, design: Design, level: float) -> Verdicts:
    """Test each fit by the method for one."""
    tests = []
    for X in fits.X:
        one = replace(design, fit=fit_ols(fits.y, X))
        tests.append(infer(name, one, fits.c, level))
    statistic = np.array([test.statistic for test in tests], dtype=float)
    p_value = np.array([test.p_value for test in tests], dtype=float)
    return Verdicts.of(statistic, p_value, level)
