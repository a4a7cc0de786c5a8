"""Deflation and income per head: official real output by chaining an index, a labelled
proxy before it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from evenfield.study.elementary import exp, log
from evenfield.study.errors import PanelError, counted, first_examples
from evenfield.study.expressions import columns_of, evaluate
from evenfield.study.logarithms import logarithm_sign

# A median below this tells a ratio around 1 from an index with 100 as its base.
LEAST_INDEX = 10.0
# What income rests on; a period may be spliced, a single cell never is.
OFFICIAL = "official"
PROXY = "proxy"
SPLICED = "spliced"


def chain_output(
    nominal: pd.DataFrame, index: pd.DataFrame, base_year: int
) -> pd.DataFrame:
    """Chain an official volume index from the nominal level of the base year."""
    if base_year not in nominal.index or nominal.loc[base_year].isna().any():
        raise PanelError(
            f"no nominal output in the base year {base_year} for every unit",
            "output in the base year",
            "choose another panel.income.base_year",
        )
    # ASSUME: no volume of output falls below a tenth of the previous period's in half
    # of all cells.
    if (
        median := float(pd.Series(index.to_numpy(float).ravel()).median())
    ) < LEAST_INDEX:
        fault = f"panel.income.index has a median of {median:g}, as a ratio has"
        raise PanelError(
            fault,
            "an index of output, previous period = 100",
            "multiply the column by 100",
        )
    # ln(Q_t / Q_t-1), since the index has the previous period as 100.
    steps = log(index / 100.0)
    start = list(nominal.index).index(base_year)
    # ln Q_t - ln Q_b: the steps after b added up; a blank step blanks all beyond it.
    forward = steps.iloc[start + 1 :].cumsum(skipna=False)
    # Before b the same chain with its sign turned: minus the steps from t + 1 to b.
    backward = (
        -steps.iloc[: start + 1]
        .iloc[::-1]
        .cumsum(skipna=False)
        .iloc[::-1]
        .shift(-1)
        .iloc[:-1]
    )
    zero = pd.DataFrame(0.0, index=[base_year], columns=nominal.columns)
    logs = pd.concat([backward, zero, forward]).rename_axis("year")
    # Q_t at prices of the base year = nominal Q_b exp(ln Q_t - ln Q_b).
    return exp(logs) * nominal.loc[base_year]


def with_expressions(
    panel: pd.DataFrame, income: Mapping[str, Any], *keys: str
) -> pd.DataFrame:
    """Add what some keys of panel.income write as an expression, in a column of that
    name.
    """
    written = [str(income[key]) for key in keys if key in income]
    for text in written:
        # A word alone that is no column is refused as the name of one.
        if text not in panel and not text.isidentifier():
            check_figures(panel, columns_of(text), "panel.income")
            panel = panel.assign(**{text: evaluate(text, panel)})
    return panel


def add_output(panel: pd.DataFrame, income: Mapping[str, Any]) -> pd.DataFrame:
    """Add official and proxy real output to the panel, before units are merged."""
    panel = with_expressions(panel, income, "output", "population")
    keys = ("output", "index", "proxy", "population")
    named = [income[key] for key in keys if key in income]
    check_figures(panel, named, "panel.income")
    out = panel.copy()
    # Without an index, ``output`` is real already.
    out["output_official"], out["output_proxy"] = out[income["output"]], np.nan
    if "index" in income:
        wide = {
            key: panel.pivot(
                index="year",
                columns="unit",
                values=income[key],
            )
            for key in ("output", "index")
        }
        real = chain_output(wide["output"], wide["index"], income["base_year"])
        long = real.reset_index().melt(
            id_vars="year", var_name="unit", value_name="output_official"
        )
        out = out.drop(columns="output_official").merge(
            long, on=["year", "unit"], how="left"
        )
    if "proxy" in income:
        # The proxy enters only where official output is blank, and keeps its own basis.
        out["output_proxy"] = out[income["proxy"]].where(out["output_official"].isna())
    return out


def check_figures(
    table: pd.DataFrame, names: list[str], where: str, file: str = "panel.csv"
) -> None:
    """Refuse a config that names columns that a table does not have, or that hold no
    figures: texts, units and years.
    """
    check_columns(table, names, file)
    keys = [name for name in names if name in ("unit", "year")]
    texts = [name for name in names if not is_numeric_dtype(table[name])]
    if wrong := [*keys, *texts]:
        raise PanelError(
            f"{where} names {first_examples(sorted(set(wrong)))} of {file}, which holds"
            " no figures",
            "a column of numbers",
            "choose another column, or correct its type in datapackage.json",
        )


def check_columns(
    table: pd.DataFrame, names: list[str], file: str = "panel.csv"
) -> None:
    """Refuse a config that names columns a table does not have."""
    unknown = sorted(set(names) - set(table.columns))
    if unknown:
        raise PanelError(
            f"config.yaml names {counted(len(unknown), 'column')} that {file} lacks"
            f" ({first_examples(unknown)})",
            f"columns of {file}",
            "correct the name in config.yaml",
        )


def _check_levels(panel: pd.DataFrame, column: str) -> None:
    """Refuse a column of logarithms, of which logarithms would be taken again."""
    sign = logarithm_sign(column, "", panel[column])
    if sign:
        raise PanelError(
            f"panel.income.column names {column}, which looks like a logarithm ({sign};"
            f" largest {panel[column].max():.3g})",
            "income in levels, of which logarithms are taken",
            "make the study with `run new ... --log`, or rename the column if it is none",
        )


def add_income(panel: pd.DataFrame, income: Mapping[str, Any]) -> pd.DataFrame:
    """Add basis, real output, income per head and its logarithm."""
    # Of a merged unit income is made from merged columns: it does not add up.
    panel = with_expressions(panel, income, "column")
    out = panel.copy()
    if "column" in income:
        check_figures(panel, [income["column"]], "panel.income.column")
        _check_levels(panel, income["column"])
        # Income as published: output and population are unknown, and so are all shares.
        out = out.assign(
            output_real=np.nan, population=np.nan, income=out[income["column"]]
        )
        out["basis"] = np.where(out["income"].notna(), OFFICIAL, "")
    else:
        official = out.pop("output_official")
        proxy = out.pop("output_proxy")
        out["basis"] = np.select(
            [official.notna(), proxy.notna()], [OFFICIAL, PROXY], ""
        )
        out["output_real"] = official.fillna(proxy)
        out["population"] = out[income["population"]]
        # y = Y / L times scale, which brings it to the unit of income that is printed.
        out["income"] = out["output_real"] / out["population"] * income["scale"]
    # ln y needs y > 0, and a population of zero makes y infinite.
    wrong = (out["income"] <= 0) | np.isinf(out["income"])
    if wrong.any():
        cells = [
            f"{row.unit} {row.year:.0f}"
            for row in out.loc[wrong, ["unit", "year"]].itertuples()
        ]
        raise PanelError(
            f"{counted(int(wrong.sum()), 'income is', 'incomes are')} zero, negative or infinite"
            f" ({first_examples(cells)})",
            "positive income, because logarithms are taken",
            "correct output or population in panel.csv",
        )
    return out.assign(log_income=log(out["income"]))


def add_growth(panel: pd.DataFrame) -> pd.DataFrame:
    """Add yearly growth, blank where the proxy meets official output."""
    # ASSUME: proxy and official output are never joined in yearly growth; only a period
    # marked spliced joins levels.
    by_unit = panel.groupby("unit", sort=False)
    same_basis = panel["basis"].eq(by_unit["basis"].shift())
    # 100 (ln y_t - ln y_t-1) over one step of the panel, ten years if it is decennial.
    return panel.assign(
        growth_pct=(100.0 * by_unit["log_income"].diff()).where(same_basis)
    )


def add_relative_income(panel: pd.DataFrame) -> pd.DataFrame:
    """Add log income relative to the mean of all units, and each unit's shares."""
    # A year without any figure has no total (min_count) instead of a total of zero.
    total = panel.groupby("year")[["output_real", "population"]].transform(
        "sum", min_count=1
    )
    share = panel["population"] / total["population"]
    plain = panel["log_income"] - panel.groupby("year")["log_income"].transform("mean")
    # Weighted centre: sum_i (L_i / L) ln y_i; one blank unit blanks the whole year.
    centre = (
        (share * panel["log_income"])
        .groupby(panel["year"])
        .transform(lambda x: x.sum(skipna=False))
    )
    weighted = (
        (panel["log_income"] - centre) if panel["population"].notna().any() else plain
    )
    return panel.assign(
        relative_log_income=weighted,
        relative_log_income_unweighted=plain,
        output_share=panel["output_real"] / total["output_real"],
        population_share=share,
    )
