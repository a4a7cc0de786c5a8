"""Unit schemes: one mapping of units acts on data, zones, taxonomies and adjacency
together.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evenfield.numerics.spatial import tile_grid
from evenfield.study.errors import ConfigError, PanelError, counted, first_examples
from evenfield.study.longitudes import side_by_side
from evenfield.study.tables import Field

# Merged unit to its parts; it bears the id of one of them.
Scheme = Mapping[str, list[str]]


def unit_mapping(scheme: Scheme, units: list[str]) -> dict[str, str]:
    """Map every unit to the unit it belongs to under a scheme."""
    mapping = {unit: unit for unit in units}
    parts = [part for members in scheme.values() for part in members]
    unknown = sorted((set(parts) | set(scheme)) - set(units))
    twice = sorted({part for part in parts if parts.count(part) > 1})
    stray = [name for name, members in scheme.items() if name not in members]
    if unknown or twice or stray:
        raise ConfigError(
            f"panel.unit_schemes merges {first_examples(unknown or twice or stray)}",
            "known units, each in one merged unit that is named after one of its parts",
            "correct the scheme",
        )
    return mapping | {
        part: name for name, members in scheme.items() for part in members
    }


def merge_panel(
    panel: pd.DataFrame,
    mapping: Mapping[str, str],
    fields: Mapping[str, Field],
    income: Mapping[str, str],
) -> pd.DataFrame:
    """Merge the rows of units that belong together."""
    # ASSUME: rates and prices of a merged unit are means of its parts weighted by
    # population or by nominal output.
    target = panel["unit"].map(mapping)
    # More than one row a year under one target: these units are merged.
    together = target.map(target.groupby(target).size() / panel["year"].nunique()) > 1
    if not together.any():
        return panel
    weights = {
        "mean_population": income.get("population"),
        "mean_output": income.get("output"),
    }
    # Columns that the dictionary does not know are output computed before: they add up.
    rules = {
        name: fields[name].merge if name in fields else "sum" for name in panel.columns
    }
    parts = panel[together].assign(unit=target[together])
    merged = _merged_rows(parts, rules, weights)
    return pd.concat([panel[~together], merged[panel.columns]]).sort_values(
        ["unit", "year"], ignore_index=True
    )


def _merged_rows(
    parts: pd.DataFrame, rules: Mapping[str, str], weights: Mapping[str, str | None]
) -> pd.DataFrame:
    grouped = parts.groupby(["unit", "year"])
    # Rows by merged unit and year, and where those of the next one begin.
    order = np.argsort(grouped.ngroup().to_numpy(), kind="stable")
    sizes = grouped.size()
    starts = np.cumsum(sizes.to_numpy())[:-1]

    def sums(values: pd.Series) -> pd.Series:
        # A sum that passes over a blank part would understate the merged unit.
        groups = np.split(values.to_numpy()[order], starts)
        return pd.Series([group.sum() for group in groups], sizes.index)

    columns: dict[str, pd.Series] = {}
    for name in parts.columns.difference(["unit", "year"]):
        rule = rules[name]
        weight_name = weights.get(rule)
        if rule == "sum":
            columns[name] = sums(parts[name])
        # sum_k w_k x_k / sum_k w_k over the parts k
        elif weight_name:
            weight = parts[weight_name]
            columns[name] = sums(parts[name] * weight) / sums(weight)
        else:
            columns[name] = sums(parts[name] * np.nan)
    return pd.DataFrame(columns).reset_index()


def fill_published(
    panel: pd.DataFrame, published: pd.DataFrame, mapping: Mapping[str, str]
) -> pd.DataFrame:
    """Fill cells of merged units that their parts cannot give from figures published
    for the merged unit.
    """
    merged = {target for unit, target in mapping.items() if unit != target}
    extra = published[published["unit"].isin(merged)]
    if extra.empty:
        return panel
    # What the parts give wins; published figures fill blanks only, and add no rows.
    filled = panel.set_index(["unit", "year"]).combine_first(
        extra.set_index(["unit", "year"])
    )
    return filled.reindex(panel.set_index(["unit", "year"]).index).reset_index()[
        panel.columns
    ]


def merge_units(units: pd.DataFrame, mapping: Mapping[str, str]) -> pd.DataFrame:
    """Keep the unit that each merged unit is named after; coordinates that the study
    does not have are blank.
    """
    out = units.assign(**{name: np.nan for name in ("lat", "lon") if name not in units})
    if "tile_row" not in units and out[["lat", "lon"]].notna().all(axis=None):
        out["tile_row"], out["tile_col"] = tile_grid(
            out["lat"].to_numpy(float), side_by_side(out["lon"].to_numpy(float))
        )
    # Coastal as soon as one part is: the maximum of zeros and ones.
    if "coastal" in out:
        out["coastal"] = out.groupby(out["unit"].map(mapping))["coastal"].transform(
            "max"
        )
    return out[out["unit"].eq(out["unit"].map(mapping))].reset_index(drop=True)


def merge_taxonomies(
    taxonomies: pd.DataFrame, mapping: Mapping[str, str]
) -> pd.DataFrame:
    """Give a merged unit a cluster or a zone if one of its parts has one, from the
    earliest year.
    """
    # ASSUME: a merged unit is a cluster or zone region as soon as one of its parts is.
    out = taxonomies.assign(unit=taxonomies["unit"].map(mapping))
    zone = out["sez"].eq(1)
    # A zone without a year counts in every year: it is earlier than any dated one.
    out["sez_from_year"] = (
        out["sez_from_year"].where(out["sez_from_year"].notna(), -np.inf).where(zone)
    )
    # Parts without a zone are NaN here, which the minimum passes over.
    rules = {"cluster": "max", "sez": "max", "sez_from_year": "min"}
    merged = out.groupby(["taxonomy", "unit"], as_index=False).agg(rules)
    return merged.assign(
        sez_from_year=merged["sez_from_year"].where(merged["sez_from_year"] > -np.inf)
    )


def merge_adjacency(
    adjacency: pd.DataFrame, mapping: Mapping[str, str]
) -> pd.DataFrame:
    """Merge the links of units that belong together; links inside a merged unit vanish."""
    unknown = sorted(
        (set(adjacency["unit_i"]) | set(adjacency["unit_j"])) - set(mapping)
    )
    if unknown:
        raise PanelError(
            f"adjacency.csv names {counted(len(unknown), 'unknown unit')}"
            f" ({first_examples(unknown)})",
            "units of units.csv",
            "correct the id",
        )
    ends = pd.DataFrame(
        {side: adjacency[side].map(mapping) for side in ("unit_i", "unit_j")},
        dtype=object,
    )
    # Borders are undirected: the smaller id first, so that each is there only once.
    low = ends.min(axis=1)
    high = ends.max(axis=1)
    links = pd.DataFrame({"unit_i": low, "unit_j": high})[low.ne(high)]
    return links.drop_duplicates().sort_values(["unit_i", "unit_j"], ignore_index=True)
