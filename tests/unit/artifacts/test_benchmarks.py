"""Published figures beside ours: only verified rows, ours only where comparable, everything in the figure's twin."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.shared.tables.table import grid
from evenfield.study.errors import ArtifactError
from evenfield.topics.benchmarks.figure import draw_benchmarks, forest_rows
from evenfield.topics.benchmarks.table import ABSENT, benchmark_rows, published, tabulate_benchmarks

NAN = float("nan")


@pytest.fixture
def benchmarks() -> pd.DataFrame:
    base = {"study": "Study", "sample": "regions", "quantity": "speed", "value": 4.5, "value_high": NAN,
            "direction": NAN, "unit_of_measure": "% per year", "tag": "seen", "source_table": NAN, "source_page": NAN,
            "why": "other years", "source": "X"}  # fmt: skip
    return pd.DataFrame([
        {**base, "benchmark": "z_no", "comparable": "no", "estimate_id": "aaaaaaaaaaaa"},
        {**base, "benchmark": "a_yes", "comparable": "yes", "estimate_id": "aaaaaaaaaaaa"},
        {**base, "benchmark": "b_memory", "comparable": "yes", "estimate_id": "aaaaaaaaaaaa", "tag": "memory",
         "value": 77.7},
        {**base, "benchmark": "c_way", "comparable": "partly", "estimate_id": "aaaaaaaaaaaa", "value": NAN,
         "direction": "diverging"},
        {**base, "benchmark": "d_lost", "comparable": "partly", "estimate_id": "bbbbbbbbbbbb"},
    ])  # fmt: skip


@pytest.fixture
def estimates() -> pd.DataFrame:
    return pd.DataFrame([{"estimate_id": "aaaaaaaaaaaa", "estimate": 2.0, "conf_low": 1.0, "conf_high": 3.0,
                          "period": "P1", "output_basis": "proxy", "estimator": "ols", "spec_id": "absolute",
                          "family": "beta", "unit_of_measure": "% per year"}])  # fmt: skip


def test_unverified_figures_are_never_printed(benchmarks, estimates, description, periods) -> None:
    table = tabulate_benchmarks(benchmarks, estimates, description, periods=periods)
    printed = grid(table)
    text = " ".join(cell.text for line in printed.lines for cell in line.cells)
    assert "77.7" not in text and "77.7" not in table.frame.to_csv()
    assert "1 further figures of benchmarks.csv are from memory" in " ".join(printed.note)
    with pytest.raises(ArtifactError, match="no verified row"):
        benchmark_rows(benchmarks.assign(tag="memory"), estimates, periods)


def test_ours_stands_beside_comparable_figures_only(benchmarks, estimates, periods) -> None:
    rows = benchmark_rows(benchmarks, estimates, periods).set_index("benchmark")
    assert list(rows.index) == ["a_yes", "c_way", "d_lost", "z_no"]
    assert rows["estimate"].notna().to_dict() == {"a_yes": True, "c_way": True, "d_lost": False, "z_no": False}
    assert rows.loc["a_yes", "window"] == "1980–90 PROXY"
    assert rows.loc["d_lost", "why"] == f"other years; {ABSENT}"


def test_shuffled_rows_change_nothing(benchmarks, estimates, periods) -> None:
    mixed = benchmark_rows(benchmarks.sample(frac=1, random_state=3), estimates, periods)
    pd.testing.assert_frame_equal(mixed, benchmark_rows(benchmarks, estimates, periods))


def test_published_figures_are_numbers_ranges_or_directions() -> None:
    assert (published(4.5, NAN, NAN), published(15.0, 25.0, NAN), published(NAN, NAN, "diverging")) == (
        "4.5", "15 to 25", "diverging")  # fmt: skip


def test_the_figure_holds_speeds_only_and_describes_them(benchmarks, estimates, periods) -> None:
    rows = benchmark_rows(benchmarks, estimates, periods)
    drawn = forest_rows(rows, estimates.set_index("estimate_id")["unit_of_measure"])
    assert list(drawn["benchmark"]) == ["a_yes", "c_way"]
    art = draw_benchmarks(drawn)
    assert "published 4.5 % a year, ours 2.0 [1.0, 3.0] in 1980–90 PROXY" in art.alt
    assert "published diverging" in art.alt
    plt.close("all")
    with pytest.raises(ArtifactError, match="no benchmark has a speed"):
        forest_rows(rows, pd.Series({"aaaaaaaaaaaa": "number"}))
