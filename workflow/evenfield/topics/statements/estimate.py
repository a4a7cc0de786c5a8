"""Statements of a source: facts as observed, and regressions that stand behind a claim
but decide no hypothesis.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import encoded
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.ols import fit_ols
from evenfield.shared.contrasts.changes import change_rows
from evenfield.shared.contrasts.contrasts import BASES, SUFFIXES, contrast_rows
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.estimates import NAN, Estimate, asking
from evenfield.shared.few_units import (
    beside,
    carrier_fields,
    few_unit_design,
    fields_of,
)
from evenfield.shared.rows import Results
from evenfield.shared.samples import UnsupportedError, joined, underpowered
from evenfield.shared.spec import read
from evenfield.study.errors import EstimateError, Faults, first_examples
from evenfield.study.expressions import columns_of
from evenfield.study.study import Study
from evenfield.study.study_config import InferenceSettings
from evenfield.topics.statements.estimate_data import (
    AssociationSpec,
    Data,
    check_association,
    name_of,
)
from evenfield.topics.statements.estimate_facts import (
    OUTPUT,
    FactData,
    FactSpec,
    check_fact,
    fact_rows,
)

NOT_CARRIED = ["claim", "spec_id", "period", "reason"]
Y = "outcome"
LEAST_YEARS = 2

Section = list[Annotated[FactSpec | AssociationSpec, Field(discriminator="kind")]]


def look_section(study: Study, section: Section) -> list[str]:
    """Refuse names that no table has, before anything is estimated, and a section of
    which nothing would be left.
    """
    data = {name: FactData(study, name) for name in (study.main, *study.schemes)}
    primary = study.config.taxonomy.primary
    faults = Faults()
    supported = False
    reasons = list[str]()
    for spec in section:
        with faults.caught():
            if not isinstance(spec, FactSpec):
                check_association(spec, data[study.main])
                supported = True
                continue
            check_fact(spec, data[study.main])
            # One fact that can be carried is enough; the rest are not computed twice.
            if not supported:
                rows = list(fact_rows(spec, data, primary))
                supported = any(isinstance(row, Estimate) for row in rows)
                reasons += [row[1] for row in rows if not isinstance(row, Estimate)]
    if not faults and not supported:
        result = f"estimates.statements: {first_examples(sorted(set(reasons)))}"
        action = "correct the statements or remove them"
        faults.append(EstimateError(result, "one that the panel can carry", action))
    faults.refuse()
    return []


def estimate(study: Study) -> Results:
    """Estimate every statement; what the panel cannot carry is listed with the reason."""
    data = Data(study)
    primary = study.config.taxonomy.primary
    schemes = {name: FactData(study, name) for name in (study.main, *study.schemes)}
    specs = read(Section, study.config, "statements")
    inference = study.config.inference
    rows: list[Estimate] = []
    contrasts: list[GroupContrast] = []
    changes: list[tuple[GroupContrast, GroupContrast]] = []
    refused = []
    for spec in specs:
        if isinstance(spec, FactSpec):
            for row in fact_rows(spec, schemes, primary):
                if isinstance(row, Estimate):
                    rows.append(row)
                else:
                    refused.append((spec.claim, spec.id, *row))
            continue
        known = spec if spec.taxonomy else spec.model_copy(update={"taxonomy": primary})
        by_period: dict[str, GroupContrast] = {}
        for period in spec.periods:
            try:
                if spec.kind == "panel":
                    rows += _panel(data, known, period, inference)
                else:
                    by_period[period] = association(data, known, period)
            except (UnsupportedError, NumericsError) as error:
                refused.append((spec.claim, spec.id, period, str(error)))
        contrasts += by_period.values()
        changes += [
            (by_period[early], by_period[late])
            for early, late in spec.changes
            if {early, late} <= {*by_period}
        ]
    geographies = Geographies(data.units, study.table("adjacency"), inference)
    for contrast in contrasts:
        rows += contrast_rows(contrast, geographies)
    for first, later in changes:
        rows += change_rows(first, later, geographies)
    table = pd.DataFrame(refused, columns=NOT_CARRIED).sort_values(
        NOT_CARRIED, ignore_index=True
    )
    fit = {
        "conf_level": inference.level,
        "power": inference.power,
        "rows": len(rows),
        "not_carried": len(table),
    }
    return Results(rows, {"not_carried": table}, fit)


def _row(data: Data, spec: AssociationSpec, period: str) -> Estimate:
    """Return everything that says what a row is, without its numbers."""
    names = [name_of(text) for text in spec.outcomes]
    name = f"index({', '.join(names)})" if isinstance(spec.outcome, list) else names[0]
    # Only what is made from output rests on its basis.
    based = any(OUTPUT.intersection(columns_of(text)) for text in spec.outcomes)
    return Estimate(
        hypothesis=spec.claim,
        family="statements",
        role="exploratory",
        estimator=f"exploratory_{spec.kind}",
        spec_id=spec.id,
        outcome=name if spec.reduce == "mean" else f"{spec.reduce} of {name}",
        term=spec.term,
        contrast=f"{spec.term} - {spec.minus}" if spec.minus else "",
        unit_scheme=str(data.described["unit_scheme"]),
        period=period,
        treatment_def=spec.taxonomy,
        estimate=NAN,
        sesoi=NAN if spec.sesoi is None else spec.sesoi,
        unit_of_measure=spec.unit,
        output_basis=data.period(period)["basis"] if based else "",
        data_hash=str(data.described["data_hash"]),
    )


def association(data: Data, spec: AssociationSpec, period: str) -> GroupContrast:
    """Return an association with one row a unit as a group contrast."""
    table = data.regressors(spec, period)
    # An index is standardised by the units with neither label (Anderson 2008).
    outcome, note = data.reduced(spec, period, table["neither"].eq(1.0))
    common_units = table.dropna().index.intersection(outcome.index)
    lost = sorted(str(unit) for unit in table.index.difference(common_units))
    without = f"without {first_examples(lost)}" if lost else ""
    row = replace(_row(data, spec, period), warning=joined(note, without))
    whole = table[spec.regressors].join(outcome.rename(Y)).dropna()
    weights = {spec.term: 1.0}
    if spec.minus:
        weights[spec.minus] = -1.0
    return GroupContrast(
        row=row,
        table=whole,
        outcome=Y,
        labels=tuple(spec.regressors),
        controls=(),
        weights=weights,
        methods=spec.inference,
    )


def _panel(
    data: Data, spec: AssociationSpec, period: str, inference: InferenceSettings
) -> list[Estimate]:
    """Regress an outcome by unit and year on lagged regressors with unit and year
    effects, one row a lag.
    """
    rows = []
    for row, frame in panel_frames(data, spec, period):
        try:
            rows += _fitted(row, frame, spec, inference)
        except NumericsError as error:
            rows.append(replace(row, warning=f"not defined: {error}"))
    return rows


def panel_frames(
    data: Data, spec: AssociationSpec, period: str
) -> Iterator[tuple[Estimate, pd.DataFrame]]:
    """Yield for each lag the row to fill and outcome and regressors by unit and year."""
    outcome = data.wide(spec.outcomes[0], data.years(period))
    for lag in spec.lags:
        row = replace(
            _row(data, spec, period),
            term=f"{spec.term}_lag{lag}",
            fe_id="unit + year",
            asked=asking(lag=lag),
        )
        # The regressor of a lag lies that many years earlier.
        before = (int(outcome.columns[0]) - lag, int(outcome.columns[-1]) - lag)
        wide = {name: data.yearly(name, before) for name in spec.regressors}
        # Set to the year whose outcome they are to explain, because rows match by year.
        later = {
            name: table.set_axis(table.columns.astype(int) + lag, axis=1).stack()
            for name, table in wide.items()
        }
        frame = pd.DataFrame({Y: outcome.stack(), **later})
        frame = frame.dropna().rename_axis(["unit", "year"]).sort_index()
        yield row, of_several_years(frame)


def of_several_years(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of units with several: a unit seen once is its own fixed effect."""
    return frame[frame.groupby("unit")[Y].transform("size") >= LEAST_YEARS]


def panel_stream(row: Estimate) -> str:
    """Return the name of the random stream of a row's wild bootstrap."""
    return f"wild:{row.spec_id}:{row.term}:{row.period}"


def _fitted(
    row: Estimate,
    frame: pd.DataFrame,
    spec: AssociationSpec,
    inference: InferenceSettings,
) -> list[Estimate]:
    """Fill a row of the two-way fixed-effects regression by the methods asked for: by
    default the cluster jackknife by unit and t(G* - 1).
    """
    from linearmodels.panel import PanelOLS
    from linearmodels.panel.utility import AbsorbingEffectError

    if frame.empty:
        raise UnsupportedError("no unit with outcome and regressor in two years")
    # The reported coefficient first: `c` below picks the first column.
    term = spec.term
    frame = frame[[term, *frame.columns.drop(term)]]
    try:
        fit = PanelOLS(
            frame[Y], frame.drop(columns=Y), entity_effects=True, time_effects=True
        ).fit()
    except AbsorbingEffectError:
        raise UnsupportedError(
            f"{row.term} does not vary within units beyond years"
        ) from None
    year = frame.index.get_level_values("year")
    units = frame.index.get_level_values("unit").to_numpy(str)
    # Unit effects are taken out; year effects stay among the regressors, so that the
    # jackknife estimates them anew without each unit.
    dummies = pd.get_dummies(pd.Series(year, frame.index), dtype=float).iloc[:, 1:]
    wide = frame.join(dummies)
    within = wide - wide.groupby("unit").transform("mean")
    X = within.drop(columns=Y).to_numpy(float)
    y = within[Y].to_numpy(float)
    c = np.eye(X.shape[1])[0]
    design = few_unit_design(
        fit_ols(y, X),
        units,
        inference,
        panel_stream(row),
        dates=encoded(year.to_numpy()),
        power=inference.power,
        power_law="t",
    )
    row = replace(
        row,
        **carrier_fields(X, units, c),
        n_obs=len(frame),
        n_units=len(set(units)),
        n_periods=year.nunique(),
        n_treated=len(set(units)),
        controls_id="none",
    )
    names = spec.inference or ("CR3",)
    rows = []
    for name in names:
        test = infer(name, design, c, inference.level)
        if test.reason:
            raise NumericsError(test.reason)
        weak = underpowered(test.mde, row.sesoi, row.unit_of_measure)
        fields = fields_of(test, inference.level) | {
            "estimate": float(fit.params[term]),
            "warning": joined(BASES.get(row.output_basis, ""), weak),
            "asked": asking(row.asked, panel=True, inference=name),
        }
        named = row if name == names[0] else beside(row, name, SUFFIXES)
        rows.append(replace(named, **fields))
    return rows
