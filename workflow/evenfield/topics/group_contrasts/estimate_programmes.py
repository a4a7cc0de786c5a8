"""Programmes: growth after a regional programme less growth before it, for its units and
for the others, at placebo dates and along the line between them.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from evenfield.models.border import P_TYPE, SE_TYPE, border
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.power import smallest_visible
from evenfield.numerics.random import generator_for
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.estimates import NAN, Estimate, asking
from evenfield.shared.samples import (
    UnsupportedError,
    complete,
    inference_fields,
    joined,
    underpowered,
)
from evenfield.shared.tables.rows import only
from evenfield.study.errors import counted
from evenfield.topics.group_contrasts.estimate_groups import Groups, Parts, years_within
from evenfield.topics.group_contrasts.estimate_spec import ProgrammeSpec, Span

BORDER_STREAM = "border:{spec_id}:{period}"
CHANGE = "growth_change"
AFTER = "growth_after"
MEMBER = "programme"
EXPOSURE = "exposure_cluster"
BOTH = "programme_x_exposure"
PROXY_BEFORE = "DESCRIPTIVE: growth before the programme uses PROXY output"
GROWTH = "growth_pct"


def programme(groups: Groups, spec: ProgrammeSpec) -> Parts:
    """Compare the change of growth of a programme's units with that of the others.

    Notes
    -----
    mean growth after - mean growth before = a + b D_i + c E_i + z_i'd + e_i, one row a
    unit: D for the programme, E for other programmes. Growth across the joint of proxy
    and official output is never used.
    """
    _require(groups, spec)
    # One change a unit: with two spans this is the regression with unit and span effects.
    base, table = _prepared(groups, spec, spec.spans)
    contrast = GroupContrast(
        row=base,
        table=table,
        outcome=CHANGE,
        labels=(MEMBER, *spec.beside),
        controls=tuple(spec.given),
        weights={MEMBER: 1.0},
    )
    yield contrast
    if spec.role == "primary":
        # Growth after alone rests on the basis of that span only.
        after = replace(
            base,
            role="mechanism",
            outcome=AFTER,
            sesoi=NAN,
            warning="",
        )
        after = _with_basis(groups, after, spec.spans[1:])
        yield replace(contrast, row=after, outcome=AFTER)
        beside = replace(base, role="robustness")
        yield from _border(groups, beside, table[CHANGE], table[MEMBER].eq(1))
    for spans in spec.placebos:
        row, old = _prepared(groups, spec, spans)
        row = replace(row, role="placebo", estimator=f"did_placebo_{spans[1][0]}")
        yield replace(contrast, row=row, table=old)
    if spec.exposure:
        yield _interaction(groups, spec, base, table)


def _members(groups: Groups, name: str) -> set[str]:
    """Return the units of a programme."""
    programmes = groups.ingested("programmes")
    return set(programmes.loc[programmes["programme"].eq(name), "unit"])


def _require(groups: Groups, spec: ProgrammeSpec) -> None:
    """Stop where the tables lack a programme, its units or growth in its spans."""
    for name in (spec.programme, *spec.beside):
        members = _members(groups, name)
        if not members:
            raise UnsupportedError(f"no programme {name} in programmes.csv")
        lost = members - set(groups.units)
        if lost:
            raise UnsupportedError(
                f"{counted(len(lost), 'unit')} of {name} outside the panel"
            )
    groups.require(GROWTH)
    for first, last in spec.spans:
        if not groups.wide(GROWTH).loc[:, first:last].notna().any(axis=None):
            raise UnsupportedError(f"no growth in {first}-{last}")


def _prepared(
    groups: Groups, spec: ProgrammeSpec, spans: Sequence[Span]
) -> tuple[Estimate, pd.DataFrame]:
    """Return the row to fill, and mean growth, its change and programmes by unit."""
    before, after = (_mean_growth(groups, span) for span in spans)
    table = pd.DataFrame({AFTER: after, CHANGE: after - before})
    for name in (spec.programme, *spec.beside):
        # Each other programme has a coefficient of its own, and so its units leave the
        # comparison group.
        column = MEMBER if name == spec.programme else name
        table[column] = table.index.isin(_members(groups, name)).astype(float)
    table = table.join(groups.given(spec.given))
    inside = table.index.isin(groups.members(spec.sample))
    table, note = complete(table[inside], [CHANGE, AFTER, *spec.given])
    row = groups.row(
        "programmes",
        spec,
        estimator="did",
        outcome=CHANGE,
        term=spec.programme,
        period=" to ".join(f"{start}-{end}" for start, end in spans),
        n_periods=2,
        fe_id="unit, span (collapsed)",
        unit_of_measure="pp/yr",
        warning=note,
    )
    return _with_basis(groups, row, spans), table


def _mean_growth(groups: Groups, span: Span) -> pd.Series:
    """Return mean growth over the years of a span in which growth is known for at least
    one unit.
    """
    wide = groups.wide(GROWTH)
    # Years in which nobody has growth, as across the joint, are not holes.
    known = wide[years_within(wide, *span)].dropna(axis=1, how="all")
    if known.empty:
        return pd.Series(NAN, groups.units)
    # A unit that lacks one of the years gets no mean: its span would be another.
    return known.mean(axis=1, skipna=False)


def _with_basis(groups: Groups, row: Estimate, spans: Sequence[Span]) -> Estimate:
    """Return a row with the basis of output in its spans; proxies before are named."""
    panel = groups.tables["panel"]
    # The basis is that of the figures that enter, so years without growth do not count.
    known = panel[panel[GROWTH].notna() & panel["basis"].ne("")]
    bases = [set(known.loc[known["year"].between(*span), "basis"]) for span in spans]
    together = sorted(set().union(*bases)) or [""]
    # One basis in both spans is that basis; two are joined figures.
    basis = together[0] if len(together) == 1 else "spliced"
    proxy = PROXY_BEFORE if len(spans) > 1 and "proxy" in bases[0] else ""
    return replace(row, output_basis=basis, warning=joined(row.warning, proxy))


def _interaction(
    groups: Groups, spec: ProgrammeSpec, base: Estimate, table: pd.DataFrame
) -> GroupContrast:
    # Exposure in the period that holds the end of the first span: clusters as they
    # were before the programme.
    chosen = only(
        groups.study.table("exposures").set_index("unit"),
        weights=spec.exposure,
        taxonomy=groups.primary,
        period=groups.period_at(spec.spans[0][1]),
    )
    crossed = table.assign(**{EXPOSURE: chosen[EXPOSURE].reindex(table.index)})
    # b D_i + g E_i + d D_i E_i: the row is d, E the share of neighbours with clusters.
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
        row=row,
        table=crossed,
        outcome=CHANGE,
        labels=(BOTH,),
        controls=(MEMBER, EXPOSURE, *spec.beside, *spec.given),
        weights={BOTH: 1.0},
    )


def _border(
    groups: Groups, row: Estimate, outcome: pd.Series, member: pd.Series
) -> list[Estimate]:
    """Return the mean difference over neighbours on two sides of the line, by two-way
    clusters and by permutation.
    """
    inference = groups.inference
    row = replace(
        row,
        sample_id="border pairs",
        estimator="border_pairs",
        se_type=SE_TYPE,
        asked=asking(border="two-way by unit"),
    )
    # Touching: a common border, or a link that `weights.join` adds.
    touching = groups.geographies.touching(outcome.index.to_numpy(str))
    try:
        line = border(outcome.to_numpy(float), member.to_numpy(bool), touching)
        difference = line.difference(inference.level)
    except NumericsError as error:
        warning = joined(row.warning, f"not defined: {error}")
        return [replace(row, estimate=NAN, warning=warning)]
    inside, outside = line.sides
    row = replace(
        row,
        estimate=difference.estimate,
        n_obs=len(line.pairs.inside),
        n_units=inside + outside,
        n_treated=inside,
    )
    # (critical value of the row's own interval + z_power) times its standard error.
    mde = smallest_visible(
        difference.conf_low,
        difference.conf_high,
        difference.std_error,
        inference.power,
        inference.level,
    )
    filled = replace(
        row,
        **inference_fields(difference),
        p_type=P_TYPE,
        mde=mde,
        warning=joined(row.warning, underpowered(mde, row.sesoi, row.unit_of_measure)),
    )
    # Outcomes are dealt out to the units anew; the pairs stay.
    draw_id = BORDER_STREAM.format(spec_id=row.spec_id, period=row.period)
    stream = generator_for(inference.seed, draw_id)
    drawn = replace(
        row,
        role="ladder",
        estimator="border_pairs_permutation",
        # Permutation has no standard error; the estimate is that of the row above.
        se_type="",
        p_value=line.permuted(stream, inference.permutations),
        p_type="free permutation of outcomes",
        asked=asking(
            border="permuted outcomes",
            contrast=row.estimator,
            inference="randomisation",
        ),
    )
    return [filled, drawn]
