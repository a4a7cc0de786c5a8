"""Build the checked panel of one unit scheme from the ingested tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.errors import ConfigError, PanelError, counted, first_examples
from evenfield.study.files import Record
from evenfield.study.panel.cells import taxonomy_cells, yearly_cells
from evenfield.study.panel.income import (
    add_growth,
    add_income,
    add_output,
    add_relative_income,
    check_columns,
)
from evenfield.study.panel.merge import (
    fill_published,
    merge_adjacency,
    merge_panel,
    merge_taxonomies,
    merge_units,
    unit_mapping,
)
from evenfield.study.panel.periods import period_frame
from evenfield.study.panel.zones import first_years, mapped_zones, zone_doses
from evenfield.study.spans import figures_by_grade
from evenfield.study.study_config import StudyConfig
from evenfield.study.table_files import content_hash
from evenfield.study.tables import Field

LEADING = (
    "unit",
    "year",
    "basis",
    "log_income",
    "income",
    "output_real",
    "population",
    "growth_pct",
    "relative_log_income",
    "relative_log_income_unweighted",
    "output_share",
    "population_share",
)


@dataclass(frozen=True, slots=True)
class BuiltPanel:
    """The panel of one unit scheme and what was derived with it."""

    panel: pd.DataFrame  # see docs/data.md
    periods: pd.DataFrame
    units: pd.DataFrame
    cells: pd.DataFrame
    yearly_cells: pd.DataFrame
    doses: pd.DataFrame
    first_years: pd.DataFrame
    adjacency: pd.DataFrame
    grades: pd.DataFrame
    # scheme, units, years, samples, periods, merges and the content hash of the panel
    description: dict[str, Any]


def build_panel(
    tables: Mapping[str, pd.DataFrame],
    fields: Mapping[str, Field],
    config: StudyConfig | Record,
    scheme_name: str,
) -> BuiltPanel:
    """Deflate, merge and join the ingested tables under one unit scheme."""
    scheme = dict(config["panel"]["unit_schemes"][scheme_name])
    # Under ``replace`` a scheme swaps columns; every other key is a merged unit.
    replaced = scheme.pop("replace", {})
    # Ordered by the figures as ingested, so that no scheme's replacement moves a draw.
    ordered = _in_order(tables["units"], tables["panel"])
    check_columns(tables["panel"], [*replaced, *replaced.values()])
    tables = {
        **tables,
        "panel": (
            tables["panel"].assign(
                **{name: tables["panel"][by] for name, by in replaced.items()}
            )
        ),
    }
    mapping = unit_mapping(scheme, list(tables["units"]["unit"]))
    periods = list(StudyConfig.of(config).periods.values())
    panel = _panel(tables, fields, config["panel"], mapping)
    used = tables["panel"][tables["panel"]["year"].isin(panel["year"])]
    units = merge_units(ordered, mapping)
    years = sorted(int(year) for year in panel["year"].unique())
    doses = zone_doses(
        mapped_zones(tables["zones"], mapping),
        list(units["unit"]),
        years,
        config["taxonomy"]["national_zones"],
    )
    # Merge first, then difference: growth of a merged unit is that of its merged level.
    collapsed = period_frame(panel, units, periods, config["controls"])
    samples = _samples(config["panel"]["samples"], mapping, units)
    description = {
        "unit_scheme": scheme_name,
        "units": list(units["unit"]),
        "years": years,
        "samples": samples,
        "income_unit": config["panel"]["income"]["unit"],
        "data_hash": content_hash(panel),
        "merged": {name: list(parts) for name, parts in scheme.items()},
        "replaced": replaced,
        "step": config["panel"]["step"],
        "periods": _described_periods(collapsed, periods),
        "basis_years": _basis_years(panel),
    }
    taxonomies = merge_taxonomies(tables["taxonomies"], mapping)
    adjacency = merge_adjacency(tables["adjacency"], mapping)
    cells = taxonomy_cells(taxonomies, periods)
    yearly = yearly_cells(taxonomies, years)
    return BuiltPanel(
        panel=panel,
        periods=collapsed,
        units=units,
        cells=cells,
        yearly_cells=yearly,
        doses=doses,
        first_years=first_years(doses),
        adjacency=adjacency,
        grades=figures_by_grade(used, tables["panel_provenance"]),
        description=description,
    )


def _in_order(units: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """Arrange units by what belongs to them and not by their names, so that a new name
    changes no random draw.

    Notes
    -----
    By ``draw_order`` where units.csv has it, then from south to north, then by the
    values of the panel.
    """
    # ASSUME: every step that draws at random takes units in this order.
    numbers = panel.select_dtypes("number").columns.drop("year").sort_values()
    # One column a figure and year: figures by name, each from the first year on.
    values = panel.pivot(
        index="unit",
        columns="year",
        values=list(numbers),
    ).reindex(units["unit"])
    # Columns that units.csv lacks are blank throughout, and the sort passes over them.
    own = units.reindex(columns=["draw_order", "lat", "lon"])
    keys = np.column_stack([own.to_numpy(float), values.to_numpy(float)])
    # lexsort takes its main key last; names decide only what all values leave tied.
    return units.iloc[np.lexsort((units["unit"], *keys.T[::-1]))].reset_index(drop=True)


def _panel(
    tables: Mapping[str, pd.DataFrame],
    fields: Mapping[str, Field],
    spec: Record,
    mapping: Mapping[str, str],
) -> pd.DataFrame:
    first, last = spec["years"]
    raw = tables["panel"]
    wide = raw[raw["year"].between(first, last)].astype({"year": int})
    income = spec["income"]
    _check_names(list(raw.columns), income)
    # Deflate before merging: real output adds up over parts, an index does not.
    deflated = add_output(wide, income) if "output" in income else wide
    merged = fill_published(
        merge_panel(deflated, mapping, fields, income), tables["panel_merged"], mapping
    )
    # Growth is a difference of neighbouring rows, so rows stand by unit and year.
    ordered = merged.sort_values(["unit", "year"], ignore_index=True)
    built = add_relative_income(add_growth(add_income(ordered, income)))
    return built[[*LEADING, *[name for name in raw.columns if name not in LEADING]]]


def _check_names(columns: list[str], income: Mapping[str, object]) -> None:
    # A column may bear a computed name only where it is itself that figure's source.
    same = {"income": "column", "output_real": "output", "population": "population"}
    computed = (
        set(LEADING)
        - {"unit", "year"}
        - {name for name, key in same.items() if income.get(key) == name}
    )
    taken = sorted(computed & set(columns))
    if taken:
        raise PanelError(
            f"panel.csv has {counted(len(taken), 'column')} that the panel computes"
            f" ({first_examples(taken)})",
            "other names for columns of data",
            "rename the column in panel.csv and datapackage.json",
        )


def _samples(
    samples: Mapping[str, list[str]], mapping: Mapping[str, str], units: pd.DataFrame
) -> dict[str, list[str]]:
    """Return the units of each sample, which lists what is left out: ids, names, or
    ``COLUMN=VALUE`` of units.csv.
    """
    ids = list(units["unit"])
    out = {}
    for sample, entries in samples.items():
        where = f"panel.samples.{sample}"
        left_out: set[str] = set()
        for entry in entries:
            # A part merged into another unit has no row that could be left out.
            if entry in mapping:
                left_out |= {entry} & {mapping[entry]}
            else:
                left_out |= _units_of(entry, units, where)
        out[sample] = [unit for unit in ids if unit not in left_out]
        if not out[sample]:
            fault = f"{where} leaves out all {len(ids)} units"
            raise ConfigError(fault, "units that stay", "leave out fewer")
    return out


def _units_of(entry: str, units: pd.DataFrame, where: str) -> set[str]:
    """Return the units of a name, or of a value of a column."""
    column, condition, value = entry.partition("=")
    column = column.strip() if condition else "name"
    value = value.strip() if condition else entry
    if column in units:
        texts = units[column].map(_cell_text)
        chosen = set(units.loc[texts.eq(value), "unit"])
        if chosen and (condition or len(chosen) == 1):
            return chosen
    raise ConfigError(
        f"{where} leaves out {entry}",
        "units of units.csv: ids, names, or COLUMN=VALUE",
        "correct the entry",
    )


def _cell_text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _described_periods(
    collapsed: pd.DataFrame, periods: list[Any]
) -> list[dict[str, object]]:
    basis = collapsed.drop_duplicates("period").set_index("period")["basis"]
    return [
        {
            "period": p.name,
            "label": p.label,
            "start": p.start,
            "end": p.end,
            "role": p.role,
            "basis": str(basis[p.name]),
        }
        for p in periods
    ]


def _basis_years(panel: pd.DataFrame) -> dict[str, list[int]]:
    years_by_basis = panel[panel["basis"].ne("")].groupby("basis")["year"]
    return {
        str(name): [int(years.min()), int(years.max())]
        for name, years in years_by_basis
    }
