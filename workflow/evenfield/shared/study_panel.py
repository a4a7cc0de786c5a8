"""The balanced panel of a spatial model: an outcome and regressors that the config
writes as expressions.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Generic, TypeVar

import pandas as pd
from pydantic import Field, ValidationInfo, model_validator

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.panel import BalancedPanel, panel_from_rows
from evenfield.shared.samples import basis_warning, joined
from evenfield.shared.settings import scheme_info
from evenfield.shared.spec import Id, Spec, check_specs
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.expressions import check_columns, columns_of, evaluate
from evenfield.study.study import Study
from evenfield.study.study_config import WeightsName, Years
from evenfield.study.table_files import content_hash

UNITS = {
    "log_income": "log points",
    "growth_pct": "pp/yr",
    "relative_log_income": "log points",
}
COLUMNS = (
    "columns of panel.csv, zones in force (`zones_state`) or those of sure date"
    " (`zones_state_dated`) by type"
)


class Regressor(Spec):
    """A regressor of a spatial panel."""

    expression: str = Field(
        description=f"Its value by unit and year, an expression of {COLUMNS}."
    )
    label: str = Field(description="How it is printed.")


class PanelSpec(Spec):
    """One specification of a spatial panel."""

    id: Id
    outcome: str = Field(
        "log_income", description="Outcome, an expression of columns of panel.csv."
    )
    years: Years = Field(
        description=(
            "First and last year; of a dynamic model the first is the initial one."
        )
    )
    regressors: tuple[str, ...] = Field(min_length=1, description="Names of variables.")
    weights: WeightsName = Field(
        "",
        description="The main spatial weights; the study's primary weights by default.",
    )

    @model_validator(mode="before")
    @classmethod
    def _primary_weights(cls, data: Any, info: ValidationInfo) -> object:
        return (
            data
            if data.get("weights")
            else {**data, "weights": (info.context or {}).get("weights", "")}
        )

    @property
    def span(self) -> str:
        """The years as text."""
        return f"{self.years[0]}-{self.years[1]}"


Own = TypeVar("Own", bound=PanelSpec)


class PanelSection(Spec, Generic[Own]):
    """Variables and the specifications that name them; the first specification is the
    main one.
    """

    variables: dict[str, Regressor] = Field(description="Regressors by name.")
    specifications: tuple[Own, ...] = Field(
        min_length=1, description="Specifications; the first is the main one."
    )

    @model_validator(mode="after")
    def _known(self) -> PanelSection[Own]:
        for spec in self.specifications:
            if unknown := [
                name for name in spec.regressors if name not in self.variables
            ]:
                raise ValueError(
                    f"regressor {unknown[0]} of {spec.id} is not one of"
                    f" {', '.join(self.variables)}"
                )
        check_specs(self.specifications)
        return self


@cache
def with_zones(study: Study, scheme: str = "") -> pd.DataFrame:
    """Return the panel with zones in force by type as columns, those of sure date too."""
    doses = study.table("doses", scheme)
    keys = ["unit", "year"]
    doses = doses.assign(column="zones_" + doses["zone_type"].astype(str))
    plain = doses.pivot(index=keys, columns="column", values="zones")
    dated = doses.pivot(
        index=keys,
        columns="column",
        values="zones_dated",
    ).add_suffix("_dated")
    return study.table("panel", scheme).merge(
        plain.join(dated).reset_index(), on=keys, how="left"
    )


def study_panel(
    study: Study, section: PanelSection[Any], spec: PanelSpec, sample: str = "all"
) -> tuple[BalancedPanel, dict[str, Any], str]:
    """Return the balanced panel of a specification, the fields that its rows share, and
    the note on its data.
    """
    frame = with_zones(study)
    info = scheme_info(study.description())
    used = frame["year"].between(*spec.years) & frame["unit"].isin(info.samples[sample])
    if not used.any():
        raise EstimateError(
            f"{spec.id} has no rows in {spec.span}",
            "years of the panel",
            "correct its years",
        )
    texts = {
        spec.outcome: spec.outcome,
        **{name: section.variables[name].expression for name in spec.regressors},
    }
    for text in texts.values():
        check_columns(text, frame.columns, spec.id)
    values = {name: evaluate(text, frame) for name, text in texts.items()}
    table = frame[["unit", "year"]].assign(**values)[used]
    for name in texts:
        if len(blank := table[table[name].isna()]):
            cells = [
                f"{unit} {year}"
                for unit, year in zip(blank["unit"], blank["year"], strict=True)
            ]
            raise EstimateError(
                f"{name} is blank {len(cells)} times in {spec.id}"
                f" ({first_examples(cells)})",
                "a number for every unit and year",
                "shorten its years or leave the variable out",
            )
    names = list(spec.regressors)
    for name in names:
        if table[name].nunique() == 1:
            raise EstimateError(
                f"the regressor {name} of {spec.id} is {table[name].iloc[0]:g} in every"
                " row",
                "a regressor that varies",
                "correct its expression or leave it out",
            )
    try:
        arrays = table[spec.outcome].to_numpy(), table[names].to_numpy()
        panel = panel_from_rows(
            table["unit"].tolist(), table["year"].tolist(), *arrays, names
        )
    except NumericsError as error:
        raise EstimateError(
            f"{spec.id}: {error}", "one row per unit and year", "correct its years"
        ) from error
    bases = sorted(set(frame.loc[used, "basis"]))
    basis = bases[0] if len(bases) == 1 else "spliced"
    shared = {
        "spec_id": spec.id,
        "outcome": spec.outcome,
        "sample_id": sample,
        "unit_scheme": study.main,
        "controls_id": "+".join(names),
        "n_units": len(panel.units),
        "output_basis": basis,
    }
    note = joined(
        basis_warning(basis, info.first_official),
        unsure_zones(frame[used], list(texts.values())),
    )
    return panel, shared | {"data_hash": content_hash(table)}, note


def unsure_zones(rows: pd.DataFrame, texts: list[str]) -> str:
    """Say how often a regressor counts zones whose year is of grade C."""
    zones = sorted(
        {name for text in texts for name in columns_of(text) if f"{name}_dated" in rows}
    )
    # All zones less those of sure date are the zones of grade C.
    gaps = rows[zones].to_numpy(float) != rows[
        [f"{name}_dated" for name in zones]
    ].to_numpy(float)
    cells = int(gaps.any(axis=1).sum())
    return (
        f"GRADE C: {cells} of {len(rows)} unit-years count zones of unsure date"
        if cells
        else ""
    )
