"""One cross-section of convergence by regime: growth, initial income, exposures,
interactions; what it describes.
"""

from dataclasses import dataclass
from operator import itemgetter
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from evenfield.models.support import Support, shared_by_thirds
from evenfield.numerics.convergence import speed_from_slope
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import dependent_columns
from evenfield.numerics.ols import fit_ols
from evenfield.shared.estimates import NAN, Estimate, Fields, asking
from evenfield.shared.samples import joined
from evenfield.shared.settings import PROXY, SPLICED
from evenfield.shared.spec import Changes, Id, Inference, Role, Spec
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.files import Record
from evenfield.study.study import Study
from evenfield.study.study_config import (
    SPARED,
    HypothesisName,
    TaxonomyName,
    WeightsName,
    Year,
)
from evenfield.study.table_files import content_hash

OUTCOME = "growth_pct_per_year"
START = "log_income_start"
INITIAL = "initial_income"
EXPOSURES = ("exposure_cluster", "exposure_sez")
OWN = ("own_cluster", "own_sez")
INTERACTIONS = ("initial_x_exposure_cluster", "initial_x_exposure_sez")
BASIS = {
    PROXY: "PROXY: growth uses proxy output",
    SPLICED: "SPLICED: proxy output is joined to official output",
}
ALIKE = 1e-12
# A line through two units would fit them exactly.
WITHIN_UNITS = 3


class RegimeSpec(Spec):
    """One specification of convergence by regime."""

    id: Id
    taxonomy: TaxonomyName
    """Taxonomy of clusters and zones."""
    weights: WeightsName
    """Spatial weights of the exposures."""
    own: Literal["none", "added"] = "none"
    """Whether a unit's own cluster and SEZ status is added."""
    split: Annotated[Year | None, SPARED] = None
    """First year of the later periods, compared with the earlier ones."""
    changes: Changes = []
    draws: int = Field(0, ge=0)
    """Draws of units for the bias-corrected panel beside; 0 leaves it out."""
    hypothesis: HypothesisName = ""
    """Hypothesis or claim that the difference of the speeds speaks to."""
    role: Role = "robustness"
    """Role in the tables."""
    inference: Inference = ()


@dataclass(frozen=True)
class CrossSection:
    """Growth and regressors of one specification and period, sorted by unit."""

    spec: RegimeSpec
    period: Record  # entry of the study's description
    table: pd.DataFrame
    columns: tuple[str, ...]  # regressors, the constant first
    shared: Fields  # fields that all rows share

    @property
    def name(self) -> str:
        """Name of the period."""
        return str(self.period["period"])

    @property
    def years(self) -> int:
        """Years between the end points."""
        return int(self.period["end"]) - int(self.period["start"])

    @property
    def note(self) -> str:
        """What the period's output rests on, in words, where it is not official."""
        return BASIS.get(str(self.period["basis"]), "")

    @property
    def X(self) -> np.ndarray:
        """Regressors, shape (N, K)."""
        return self.table.assign(constant=1.0)[list(self.columns)].to_numpy(float)

    @property
    def y(self) -> np.ndarray:
        """Growth in percent a year, shape (N,)."""
        return self.table[OUTCOME].to_numpy(float)

    @property
    def undefined(self) -> str:
        """Why the interactions are not defined; empty when they are."""
        X = self.X
        if X.shape[0] <= X.shape[1]:
            return f"{X.shape[0]} units for {X.shape[1]} coefficients"
        # Constant columns are named first: collinearity would put the blame on several.
        ranges = self.table[list(self.columns[1:])].agg(np.ptp)
        same = list(ranges.index[ranges < ALIKE])
        if same:
            return f"{first_examples(same)} is the same in all {len(X)} units"
        if np.ptp(self.y) < ALIKE:
            return f"growth is the same in all {len(X)} units"
        alike = [self.columns[j] for j in dependent_columns(X)]
        return f"{first_examples(alike, 6)} are collinear" if alike else ""

    def exposed(self, term: str, contrast: str) -> int:
        """Count the units behind a row: the smaller of two for a difference, all for
        initial income.
        """
        counts = [int((self.table[name] > 0).sum()) for name in EXPOSURES]
        if contrast:
            return min(counts)
        by_term = dict(zip(INTERACTIONS, counts, strict=True))
        return by_term.get(term, len(self.table))


def sections(study: Study, spec: RegimeSpec) -> list[CrossSection]:
    """Make the cross-sections of one specification, in the order of their years."""
    where = f"estimates.regime.{spec.id}"
    described = study.description()
    exposures = study.table("exposures")
    exposures = exposures[
        exposures["weights"].eq(spec.weights) & exposures["taxonomy"].eq(spec.taxonomy)
    ]
    own = OWN if spec.own == "added" else ()
    shared: Fields = {
        "family": "regime",
        "spec_id": spec.id,
        "outcome": OUTCOME,
        "unit_scheme": str(described["unit_scheme"]),
        "treatment_def": spec.taxonomy,
        "w_id": spec.weights,
        "controls_id": "own status" if own else "none",
    }
    cross_sections = []
    order = itemgetter("start", "end", "period")
    for item in sorted(described["periods"], key=order):
        period = str(item["period"])
        table = _joined(study, exposures, period, where)
        used = table[[OUTCOME, INITIAL, *OWN, *EXPOSURES]]
        fields = shared | {
            "period": period,
            "n_obs": len(table),
            "n_units": len(table),
            "output_basis": str(item["basis"]),
            "data_hash": content_hash(used.rename_axis("unit").reset_index()),
        }
        columns = ("constant", *own, INITIAL, *EXPOSURES, *INTERACTIONS)
        cross_sections.append(CrossSection(spec, item, table, columns, fields))
    return cross_sections


def _joined(
    study: Study, exposures: pd.DataFrame, period: str, where: str
) -> pd.DataFrame:
    growth = (study.table("periods"), [OUTCOME, START])
    parts = []
    for frame, columns in (growth, (exposures, [*OWN, *EXPOSURES])):
        parts.append(frame[frame["period"].eq(period)].set_index("unit")[columns])
    names = sorted(study.table("units")["unit"])
    table = parts[0].join(parts[1], how="outer").reindex(names).astype(float)
    complete = np.isfinite(table.to_numpy()).all(axis=1)
    blank = [str(unit) for unit in table.index[~complete]]
    if blank:
        raise EstimateError(
            f"{where} {period}: {counted(len(blank), 'unit has', 'units have')} no growth,"
            f" income or exposure ({first_examples(blank)})",
            "all three for every unit",
            "rebuild panel and exposures for the same units",
        )
    # In deviation from the mean, so that f_C and f_S are what growth gains from
    # exposure at mean income.
    table[INITIAL] = table[START] - table[START].mean()
    for interaction, exposure in zip(INTERACTIONS, EXPOSURES, strict=True):
        table[interaction] = table[INITIAL] * table[exposure]
    return table


def within_rows(section: CrossSection) -> list[Estimate]:
    """Return the speed among cluster units, among SEZ units and among the others,
    without inference.
    """
    held = section.table[list(OWN)] > 0
    members = {
        "cluster": held[OWN[0]],
        "sez": held[OWN[1]],
        "neither": ~held.any(axis=1),
    }
    rows = []
    for group, inside in members.items():
        table = section.table[inside]
        n = len(table)
        speed = NAN
        reason = f"not defined: a slope needs at least {WITHIN_UNITS} units"
        if n >= WITHIN_UNITS:
            try:
                X = np.column_stack([np.ones(n), table[INITIAL]])
                slope = fit_ols(table[OUTCOME].to_numpy(float), X).beta[1]
                speed = 100 * speed_from_slope(float(slope) / 100, section.years)
                reason = "not defined: 1 + bT is not positive"
                reason = "" if np.isfinite(speed) else reason
            except NumericsError as error:
                reason = f"not defined: {error}"
        labels = section.shared | {"n_obs": n, "n_units": n}
        row = Estimate(
            **labels,
            estimator="within_group",
            effect_type="lambda",
            role="description",
            term="speed",
            contrast=group,
            unit_of_measure="% per year",
            estimate=speed,
            warning=joined(section.note, f"description only: {n} units", reason),
        )
        rows.append(row)
    return rows


def income_support(section: CrossSection, exposure: str) -> Support:
    """Return the initial incomes that all thirds of an exposure share."""
    return shared_by_thirds(
        section.table[INITIAL].to_numpy(float), section.table[exposure].to_numpy(float)
    )


def support_table(
    section: CrossSection, exposure: str, support: Support
) -> pd.DataFrame:
    """Describe initial income within the thirds of an exposure."""
    return pd.DataFrame(
        {
            "spec_id": section.spec.id,
            "period": section.name,
            "exposure": exposure,
            "tercile": support.labels,
            "units": support.units,
            "exposure_low": support.x_low,
            "exposure_high": support.x_high,
            "income_low": support.y_low,
            "income_mean": support.y_mean,
            "income_high": support.y_high,
        }
    )


def support_rows(
    section: CrossSection, exposure: str, support: Support
) -> list[Estimate]:
    """Return the initial incomes that all thirds of an exposure share, as rows."""
    lacking = 3 - len(support.labels)
    empty = f"{lacking} thirds are empty because exposures are tied"
    units = {
        "low": "log points from the mean",
        "high": "log points from the mean",
        "share": "share of units",
    }
    values = (support.low, support.high, support.share)
    rows = []
    for (term, unit), value in zip(units.items(), values, strict=True):
        lost = "not defined: the thirds share no initial income"
        warning = joined(
            section.note,
            empty if lacking else "",
            "" if np.isfinite(value) else lost,
        )
        row = Estimate(
            **section.shared,
            estimator="common_support",
            effect_type="stat",
            role="description",
            contrast=exposure,
            term=f"initial_income_{term}",
            asked=asking(part=term),
            unit_of_measure=unit,
            estimate=value,
            warning=warning,
        )
        rows.append(row)
    return rows
