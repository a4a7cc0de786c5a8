"""Frames the convergence estimators share: complete rows of a sample, warnings in
words, rows of estimates.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from evenfield.numerics.inference.cluster_robust import RobustInference
from evenfield.numerics.map_pairs import JoinCounts
from evenfield.numerics.ols import Inference
from evenfield.shared.estimates import NAN, Estimate, Fields, finite_or_nan
from evenfield.shared.settings import PROXY, SPLICED, SchemeInfo, check_names
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.files import Record

# A constant and a slope leave a degree of freedom from three units on.
MIN_UNITS = 3


class UnsupportedError(Exception):
    """What a study's tables cannot carry; the text says why."""


def sample_units(scheme: SchemeInfo, sample: str, where: str) -> tuple[str, ...]:
    """Return the units of a sample."""
    check_names([sample], scheme.samples, where)
    return scheme.samples[sample]


def control_columns(columns: Iterable[str], name: str) -> list[str]:
    """Return the columns of a control in periods.csv: one, or one for each group."""
    own = f"control_{name}"
    return [
        column for column in columns if column == own or column.startswith(f"{own}=")
    ]


def sample_rows(
    frame: pd.DataFrame, units: Sequence[str], columns: Sequence[str], where: str
) -> pd.DataFrame:
    """Return one complete row for each unit of a sample, matched by id."""
    chosen = frame[frame["unit"].isin(list(units))]
    # A unit without a row gets a blank one, which the check below names.
    rows = (
        chosen.set_index("unit").reindex(list(units)).rename_axis("unit").reset_index()
    )
    lost = np.argwhere(~np.isfinite(rows[list(columns)].to_numpy(float)).T)
    if gaps := [f"{rows['unit'][i]} {columns[j]}" for j, i in lost]:
        raise EstimateError(
            f"{where}: {counted(len(gaps), 'value is', 'values are')} missing or infinite"
            f" ({first_examples(gaps)})",
            "a number for every unit of the sample",
            "supply it, or leave the unit out with a sample in config.yaml",
        )
    return rows


def one_text(values: pd.Series) -> str:
    """Return the one text of a column, or the different ones joined by ``+``."""
    return "+".join(sorted({str(value) for value in values.dropna() if str(value)}))


def basis_warning(basis: str, first_official: int | None) -> str:
    """Say in words that a row rests on the output proxy."""
    until = f" before {first_official}" if first_official is not None else ""
    if basis == SPLICED:
        return f"PROXY output{until}, joined with official output"
    return f"PROXY output{until}" if PROXY in basis else ""


def joined(*warnings: str) -> str:
    """Join the warnings that are not empty."""
    return "; ".join(text for text in warnings if text)


def inference_fields(result: Inference | RobustInference, scale: float = 1.0) -> Fields:
    """Arrange a t test as fields of an estimate; where another law was used it has no
    degrees of freedom.
    """
    scaled = {
        name: scale * getattr(result, name)
        for name in ("estimate", "std_error", "conf_low", "conf_high")
    }
    test = {
        "statistic": result.statistic,
        "df": finite_or_nan(result.df),
        "p_value": result.p_value,
    }
    return {**scaled, **test, "conf_level": result.level}


def links_fields(links: JoinCounts, seed: str) -> Fields:
    """Arrange a count of links between marked units as fields of an estimate."""
    kind = "all placements" if links.exact else "random placements"
    return {
        "estimate": float(links.both),
        "p_value": links.p_value,
        "p_type": f"{links.subsets} {kind} of as many marks, one-sided (more links)",
        # With all placements counted out nothing was drawn.
        "seed": "" if links.exact else seed,
    }


def not_defined(rows: Iterable[Record], note: str, reason: object) -> list[Estimate]:
    """Return rows without a number that say why."""
    warning = joined(note, f"not defined: {reason}")
    return [
        Estimate(
            **row,
            estimate=NAN,
            warning=warning,
        )
        for row in rows
    ]


def periods_of(frame: pd.DataFrame) -> list[str]:
    """Return the periods of a frame by their years."""
    unique = frame[["start_year", "end_year", "period"]].drop_duplicates()
    return [
        str(name)
        for name in unique.sort_values(["start_year", "end_year", "period"])["period"]
    ]


def underpowered(mde: float, sesoi: float, unit: str) -> str:
    """Say in words that a design cannot see the smallest effect of interest; empty
    where it can.
    """
    # NaN, where no size is of interest, compares as false: no warning then.
    return (
        f"UNDERPOWERED: mde {mde:.3g} above sesoi {sesoi:g} {unit}"
        if mde > sesoi
        else ""
    )


def complete(table: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, str]:
    """Drop units that lack a figure, and say which."""
    holes = table[list(columns)].isna().any(axis=1)
    names = [str(unit) for unit in table.index[holes]]
    note = f"left out, no figures: {first_examples(names)}" if names else ""
    return table[~holes], note
