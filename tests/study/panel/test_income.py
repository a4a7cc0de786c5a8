"""Deflation in closed form, growth that never crosses the joint, and relative income
that balances.
"""

import numpy as np
import pandas as pd

from evenfield.study.errors import PanelError
from evenfield.study.panel.income import (
    add_growth,
    add_income,
    add_output,
    add_relative_income,
    chain_output,
    check_columns,
)
from refusals import fails
from tolerances import MACHINE, close
from yaml_text import from_yaml

YEARS = [1998, 1999, 2000, 2001, 2002]


def wide(values, unit="A"):
    return pd.DataFrame({unit: values}, index=pd.Index(YEARS, name="year"))


NOMINAL = wide([50.0, 60.0, 80.0, 95.0, 99.0])
INDEX = wide([np.nan, np.nan, 110.0, 108.0, 95.0])


def test_chain_runs_both_ways_from_the_base_year_and_stops_at_gaps():
    real = chain_output(NOMINAL, wide([104.0, 105.0, 110.0, 108.0, 95.0]), 2000)["A"]
    assert list(real.index) == [1998, 1999, 2000, 2001, 2002]
    close(real, [80 / 1.10 / 1.05, 80 / 1.10, 80.0, 80 * 1.08, 80 * 1.08 * 0.95])
    real = chain_output(NOMINAL, wide([103.0, np.nan, 110.0, np.nan, 95.0]), 2000)["A"]
    assert real.isna().to_dict() == from_yaml("""
        {1998: true, 1999: false, 2000: false, 2001: true, 2002: true}
        """)


def test_a_gap_before_the_base_year_blanks_all_years_before_it():
    index = wide([103.0, 104.0, np.nan, 105.0, 95.0])
    real = chain_output(NOMINAL, index, 2001)["A"]
    assert real.isna().tolist() == [True, True, False, False, False]


def test_base_year_without_output_and_unknown_columns_are_refused():
    for nominal, base in (
        (NOMINAL, 1990),
        (NOMINAL.drop(index=2000).reindex(YEARS), 2000),
    ):
        fails(
            PanelError,
            f"no nominal output in the base year {base} for every unit",
            chain_output,
            nominal,
            INDEX,
            base,
        )
    fails(
        PanelError,
        r"config.yaml names 2 columns that panel.csv lacks \(folk, gpd\)",
        check_columns,
        PANEL,
        ["gpd", "folk", "index"],
    )


def long(**columns):
    return pd.DataFrame({"unit": "A", "year": YEARS, **columns})


SPEC = from_yaml("""
    output: gdp
    index: index
    base_year: 2000
    proxy: guess
    population: people
    scale: 10.0
    """)
PANEL = long(
    gdp=list(NOMINAL["A"]),
    index=list(INDEX["A"]),
    guess=[70.0, 71.0, *[np.nan] * 3],
    people=[4.0] * 5,
)


def test_proxy_fills_only_years_without_official_output_and_income_says_its_basis():
    out = add_output(PANEL, SPEC)
    assert out["output_official"].isna().tolist() == [True, False, False, False, False]
    assert out["output_proxy"].tolist()[:1] == [70.0]
    assert out["output_proxy"].isna().tolist() == [False, True, True, True, True]
    out = add_income(add_output(PANEL, SPEC), SPEC)
    assert out["basis"].tolist() == "proxy official official official official".split()
    close(out["income"].iloc[0], 70 / 4 * 10, MACHINE)
    close(out["log_income"].iloc[2], np.log(200.0), MACHINE)
    assert not {"output_official", "output_proxy"} & set(out.columns)


def test_growth_is_blank_at_the_joint_only_and_never_crosses_units():
    out = add_growth(add_income(add_output(PANEL, SPEC), SPEC))
    assert out["growth_pct"].isna().tolist() == [True, True, False, False, False]
    close(
        out["growth_pct"].tolist()[2:],
        [100 * np.log(x) for x in (1.1, 1.08, 0.95)],
        rtol=1e-9,
    )
    both = pd.concat([PANEL, PANEL.assign(unit="B", gdp=PANEL["gdp"] * 3)])
    out = add_growth(add_income(add_output(both, SPEC), SPEC))
    assert out.groupby("unit")["growth_pct"].first().notna().all()
    assert out["growth_pct"].isna().sum() == 4


def test_income_without_an_index_or_as_published():
    spec = {"output": "gdp", "population": "people", "scale": 1.0}
    out = add_income(add_output(PANEL, spec), spec)
    assert out["income"].tolist() == (PANEL["gdp"] / 4).tolist()
    assert out["basis"].eq("official").all()
    out = add_income(long(pay=[1.0, 2.0, np.nan, 4.0, 8.0]), {"column": "pay"})
    assert out["basis"].tolist() == ["official", "official", "", "official", "official"]
    assert out["output_real"].isna().all()
    assert out["population"].isna().all()
    growth = add_growth(out)["growth_pct"]
    assert growth.isna().tolist() == [True, False, True, True, False]
    close(growth.iloc[4], 100 * np.log(2), MACHINE)


def relative(**columns):
    frame = pd.DataFrame(
        {"unit": list("ABC") * 2, "year": [2000] * 3 + [2001] * 3, **columns}
    )
    return add_relative_income(frame)


INCOME = from_yaml("""
    log_income: [1.0, 2.0, 4.0, 1.5, 2.5, 3.0]
    output_real: [1.0, 2.0, 5.0, 1.0, 3.0, 4.0]
    """)


def test_relative_income_balances_with_its_weights_or_is_the_plain_mean():
    out = relative(**INCOME, population=[1.0, 3.0, 4.0, 2.0, 2.0, 6.0])
    weighted = (
        (out["relative_log_income"] * out["population_share"])
        .groupby(out["year"])
        .sum()
    )
    assert weighted.abs().max() < MACHINE
    assert (
        out.groupby("year")["relative_log_income_unweighted"].sum().abs().max()
        < MACHINE
    )
    close(out.groupby("year")[["population_share", "output_share"]].sum(), 1.0, MACHINE)
    close(out["relative_log_income"].iloc[0], 1 - (1 + 6 + 16) / 8, MACHINE)
    out = relative(**INCOME, population=[np.nan] * 6)
    assert (
        out["relative_log_income"].tolist()
        == out["relative_log_income_unweighted"].tolist()
    )
    assert out["population_share"].isna().all()
    out = relative(
        **(INCOME | {"log_income": [1.0, np.nan, 4.0, 1.5, 2.5, 3.0]}),
        population=[1.0] * 6,
    )
    assert out["relative_log_income"].isna().tolist() == [True] * 3 + [False] * 3
