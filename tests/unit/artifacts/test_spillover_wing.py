"""Tables and figures of linkages and of the dynamic spatial panel on made-up frames."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.shared.tables.table import Table, grid
from evenfield.study.errors import ArtifactError
from evenfield.topics.dynamic_spatial.table import tabulate_dynamic_spatial
from evenfield.topics.linkages.figure import draw_linkage, linkage_panels, linkage_rows
from evenfield.topics.linkages.table import tabulate_linkage

INFERENCE = {"conf_level": 0.95, "permutations": 99, "seed": 7}
NAN = float("nan")
PSI = "neighbours_x_moderator"
LINKAGE: dict[str, Any] = {
    "intensities": {
        "stock": {"kind": "log_ratio", "label": "stock over output"}, "ports": {"kind": "zones", "label": "p"},
    },
    "moderators": {"industry": {"label": "industry share", "note": "the earliest there is"}, "school": {"label": "s"}},
    "specs": [
        {"id": "main", "intensity": "stock", "moderator": "industry", "role": "primary"},
        {"id": "late", "intensity": "stock", "moderator": "industry"},
        {"id": "ports", "intensity": "ports", "moderator": "industry"},
    ],
}  # fmt: skip
DYNAMIC: dict[str, Any] = {
    "horizons": [1], "variables": {"zones": {"label": "zones in force"}},
    "specifications": [{"id": "levels"}, {"id": "growth"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def lines(table: Table) -> list[list[str]]:
    return [[cell.text for cell in line.cells] for line in grid(table).lines if line.cells]


def groups(table: Table) -> list[str]:
    return [line.group for line in grid(table).lines if not line.cells]


def linkage_estimates(**main: Any) -> pd.DataFrame:
    shared: dict[str, Any] = {
        "outcome": "log_income", "unit_scheme": "all", "period": "2000-2009", "treatment_def": "stock", "n_units": 8,
        "controls_id": "industry", "fe_id": "unit+year", "w_id": "near", "n_periods": 10, "n_obs": 80,
        "estimator": "linkage_fe", "spec_id": "main", "term": PSI, "output_basis": "official",
    }  # fmt: skip
    rows: list[dict[str, Any]] = [
        {"role": "primary", "estimate": 0.123, "conf_low": -0.1, "conf_high": 0.3, "p_value": 0.2, "mde": 0.4,
         "sesoi": 0.05, "g_star": 3.2, "max_leverage_unit": "XX-AA", **main},
        {"term": "own", "estimate": 0.5},
        {"estimator": "linkage_fe_wild_33", "role": "ladder", "estimate": 0.123, "p_value": 0.3},
        {"spec_id": "late", "period": "2005-2009", "role": "robustness", "estimate": -0.2},
        {"spec_id": "both", "controls_id": "industry+school", "role": "robustness", "estimate": 0.11},
        {"spec_id": "both", "controls_id": "industry+school", "term": "neighbours_x_rival", "estimate": 0.22},
        {"spec_id": "odd", "treatment_def": "ports", "role": "robustness", "estimate": 0.3,
         "warning": "no interval: cluster XX-AA alone determines the combination (leverage 1)"},
    ]  # fmt: skip
    return estimates_frame(Estimate(**{**shared, **row}) for row in rows)


def test_linkage_table_names_what_differs(description, study) -> None:
    table = tabulate_linkage(
        linkage_estimates(), description, section=LINKAGE, inference=INFERENCE, power=0.8, study=study
    )
    found = {line[0]: line for line in lines(table)}
    assert found["neighbours', times the moderator"][1:7] == [
        "0.123",
        "[\u22120.100, 0.300]",
        ".200",
        "0.400",
        "0.050",
        "3.2",
    ]
    assert found["wild cluster bootstrap, WCR-33"][3] == ".300"
    assert found["2005\u20132009"][1] == "\u22120.200"
    assert found["times school, with industry"][1] == "0.220"
    assert found["times industry, with school"][1] == "0.110"
    assert found["ports"][2] == "(a)"
    assert groups(table)[0] == "Stock over output, 2000\u20132009"
    note = " ".join(grid(table).note)
    assert "industry share (the earliest there is)" in note
    assert "alone determines the combination" in note
    assert "associations, not effects" in note


def test_linkage_table_needs_a_primary_row(description, study) -> None:
    frame = linkage_estimates(role="robustness")
    with pytest.raises(ArtifactError, match="no primary linkage estimate"):
        tabulate_linkage(frame, description, section=LINKAGE, inference=INFERENCE, power=0.8, study=study)


def linkage_series() -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for spec in ("main", "ports"):
        rows += [{"spec_id": spec, "kind": "line", "label": "", "moderator": x, "moderator_raw": x, "estimate": 0.1 * x,
                  "conf_low": -1.0, "conf_high": 1.0} for x in (0.0, 0.5, 1.0)]  # fmt: skip
        rows += [{"spec_id": spec, "kind": "bin", "label": name, "moderator": x, "moderator_raw": x, "estimate": x,
                  "conf_low": -1.0, "conf_high": 2.0} for name, x in (("low", 0.2), ("high", 0.8))]  # fmt: skip
        rows += [{"spec_id": spec, "kind": "unit", "label": "XX-AA", "moderator": 0.4, "moderator_raw": 0.4}]
    return pd.DataFrame(rows)


def test_linkage_figure_shows_stock_and_zones() -> None:
    panels, moderator = linkage_panels(LINKAGE)
    assert (list(panels), moderator) == (["main", "ports"], "industry share")
    art = draw_linkage(linkage_rows(linkage_series(), list(panels)), panels, moderator, 0.95)
    assert len(art.figure.axes) == 2
    assert "low 0.20 [\u22121.00, 2.00]" in art.alt
    with pytest.raises(ArtifactError, match="no marginal effects of specification late"):
        linkage_rows(linkage_series(), ["late"])


def dynamic_frames(withheld: str = "") -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, series = [], []
    for spec, outcome in (("levels", "log_income"), ("growth", "growth_pct")):
        blank = withheld if spec == "growth" else ""
        basis = "proxy" if spec == "levels" else "official"
        shared: dict[str, Any] = {
            "estimator": "dynamic_sdm", "spec_id": spec, "outcome": outcome, "unit_scheme": "all", "w_id": "near",
            "period": "2001-2009", "n_units": 8, "n_periods": 9, "output_basis": basis,
            "warning": blank,
        }  # fmt: skip
        value = NAN if blank else 0.5
        items = [("coef", name, value) for name in ("tau", "rho", "eta")]
        items += [(kind, "dynamics", value) for kind in ("radius", "speed_slowest", "speed_fastest")]
        items += [(f"{h}_{kind}", "zones", value) for h in ("short_run", "after_1") for kind in ("direct", "indirect")]
        rows += [{**shared, "effect_type": kind, "term": term, "estimate": number} for kind, term, number in items]
        rows.append({**shared, "effect_type": "long_run_direct", "term": "zones", "estimate": NAN,
                     "warning": blank or "NOT STABLE: largest root 1.035"})  # fmt: skip
        series += [{"spec_id": spec, "term": term, "estimator": name, "bias": bias, "sd": 0.02, "coverage": 0.94,
                    "estimated": 100, "replications": 100}
                   for term in ("tau", "rho", "eta")
                   for name, bias in (("likelihood", -0.04), ("adjusted", 0.001))]  # fmt: skip
    return estimates_frame(Estimate(**row) for row in rows), pd.DataFrame(series)


def dynamic_table(description, study, withheld: str = "") -> Table:
    return tabulate_dynamic_spatial(
        *dynamic_frames(withheld), description, section=DYNAMIC, inference=INFERENCE, study=study
    )


def test_dynamic_table_sets_the_monte_carlo_beside_the_numbers(description, study) -> None:
    table = dynamic_table(description, study)
    tau = lines(table)[0]
    assert tau == ["own past (tau)", "0.5000", "", "", "\u22120.040", "0.001", "0.020", "0.94"]
    assert groups(table)[0].endswith("PROXY")
    found = {line[0]: line for line in lines(table)}
    assert found["zones in force: direct, in the long run"][1] == "(a)"
    assert "zones in force: indirect, after 1 year" in found
    assert "NOT STABLE: largest root 1.035" in " ".join(grid(table).note)


def test_dynamic_table_withholds_numbers_and_says_why(description, study) -> None:
    table = dynamic_table(description, study, "WITHHELD: only 50% of the Monte Carlo's panels have an estimate")
    late = lines(table)[-3:]
    assert [line[0] for line in late] == ["own past (tau)", "neighbours now (rho)", "neighbours' past (eta)"]
    assert all(line[1].startswith("(") for line in late)
    assert late[0][4:6] == ["\u22120.040", "0.001"]
    assert "only 50% of" in " ".join(grid(table).note)


def test_dynamic_table_names_a_missing_specification(description, study) -> None:
    section = {**DYNAMIC, "specifications": [{"id": "gold"}]}
    with pytest.raises(ArtifactError, match="no estimates of specification gold"):
        tabulate_dynamic_spatial(*dynamic_frames(), description, section=section, inference=INFERENCE, study=study)
