"""Contrasts of changes: growth of a ratio between the ends of windows, growth before
and after a programme.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.map_pairs import (
    border_difference,
    border_pairs,
    border_permutation,
)
from evenfield.numerics.power import smallest_visible
from evenfield.numerics.random import generator_for
from evenfield.shared.contrasts.prepared_contrasts import GroupContrast
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.samples import complete, inference_fields, joined, underpowered
from evenfield.study.errors import EstimateError
from evenfield.topics.group_contrasts.estimate_groups import (
    DIFFERENCE,
    Groups,
    alone,
    compared,
    years_within,
)
from evenfield.topics.group_contrasts.estimate_spec import (
    ChangeSpec,
    ProgrammeSpec,
    Span,
)

CHANGE = "growth_change"
AFTER = "growth_after"
MEMBER = "programme"
EXPOSURE = "exposure_cluster"
BOTH = "programme_x_exposure"
PROXY_BEFORE = "DESCRIPTIVE: growth before the programme rests on PROXY output"
GROWTH = "growth_pct"
AnswerParts = Iterator[GroupContrast | Estimate | tuple[str, str]]


def change(groups: Groups, spec: ChangeSpec, family: str) -> AnswerParts:
    """Compare the yearly change of a log outcome in cluster and in zone regions.

    Notes
    -----
    100 / T x (z_i in the last year minus z_i in the first) = a + b_C C_i + b_S S_i +
    x_i'd + e_i, one row a unit and window; the number of interest is b_C - b_S. With
    one change a unit this equals two-way fixed effects on the two end years (Bertrand,
    Duflo and Mullainathan 2004).
    """
    if reason := groups.missing(spec.outcome, *spec.parts.values()):
        yield spec.id, reason
        return
    main = spec.role in {"primary", "mechanism"}
    for start, end in spec.windows:
        fields = {
            "estimator": "long_difference",
            "outcome": spec.name,
            "period": f"{start}-{end}",
            "n_periods": 2,
        }
        base = groups.row(
            family,
            spec,
            **fields,
            fe_id="unit, year (collapsed)",
            unit_of_measure="pp/yr",
        )
        # ASSUME: the smallest effect of interest is a change of the ratio over a whole
        # window, spread over its years.
        base = replace(
            base, sesoi=float(100 * np.log1p(base.sesoi / 100) / (end - start))
        )
        for taxonomy in groups.taxonomies if main else [groups.primary]:
            table, lacks = _changes(groups, spec, (start, end), taxonomy)
            row = replace(
                base, treatment_def=taxonomy, warning=joined(spec.note, lacks)
            )
            if taxonomy != groups.primary:
                row = replace(row, role="robustness")
            yield compared(row, table, spec.name, DIFFERENCE, spec.given)
            if taxonomy == groups.primary and main:
                yield from _beside(spec, row, table)


def _beside(
    spec: ChangeSpec, row: Estimate, table: pd.DataFrame
) -> Iterator[GroupContrast]:
    for name in spec.parts:
        yield compared(
            replace(row, role="mechanism", outcome=name, sesoi=NAN),
            table,
            name,
            DIFFERENCE,
            spec.given,
        )
    if spec.level:
        plain = replace(row, hypothesis="", role="exploratory", sesoi=NAN)
        for comparison in ("cluster given sez", "sez given cluster"):
            yield alone(compared(plain, table, spec.name, comparison, spec.given))
        level = replace(plain, outcome=spec.level, unit_of_measure="log points")
        yield compared(level, table, spec.level, DIFFERENCE, spec.given)


def _changes(
    groups: Groups, spec: ChangeSpec, window: Span, taxonomy: str
) -> tuple[pd.DataFrame, str]:
    start, end = window
    outcomes = {spec.name: spec.outcome, **spec.parts}
    wide = {
        name: groups.wide(text).reindex(columns=[start, end])
        for name, text in outcomes.items()
    }
    growth = {
        name: 100 * (values[end] - values[start]) / (end - start)
        for name, values in wide.items()
    }
    first = {spec.name.replace("_growth", "_start"): wide[spec.name][start]}
    first["log_income_start"] = groups.wide("log_income").reindex(columns=[start])[
        start
    ]
    table = groups.labels(taxonomy, groups.period_at(start)).assign(**growth, **first)
    table = table.join(groups.given([name for name in spec.given if name not in table]))
    if spec.level:
        table[spec.level] = _within(groups.wide(spec.outcome), window).mean(axis=1)
    return complete(
        table[table.index.isin(groups.members(spec.sample))], [*growth, *spec.given]
    )


def _within(wide: pd.DataFrame, span: Span) -> pd.DataFrame:
    return wide[years_within(wide, *span)]


def paths(groups: Groups, spec: ChangeSpec) -> pd.DataFrame:
    """Return the mean of an outcome by cell and year within each window; the ratio is a
    geometric mean.
    """
    wide = groups.wide(spec.outcome)
    parts = []
    for start, end in spec.windows:
        cells = groups.labels(groups.primary, groups.period_at(start))["cell"]
        long = (
            _within(wide, (start, end)).reset_index().melt("unit", value_name="log_gap")
        )
        parts.append(
            long.dropna().assign(cell=long["unit"].map(cells), window=f"{start}-{end}")
        )
    by = pd.concat(parts).groupby(["cell", "window", "year"])["log_gap"]
    path = pd.DataFrame({"log_gap": by.mean(), "n_units": by.count()}).reset_index()
    return path.assign(
        spec_id=spec.id, taxonomy=groups.primary, ratio=np.exp(path["log_gap"])
    )


def programme(groups: Groups, spec: ProgrammeSpec) -> AnswerParts:
    """Compare the change of growth of a programme's units with that of the others.

    Notes
    -----
    mean growth after - mean growth before = a + b D_i + c E_i + z_i'd + e_i, one row a
    unit: D for the programme, E for other programmes. Growth across the joint of proxy
    and official output is never used.
    """
    members = _members(groups)
    if reason := _absent(groups, members, spec):
        yield spec.id, reason
        return
    labels = (MEMBER, *spec.beside)
    before_after = spec.spans
    base, table = _prepared(groups, members, spec, before_after)
    contrast = GroupContrast(
        base, table, CHANGE, labels, tuple(spec.given), {MEMBER: 1.0}
    )
    yield contrast
    if spec.role == "primary":
        after = _based(
            groups,
            replace(base, role="mechanism", outcome=AFTER, sesoi=NAN, warning=""),
            spec.spans[1:],
        )
        yield replace(contrast, row=after, outcome=AFTER)
        yield from _border(
            groups, replace(base, role="robustness"), table[CHANGE], table[MEMBER].eq(1)
        )
    for spans in spec.placebos:
        row, old = _prepared(groups, members, spec, spans)
        row = replace(row, role="placebo", estimator=f"did_placebo_{spans[1][0]}")
        yield replace(contrast, row=row, table=old)
    if spec.exposure:
        yield _interaction(groups, spec, base, table)


def _members(groups: Groups) -> dict[str, set[str]]:
    programmes = groups.ingested("programmes")
    return {
        str(name): set(units) for name, units in programmes.groupby("programme")["unit"]
    }


def _absent(groups: Groups, members: dict[str, set[str]], spec: ProgrammeSpec) -> str:
    for name in (spec.programme, *spec.beside):
        if name not in members:
            return f"no programme {name} in programmes.csv"
        if lost := members[name] - set(groups.units):
            return f"{len(lost)} units of {name} are not units of the panel"
    if reason := groups.missing(GROWTH):
        return reason
    known = groups.wide(GROWTH).notna().any()
    absent_spans = [
        span for span in spec.spans if not known[known].loc[slice(*span)].any()
    ]
    return (
        f"no growth in {absent_spans[0][0]}-{absent_spans[0][1]}"
        if absent_spans
        else ""
    )


def _prepared(
    groups: Groups,
    members: dict[str, set[str]],
    spec: ProgrammeSpec,
    spans: Sequence[Span],
) -> tuple[Estimate, pd.DataFrame]:
    before, after = (_mean_growth(groups, span) for span in spans)
    table = pd.DataFrame({AFTER: after, CHANGE: after - before})
    for name, column in {
        spec.programme: MEMBER,
        **{name: name for name in spec.beside},
    }.items():
        table[column] = table.index.isin(members[name]).astype(float)
    table = table.join(groups.given(spec.given))
    table, note = complete(
        table[table.index.isin(groups.members(spec.sample))],
        [CHANGE, AFTER, *spec.given],
    )
    period = " to ".join(f"{start}-{end}" for start, end in spans)
    fields = {
        "estimator": "did",
        "outcome": CHANGE,
        "term": spec.programme,
        "period": period,
        "n_periods": 2,
    }
    row = groups.row(
        "programmes",
        spec,
        **fields,
        fe_id="unit, span (collapsed)",
        unit_of_measure="pp/yr",
    )
    return _based(groups, replace(row, warning=note), spans), table


def _mean_growth(groups: Groups, span: Span) -> pd.Series:
    """Return mean growth over the years of a span in which growth is known for at least
    one unit.
    """
    known = _within(groups.wide(GROWTH), span).dropna(axis=1, how="all")
    return (
        known.mean(axis=1, skipna=False)
        if known.shape[1]
        else pd.Series(NAN, groups.units)
    )


def _based(groups: Groups, row: Estimate, spans: Sequence[Span]) -> Estimate:
    panel = groups.tables["panel"]
    known = panel[panel[GROWTH].notna() & panel["basis"].fillna("").ne("")]
    bases = [set(known.loc[known["year"].between(*span), "basis"]) for span in spans]
    together = sorted(set().union(*bases))
    basis = together[0] if len(together) == 1 else "spliced" if together else ""
    proxy = PROXY_BEFORE if len(spans) > 1 and "proxy" in bases[0] else ""
    return replace(row, output_basis=basis, warning=joined(row.warning, proxy))


def _interaction(
    groups: Groups, spec: ProgrammeSpec, base: Estimate, table: pd.DataFrame
) -> GroupContrast:
    exposures = groups.study.table("exposures")
    chosen = exposures[
        exposures["weights"].eq(spec.exposure)
        & exposures["taxonomy"].eq(groups.primary)
    ]
    chosen = chosen[chosen["period"].eq(groups.period_at(spec.spans[0][1]))].set_index(
        "unit"
    )
    if chosen.empty:
        where = "estimates.group_contrasts.programmes.exposure"
        raise EstimateError(
            f"no exposures for weights {spec.exposure}",
            "weights of the study",
            f"correct {where}",
        )
    crossed = table.assign(**{EXPOSURE: chosen[EXPOSURE].reindex(table.index)})
    crossed[BOTH] = crossed[MEMBER] * crossed[EXPOSURE]
    row = replace(
        base,
        hypothesis="L52",
        role="exploratory",
        estimator="did_exposure",
        term=BOTH,
        sesoi=NAN,
        treatment_def=groups.primary,
        w_id=spec.exposure,
        unit_of_measure="pp/yr per exposure 0 to 1",
    )
    return GroupContrast(
        row,
        crossed,
        CHANGE,
        (BOTH,),
        (MEMBER, EXPOSURE, *spec.beside, *spec.given),
        {BOTH: 1.0},
    )


def _border(
    groups: Groups, row: Estimate, outcome: pd.Series, member: pd.Series
) -> list[Estimate]:
    """Return the mean difference over neighbours on two sides of the line, by two-way
    clusters and by permutation.
    """
    settings = groups.settings
    row = replace(
        row,
        sample_id="border pairs",
        estimator="border_pairs",
        se_type="two-way cluster by unit",
    )
    y = outcome.to_numpy(float)
    try:
        pairs = border_pairs(
            member.to_numpy(bool),
            groups.geographies.touching(outcome.index.to_numpy(str)),
        )
        difference = border_difference(y, pairs, settings.level)
    except NumericsError as error:
        return [
            replace(
                row, estimate=NAN, warning=joined(row.warning, f"not defined: {error}")
            )
        ]
    inside = len(np.unique(pairs.inside))
    outside = len(np.unique(pairs.outside))
    counts: dict[str, Any] = {
        "n_obs": len(pairs.inside),
        "n_units": inside + outside,
        "n_treated": inside,
    }
    row = replace(row, **counts, estimate=difference.estimate)
    mde = smallest_visible(
        difference.conf_low,
        difference.conf_high,
        difference.std_error,
        settings.power,
        settings.level,
    )
    filled = replace(
        row,
        **inference_fields(difference),
        p_type="t, smaller side minus one",
        mde=mde,
        warning=joined(row.warning, underpowered(mde, row.sesoi, row.unit_of_measure)),
    )
    stream = generator_for(settings.seed, f"border:{row.spec_id}:{row.period}")
    p_value = border_permutation(y, pairs, settings.permutations, stream)
    drawn: dict[str, Any] = {
        "se_type": "",
        "p_value": p_value,
        "p_type": "free permutation of outcomes",
    }
    return [
        filled,
        replace(row, role="ladder", estimator="border_pairs_permutation", **drawn),
    ]
