"""One cross-section of convergence by regime: growth, initial income, exposures,
interactions; what it describes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from evenfield.numerics.convergence import speed_from_slope
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import dependent_columns
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.regression import fit_robust
from evenfield.shared.samples import joined
from evenfield.shared.settings import PROXY, SPLICED, check_names
from evenfield.shared.spec import Id, Inference, Role, Spec
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.study import Study
from evenfield.study.study_config import SPARED, TaxonomyName, WeightsName, Year
from evenfield.study.table_files import content_hash

OUTCOME = "growth_pct_per_year"
START = "log_income_start"
INITIAL = "initial_income"
EXPOSURES = ("exposure_cluster", "exposure_sez")
OWN = ("own_cluster", "own_sez")
INTERACTIONS = ("initial_x_exposure_cluster", "initial_x_exposure_sez")
BASIS = {
    PROXY: "PROXY: growth rests on proxy output",
    SPLICED: "SPLICED: proxy output is joined to official output",
}
ALIKE = 1e-12
WITHIN_UNITS = 3


class RegimeSpec(Spec):
    """One specification of convergence by regime."""

    id: Id
    taxonomy: TaxonomyName = Field(description="Taxonomy of clusters and zones.")
    weights: WeightsName = Field(description="Spatial weights of the exposures.")
    own: Literal["none", "added"] = Field(
        "none", description="Whether a unit's own cluster and SEZ status is added."
    )
    split: Annotated[Year | None, SPARED] = Field(
        None,
        description="First year of the later periods, compared with the earlier ones.",
    )
    draws: int = Field(
        0,
        ge=0,
        description=(
            "Draws of units for the bias-corrected panel beside; 0 leaves it out."
        ),
    )
    hypothesis: str = Field(
        "",
        description="Hypothesis or claim that the difference of the speeds speaks to.",
    )
    role: Role = Field("robustness", description="Role in the tables.")
    inference: Inference = ()


@dataclass(frozen=True)
class CrossSection:
    """Growth and regressors of one specification and period, sorted by unit."""

    spec: RegimeSpec
    period: Mapping[str, Any]  # entry of the study's description
    table: pd.DataFrame
    columns: tuple[str, ...]  # regressors, the constant first
    shared: Mapping[str, Any]  # fields that all rows share

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
        if same := [
            name
            for name in self.columns[1:]
            if np.ptp(self.table[name].to_numpy(float)) < ALIKE
        ]:
            return f"{first_examples(same)} is the same in all {len(X)} units"
        if np.ptp(self.y) < ALIKE:
            return f"growth is the same in all {len(X)} units"
        alike = [self.columns[j] for j in dependent_columns(X)]
        return f"{first_examples(alike, 6)} cannot be told apart" if alike else ""

    def exposed(self, term: str, contrast: str) -> int:
        """Count the units behind a row: the smaller of two for a difference, all for
        initial income.
        """
        counts = [int((self.table[name] > 0).sum()) for name in EXPOSURES]
        if contrast:
            return min(counts)
        return (
            counts[INTERACTIONS.index(term)]
            if term in INTERACTIONS
            else len(self.table)
        )


def sections(study: Study, spec: RegimeSpec) -> list[CrossSection]:
    """Make the cross-sections of one specification, in the order of their years."""
    where = f"estimates.regime.{spec.id}"
    described = study.description()
    exposures = study.table("exposures")
    for key in ("taxonomy", "weights"):
        check_names([getattr(spec, key)], exposures[key].unique(), f"{where}.{key}")
    exposures = exposures[
        exposures["weights"].eq(spec.weights) & exposures["taxonomy"].eq(spec.taxonomy)
    ]
    own = OWN if spec.own == "added" else ()
    columns = ("constant", *own, INITIAL, *EXPOSURES, *INTERACTIONS)
    shared: dict[str, Any] = {
        "family": "regime",
        "spec_id": spec.id,
        "outcome": OUTCOME,
        "unit_scheme": str(described["unit_scheme"]),
    }
    shared |= {
        "treatment_def": spec.taxonomy,
        "w_id": spec.weights,
        "controls_id": "own status" if own else "none",
    }
    cross_sections = []
    for item in sorted(
        described["periods"],
        key=lambda item: (item["start"], item["end"], str(item["period"])),
    ):
        table = _joined(study, exposures, str(item["period"]), where)
        used = (
            table[[OUTCOME, INITIAL, *OWN, *EXPOSURES]]
            .rename_axis("unit")
            .reset_index()
        )
        fields = {
            **shared,
            "period": str(item["period"]),
            "n_obs": len(table),
            "n_units": len(table),
        }
        fields |= {"output_basis": str(item["basis"]), "data_hash": content_hash(used)}
        cross_sections.append(CrossSection(spec, item, table, columns, fields))
    return cross_sections


def _joined(
    study: Study, exposures: pd.DataFrame, period: str, where: str
) -> pd.DataFrame:
    parts = []
    for frame, columns in (
        (study.table("periods"), [OUTCOME, START]),
        (exposures, [*OWN, *EXPOSURES]),
    ):
        period_rows = frame[frame["period"].eq(period)]
        if twice := sorted(
            period_rows.loc[period_rows["unit"].duplicated(), "unit"].unique()
        ):
            fault = (
                f"{where} {period}: {len(twice)} units have two rows"
                f" ({first_examples(twice)})"
            )
            raise EstimateError(
                fault, "one row for each unit and period", "remove the duplicates"
            )
        parts.append(period_rows.set_index("unit")[columns])
    names = sorted(study.table("units")["unit"])
    table = parts[0].join(parts[1], how="outer").reindex(names).astype(float)
    if blank := [
        str(unit) for unit in table.index[~np.isfinite(table.to_numpy()).all(axis=1)]
    ]:
        fault = (
            f"{where} {period}: {len(blank)} units have no growth, income or exposure"
            f" ({first_examples(blank)})"
        )
        raise EstimateError(
            fault,
            "all three for every unit",
            "rebuild panel and exposures for the same units",
        )
    table[INITIAL] = table[START] - table[START].mean()
    for interaction, exposure in zip(INTERACTIONS, EXPOSURES, strict=True):
        table[interaction] = table[INITIAL] * table[exposure]
    return table


def within_rows(section: CrossSection) -> list[Estimate]:
    """Return the speed among cluster units, among SEZ units and among the others,
    without inference.
    """
    held = section.table[list(OWN)] > 0
    rows = []
    for group, inside in zip(
        ("cluster", "sez", "neither"),
        (held[OWN[0]], held[OWN[1]], ~held.any(axis=1)),
        strict=True,
    ):
        table = section.table[inside]
        n = int(inside.sum())
        speed = NAN
        reason = f"not defined: a slope needs at least {WITHIN_UNITS} units"
        if n >= WITHIN_UNITS:
            try:
                fit = fit_robust(
                    table[OUTCOME].to_numpy(float),
                    np.column_stack([np.ones(n), table[INITIAL]]),
                )
                speed = 100 * speed_from_slope(
                    float(fit.params[1]) / 100, section.years
                )
                reason = (
                    "" if np.isfinite(speed) else "not defined: 1 + bT is not positive"
                )
            except NumericsError as error:
                reason = f"not defined: {error}"
        labels: dict[str, Any] = {
            **section.shared,
            "n_obs": n,
            "n_units": n,
            "effect_type": "lambda",
            "role": "description",
        }
        labels |= {
            "estimator": "within_group",
            "term": "speed",
            "contrast": group,
            "unit_of_measure": "% per year",
        }
        warning = joined(section.note, f"description only: {n} units", reason)
        rows.append(Estimate(**labels, estimate=speed, warning=warning))
    return rows


def terciles(values: np.ndarray) -> np.ndarray:
    """Sort units into thirds by their exposure; equal exposures stay together; values
    (N,) -> (N,).
    """
    bounds = np.quantile(values, (1 / 3, 2 / 3))
    smallest = values.min()
    # ASSUME: when a third or more of the units have no exposure, terciles are
    # unexposed, less and more exposed.
    if bounds[0] <= smallest + ALIKE and (values > smallest + ALIKE).any():
        bounds = np.array([smallest, np.median(values[values > smallest + ALIKE])])
    return np.asarray(1 + (values[:, None] > bounds[None, :] + ALIKE).sum(axis=1))


def income_support(section: CrossSection, exposure: str) -> pd.DataFrame:
    """Describe initial income within the thirds of an exposure."""
    table = section.table.assign(
        tercile=terciles(section.table[exposure].to_numpy(float))
    )
    grouped = table.groupby("tercile")
    ends = grouped[exposure]
    income = grouped[INITIAL]
    support = {
        "units": grouped.size(),
        "exposure_low": ends.min(),
        "exposure_high": ends.max(),
    }
    support |= {
        "income_low": income.min(),
        "income_mean": income.mean(),
        "income_high": income.max(),
    }
    return (
        pd.DataFrame(support)
        .reset_index()
        .assign(spec_id=section.spec.id, period=section.name, exposure=exposure)
    )


def common_support(
    support: pd.DataFrame, initial: np.ndarray
) -> tuple[float, float, float]:
    """Return the stretch of initial income that all thirds share, and the share of
    units inside; initial (N,).
    """
    low = float(support["income_low"].max())
    high = float(support["income_high"].min())
    if low > high:
        return NAN, NAN, 0.0
    return low, high, float(((initial >= low) & (initial <= high)).mean())


def support_rows(section: CrossSection, support: pd.DataFrame) -> list[Estimate]:
    """Return the initial incomes that all thirds of an exposure share."""
    labels: dict[str, Any] = {
        **section.shared,
        "estimator": "common_support",
        "effect_type": "stat",
        "role": "description",
    }
    labels["contrast"] = str(support["exposure"].iloc[0])
    empty = (
        f"{3 - len(support)} thirds are empty because exposures are tied"
        if len(support) < 3
        else ""
    )
    units = {
        "low": "log points from the mean",
        "high": "log points from the mean",
        "share": "share of units",
    }
    rows = []
    values = common_support(support, section.table[INITIAL].to_numpy(float))
    for (term, unit), value in zip(units.items(), values, strict=True):
        lost = (
            ""
            if np.isfinite(value)
            else "not defined: the thirds share no initial income"
        )
        descriptors: dict[str, Any] = {
            "term": f"initial_income_{term}",
            "unit_of_measure": unit,
        }
        rows.append(
            Estimate(
                **labels,
                **descriptors,
                estimate=value,
                warning=joined(section.note, empty, lost),
            )
        )
    return rows
