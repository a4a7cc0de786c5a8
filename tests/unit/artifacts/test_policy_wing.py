"""Tables and figure of the policy wing on made-up frames: what is printed where, and what is refused."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.shared.tables.table import Table, grid
from evenfield.study.errors import ArtifactError
from evenfield.topics.factor_intensity.table import tabulate_factor_intensity
from evenfield.topics.fading.figure import draw_quotient
from evenfield.topics.fading.table import tabulate_fading
from evenfield.topics.premium.table import tabulate_premium

SHARED: dict[str, Any] = {"unit_scheme": "all", "sample_id": "all", "n_units": 30, "n_treated": 5, "term": "sez",
                          "treatment_def": "main", "estimator": "ols"}  # fmt: skip
STUDY: dict[str, Any] = {"unit_name": "province", "units_name": "provinces"}
DESCRIPTION = {"unit_scheme": "all", "units": ["a"], "years": [1978, 2019], "income_unit": "yuan", "data_hash": "abab",
               "basis_years": {"official": [1999, 2019], "proxy": [1978, 1998]}}  # fmt: skip
COMMON: dict[str, Any] = {
    "inference": {"conf_level": 0.95, "seed": 7}, "power": 0.8, "study": STUDY, "taxonomy": "main",
}  # fmt: skip
PERIODS = {"A": {"start": 1978, "end": 1991, "label": "1978-91"}, "B": {"start": 2001, "end": 2008, "label": "2001-08"}}
FIT = {"order": ["level"], "outcomes": {"level": "log income", "absent": "a share"},
       "left_out": [{"outcome": "absent", "reason": "panel.csv has no column share"}]}  # fmt: skip


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    return estimates_frame(Estimate(**{"spec_id": "level", "outcome": "level", **SHARED, **row}) for row in rows)


def lines(table: Table) -> list[list[str]]:
    return [[cell.text for cell in line.cells] for line in grid(table).lines if line.cells]


def test_premium_prints_ladder_range_and_proxy_beside_the_estimate() -> None:
    base = {"period": "A", "estimate": 0.5, "unit_of_measure": "log points", "output_basis": "proxy"}
    made = tabulate_premium(
        frame(
            {**base, "role": "primary", "conf_low": 0.1, "conf_high": 0.9, "p_value": 0.02, "mde": 0.7, "sesoi": 0.1},
            {**base, "role": "ladder", "estimator": "ols_permutation", "p_value": 0.04},
            {**base, "role": "ladder", "estimator": "ols_permutation_connected", "p_value": 0.3},
            *({**base, "estimator": "taxonomy_range", "effect_type": f"stat_range_{end}", "estimate": value,
               "treatment_def": "2 taxonomies"} for end, value in (("low", -0.2), ("high", 0.6))),
        ),
        DESCRIPTION, labels={"level": "log income"}, shown=["A", "B"], periods=PERIODS, **COMMON,
    )  # fmt: skip
    assert lines(made)[-1] == ["1978\u201391 PROXY", "0.500", "[0.10, 0.90]", ".020", ".040", ".300", "0.700", "0.100",
                               "[\u22120.20, 0.60]", "5"]  # fmt: skip
    assert made.frame["group"].tolist() == ["Log income: zones against the others"]
    assert "UNDERPOWERED" in " ".join(made.note)


def test_factor_intensity_names_joint_test_and_what_is_left_out() -> None:
    base = {"period": "2000-2008", "contrast": "sez - cluster", "unit_of_measure": "s.d.", "role": "primary"}
    made = tabulate_factor_intensity(
        frame({**base, "estimate": 0.5},
              {**base, "estimator": "ols_joint", "effect_type": "stat_joint", "estimate": 2.0, "p_value": 0.12},
              {**base, "estimator": "ols_joint", "effect_type": "stat_right_signs", "estimate": 1.0,
               "warning": "1 of 1 outcomes have the predicted sign"}),
        DESCRIPTION, fit=FIT, **COMMON,
    )  # fmt: skip
    note = " ".join(made.note)
    assert "p .120; 1 of 1 outcomes have the predicted sign." in note
    assert "Not testable here: a share (panel.csv has no column share)." in note
    assert made.frame["group"].tolist() == ["Zones minus clusters, 2000\u20132008"]


def test_fading_puts_premiums_before_their_change() -> None:
    made = tabulate_fading(
        frame({"period": "1978-2008", "estimate": -0.3, "unit_of_measure": "pp/yr", "output_basis": "spliced"},
              {"period": "A", "estimate": 0.9, "unit_of_measure": "pp/yr", "output_basis": "proxy"},
              {"period": "2015-2019", "estimate": 1.4, "estimator": "ratio", "effect_type": "stat_end_level",
               "unit_of_measure": "ratio", "warning": "fewer than 4 units in the group: no interval"}),
        DESCRIPTION, fit=FIT, periods=PERIODS, **COMMON,
    )  # fmt: skip
    assert [line[0] for line in lines(made)] == [
        "1978\u201391 PROXY: premium", "1978\u20132008 spliced PROXY: change per period", "2015\u20132019: end level",
    ]  # fmt: skip
    assert "fewer than 4 units" in " ".join(grid(made).note)


def test_empty_families_are_refused() -> None:
    other = frame({"period": "A", "estimate": 1.0, "treatment_def": "other"})
    with pytest.raises(ArtifactError, match="no premium"):
        tabulate_premium(other, DESCRIPTION, labels={"level": "x"}, shown=["A"], periods=PERIODS, **COMMON)
    with pytest.raises(ArtifactError, match="no factor intensity"):
        tabulate_factor_intensity(other, DESCRIPTION, fit=FIT, **COMMON)
    with pytest.raises(ArtifactError, match="no fading"):
        tabulate_fading(other, DESCRIPTION, fit=FIT, periods=PERIODS, **COMMON)
    with pytest.raises(ArtifactError, match="no location quotient"):
        draw_quotient(pd.DataFrame(columns=["spec_id", "year", "group", "quotient", "low", "high"]))


def test_the_figure_of_quotients_says_first_and_last_year() -> None:
    rows = [
        {"spec_id": "q", "year": year, "group": group, "quotient": value, "low": value - 0.1, "high": value + 0.1}
        for group, start in (("sez", 2.0), ("no sez", 0.5))
        for year, value in ((2000, start), (2001, start - 0.25))
    ]
    art = draw_quotient(pd.DataFrame(rows))
    plt.close("all")
    assert "zones 2.00 in 2000 and 1.75 in 2001 (1.65 to 1.85 when one member is left out)" in art.alt
    assert "all others 0.50 in 2000" in art.alt
