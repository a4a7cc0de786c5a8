"""Exposures are W times what the neighbours have, aligned by unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenfield.study.errors import WeightsError
from evenfield.study.files import read_table, write_table
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.study.weights.exposures import exposure_frame, mean_doses
from tolerances import MACHINE

MATRIX = np.array([[0.0, 0.25, 0.75], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
PERIODS = [{"period": "P", "start": 2000, "end": 2001}, {"period": "Q", "start": 2001, "end": 2002}]
DOSES = pd.DataFrame(
    [
        (unit, year, kind, count)
        for kind, rows in {
            "state": [(0, 1, 2), (4, 4, 4)],
            "hidz": [(0, 0, 1), (0, 2, 2)],
            "bonded": [(9, 9, 9)] * 2,
        }.items()
        for unit, counts in zip("AC", rows, strict=True)
        for year, count in zip((2000, 2001, 2002), counts, strict=True)
    ],
    columns=["unit", "year", "zone_type", "zones"],
)
DOSES["zones_dated"] = DOSES["zones"].where(DOSES["unit"].eq("A"), 0)
CELLS = pd.DataFrame(
    [
        (unit, period, c, s)
        for period in "PQ"
        for unit, c, s in [("C", 1, 1), ("A", 1, 0), ("B", 0, int(period == "Q"))]
    ],
    columns=["unit", "period", "cluster", "sez"],
).assign(taxonomy="own")


def exposures() -> pd.DataFrame:
    weights = SpatialWeights(("A", "B", "C"), MATRIX, {"weights": "near"})
    return exposure_frame({"near": weights}, CELLS, mean_doses(DOSES, PERIODS, ["A", "B", "C"]))


def test_doses_are_averaged_over_the_years_of_a_period() -> None:
    out = mean_doses(DOSES, PERIODS, ["A", "B", "C"]).set_index(["period", "unit"])
    assert out["zones_state"].unstack().to_numpy().tolist() == [[0.5, 0.0, 4.0], [1.5, 0.0, 4.0]]
    assert out["zones_hidz"].unstack().to_numpy().tolist() == [[0.0, 0.0, 1.0], [0.5, 0.0, 2.0]]
    assert out["zones_state_documented"].unstack().to_numpy().tolist() == [[0.5, 0.0, 0.0], [1.5, 0.0, 0.0]]
    assert not out["zones_sez"].any()


def test_the_papers_zones_come_before_the_official_type() -> None:
    named = DOSES.replace({"zone_type": {"state": "sez", "hidz": "sez_seed"}})
    out = mean_doses(named, PERIODS, ["A", "B", "C"]).set_index(["period", "unit"])
    assert out["zones_sez"].unstack().to_numpy().tolist() == [[0.0, 0.0, 1.0], [0.5, 0.0, 2.0]]


@pytest.mark.parametrize(
    ("column", "period", "values"),
    [
        ("own_cluster", "P", [1, 0, 1]),
        ("exposure_cluster", "P", [0.75, 1.0, 0.5]),
        ("exposure_sez", "P", [0.75, 0.0, 0.0]),
        ("exposure_sez", "Q", [1.0, 0.0, 0.5]),
        ("own_zones_state", "Q", [1.5, 0.0, 4.0]),
        ("exposure_zones_state", "Q", [3.0, 1.5, 0.75]),
        ("exposure_zones_hidz", "P", [0.75, 0.0, 0.0]),
    ],
)
def test_exposure_in_closed_form(column: str, period: str, values: list[float]) -> None:
    out = exposures().query(f"period == '{period}'").set_index("unit")[column]
    assert out[["A", "B", "C"]].tolist() == pytest.approx(values, rel=MACHINE)


def test_rows_are_sorted_and_do_not_depend_on_the_order_of_cells() -> None:
    out = exposures()
    assert out[["period", "unit"]].to_numpy().tolist() == [[p, u] for p in "PQ" for u in "ABC"]
    weights = SpatialWeights(("C", "A", "B"), MATRIX[np.ix_([2, 0, 1], [2, 0, 1])], {})
    doses = mean_doses(DOSES, PERIODS, ["B", "C", "A"])
    again = exposure_frame({"near": weights}, CELLS.iloc[::-1], doses)
    pd.testing.assert_frame_equal(again, out)


def test_cells_of_other_units_than_the_weights_are_refused() -> None:
    weights = SpatialWeights(("A", "B"), MATRIX[:2, :2], {"weights": "near"})
    with pytest.raises(WeightsError, match=r"1 units of the panel are not in near \(C\)"):
        exposure_frame({"near": weights}, CELLS, mean_doses(DOSES, PERIODS, ["A", "B", "C"]))


def test_study_without_zones_has_exposures_of_zero(tmp_path: Path) -> None:
    write_table(DOSES.iloc[:0], tmp_path / "doses.csv")
    for doses in (DOSES.iloc[:0], read_table(tmp_path / "doses.csv")):
        out = mean_doses(doses, PERIODS, ["A", "B", "C"])
        assert out[["zones_state", "zones_hidz"]].eq(0.0).all(axis=None)
        assert len(out) == 6
