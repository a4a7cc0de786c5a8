"""Claims that a panel of regions can describe but not decide, each declared in the config."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from linearmodels.panel import PanelOLS
from linearmodels.panel.utility import AbsorbingEffectError

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import cr3_inference
from evenfield.numerics.influence import effective_clusters, partial_leverage
from evenfield.numerics.ols import fit_ols, t_quantile
from evenfield.shared.contrasts.contrast_equivalence import equivalence_rows
from evenfield.shared.contrasts.contrasts import (
    BASES,
    ContrastSettings,
    GroupContrast,
    contrast_rows,
    parse_contrast_settings,
)
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.expressions import columns_of
from evenfield.shared.rows import Results
from evenfield.shared.samples import joined
from evenfield.shared.spec import read
from evenfield.study.errors import first_examples
from evenfield.study.study import Study
from evenfield.topics.statements.estimate_data import (
    NO_DATA,
    NO_VARIATION,
    START,
    Data,
    NotCarriedError,
    StatementSpec,
    name_of,
)

NOT_CARRIED = ["claim", "spec_id", "period", "reason_code", "reason"]
Y, LABELS = "outcome", ["cluster", "sez"]
OUTPUT = {"growth_pct", "log_income", "income", "output_real", "relative_log_income", START}
LEAST_YEARS, TIE_DIGITS = 2, 10
NO_TEST = "shares are exact: no test, the range over units left out stands beside"


Section = list[StatementSpec]


def estimate(study: Study) -> Results:
    """Estimate every statement in every period that it names; what the panel cannot carry is listed with the reason."""
    data, inference = Data(study), study.config["inference"]
    settings = parse_contrast_settings(inference, study.power)
    rows: list[Estimate] = []
    contrasts: list[GroupContrast] = []
    refused = []
    main = {"taxonomy": study.config["taxonomy"]["primary"]}
    specs = [
        spec if spec.taxonomy else spec.model_copy(update=main) for spec in read(Section, study.config, "statements")
    ]
    for spec in specs:
        for period in spec.periods:
            data.period(period)  # refuses one that the study does not have
        for period in spec.periods or [""]:
            try:
                if spec.kind == "not_carried":
                    raise NotCarriedError(spec.reason, spec.note)
                made = _MAKERS[spec.kind](data, spec, period, settings)
            except NotCarriedError as error:
                refused.append((spec.claim, spec.id, period, error.code, error.note))
            except NumericsError as error:
                refused.append((spec.claim, spec.id, period, NO_VARIATION, str(error)))
            else:
                rows += [row for row in made if isinstance(row, Estimate)]
                contrasts += [contrast for contrast in made if isinstance(contrast, GroupContrast)]
    rows += contrast_rows(contrasts, data.units, data.links, settings)
    zero = {spec.id for spec in specs if spec.predicted == "0"}
    rows += equivalence_rows([c for c in contrasts if c.row.spec_id in zero], data.units, data.links, settings)
    table = pd.DataFrame(refused, columns=NOT_CARRIED).sort_values(NOT_CARRIED[:3], ignore_index=True)
    shown = [row.hypothesis for row in rows if row.role == "exploratory"]
    fit = {"conf_level": settings.level, "power": settings.power, "claims": sorted(set(shown)), "rows": len(shown)}
    return Results(rows, {"not_carried": table}, fit | {"not_carried": len(table)})


def _row(data: Data, spec: StatementSpec, period: str) -> Estimate:
    """Return everything that says what a row is, without its numbers."""
    names = [name_of(text) for text in spec.outcomes]
    name = f"index({', '.join(names)})" if isinstance(spec.outcome, list) else names[0]
    based = OUTPUT & {*spec.given, *(column for text in spec.outcomes for column in columns_of(text))}
    sample = [f"{spec.among} only"] if spec.among else []
    return Estimate(
        hypothesis=spec.claim,
        family="statements",
        role="exploratory",
        estimator=f"exploratory_{spec.kind}",
        spec_id=spec.id,
        outcome=name if spec.reduce == "mean" else f"{spec.reduce} of {name}",
        term=spec.term,
        contrast=f"{spec.term} - {spec.minus}" if spec.minus else "",
        sample_id=" ".join([*sample, *(f"without {unit}" for unit in spec.without)]) or "all",
        unit_scheme=str(data.described["unit_scheme"]),
        period=period,
        treatment_def=spec.taxonomy,
        controls_id=" + ".join(spec.given) or "none",
        estimate=NAN,
        sesoi=NAN if spec.sesoi is None else spec.sesoi,
        unit_of_measure=spec.unit,
        output_basis=data.period(period)["basis"] if based else "",
        data_hash=str(data.described["data_hash"]),
    )


def _contrast(data: Data, spec: StatementSpec, period: str, _settings: ContrastSettings) -> list[GroupContrast]:
    """Return a statement about one row a unit as a group contrast."""
    table = data.regressors(spec, period)
    outcome, note = data.reduced(spec, period, table["neither"].eq(1.0))
    table = table[table[spec.among].eq(1.0)] if spec.among else table
    found = table.dropna().index.intersection(outcome.index)
    lost = sorted(str(unit) for unit in table.index.difference(found))
    row = replace(_row(data, spec, period), warning=joined(note, f"without {first_examples(lost)}" if lost else ""))
    whole = table[[*spec.regressors, *spec.given]].join(outcome.rename(Y)).dropna()
    weights = {spec.term: 1.0, **({spec.minus: -1.0} if spec.minus else {})}
    return [GroupContrast(row, whole, Y, tuple(spec.regressors), tuple(spec.given), weights)]


def _rings(data: Data, spec: StatementSpec, period: str, _settings: ContrastSettings) -> list[GroupContrast]:
    """Return how the coefficients of what lies in rings of distance fall from one ring to the next."""
    table = data.regressors(spec, period)
    outcome, note = data.reduced(spec, period, table["neither"].eq(1.0))
    distance, member = data.distances(table.index), table[spec.group].to_numpy(float)
    # ASSUME: a ring counts the members of the group in it; no member, or no unit at all, is zero.
    rings = {
        f"ring_{low}_{high}_km": ((distance > low) & (distance <= high)) @ member
        for low, high in pairwise([0, *spec.rings_km])
    }
    whole = table[[*LABELS, *spec.given]].assign(**rings).join(outcome.rename(Y)).dropna()
    row = replace(_row(data, spec, period), warning=note)

    def made(weights: dict[str, float], **fields: Any) -> GroupContrast:
        named = replace(row, term=next(iter(weights)), **fields)
        return GroupContrast(named, whole, Y, tuple(rings), (*LABELS, *spec.given), weights)

    steps = [made({near: 1.0, far: -1.0}, contrast=f"{near} - {far}") for near, far in pairwise(rings)]
    return [*steps, *(made({name: 1.0}, role="robustness") for name in rings)]


def _accounting(data: Data, spec: StatementSpec, period: str, _settings: ContrastSettings) -> list[Estimate]:
    """Return the share of a group in one quantity less its share in another, and its range over units left out."""
    years = data.years(period)
    amount, reference = data.wide(spec.outcomes[0], years), data.wide(spec.reference, years)
    both = amount.columns.intersection(reference.columns)
    if len(both) < LEAST_YEARS:
        names = f"{name_of(spec.outcomes[0])} and {name_of(spec.reference)}"
        raise NotCarriedError(NO_DATA, f"fewer than two years with {names}")
    group = data.regressors(spec, period)[spec.group]
    kept = amount[both].dropna().index.intersection(reference[both].dropna().index).intersection(group.dropna().index)
    amount, reference, member = amount.loc[kept, both], reference.loc[kept, both], group.loc[kept].eq(1.0)
    lost, span, row = sorted(group.index.difference(kept)), (int(both[0]), int(both[-1])), _row(data, spec, period)
    told = f"figures of {span[0]} to {span[1]}" if span != years else ""
    warning = joined(BASES.get(row.output_basis, ""), told, f"without {', '.join(lost)}" if lost else "", NO_TEST)
    contrast, n_periods = f"share less share of {spec.reference}", span[1] - span[0] + 1
    row = replace(row, term=spec.group, contrast=contrast, n_periods=n_periods, warning=warning)
    row = replace(row, n_units=len(kept), n_obs=len(kept), n_treated=int(member.sum()))

    def gap(units: pd.Index) -> float:
        a, b, inside = (table.loc[units].to_numpy() for table in (amount, reference, member))
        a = a[:, -1:] - a[:, :1] if spec.reduce == "increase" else a
        return 100 * float(
            np.mean(a[inside].sum(axis=0) / a.sum(axis=0)) - np.mean(b[inside].sum(axis=0) / b.sum(axis=0))
        )

    left = pd.Series({unit: gap(kept.drop(unit)) for unit in kept})
    side = replace(row, estimator="leave_one_out", role="robustness", n_units=len(kept) - 1)
    ends = {"stat_low": left.round(TIE_DIGITS).idxmin(), "stat_high": left.round(TIE_DIGITS).idxmax()}
    return [
        replace(row, estimate=gap(kept)),
        *(
            replace(side, effect_type=e, estimate=float(left.loc[str(u)]), max_leverage_unit=str(u))
            for e, u in ends.items()
        ),
    ]


def _panel(data: Data, spec: StatementSpec, period: str, settings: ContrastSettings) -> list[Estimate]:
    """Regress an outcome by unit and year on lagged regressors with unit and year effects, one row a lag."""
    outcome = data.wide(spec.outcomes[0], data.years(period)).drop(index=spec.without, errors="ignore")
    rows = []
    for lag in spec.lags:
        row = replace(_row(data, spec, period), term=f"{spec.term}_lag{lag}", fe_id="unit + year")
        before = (int(outcome.columns[0]) - lag, int(outcome.columns[-1]) - lag)
        wide = {name: data.yearly(name, before) for name in spec.regressors}
        later = {name: table.set_axis(table.columns.astype(int) + lag, axis=1).stack() for name, table in wide.items()}
        frame = pd.DataFrame({Y: outcome.stack(), **later})
        frame = frame.dropna().rename_axis(["unit", "year"]).sort_index()
        try:
            rows.append(_fitted(row, frame, spec.term, settings))
        except NumericsError as error:
            rows.append(replace(row, warning=f"not defined: {error}"))
    return rows


def _fitted(row: Estimate, frame: pd.DataFrame, term: str, settings: ContrastSettings) -> Estimate:
    """Fill a row of the two-way fixed-effects regression, with the cluster jackknife by unit and t(G* - 1)."""
    frame = frame[frame.groupby("unit")[Y].transform("size") >= LEAST_YEARS]
    if frame.empty:
        raise NotCarriedError(NO_DATA, "no unit with outcome and regressor in two years")
    frame = frame[[term, *frame.columns.drop(term)]]
    try:
        fit = PanelOLS(frame[Y], frame.drop(columns=Y), entity_effects=True, time_effects=True).fit()
    except AbsorbingEffectError:
        raise NotCarriedError(NO_VARIATION, f"{row.term} does not vary within units beyond years") from None
    year, units = frame.index.get_level_values("year"), frame.index.get_level_values("unit").to_numpy(str)
    dummies = pd.get_dummies(pd.Series(year, frame.index), dtype=float).iloc[:, 1:]
    wide = frame.join(dummies)
    within = wide - wide.groupby("unit").transform("mean")
    X, y = within.drop(columns=Y).to_numpy(float), within[Y].to_numpy(float)
    c = np.eye(X.shape[1])[0]
    names, shares = partial_leverage(X, units, c)
    g_star = effective_clusters(X, units, c)
    found = cr3_inference(fit_ols(y, X), c, units, g_star - 1, settings.level)
    mde = (found.critical_value + t_quantile(settings.power, g_star - 1)) * found.std_error
    weak = f"UNDERPOWERED: mde {mde:.3g} above sesoi {row.sesoi:g} {row.unit_of_measure}" if mde > row.sesoi else ""
    numbers = ("std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
    return replace(
        row,
        **{name: getattr(found, name) for name in numbers},
        estimate=float(fit.params[term]),
        se_type="CR3",
        p_type="t(G* - 1)",
        conf_level=settings.level,
        n_obs=len(frame),
        n_units=len(names),
        n_periods=year.nunique(),
        n_treated=len(names),
        g_star=g_star,
        mde=mde,
        controls_id="none",
        max_leverage_unit=str(names[int(np.argmax(np.round(shares, TIE_DIGITS)))]),
        warning=joined(BASES.get(row.output_basis, ""), weak),
    )


_MAKERS: dict[str, Any] = {"contrast": _contrast, "rings": _rings, "accounting": _accounting, "panel": _panel}
