"""Tables and figure of the policy families on made-up estimates: what must be said is said."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.shared.tables.table import Table, grid
from evenfield.study.errors import ArtifactError
from evenfield.topics.balance.figure import draw_balance, gap_paths
from evenfield.topics.balance.table import tabulate_balance
from evenfield.topics.programmes.table import tabulate_west
from evenfield.topics.taxonomies.table import tabulate_taxonomies
from evenfield.topics.wages.table import tabulate_wages

INFERENCE = {"conf_level": 0.95, "permutations": 999, "seed": 7}
ROW = Estimate(
    family="balance", hypothesis="H10", role="primary", estimator="long_difference", spec_id="gap",
    outcome="gap_growth", term="cluster", contrast="cluster - sez", period="2002-2012", treatment_def="lists",
    estimate=1.0, conf_low=-1.0,
    conf_high=3.0, p_value=0.3, mde=5.0, sesoi=0.5, unit_of_measure="pp/yr", n_units=8, n_obs=8, conf_level=0.95,
)  # fmt: skip


def lines(table: Table) -> list[list[str]]:
    return [[cell.text for cell in line.cells] for line in grid(table).lines if line.cells]


def test_balance_table_sets_the_ladder_beside_the_deciding_row(description, study) -> None:
    rows = [
        ROW, replace(ROW, role="ladder", estimator="long_difference_cr3", conf_low=-2.0, conf_high=4.0),
        replace(ROW, role="ladder", estimator="long_difference_permutation", p_value=0.2),
        replace(ROW, role="mechanism", outcome="urban_growth", estimate=0.25),
        replace(ROW, role="robustness", treatment_def="others", estimate=float("nan"), n_units=0,
                warning="not defined: sez does not vary or is collinear"),
        replace(ROW, role="robustness", spec_id="gap_coast", controls_id="coastal", estimate=0.5),
    ]  # fmt: skip
    table = tabulate_balance(
        estimates_frame(rows), description, spec="gap", inference=INFERENCE, power=0.8, study=study
    )
    shown = lines(table)
    assert shown[0] == ["gap, clusters minus zones", "1.00", "[\u22121.00, 3.00]", ".300", "[\u22122.00, 4.00]", ".200",
                        "5.00", "0.50", "8"]  # fmt: skip
    assert [row[0] for row in shown] == ["gap, clusters minus zones", "urban income, clusters minus zones", "others",
                                         "given coastal"]  # fmt: skip
    assert shown[2][1] == "(a)" and "sez does not vary" in grid(table).note[-1]
    with pytest.raises(ArtifactError, match="no estimates of specification moon"):
        tabulate_balance(estimates_frame(rows), description, spec="moon", inference=INFERENCE, power=0.8, study=study)


def test_gap_figure_breaks_between_windows(study) -> None:
    series = pd.DataFrame([
        {"spec_id": "gap", "taxonomy": "lists", "cell": cell, "window": window, "year": year, "n_units": 2,
         "log_gap": 0.9, "ratio": 2.5 + 0.01 * (year - 2002)}
        for cell in ("both", "neither") for window, years in (("2002-2004", range(2002, 2005)), ("2005-2007",
        range(2005, 2008))) for year in years
    ])  # fmt: skip
    paths = gap_paths(series, "gap")
    artwork = draw_balance(paths, study)
    assert len(artwork.figure.axes[0].get_lines()) >= 2 * 3
    assert "2002-2004: 2.50 to 2.52" in artwork.alt
    with pytest.raises(ArtifactError, match="no path of the urban-rural gap"):
        gap_paths(series, "moon")


def test_programme_table_marks_proxy_and_separates_placebos(description, study) -> None:
    base = replace(ROW, family="west", estimator="did", term="go_west_2000", contrast="", spec_id="west",
                   period="1991-1999 to 2000-2012", output_basis="spliced")  # fmt: skip
    rows = [base, replace(base, role="placebo", estimator="did_placebo_1995", output_basis="proxy"),
            replace(base, role="robustness", estimator="border_pairs", sample_id="border pairs")]  # fmt: skip
    table = tabulate_west(estimates_frame(rows), description, inference=INFERENCE, power=0.8, study=study)
    assert list(table.frame["group"]) == ["Change of growth", "Neighbours on two sides of the line", "Placebo dates"]
    assert lines(table)[0][0].endswith("spliced PROXY") and lines(table)[2][0].endswith("PROXY")
    with pytest.raises(ArtifactError, match="no estimates of regional programmes"):
        tabulate_west(estimates_frame([]), description, inference=INFERENCE, power=0.8, study=study)


def test_taxonomy_table_shows_scores_and_gains(description, study, periods) -> None:
    base = replace(ROW, family="taxonomies", effect_type="stat", outcome="growth_pct_per_year", period="P1",
                   output_basis="proxy", spec_id="growth", n_treated=2, g_star=6.5)  # fmt: skip
    gain = replace(base, term="four cells", contrast="four cells - dichotomy", estimator="loo_gain", estimate=-0.2)
    score = replace(base, role="exploratory", contrast="", estimator="loo_mse", estimate=2.0, df=3.0)
    rows = [gain, replace(gain, estimator="bic_gain", estimate=-3.4), replace(score, term="dichotomy"),
            replace(score, term="four cells", estimate=2.4, df=4.0)]  # fmt: skip
    table = tabulate_taxonomies(estimates_frame(rows), description, spec="growth", periods=periods,
                                inference=INFERENCE, study=study)  # fmt: skip
    assert [row[:4] for row in lines(table)] == [["dichotomy", "3", "2.00", ""],
                                                 ["four cells", "4", "2.40", "\u22120.200"]]  # fmt: skip
    assert lines(table)[1][8:10] == ["2", "6.5"]
    with pytest.raises(ArtifactError, match="no estimates of specification moon"):
        tabulate_taxonomies(estimates_frame(rows), description, spec="moon", periods=periods, inference=INFERENCE,
                            study=study)  # fmt: skip


def test_wages_table_shows_methods_and_costs(description, study) -> None:
    base = replace(ROW, family="wages", estimator="panel_fe", term="log_wage_x_cluster", spec_id="stock",
                   outcome="log_investment_next_year", period="2000-2018", unit_of_measure="elasticity")  # fmt: skip
    cost = replace(ROW, family="wages", role="mechanism", spec_id="stock", outcome="unit_labour_cost_growth")
    rows = [base, replace(base, role="ladder", estimator="panel_fe_wcr33"), cost]
    table = tabulate_wages(
        estimates_frame(rows), description, spec="stock", inference=INFERENCE, power=0.8, study=study
    )
    assert [row[0] for row in lines(table)] == [
        "clusters minus zones (CR3, decides)", "clusters minus zones (wild bootstrap 33)",
        "unit labour cost, clusters minus zones",
    ]  # fmt: skip
    assert "formal employment only" in " ".join(table.note)
    with pytest.raises(ArtifactError, match="no estimates of wages"):
        tabulate_wages(estimates_frame([]), description, spec="stock", inference=INFERENCE, power=0.8, study=study)
