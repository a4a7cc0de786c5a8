"""Which contrasts a specification asks for in a period, as rows to fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from evenfield.shared.contrasts.prepared_contrasts import Expectation, GroupContrast, lag_name
from evenfield.shared.estimates import NAN, Estimate
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.exposure.estimate_data import OUTCOME, START
from evenfield.topics.exposure.estimate_spec import ExposureSpec, Interests

ALL, OUTSIDERS = "all", "outsiders"
PER_EXPOSURE, PER_SD, OWN_UNIT = "pp/yr per exposure 0 to 1", "pp/yr per s.d. of exposure", "pp/yr"
TESTED = ("cluster", "sez")
DECIDING, MAIN = "primary", "main"
# Estimator and what it does with the exposure that permuted lists let expect.
EXPECTATIONS = {
    "slx_recentred": Expectation("stratified", "subtract"),
    "slx_expected_control": Expectation("stratified", "control"),
    "slx_recentred_connected": Expectation("connected", "subtract"),
}


@dataclass(frozen=True)
class PeriodSection:
    """One specification in one period."""

    spec: ExposureSpec  # the specification
    period: Mapping[str, Any]  # entry of the study's description
    table: pd.DataFrame  # growth, starting income, own and neighbours' regimes
    weights: SpatialWeights  # who is a neighbour
    interests: Interests  # smallest effects of interest
    study: Mapping[str, Any]  # ``unit_scheme``, ``data_hash``

    @property
    def decides(self) -> bool:
        """Whether its difference and its own coefficient decide hypotheses."""
        return self.spec.role == DECIDING and self.period["role"] == MAIN and self.spec.regimes[:2] == TESTED

    @property
    def outsiders(self) -> pd.DataFrame:
        """Units that have none of the regimes."""
        return self.table[~self.table[list(self.spec.own)].astype(bool).any(axis=1)]

    def spread(self, name: str) -> float:
        """Return the standard deviation of an exposure (ddof 0)."""
        return float(self.table[name].std(ddof=0))


def difference(section: PeriodSection, estimator: str = "slx") -> GroupContrast:
    """Return the coefficient of the first exposure minus that of the second."""
    first, second = section.spec.exposures[:2]
    role = DECIDING if section.decides and estimator == "slx" else "robustness"
    return _contrast(section, estimator, first, second, role)


def single(section: PeriodSection, term: str, estimator: str = "slx", unit: str = "") -> GroupContrast:
    """Return one coefficient, own or of an exposure."""
    decides = section.decides and term == "own_sez" and estimator == "slx"
    found = _contrast(section, estimator, term, "", DECIDING if decides else "exploratory")
    return found if unit != PER_SD else per_sd(found, section)


def per_sd(contrast: GroupContrast, section: PeriodSection) -> GroupContrast:
    """Express a contrast of exposures per standard deviation of each exposure."""
    names = dict(zip(map(lag_name, section.spec.own), section.spec.exposures, strict=True))
    scaled = {name: weight * section.spread(names[name]) for name, weight in contrast.weights.items()}
    row = replace(contrast.row, unit_of_measure=PER_SD, sesoi=section.interests.per_sd)
    return replace(contrast, row=row, weights=scaled)


def asked(section: PeriodSection) -> list[GroupContrast]:
    """Return all contrasts of a specification in a period."""
    singles = [single(section, term) for term in (*section.spec.own, *section.spec.exposures)]
    if section.spec.counted:
        per_term = [single(section, term, unit=PER_SD) for term in section.spec.exposures]
        return [per_sd(difference(section), section), *per_term]
    if section.spec.role != DECIDING:
        return [difference(section), *singles]
    own = _contrast(section, "slx", section.spec.own[0], section.spec.own[1], "exploratory")
    return [difference(section), own, *singles, *_recentred(section), *_outside(section)]


def _recentred(section: PeriodSection) -> list[GroupContrast]:
    terms = section.spec.exposures if section.decides else ()
    return [*(difference(section, name) for name in EXPECTATIONS),
            *(single(section, term, "slx_recentred") for term in terms)]  # fmt: skip


def _outside(section: PeriodSection) -> list[GroupContrast]:
    """Return the contrasts among units without a regime: exposures are their labels."""
    inner = [difference(section), *(single(section, term) for term in section.spec.exposures)]
    names = dict(zip(map(lag_name, section.spec.own), section.spec.exposures, strict=True))
    return [
        replace(contrast, row=_outside_row(contrast.row), table=section.outsiders, labels=section.spec.exposures,
                neighbours=None, weights={names[name]: weight for name, weight in contrast.weights.items()})
        for contrast in inner
    ]  # fmt: skip


def _outside_row(row: Estimate) -> Estimate:
    return replace(row, sample_id=OUTSIDERS, role="robustness" if row.contrast else "exploratory")


def _contrast(section: PeriodSection, estimator: str, term: str, minus: str, role: str) -> GroupContrast:
    spec, own = section.spec, term.startswith("own")
    sides = {term: 1.0, **({minus: -1.0} if minus else {})}
    row = Estimate(
        hypothesis=_hypothesis(spec, term, minus), family="exposure", role=role, estimator=estimator, spec_id=spec.id,
        outcome=OUTCOME, term=term, contrast=f"{term} - {minus}" if minus else "", sample_id=ALL,
        unit_scheme=str(section.study["unit_scheme"]), period=str(section.period["period"]),
        treatment_def=spec.treatment, w_id=spec.weights + ("" if spec.neighbours == "equal" else " by population"),
        estimate=NAN, sesoi=section.interests.own if own else section.interests.difference,
        unit_of_measure=OWN_UNIT if own else PER_EXPOSURE, output_basis=str(section.period["basis"]),
        data_hash=str(section.study["data_hash"]),
    )  # fmt: skip
    weights = {_regressor(name): weight for name, weight in sides.items()}
    return GroupContrast(row, section.table, OUTCOME, spec.own, (START,), weights, section.weights,
                         EXPECTATIONS.get(estimator))  # fmt: skip


def _regressor(name: str) -> str:
    return lag_name(f"own_{name.removeprefix('exposure_')}") if name.startswith("exposure") else name


def _hypothesis(spec: ExposureSpec, term: str, minus: str) -> str:
    if spec.regimes[:2] != TESTED:
        return ""
    if (term, minus) == ("exposure_cluster", "exposure_sez"):
        return "H8"
    return "H7" if not minus and term in {"own_sez", "exposure_sez"} else ""
