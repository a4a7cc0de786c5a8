"""Inference with few units behind one coefficient of a linkage regression: methods of the
registry, long differences, and the permuted moderator.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import encoded, in_order
from evenfield.numerics.inference.design import Design
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.ols import OlsFit
from evenfield.shared.estimates import NAN, Fields, asking
from evenfield.shared.few_units import (
    PANEL,
    few_unit_design,
    located,
    method_fields,
)
from evenfield.study.study_config import InferenceSettings
from evenfield.topics.linkages.estimate_panel import LinkagePanel, fit_long_difference
from evenfield.topics.linkages.estimate_permutation import permuted_estimates

# ASSUME: errors of units 800 km apart or more are uncorrelated (Conley); within a unit
# for as many years as Newey and West's rule gives.
CONLEY_KM = 800.0


@dataclass(frozen=True)
class Setting:
    """One regression, the combination of coefficients that is tested, and what
    inference needs beside them.
    """

    panel: LinkagePanel  # arrays
    fit: OlsFit  # its fit
    c: np.ndarray  # (K,) weights of the combination
    coordinates: pd.DataFrame  # ``lat``, ``lon`` by unit
    inference: InferenceSettings  # ``conf_level``, ``permutations``, ``seed``
    power: float  # of the minimum detectable effects
    draws: int  # of the moderator over units
    draw_id: str  # name of the random stream

    @property
    def level(self) -> float:
        """Level of the intervals."""
        return self.inference.level

    @property
    def estimate(self) -> float:
        """The combination of coefficients."""
        return float(self.c @ self.fit.beta)

    @property
    def design(self) -> Design:
        """The regression with all that methods of the registry need."""
        return few_unit_design(
            self.fit,
            self.panel.members,
            self.inference,
            self.draw_id,
            power=self.power,
            dates=encoded(self.panel.dates),
            locations=located(self.coordinates, self.panel.units),
            cutoff_km=CONLEY_KM,
            **PANEL,
        )

    def fields(self, method: str) -> Fields:
        """Return what a method of the registry says of the combination."""
        return method_fields(method, self.design, self.c, self.level)


def tested_fields(setting: Setting) -> Fields:
    """Test the combination by CR3 with provinces as clusters and t(G* - 1), or say why
    there is no interval.
    """
    return setting.fields("CR3")


def fields_of_each(
    setting: Setting, combinations: Iterable[np.ndarray]
) -> Iterator[Fields]:
    """Test several combinations of one regression as ``tested_fields`` does; each c
    (K,).
    """
    design = setting.design
    for c in combinations:
        yield method_fields("CR3", design, c, setting.level)


def long_difference_fields(
    setting: Setting, change: np.ndarray | None = None
) -> Fields:
    """Test the combination in a regression of long differences by SCPC, or say why there
    is no interval or no estimate; change (N,), of the outcome if it is not given.
    """
    panel = setting.panel
    try:
        fit = fit_long_difference(panel, change)
    except NumericsError as error:
        return {"estimate": NAN, "warning": f"long differences not estimated: {error}"}
    terms = len(panel.columns)
    c = np.zeros(fit.X.shape[1])
    # The same terms come first; a constant stands behind them in place of the years.
    c[:terms] = setting.c[:terms]
    units = np.asarray(panel.units)
    design = Design(
        fit=fit,
        units=in_order(units),
        locations=located(setting.coordinates, panel.units),
        power=setting.power,
    )
    fields = method_fields("SCPC", design, c, setting.level)
    counts = {"n_obs": len(fit.y), "n_periods": 2, "asked": asking(change=[])}
    if "warning" in fields:
        return fields | counts | {"asked": asking(fields["asked"], change=[])}
    fields["se_type"] += ", last year minus first"
    return fields | counts | {"g_star": effective_clusters(fit.X, units, c)}


def _permutation(setting: Setting) -> Fields:
    seed = setting.inference.seed
    draws = permuted_estimates(
        {"": setting.panel}, setting.draws, seed, setting.draw_id
    )[""]
    # A draw as extreme as the estimate up to rounding counts.
    as_far = abs(setting.estimate) * (1 - 1e-9)
    extreme = int((np.abs(draws) >= as_far).sum())
    return {
        "estimate": setting.estimate,
        # The moderator as it is counts as one of the deals.
        "p_value": (1 + extreme) / (1 + len(draws)),
        "p_type": f"moderator permuted over units, {len(draws)} draws",
        "seed": f"{seed}:{setting.draw_id}",
    }


# Beside CR3 where a specification decides: methods of the registry, and of this topic.
PRINTED = ("wild33", "driscoll_kraay", "conley", "two_way")
SUFFIXES = {"wild33": "wild_33"}
OWN_METHODS: Mapping[str, Callable[[Setting], Fields]] = {
    "long_difference_scpc": long_difference_fields,
    "permutation": _permutation,
}
