"""One specification over every vintage of the data: how far an estimate moves when output,
deflator or population are counted otherwise.

An agency revises its figures, and a user chooses among series without knowing it. The model
stays the same here, growth given initial income, and only the figures differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, product
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from evenfield.shared.contrasts.changes import change_rows
from evenfield.shared.contrasts.contrasts import contrast_rows
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.contrasts.geographies import study_geographies
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.rows import Results, stacked
from evenfield.shared.settings import check_names
from evenfield.shared.spec import Spec, read
from evenfield.study.elementary import log
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.expressions import by_year, check_columns
from evenfield.study.study import Study
from evenfield.study.study_config import SPARED, TaxonomyName, Years

FAMILY = "vintages"
ALL = "all vintages"
GROWTH = "growth_pct_per_year"
START = "log_income_start"
GROUPS = ("cluster", "sez")
NOTHING_HELD = "none"  # beside log income at the start
LESS = " - "  # between two groups whose difference is asked
JOINT = "; "  # between the names of output and population in the name of a vintage
SERIES: tuple[list[str], list[str]] = (
    ["vintage", "output", "population", "income"],
    [],
)
LEAST = 2  # vintages, of a comparison


class Section(Spec):
    """Vintages of income and the spans over which each is tried."""

    spans: list[Years] = Field(min_length=1)
    """First and last year of each span."""
    incomes: dict[str, str] = {}
    """Income per head by name of its vintage, an expression of panel.csv; the first is the
    main one. Instead of outputs and populations."""
    outputs: dict[str, str] = {}
    """Output by name of its vintage, an expression of panel.csv; the first is the main one."""
    populations: dict[str, str] = {}
    """Population by name of its vintage; each output is divided by each population."""
    compare: list[str] = []
    """Groups whose growth is compared with that of all others: cluster, sez; or of two
    groups, each given the other: cluster - sez."""
    given: list[str] = []
    """Columns of units.csv that are held in turn, such as coastal; each comparison then
    stands without and with each."""
    taxonomy: TaxonomyName = ""
    """Grouping of the units, the primary one by default."""
    changes: Annotated[list[tuple[Years, Years]], SPARED] = []
    """Pairs of the spans, the earlier one first: how much each comparison changes from one
    to the other, both as one regression."""

    @model_validator(mode="after")
    def _one_way(self) -> Section:
        if bool(self.incomes) == bool(self.outputs and self.populations):
            raise ValueError("it needs incomes, or outputs and populations")
        if len(self.vintages) < LEAST:
            raise ValueError("it compares vintages and has only one")
        for start, end in self.spans:
            if start >= end:
                raise ValueError(f"the span {start}-{end} has no years")
        lacking = [span for pair in self.changes for span in pair]
        lacking = [span for span in lacking if span not in self.spans]
        if lacking:
            raise ValueError(f"changes name {lacking[0]}, which spans do not")
        for compared in self.compare:
            unknown = sorted(set(compared.split(LESS)) - set(GROUPS))
            if unknown:
                raise ValueError(
                    f"compare names {unknown[0]}, not one of {', '.join(GROUPS)}"
                )
        return self

    @property
    def vintages(self) -> dict[str, tuple[str, str, str]]:
        """Names of output and population, and the expression of income, by vintage."""
        named = {name: (name, "", income) for name, income in self.incomes.items()}
        pairs = product(self.outputs.items(), self.populations.items())
        for (output, produced), (population, counted) in pairs:
            income = f"({produced}) / ({counted})"
            named[f"{output}{JOINT}{population}"] = (output, population, income)
        return named


def look_section(study: Study, section: Section) -> list[str]:
    """Refuse what the panel does not have, before anything is estimated."""
    panel = study.table("panel")
    for name, (_, _, income) in section.vintages.items():
        check_columns(income, panel.columns, f"estimates.{FAMILY}: {name}")
    for column in section.given:
        held_column(study, column)
    years = sorted({int(year) for year in panel["year"]})
    outside = [f"{a}-{b}" for a, b in section.spans if a not in years or b not in years]
    if outside:
        raise EstimateError(
            f"estimates.{FAMILY}.spans: {first_examples(outside)}",
            f"first and last years of the panel, {years[0]} to {years[-1]}",
            "correct the span",
        )
    return []


def estimate(study: Study) -> Results:
    """Estimate convergence, and the premium of each group, for every vintage and span."""
    section: Section = read(Section, study.config, FAMILY)
    panel = study.table("panel")
    left_out: list[dict[str, str]] = []
    asked: dict[tuple[str, tuple[int, int]], list[GroupContrast]] = {}
    for name, (_, _, income) in section.vintages.items():
        wide = by_year(income, panel)
        for start, end in section.spans:
            # All units or none: another sample would move the estimate too.
            lacking = wide.index[wide[[start, end]].isna().any(axis=1)]
            if len(lacking):
                where = f"{first_examples(list(lacking))} in {start} or {end}"
                left_out.append(
                    {
                        "part": f"{name}, {start}-{end}",
                        "reason": f"no figure of {where}",
                    }
                )
                continue
            table = growth_table(wide, start, end)
            span = (start, end)
            asked[name, span] = [*questions(study, section, name, span, table)]
    geographies = study_geographies(study)
    rows = list[Estimate]()
    for contrast in chain.from_iterable(asked.values()):
        rows += contrast_rows(contrast, geographies)
    changes = list[Estimate]()
    for first, later in spans_compared(section, asked):
        changes += change_rows(first, later, geographies)
    labels = [(name, *vintage) for name, vintage in section.vintages.items()]
    series = pd.DataFrame(labels, columns=SERIES[0])
    return Results(
        estimates=[*rows, *range_rows(rows), *changes],
        series={"vintages": stacked([series], *SERIES)},
        fit={"left_out": left_out, "main": next(iter(section.vintages))},
    )


def spans_compared(
    section: Section, asked: Mapping[tuple[str, tuple[int, int]], list[GroupContrast]]
) -> Iterator[tuple[GroupContrast, GroupContrast]]:
    """Yield each comparison of groups in the two spans of each change, vintage by
    vintage, as far as its figures reach.
    """
    for name, (first, later) in product(section.vintages, section.changes):
        ends = asked.get((name, first), ()), asked.get((name, later), ())
        for pair in zip(*ends, strict=False):
            # Without a grouping it is the slope on initial income.
            if pair[0].row.treatment_def:
                yield pair


def growth_table(wide: pd.DataFrame, start: int, end: int) -> pd.DataFrame:
    """Return growth in percent a year and log income at the start, by unit."""
    first = log(wide[start])
    growth = 100.0 * (log(wide[end]) - first) / (end - start)
    return pd.DataFrame({GROWTH: growth, START: first})


def questions(
    study: Study,
    section: Section,
    vintage: str,
    span: tuple[int, int],
    table: pd.DataFrame,
) -> Iterator[GroupContrast]:
    """Yield the regressions of one vintage and span.

    Notes
    -----
    z_i = a + d x_i + e_i, and z_i = a + D_i'b + d x_i + h w_i + e_i with the labels D of
    one group or two: z is growth, x log income at the start, both in the figures of the
    vintage; w is a column that is held, or absent.
    """
    row = blank_row(study, vintage, span, len(table))
    yield GroupContrast(
        row=replace(row, term=START, unit_of_measure="pp/yr per log point"),
        table=table,
        outcome=GROWTH,
        # Initial income stands in the place of a label: its slope d is what is tested.
        labels=(START,),
        controls=(),
        weights={START: 1.0},
    )
    if not section.compare:
        return
    labels = labels_at(study, grouping(study, section), span[0]).reindex(table.index)
    table = table.join(labels[list(GROUPS)].astype(float))
    for held in [(), *((column,) for column in section.given)]:
        held_values = {column: held_column(study, column) for column in held}
        for compared in section.compare:
            groups = tuple(compared.split(LESS))
            yield GroupContrast(
                row=replace(
                    row,
                    term=groups[0],
                    contrast=compared if len(groups) > 1 else "",
                    treatment_def=grouping(study, section),
                ),
                table=table.assign(**held_values),
                outcome=GROWTH,
                labels=groups,
                controls=(START, *held),
                weights=dict(zip(groups, (1.0, -1.0), strict=False)),
            )


def held_column(study: Study, column: str) -> pd.Series:
    """Return a column of units.csv by unit, or say why it cannot be held."""
    units = study.table("units").set_index("unit")
    where = f"estimates.{FAMILY}.given: {column}"
    check_names([column], map(str, units), where)
    values = pd.to_numeric(units[column], errors="coerce")
    if values.isna().any():
        blank = [str(unit) for unit in values.index[values.isna()]]
        raise EstimateError(
            f"{where} is no number for {first_examples(blank)}",
            "a number of every unit, such as 0 or 1",
            "fill it, or name another column",
        )
    return values.astype(float)


def held_beside(row: Estimate) -> str:
    """Return what a row holds beside log income at the start."""
    return row.controls_id.partition(f"{START} + ")[2]


def blank_row(
    study: Study, vintage: str, span: tuple[int, int], n_units: int
) -> Estimate:
    """Return the row of a vintage and span before it is estimated."""
    description = study.description()
    return Estimate(
        family=FAMILY,
        # ASSUME: no vintage decides a hypothesis; all of them show how far data move an
        # estimate.
        role="robustness",
        estimator="ols",
        spec_id=FAMILY,
        outcome=vintage,
        term="",
        unit_scheme=str(description["unit_scheme"]),
        period=f"{span[0]}-{span[1]}",
        estimate=NAN,
        n_obs=n_units,
        n_units=n_units,
        unit_of_measure="pp/yr",
        seed=str(study.config.inference.seed),
        data_hash=str(description["data_hash"]),
    )


def grouping(study: Study, section: Section) -> str:
    """Return the taxonomy whose groups are compared."""
    return section.taxonomy or study.config.taxonomy.primary


def labels_at(study: Study, taxonomy: str, year: int) -> pd.DataFrame:
    """Return the groups of all units in the main period that a year falls in."""
    main = [item for item in study.description()["periods"] if item["role"] == "main"]
    # ASSUME: a unit belongs to the groups of the period in which a span begins, or of the
    # one before it.
    begun = [item for item in main if item["start"] <= year] or main[:1]
    period = max(begun, key=lambda item: item["start"])["period"]
    cells = study.table("cells")
    own = cells[cells["taxonomy"].eq(taxonomy) & cells["period"].eq(period)]
    return own.set_index("unit")[list(GROUPS)]


def range_rows(rows: list[Estimate]) -> list[Estimate]:
    """Return how far each estimate moves over the vintages: its ends, and the distance
    between them in standard errors of the main vintage.
    """
    out = list[Estimate]()
    asked = [(row.term, row.contrast, held_beside(row), row.period) for row in rows]
    for key in dict.fromkeys(asked):
        own = [
            row
            for row, question in zip(rows, asked, strict=True)
            if question == key and np.isfinite(row.estimate)
        ]
        if len(own) < LEAST:
            continue
        # The first vintage of the config that has an estimate in this span.
        main = own[0]
        values = [row.estimate for row in own]
        described = Estimate(
            family=FAMILY,
            role="description",
            estimator="range",
            spec_id=FAMILY,
            outcome=ALL,
            term=main.term,
            contrast=main.contrast,
            controls_id=held_beside(main) or NOTHING_HELD,
            unit_scheme=main.unit_scheme,
            period=main.period,
            treatment_def=main.treatment_def,
            estimate=NAN,
            n_obs=len(own),
            n_units=main.n_units,
            unit_of_measure=main.unit_of_measure,
            data_hash=main.data_hash,
        )
        ends = {"stat_low": min(values), "stat_high": max(values)}
        for name, value in ends.items():
            out.append(replace(described, effect_type=name, estimate=value))
        if main.std_error > 0:
            width = replace(
                described,
                effect_type="stat_range_errors",
                estimate=(max(values) - min(values)) / main.std_error,
                unit_of_measure="standard errors of the main vintage",
            )
            out.append(width)
    return out
